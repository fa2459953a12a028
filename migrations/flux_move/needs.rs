//! What a Flux Kustomization needs in the namespace where it goes, and what becomes of what is not there.
//!
//! What arrives decides, not what a file states: a patch of a parent may give a key and variables to all
//! its children. Such a patch lets out what has a label, if its target says so.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::carriers::{Include, carrier};
use super::codes;
use super::named::Named;
use super::settings::{Decryption, FluxMoveSettings, Injections, Substitutions};
use super::world::World;
use crate::flux::{Flag, FluxKustomization, KustomizationId, Patch, Reach, Value};
use crate::plan::{Code, Finding};

/// What a Flux Kustomization has to be changed before it moves, and what there is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The labels that let it out of patches.
    pub(super) labels: BTreeSet<(String, String)>,
    /// Whether its own `decryption` goes.
    pub(super) drops_decryption: bool,
    /// Whether it is decrypted with the key that the controller has for all namespaces.
    pub(super) uses_global_key: bool,
    /// The names of its own `substituteFrom` that go: kind and name.
    pub(super) drops_sources: BTreeSet<(String, String)>,
    /// What it gets in `postBuild.substitute` instead.
    pub(super) inlined: BTreeMap<String, String>,
    /// The Components that are included in the new namespace.
    pub(super) includes: BTreeSet<Include>,
    /// Why it cannot move, or why to look first.
    pub(super) findings: Vec<Finding>,
}

impl Needs {
    /// Whether nothing has to be changed first.
    pub(super) fn is_met(&self) -> bool {
        self.is_own_met() && self.includes.is_empty()
    }

    /// Whether the same becomes of the text of the Flux Kustomization itself.
    fn has_same_text(&self, other: &Needs) -> bool {
        let text = |needs: &Needs| {
            let Needs { labels, drops_sources, inlined, .. } = needs;
            let own = (needs.drops_decryption, needs.uses_global_key);
            (own, labels.clone(), drops_sources.clone(), inlined.clone())
        };
        text(self) == text(other)
    }

    /// Whether nothing of the Flux Kustomization itself has to be changed first.
    pub(super) fn is_own_met(&self) -> bool {
        let (drops, gets) = (self.drops_decryption, self.uses_global_key);
        self.labels.is_empty() && !drops && !gets && self.drops_sources.is_empty() && self.inlined.is_empty()
    }
}

/// One Flux Kustomization on its way to another namespace.
pub(super) struct Asking<'w, 'v> {
    pub(super) world: &'w World<'v>,
    pub(super) settings: &'w FluxMoveSettings,
    pub(super) candidate: &'w Candidate,
    pub(super) id: KustomizationId,
    pub(super) one: &'v FluxKustomization,
    pub(super) to: &'w str,
}

/// What a candidate needs in every cluster that applies it.
pub(super) fn needs(world: &World<'_>, settings: &FluxMoveSettings, candidate: &Candidate, to: &str) -> Needs {
    // Under another name it finds all that it finds now.
    if to == candidate.from {
        return Needs::default();
    }
    let needs_of = |id: &KustomizationId| {
        let one = &world.view.graph().kustomizations[*id];
        Asking { world, settings, candidate, id: *id, one, to }.needs()
    };
    let mut of_each = candidate.ids.iter().map(needs_of);
    let mut all = of_each.next().unwrap_or_default();
    for needs in of_each {
        if !all.has_same_text(&needs) {
            let message = format!("{}: the clusters that apply it need other fields in this one text", candidate.name);
            all.findings.push(candidate.finding(world.view, || Finding::error(codes::NEEDS_DIFFER, message)));
        }
        all.includes.extend(needs.includes);
        all.findings.extend(needs.findings);
    }
    all.findings.dedup();
    all
}

impl Asking<'_, '_> {
    pub(super) fn error(&self, code: &'static Code, message: String) -> Finding {
        self.candidate.finding(self.world.view, || Finding::error(code, message))
    }

    /// Whether the new namespace has the same as the old one, or gets it by a Component.
    pub(super) fn has(&self, kind: &str, name: &str) -> bool {
        let is_same = || {
            let old = &self.candidate.from;
            kind == "ServiceAccount" || self.world.is_same(self.one.cluster, (kind, name), old, self.to)
        };
        let is_there = self.world.has((self.one.cluster, self.id), kind, self.to, name);
        if is_there { is_same() } else { self.include(kind, name).is_some() }
    }

    /// The Component that brings something into the new namespace, if that is asked for.
    fn include(&self, kind: &str, name: &str) -> Option<Include> {
        let is_key = kind == "Secret" && Named::of(&self.one.object).key.as_deref() == Some(name);
        let is_asked = (is_key && self.settings.decryption == Decryption::Component)
            || (!is_key && self.settings.substitutions == Substitutions::Component);
        carrier(self.world, (self.one, &self.candidate.from), self.reach().filter(|_| is_asked)?, self.to, (kind, name))
    }

    /// The Components that are not included yet.
    fn includes(&self, left: &Named) -> BTreeSet<Include> {
        let key = left.key.iter().map(|key| ("Secret", &**key));
        let sources = left.sources.iter().map(|source| (&*source.kind, &*source.name));
        let is_missing =
            |(kind, name): &(&str, &str)| !self.world.has((self.one.cluster, self.id), kind, self.to, name);
        key.chain(sources).filter(is_missing).filter_map(|(kind, name)| self.include(kind, name)).collect()
    }

