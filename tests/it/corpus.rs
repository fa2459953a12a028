//! `chart-ref` on four real repositories, where the corpus is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::support::{Repo, corpus};
use flux_codemod::charts::app_template::Chart;
use flux_codemod::config::Settings;
use flux_codemod::flux::{FluxKustomization, View, WorkloadKind};
use flux_codemod::migrations::{self, chart_ref::ChartRef};
use flux_codemod::plan::{Draft, Migration, Severity, Subject};
use flux_codemod::repo::{Folder, Tree};
use flux_codemod::yaml::{Node, Stream};
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;
use yaml_rust2::parser::Parser;

struct Converted {
    before: BTreeMap<std::path::PathBuf, Vec<u8>>,
    after: BTreeMap<std::path::PathBuf, Vec<u8>>,
    plan: Value,
}

impl Converted {
    fn units(&self, safety: &str) -> Vec<&Value> {
        self.plan["units"].as_array().unwrap().iter().filter(|unit| unit["safety"] == safety).collect()
    }

    fn releases(&self, safety: &str) -> usize {
        self.units(safety).iter().filter(|unit| unit["step"] == "release").count()
    }

    fn removed(&self) -> Vec<&str> {
        let removed = self.plan["units"].as_array().unwrap().iter().filter(|unit| unit["step"] == "remove");
        removed.filter_map(|unit| unit["subject"]["name"].as_str()).collect()
    }

    fn sources(&self) -> Vec<&str> {
        let sources = self.plan["units"].as_array().unwrap().iter().filter(|unit| unit["step"] == "source");
        sources.filter_map(|unit| unit["subject"]["name"].as_str()).collect()
    }
}

