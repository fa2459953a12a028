//! What else in the tree would make a switch dangerous.

use std::collections::BTreeSet;

use super::codes;
use super::find::Found;
use super::protect::is_claim;
use super::settings::Destination;
use super::template::{Consumer, Reference};
use crate::flux::{Followed, FollowedBranch, KustomizationId, Patch, States, Value};
use crate::plan::Finding;

/// Flux Kustomizations that are in another namespace than on the branch that their cluster follows,
/// and apply claims (`docs/hazards.md#c8`): moving one deletes everything that it applied, claims
/// included, and creates it again.
pub(super) fn moved_claims(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
    let messages: BTreeSet<String> =
        found.appliers_of(consumer).filter_map(|id| moved_with_claims(found, id)).collect();
    let (path, line) = (&consumer.kustomization.path, references.first().map(|reference| reference.line));
    messages.into_iter().map(|message| Finding::warning(codes::CLAIMS_MOVED, message).at(path, line)).collect()
}

fn moved_with_claims(found: &Found<'_>, id: KustomizationId) -> Option<String> {
    let graph = found.view.graph();
    let flux = &graph.kustomizations[id];
    let cluster = &graph.clusters[flux.cluster];
    let Followed::Here(FollowedBranch { states: States::Own { kustomizations, .. }, reference, .. }) =
        found.view.followed()?.of(cluster)?
    else {
        return None;
    };
    let (before, name) = kustomizations.keys().find(|(_, name)| *name == flux.name)?;
    let is_there = kustomizations.contains_key(&(flux.namespace.clone(), flux.name.clone()));
    let mut applied = graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.kustomization == id);
    (!is_there && applied.any(|reach| is_claim(&reach.kind))).then(|| {
        format!(
            "{} is {before}/{name} on {reference}, which cluster {} follows: the move deletes what it applied, \
             claims included",
            flux.full_name(),
            cluster.name
        )
    })
}

/// Patches of Flux Kustomizations that replace the list `spec.components` (`docs/hazards.md#c10`),
/// so that new entries would be lost.
pub(super) fn replaced_lists(found: &Found<'_>) -> Vec<Finding> {
    if found.settings.destination != Destination::FluxKustomization {
        return Vec::new();
    }
    let graph = found.view.graph();
    let reaches = graph.kustomizations.iter().flat_map(|flux| graph.reaches(&flux.at));
    let patches = reaches.filter(|reach| reach.kind == "Kustomization").flat_map(|reach| &reach.patches);
    let places: BTreeSet<_> =
        patches.filter(|patch| replaces_components(patch)).map(|patch| (patch.path.clone(), patch.line)).collect();
    let message = "this patch replaces the list `spec.components`, so entries of the Kustomization itself are lost";
    places.into_iter().map(|(path, line)| Finding::warning(codes::LIST_REPLACED, message).at(&path, line)).collect()
}

/// Whether nothing is left of an entry that is there before the patch.
fn replaces_components(patch: &Patch) -> bool {
    let entry = Value::string("entry");
    let list = Value::Mapping(vec![("components".to_owned(), Value::Sequence(vec![entry.clone()]))]);
    let mut object = Value::Mapping(vec![("spec".to_owned(), list)]);
    patch.apply(&mut object);
    !object.at(&["spec", "components"]).is_some_and(|list| list.items().contains(&entry))
}
