//! What Flux requires beside the fields that the CRDs list as required: their validation rules.

use crate::flux::Value;

/// What an object with this `spec` lacks.
pub(super) fn lacking(group: &str, kind: &str, version: &str, spec: &Value) -> Option<String> {
    let has = |key: &str| spec.get(key).is_some_and(|value| *value != Value::Null);
    match (group, kind) {
        // Exactly one of both; v2beta1 lists `chart` as required.
        ("helm.toolkit.fluxcd.io", "HelmRelease") if version != "v2beta1" => {
            (!has("chart") && !has("chartRef")).then(|| "spec.chart".to_owned())
        }
        // From Flux 2.9 on, a Receiver that checks tokens of OIDC itself needs none.
        ("notification.toolkit.fluxcd.io", "Receiver") if version == "v1" => {
            let needs_secret = spec.text_at(&["type"]) != Some("generic-oidc");
            (needs_secret && !has("secretRef")).then(|| "spec.secretRef".to_owned())
        }
        _ => None,
    }
}
