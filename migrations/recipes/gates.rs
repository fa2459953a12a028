//! The gates of stages: their conditions, asked of the trees of the branches that clusters follow.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::documents::{Found, Made, OWN};
use super::work::clusters_of;
use super::{Origin, RecipeMigration};
use crate::flux::{Cluster, Value, View};
use crate::plan::{ClusterTree, Finding, Gate};
use crate::recipe::gate::Condition;
use crate::recipe::select::{Answer, Document, Select, Where, flux_of, in_range};
use crate::recipe::version::Range;
use crate::recipe::{Stage, codes};

/// What the gates of the stages of a recipe say, for each cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    are_open: bool,
    /// What was seen on the way.
    pub(super) remarks: Vec<Finding>,
    asked: BTreeMap<(String, String), Vec<Finding>>,
}

impl Gates {
    /// Gates that are all open: for trying a recipe.
    pub fn open() -> Gates {
        Gates { are_open: true, ..Gates::default() }
    }

    /// Why the gate of a stage is not open for what some clusters apply, or none.
    pub(super) fn of(&self, stage: &Stage, clusters: &BTreeSet<String>) -> Vec<Finding> {
        let none = BTreeSet::from([String::new()]);
        let clusters = if clusters.is_empty() { &none } else { clusters };
        let of_cluster = |cluster: &String| {
            let asked = self.asked.get(&(stage.name.clone(), cluster.clone())).cloned();
            // What nobody has asked is not known.
            asked.unwrap_or_else(|| vec![Finding::note(codes::GATE_UNKNOWN, "its gate was not asked")])
        };
        if self.are_open || stage.gate.is_empty() { Vec::new() } else { clusters.iter().flat_map(of_cluster).collect() }
    }
}

impl RecipeMigration {
    /// Asks the gates of all stages. The trees are in the order of promotion.
    pub fn ask_gates(&self, trees: &[ClusterTree<'_>]) -> Gates {
        let mut gates = Gates { remarks: self.other_texts(trees), ..Gates::default() };
        let views: Vec<Result<View, Gate>> = trees.iter().map(whole).collect();
        let asking = Asking { migration: self, trees, views: &views, found: RefCell::default() };
        for stage in self.recipe.stages.iter().filter(|stage| !stage.gate.is_empty()) {
            for (number, tree) in trees.iter().enumerate() {
                let is_answered = self.confirmed.contains(&stage.name);
                let conditions = stage.gate.iter().map(|condition| asking.asked(stage, condition, number));
                let reasons = conditions.flatten().filter_map(|gate| match gate {
                    Gate::Open => None,
                    // What nobody can see somebody may answer for; what is seen to be false nobody can.
                    Gate::Unknown(reason) => (!is_answered).then_some(reason),
                    Gate::Closed(reason) => Some(reason),
                });
                gates.asked.insert((stage.name.clone(), tree.name().to_owned()), reasons.collect());
            }
        }
        gates
    }

    /// Branches on which the recipe has another text.
    fn other_texts(&self, trees: &[ClusterTree<'_>]) -> Vec<Finding> {
        let Origin::Repository(path) = &self.origin else { return Vec::new() };
        let differs = |tree: &&ClusterTree<'_>| {
            let file = tree.view.as_ref().ok().and_then(|view| view.tree().read(path).ok().flatten());
            tree.cluster.is_some() && file.is_some_and(|file| *file.bytes != *self.recipe.text.as_bytes())
        };
        let note = |tree: &ClusterTree<'_>| {
            let message =
                format!("{}: another text of {} is there; this one holds for all clusters", tree.shown(), self.meta.id);
            Finding::note(codes::DIFFERS_ON_BRANCH, message).at(path, None)
        };
        trees.iter().filter(differs).map(note).collect()
    }

    /// Whether an opt-out keeps a document from a stage of this recipe.
    fn is_skipped(&self, stage: &Stage, document: &Document<'_>) -> bool {
        let skips = document.view.file(document.path).into_iter().flat_map(|file| &file.skips);
        let range = document.root.range();
        let covers = |skip: &&crate::flux::Skip| {
            let covered = skip.covers.as_ref().map(|covered| &covered.range);
            covered.is_some_and(|covered| covered.start < range.end && range.start < covered.end)
        };
        skips.filter(|skip| skip.names_stage(self.meta.id, Some(&stage.name))).any(|skip| covers(&skip))
    }
}

/// The trees of clusters, asked for the gates of a recipe.
struct Asking<'a> {
    migration: &'a RecipeMigration,
    trees: &'a [ClusterTree<'a>],
    /// All of each tree, or that it is not known.
    views: &'a [Result<View, Gate>],
    /// What a stage finds in a tree, by its name and the number of the first tree that is the same.
    found: RefCell<BTreeMap<(&'static str, usize), Rc<Found<'a>>>>,
}