/// Plans, checks the diff with git, applies, runs again, and compares what changed, file by file.
fn converted(name: &str) -> Option<Converted> {
    let repo = Repo::copy_of(&corpus()?.join(name).join("before")).commit();
    let before = repo.files();
    let plan: Value =
        serde_json::from_str(&repo.run(&["plan", "chart-ref", "--review", "--format", "json"]).stdout).unwrap();
    let diff = repo.run(&["diff", "chart-ref", "--review"]);
    if !diff.stdout.is_empty() {
        assert_eq!(diff.status, 1);
        repo.write(".git/the.diff", &diff.stdout);
        repo.git(&["apply", "--check", ".git/the.diff"]);
    }
    repo.run(&["apply", "chart-ref", "--here", "--review"]);
    let again = repo.run(&["diff", "chart-ref", "--review"]);
    assert_eq!(again.stdout, "", "{name}: the second diff prints nothing");
    assert_eq!(again.status, 0, "there is no diff");

    let after = repo.files();
    let gone: BTreeSet<std::path::PathBuf> = before.keys().filter(|path| !after.contains_key(*path)).cloned().collect();
    for (path, new) in &after {
        match before.get(path) {
            Some(old) if old == new => {}
            Some(old) if path.ends_with("kustomization.yaml") => only_its_resources_changed(path, old, new, &gone),
            Some(old) => only_the_chart_changed(path, old, new),
            None => assert!(path.to_string_lossy().contains("app-template"), "{path:?} is new"),
        }
    }
    for path in gone {
        // What goes is a HelmRepository alone, whose unit says so.
        let documents = documents(text(&before[&path]));
        assert_eq!(documents.iter().map(|own| own["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["HelmRepository"]);
        let name = documents[0]["metadata"]["name"].as_str().unwrap();
        let is_its = |unit: &&Value| unit["step"] == "remove" && unit["subject"]["name"] == name;
        assert_eq!(plan["units"].as_array().unwrap().iter().filter(is_its).count(), 1, "{path:?}");
        // Nothing names it any more.
        let mapping = "kind: HelmRepository\n";
        for (path, bytes) in &after {
            let text = String::from_utf8_lossy(bytes);
            let names =
                text.split(mapping).skip(1).any(|rest| rest.trim_start().starts_with(&format!("name: {name}\n")));
            assert!(!names, "{path:?} names {name}");
        }
    }
    Some(Converted { before, after, plan })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn documents(text: &str) -> Vec<Yaml> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text).map(|document| Yaml::deserialize(document).unwrap()).collect()
}

/// New sources are listed, and what is gone no longer is.
fn only_its_resources_changed(path: &Path, old: &[u8], new: &[u8], gone: &BTreeSet<std::path::PathBuf>) {
    let without = |text: &str| {
        let mut documents = documents(text);
        let resources = documents[0].as_mapping_mut().unwrap().remove("resources").unwrap();
        (documents, resources.as_sequence().unwrap().clone())
    };
    let ((old, before), (new, after)) = (without(text(old)), without(text(new)));
    assert_eq!(old, new, "{path:?}");
    let rest: Vec<_> =
        after.iter().filter(|entry| !entry.as_str().unwrap().contains("app-template")).cloned().collect();
    let dir = path.parent().unwrap();
    let is_gone = |entry: &Yaml| gone.contains(&dir.join(entry.as_str().unwrap().trim_start_matches("./")));
    let kept: Vec<_> = before.iter().filter(|entry| !is_gone(entry)).cloned().collect();
    assert_eq!(kept, rest, "{path:?}");
}

/// As data, everything but `spec.chart` is as it was; as bytes, everything outside of that entry;
/// and so is every comment.
fn only_the_chart_changed(path: &Path, old: &[u8], new: &[u8]) {
    let (old, new) = (text(old), text(new));
    let without = |text: &str, key: &str| {
        let mut documents = documents(text);
        for document in &mut documents {
            document.get_mut("spec").and_then(Yaml::as_mapping_mut).map(|spec| spec.remove(key));
        }
        documents
    };
    assert_eq!(without(old, "chart"), without(new, "chartRef"), "{path:?}");

    let stream = Stream::parse(old).unwrap();
    let charts = stream.documents().filter_map(|root| root.get("spec")?.own_entry("chart"));
    let blocks: Vec<_> =
        charts.map(|(key, value): (Node<'_>, Node<'_>)| key.range().start..value.range().end).collect();
    let ahead = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let behind = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    let changed = ahead..old.len() - behind.min(old.len() - ahead);
    let inside = blocks.iter().any(|block| block.start <= changed.start && changed.end <= block.end);
    assert!(inside, "{path:?}: {changed:?} is not in {blocks:?}");

    let after = Stream::parse(new).unwrap();
    let found: Vec<&str> = after.comments().iter().map(|comment| &new[comment.range.clone()]).collect();
    for comment in stream.comments() {
        let in_block = blocks.iter().any(|block| block.contains(&comment.range.start));
        assert!(in_block || found.contains(&&old[comment.range.clone()]), "{path:?}: a comment is lost");
    }
}

#[test]
fn haynes_ops_all_34_releases_move() {
    let Some(done) = converted("haynes-ops") else { return };
    assert_eq!((done.releases("safe"), done.releases("review"), done.releases("refused")), (33, 1, 0));
    let clusters: Vec<_> =
        done.plan["clusters"].as_array().unwrap().iter().map(|own| (&own["name"], &own["branch"])).collect();
    assert_eq!(clusters, [(&json!("edge"), &json!("edge")), (&json!("main"), &json!("main"))]);
    let multus = done.units("review")[0];
    assert_eq!(multus["subject"]["name"], "multus");
    let why = &multus["findings"][0];
    assert_eq!(why["code"], "helm-hook");
    assert!(why["message"].as_str().unwrap().contains("pre-upgrade"), "{why}");
    assert!(why["message"].as_str().unwrap().contains("/etc/cni/net.d"), "{why}");

    assert_eq!(done.sources(), ["app-template-3-7-3"]);
    let folder = Path::new("kubernetes/shared/repositories/oci");
    let source = documents(text(&done.after[&folder.join("app-template-3-7-3.yaml")]));
    assert_eq!(source[0]["metadata"]["namespace"], "flux-system");
    assert_eq!(source[0]["spec"]["ref"]["tag"], "3.7.3");
    assert_eq!(source[0]["spec"]["url"], "oci://ghcr.io/bjw-s/helm/app-template");
    assert_eq!(source[0]["spec"]["interval"], "30m", "14 of 17 releases have it");
    let list = documents(text(&done.after[&folder.join("kustomization.yaml")]));
    assert_eq!(list[0]["resources"][0], "./app-template-3-7-3.yaml");

    let left =
        done.after.values().filter(|bytes| String::from_utf8_lossy(bytes).contains("chart: app-template")).count();
    assert_eq!(left, 0);
    let changed = done.after.iter().filter(|(path, new)| done.before.get(*path) != Some(new)).count();
    // 34 releases, the source, and the lists of both folders.
    assert_eq!(changed, 37);

    // `docs/hazards.md#s6` and `docs/hazards.md#s15`: the HelmRepository goes when all 34 have
    // moved; edge follows a branch of its own, where they may not have.
    assert_eq!(done.removed(), ["bjw-s"]);
    let removal = done.units("review").into_iter().find(|unit| unit["step"] == "remove").unwrap();
    assert_eq!(removal["needs"].as_array().unwrap().len(), 34);
    assert_eq!(removal["findings"][0]["code"], "named-on-other-branch");
    let last = done.plan["batches"].as_array().unwrap().last().unwrap();
    assert_eq!(last["name"], "95-removals-flux-system");
    assert!(!done.after.contains_key(Path::new("kubernetes/shared/repositories/helm/bjw-s.yaml")));
}

#[test]
fn what_yaml_rust2_rejects_is_converted_like_the_rest() {
    let Some(done) = converted("haynes-ops") else { return };
    for app in ["esphome", "home-assistant"] {
        let path = format!("kubernetes/main/apps/home-automation/{app}/app/helmrelease.yaml");
        let path = Path::new(&path);
        let mut parser = Parser::new_from_str(text(&done.before[path]));
        let rejected = loop {
            match parser.next_token() {
                Err(_) => break true,
                Ok((yaml_rust2::Event::StreamEnd, _)) => break false,
                Ok(_) => {}
            }
        };
        assert!(rejected, "{app} is one of the two files that yaml-rust2 rejects");
        assert!(text(&done.after[path]).contains("  chartRef:\n    kind: OCIRepository\n"), "{app}");
    }
}

#[test]
fn bjw_s_reuses_the_source_that_is_there() {
    let Some(done) = converted("bjw-s-home-ops") else { return };
    assert_eq!((done.releases("safe"), done.releases("review"), done.releases("refused")), (41, 1, 0));
    assert_eq!(done.units("review")[0]["findings"][0]["code"], "unreached", "atuin is listed nowhere");
    assert_eq!(done.removed(), ["bjw-s-labs"], "when all 42 have moved, atuin included");
    assert!(done.sources().is_empty(), "oci/app-template.yaml has the URL, the version and the namespace");
    let release = &done.after[Path::new("kubernetes/apps/media/plex/app/helmrelease.yaml")];
    assert!(
        text(release)
            .contains("chartRef:\n    kind: OCIRepository\n    name: app-template\n    namespace: flux-system\n")
    );
}

#[test]
fn onedr0p_gets_one_source_by_the_free_name() {
    let Some(done) = converted("onedr0p-home-ops") else { return };
    assert_eq!((done.releases("safe"), done.releases("review"), done.releases("refused")), (31, 0, 0));
    assert_eq!(done.sources(), ["app-template"]);
    assert_eq!(done.removed(), ["bjw-s"]);
    let source = text(&done.after[Path::new("kubernetes/flux/meta/repositories/oci/app-template.yaml")]);
    assert!(source.contains("apiVersion: source.toolkit.fluxcd.io/v1beta2\n"), "its Flux is 2.4.0: {source}");
}

#[test]
fn billimek_is_refused_because_its_sources_are_elsewhere() {
    let Some(done) = converted("billimek-k8s-gitops") else { return };
    assert_eq!(done.releases("refused"), 23);
    for unit in done.units("refused") {
        let codes: Vec<_> = unit["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
        assert!(codes.contains(&&Value::from("source-not-found")), "{unit}");
    }
    assert_eq!(done.before, done.after);
}

/// All charts of haynes-ops in scope, as it is and as it is half a year later: the table of homes, and
/// nothing else, says where they are. What nobody knows is refused.
#[test]
fn all_charts_move_whose_home_is_known() {
    let Some(corpus) = corpus() else { return };
    let sections: Vec<_> = migrations::all().iter().filter_map(|migration| migration.section()).collect();
    let settings = Settings::read("settings", "chart-ref: {charts: {all: true}}", &sections).unwrap();
    let unknown = ["authentik", "emqx", "nvidia-device-plugin", "open-webui", "reflector", "volsync"];
    // The source of the two external-dns would be shared, and there is no place for it any more.
    let later = ["authentik", "emqx", "external-dns-cloudflare", "external-dns-unifi", "gasha01-rbd"];
    let later = [&later[..], &unknown[2..]].concat();
    for (tree, moving, refused) in [("haynes-ops/before", 71, &unknown[..]), ("haynes-ops-2026-08/main", 11, &later)] {
        let view = View::of(Tree::of(Arc::new(Folder::plain(&corpus.join(tree)).unwrap()))).unwrap();
        let drafts = ChartRef.survey(&view, &settings).drafts;
        let releases = drafts.iter().filter(|draft| matches!(draft.id.subject, Subject::Release { .. }));
        let is_refused = |draft: &&Draft| draft.findings.iter().any(|finding| finding.severity == Severity::Error);
        let (stay, moved): (Vec<_>, Vec<_>) = releases.partition(is_refused);
        let mut stay: Vec<&str> = stay.iter().map(|draft| draft.id.subject.name()).collect();
        stay.sort_unstable();
        assert_eq!((moved.len(), stay), (moving, refused.to_vec()), "{tree}");
    }
}

/// Who applies each HelmRelease of haynes-ops, as what, and where its chart comes from.
#[test]
fn every_release_of_two_clusters_is_attributed() {
    let Some(corpus) = corpus() else { return };
    let repo = Repo::copy_of(&corpus.join("haynes-ops/before"));
    let view = View::of(Tree::of(Arc::new(Folder::plain(repo.path()).unwrap()))).unwrap();
    let graph = view.graph();
    let clusters: Vec<_> = graph
        .clusters
        .iter()
        .map(|own| (own.name.as_str(), own.branch.as_deref(), own.flux.unwrap().to_string()))
        .collect();
    assert_eq!(clusters, [("edge", Some("edge"), "2.7.5".to_owned()), ("main", Some("main"), "2.7.5".to_owned())]);
    let mut installed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut workloads: BTreeMap<WorkloadKind, usize> = BTreeMap::new();
    for release in view.releases() {
        let reaches = graph.reaches(&release.at);
        assert!(!reaches.is_empty(), "{} is applied by nothing", release.at);
        for reach in reaches {
            let own = view.installed(&release.at, reach).unwrap();
            let chart = own.chart.as_ref().unwrap_or_else(|| panic!("{} has no chart", release.at));
            assert!(own.is_known() && !own.namespace.is_empty(), "{}: {own:?}", release.at);
            assert!(chart.at.is_some() && chart.version.is_some(), "{}: {chart:?}", release.at);
            assert_eq!(graph.kustomizations[own.kustomization].cluster, reach.cluster);
            *installed.entry(&graph.clusters[reach.cluster].name).or_default() += 1;
            for workload in Chart::installed(&view, &own).iter().flat_map(Chart::workloads) {
                let name = workload.name.as_ref().unwrap_or_else(|why| panic!("{}: {why:?}", release.at));
                assert!(name.starts_with(&own.release), "{}: {name}", release.at);
                *workloads.entry(workload.kind.unwrap()).or_default() += 1;
            }
        }
    }
    assert_eq!(installed, [("edge", 8), ("main", 71)].into());
    // The 34 releases on 3.7.3, and the two that are on 4.x by chartRef.
    assert_eq!(
        workloads,
        [
            (WorkloadKind::CronJob, 6),
            (WorkloadKind::Job, 1),
            (WorkloadKind::Deployment, 27),
            (WorkloadKind::StatefulSet, 1),
            (WorkloadKind::DaemonSet, 2)
        ]
        .into()
    );
    let is_main = |own: &FluxKustomization| graph.clusters[own.cluster].name == "main";
    let main = graph.kustomizations.iter().filter(|own| is_main(own) && own.parent.is_some());
    assert_eq!((main.clone().filter(|own| own.wait).count(), main.count()), (68, 89));
    let hangs_on = |name: &str| {
        let (id, _) = graph.kustomizations.entries().find(|(_, own)| is_main(own) && own.name == name).unwrap();
        graph.held_up_by(id).len()
    };
    assert_eq!(hangs_on("onepassword-connect"), 44);
}
