//! Where a consumer names its Components: in its file, or in the Flux Kustomizations that build it.

use std::collections::BTreeMap;

use super::find::Found;
use super::pair::Counterpart;
use super::settings::Destination;
use super::switch::{Named, insert, list};
use super::template::{Consumer, Templates};
use crate::flux::{FluxKustomization, Value};
use crate::plan::author::Edits;
use crate::plan::{Effect, Finding, Outcome};
use crate::repo::RepoPath;
use crate::yaml::{Attached, Edit, Error, Fate, Node, Place};

const COMPONENTS: &str = "components";

impl<'v> Found<'v> {
    /// The Flux Kustomizations that name the Components of a consumer, each object once. None where
    /// the consumer names them itself: because of the configuration, because nothing would be left
    /// in it, or because a cluster includes it by another way than `spec.path`.
    pub(super) fn named_by(&self, consumer: &Consumer<'_>) -> Vec<&'v FluxKustomization> {
        let kustomization = consumer.kustomization;
        let is_wanted = self.settings.destination == Destination::FluxKustomization;
        let is_emptied =
            kustomization.resources.len() == consumer.references.len() && kustomization.generators.is_empty();
        if !is_wanted || (is_emptied && kustomization.components.is_empty()) {
            return Vec::new();
        }
        let view = self.view;
        let mut named = BTreeMap::new();
        for applier in self.appliers_of(consumer).map(|id| &view.graph().kustomizations[id]) {
            let path = applier.path.as_ref().and_then(|path| view.tree().follow(path));
            let can_be_edited = view.object(&applier.at).is_some_and(|object| object.is_flux_kustomization())
                && view.barred(&applier.at.path).is_none()
                && view.node(&applier.at).and_then(|root| root.own_entry("spec")).is_some();
            if path != Some(kustomization.dir()) || !can_be_edited {
                return Vec::new();
            }
            // Several clusters may apply one object; its path must be the same in all of them.
            let first = *named.entry(applier.at.clone()).or_insert(applier);
            if first.path != applier.path {
                return Vec::new();
            }
        }
        named.into_values().collect()
    }

    /// The files that change when a consumer names Components.
    pub(super) fn files_with_components(&self, consumer: &Consumer<'_>) -> impl Iterator<Item = RepoPath> {
        let in_flux = self.named_by(consumer).into_iter().map(|flux| flux.at.path.clone());
        in_flux.chain([consumer.kustomization.path.clone()])
    }

    /// What changes in the Flux Kustomizations that name the Components of a consumer.
    pub(super) fn effects_in_flux(&self, consumer: &Consumer<'_>, added: &[&Counterpart]) -> Vec<Effect> {
        let graph = self.view.graph();
        let named_by = self.named_by(consumer);
        // Several clusters may apply one object.
        let applied = graph.kustomizations.iter().filter(|applied| named_by.iter().any(|flux| flux.at == applied.at));
        let effect = |flux: &FluxKustomization| {
            let before = flux.object.at(&["spec", COMPONENTS]);
            let listed = before.map_or(&[][..], Value::items).iter().filter_map(Value::text).map(str::to_owned);
            let after: Vec<String> = listed.chain(added.iter().map(|new| new.dir.seen_from(start_of(flux)))).collect();
            Effect {
                cluster: graph.clusters[flux.cluster].name.clone(),
                object: format!("Kustomization {}", flux.full_name()),
                field: "spec.components".to_owned(),
                before: before.map_or_else(|| "absent".to_owned(), Value::shown),
                after: format!("[{}]", after.join(", ")),
                outcome: Outcome::Changes,
            }
        };
        applied.map(effect).collect()
    }

    /// Where a Component goes in a list of others: to the end, or to the front. Promoted templates
    /// land in any order, so among each other they are sorted.
    pub(super) fn position(&self, list: &[Option<RepoPath>], new: Option<&RepoPath>, at_front: bool) -> usize {
        let templates = Templates::of(self.settings);
        let is_promoted = |dir: Option<&RepoPath>| dir.is_some_and(|dir| templates.root_of(dir).is_some());
        let comes_before = |dir: &&Option<RepoPath>, before: bool| {
            is_promoted(new) && is_promoted(dir.as_ref()) && (dir.as_ref() < new) == before
        };
        if at_front {
            list.iter().take_while(|dir| comes_before(dir, true)).count()
        } else {
            list.len() - list.iter().rev().take_while(|dir| comes_before(dir, false)).count()
        }
    }

    /// Adds Components to `spec.components` of a Flux Kustomization, which is relative to
    /// `spec.path` (`docs/flux-and-kustomize.md#what-spec-adds-to-the-build`).
    pub(super) fn name_in_flux<'n>(
        &self,
        edits: &mut Edits<'v>,
        flux: &FluxKustomization,
        dirs: impl Iterator<Item = (&'n RepoPath, &'n Attached)>,
    ) -> Result<(), Finding> {
        let start = start_of(flux);
        let named: Vec<Named> = dirs.map(|(dir, comments)| (dir.seen_from(start), comments.clone())).collect();
        edits.object(&flux.at, |edit, root| {
            let (_, spec) = root.own_entry("spec").expect("it was seen to have a spec");
            self.add_components(edit, spec, start, &named)
        })
    }

    fn add_components(
        &self,
        edit: &mut Edit<'v>,
        spec: Node<'v>,
        start: &RepoPath,
        named: &[Named],
    ) -> Result<(), Error> {
        match spec.own_entry(COMPONENTS).map(|(_, value)| value) {
            Some(there) if there.items().next().is_none() => edit.set(there, &list(named), |_| Fate::Moved),
            Some(there) => {
                let listed: Vec<_> = there.items().map(|item| start.join(item.text()?)).collect();
                named.iter().try_for_each(|named| {
                    let position = self.position(&listed, start.join(&named.0).as_ref(), false);
                    insert(edit, there, position, named)
                })
            }
            None => {
                let keys: Vec<&str> = spec.entries().filter_map(|(key, _)| key.text()).collect();
                edit.insert_entry(spec, place(&keys), COMPONENTS, &list(named))
            }
        }
    }
}

/// The directory that `spec.components` of a Flux Kustomization starts from.
fn start_of(flux: &FluxKustomization) -> &RepoPath {
    flux.path.as_ref().expect("a Kustomization whose path is a consumer has one")
}

/// Where `components` goes in a spec: in alphabetical order if its keys are, else after `path`.
fn place<'k>(keys: &[&'k str]) -> Place<'k> {
    match keys.iter().find(|key| **key > COMPONENTS) {
        Some(next) if keys.is_sorted() => Place::Before(next),
        None if keys.is_sorted() => Place::Last,
        _ if keys.contains(&"path") => Place::After("path"),
        _ => Place::Last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_go_by_the_alphabet_or_after_the_path() {
        assert_eq!(place(&["commonMetadata", "interval", "path"]), Place::Before("interval"));
        assert_eq!(place(&["commonMetadata"]), Place::Last);
        assert_eq!(place(&["interval", "path", "dependsOn"]), Place::After("path"));
        assert_eq!(place(&["interval", "chart", "dependsOn"]), Place::Last);
    }
}
