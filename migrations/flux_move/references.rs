//! What names a Flux Kustomization that moves, and what it names itself: which `namespace` is written
//! where.
//!
//! A reference without namespace means that of its own object. So what moves has to name what it meant
//! before, and what stays has to name where it went. Both are one thing: a `namespace` in some mapping
//! of some document, with a `name` where that changes, too ([`Put`]). A reference is written for where its target is in this very tree.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::codes;
use super::patches::followed_by;
use super::settings::Name;
use super::style::Style;
use crate::flux::{At, ById, ClusterId, FluxKustomization, KustomizationId, Reach, Value, View};
use crate::plan::{Code, Finding};
use crate::yaml::Node;

/// A `namespace` in a mapping, and a `name` if that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Put {
    /// The way to the mapping, or to a text with YAML in it.
    pub(super) path: Vec<Step>,
    /// The document in that text, and the way to the mapping there.
    pub(super) within: Option<(usize, Vec<Step>)>,
    /// What the namespace is then; `None` for no entry.
    pub(super) namespace: Option<String>,
    /// What the name is then; `None` where it stays.
    pub(super) name: Option<String>,
}

/// A step on the way to a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    /// A key that is a name, as those of routes in values.
    Name(String),
    Item(usize),
}

/// Cluster, namespace and name.
type Key = (ClusterId, String, String);

/// What moves, by cluster, namespace and name, and its new namespace and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Moving {
    to: BTreeMap<Key, Name>,
    /// Those whose references are followed everywhere.
    named: BTreeSet<KustomizationId>,
    /// Those that move themselves.
    moved: BTreeSet<Key>,
    /// What has a second object: what moves names that one, all others name the first.
    seconds: BTreeMap<Key, Name>,
}

/// What may name Flux Kustomizations otherwise than by `dependsOn`: found once for a tree.
#[derive(Default)]
pub(super) struct Naming<'v> {
    /// Flux Kustomizations whose health checks are about others.
    checking: Vec<KustomizationId>,
    /// Alerts and Receivers.
    watching: Vec<(&'v At, &'v Reach)>,
}

impl<'v> Naming<'v> {
    pub(super) fn of(view: &'v View) -> Naming<'v> {
        let graph = view.graph();
        let checks = |one: &FluxKustomization| {
            let items = one.object.at(&["spec", "healthChecks"]).map_or(&[][..], Value::items);
            items.iter().any(|item| item.text_at(&["kind"]) == Some("Kustomization"))
        };
        let all = graph.each_reach();
        let is_watcher = |reach: &Reach| reach.api_version.starts_with("notification.toolkit.fluxcd.io/");
        Naming {
            checking: graph.kustomizations.entries().filter(|(_, one)| checks(one)).map(|(id, _)| id).collect(),
            watching: all.filter(|(_, reach)| is_watcher(reach)).collect(),
        }
    }
}

/// The puts of each document.
pub(super) type Puts = BTreeMap<At, Vec<Put>>;

impl Moving {
    /// Has the Flux Kustomizations that stand at one place move.
    pub(super) fn add(&mut self, view: &View, candidate: &Candidate, to: &str) {
        self.moved.extend(keys(view, &candidate.ids));
        self.rename(view, candidate, to);
    }

    /// Has all that names some Flux Kustomizations name those that they become. They stay.
    pub(super) fn rename(&mut self, view: &View, candidate: &Candidate, to: &str) {
        self.named.extend(&candidate.ids);
        self.to.extend(keys(view, &candidate.ids).map(|key| (key, candidate.becomes(to))));
    }

    /// Has what moves name those that they become.
    pub(super) fn rename_in_moved(&mut self, view: &View, candidate: &Candidate, to: &str) {
        self.seconds.extend(keys(view, &candidate.ids).map(|key| (key, candidate.becomes(to))));
    }

    /// Whether a Flux Kustomization moves.
    pub(super) fn moves(&self, one: &FluxKustomization) -> bool {
        self.moved.contains(&key(one))
    }

    /// What a Flux Kustomization finds then under what it names.
    fn target(&self, one: &FluxKustomization, namespace: &str, name: &str) -> Option<&Name> {
        let second = || self.seconds.get(&(one.cluster, namespace.to_owned(), name.to_owned()));
        self.to(one.cluster, namespace, name).or_else(|| second().filter(|_| self.moves(one)))
    }

    /// What all others find then under this name.
    pub(super) fn to(&self, cluster: ClusterId, namespace: &str, name: &str) -> Option<&Name> {
        self.to.get(&(cluster, namespace.to_owned(), name.to_owned()))
    }

    /// The new namespace and name of a Flux Kustomization; those that it has, if it stays.
    pub(super) fn of<'m>(&'m self, one: &'m FluxKustomization) -> (&'m str, &'m str) {
        let moved = self.to.get(&key(one)).filter(|_| self.moves(one));
        moved.map_or((&one.namespace, &one.name), |(namespace, name)| (namespace, name))
    }
}

