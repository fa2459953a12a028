//! What a Flux Kustomization needs in the namespace where it goes, and what becomes of what is not there.
//!
//! What arrives decides, not what a file states: a patch of a parent may give a key and variables to all
//! its children. Such a patch lets out what has a label, if its target says so.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::codes;
use super::settings::{FluxMoveSettings, Injections};
use super::texts::{encrypted_in, variables_in};
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
    /// The names of its own `substituteFrom` that go: kind and name.
    pub(super) drops_sources: BTreeSet<(String, String)>,
    /// Why it cannot move, or why to look first.
    pub(super) findings: Vec<Finding>,
}

impl Needs {
    /// Whether nothing has to be changed first.
    pub(super) fn is_met(&self) -> bool {
        self.labels.is_empty() && !self.drops_decryption && self.drops_sources.is_empty()
    }
}

/// What `spec` names in its own namespace.
#[derive(Clone, Debug, Default)]
struct Named {
    key: Option<String>,
    accounts: BTreeSet<String>,
    sources: BTreeSet<(String, String, bool)>,
    kubeconfig: BTreeSet<(String, String)>,
}

impl Named {
    fn of(object: &Value) -> Named {
        let text = |path: &[&str]| object.text_at(path).map(str::to_owned);
        let items = object.at(&["spec", "postBuild", "substituteFrom"]).map_or(&[][..], Value::items);
        let source = |item: &Value| {
            let is_optional = item.get("optional").is_some_and(Value::is_true);
            Some((item.text_at(&["kind"])?.to_owned(), item.text_at(&["name"])?.to_owned(), is_optional))
        };
        let of_kubeconfig = [("secretRef", "Secret"), ("configMapRef", "ConfigMap")];
        let kubeconfig = of_kubeconfig
            .iter()
            .filter_map(|(field, kind)| Some(((*kind).to_owned(), text(&["spec", "kubeConfig", field, "name"])?)));
        Named {
            key: text(&["spec", "decryption", "secretRef", "name"]),
            accounts: [text(&["spec", "serviceAccountName"]), text(&["spec", "decryption", "serviceAccountName"])]
                .into_iter()
                .flatten()
                .collect(),
            sources: items.iter().filter_map(source).collect(),
            kubeconfig: kubeconfig.collect(),
        }
    }
}

/// One Flux Kustomization on its way to another namespace.
struct Asking<'w, 'v> {
    world: &'w World<'v>,
    settings: &'w FluxMoveSettings,
    candidate: &'w Candidate,
    id: KustomizationId,
    one: &'v FluxKustomization,
    to: &'w str,
}

/// What a candidate needs in every cluster that applies it.
pub(super) fn needs(world: &World<'_>, settings: &FluxMoveSettings, candidate: &Candidate, to: &str) -> Needs {
    let mut all = Needs::default();
    for id in &candidate.ids {
        let one = &world.view.graph().kustomizations[*id];
        let needs = Asking { world, settings, candidate, id: *id, one, to }.needs();
        all.labels.extend(needs.labels);
        all.drops_decryption |= needs.drops_decryption;
        all.drops_sources.extend(needs.drops_sources);
        all.findings.extend(needs.findings);
    }
    all.findings.dedup();
    all
}

impl Asking<'_, '_> {
    fn error(&self, code: &'static Code, message: String) -> Finding {
        self.candidate.finding(self.world.view, || Finding::error(code, message))
    }

