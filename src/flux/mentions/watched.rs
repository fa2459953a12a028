//! What Alerts and Receivers watch.
//!
//! An entry is for one kind and one namespace, by default that of the object; `*` stands for names alone
//! (notification-controller, `eventMatchesAlertSource`).

use std::collections::BTreeMap;

use crate::flux::cluster::Reach;
use crate::flux::files::At;
use crate::flux::value::Value;
use crate::flux::view::View;

/// An entry of an Alert or a Receiver.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Its place in the list.
    pub number: usize,
    /// The kind that it is for.
    pub kind: String,
    /// The namespace that it is for.
    pub namespace: String,
    /// The name that it is for; `None` for all. A Receiver may select by labels alone.
    pub name: Option<String>,
    /// The labels that it asks for.
    pub labels: BTreeMap<String, String>,
}

impl Watched {
    fn of(number: usize, item: &Value, own: &str) -> Option<Watched> {
        let pairs = item.get("matchLabels").map_or(&[][..], Value::entries).iter();
        Some(Watched {
            number,
            kind: item.text_at(&["kind"])?.to_owned(),
            namespace: item.text_at(&["namespace"]).unwrap_or(own).to_owned(),
            name: item.text_at(&["name"]).filter(|name| *name != "*").map(str::to_owned),
            labels: pairs.filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect(),
        })
    }

    /// Whether it is for all names, with certain labels or without.
    pub fn is_for_all(&self) -> bool {
        self.name.is_none()
    }

    /// Whether it is for everything of a kind in a namespace.
    pub fn is_all_of(&self, kind: &str, namespace: &str) -> bool {
        self.kind == kind && self.namespace == namespace && self.is_for_all() && self.labels.is_empty()
    }
}

/// The list of what it watches, if it is an Alert or a Receiver.
pub fn watching_field(reach: &Reach) -> Option<&'static str> {
    match reach.kind.as_str() {
        _ if !reach.api_version.starts_with("notification.toolkit.fluxcd.io/") => None,
        "Alert" => Some("eventSources"),
        "Receiver" => Some("resources"),
        _ => None,
    }
}

impl View {
    /// What an Alert or a Receiver watches; `None` if it is suspended, or neither.
    pub fn watched(&self, at: &At, reach: &Reach) -> Option<Vec<Watched>> {
        let field = watching_field(reach)?;
        let object = self.effective(at, reach)?;
        if object.at(&["spec", "suspend"]).is_some_and(Value::is_true) {
            return None;
        }
        let own = reach.namespace.as_deref().unwrap_or_default();
        let items = object.at(&["spec", field]).map_or(&[][..], Value::items).iter().enumerate();
        Some(items.filter_map(|(number, item)| Watched::of(number, item, own)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::value::Value;
    use crate::yaml::Stream;

    fn of(item: &str) -> Option<Watched> {
        let stream = Stream::parse(item).unwrap();
        Watched::of(3, &Value::of(stream.documents().next()?)?, "own")
    }

    #[test]
    fn what_an_entry_is_for() {
        for (item, is_all) in [
            ("{kind: Kustomization, name: '*'}", true),
            ("{kind: Kustomization, name: '*', namespace: own}", true),
            ("{kind: Kustomization}", true),
            ("{kind: Kustomization, name: '*', namespace: '*'}", false),
            ("{kind: Kustomization, name: '*', namespace: other}", false),
            ("{kind: Kustomization, name: 'a*'}", false),
            ("{kind: '*', name: '*'}", false),
            ("{kind: Kustomization, name: '*', matchLabels: {a: b}}", false),
            ("{kind: HelmRelease, name: '*'}", false),
        ] {
            let entry = of(item).unwrap();
            assert_eq!((entry.is_all_of("Kustomization", "own"), entry.number), (is_all, 3), "{item}");
        }
        assert!(of("{name: '*'}").is_none(), "it has no kind");
        assert!(of("{kind: Kustomization, name: '*', matchLabels: {a: b}}").unwrap().is_for_all());
    }
}
