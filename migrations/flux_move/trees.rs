//! Trees that are made up, for the laws of moves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::FluxMove;
use crate::config::Settings;
use crate::flux::View;
use crate::plan::Migration;
use crate::repo::Memory;

pub(super) const NAMESPACES: [&str; 4] = ["flux-system", "media", "network", "storage"];

/// A Flux Kustomization: where it belongs, on which of those before it it depends, and how that is written.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) namespace: usize,
    pub(super) depends: BTreeSet<usize>,
    pub(super) is_pruning: bool,
    pub(super) is_moved: bool,
    pub(super) states: bool,
    /// Whether it gets another name, too.
    pub(super) is_renamed: bool,
    /// Whether it builds a claim.
    pub(super) has_claim: bool,
    /// The one before it whose health it checks.
    pub(super) checks: usize,
}

fn app() -> impl Strategy<Value = App> {
    let parts = (0..NAMESPACES.len(), vec(0..7usize, 0..4), any::<bool>(), 0..5u8, any::<bool>(), 0..4u8);
    (parts, any::<bool>(), 0..9usize).prop_map(|(parts, has_claim, checks)| App {
        has_claim,
        checks,
        ..of_parts(parts)
    })
}

fn of_parts((namespace, depends, is_pruning, moved, states, renamed): (usize, Vec<usize>, bool, u8, bool, u8)) -> App {
    App {
        namespace,
        depends: depends.into_iter().collect(),
        is_pruning,
        is_moved: moved == 0,
        states,
        is_renamed: renamed == 0,
        has_claim: false,
        checks: 0,
    }
}

/// What is made up: the apps, whether their kustomizations give namespaces, and how many may depend on one.
pub(super) type Made = (Vec<App>, bool, usize);

pub(super) fn made() -> impl Strategy<Value = Made> {
    (vec(app(), 3..8), any::<bool>(), 1..4usize)
}

pub(super) fn name(number: usize) -> String {
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
    if app.checks < number {
        let checked = &apps[app.checks];
        let _ = writeln!(
            text,
            "  healthChecks: [{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, name: {}, namespace: {}}}]",
            name(app.checks),
            place(checked)
        );
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
pub(super) fn tree((apps, gives, limit): &Made, prunes: bool) -> (View, Settings) {
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
        let kinds = if app.has_claim { &["ConfigMap", "PersistentVolumeClaim"][..] } else { &["ConfigMap"] };
        let namespace = NAMESPACES[app.namespace];
        let object =
            |kind: &&str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n");
        let object = kinds.iter().map(object).collect::<Vec<_>>().join("---\n");
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
