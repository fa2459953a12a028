//! What the tree shows besides that would make a switch dangerous, though it is not part of it.

use std::collections::BTreeSet;

use super::settings::Destination;
use super::survey::Found;
use super::template::{Consumer, Reference};
use super::unit::is_claim;
use super::{codes, finding};
use crate::flux::{Followed, FollowedBranch, Patch, States, Value};
use crate::plan::{Finding, Severity};

/// Flux Kustomizations that stand in another namespace than on the branch that their cluster
/// follows, and hold claims (`docs/hazards.md#c8`): moving one deletes all that it applied, claims
/// included, and makes it anew.
pub(super) fn moved_claims(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
    let graph = found.view.graph();
    let Some(following) = found.view.followed() else { return Vec::new() };
    let mut said = BTreeSet::new();
    for id in found.appliers_of(consumer) {
        let own = &graph.kustomizations[id];
        let cluster = &graph.clusters[own.cluster];
        let Some(Followed::Here(FollowedBranch { states: States::Own { kustomizations, .. }, reference, .. })) =
            following.of(cluster)
        else {
            continue;
        };
        let is_there = kustomizations.contains(&(own.namespace.clone(), own.name.clone()));
        let Some((before, _)) = kustomizations.iter().find(|(_, name)| *name == own.name).filter(|_| !is_there) else {
            continue;
        };
        let mut applied =
            graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.kustomization == id);
        if applied.any(|reach| is_claim(&reach.kind)) {
            said.insert(format!(
                "{} is {before}/{} on {reference}, which cluster {} follows: the move deletes what it applied, claims included",
                own.full_name(),
                own.name,
                cluster.name
            ));
        }
    }
    let (path, line) = (&consumer.kustomization.path, references.first().map(|own| own.line));
    said.into_iter().map(|message| finding(Severity::Warning, codes::CLAIMS_MOVED, path, line, message)).collect()
}

/// Patches of Flux Kustomizations that put a list of their own in the place of `spec.components`
/// (`docs/hazards.md#c10`), where entries of ours would be lost.
pub(super) fn replaced_lists(found: &Found<'_>) -> Vec<Finding> {
    if found.settings.destination != Destination::FluxKustomization {
        return Vec::new();
    }
    let graph = found.view.graph();
    let objects = graph.kustomizations.iter().flat_map(|own| graph.reaches(&own.at));
    let of_kustomizations = objects.filter(|reach| reach.kind == "Kustomization");
    let patches = of_kustomizations.flat_map(|reach| &reach.patches).filter(|patch| replaces_components(patch));
    let places: BTreeSet<_> = patches.map(|patch| (patch.path.clone(), patch.line)).collect();
    let say = |(path, line)| {
        let message =
            "this patch puts a list in the place of spec.components, and what stands there is lost".to_owned();
        finding(Severity::Warning, codes::LIST_REPLACED, &path, Some(line), message)
    };
    places.into_iter().map(say).collect()
}

/// Whether of an entry that is there nothing is left.
fn replaces_components(patch: &Patch) -> bool {
    let ours = Value::string("ours");
    let list = Value::Mapping(vec![("components".to_owned(), Value::Sequence(vec![ours.clone()]))]);
    let mut object = Value::Mapping(vec![("spec".to_owned(), list)]);
    patch.apply(&mut object);
    !object.at(&["spec", "components"]).is_some_and(|list| list.items().contains(&ours))
}
