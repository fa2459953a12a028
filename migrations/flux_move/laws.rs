//! Laws of moves, on trees that are made up: every stage after the other, in any order, until nothing is
//! left to do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::FluxMove;
use super::beside::{FIRST_OUT, SECOND, SWITCH};
use super::candidate::Candidate;
use super::find::Found;
use super::tests::{files, landed};
use super::trees::{App, Made, NAMESPACES, made, tree};
use super::units::{MOVE, UNGUARD};
use crate::config::Settings;
use crate::flux::{FluxKustomization, Value, View, Watched};
use crate::plan::{Unit, UnitId, plan};
use crate::repo::RepoPath;
use crate::rounds::{config, rounds};

/// The stages, each of which waits for the one before; the first has all other steps.
const STAGES: [&[&str]; 4] = [&[SECOND, MOVE], &[SWITCH], &[FIRST_OUT], &[UNGUARD]];

/// One of the orders that needs allow.
fn one_order<'u>(units: &'u [Unit], choices: &[usize]) -> Vec<&'u Unit> {
    let mut waiting: Vec<&Unit> = units.iter().collect();
    let mut order: Vec<&Unit> = Vec::new();
    for choice in choices.iter().cycle() {
        let is_waiting = |id: &UnitId| waiting.iter().any(|unit| unit.id == *id);
        let ready: Vec<usize> = (0..waiting.len()).filter(|at| !waiting[*at].needs.iter().any(is_waiting)).collect();
        let Some(at) = ready.get(choice % ready.len().max(1)) else { break };
        order.push(waiting.remove(*at));
    }
    assert_eq!(order.len(), units.len(), "they need each other");
    order
}

/// The trees after each stage.
fn enacted(view: &View, settings: &Settings, choices: &[usize]) -> Vec<View> {
    let mut views = vec![view.whole()];
    let later: Vec<&str> = STAGES.concat();
    for stage in [&[][..]].into_iter().chain(STAGES) {
        let view = views.last().unwrap();
        let is_of_stage = |step| if stage.is_empty() { !later.contains(&step) } else { stage.contains(&step) };
        let all = plan(view, &[&FluxMove], settings, None).unwrap().units;
        let refused: Vec<_> =
            all.iter().filter(|unit| !unit.is_able()).map(|unit| (&unit.id, &unit.findings)).collect();
        assert!(refused.is_empty(), "{refused:?}");
        let units: Vec<Unit> = all.into_iter().filter(|unit| is_of_stage(unit.id.step)).collect();
        let next = landed(view, settings, &one_order(&units, choices)).whole();
        views.push(next);
    }
    views
}

/// The name that a Flux Kustomization has in the end.
fn end(apps: &[App], namespace: &str, name: &str) -> (String, String) {
    let number = name.strip_prefix("app-").or_else(|| name.strip_prefix("new-"));
    let number = number.and_then(|number| number.parse::<usize>().ok()).filter(|number| *number < apps.len());
    let Some(number) = number else { return (namespace.to_owned(), name.to_owned()) };
    let called = if apps[number].is_renamed { format!("new-{number}") } else { name.to_owned() };
    (NAMESPACES[apps[number].namespace].to_owned(), called)
}

/// What each Flux Kustomization is, under the name that it has in the end.
type Graph = BTreeMap<(String, String), (BTreeSet<(String, String)>, String, Vec<String>)>;

fn graph(view: &View, apps: &[App]) -> Graph {
    let end = |namespace: &str, name: &str| end(apps, namespace, name);
    let is_there = |one: &FluxKustomization, of: &(String, String)| {
        let mut all = view.graph().kustomizations.iter();
        all.any(|other| other.cluster == one.cluster && (&other.namespace, &other.name) == (&of.0, &of.1))
    };
    let node = |one: &FluxKustomization| {
        assert!(
            one.depends_on.iter().all(|of| is_there(one, of)),
            "{} depends on nothing: {:?}",
            one.full_name(),
            one.depends_on
        );
        let depends = one.depends_on.iter().map(|(namespace, name)| end(namespace, name));
        let depends = depends.chain(checked(one, &end)).collect();
        let mut rest = one.object.clone();
        for path in [
            ["metadata", "name"],
            ["metadata", "namespace"],
            ["spec", "dependsOn"],
            ["spec", "healthChecks"],
            ["spec", "sourceRef"],
            ["spec", "prune"],
            ["spec", "deletionPolicy"],
        ] {
            rest.remove_at(&path);
        }
        let objects = view.build(one).into_iter().filter(|object| object.kind != "Kustomization");
        let built = objects.map(|object| format!("{} {:?} {}", object.kind, object.namespace, object.name)).collect();
        (end(&one.namespace, &one.name), (depends, format!("{rest:?} {:?}", one.source), built))
    };
    let mut graph = Graph::new();
    for (name, node) in view.graph().kustomizations.iter().map(node) {
        // A second object is what the first is.
        assert!(graph.get(&name).is_none_or(|other| *other == node), "{name:?}");
        graph.insert(name, node);
    }
    graph
}

