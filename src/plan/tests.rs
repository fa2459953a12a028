//! Units in batches: which share one, what it is called, in which order they land.

use std::collections::BTreeSet;

use super::*;
use crate::config::BatchSettings;
use crate::flux::WorkloadKind;
use crate::repo::RepoPath;

fn unit(subject: Subject, lane: &[&str], kinds: &[WorkloadKind]) -> Unit {
    let id = UnitId { migration: "chart-ref", step: "step", subject };
    let draft = Draft { impact: Impact::Upgrade, workloads: kinds.iter().copied().collect(), ..Draft::new(id, "", []) };
    Unit { lane: Lane::of(lane.iter().map(ToString::to_string).collect(), 2), ..Unit::of(draft) }
}

/// A unit whose draft says something else.
fn with(mut unit: Unit, change: impl FnOnce(&mut Draft)) -> Unit {
    change(&mut unit.draft);
    unit
}

/// A unit that needs another.
fn needing(unit: Unit, needed: &Unit) -> Unit {
    with(unit, |draft| draft.needs = [needed.id.clone()].into())
}

fn release(namespace: &str, name: &str, lane: &[&str]) -> Unit {
    let path = RepoPath::new(&format!("at{}/in{namespace}/{name}.yaml", lane.concat())).unwrap();
    let subject = Subject::Release { namespace: namespace.into(), name: name.into(), path };
    unit(subject, lane, &[WorkloadKind::Deployment])
}

fn source(name: &str, lane: &[&str]) -> Unit {
    let path = RepoPath::new(&format!("shared/{name}.yaml")).unwrap();
    let kind = "OCIRepository".to_owned();
    let subject = Subject::Object { kind, namespace: "flux-system".into(), name: name.into(), path };
    with(unit(subject, lane, &[]), |draft| draft.impact = Impact::None)
}

/// Each batch as `lane/name: unit unit`, in order.
fn divided_by(units: &[Unit], clusters: &[&str], settings: &BatchSettings) -> Vec<String> {
    let all: Vec<&Unit> = units.iter().collect();
    let clusters: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    let found = batches(&ordered(&all).unwrap(), &clusters, settings).unwrap();
    let names = |batch: &Batch<'_>| batch.units.iter().map(|unit| unit.id.subject.name()).collect::<Vec<_>>().join(" ");
    found.iter().map(|batch| format!("{batch}: {}", names(batch))).collect()
}

fn divided(units: &[Unit], clusters: &[&str]) -> Vec<String> {
    divided_by(units, clusters, &BatchSettings::default())
}

#[test]
fn what_touches_nothing_can_be_together() {
    let redundant = |namespace, name| with(release(namespace, name, &["main"]), |draft| draft.impact = Impact::None);
    let units = [redundant("media", "plex"), redundant("home", "zwave"), release("media", "sonarr", &["main"])];
    let apart = ["main/30-deployments-home: zwave", "main/30-deployments-media: plex sonarr"];
    assert_eq!(divided(&units, &["main"]), apart);
    let settings = BatchSettings { none_together: true, ..BatchSettings::default() };
    let together = ["main/30-deployments: zwave plex", "main/30-deployments-media: sonarr"];
    assert_eq!(divided_by(&units, &["main"], &settings), together);
}

#[test]
fn by_lane_class_and_namespace() {
    let of_kind = |kind, unit: Unit| with(unit, |draft| draft.workloads = [kind].into());
    let source = source("app", &["edge", "main"]);
    let mut units = vec![
        release("media", "plex", &["main"]),
        release("media", "jellyfin", &["main"]),
        release("default", "echo", &["edge"]),
        of_kind(WorkloadKind::CronJob, release("media", "cleaner", &["main"])),
        of_kind(WorkloadKind::StatefulSet, release("database", "dragonfly", &["main"])),
        with(release("database", "unknown", &["main"]), |draft| draft.workloads.clear()),
        with(release("database", "volume", &["main"]), |draft| draft.impact = Impact::Data),
        release("media", "everywhere", &["edge", "main"]),
    ];
    units.iter_mut().for_each(|unit| unit.need([source.id.clone()]));
    units.push(source);
    let expected = [
        "shared/10-sources-flux-system: app",
        "edge/30-deployments-default: echo",
        "main/20-cronjobs-media: cleaner",
        "main/30-deployments-media: jellyfin plex",
        "shared/30-deployments-media: everywhere",
        "main/40-stateful-database: dragonfly",
        "main/45-other-charts-database: unknown",
        "main/90-data-database_volume: volume",
    ];
    let found = divided(&units, &["edge", "main"]);
    assert_eq!(found[0], expected[0], "what all need comes first");
    assert_eq!(BTreeSet::from_iter(&found), BTreeSet::from_iter(expected.map(String::from).iter()));
    let place = |name: &str| found.iter().position(|batch| batch.starts_with(name)).unwrap();
    assert_eq!(place("edge/30"), 1, "edge comes before main");
    assert!(place("main/20") < place("main/30") && place("main/40") < place("main/90"));

    // A branch that one cluster follows changes that one alone.
    let on_edge = divided(&units, &["edge"]);
    assert_eq!(on_edge[0], "edge/10-sources-flux-system: app");
    assert_eq!(on_edge[1..], ["edge/30-deployments-default: echo", "edge/30-deployments-media: everywhere"]);
}