fn key(one: &FluxKustomization) -> Key {
    (one.cluster, one.namespace.clone(), one.name.clone())
}

fn keys(view: &View, ids: &[KustomizationId]) -> impl Iterator<Item = Key> {
    ids.iter().map(|id| key(&view.graph().kustomizations[*id]))
}

/// All that is written so that some Flux Kustomizations move.
///
/// # Errors
/// If a reference to one of them cannot be followed.
pub(super) fn puts(
    view: &View,
    moving: &Moving,
    naming: &Naming<'_>,
    styles: &ById<ClusterId, Style>,
) -> Result<Puts, Finding> {
    let graph = view.graph();
    let mut all = Puts::new();
    let dependents = moving.named.iter().flat_map(|id| graph.direct_dependents(*id));
    let concerned: BTreeSet<KustomizationId> =
        moving.named.iter().chain(dependents).chain(&naming.checking).copied().collect();
    for one in concerned.into_iter().map(|id| &graph.kustomizations[id]).filter(|one| one.parent.is_some()) {
        let moves = moving.moves(one);
        let names_one =
            one.depends_on.iter().any(|(namespace, name)| moving.to(one.cluster, namespace, name).is_some());
        let checks = checks_of(view, one, moving);
        if !moves && !names_one && checks.is_empty() {
            continue;
        }
        let mut puts = match moves || names_one {
            true => of_kustomization(view, one, moving, styles[one.cluster])?,
            false => Vec::new(),
        };
        puts.extend(checks);
        join(&mut all, view, &one.at, puts)?;
    }
    for (at, reach) in &naming.watching {
        let puts = of_watcher(view, at, reach, moving)?;
        if !puts.is_empty() {
            join(&mut all, view, at, puts)?;
        }
    }
    for (at, puts) in followed_by(view, moving, styles)? {
        all.entry(at).or_default().extend(puts);
    }
    Ok(all)
}

/// Adds the puts of a document, which must be the same wherever it is applied.
fn join(all: &mut Puts, view: &View, at: &At, puts: Vec<Put>) -> Result<(), Finding> {
    match all.insert(at.clone(), puts.clone()) {
        Some(others) if others != puts => {
            Err(refused(view, at, codes::NOT_MODELLED, "it is applied several times, under other names".to_owned()))
        }
        _ => Ok(()),
    }
}

fn refused(view: &View, at: &At, code: &'static Code, message: String) -> Finding {
    Finding::error(code, message).at(&at.path, view.node(at).map(|root| root.line()))
}

/// What is written in a Flux Kustomization that moves, or depends on one that does.
fn of_kustomization(view: &View, one: &FluxKustomization, moving: &Moving, style: Style) -> Result<Vec<Put>, Finding> {
    let mut puts = Vec::new();
    let Some(root) = view.node(&one.at) else { return Ok(puts) };
    let (own, name) = (&one.namespace, one.full_name());
    let ((to, called), moves) = (moving.of(one), moving.moves(one));
    if moves {
        puts.push(identity(view, one, root, (to, called), style));
        let source = root.at(&["spec", "sourceRef"]);
        let states = |source: Node<'_>| {
            source.text_at(&["name"]) == Some(&*one.source.name) && source.text_at(&["kind"]) == Some(&*one.source.kind)
        };
        let is_named = one.object.text_at(&["spec", "sourceRef", "namespace"]).is_some();
        match source.filter(|source| states(*source)) {
            Some(source) if source.text_at(&["namespace"]).is_none() && !is_named => {
                let path = vec![Step::Key("spec"), Step::Key("sourceRef")];
                let namespace = (to != own).then(|| own.clone());
                puts.push(Put { path, within: None, namespace, name: None });
            }
            None if !is_named => {
                let message = format!("the sourceRef of {name} is not the one that its file states");
                return Err(refused(view, &one.at, code_of(source), message));
            }
            _ => {}
        }
    }
    let list = root.at(&["spec", "dependsOn"]);
    let items: Vec<Node<'_>> = list.into_iter().flat_map(Node::items).collect();
    let stated = |item: &Node<'_>| {
        let namespace = item.text_at(&["namespace"]).unwrap_or(own).to_owned();
        Some((namespace, item.text_at(&["name"])?.to_owned()))
    };
    let all: Option<Vec<(String, String)>> = items.iter().map(stated).collect();
    let Some(all) = all.filter(|all| all.iter().cloned().collect::<BTreeSet<_>>() == one.depends_on) else {
        let message = format!("what {name} depends on is not what its file states");
        return Err(refused(view, &one.at, code_of(list), message));
    };
    for ((number, (namespace, target)), item) in all.iter().enumerate().zip(items) {
        let now = moving.target(one, namespace, target);
        let (now, called) = now.map_or((namespace, target), |(namespace, name)| (namespace, name));
        let is_same = to == own && now == namespace;
        if is_same && called == target {
            continue;
        }
        // Within one namespace only the name changes.
        let namespace = match is_same {
            true => item.text_at(&["namespace"]).map(str::to_owned),
            false => (now != to || style.states_own).then(|| now.clone()),
        };
        let path = vec![Step::Key("spec"), Step::Key("dependsOn"), Step::Item(number)];
        puts.push(Put { path, within: None, namespace, name: (called != target).then(|| called.clone()) });
    }
    Ok(puts)
}

