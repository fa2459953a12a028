//! Health checks of Flux Kustomizations: they count, and name what can exist.

use super::codes::{HEALTH_CHECK_KIND, HEALTH_CHECKS_IGNORED};
use super::dependencies::place;
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{FluxKustomization, Value, View, group_of};

/// Kinds that health checks name, by their API groups: of Kubernetes 1.34 and Flux 2.7.
const KINDS: [(&str, &[&str]); 10] = [
    ("", &["ConfigMap", "Namespace", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"]),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apps", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("batch", &["CronJob", "Job"]),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("image.toolkit.fluxcd.io", &["ImagePolicy", "ImageRepository", "ImageUpdateAutomation"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
    ("networking.k8s.io", &["Ingress", "IngressClass", "NetworkPolicy"]),
    ("notification.toolkit.fluxcd.io", &["Alert", "Provider", "Receiver"]),
    (
        "source.toolkit.fluxcd.io",
        &["Bucket", "ExternalArtifact", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"],
    ),
];

pub(super) fn findings(view: &View) -> Vec<Finding> {
    // An operator makes the one of an entry point that has no file.
    let stated = view.graph().kustomizations.iter().filter(|kustomization| view.node(&kustomization.at).is_some());
    stated.flat_map(|kustomization| of_kustomization(view, kustomization)).collect()
}

fn of_kustomization(view: &View, kustomization: &FluxKustomization) -> Vec<Finding> {
    let checks = kustomization.object.at(&["spec", "healthChecks"]).map_or(&[][..], Value::items);
    let at = &kustomization.at;
    let at_checks = |severity, code, message| {
        finding(severity, code, &at.path, place(view, at, &["spec", "healthChecks"]), message)
    };
    let mut found = Vec::new();
    // Expressions say how objects are healthy, with wait, too: somebody has thought about it.
    let has_expressions = kustomization.object.at(&["spec", "healthCheckExprs"]).is_some();
    if kustomization.wait && !checks.is_empty() && !has_expressions {
        let message = format!(
            "{} sets spec.wait: true, so its {} ignored",
            kustomization.full_name(),
            if checks.len() == 1 {
                "health check is".to_owned()
            } else {
                format!("{} health checks are", checks.len())
            }
        );
        found.push(at_checks(Severity::Warning, HEALTH_CHECKS_IGNORED, message));
    }
    let severity = if kustomization.wait { Severity::Note } else { Severity::Error };
    for check in checks {
        let (Some(api_version), Some(kind)) = (check.text_at(&["apiVersion"]), check.text_at(&["kind"])) else {
            continue;
        };
        let Some(groups) = other_groups(api_version, kind) else { continue };
        let message = format!(
            "{} checks the health of a {kind} of {api_version}; that kind is in {groups}",
            kustomization.full_name()
        );
        found.push(at_checks(severity, HEALTH_CHECK_KIND, message));
    }
    found
}

/// The API groups of a kind, if it is not in this one, of which all kinds are known.
fn other_groups(api_version: &str, kind: &str) -> Option<String> {
    let group = group_of(api_version);
    let known = KINDS.iter().any(|(of, _)| *of == group);
    let is_core = |group: &str| if group.is_empty() { "the core group".to_owned() } else { group.to_owned() };
    let groups: Vec<&str> = KINDS.iter().filter(|(_, kinds)| kinds.contains(&kind)).map(|(group, _)| *group).collect();
    let is_other = known && !groups.is_empty() && !groups.contains(&group);
    is_other.then(|| groups.into_iter().map(is_core).collect::<Vec<_>>().join(" or "))
}
