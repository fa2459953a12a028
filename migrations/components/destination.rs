//! Where a consumer names its Components: in its own file, or in the Flux Kustomizations whose path it is.

use std::collections::BTreeMap;

use super::pair::Counterpart;
use super::settings::Destination;
use super::survey::Found;
use super::template::Consumer;
use crate::flux::{FluxKustomization, Value};
use crate::plan::author::refused_edit;
use crate::plan::{Effect, Finding, Outcome};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{Edit, Error, Fate, New, Node, Place};

const COMPONENTS: &str = "components";

impl<'v> Found<'v> {
    /// The Flux Kustomizations that name the Components of a consumer, each object once. None, where it names them itself: because the
    /// configuration says so, because nothing would be left in it, or because some cluster takes it in by another way than `spec.path`.
    pub(super) fn named_by(&self, consumer: &Consumer<'_>) -> Vec<&'v FluxKustomization> {
        let own = consumer.kustomization;
        let is_wanted = self.settings.destination == Destination::FluxKustomization;
        let is_emptied = own.resources.len() == consumer.references.len() && own.generators.is_empty();
        if !is_wanted || (is_emptied && own.components.is_empty()) {
            return Vec::new();
        }
        let view = self.view;
        let appliers = self.appliers_of(consumer).map(|id| &view.graph().kustomizations[id]);
        let mut named = BTreeMap::new();
        for applier in appliers {
            let path = applier.path.as_ref().and_then(|path| view.tree().follow(path));
            let states = view.object(&applier.at).is_some_and(|object| object.is_flux_kustomization())
                && view.barred(&applier.at.path).is_none()
                && view.node(&applier.at).and_then(|root| root.own_entry("spec")).is_some();
            if path != Some(own.dir()) || !states {
                return Vec::new();
            }
            // One object may be several in as many clusters; what it says of its path must be one.
            let first = *named.entry(applier.at.clone()).or_insert(applier);
            if first.path != applier.path {
                return Vec::new();
            }
        }
        named.into_values().collect()
    }

    /// What becomes of the Flux Kustomizations that name the Components of a consumer.
    pub(super) fn in_flux(&self, consumer: &Consumer<'_>, named: &[&Counterpart]) -> Vec<Effect> {
        let graph = self.view.graph();
        let owners = self.named_by(consumer);
        // One object may be several in as many clusters.
        let all = graph.kustomizations.iter().filter(|own| owners.iter().any(|owner| owner.at == own.at));
        let effect = |own: &FluxKustomization| {
            let from = own.path.as_ref().expect("a Kustomization whose path is a consumer has one");
            let before = own.object.at(&["spec", "components"]);
            let there = before.map_or(&[][..], Value::items).iter().filter_map(Value::text).map(str::to_owned);
            let after: Vec<String> = there.chain(named.iter().map(|new| new.dir.seen_from(from))).collect();
            Effect {
                cluster: graph.clusters[own.cluster].name.clone(),
                object: format!("Kustomization {}", own.full_name()),
                field: "spec.components".to_owned(),
                before: before.map_or_else(|| "absent".to_owned(), Value::shown),
                after: format!("[{}]", after.join(", ")),
                outcome: Outcome::Changes,
            }
        };
        all.map(effect).collect()
    }
}

/// Names Components in `spec.components`, which is relative to `spec.path`
/// (`docs/flux-and-kustomize.md#what-spec-adds-to-the-build`).
pub(super) fn name_in_flux(
    found: &Found<'_>,
    named: &[(&FluxKustomization, Vec<RepoPath>)],
    changes: &mut Changes,
) -> Result<(), Finding> {
    let view = found.view;
    let mut by_file: BTreeMap<&RepoPath, Vec<&(&FluxKustomization, Vec<RepoPath>)>> = BTreeMap::new();
    for own in named {
        by_file.entry(&own.0.at.path).or_default().push(own);
    }
    for (path, owners) in by_file {
        let stream = view.file(path).and_then(|file| file.stream.as_ref()).expect("its objects were read");
        let mut edit = Edit::of(stream).in_order();
        for (owner, dirs) in owners {
            let refuse = |error: Error| refused_edit(path, &error);
            let from = owner.path.as_ref().expect("a Kustomization whose path is a consumer has one");
            let root = view.node(&owner.at).expect("the object was read");
            let (_, spec) = root.own_entry("spec").expect("it was seen to have a spec");
            add(found, &mut edit, spec, from, dirs).map_err(refuse)?;
        }
        let edited = edit.finish().map_err(|error| refused_edit(path, &error))?;
        changes.set(path.clone(), Change::Edit(edited.splices));
    }
    Ok(())
}

/// Adds to the list of a spec whose path is `from`.
fn add<'s>(
    found: &Found<'_>,
    edit: &mut Edit<'s>,
    spec: Node<'s>,
    from: &RepoPath,
    dirs: &[RepoPath],
) -> Result<(), Error> {
    let new = |dir: &RepoPath| New::string(dir.seen_from(from));
    let list = New::Sequence(dirs.iter().map(new).collect());
    match spec.own_entry(COMPONENTS).map(|(_, value)| value) {
        Some(there) if there.items().next().is_none() => edit.set(there, &list, |_| Fate::Moved),
        Some(there) => {
            let listed: Vec<_> = there.items().map(|item| from.join(item.text()?)).collect();
            dirs.iter().try_for_each(|dir| edit.insert_item(there, found.place(&listed, Some(dir), false), &new(dir)))
        }
        None => {
            let keys: Vec<&str> = spec.entries().filter_map(|(key, _)| key.text()).collect();
            edit.insert_entry(spec, place(&keys), COMPONENTS, &list)
        }
    }
}

/// Where `components` goes in a spec: by the alphabet where its keys stand so, else behind the path that it starts from.
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
    fn components_go_by_the_alphabet_or_behind_the_path() {
        assert_eq!(place(&["commonMetadata", "interval", "path"]), Place::Before("interval"));
        assert_eq!(place(&["commonMetadata"]), Place::Last);
        assert_eq!(place(&["interval", "path", "dependsOn"]), Place::After("path"));
        assert_eq!(place(&["interval", "chart", "dependsOn"]), Place::Last);
    }
}
