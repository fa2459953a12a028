//! Rules about patches.

use super::*;

#[test]
fn a_list_that_a_json_patch_replaces() {
    let files = |operation: &str, target: &str| {
        let child = |name: &str, list: &str| {
            let spec =
                format!("{{path: ./{name}, sourceRef: {{kind: GitRepository, name: home}}, components: {list}}}");
            object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, "flux-system", &format!("spec: {spec}"))
        };
        format!(
            "//- apps/kustomization.yaml\nresources: [cluster.yaml, more.yaml]\npatches:\n- target: {target}\n  \
             patch: '- {operation}'\n//- apps/more.yaml\n{}{}",
            child("one", "[../x]"),
            child("two", "[../y]")
        )
    };
    let all = "{kind: Kustomization, name: one|two}";
    let found = |operation: &str, target: &str| found("patch-replaces-list", &files(operation, target));
    let both = "apps/kustomization.yaml: this patch replaces the list spec.components: \
                Kustomization flux-system/one loses 1 entry, Kustomization flux-system/two loses 1 entry";
    assert_eq!(found("{op: add, path: /spec/components, value: [../z]}", all), [both]);
    assert_eq!(found("{op: replace, path: /spec/components, value: [../z]}", all), [both]);
    let one = "{kind: Kustomization, name: one}";
    assert_eq!(found("{op: replace, path: /spec/components, value: [../z]}", one), [""; 0], "it is meant");
    assert_eq!(found("{op: add, path: /spec/components/-, value: ../z}", all), [""; 0]);
    assert_eq!(found("{op: add, path: /spec/components, value: [../x, ../y, ../z]}", all), [""; 0]);
}

const CLEANUP: &str = "spec.rollback.cleanupOnFail or spec.upgrade.cleanupOnFail";

#[test]
fn a_patch_sets_a_field_that_flux_does_not_have() {
    let child = "spec: {path: ./x, sourceRef: {kind: GitRepository, name: home}, postBuild: {substitute: {A: b}}}";
    let child = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "one", "flux-system", child);
    let files = |target: &str, patch: &str| {
        format!(
            "//- apps/kustomization.yaml\nresources: [cluster.yaml, more.yaml]\npatches:\n- target: {{kind: {target}}}\n  \
             patch: '{patch}'\n//- apps/more.yaml\n{child}{}",
            app("plex", "{}")
        )
    };
    for (target, patch, meant) in [
        ("HelmRelease", "- {op: add, path: /spec/install, value: {cleanupOnFail: true}}", CLEANUP),
        ("HelmRelease", "- {op: add, path: /spec/cleanupOnFail, value: true}", CLEANUP),
        (
            "Kustomization",
            "{kind: Kustomization, metadata: {name: x}, spec: {substituteFrom: []}}",
            "spec.postBuild.substituteFrom",
        ),
        ("Kustomization", "- {op: add, path: /spec/postBuild/substitude, value: {}}", "spec.postBuild.substitute"),
    ] {
        let found = found("patch-unknown-field", &files(target, patch));
        assert!(found.len() == 1 && found[0].ends_with(&format!("did you mean {meant}?")), "{patch}: {found:?}");
    }
    for (target, patch) in [
        ("HelmRelease", "- {op: add, path: /spec/upgrade, value: {cleanupOnFail: true}}"),
        ("HelmRelease", "- {op: add, path: /spec/values, value: {cleanUpOnFail: true}}"),
        ("Kustomization", "- {op: add, path: /spec/postBuild/substitute/X, value: y}"),
        ("Kustomization", "- {op: add, path: /spec/fieldOfSomeLaterFlux, value: y}"),
    ] {
        assert_eq!(found("patch-unknown-field", &files(target, patch)), [""; 0], "{patch}");
    }
}
