//! `charts::app_template` against what real Helm gave and what was measured on a real repository,
//! where they are at hand.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{corpus, vectors, yaml_files};
use flux_codemod::charts::app_template::{Chart, Object, Pin, Section, Stop, Tokens, Version, Why};
use flux_codemod::flux::Value;
use flux_codemod::flux::WorkloadKind;
use flux_codemod::yaml::Stream;

/// JSON is YAML, and so it takes the way that the text of a release takes.
fn value(json: &str) -> Value {
    Value::of(Stream::parse(json).unwrap().documents().next().unwrap()).unwrap()
}

/// What Helm made of the values of a line, and what is wrong with what this crate makes of them.
fn wrong_names(render: &Value) -> Option<String> {
    let text = |key: &str| render.text_at(&[key]).unwrap();
    let version = Version::of(text("chart")).unwrap();
    let values = render.get("values").unwrap();
    let chart = Chart { version, release: text("release"), namespace: text("namespace"), values };
    let (mut ours, mut random) = (Vec::new(), Vec::new());
    for object in chart.objects() {
        let kind = object.kind.unwrap_or_else(|| "unknown".to_owned());
        match object.name {
            Ok(name) => ours.push((kind, name)),
            Err(unknown) if unknown.why == Why::Random => random.push((kind, object.identifier, unknown.text)),
            Err(unknown) => ours.push((kind, format!("unknown: {unknown}"))),
        }
    }
    let texts =
        |object: &Value| object.items().iter().map(|text| text.text().unwrap_or("").to_owned()).collect::<Vec<_>>();
    let mut helms: Vec<_> = render.get("objects").unwrap().items().iter().map(texts).collect();
    let mut ours: Vec<_> = ours.into_iter().map(|(kind, name)| vec![kind, name]).collect();
    // As lists: a name that two objects have counts twice.
    ours.sort();
    helms.sort();
    // Names that Helm draws anew on each render.
    let unstable = render.get("unstable").map(Value::items).unwrap_or_default().iter();
    let unstable = unstable.map(|object| {
        let names: Vec<&str> = object.items()[2].items().iter().filter_map(Value::text).collect();
        let text = |n: usize| object.items()[n].text().unwrap().to_owned();
        (text(0), text(1), names.join(" or "))
    });
    let (mut unstable, mut random) = (unstable.collect::<Vec<_>>(), random);
    unstable.sort();
    random.sort();
    // Pods, by their workload: the account that they use.
    let mut pods: Vec<_> = Vec::new();
    if render.get("pods").is_some() {
        let names: BTreeMap<String, (Option<String>, Result<String, _>)> = chart
            .objects()
            .into_iter()
            .filter(|object| object.section == Section::Controllers)
            .map(|object| (object.identifier, (object.kind, object.name)))
            .collect();
        for pod in chart.pod_accounts() {
            let (kind, name) = &names[&pod.controller];
            let workload = format!("{}/{}", kind.clone().unwrap(), name.clone().unwrap());
            let helms = render.at(&["pods", &workload, "account"]).and_then(Value::text).map(str::to_owned);
            if pod.name.as_ref().ok() != helms.as_ref() {
                pods.push(format!("{workload}: {:?}, Helm's {helms:?}", pod.name));
            }
        }
    }
    if ours == helms && random == unstable && pods.is_empty() {
        return None;
    }
    let only = |a: &[Vec<String>], b: &[Vec<String>]| {
        a.iter().filter(|object| !b.contains(object)).cloned().collect::<Vec<_>>()
    };
    Some(format!(
        "{}: ours {:?}, Helm's {:?}; random {random:?}, Helm's {unstable:?}; {pods:?}",
        text("chart"),
        only(&ours, &helms),
        only(&helms, &ours)
    ))
}

fn counted(lines: &str) -> BTreeMap<String, usize> {
    let (mut counts, mut wrong) = (BTreeMap::new(), Vec::new());
    for (n, line) in lines.lines().enumerate() {
        let render = value(line);
        wrong.extend(wrong_names(&render).map(|what| format!("{}, {what}", n + 1)));
        *counts.entry(render.text_at(&["chart"]).unwrap().to_owned()).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    counts
}

#[test]
fn names_are_those_that_helm_gives() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    assert_eq!(counted(&lines), ["3.7.3", "4.0.1", "4.1.1"].map(|chart| (chart.to_owned(), 150)).into());
}

/// The same of every minor version of 3.x, with the accounts of pods.
#[test]
fn names_of_older_versions_are_those_that_helm_gives() {
    let Some(lines) = vectors("app-template-names-3x.jsonl") else { return };
    let counts = counted(&lines);
    assert_eq!((counts.len(), counts.values().sum::<usize>()), (15, 272));
}

/// What is pinned for 5.x changes nothing in 4.x: names and accounts are those that Helm gave, but for
/// raw resources, which 4.x does not read any more.
#[test]
fn what_5_needs_changes_nothing_in_4() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    let mut pinned = 0;
    for line in lines.lines() {
        let render = value(line);
        let version = Version::of(render.text_at(&["chart"]).unwrap()).unwrap();
        if version.is_before_4() {
            continue;
        }
        let [release, namespace] = ["release", "namespace"].map(|key| render.text_at(&[key]).unwrap());
        let values = render.get("values").unwrap();
        let of = |values| Chart { version, release, namespace, values };
        let keeping = of(values).keeping_in_5();
        let then = keeping.applied(values);
        let made = |values| {
            let mut objects = of(values).objects();
            objects.retain(|object| object.section != Section::RawResources);
            (objects, of(values).pod_accounts())
        };
        assert_eq!(made(values), made(&then), "{line}");
        assert_eq!(of(&then).keeping_in_5().kept, [], "{line}");
        pinned += keeping.kept.len();
    }
    assert!(pinned > 1000, "{pinned}");
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
            let chart = Chart { version: Version::V3_7_3, release: &release, namespace: "ns", values: &values };
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
    releases.retain(|(_, version, _)| *version == Some(Version::V3_7_3));
    assert_eq!(releases.len(), 34);
    let mut stopped: BTreeMap<WorkloadKind, usize> = BTreeMap::new();
    let (mut only_cron_jobs, mut renamed) = (0, Vec::new());
    for (release, _, values) in &releases {
        let chart = Chart { version: Version::V3_7_3, release, namespace: "ns", values };
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
