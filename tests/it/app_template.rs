//! `app-template` on real repositories, where the corpus is at hand: names and accounts stay,
//! what is predicted is what was measured, and how it differs from what the owners did by hand is
//! known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{Repo, corpus, yaml_files};
use flux_codemod::charts::app_template::{Chart, Section, Version};
use flux_codemod::flux::Value;
use flux_codemod::yaml::Stream;
use serde_json::Value as Json;

const IN_PLACE: &str = "app-template:\n  target: 4.0.1\n  on-chart: in-place\n";

struct Converted {
    before: Repo,
    after: Repo,
    plan: Json,
}

/// Plans with all that a person may decide, lands everything, and runs again.
fn converted(tree: &str, config: &str, migrations: &[&str]) -> Option<Converted> {
    let from = corpus()?.join(tree).join("before");
    let (before, after) = (Repo::copy_of(&from), Repo::copy_of(&from));
    after.write(".flux-codemod.yaml", config);
    let after = after.commit();
    let run = |more: &[&str]| after.run(&[more, &["--review"], migrations].concat());
    let plan: Json = serde_json::from_str(&run(&["plan", "--format", "json"]).stdout).unwrap();
    let diff = run(&["diff"]);
    after.write(".git/the.diff", &diff.stdout);
    after.git(&["apply", "--check", ".git/the.diff"]);
    run(&["apply", "--yes", "--here"]);
    assert_eq!(run(&["diff"]).stdout, "", "{tree}: the second diff prints nothing");
    Some(Converted { before, after, plan })
}

/// The values of the HelmReleases of a directory that have controllers, by file and name.
fn releases(dir: &Path) -> BTreeMap<(String, String), Value> {
    let mut files = Vec::new();
    yaml_files(dir, &mut files);
    let mut found = BTreeMap::new();
    for path in files {
        let text = std::fs::read_to_string(&path).ok();
        let Some(stream) = text.and_then(|text| Stream::parse(text).ok()) else { continue };
        for document in stream.documents().filter(|document| document.text_at(&["kind"]) == Some("HelmRelease")) {
            let values = document.at(&["spec", "values"]).filter(|values| values.get("controllers").is_some());
            if let (Some(values), Some(name)) = (values, document.text_at(&["metadata", "name"])) {
                let path = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                found.insert((path, name.to_owned()), Value::of(values).unwrap());
            }
        }
    }
    found
}

/// Kinds and names, or controllers and accounts.
type Pairs = Vec<(String, String)>;

/// The kinds and names that values make, without static tokens, and the account of each
/// controller's pods.
fn made(version: Version, release: &str, values: &Value) -> (Pairs, Pairs) {
    let chart = Chart { version, release, namespace: "ns", values };
    let objects = chart.objects().into_iter().filter(|object| object.section != Section::Tokens);
    let mut objects: Vec<_> = objects.map(|object| (object.kind.unwrap(), object.name.unwrap())).collect();
    objects.sort();
    let pods = chart.pod_accounts().into_iter().map(|pod| (pod.controller, pod.name.unwrap()));
    (objects, pods.collect())
}

/// Every release whose text changed makes the same objects for the same accounts, and says nothing
/// that 4.x rejects. How many there are.
fn nothing_is_renamed(converted: &Converted, to: Version) -> usize {
    let after = releases(converted.after.path());
    let mut count = 0;
    for ((path, name), old) in releases(converted.before.path()) {
        if converted.before.read(&path) == converted.after.read(&path) {
            continue;
        }
        let new = &after[&(path.clone(), name.clone())];
        assert_eq!(made(Version::V3_7_3, &name, &old), made(to, &name, new), "{path}");
        let rejected = Chart { version: to, release: &name, namespace: "ns", values: new }.rejected();
        assert_eq!(rejected, [], "{path}");
        count += 1;
    }
    count
}

fn units<'p>(plan: &'p Json, of: &str, safety: &str) -> Vec<&'p Json> {
    let units = plan["units"].as_array().unwrap().iter();
    units.filter(|unit| unit["migration"] == of && unit["step"] == "release" && unit["safety"] == safety).collect()
}

