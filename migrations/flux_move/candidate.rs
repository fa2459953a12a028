//! Which Flux Kustomizations move, where to, and which stay.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::settings::{FluxMoveSettings, KUSTOMIZATION, Name, Rule, To};
use crate::flux::{At, FluxKustomization, KustomizationId, Rendered, View};
use crate::plan::Finding;

/// A Flux Kustomization in a namespace that is to be left.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Where it is stated.
    pub(super) at: At,
    /// What it is in the clusters that apply it.
    pub(super) ids: Vec<KustomizationId>,
    /// Its name.
    pub(super) name: String,
    /// What it is called in the end: the same, unless the configuration has another name.
    pub(super) called: String,
    /// The namespace that it leaves.
    pub(super) from: String,
    /// What becomes of it.
    pub(super) verdict: Verdict,
}

/// What becomes of a candidate.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It moves to this namespace.
    Moves(String),
    /// It stays, for this reason.
    Stays(&'static str),
    /// It should move, and cannot.
    Refused(Finding),
}

impl Candidate {
    /// Its namespace after the move, if it moves.
    pub(super) fn to(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Moves(to) => Some(to),
            Verdict::Stays(_) | Verdict::Refused(_) => None,
        }
    }

    /// Its name after the move, with a namespace.
    pub(super) fn becomes(&self, to: &str) -> Name {
        (to.to_owned(), self.called.clone())
    }

    /// The same as a text.
    pub(super) fn new_name(&self, to: &str) -> String {
        format!("{to}/{}", self.called)
    }

    /// Whether it gets another name.
    pub(super) fn is_renamed(&self) -> bool {
        self.called != self.name
    }

    /// Its line.
    pub(super) fn finding(&self, view: &View, make: impl FnOnce() -> Finding) -> Finding {
        make().at(&self.at.path, view.node(&self.at).map(|root| root.line()))
    }
}

/// The candidates of a tree, by place.
pub(super) fn candidates(view: &View, settings: &FluxMoveSettings) -> Vec<Candidate> {
    let graph = view.graph();
    let mut found: BTreeMap<&At, Vec<KustomizationId>> = BTreeMap::new();
    let here = graph.kustomizations.entries().filter(|(_, one)| one.lives_in.is_none());
    for (id, one) in here.filter(|(_, one)| is_asked(settings, one)) {
        found.entry(&one.at).or_default().push(id);
    }
    let parents: BTreeSet<KustomizationId> = graph
        .kustomizations
        .iter()
        .filter_map(|one| one.parent.filter(|parent| graph.kustomizations[*parent].at != one.at))
        .collect();
    let asking = Asking { view, settings, parents };
    found.into_iter().map(|(at, ids)| asking.candidate(at, ids)).collect()
}

/// Whether a Flux Kustomization is in a namespace that is to be left, or is named.
fn is_asked(settings: &FluxMoveSettings, one: &FluxKustomization) -> bool {
    let is_named = |name: &Name| name.0 == one.namespace && name.1 == one.name;
    let mut moves = settings.moves_of(KUSTOMIZATION);
    // What is where the list has it has arrived, whatever the rule says of its namespace.
    let is_left = |rule: &Rule| {
        rule.from.contains(&one.namespace) && !settings.moves_of(KUSTOMIZATION).any(|asked| is_named(&asked.to))
    };
    moves.any(|asked| is_named(&asked.from)) || settings.rule.as_ref().is_some_and(is_left)
}

struct Asking<'v> {
    view: &'v View,
    settings: &'v FluxMoveSettings,
    /// Those that apply other Flux Kustomizations.
    parents: BTreeSet<KustomizationId>,
}