    fn needs(&self) -> Needs {
        let mut needs = Needs { findings: self.controllers(), ..Needs::default() };
        let arrives = Named::of(&self.one.object);
        let (object, labels) = match self.scoped(&arrives) {
            Ok(scoped) => scoped,
            Err(reason) => return Needs { findings: vec![reason], ..needs },
        };
        needs.labels = labels;
        let left = Named::of(&object);
        needs.includes = self.includes(&left);
        self.decryption(&left, &mut needs);
        self.substitutions(&object, &left, &mut needs);
        let name = self.one.full_name();
        for account in left.accounts.iter().filter(|account| !self.has("ServiceAccount", account)) {
            let message = format!("{name} acts as ServiceAccount {account}, which {} does not have", self.to);
            needs.findings.push(self.error(codes::NEEDS_ACCOUNT, message));
        }
        for (kind, of) in left.kubeconfig.iter().filter(|(kind, of)| !self.has(kind, of)) {
            let message = format!("{name} reads its kubeConfig from {kind} {of}, which {} does not have", self.to);
            needs.findings.push(self.error(codes::NEEDS_KUBECONFIG, message));
        }
        needs
    }

    /// Why controllers would not take it.
    fn controllers(&self) -> Vec<Finding> {
        let cluster = &self.world.view.graph().clusters[self.one.cluster];
        let mut found = Vec::new();
        let is_narrow = |controller: &str| {
            let narrow = Flag::WatchAllNamespaces(false);
            cluster.controller_flags.iter().any(|shown| shown.controller == controller && shown.flag == narrow)
        };
        if is_narrow("kustomize-controller") {
            let message = "kustomize-controller reads one namespace alone".to_owned();
            found.push(self.error(codes::ONE_NAMESPACE, message));
        }
        let is_elsewhere = self.one.source.namespace.as_deref() != Some(self.to);
        if cluster.refuses_cross_namespace_refs("kustomize-controller") && is_elsewhere {
            let message = format!("kustomize-controller takes no {} of another namespace", self.one.source.kind);
            found.push(self.error(codes::CROSS_NAMESPACE, message));
        }
        found
    }

    /// The object without the patches that give what the new namespace does not have, and the labels that
    /// let it out of them; as it arrives, if it has all that it names.
    fn scoped(&self, arrives: &Named) -> Result<(Value, BTreeSet<(String, String)>), Finding> {
        let is_missing = arrives.key.as_ref().is_some_and(|key| !self.has("Secret", key))
            || arrives.sources.iter().any(|source| !self.has(&source.kind, &source.name));
        let as_it_is = || (self.one.object.clone(), BTreeSet::new());
        let Some(reach) = self.reach().filter(|_| is_missing && self.settings.injections == Injections::Label) else {
            return Ok(as_it_is());
        };
        let (injecting, others): (Vec<_>, Vec<_>) = reach.patches.iter().partition(|patch| injects(patch));
        if injecting.is_empty() {
            return Ok(as_it_is());
        }
        let refuse = |patch: &Patch, why: &str| {
            let place = format!("{}:{}", patch.path, patch.line);
            let message = format!("the patch at {place} acts on {}, and {why}", self.one.full_name());
            self.error(codes::INJECTION, message)
        };
        let mut labels = BTreeSet::new();
        for patch in injecting {
            if !gives_only_these(patch) {
                return Err(refuse(patch, "it gives more than a key and variables"));
            }
            labels.insert(patch.let_out_by().ok_or_else(|| refuse(patch, "no label lets out of it"))?);
        }
        let root = self.world.view.node(&self.candidate.at).and_then(Value::of);
        let mut object = root.ok_or_else(|| self.error(codes::INJECTION, "its file cannot be read".to_owned()))?;
        for patch in others {
            patch.apply(&mut object);
        }
        if let Some(parent) = self.one.parent.map(|parent| &self.world.view.graph().kustomizations[parent]) {
            object.map_text(&|text| parent.variables.substitute(text));
        }
        Ok((object, labels))
    }

    fn reach(&self) -> Option<&Reach> {
        let reaches = self.world.view.graph().reaches(&self.candidate.at);
        reaches.iter().find(|reach| Some(reach.kustomization) == self.one.parent)
    }
}

/// Whether a patch gives a key or variables.
pub(super) fn injects(patch: &Patch) -> bool {
    patch.changes_fields(&["decryption", "postBuild"])
}

/// Whether a patch gives nothing else.
pub(super) fn gives_only_these(patch: &Patch) -> bool {
    let Some(merged) = patch.merges() else { return false };
    let spec = merged.get("spec").map_or(&[][..], Value::entries);
    let of_build = merged.at(&["spec", "postBuild"]).map_or(&[][..], Value::entries);
    let is_identity = |key: &str| ["name", "namespace"].contains(&key);
    merged.at(&["metadata"]).map_or(&[][..], Value::entries).iter().all(|(key, _)| is_identity(key))
        && spec.iter().all(|(key, _)| key == "decryption" || key == "postBuild")
        && of_build.iter().all(|(key, _)| key == "substituteFrom")
}