    fn has(&self, kind: &str, name: &str) -> bool {
        let is_same = || {
            let old = &self.candidate.from;
            kind == "ServiceAccount" || self.world.is_same(self.one.cluster, (kind, name), old, self.to)
        };
        self.world.has((self.one.cluster, self.id), kind, self.to, name) && is_same()
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
            || arrives.sources.iter().any(|(kind, name, _)| !self.has(kind, name));
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

    fn decryption(&self, left: &Named, needs: &mut Needs) {
        let takes_away = left.key.is_none() && Named::of(&self.one.object).key.is_some();
        let missing = left.key.as_ref().filter(|key| !self.has("Secret", key));
        if !takes_away && missing.is_none() {
            return;
        }
        let name = self.one.full_name();
        match (encrypted_in(self.world, self.id), missing) {
            (Some(path), Some(key)) => {
                let message = format!("{name} builds {path}, and Secret {key} is not in {}", self.to);
                needs.findings.push(self.error(codes::NEEDS_DECRYPTION, message));
            }
            (Some(path), None) => {
                let message = format!("{name} builds {path}, and without the patch it has no key");
                needs.findings.push(self.error(codes::NEEDS_DECRYPTION, message));
            }
            (None, missing) => needs.drops_decryption = missing.is_some(),
        }
    }

    /// Which sources of variables go, and what that does to what is built.
    fn substitutions(&self, object: &Value, left: &Named, needs: &mut Needs) {
        let before = Named::of(&self.one.object).sources;
        let is_there = |(kind, name, _): &&(String, String, bool)| self.has(kind, name);
        let (stay, absent): (Vec<_>, Vec<_>) = left.sources.iter().partition(is_there);
        needs.drops_sources.extend(absent.iter().map(|(kind, name, _)| (kind.clone(), name.clone())));
        let gone: Vec<&(String, String, bool)> = before.iter().filter(|source| !stay.contains(source)).collect();
        if gone.is_empty() {
            return;
        }
        let own = object.at(&["spec", "postBuild", "substitute"]).map_or(&[][..], Value::entries);
        let has_any = !own.is_empty()
            || !stay.is_empty()
            || object.text_at(&["spec", "postBuild", "substituteStrategy"]) == Some("Always");
        let keys = |(kind, name, _): &(String, String, bool)| {
            self.world.data(self.one.cluster, kind, &self.candidate.from, name)
        };
        let is_given = |variable: &str| {
            own.iter().any(|(key, _)| key == variable)
                || stay.iter().any(|source| keys(source).is_some_and(|keys| keys.contains_key(variable)))
        };
        let build = variables_in(self.world, self.id);
        for (variable, (path, line)) in &build.places {
            let known = gone.iter().find(|source| keys(source).is_some_and(|keys| keys.contains_key(variable)));
            let unknown = gone.iter().filter(|source| keys(source).is_none());
            let required = unknown.clone().find(|(.., is_optional)| !is_optional);
            // An optional one that is not here is usually nowhere, and then a default holds.
            let optional = unknown.clone().next().filter(|_| build.without_default.contains(variable));
            let is_escape = variable == "$";
            let shown = if is_escape { "$$".to_owned() } else { format!("${{{variable}}}") };
            let finding = match (known.or(required), optional) {
                _ if is_given(variable) || is_escape && has_any => continue,
                (Some((kind, name, _)), _) if !is_escape => {
                    let message = format!("{shown} may come from {kind} {name}, which {} does not have", self.to);
                    Finding::error(codes::NEEDS_SUBSTITUTIONS, message)
                }
                (_, Some((kind, name, _))) if !is_escape => {
                    let message = format!("{shown} may come from {kind} {name}, which is not in this repository");
                    Finding::warning(codes::SUBSTITUTION_ENDS, message)
                }
                _ if has_any => continue,
                _ => {
                    let message = format!("{shown} stays as it is written: no variable is left");
                    Finding::warning(codes::SUBSTITUTION_ENDS, message)
                }
            };
            needs.findings.push(finding.at(path, *line));
        }
        if let Some(text) = build.remote {
            let message = format!("{text} is not in this repository, and may have variables in it, or be encrypted");
            let finding =
                self.candidate.finding(self.world.view, || Finding::warning(codes::SUBSTITUTION_ENDS, message));
            needs.findings.push(finding);
        }
    }
}

/// Whether a patch gives a key or variables.
fn injects(patch: &Patch) -> bool {
    patch.changes_fields(&["decryption", "postBuild"])
}

/// Whether a patch gives nothing else.
fn gives_only_these(patch: &Patch) -> bool {
    let Some(merged) = patch.merges() else { return false };
    let spec = merged.get("spec").map_or(&[][..], Value::entries);
    let of_build = merged.at(&["spec", "postBuild"]).map_or(&[][..], Value::entries);
    let is_identity = |key: &str| ["name", "namespace"].contains(&key);
    merged.at(&["metadata"]).map_or(&[][..], Value::entries).iter().all(|(key, _)| is_identity(key))
        && spec.iter().all(|(key, _)| key == "decryption" || key == "postBuild")
        && of_build.iter().all(|(key, _)| key == "substituteFrom")
}