impl Asking<'_> {
    fn candidate(&self, at: &At, ids: Vec<KustomizationId>) -> Candidate {
        let kustomizations = &self.view.graph().kustomizations;
        let first = &kustomizations[ids[0]];
        let name = (first.namespace.clone(), first.name.clone());
        let asked = self.settings.moves_of(KUSTOMIZATION).find(|asked| asked.from == name);
        let candidate = Candidate {
            at: at.clone(),
            called: asked.map_or(&name.1, |asked| &asked.to.1).clone(),
            name: first.name.clone(),
            from: first.namespace.clone(),
            verdict: Verdict::Stays(""),
            ids,
        };
        let verdict = self.verdict(&candidate);
        Candidate { verdict, ..candidate }
    }

    fn verdict(&self, candidate: &Candidate) -> Verdict {
        let Candidate { at, ids, name, from, .. } = candidate;
        let graph = self.view.graph();
        let refuse =
            |code, message: String| Verdict::Refused(candidate.finding(self.view, || Finding::error(code, message)));
        let all = || ids.iter().map(|id| &graph.kustomizations[*id]);
        if all().any(|one| one.parent.is_none()) {
            return Verdict::Stays("entry points");
        }
        if ids.iter().any(|id| self.parents.contains(id)) {
            return Verdict::Stays("apply other Flux Kustomizations");
        }
        if self.settings.stay.contains(&(from.clone(), name.clone())) {
            return Verdict::Stays("listed under `stay`");
        }
        // Another file of the same cluster may apply itself: that one is not here.
        if all().any(|one| one.name != *name || one.namespace != *from) {
            let message = format!("{from}/{name} is applied under several names");
            return refuse(codes::NOT_MODELLED, message);
        }
        let own = (from.clone(), name.clone());
        if let Some(asked) = self.settings.moves_of(KUSTOMIZATION).find(|asked| asked.from == own) {
            return self.to(candidate, asked.to.0.clone());
        }
        let Some(rule) = &self.settings.rule else { return Verdict::Stays("not asked for") };
        if all().all(|one| one.path.is_none() && one.target_namespace.is_none()) {
            return Verdict::Stays("build from another repository");
        }
        let targets: BTreeSet<String> = ids.iter().flat_map(|id| self.targets(*id, rule.to)).collect();
        let mut targets = targets.into_iter();
        match (targets.next(), targets.next()) {
            (Some(to), None) if rule.from.contains(&to) => Verdict::Stays("belong there"),
            (Some(to), None) => self.to(candidate, to),
            (None, _) => refuse(codes::TARGET_UNKNOWN, format!("nothing says where {from}/{name} belongs ({at})")),
            (Some(one), Some(other)) => {
                let message = format!("{from}/{name} may belong to {one} or {other}");
                refuse(codes::TARGET_UNKNOWN, message)
            }
        }
    }

    fn to(&self, candidate: &Candidate, to: String) -> Verdict {
        match to == candidate.from && !candidate.is_renamed() {
            true => Verdict::Stays("belong there"),
            false => Verdict::Moves(to),
        }
    }

    /// The namespaces to which a Flux Kustomization may belong.
    fn targets(&self, id: KustomizationId, to: To) -> BTreeSet<String> {
        let one = &self.view.graph().kustomizations[id];
        let reach = self.view.graph().reaches(&one.at).iter().find(|reach| Some(reach.kustomization) == one.parent);
        let listing = reach.and_then(|reach| reach.through.last());
        match to {
            To::TargetNamespace => match &one.target_namespace {
                Some(target) => [target.clone()].into(),
                None => self.view.build(one).into_iter().filter_map(|object| namespace(one, &object)).collect(),
            },
            To::Parent => {
                let kustomization = listing.and_then(|path| self.view.kustomization(&path.dir()));
                let set = kustomization.into_iter().flat_map(|kustomization| {
                    let by_transformers = kustomization.namespaces.iter().map(|one| one.namespace.clone());
                    kustomization.namespace.clone().into_iter().chain(by_transformers)
                });
                set.collect()
            }
            To::Directory => {
                let reached = self.view.graph().reached().flat_map(|(_, reaches)| reaches);
                let beside = reached.filter(|other| {
                    other.kind == "Namespace"
                        && Some(other.kustomization) == one.parent
                        && other.through.last() == listing
                });
                beside.map(|other| other.name.into()).collect()
            }
        }
    }
}

/// The namespace of an object of a build.
pub(super) fn namespace(by: &FluxKustomization, object: &Rendered) -> Option<String> {
    object.namespace.as_ref().map(|namespace| by.variables.substitute(namespace))
}
