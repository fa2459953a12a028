//! `charts::app_template` against what real Helm gave and what was measured on a real repository,
//! where they are at hand.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{corpus, vectors, yaml_files};
use flux_codemod::charts::app_template::{Chart, Object, Pin, Stop, Tokens, Version};
use flux_codemod::flux::Value;
use flux_codemod::flux::WorkloadKind;
use flux_codemod::yaml::Stream;

/// JSON is YAML, and so it takes the way that the text of a release takes.
fn value(json: &str) -> Value {
    Value::of(Stream::parse(json).unwrap().documents().next().unwrap()).unwrap()
}

#[test]
fn names_are_those_that_helm_gives() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (n, line) in lines.lines().enumerate() {
        let render = value(line);
        let text = |key: &str| render.text_at(&[key]).unwrap();
        let version = Version::of(text("chart")).unwrap();
        let values = render.get("values").unwrap();
        let chart = Chart { version, release: text("release"), namespace: text("namespace"), values };
        let ours = chart.objects().into_iter().map(|object| {
            let name = object.name.unwrap_or_else(|unknown| format!("unknown: {unknown}"));
            (object.kind.unwrap_or_else(|| "unknown".to_owned()), name)
        });
        let helms = render.get("objects").unwrap().items().iter().map(|object| {
            let text = |n: usize| object.items()[n].text().unwrap().to_owned();
            (text(0), text(1))
        });
        // As lists: a name that two objects have counts twice.
        let (mut ours, mut helms): (Vec<_>, Vec<_>) = (ours.collect(), helms.collect());
        ours.sort();
        helms.sort();
        if ours != helms {
            let only = |a: &[(String, String)], b: &[(String, String)]| {
                a.iter().filter(|object| !b.contains(object)).cloned().collect::<Vec<_>>()
            };
            wrong.push(format!(
                "{}, {}: ours {:?}, Helm's {:?}",
                n + 1,
                text("chart"),
                only(&ours, &helms),
                only(&helms, &ours)
            ));
        }
        *counts.entry(text("chart").to_owned()).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(counts, ["3.7.3", "4.0.1", "4.1.1"].map(|chart| (chart.to_owned(), 150)).into());
}

/// The releases of a tree whose values have controllers: name, version of app-template where it
/// stands there, values.
fn releases(dir: &Path) -> Vec<(String, Option<Version>, Value)> {
    let mut found = Vec::new();
    let mut files = Vec::new();
    yaml_files(dir, &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).ok();
        let Some(stream) = text.and_then(|text| Stream::parse(text).ok()) else { continue };
        for document in stream.documents().filter(|document| document.text_at(&["kind"]) == Some("HelmRelease")) {
            let chart = document.at(&["spec", "chart", "spec"]);
            let version = chart.filter(|chart| chart.text_at(&["chart"]) == Some("app-template"));
            let values = document.at(&["spec", "values"]).filter(|values| values.get("controllers").is_some());
            if let (Some(values), Some(name)) = (values, document.text_at(&["metadata", "name"])) {
                let version = version.and_then(|chart| Version::of(chart.text_at(&["version"])?));
                found.push((name.to_owned(), version, Value::of(values).unwrap()));
            }
        }
    }
    found
}

/// The kinds and names that a chart makes.
fn names(chart: &Chart<'_>) -> Vec<(String, String)> {
    let mut names: Vec<_> =
        chart.objects().into_iter().map(|object| (object.kind.unwrap(), object.name.unwrap())).collect();
    names.sort();
    names
}

/// Whatever it is that they run, as if they were 3.7.x: real values have shapes that nobody thinks
/// of.
#[test]
fn real_values_keep_their_names() {
    let Some(corpus) = corpus() else { return };
    let (mut objects, mut open) = (0, Vec::new());
    for tree in ["billimek-k8s-gitops", "bjw-s-home-ops", "haynes-ops", "onedr0p-home-ops"] {
        for (release, _, values) in releases(&corpus.join(tree).join("before")) {
            let chart = Chart { version: Version::V3_7, release: &release, namespace: "ns", values: &values };
            for to in [Version::V4_0, Version::V4_1] {
                let pins = chart.pins(to, Tokens::Dropped);
                let applied = pins.applied(&values);
                assert_eq!(pins.applied(&applied), applied, "{tree} {release}");
                let after = Chart { version: to, values: &applied, ..chart };
                let then = after.objects();
                for pinned in pins.objects.iter().filter(|pinned| pinned.pin != Pin::Dropped) {
                    let kept =
                        |object: &&Object| object.kind == pinned.object.kind && object.name == pinned.object.name;
                    if pinned.pin.keeps() {
                        assert_eq!(then.iter().filter(kept).count(), 1, "{tree} {release} {pinned:?}");
                        objects += 1;
                    } else {
                        open.push(format!("{tree} {release} {pinned:?}"));
                    }
                }
                assert_eq!(chart.pod_accounts(), after.pod_accounts(), "{tree} {release}");
            }
        }
    }
    assert!(objects > 700, "{objects}");
    assert!(open.is_empty(), "{}", open.join("\n"));
}

/// How many workloads of a real repository have to be deleted, as its owner counted them.
#[test]
fn a_real_repository_costs_what_was_measured() {
    let Some(corpus) = corpus() else { return };
    let mut releases = releases(&corpus.join("haynes-ops/before"));
    releases.retain(|(_, version, _)| *version == Some(Version::V3_7));
    assert_eq!(releases.len(), 34);
    let mut stopped: BTreeMap<WorkloadKind, usize> = BTreeMap::new();
    let (mut only_cron_jobs, mut renamed) = (0, Vec::new());
    for (release, _, values) in &releases {
        let chart = Chart { version: Version::V3_7, release, namespace: "ns", values };
        let workloads = chart.workloads();
        let is_cron_job = |kind: Option<WorkloadKind>| kind == Some(WorkloadKind::CronJob);
        only_cron_jobs += usize::from(workloads.iter().all(|workload| is_cron_job(workload.kind)));
        for workload in workloads.iter().filter(|workload| workload.stop != Stop::Nothing) {
            *stopped.entry(workload.kind.unwrap()).or_default() += 1;
        }
        if names(&chart) != names(&Chart { version: Version::V4_1, ..chart }) {
            renamed.push(release.as_str());
        }
        for to in [Version::V4_0, Version::V4_1] {
            let pins = chart.pins(to, Tokens::Kept);
            let applied = pins.applied(values);
            let after = Chart { version: to, values: &applied, ..chart };
            assert_eq!(names(&chart), names(&after), "{release}");
            assert_eq!(chart.pod_accounts(), after.pod_accounts(), "{release}");
            assert_eq!(pins.clashes(release, "ns", values), []);
        }
    }
    assert_eq!(
        stopped,
        [(WorkloadKind::Deployment, 25), (WorkloadKind::StatefulSet, 1), (WorkloadKind::DaemonSet, 2)].into()
    );
    assert_eq!(only_cron_jobs, 6);
    renamed.sort_unstable();
    assert_eq!(renamed, ["dragonfly-operator", "gatus", "multus"]);
}