impl<'a> Asking<'a> {
    /// What a condition says of a tree, or of those before it.
    fn asked(&self, stage: &Stage, condition: &Condition, number: usize) -> Vec<Gate> {
        let tree = &self.trees[number];
        let of_whole = |ask: &dyn Fn(&'a View) -> Vec<Gate>| match &self.views[number] {
            Ok(view) => ask(view),
            Err(gate) => vec![gate.clone()],
        };
        match condition {
            Condition::Confirm(text) => vec![unknown(format!("nobody has confirmed yet: {text}"))],
            Condition::Earlier => {
                let before = (0..number).filter(|number| self.trees[*number].cluster.is_some());
                before.map(|number| self.landed(&stage.name, number)).collect()
            }
            Condition::Landed(name) => vec![self.landed(name, number)],
            Condition::Every { select, is, open_if_none } => {
                of_whole(&|view| every(select, is, *open_if_none, tree, view))
            }
            Condition::None(select) => of_whole(&|view| none(select, tree, view)),
            Condition::Flux(range) => runs_flux(range, tree),
        }
    }

    /// What a stage finds in a tree: clusters that follow one branch have the same.
    fn found(&self, stage: &'static Stage, view: &'a View) -> Rc<Found<'a>> {
        let is_it = |other: &Result<View, Gate>| other.as_ref().is_ok_and(|other| other.is_same(view));
        let first = self.views.iter().position(is_it).unwrap_or_default();
        let mut known = self.found.borrow_mut();
        let found = || Rc::new(Found::of(self.migration, view, stage));
        known.entry((&stage.name, first)).or_insert_with(found).clone()
    }

    /// Whether a stage has nothing left to do in a tree.
    fn landed(&self, name: &str, number: usize) -> Gate {
        let (tree, view) = match &self.views[number] {
            Ok(view) => (&self.trees[number], view),
            Err(gate) => return gate.clone(),
        };
        let Some(stage) = self.migration.recipe.stage(name) else { return Gate::Open };
        let found = self.found(stage, view);
        let is_here = |made: &&Made<'_>| {
            tree.cluster.is_none_or(|cluster| clusters_of(std::slice::from_ref(*made)).contains(cluster))
        };
        let is_skipped = |made: &&Made<'_>| self.migration.is_skipped(stage, &made.document);
        let left: Vec<_> = found.open.values().flatten().filter(is_here).filter(|made| !is_skipped(made)).collect();
        if let Some(first) = left.first() {
            let number =
                if left.len() == 1 { "1 document is".to_owned() } else { format!("{} documents are", left.len()) };
            let message = format!("{}: {number} left for `{name}`", tree.shown());
            return Gate::Closed(
                Finding::note(codes::GATE_CLOSED, message).at(first.document.path, first.document.root.line()),
            );
        }
        let words = stage.steps.iter().filter_map(|step| step.verb.anywhere()).filter(|word| !word.is_empty());
        let unread = words.flat_map(|word| view.files_with(word).map(move |(path, _)| (word, path)));
        let mut unread = unread.filter(|(_, path)| !path.as_str().starts_with(OWN) && view.barred(path).is_some());
        let holds = |(word, path): &(&str, &crate::repo::RepoPath)| {
            view.tree()
                .read(path)
                .ok()
                .flatten()
                .is_some_and(|file| String::from_utf8_lossy(&file.bytes).contains(word))
        };
        match unread.find(holds) {
            Some((word, path)) => {
                let message = format!("{}: {path} is never changed, and has `{word}` in it", tree.shown());
                Gate::Unknown(Finding::note(codes::GATE_UNKNOWN, message).at(path, None))
            }
            None => Gate::Open,
        }
    }
}

fn unknown(message: String) -> Gate {
    Gate::Unknown(Finding::note(codes::GATE_UNKNOWN, message))
}

/// All of a tree, or that it is not known.
fn whole(tree: &ClusterTree<'_>) -> Result<View, Gate> {
    match &tree.view {
        Ok(view) => Ok(view.whole()),
        Err(why) => Err(unknown(format!("{}: {why}", tree.shown()))),
    }
}

