//! What Flux requires beside the fields that the CRDs list as required: their validation rules.

use crate::flux::Value;

/// What an object with this `spec` lacks.
pub(super) fn lacking(group: &str, kind: &str, version: &str, spec: &Value) -> Vec<String> {
    let mut lacking = Vec::new();
    let has = |value: &Value, key: &str| value.get(key).is_some_and(|value| *value != Value::Null);
    let is_release = (group, kind) == ("helm.toolkit.fluxcd.io", "HelmRelease");
    // Exactly one of both; v2beta1 lists `chart` as required.
    if is_release && version != "v2beta1" && !has(spec, "chart") && !has(spec, "chartRef") {
        lacking.push("spec.chart".to_owned());
    }
    // Exactly one of both; v1beta1 and v2beta1 list the first as required.
    let takes_either = is_release && version != "v2beta1"
        || (group, kind) == ("kustomize.toolkit.fluxcd.io", "Kustomization") && version != "v1beta1";
    let kube_config = spec.get("kubeConfig").filter(|value| takes_either && **value != Value::Null);
    if kube_config.is_some_and(|kube_config| !has(kube_config, "secretRef") && !has(kube_config, "configMapRef")) {
        lacking.push("spec.kubeConfig.secretRef".to_owned());
    }
    // From Flux 2.9 on, a Receiver that checks tokens of OIDC needs none.
    let is_receiver = (group, kind, version) == ("notification.toolkit.fluxcd.io", "Receiver", "v1");
    if is_receiver && spec.text_at(&["type"]) != Some("generic-oidc") && !has(spec, "secretRef") {
        lacking.push("spec.secretRef".to_owned());
    }
    lacking
}
