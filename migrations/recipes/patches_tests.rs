//! What recipes do to patches: where they are found, what is written, and what is refused.

use std::collections::BTreeSet;

use super::testing::tried;
use super::{CaseResult, Gates, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Unit, land, plan};
use crate::recipe::language::{Known, read};
use crate::repo::Memory;

/// A cluster whose only kustomization file has more in it, and two releases.
pub(super) fn files(more: &str) -> Vec<(&'static str, String)> {
    let cluster = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: home, namespace: flux-system}\n\
                   spec: {url: https://git.example.org/home}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                   metadata: {name: cluster, namespace: flux-system}\nspec: {path: ./kubernetes, sourceRef: {kind: GitRepository, name: home}}\n";
    let release = |name: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: media}}\n\
             spec:\n  interval: 30m\n  timeout: 5m\n  chart: {{spec: {{chart: {name}, sourceRef: {{kind: HelmRepository, name: x}}}}}}\n"
        )
    };
    vec![
        ("kubernetes/cluster.yaml", cluster.to_owned()),
        ("kubernetes/kustomization.yaml", format!("resources: [cluster.yaml, plex.yaml, radarr.yaml]\n{more}")),
        ("kubernetes/plex.yaml", release("plex")),
        ("kubernetes/radarr.yaml", release("radarr")),
    ]
}

