//! Laws of moves, on trees that are made up: every stage after the other, in any order, until nothing is
//! left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::FluxMove;
use super::beside::{FIRST_OUT, SECOND, SWITCH};
use super::find::Found;
use super::tests::{files, landed};
use super::units::{MOVE, UNGUARD};
use crate::config::Settings;
use crate::flux::{FluxKustomization, View};
use crate::plan::{Migration, Unit, UnitId, plan};
use crate::repo::{Memory, RepoPath};
use crate::rounds::{config, rounds};

const NAMESPACES: [&str; 4] = ["flux-system", "media", "network", "storage"];

/// The stages, each of which waits for the one before; the first has all other steps.
const STAGES: [&[&str]; 4] = [&[SECOND, MOVE], &[SWITCH], &[FIRST_OUT], &[UNGUARD]];

/// A Flux Kustomization: where it belongs, on which of those before it it depends, and how that is written.
#[derive(Clone, Debug)]
struct App {
    namespace: usize,
    depends: BTreeSet<usize>,
    is_pruning: bool,
    is_moved: bool,
    states: bool,
    /// Whether it gets another name, too.
    is_renamed: bool,
}

fn app() -> impl Strategy<Value = App> {
    let parts = (0..NAMESPACES.len(), vec(0..7usize, 0..4), any::<bool>(), 0..5u8, any::<bool>(), 0..4u8);
    parts.prop_map(|(namespace, depends, is_pruning, moved, states, renamed)| App {
        namespace,
        depends: depends.into_iter().collect(),
        is_pruning,
        is_moved: moved == 0,
        states,
        is_renamed: renamed == 0,
    })
}

/// What is made up: the apps, whether their kustomizations give namespaces, and how many may depend on one.
type Made = (Vec<App>, bool, usize);

fn made() -> impl Strategy<Value = Made> {
    (vec(app(), 3..8), any::<bool>(), 1..4usize)
}

fn name(number: usize) -> String {
    format!("app-{number}")
}

fn place(app: &App) -> &'static str {
    if app.is_moved { NAMESPACES[app.namespace] } else { NAMESPACES[0] }
}

fn stated(apps: &[App], number: usize, prunes: bool) -> String {
    let app = &apps[number];
    let namespace = NAMESPACES[app.namespace];
    let mut text = format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {}\n  namespace: {} # here\nspec:\n  targetNamespace: {namespace}\n",
        name(number),
        place(app)
    );
    let depends: Vec<usize> = app.depends.iter().copied().filter(|other| *other < number).collect();
    if !depends.is_empty() {
        text.push_str("  dependsOn:\n");
    }
    for other in depends {
        let to = place(&apps[other]);
        let _ = writeln!(text, "    - name: {} # {other}", name(other));
        if app.states || to != place(app) {
            let _ = writeln!(text, "      namespace: {to}");
        }
    }
    let prune = app.is_pruning && prunes;
    let _ = writeln!(
        text,
        "  path: ./builds/{}\n  prune: {prune}\n  sourceRef:\n    kind: GitRepository\n    name: home",
        name(number)
    );
    if app.states || app.is_moved {
        text.push_str("    namespace: flux-system\n");
    }
    text
}

