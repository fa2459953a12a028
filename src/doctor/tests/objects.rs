//! Rules about fields and API versions of objects of Flux.

use super::*;

/// A file that says which Flux the cluster runs; nothing, for an empty version.
fn runs(flux: &str) -> String {
    if flux.is_empty() {
        return String::new();
    }
    let spec = format!("spec: {{interval: 1h, url: 'oci://ghcr.io/fluxcd/flux-manifests', ref: {{tag: {flux}}}}}");
    let source = object("source.toolkit.fluxcd.io/v1", "OCIRepository", "flux-manifests", "flux-system", &spec);
    format!("//- apps/flux.yaml\n{source}")
}

fn alert(version: &str, more: &str) -> String {
    let spec =
        format!("spec:\n  providerRef: {{name: x}}\n  eventSources:\n  - {{kind: HelmRelease, name: y}}\n{more}");
    format!(
        "//- apps/alert.yaml\n{}",
        object(&format!("notification.toolkit.fluxcd.io/{version}"), "Alert", "x", "flux-system", &spec)
    )
}

#[test]
fn a_field_that_flux_does_not_have() {
    let unknown = |flux: &str, more: &str| found("unknown-field", &format!("{}{}", runs(flux), alert("v1beta3", more)));
    let message =
        |field: &str| format!("apps/alert.yaml: notification.toolkit.fluxcd.io/v1beta3 Alert x has no field {field}");
    assert_eq!(unknown("v2.8.1", "  colour: red"), [message("spec.colour")]);
    assert_eq!(unknown("v2.8.1", "  - {kind: Bucket, name: z, labels: {}}"), [message("spec.eventSources[1].labels")]);
    assert_eq!(unknown("v2.8.1", "  eventMetadata: {colour: red}\n  summary: ~"), [""; 0]);
    for flux in ["", "v2.10.0"] {
        assert_eq!(unknown(flux, "  colour: red"), [""; 0], "it may be a field of a newer Flux");
        let misspelt = [format!("{}; did you mean spec.suspend?", message("spec.suspendd"))];
        assert_eq!(unknown(flux, "  suspendd: true"), misspelt);
    }
}

#[test]
fn a_version_that_flux_does_not_serve() {
    let unserved = |flux: &str, version: &str| {
        let mut all = found("api-version-unserved", &format!("{}{}", runs(flux), alert(version, "")));
        all.retain(|message| message.starts_with("apps/alert.yaml"));
        all
    };
    let message = |version: &str, serves: &str| {
        let stated = format!("Alert x is of notification.toolkit.fluxcd.io/{version}");
        [format!("apps/alert.yaml: {stated}, and cluster runs Flux {serves}")]
    };
    assert_eq!(unserved("v2.7.0", "v1beta1"), message("v1beta1", "2.7.0, which serves v1beta2, v1beta3"));
    assert_eq!(unserved("v2.1.2", "v1beta3"), message("v1beta3", "2.1.2, which serves v1beta1, v1beta2"));
    assert_eq!(unserved("v2.9.0", "v1"), message("v1", "2.9.0, which serves v1beta3"));
    for (flux, version) in [("v2.6.4", "v1beta1"), ("v2.9.0", "v1beta3"), ("", "v1beta1"), ("2.x", "v1beta1")] {
        assert_eq!(unserved(flux, version), [""; 0], "{flux} {version}");
    }
    let elsewhere = "spec: {path: ./far, prune: true, interval: 1h, sourceRef: {kind: GitRepository, name: home}, \
                     kubeConfig: {secretRef: {name: far}}}";
    let remote = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "far", "flux-system", elsewhere);
    let files = format!("{}//- apps/far.yaml\n{remote}{}", runs("v2.9.0"), alert("v1beta1", ""));
    let files = files.replace("//- apps/alert.yaml", "//- far/alert.yaml");
    assert_eq!(found("api-version-unserved", &files), [""; 0], "another cluster has another Flux");
}