#[test]
fn what_weighs_less_comes_first() {
    let heavy = |weight, unit: Unit| with(unit, |draft| draft.weight = weight);
    let units = [
        heavy(2, release("a", "one", &["main"])),
        heavy(2, release("a", "two", &["main"])),
        heavy(3, release("b", "one", &["main"])),
    ];
    let expected = ["main/30-deployments-b: one", "main/30-deployments-a: one two"];
    assert_eq!(divided(&units, &["main"]), expected);
}

#[test]
fn what_others_depend_on_comes_later_and_alone() {
    let below = |dependents, unit: Unit| Unit { dependents, ..unit };
    let units = [
        below(3, release("a", "some", &["main"])),
        below(6, release("a", "many", &["main"])),
        below(44, release("a", "most", &["main"])),
        release("b", "none", &["main"]),
        with(release("b", "hooked", &["main"]), |draft| draft.hooks = true),
    ];
    let expected = [
        "main/30-deployments-b: none",
        "main/30-deployments-a: some",
        "main/30-deployments-b_hooked: hooked",
        "main/30-deployments-a_many: many",
        "main/30-deployments-a_most: most",
    ];
    assert_eq!(divided(&units, &["main"]), expected);
    let settings = BatchSettings { alone_above: 44, ..BatchSettings::default() };
    assert_eq!(divided_by(&units, &["main"], &settings).len(), 3);
}

#[test]
fn few_are_recreated_at_once_and_merging_one_batch_renames_no_other() {
    let named = |name: &str| with(release("media", name, &["main"]), |draft| draft.impact = Impact::Recreate);
    let units: Vec<Unit> = ["a", "b", "c", "d", "e", "f", "g"].map(named).into();
    let settings = BatchSettings { recreate_at_most: 3, ..BatchSettings::default() };
    let all = divided_by(&units, &["main"], &settings);
    assert_eq!(all, ["a: a b c", "d: d e f", "g: g"].map(|names| format!("main/30-deployments-media_{names}")));
    for (number, _) in all.iter().enumerate() {
        let rest: Vec<Unit> =
            units.iter().enumerate().filter(|(place, _)| place / 3 != number).map(|(_, unit)| unit.clone()).collect();
        let mut left = all.clone();
        left.remove(number);
        assert_eq!(divided_by(&rest, &["main"], &settings), left);
    }
    let each = BatchSettings { one_app_each: true, ..settings };
    assert_eq!(divided_by(&units, &["main"], &each).len(), 7);
}

#[test]
fn needs_across_lanes_come_first() {
    let late = source("late", &["main"]);
    let early = needing(release("a", "early", &["edge"]), &late);
    // It changes main by itself, and edge by what edge needs of it.
    assert_eq!(
        divided(&[late, early], &["edge", "main"]),
        ["edge+main/10-sources-flux-system: late", "edge/30-deployments-a: early"]
    );
    // Nobody who counts needs it or is changed by it.
    assert!(divided(&[release("a", "other", &["main"])], &["edge"]).is_empty());
    // No cluster applies it.
    assert_eq!(divided(&[release("a", "nobody", &[])], &["edge"]), ["none/30-deployments-a: nobody"]);
    // It needs what only a cluster of another branch applies.
    let other = source("other", &["main"]);
    let nobody = needing(release("a", "nobody", &[]), &other);
    assert_eq!(
        divided(&[other, nobody], &["edge"]),
        ["none/10-sources-flux-system: other", "none/30-deployments-a: nobody"]
    );
}