/// The tree. Without `prunes` nothing needs a guard.
fn tree((apps, gives, limit): &Made, prunes: bool) -> (View, Settings) {
    let kustomization = |name: &str, path: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{path: {path}, prune: true, sourceRef: {{kind: GitRepository, name: home}}}}\n"
        )
    };
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: home, namespace: flux-system}\n\
                  spec: {url: https://example.org/home.git, ref: {branch: main}}\n---\n";
    let mut all: BTreeMap<String, String> = [
        ("flux/apps.yaml".to_owned(), kustomization("apps", "./apps")),
        ("flux/sync.yaml".to_owned(), format!("{source}{}", kustomization("cluster", "./flux"))),
        (
            "flux/gotk.yaml".to_owned(),
            "# Flux Version: v2.7.5\napiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n".to_owned(),
        ),
        ("apps/kustomization.yaml".to_owned(), format!("resources: [{}]\n", NAMESPACES.join(", "))),
    ]
    .into();
    let entry = "apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Alert\nmetadata: {name: all, namespace: flux-system}\n\
                 spec:\n  eventSources:\n    - kind: Kustomization\n      name: \"*\"\n    - kind: Kustomization\n      name: app-0\n";
    for (number, namespace) in NAMESPACES.iter().enumerate() {
        let of_namespace = (0..apps.len()).filter(|app| apps[*app].namespace == number);
        let list: Vec<String> = of_namespace.map(|app| stated(apps, app, prunes)).collect();
        let mut resources = vec!["more.yaml"];
        if !list.is_empty() {
            resources.push("ks.yaml");
            all.insert(format!("apps/{namespace}/ks.yaml"), list.join("---\n"));
        }
        let more = match number {
            0 => entry.replace("app-0\n", &format!("app-0\n      namespace: {}\n", place(&apps[0]))),
            _ => format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n"),
        };
        all.insert(format!("apps/{namespace}/more.yaml"), more);
        let transformer = format!(
            "transformers:\n  - |-\n    apiVersion: builtin\n    kind: NamespaceTransformer\n    metadata: {{name: any, namespace: {namespace}}}\n    unsetOnly: true\n"
        );
        let given = if *gives && number > 0 { &*transformer } else { "" };
        let kustomization = format!("resources: [{}]\n{given}", resources.join(", "));
        all.insert(format!("apps/{namespace}/kustomization.yaml"), kustomization);
    }
    for (number, app) in apps.iter().enumerate() {
        let name = name(number);
        let object = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {}}}\n",
            NAMESPACES[app.namespace]
        );
        all.insert(format!("builds/{name}/config.yaml"), object);
    }
    let statement = if *gives { "inherit" } else { "explicit" };
    let renamed = |(number, app): (usize, &App)| {
        let (from, to) = (place(app), NAMESPACES[app.namespace]);
        app.is_renamed.then(|| format!("{{from: {from}/{}, to: {to}/new-{number}}}", name(number)))
    };
    let moves: Vec<String> = apps.iter().enumerate().filter_map(renamed).collect();
    let moves = if moves.is_empty() { String::new() } else { format!("moves: [{}], ", moves.join(", ")) };
    let text = format!(
        "flux-move: {{kustomizations: {{from: [flux-system]}}, {moves}statement: {statement}, second-above: {limit}}}\n"
    );
    let sections: Vec<_> = FluxMove.section().into_iter().collect();
    let settings = Settings::read("settings", &text, &sections).unwrap();
    let view = View::of(Memory::tree(all.iter().map(|(path, text)| (&**path, &**text)))).unwrap();
    (view, settings)
}

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

/// What each Flux Kustomization is, under the name that it has in the end.
type Graph = BTreeMap<(String, String), (BTreeSet<(String, String)>, String, Vec<String>)>;

fn graph(view: &View, apps: &[App]) -> Graph {
    let end = |namespace: &str, name: &str| {
        let number = name.strip_prefix("app-").or_else(|| name.strip_prefix("new-"));
        let number = number.and_then(|number| number.parse::<usize>().ok()).filter(|number| *number < apps.len());
        let Some(number) = number else { return (namespace.to_owned(), name.to_owned()) };
        let called = if apps[number].is_renamed { format!("new-{number}") } else { name.to_owned() };
        (NAMESPACES[apps[number].namespace].to_owned(), called)
    };
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
        let depends = one.depends_on.iter().map(|(namespace, name)| end(namespace, name)).collect();
        let mut rest = one.object.clone();
        for path in [
            ["metadata", "name"],
            ["metadata", "namespace"],
            ["spec", "dependsOn"],
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
        // Two own something only between the second object and the end of the first.
        prop_assert!((2..4).contains(&number) || owned_twice(stage) == 0, "stage {number}");
    }
    // All is guarded before it moves.
    let guarded = Found::in_view(&stages[1], &settings);
    prop_assert!(guarded.movers().all(|(candidate, _)| guarded.is_guarded(candidate)));
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
    };
    let apps = vec![app(1, &[]), app(2, &[0]), app(0, &[0, 1]), app(1, &[0, 1]), app(3, &[3])];
    assert_eq!(arrives(&(apps, true, 1), &[3, 1, 2]).unwrap(), 2);
}