/// What a recipe makes of some files. `after` are the changes of one of them, each old text with the
/// new one; or the codes of what is refused.
fn wrong(
    recipe: &str,
    files: &[(&'static str, String)],
    path: &str,
    after: Result<&[(&str, &str)], &[&str]>,
) -> CaseResult {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let before: String = files.iter().map(|(path, text)| format!("    {path}: {}\n", quoted(text))).collect();
    let expected = match after {
        Ok([]) => "same".to_owned(),
        Ok(changes) => {
            let old = &files.iter().find(|(other, _)| *other == path).unwrap().1;
            let changed = changes.iter().fold(old.clone(), |text, (from, to)| {
                assert_eq!(text.matches(from).count(), 1, "{from}");
                text.replace(from, to)
            });
            format!("{{{path}: {}}}", quoted(&changed))
        }
        Err(codes) => format!("same\n  refused: [{}]", codes.join(", ")),
    };
    let recipe = format!("recipe: 1\nname: r\nsummary: s\noptional: true\n{recipe}");
    tried("r", &recipe, &format!("- name: shown\n  before:\n{before}  after: {expected}\n"))
}

pub(super) fn check(
    recipe: &str,
    files: &[(&'static str, String)],
    path: &str,
    after: Result<&[(&str, &str)], &[&str]>,
) {
    let result = wrong(recipe, files, path, after);
    assert!(result.wrong.is_empty(), "{recipe}\n{}\n{:#?}", result.wrong.join("\n"), result.changed);
}

const IN_PATCHES: &str = "select: {in: patches, kind: HelmRelease.helm.toolkit.fluxcd.io}\ndo: [{set: spec.interval, to: 1h, if-equal: 10m}]\n";
pub(super) const KUSTOMIZATION: &str = "kubernetes/kustomization.yaml";

#[test]
fn patches_are_found_wherever_they_are_stated() {
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: plex, namespace: media}\nspec:\n  # often\n  interval: 10m # ten\n";
    let literal = |indentation: &str| patch.replace('\n', &format!("\n{indentation}")).trim_end().to_owned();
    let change = [("interval: 10m # ten\n", "interval: 1h # ten\n")];
    let inline = format!("patches:\n  - patch: |-\n      {}\n", literal("      "));
    check(IN_PATCHES, &files(&inline), KUSTOMIZATION, Ok(&change));
    let targeted = "patches:\n  - target: {kind: HelmRelease, name: plex}\n    patch: |\n      kind: any\n      metadata: {name: any}\n      spec: {interval: 10m}\n";
    check(IN_PATCHES, &files(targeted), KUSTOMIZATION, Ok(&[("{interval: 10m}", "{interval: 1h}")]));
    let merge = format!("patchesStrategicMerge:\n  - |\n    {}\n", literal("    "));
    check(IN_PATCHES, &files(&merge), KUSTOMIZATION, Ok(&change));
    for list in ["patches: [{path: patch.yaml}]\n", "patchesStrategicMerge: [patch.yaml]\n"] {
        let mut files = files(list);
        files.push(("kubernetes/patch.yaml", patch.to_owned()));
        check(IN_PATCHES, &files, "kubernetes/patch.yaml", Ok(&change));
        // Whoever does not ask for patches means objects.
        let objects = IN_PATCHES.replace("in: patches, ", "");
        check(&objects, &files, "kubernetes/patch.yaml", Ok(&[]));
    }
    // Several in one text are one edit.
    let other = literal("      ").replace("plex", "radarr").replace("10m # ten", "10m # tenth");
    let both = format!("patches:\n  - patch: |-\n      {}\n      ---\n      {other}\n", literal("      "));
    let tenth = [change[0], ("interval: 10m # tenth\n", "interval: 1h # tenth\n")];
    check(IN_PATCHES, &files(&both), KUSTOMIZATION, Ok(&tenth));
}

#[test]
fn patches_of_flux_are_found() {
    let mut files = files("");
    files[0].1 += "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\n\
                   spec:\n  path: ./apps\n  sourceRef: {kind: GitRepository, name: home}\n  patches:\n    - target: {kind: HelmRelease}\n      \
                   patch: |-\n        apiVersion: helm.toolkit.fluxcd.io/v2\n        kind: HelmRelease\n        metadata: {name: all}\n        \
                   spec: {interval: 10m}\n";
    files.push(("apps/sonarr.yaml", files[2].1.replace("plex", "sonarr")));
    check(IN_PATCHES, &files, "kubernetes/cluster.yaml", Ok(&[("interval: 10m", "interval: 1h")]));
    let named = IN_PATCHES.replace("in: patches, ", "in: patches, name: sonarr, ");
    check(&named, &files, "kubernetes/cluster.yaml", Ok(&[("interval: 10m", "interval: 1h")]));
    files.push(("apps/bazarr.yaml", files[2].1.replace("plex", "bazarr")));
    check(&named, &files, "kubernetes/cluster.yaml", Err(&["selected-in-part"]));

    let mut files = self::files("");
    files[2].1 += "  postRenderers:\n    - kustomize:\n        patches:\n          - target: {kind: Deployment, name: plex}\n            \
                   patch: |-\n              - op: replace\n                path: /spec/replicas\n                value: 1 # one\n              \
                   - op: add\n                path: /metadata/labels/a.b~1c\n                value: x\n";
    let scale = "select: {in: json6902, kind: Deployment.apps}\ndo: [{set: spec.replicas, to: 2}]\n";
    check(scale, &files, "kubernetes/plex.yaml", Ok(&[("value: 1 # one", "value: 2 # one")]));
    let others = scale.replace("Deployment", "StatefulSet");
    check(&others, &files, "kubernetes/plex.yaml", Ok(&[]));
}

/// A kustomization file with a JSON patch of a release.
pub(super) fn operations(list: &str) -> Vec<(&'static str, String)> {
    files(&format!("patches:\n  - target: {{kind: HelmRelease, name: plex}}\n    patch: |-\n{list}"))
}

#[test]
fn operations_are_read_as_what_they_state() {
    let json =
        |verb: &str| format!("select: {{in: json6902, kind: HelmRelease.helm.toolkit.fluxcd.io}}\ndo: [{verb}]\n");
    let two = operations(
        "      - op: add\n        path: /metadata/annotations\n        value: {old.io/a: x}\n      - op: add # why\n        \
         path: /metadata/annotations/old.io~1b\n        value: y\n",
    );
    let all = |verb: &str, after: Result<&[(&str, &str)], &[&str]>| check(&json(verb), &two, KUSTOMIZATION, after);
    all("{set: \"metadata.annotations['old.io/b']\", to: z}", Ok(&[("value: y", "value: z")]));
    all(
        "{rename-key: 'old.io/*', to: 'new.io/<1>', at: metadata.annotations}",
        Ok(&[("{old.io/a: x}", "{new.io/a: x}"), ("old.io~1b", "new.io~1b")]),
    );
    all(
        "{remove: \"metadata.annotations['old.io/b']\"}",
        Ok(&[("      - op: add # why\n        path: /metadata/annotations/old.io~1b\n        value: y\n", "")]),
    );
    // What is new is for the object, and where an operation is, not for its patch.
    all("{add: metadata.labels.x, value: y, parents: create}", Ok(&[]));
    all("{set: spec.interval, to: 1h}", Ok(&[]));
    let one = operations("      - {op: replace, path: /spec/interval, value: 10m}\n");
    let of_one = |verb: &str, after: Result<&[(&str, &str)], &[&str]>| check(&json(verb), &one, KUSTOMIZATION, after);
    of_one("{set: spec.interval, to: 1h}", Ok(&[("10m", "1h")]));
    of_one("{set: spec.interval, to: 1h, if-equal: 5m}", Ok(&[]));
    of_one("{remove: spec.interval}", Err(&["key-in-json-patch"]));
    of_one("{rename-key: interval, to: timeout, at: spec}", Err(&["key-in-json-patch"]));
    of_one("{set: spec, to: {interval: 1h}}", Err(&["key-in-json-patch"]));
    let gone = operations(
        "      - {op: remove, path: /spec/timeout}\n      - {op: replace, path: /spec/interval, value: 10m}\n",
    );
    check(&json("{set: spec.timeout, to: 1h}"), &gone, KUSTOMIZATION, Err(&["key-in-json-patch"]));
    check(&json("{set: spec.interval, to: 1h}"), &gone, KUSTOMIZATION, Ok(&[("10m", "1h")]));
}

#[test]
fn what_a_patch_cannot_become_is_refused() {
    let of = |body: &str| {
        files(&format!(
            "patches:\n  - patch: |-\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      \
             metadata: {{name: plex, namespace: media}}\n      {body}\n"
        ))
    };
    let recipe =
        |verb: &str| format!("select: {{in: patches, kind: HelmRelease.helm.toolkit.fluxcd.io}}\ndo: [{verb}]\n");
    check(&recipe("{set: spec.interval, to: 1h}"), &of("spec: {interval: null}"), KUSTOMIZATION, Err(&["other-shape"]));
    check(&recipe("{set: metadata.name, to: x}"), &of("spec: {interval: 1m}"), KUSTOMIZATION, Err(&["other-shape"]));
    let quoted =
        "patches:\n  - target: {kind: HelmRelease}\n    patch: '[{op: replace, path: /spec/interval, value: 10m}]'\n";
    let json = "select: {in: json6902, kind: HelmRelease.helm.toolkit.fluxcd.io}\ndo: [{set: spec.interval, to: 1h}]\n";
    check(json, &files(quoted), KUSTOMIZATION, Err(&["nested-text"]));
    // It differs at another place than is promised.
    let promise = recipe("{set: spec.interval, to: 1h}") + "promise: {differs-only-at: [spec.timeout]}\n";
    check(&promise, &of("spec: {interval: 10m}"), KUSTOMIZATION, Err(&["breaks-promise"]));
    let required = recipe("{remove: spec.interval}");
    let mut files = of("spec: {interval: 10m}");
    files[2].1 = files[2].1.replace("  interval: 30m\n", "");
    check(&required, &files, KUSTOMIZATION, Err(&["required-field"]));
}

#[test]
fn what_looks_everywhere_needs_no_place() {
    let recipe = "recipe: 1\nname: r\nsummary: s\nselect: {in: patches}\ndo: [{rename-key: a, to: b, at: anywhere}]\n";
    let known = crate::recipe::language::Known::NOTHING;
    let error = crate::recipe::language::read("r.yaml", recipe, &known).unwrap_err().to_string();
    assert!(
        error.contains("`rename-key` finds what it is about in patches, too") && error.contains("leave out `in`"),
        "{error}"
    );
}

#[test]
fn a_patch_follows_the_version_of_its_object() {
    let old = |text: &str| text.replace("toolkit.fluxcd.io/v2\n", "toolkit.fluxcd.io/v2beta2\n");
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2beta2\nkind: HelmRelease\nmetadata: {name: plex, namespace: media}\nspec: {interval: 10m}\n";
    let mut files = files("patches: [{path: patch.yaml}]\n");
    files[2].1 = old(&files[2].1);
    files.push(("kubernetes/patch.yaml", patch.to_owned()));
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let run = |files: &[(&str, String)], after: &str| {
        let before: String = files.iter().map(|(path, text)| format!("    {path}: {}\n", quoted(text))).collect();
        let case = format!("- name: shown\n  flux: {{cluster: 2.6.4}}\n  before:\n{before}  after: {after}\n");
        let recipe = super::LIBRARY.iter().find(|(name, _)| *name == "flux-api-versions").unwrap().1;
        let result = tried("flux-api-versions", recipe, &case);
        assert!(result.wrong.is_empty(), "{}", result.wrong.join("\n"));
    };
    let new = |text: &str| quoted(&text.replace("v2beta2", "v2"));
    run(&files, &format!("{{kubernetes/plex.yaml: {}, kubernetes/patch.yaml: {}}}", new(&files[2].1), new(patch)));
    // With a target, Kustomize does not ask for the version that the patch states.
    files[1].1 = files[1].1.replace("[{path: patch.yaml}]", "[{path: patch.yaml, target: {kind: HelmRelease}}]");
    run(&files, &format!("{{kubernetes/plex.yaml: {}}}", new(&files[2].1)));
    // With a target that states it, that and all that it selects change in one unit.
    files[1].1 = files[1].1.replace("kind: HelmRelease", "kind: HelmRelease, version: v2beta2");
    files[3].1 = old(&files[3].1);
    let changed = [&files[1], &files[2], &files[3]].map(|(path, text)| format!("{path}: {}", new(text)));
    run(&files, &format!("{{{}}}", changed.join(", ")));
    // One that opts out keeps its version, and so does what would change with it.
    let mut opted_out = files.clone();
    opted_out[3].1.insert_str(0, "# flux-codemod: skip[flux-api-versions] its chart is old\n");
    run(&opted_out, "same");
    let refused = "same\n  refused: [api-version-patched]";
    // What has the new version already would be selected, too.
    files[3].1 = files[3].1.replace("v2beta2", "v2");
    run(&files, refused);
    // What the target states is not the version alone.
    files[3].1 = old(&files[3].1);
    files[1].1 = files[1].1.replace("version: v2beta2", "version: v2beta.");
    run(&files, refused);
}

#[test]
fn files_of_generators_are_data() {
    let mut files = files("configMapGenerator: [{name: settings, files: [settings.yaml]}]\n");
    files.push(("kubernetes/settings.yaml", "log:\n  level: debug # for now\n".to_owned()));
    let recipe =
        |place: &str| format!("select: {{in: {place}, kind: ConfigMap.core}}\ndo: [{{set: log.level, to: info}}]\n");
    check(&recipe("generated"), &files, "kubernetes/settings.yaml", Ok(&[("debug", "info")]));
    check(&recipe("objects"), &files, "kubernetes/settings.yaml", Ok(&[]));
}

/// What held where a unit was planned is asked again where it lands.
#[test]
fn promises_are_held_where_units_land() {
    let body = "patches:\n  - patch: |-\n      apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      \
                metadata: {name: plex, namespace: media}\n      spec: {interval: 10m}\n";
    let view = |files: &[(&'static str, String)]| {
        View::of(Memory::tree(files.iter().map(|(path, text)| (*path, text.as_str())))).unwrap()
    };
    let text = "recipe: 1\nname: r\nsummary: s\nselect: {in: patches, kind: HelmRelease.helm.toolkit.fluxcd.io}\n\
                do: [{remove: spec.interval}]\n";
    let recipe = read("r.yaml", text, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
    let migration = RecipeMigration::new(recipe, Origin::BuiltIn, None, BTreeSet::new()).with_gates(Gates::open());
    let (mut files, settings) = (files(body), Settings::default());
    let planned = plan(&view(&files), &[&migration], &settings, None).unwrap();
    let units: Vec<&Unit> = planned.units.iter().filter(|unit| unit.is_able()).collect();
    assert_eq!(units.len(), 1, "the release has an interval of its own");
    let landed = |files: &[(&'static str, String)]| {
        let landed = land(&view(files), &units, &[&migration], &settings).unwrap();
        (landed.units.len(), landed.refused.values().map(|finding| finding.code.id).collect::<Vec<_>>())
    };
    assert_eq!(landed(&files), (1, vec![]));
    files[2].1 = files[2].1.replace("  interval: 30m\n", "");
    assert_eq!(landed(&files), (0, vec!["required-field"]));
}