/// The documents of a tree of which a selector may be about some, each as the cluster applies it.
fn asked_about<'v>(select: &Select, view: &'v View, cluster: Option<&'v str>) -> Vec<(Document<'v>, Value)> {
    let files: BTreeSet<_> = match select.words() {
        Some(words) => words.into_iter().flat_map(|word| view.files_with(word)).map(|(path, _)| path).collect(),
        None => view.files().map(|(path, _)| path).collect(),
    };
    let files = files.into_iter().filter(|path| path.as_str().split('/').next() != Some(OWN));
    let generated = |path| select.looks_in(Where::Generated).then(|| Document::generated(view, path));
    let documents = files.flat_map(|path| {
        Document::objects(view, path).chain(generated(path).into_iter().flatten()).collect::<Vec<_>>()
    });
    let here = documents.map(|document| cluster.map_or(document, |cluster| document.on(cluster)));
    let here = here.filter(|document| cluster.is_none() || !document.is_unreached());
    here.filter_map(|document| Some((document, document.value()?))).collect()
}

fn every(select: &Select, is: &Select, open_if_none: bool, tree: &ClusterTree<'_>, view: &View) -> Vec<Gate> {
    let mut gates = Vec::new();
    let mut count = 0;
    for (document, value) in asked_about(select, view, tree.cluster) {
        let selected = select.ask(&document, &value);
        if matches!(selected, Answer::No(_)) {
            continue;
        }
        count += 1;
        let place = |finding: Finding| finding.at(document.path, document.root.line());
        let name = document.object.map_or("", |object| &object.name);
        let (is_it, what) = match selected {
            Answer::Yes => (is.ask(&document, &value), describe(select, &document, &value)),
            other => (other, String::new()),
        };
        match is_it {
            Answer::Yes => {}
            Answer::No(_) => {
                let message = format!("{}: {name} is not yet as the gate asks{what}", tree.shown());
                gates.push(Gate::Closed(place(Finding::note(codes::GATE_CLOSED, message))));
            }
            Answer::NotKnown(why) | Answer::InPart(why) | Answer::Shared(why) => {
                let message = format!("{}: whether {name} is as the gate asks is not known: {why}", tree.shown());
                gates.push(Gate::Unknown(place(Finding::note(codes::GATE_UNKNOWN, message))));
            }
        }
    }
    if count == 0 && !open_if_none {
        gates.push(unknown(format!("{}: nothing there is what the gate asks about", tree.shown())));
    }
    gates
}

/// What an object runs, if that is what a selector asks.
fn describe(select: &Select, document: &Document<'_>, value: &Value) -> String {
    let runs = select.0.iter().find_map(|one| one.runs.as_ref());
    let reach = document.reaches().next();
    let arrived = reach.and_then(|reach| document.arrived(reach));
    let found = runs.and_then(|runs| runs.found(document, arrived.as_deref().unwrap_or(value), reach));
    found.and_then(Result::ok).map(|version| format!(", and runs {version}")).unwrap_or_default()
}

fn none(select: &Select, tree: &ClusterTree<'_>, view: &View) -> Vec<Gate> {
    let mut gates = Vec::new();
    for (document, value) in asked_about(select, view, tree.cluster) {
        let name = document.object.map_or("", |object| &object.name);
        let place = |finding: Finding| finding.at(document.path, document.root.line());
        match select.ask(&document, &value) {
            Answer::No(_) => {}
            Answer::Yes => {
                let message = format!("{}: {name} is still there", tree.shown());
                gates.push(Gate::Closed(place(Finding::note(codes::GATE_CLOSED, message))));
            }
            Answer::NotKnown(why) | Answer::InPart(why) | Answer::Shared(why) => {
                let message = format!("{}: whether {name} is meant is not known: {why}", tree.shown());
                gates.push(Gate::Unknown(place(Finding::note(codes::GATE_UNKNOWN, message))));
            }
        }
    }
    gates
}

fn runs_flux(range: &Range, tree: &ClusterTree<'_>) -> Vec<Gate> {
    let view = match &tree.view {
        Ok(view) => view,
        Err(why) => return vec![unknown(format!("{}: {why}", tree.shown()))],
    };
    let is_asked = |cluster: &&Cluster| tree.cluster.is_none_or(|name| cluster.name == name);
    let gate = |cluster: &Cluster| {
        let Some(version) = flux_of(cluster) else {
            return unknown(format!("{}: {} does not state its version of Flux", tree.shown(), cluster.name));
        };
        match in_range(range, &version, "flux", String::new) {
            Answer::Yes => Gate::Open,
            Answer::No(_) => {
                let message = format!("{}: it runs Flux {version}, and needs {}", tree.shown(), range.text());
                Gate::Closed(Finding::note(codes::GATE_CLOSED, message))
            }
            _ => unknown(format!("{}: it runs Flux {version}, and needs {}", tree.shown(), range.text())),
        }
    };
    view.graph().clusters.iter().filter(is_asked).map(gate).collect()
}
