//! What becomes of a key and of variables that the new namespace does not have, in this order: what nothing
//! uses goes; what the configuration allows takes its place; else the move is refused. Secrets are never
//! copied: SOPS seals the namespace of what it encrypts.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::named::{Named, Source};
use super::needs::{Asking, Needs};
use super::settings::{Decryption, Substitutions};
use super::texts::{InBuild, encrypted_in, variables_in};
use crate::flux::{Flag, Value};
use crate::plan::Finding;

/// From this Flux 2 on kustomize-controller takes `--sops-age-secret`.
const GLOBAL_KEY_SINCE: u32 = 7;

/// What `spec` says of variables.
struct Variables<'a> {
    /// Its own, in `substitute`.
    own: &'a [(String, Value)],
    /// The sources that the new namespace has.
    stay: Vec<&'a Source>,
    /// Those that go.
    gone: Vec<&'a Source>,
    /// All of them as they are now, in order.
    before: &'a [Source],
    /// Whether substitution runs without any.
    always: bool,
}

impl Asking<'_, '_> {
    pub(super) fn decryption(&self, left: &Named, needs: &mut Needs) {
        let before = Named::of(&self.one.object).key;
        let takes_away = left.key.is_none() && before.is_some();
        let missing = left.key.as_ref().filter(|key| !self.has("Secret", key));
        if !takes_away && missing.is_none() {
            return;
        }
        let name = self.one.full_name();
        match (encrypted_in(self.world, self.id), missing) {
            (None, missing) => needs.drops_decryption = missing.is_some(),
            (Some(_), _) if self.has_global_key() => needs.uses_global_key = true,
            (Some(path), Some(key)) => {
                let message = format!("{name} builds {path}, and Secret {key} is not in {}", self.to);
                needs.findings.push(self.error(codes::NEEDS_DECRYPTION, message));
            }
            (Some(path), None) => {
                let message = format!("{name} builds {path}, and without the patch it has no key");
                needs.findings.push(self.error(codes::NEEDS_DECRYPTION, message));
            }
        }
    }

    /// Whether the controller has a key for all namespaces, and it is to be used. It does where SOPS
    /// decrypts and no Secret is named (docs/flux-and-kustomize.md#names-and-namespaces-of-references).
    fn has_global_key(&self) -> bool {
        let cluster = &self.world.view.graph().clusters[self.one.cluster];
        let is_set = cluster.controller_flags.iter().any(|shown| shown.flag == Flag::SopsAgeSecret);
        let is_sops = self.one.object.text_at(&["spec", "decryption", "provider"]) == Some("sops");
        let knows_it = cluster.flux.is_some_and(|flux| flux.is_at_least(GLOBAL_KEY_SINCE));
        self.settings.decryption == Decryption::GlobalAge && is_set && is_sops && knows_it
    }

    /// Which sources of variables go, and what that does to what is built.
    pub(super) fn substitutions(&self, object: &Value, left: &Named, needs: &mut Needs) {
        let before = Named::of(&self.one.object).sources;
        let is_there = |source: &&Source| self.has(&source.kind, &source.name);
        let (stay, absent): (Vec<&Source>, Vec<_>) = left.sources.iter().partition(is_there);
        needs.drops_sources.extend(absent.iter().map(|source| (source.kind.clone(), source.name.clone())));
        let variables = Variables {
            own: object.at(&["spec", "postBuild", "substitute"]).map_or(&[][..], Value::entries),
            gone: before.iter().filter(|source| !stay.contains(source)).collect(),
            before: &before,
            always: object.text_at(&["spec", "postBuild", "substituteStrategy"]) == Some("Always"),
            stay,
        };
        if variables.gone.is_empty() {
            return;
        }
        let build = variables_in(self.world, self.id);
        if self.settings.substitutions == Substitutions::Inline {
            needs.inlined = self.inlined(&variables, &build);
        }
        self.uses(&variables, &build, needs);
        if let Some(text) = build.remote {
            let message = format!("{text} is not in this repository, and may have variables in it, or be encrypted");
            let finding =
                self.candidate.finding(self.world.view, || Finding::warning(codes::SUBSTITUTION_ENDS, message));
            needs.findings.push(finding);
        }
    }

    /// What a source has, by key; `None` if it is not in this tree.
    fn data(&self, source: &Source) -> Option<&BTreeMap<String, String>> {
        self.world.data(self.one.cluster, &source.kind, &self.candidate.from, &source.name)
    }

    /// Whether a variable keeps its value: its own wins over all, and of several sources the last counts
    /// (docs/flux-and-kustomize.md#variables).
    fn is_given(&self, variables: &Variables<'_>, variable: &str) -> bool {
        let may_have = |source: &&Source| self.data(source).is_none_or(|data| data.contains_key(variable));
        let has = |source: &&Source| self.data(source).is_some_and(|data| data.contains_key(variable));
        let last = || variables.before.iter().rfind(may_have).filter(has);
        variables.own.iter().any(|(key, _)| key == variable)
            || last().is_some_and(|source| variables.stay.contains(&source))
    }

    /// The variables of ConfigMaps that are used, with their values: those of which it is certain what they
    /// are.
    fn inlined(&self, variables: &Variables<'_>, build: &InBuild) -> BTreeMap<String, String> {
        let value = |variable: &String| {
            let has = |source: &&&Source| self.data(source).is_none_or(|data| data.contains_key(variable));
            let source = variables.gone.iter().rfind(has)?;
            let is_certain = source.kind == "ConfigMap"
                && !self.is_given(variables, variable)
                && !self.world.view.may_patch("ConfigMap", &source.name);
            let value = self.data(source)?.get(variable)?;
            (is_certain && !value.contains('$')).then(|| (variable.clone(), value.clone()))
        };
        build.places.keys().filter_map(value).collect()
    }

    /// What there is to say about each variable in a build.
    fn uses(&self, variables: &Variables<'_>, build: &InBuild, needs: &mut Needs) {
        let inlined: BTreeSet<&String> = needs.inlined.keys().collect();
        let has_any =
            !variables.own.is_empty() || !variables.stay.is_empty() || variables.always || !inlined.is_empty();
        let gone = || variables.gone.iter();
        for (variable, (path, line)) in &build.places {
            let known = gone().find(|source| self.data(source).is_some_and(|data| data.contains_key(variable)));
            let unknown = || gone().filter(|source| self.data(source).is_none());
            let required = unknown().find(|source| !source.is_optional);
            // An optional one that is not here is usually nowhere, and then a default holds.
            let optional = unknown().next().filter(|_| build.without_default.contains(variable));
            let is_escape = variable == "$";
            let shown = if is_escape { "$$".to_owned() } else { format!("${{{variable}}}") };
            let is_given = inlined.contains(variable) || self.is_given(variables, variable);
            let finding = match (known.or(required), optional) {
                _ if is_given || is_escape && has_any => continue,
                (Some(Source { kind, name, .. }), _) if !is_escape => {
                    let message = format!("{shown} may come from {kind} {name}, which {} does not have", self.to);
                    Finding::error(codes::NEEDS_SUBSTITUTIONS, message)
                }
                (_, Some(Source { kind, name, .. })) if !is_escape => {
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
    }
}