/// What is written in its metadata.
pub(super) fn identity(
    view: &View,
    one: &FluxKustomization,
    root: Node<'_>,
    (to, called): (&str, &str),
    style: Style,
) -> Put {
    let namespace = match to == one.namespace {
        true => root.text_at(&["metadata", "namespace"]).map(str::to_owned),
        false => (!inherits(view, one, to, style)).then(|| to.to_owned()),
    };
    let name = (called != one.name).then(|| called.to_owned());
    Put { path: vec![Step::Key("metadata")], within: None, namespace, name }
}

/// Why a field is not what arrives: a variable, or something on the way.
fn code_of(field: Option<Node<'_>>) -> &'static Code {
    match field.is_some_and(|field| field.source().contains("${")) {
        true => codes::BY_VARIABLE,
        false => codes::NOT_MODELLED,
    }
}

/// Whether a kustomization on the way gives the namespace where the file states none.
fn inherits(view: &View, one: &FluxKustomization, to: &str, style: Style) -> bool {
    let reach = view.graph().reaches(&one.at).iter().find(|reach| Some(reach.kustomization) == one.parent);
    let through = reach.into_iter().flat_map(|reach| &reach.through);
    let mut given = through.filter_map(|path| view.kustomization(&path.dir())).flat_map(|file| &file.namespaces);
    style.inherits && given.any(|transformer| transformer.unset_only && transformer.namespace == to)
}

/// Health checks of a Flux Kustomization that are about one that moves.
fn checks_of(view: &View, one: &FluxKustomization, moving: &Moving) -> Vec<Put> {
    let list = view.node(&one.at).and_then(|root| root.at(&["spec", "healthChecks"]));
    let items = list.into_iter().flat_map(Node::items).enumerate();
    let put = |(number, item): (usize, Node<'_>)| {
        let group = item.text_at(&["apiVersion"]).unwrap_or_default();
        let is_one =
            item.text_at(&["kind"]) == Some("Kustomization") && group.starts_with("kustomize.toolkit.fluxcd.io/");
        let (namespace, name) = (item.text_at(&["namespace"])?, item.text_at(&["name"])?);
        let (to, called) = moving.target(one, namespace, name).filter(|_| is_one)?;
        let path = vec![Step::Key("spec"), Step::Key("healthChecks"), Step::Item(number)];
        Some(Put { path, within: None, namespace: Some(to.clone()), name: (called != name).then(|| called.clone()) })
    };
    items.filter_map(put).collect()
}

/// Entries of an Alert or a Receiver that name one that moves.
fn of_watcher(view: &View, at: &At, reach: &Reach, moving: &Moving) -> Result<Vec<Put>, Finding> {
    let field = match reach.kind.as_str() {
        "Alert" => "eventSources",
        "Receiver" => "resources",
        _ => return Ok(Vec::new()),
    };
    let list = view.node(at).and_then(|root| root.at(&["spec", field]));
    let own = reach.namespace.as_deref().unwrap_or_default();
    let mut puts = Vec::new();
    for (number, item) in list.into_iter().flat_map(Node::items).enumerate() {
        let Some(name) = item.text_at(&["name"]).filter(|_| item.text_at(&["kind"]) == Some("Kustomization")) else {
            continue;
        };
        let namespace = item.text_at(&["namespace"]).unwrap_or(own);
        if [name, namespace].iter().any(|text| text.contains("${")) {
            let message = format!("an entry of {} {own}/{} has a variable in its name", reach.kind, reach.name);
            return Err(refused(view, at, codes::BY_VARIABLE, message));
        }
        if let Some((to, called)) = moving.to(reach.cluster, namespace, name) {
            let path = vec![Step::Key("spec"), Step::Key(field), Step::Item(number)];
            let stated = item.text_at(&["namespace"]).filter(|_| to == namespace).map(str::to_owned);
            let namespace = stated.or_else(|| (to != namespace).then(|| to.clone()));
            puts.push(Put { path, within: None, namespace, name: (called != name).then(|| called.clone()) });
        }
    }
    Ok(puts)
}