/// All releases of a real repository, and the three releases that took their owner seven commits.
#[test]
fn haynes_ops() {
    let Some(converted) = converted("haynes-ops", "", &["chart-ref", "app-template"]) else { return };
    assert_eq!(nothing_is_renamed(&converted, Version::V4_1), 34);
    let v4 = |safety| units(&converted.plan, "app-template", safety);
    assert_eq!(["safe", "review", "refused"].map(|safety| v4(safety).len()), [33, 1, 0]);
    assert_eq!(v4("review")[0]["subject"]["name"], "multus", "its hook deletes files of the host");

    let mut stopped: BTreeMap<String, usize> = BTreeMap::new();
    let all: Vec<&Json> = v4("safe").into_iter().chain(v4("review")).collect();
    for finding in all.iter().flat_map(|unit| unit["findings"].as_array().unwrap()) {
        if finding["code"] == "immutable-field" {
            let kind = finding["message"].as_str().unwrap().split(' ').next().unwrap();
            *stopped.entry(kind.to_owned()).or_default() += 1;
        }
    }
    let want = [("DaemonSet", 2), ("Deployment", 25), ("StatefulSet", 1)];
    assert_eq!(stopped, want.map(|(kind, count)| (kind.to_owned(), count)).into());
    assert_eq!(all.iter().filter(|unit| unit["impact"] == "upgrade").count(), 6, "CronJobs alone");

    let changed: BTreeSet<String> = releases(converted.before.path())
        .into_iter()
        .filter(|(place, old)| releases(converted.after.path())[place] != *old)
        .map(|((_, name), _)| name)
        .collect();
    assert_eq!(changed, ["dragonfly-operator", "gatus", "multus"].map(str::to_owned).into());
    let multus = converted.after.read("kubernetes/main/apps/network/multus/app/helmrelease.yaml");
    // The owner let the ConfigMap become `multus`, and changed what names it in a second commit.
    assert!(
        multus.contains("daemon-config:\n        suffix: daemon-config\n")
            && multus.contains("name: multus-daemon-config")
    );
    assert_eq!(multus.matches("        serviceAccount:\n          identifier: multus\n").count(), 2);
    let dragonfly = converted.after.read("kubernetes/main/apps/database/dragonfly/app/helmrelease.yaml");
    // The owner forgot this at first: pods ran as `default`.
    assert!(dragonfly.contains("        serviceAccount:\n          identifier: dragonfly-operator\n"));
}

/// What the owner's values make, where it differs from ours: by file, and what.
fn differences(converted: &Converted, tree: &str, to: Version) -> Vec<String> {
    let theirs = releases(&corpus().unwrap().join(tree).join("after"));
    let mut found = Vec::new();
    for ((path, name), ours) in releases(converted.after.path()) {
        let Some(theirs) = theirs.get(&(path.clone(), name.clone())) else { continue };
        if converted.before.read(&path) != converted.after.read(&path)
            && made(to, &name, &ours) != made(to, &name, theirs)
        {
            found.push(format!("{name}: {:?} {:?}", made(to, &name, &ours), made(to, &name, theirs)));
        }
    }
    found
}

/// The chart's author converted them by hand, in one commit. His result and ours make the same
/// objects for the same accounts; he wrote routes by identifier where names were right, too, and
/// left two selectors to others.
#[test]
fn bjw_s_home_ops() {
    let Some(converted) = converted("bjw-s-home-ops", IN_PLACE, &["app-template"]) else { return };
    assert_eq!(nothing_is_renamed(&converted, Version::V4_0), 42);
    let v4 = |safety| units(&converted.plan, "app-template", safety);
    assert_eq!(["safe", "review", "refused"].map(|safety| v4(safety).len()), [41, 1, 0]);
    assert_eq!(differences(&converted, "bjw-s-home-ops", Version::V4_0), [""; 0]);
}

/// 14 of these releases have a single volume that the chart makes: every one keeps its name, as the
/// owner saw to by hand.
#[test]
fn billimek_k8s_gitops() {
    let Some(converted) = converted("billimek-k8s-gitops", IN_PLACE, &["app-template"]) else { return };
    assert_eq!(nothing_is_renamed(&converted, Version::V4_0), 23);
    let v4 = |safety| units(&converted.plan, "app-template", safety);
    // Neither the entry point nor the HelmRepository is in the corpus.
    assert_eq!(["safe", "review", "refused"].map(|safety| v4(safety).len()), [0, 23, 0]);
    assert_eq!(differences(&converted, "billimek-k8s-gitops", Version::V4_0), [""; 0]);
    let suffixed = |values: &Value| {
        let claims = values.get("persistence").map(Value::entries).unwrap_or_default();
        claims.iter().filter(|(_, claim)| claim.get("suffix").is_some()).count()
    };
    assert_eq!(
        releases(converted.after.path()).values().map(suffixed).sum::<usize>(),
        18,
        "14 that are alone, and 4 of two releases with two each"
    );
}
