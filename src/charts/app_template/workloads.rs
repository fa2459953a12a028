use super::items::literal;
use crate::flux::{Value, WorkloadKind};
use crate::yaml::Node;

/// The kind that `type` of a controller names; `None` for what the chart does not know.
fn kind_named(text: &str) -> Option<WorkloadKind> {
    Some(match text {
        "cronjob" => WorkloadKind::CronJob,
        "job" => WorkloadKind::Job,
        "deployment" => WorkloadKind::Deployment,
        "statefulset" => WorkloadKind::StatefulSet,
        "daemonset" => WorkloadKind::DaemonSet,
        _ => return None,
    })
}

/// What the values of a controller make of it: a Deployment where they do not say. `None` for what
/// the chart does not know, or nobody can.
pub(super) fn kind(controller: &Value) -> Option<WorkloadKind> {
    literal(controller, "type").ok()?.map_or(Some(WorkloadKind::Deployment), kind_named)
}

/// An enabled entry of `controllers`.
#[derive(Clone, Copy, Debug)]
pub struct Controller<'v> {
    /// Its identifier, the key.
    pub identifier: &'v str,
    /// What it becomes; `None` for a type that the chart does not know.
    pub kind: Option<WorkloadKind>,
    /// Its values.
    pub values: Node<'v>,
}

/// The enabled controllers of a release's values, in order. Enabled is what does not say `enabled:
/// false`.
pub fn controllers(values: Node<'_>) -> Vec<Controller<'_>> {
    let entries = values.get("controllers").into_iter().flat_map(Node::entries);
    entries
        .filter(|(_, controller)| controller.text_at(&["enabled"]) != Some("false"))
        .filter_map(|(key, controller)| {
            let kind = controller.text_at(&["type"]).map_or(Some(WorkloadKind::Deployment), kind_named);
            Some(Controller { identifier: key.text()?, kind, values: controller })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    #[test]
    fn controllers_have_a_kind() {
        let text = "controllers:\n  a: {}\n  b: {type: cronjob}\n  c: {enabled: false}\n  d: {type: x}\n";
        let stream = Stream::parse(text).unwrap();
        let found = controllers(stream.documents().next().unwrap());
        let found: Vec<_> = found.iter().map(|controller| (controller.identifier, controller.kind)).collect();
        assert_eq!(found, [("a", Some(WorkloadKind::Deployment)), ("b", Some(WorkloadKind::CronJob)), ("d", None)]);
    }
}
