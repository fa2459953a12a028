//! FluxInstances that something could delete: with them go the controllers, the CRDs of Flux and every
//! object of Flux (flux-operator 0.58.1, `internal/controller/fluxinstance_uninstall.go`).

use super::codes::INSTANCE_UNPROTECTED;
use super::finding;
use super::owners::line;
use crate::finding::{Finding, Severity};
use crate::flux::{At, Reach, Value, View};

/// With this annotation the operator leaves an instance alone, its deletion included.
const LEFT_ALONE: &str = "fluxcd.controlplane.io/reconcile";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const POLICY: &str = "helm.sh/resource-policy";

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let reached = view.graph().each_reach();
    reached.filter_map(|(at, reach)| of_object(view, at, reach)).collect()
}

fn of_object(view: &View, at: &At, reach: &Reach) -> Option<Finding> {
    let what = match reach.kind.as_str() {
        "FluxInstance" => "FluxInstance",
        "HelmRelease" if is_of_chart(view, at, reach) => "the release of flux-instance",
        _ => return None,
    };
    let flux = &view.graph().kustomizations[reach.kustomization];
    let object = view.effective(at, reach).filter(|_| flux.prune)?;
    let is_kept = disabled(&object, PRUNE)
        || disabled(&object, LEFT_ALONE)
        || object.at(&["spec", "values"]).is_some_and(|values| values.has_key(POLICY));
    if is_kept {
        return None;
    }
    let message = format!("{} prunes, and could delete {what} {}: all of Flux would go", flux.full_name(), reach.name);
    Some(finding(Severity::Warning, INSTANCE_UNPROTECTED, &at.path, line(view, at), message))
}

fn is_of_chart(view: &View, at: &At, reach: &Reach) -> bool {
    view.installed(at, reach).is_some_and(|release| view.chart_name(&release) == Some("flux-instance"))
}

/// Flux looks for the key among labels and annotations, and takes any case.
fn disabled(object: &Value, key: &str) -> bool {
    ["labels", "annotations"]
        .iter()
        .filter_map(|pairs| object.text_at(&["metadata", pairs, key]))
        .any(|value| value.eq_ignore_ascii_case("disabled"))
}

#[cfg(test)]
mod tests {
    use crate::doctor::tests::found;

    const CODE: &str = "flux-instance-unprotected";

    fn instance(annotations: &str) -> String {
        format!(
            "//- apps/flux.yaml\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\n\
             metadata: {{name: flux, namespace: flux-system, annotations: {{{annotations}}}}}\n\
             spec: {{distribution: {{version: 2.7.5, registry: ghcr.io/fluxcd}}}}\n"
        )
    }

    #[test]
    fn what_could_delete_an_instance() {
        let expected =
            "apps/flux.yaml: flux-system/apps prunes, and could delete FluxInstance flux: all of Flux would go";
        assert_eq!(found(CODE, &instance("")), [expected]);
        let chart = "//- apps/flux.yaml\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
                     metadata: {name: flux, namespace: flux-system}\nspec:\n  chart: {spec: {chart: flux-instance, version: \
                     0.58.1, sourceRef: {kind: HelmRepository, name: charts}}}\n  values: {}\n";
        assert_eq!(found(CODE, chart).len(), 1);
        for kept in [
            instance("kustomize.toolkit.fluxcd.io/prune: Disabled"),
            instance("fluxcd.controlplane.io/reconcile: disabled"),
            chart.replace("values: {}", "values: {commonAnnotations: {helm.sh/resource-policy: keep}}"),
        ] {
            assert_eq!(found(CODE, &kept), [""; 0], "{kept}");
        }
    }
}