/// Whose health a Flux Kustomization checks.
fn checked(one: &FluxKustomization, end: &dyn Fn(&str, &str) -> (String, String)) -> Vec<(String, String)> {
    let items = one.object.at(&["spec", "healthChecks"]).map_or(&[][..], Value::items).iter();
    let text = |item: &Value, key: &str| item.text_at(&[key]).unwrap_or_default().to_owned();
    let name = |item: &Value| end(&text(item, "namespace"), &text(item, "name"));
    items.map(name).map(|(namespace, name)| (format!("checks {namespace}"), name)).collect()
}

/// What Alerts watch, by the names of the end.
fn watched(view: &View, apps: &[App]) -> BTreeSet<(String, (String, String))> {
    let mut found = BTreeSet::new();
    for (at, reach) in view.graph().each_reach().filter(|(_, reach)| reach.kind == "Alert") {
        let entries = view.watched(at, reach).unwrap_or_default();
        let sees = |entry: &Watched, one: &FluxKustomization| {
            let is_there = entry.kind == "Kustomization" && entry.namespace == one.namespace;
            is_there && entry.name.as_ref().is_none_or(|name| *name == one.name)
        };
        let seen = view.graph().kustomizations.iter().filter(|one| entries.iter().any(|entry| sees(entry, one)));
        found.extend(seen.map(|one| (reach.name.to_string(), end(apps, &one.namespace, &one.name))));
    }
    found
}

/// What is applied by several.
fn owned_twice(view: &View) -> usize {
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for object in view.graph().kustomizations.iter().flat_map(|one| view.build(one)) {
        *owners.entry(format!("{} {:?} {}", object.kind, object.namespace, object.name)).or_default() += 1;
    }
    assert!(owners.values().all(|count| *count <= 2), "{owners:?}");
    owners.values().filter(|count| **count > 1).count()
}

fn texts(view: &View) -> BTreeMap<RepoPath, String> {
    files(view).into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

/// Sees that all arrives, and gives the number of objects that two own in between.
fn arrives(made: &Made, choices: &[usize]) -> Result<usize, TestCaseError> {
    let (view, settings) = tree(made, true);
    let apps = &made.0;
    let stages = enacted(&view, &settings, choices);
    let before = graph(&stages[0], apps);
    for (number, stage) in stages.iter().enumerate() {
        // The same graph at each stage, under the names of the end: nothing depends on another one, nor on
        // nothing, and builds are equal.
        prop_assert_eq!(&graph(stage, apps), &before, "stage {}", number);
        // An Alert may see more than before, and nothing less.
        prop_assert!(watched(stage, apps).is_superset(&watched(&stages[0], apps)), "stage {number}");
        // Two own something only between the second object and the end of the first.
        prop_assert!((2..4).contains(&number) || owned_twice(stage) == 0, "stage {number}");
    }
    // All is guarded before it moves.
    let guarded = Found::in_view(&stages[1], &settings);
    let is_kept = |candidate: &Candidate| guarded.is_guarded(candidate) && guarded.claims(candidate).is_empty();
    prop_assert!(guarded.movers().all(|(candidate, _)| is_kept(candidate)));
    let end = stages.last().unwrap();
    let is_at_home = |one: &FluxKustomization| one.target_namespace.as_ref().is_none_or(|to| *to == one.namespace);
    prop_assert!(end.graph().kustomizations.iter().all(is_at_home));
    prop_assert!(plan(end, &[&FluxMove], &settings, None).unwrap().units.is_empty(), "nothing is left");
    // The order does not matter, and guards leave nothing behind: without any the same is written.
    let (bare, _) = tree(made, false);
    let bare = texts(enacted(&bare, &settings, &[0]).last().unwrap());
    for (path, text) in texts(end) {
        let is_app = path.as_str().starts_with("apps/");
        let expected = if is_app { text.replace("prune: true", "prune: false") } else { text };
        prop_assert_eq!(&expected, &bare[&path], "{}", path);
    }
    Ok(owned_twice(&stages[2]))
}

#[test]
fn all_arrives_as_it_was() {
    let mut runner = TestRunner::new(config(rounds(8, 400)));
    let run = runner.run(&(made(), vec(0..9usize, 4..9)), |(made, choices)| arrives(&made, &choices).map(drop));
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// What is drawn may have no second object; this has two, of which one names the other.
#[test]
fn what_many_depend_on_arrives_as_it_was() {
    let app = |namespace: usize, depends: &[usize]| App {
        namespace,
        depends: depends.iter().copied().collect(),
        is_pruning: true,
        is_moved: false,
        states: false,
        is_renamed: false,
        has_claim: true,
        checks: 0,
    };
    let apps = vec![app(1, &[]), app(2, &[0]), app(0, &[0, 1]), app(1, &[0, 1]), app(3, &[3])];
    // Each builds a ConfigMap and a claim.
    assert_eq!(arrives(&(apps, true, 1), &[3, 1, 2]).unwrap(), 4);
}
