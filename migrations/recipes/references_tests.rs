//! References in patches: of which kind and namespace they are, only what is patched says.

use super::patches_tests::{KUSTOMIZATION, check, files, operations};

#[test]
fn references_in_json_patches_follow() {
    let source = |name: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: {name}, namespace: media}}\nspec: {{url: https://charts.example.org}}\n---\n"
        )
    };
    let of = |operation: &str| {
        let mut files = operations(&format!("      # of the source\n      - {operation}\n"));
        files[3].1 = format!("{}{}{}", source("old"), source("new"), files[3].1);
        files
    };
    let recipe = "do: [{reference: HelmRepository.source.toolkit.fluxcd.io, from: media/old, to: media/new}]\n";
    let whole = of(
        "{op: replace, path: /spec/chart/spec/sourceRef, value: {kind: HelmRepository, name: old, namespace: media}}",
    );
    check(recipe, &whole, KUSTOMIZATION, Ok(&[("name: old", "name: new")]));
    let name = of("{op: replace, path: /spec/chart/spec/sourceRef/name, value: old}");
    check(recipe, &name, KUSTOMIZATION, Err(&["key-in-json-patch"]));
    let other = of("{op: replace, path: /spec/chart/spec/sourceRef, value: {kind: OCIRepository, name: old}}");
    check(recipe, &other, KUSTOMIZATION, Ok(&[]));
}

/// `dependsOn` names objects of its own kind: that of what a patch is for.
#[test]
fn a_patch_has_the_kind_of_what_it_is_for() {
    let recipe = "do: [{reference: HelmRelease.helm.toolkit.fluxcd.io, from: media/radarr, to: media/new}]\n";
    let with_new = |mut files: Vec<(&'static str, String)>| {
        let new = files[3].1.replace("radarr", "new");
        files[3].1.push_str(&format!("---\n{new}"));
        files
    };
    let changes = Ok(&[("[{name: radarr}]", "[{name: new}]")][..]);
    let merge = |kind: &str, name: &str| {
        format!(
            "patches:\n  - patch: |-\n      apiVersion: {kind}\n      metadata: {{name: {name}}}\n      \
             spec: {{dependsOn: [{{name: radarr}}]}}\n"
        )
    };
    let release = merge("helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease", "plex, namespace: media");
    check(recipe, &with_new(files(&release)), KUSTOMIZATION, changes);
    // What it names has to be there.
    check(recipe, &files(&release), KUSTOMIZATION, Err(&["reference-unresolved"]));
    // A Flux Kustomization depends on others.
    let other = merge("kustomize.toolkit.fluxcd.io/v1\n      kind: Kustomization", "cluster, namespace: flux-system");
    check(recipe, &with_new(files(&other)), KUSTOMIZATION, Ok(&[]));
    // What a patch is for may only be said by its target, or by whoever names its file.
    let targeted = "patches:\n  - target: {kind: HelmRelease, name: plex}\n    patch: |-\n      kind: any\n      \
                    metadata: {name: any}\n      spec: {dependsOn: [{name: radarr}]}\n";
    check(recipe, &with_new(files(targeted)), KUSTOMIZATION, changes);
    let json = operations("      - {op: add, path: /spec/dependsOn, value: [{name: radarr}]}\n");
    check(recipe, &with_new(json), KUSTOMIZATION, changes);
    let mut by_file = with_new(files("patches: [{path: patch.yaml, target: {kind: HelmRelease, name: plex}}]\n"));
    by_file.push(("kubernetes/patch.yaml", "- {op: add, path: /spec/dependsOn, value: [{name: radarr}]}\n".to_owned()));
    check(recipe, &by_file, "kubernetes/patch.yaml", changes);
    // Without a namespace it is that of what is patched.
    let of_other = release.replace("name: plex, namespace: media", "name: plex, namespace: other");
    let mut elsewhere = with_new(files(&of_other));
    elsewhere[2].1 = elsewhere[2].1.replace("namespace: media", "namespace: other");
    check(recipe, &elsewhere, KUSTOMIZATION, Ok(&[]));
}