#[test]
fn names_are_those_of_refs() {
    let odd = [release("${NS}", "a..b@{c}.lock", &["my cluster"])];
    let units: Vec<&Unit> = odd.iter().collect();
    let settings = BatchSettings { one_app_each: true, ..BatchSettings::default() };
    let found = batches(&units, &["my cluster".to_owned()], &settings).unwrap();
    assert_eq!(found[0].branch(), "flux-codemod/my-cluster/chart-ref/30-deployments---NS-_a--b--c--lock");
    assert!(found[0].is_called("my cluster/30-deployments---NS-_a--b--c--lock"));
    let nowhere = [release("", "a", &["main"])];
    let units: Vec<&Unit> = nowhere.iter().collect();
    assert_eq!(batches(&units, &["main".to_owned()], &BatchSettings::default()).unwrap()[0].name(), "30-deployments");
}

/// The removal of a source that releases of both clusters still name (`docs/hazards.md#s6`).
fn removal(units: &[&Unit]) -> Unit {
    let mut removal = source("old", &["edge", "main"]);
    removal.draft.id.step = REMOVE;
    removal.need(units.iter().map(|unit| unit.id.clone()));
    removal
}

#[test]
fn removals_come_last_and_change_no_lane() {
    let (here, there) = (release("a", "here", &["edge"]), release("a", "there", &["main"]));
    let nowhere = release("a", "nowhere", &[]);
    let units = [removal(&[&here, &there, &nowhere]), here, there, nowhere];
    let expected = [
        "edge/30-deployments-a: here",
        "main/30-deployments-a: there",
        // No cluster applies it, whatever waits for it.
        "none/30-deployments-a: nowhere",
        "shared/95-removals-flux-system: old",
    ];
    assert_eq!(divided(&units, &["edge", "main"]), expected);
    // On a branch for edge alone the release of main stays, and with it what it names.
    let on_edge = divided(&units, &["edge"]);
    assert!(on_edge.iter().all(|batch| !batch.contains("removals") && !batch.contains("there")), "{on_edge:?}");
}

#[test]
fn a_removal_takes_no_release_that_was_not_asked_for() {
    let new = source("new", &["edge", "main"]);
    let needing_it = |name: &str, cluster: &str| needing(release("a", name, &[cluster]), &new);
    let (here, there) = (needing_it("here", "edge"), needing_it("there", "main"));
    let old = removal(&[&here, &there]);
    let plan = Plan { units: vec![new, here, there, old], ..Plan::default() };
    let clusters = ["edge".to_owned(), "main".to_owned()];
    let known = Known { clusters: &clusters, releases: &[], batches: &BatchSettings::default() };
    let names = |units: &[&Unit]| units.iter().map(|unit| unit.id.subject.name().to_owned()).collect::<Vec<_>>();
    let select = |selectors: Selectors| {
        let selection = selectors.select(&plan, &known).unwrap();
        (names(&selection.chosen), names(&selection.waiting))
    };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<String>>();
    assert_eq!(select(Selectors::default()), (words(&["new", "here", "there", "old"]), words(&[])));
    let on_edge = Selectors { clusters: words(&["edge"]), ..Selectors::default() };
    assert_eq!(select(on_edge), (words(&["new", "here"]), words(&["old"])));
    let by_name = Selectors { releases: words(&["a/here"]), ..Selectors::default() };
    assert_eq!(select(by_name), (words(&["new", "here"]), words(&[])));
    let in_namespace = Selectors { namespaces: words(&["flux-system"]), ..Selectors::default() };
    assert_eq!(select(in_namespace), (words(&[]), words(&["new", "old"])), "what exists for others waits for them");
    let by_batch = Selectors { batches: words(&["95-removals-flux-system"]), ..Selectors::default() };
    assert_eq!(select(by_batch).0, words(&["new", "here", "there", "old"]), "named itself, it takes what it needs");
}

#[test]
fn what_exists_for_what_waits_waits_too() {
    let carrier = source("carrier", &["main"]);
    let include = needing(source("include", &["main"]), &carrier);
    let held = Unit { safety: Safety::Review, ..needing(release("a", "held", &["main"]), &include) };
    let plan = Plan { units: vec![carrier, include, held], ..Plan::default() };
    let clusters = ["main".to_owned()];
    let known = Known { clusters: &clusters, releases: &[], batches: &BatchSettings::default() };
    let selection = Selectors::default().select(&plan, &known).unwrap();
    assert!(selection.chosen.is_empty() && selection.waiting.len() == 2);
}
