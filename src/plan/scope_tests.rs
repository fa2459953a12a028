//! What is out of scope has no unit and no finding, and holds up nothing but what it names.

use crate::config::Settings;
use crate::flux::View;
use crate::migrations;
use crate::plan::{Plan, plan};
use crate::repo::Memory;

const FLUX: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {ref: {branch: main}, url: https://example.org/home.git}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {path: ./flux, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: flux-manifests, namespace: flux-system}
spec: {interval: 1h, url: oci://ghcr.io/fluxcd/flux-manifests, ref: {tag: v2.6.4}}
";

const REPOSITORY: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: bjw-s, namespace: flux-system}
spec: {type: oci, interval: 1h, url: oci://ghcr.io/bjw-s/helm}
";

fn kustomization(name: &str, path: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{path: ./{path}, prune: true, targetNamespace: media, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )
}

fn release(name: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\n  namespace: media\nspec:\n  \
         interval: 1h\n  chart:\n    spec:\n      chart: app-template\n      version: 3.7.3\n      sourceRef:\n        \
         kind: HelmRepository\n        name: bjw-s\n        namespace: flux-system\n"
    )
}

/// A cluster that applies the release plex, and `apps/DIR/radarr.yaml`, which it applies only if
/// `more` says so.
fn planned(dir: &str, config: &str, more: &[(&str, String)]) -> Plan {
    let flux = [
        ("flux/flux.yaml".to_owned(), FLUX.to_owned()),
        ("flux/apps.yaml".to_owned(), kustomization("apps", "apps/media")),
        ("flux/bjw-s.yaml".to_owned(), REPOSITORY.to_owned()),
        ("apps/media/plex.yaml".to_owned(), release("plex")),
        (format!("apps/{dir}/radarr.yaml"), release("radarr")),
        (format!("apps/{dir}/broken.yaml"), "apiVersion: v1\nkind: [\n".to_owned()),
    ];
    let more = more.iter().map(|(path, text)| ((*path).to_owned(), text.clone()));
    let files: Vec<(String, String)> = flux.into_iter().chain(more).collect();
    let view = View::of(Memory::tree(files.iter().map(|(path, text)| (&**path, &**text)))).unwrap();
    let chart_ref = migrations::all().iter().copied().filter(|migration| migration.meta().id == "chart-ref");
    let chart_ref: Vec<_> = chart_ref.collect();
    plan(&view, &chart_ref, &Settings::read("settings", config, &[]).unwrap(), None).unwrap()
}

fn units(plan: &Plan) -> Vec<String> {
    plan.units.iter().map(|unit| format!("{} {}", unit.safety, unit.id.subject.name())).collect()
}

fn is_about(plan: &Plan, word: &str) -> bool {
    let findings = plan.units.iter().flat_map(|unit| &unit.findings).chain(&plan.findings);
    plan.units.iter().any(|unit| unit.id.to_string().contains(word))
        || findings.into_iter().any(|finding| finding.path.as_ref().is_some_and(|path| path.as_str().contains(word)))
}

#[test]
fn archives_are_out_of_scope_and_name_what_they_name() {
    let removal = |plan: &Plan| units(plan).contains(&"safe bjw-s".to_owned());
    assert!(removal(&planned("media", "", &[])), "everything moves, so the HelmRepository can be removed");
    for dir in ["archive", ".archive", "_archive", "old/.archive/media", "archive/deep"] {
        let plan = planned(dir, "", &[]);
        assert!(units(&plan).contains(&"safe plex".to_owned()), "{dir}: {:?}", units(&plan));
        assert!(!is_about(&plan, "archive"), "{dir}: {:?} {:?}", units(&plan), plan.findings);
        assert!(!removal(&plan), "{dir}: radarr still names it");
        assert!(
            !units(&plan).iter().any(|unit| unit.ends_with("bjw-s")),
            "{dir}: nothing waits for it: {:?}",
            units(&plan)
        );
        let left = &plan.out_of_scope["chart-ref"];
        assert!(left.count >= 1 && left.what.contains("1 unit in archives"), "{dir}: {left:?}");
    }
    for dir in ["archived", "my-archive", "Archive"] {
        assert!(is_about(&planned(dir, "", &[]), "radarr"), "{dir} is another name");
    }
}

#[test]
fn the_configuration_decides_alone() {
    let is_out = |dir: &str, config: &str| !is_about(&planned(dir, config, &[]), dir);
    assert!(!is_out("archive", "exclude: []\n"));
    assert!(!is_out(".archive", "exclude: [apps/attic]\n"));
    for glob in
        ["apps/attic", "./apps/attic/", "apps/attic/**", "'**/attic'", "apps/attic/*.yaml", "'apps/{attic,old}'"]
    {
        assert!(is_out("attic", &format!("exclude: [{glob}]\n")), "{glob}");
    }
    for glob in ["attic", "apps/atti", "apps/attic/*.yml"] {
        assert!(!is_out("attic", &format!("exclude: [{glob}]\n")), "{glob}");
    }
    let plan = planned("media", "exclude: [apps/media/radarr.yaml, apps/media/broken.yaml]\n", &[]);
    assert!(!is_about(&plan, "radarr") && !is_about(&plan, "broken"), "although a cluster applies them");
    assert!(plan.out_of_scope["chart-ref"].what.contains("1 unit in excluded files"));
}

#[test]
fn an_archive_that_a_cluster_applies_is_in_scope() {
    let applied = kustomization("old", "apps/archive");
    let plan = planned("archive", "", &[("flux/old.yaml", applied.clone())]);
    assert!(is_about(&plan, "radarr"));
    let note = plan.findings.iter().find(|finding| finding.code.id == "archive-applied").unwrap();
    assert!(
        note.message.contains("apps/archive is in scope") && note.message.contains("flux-system/old"),
        "{}",
        note.message
    );
    let plan = planned("archive", "exclude: [apps/archive]\n", &[("flux/old.yaml", applied)]);
    assert!(!is_about(&plan, "radarr") && !plan.findings.iter().any(|finding| finding.code.id == "archive-applied"));
    // A part of it is enough, also through a kustomization.
    let listing = "resources: [../archive/radarr.yaml]\n".to_owned();
    let more = [("flux/more.yaml", kustomization("more", "apps/more")), ("apps/more/kustomization.yaml", listing)];
    assert!(is_about(&planned("archive", "", &more), "radarr"));
}
