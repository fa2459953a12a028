//! What the recipes of `docs/recipes.md` do to a small tree each.

use super::{cases, run_case};

/// A recipe of the page, files, and what changes in them: each old line with the new one.
type Shown = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app\n  \
                             labels:\n    backup: \"true\"\nspec:\n  interval: 30m # twice an hour\n  path: ./app\n  \
                             prune: true\n  components:\n    - ../../../../components/gatus/external\n    - ../other\n  \
                             postBuild:\n    substitute:\n      APP: app\n      GATUS_PATH: /health\n  sourceRef:\n    \
                             kind: GitRepository\n    name: flux-system\n";
const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app\n  annotations:\n    \
                       hajimari.io/icon: television # shown\nspec:\n  interval: 1h\n  chart:\n    spec:\n      \
                       chart: my-chart\n      version: 2.1.0\n      sourceRef:\n        kind: HelmRepository\n        \
                       name: charts\n  upgrade:\n    cleanupOnFail: true\n    remediation:\n      strategy: rollback\n  \
                       uninstall:\n    keepHistory: false\n  values:\n    image:\n      \
                       repository: ghcr.io/onedr0p/app # theirs\n    ingress:\n      main:\n        className: nginx\n    \
                       storage:\n      size: 1Gi # small\n";
const PATCHING: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app\nspec:\n  interval: 30m\n  \
                        path: ./app\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n  patches:\n    \
                        - target:\n        kind: HelmRelease\n      patch: |-\n        apiVersion: helm.toolkit.fluxcd.io/v2\n        \
                        kind: HelmRelease\n        metadata:\n          name: all\n        spec:\n          upgrade:\n            \
                        remediation:\n              retries: -1 # endless\n";
const FLUX: &str = "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: flux-system\n  \
                    namespace: flux-system\nspec:\n  interval: 1h\n  url: https://example.org/ops\n---\n\
                    apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: flux-manifests\n  \
                    namespace: flux-system\nspec:\n  interval: 1h\n  url: oci://ghcr.io/fluxcd/flux-manifests\n  ref:\n    \
                    tag: v2.6.4\n";

const SHOWN: [Shown; 11] = [
    (
        "rollback-is-default",
        RELEASE,
        &[("    cleanupOnFail: true\n    remediation:\n      strategy: rollback\n", "    cleanupOnFail: true\n")],
    ),
    ("webhook-intervals", KUSTOMIZATION, &[("interval: 30m # twice", "interval: 1h # twice")]),
    ("retry-sooner", KUSTOMIZATION, &[("an hour\n", "an hour\n  retryInterval: 2m\n")]),
    ("ingress-class", RELEASE, &[("className: nginx", "className: internal")]),
    ("registry-moves", RELEASE, &[("ghcr.io/onedr0p/app", "ghcr.io/home-operations/app")]),
    ("no-history", RELEASE, &[("  uninstall:\n    keepHistory: false\n", "")]),
    ("homepage-keys", RELEASE, &[("hajimari.io/icon", "gethomepage.dev/icon")]),
    (
        "volsync-component",
        KUSTOMIZATION,
        &[("  components:\n", "  components:\n    - ../../../../components/volsync\n")],
    ),
    (
        "no-gatus",
        KUSTOMIZATION,
        &[("    - ../../../../components/gatus/external\n", ""), ("      GATUS_PATH: /health\n", "")],
    ),
    (
        "values-persistence",
        RELEASE,
        &[("    storage:\n      size: 1Gi # small\n", "    persistence:\n      size: 1Gi # small\n")],
    ),
    ("patches-retry", PATCHING, &[("retries: -1 # endless", "retries: 3 # endless")]),
];

/// The cases of a recipe: one file in the apps of a cluster.
fn case_of(before: &str, after: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\\\"").replace('\n', "\\n"));
    let file = |text: &str| format!("kubernetes/apps/app.yaml: {}", quoted(text));
    let entry = KUSTOMIZATION
        .replace("./app", "./kubernetes")
        .replace("30m", "10m")
        .replace("name: app", "name: cluster\n  namespace: flux-system");
    let entry = entry.split("  components:").next().unwrap().replace("  labels:\n    backup: \"true\"\n", "");
    let entry = format!(
        "{entry}  retryInterval: 1m\n  deletionPolicy: Delete\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n{FLUX}"
    );
    format!(
        "- {{name: shown, before: {{{}, kubernetes/flux/cluster.yaml: {}}}, after: {{{}}}}}\n",
        file(before),
        quoted(&entry),
        file(after)
    )
}

#[test]
fn the_recipes_of_the_page_do_what_they_say() {
    let page = include_str!("../../docs/recipes.md");
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let recipes: Vec<&str> = blocks.filter(|text| text.starts_with("recipe: 1\n")).collect();
    assert_eq!(recipes.len(), SHOWN.len());
    for (text, (name, before, changes)) in recipes.into_iter().zip(SHOWN) {
        assert!(text.contains(&format!("\nname: {name}\n")), "{text}");
        let mut after = before.to_owned();
        for (old, new) in changes {
            assert_eq!(after.matches(old).count(), 1, "{name}: {old}");
            after = after.replace(old, new);
        }
        let read = cases("page.test.yaml", &case_of(before, &after)).unwrap_or_else(|error| panic!("{error}"));
        let result = run_case(name, text, &read[0]).unwrap_or_else(|error| panic!("{error}"));
        assert!(result.wrong.is_empty(), "{name}: {}", result.wrong.join("\n"));
        assert!(!result.changed.is_empty(), "{name}");
    }
}
