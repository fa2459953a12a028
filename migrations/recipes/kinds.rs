//! The kinds that a recipe is about, and what is known of their fields.

use std::collections::BTreeSet;

use super::RecipeMigration;
use super::documents::Made;
use crate::flux::View;
use crate::recipe::fields::Tables;
use crate::recipe::select::{GroupKind, Select};

/// The fields of the kinds that a recipe names, and of those that it changes in a tree.
pub(super) fn fields<'m, 'v: 'm>(
    migration: &RecipeMigration,
    view: &View,
    made: impl IntoIterator<Item = &'m Made<'v>>,
) -> Tables {
    let recipe = migration.recipe;
    let of_stages = recipe.stages.iter().flat_map(|stage| {
        [&stage.select].into_iter().chain(stage.steps.iter().map(|step| &step.select)).collect::<Vec<&Select>>()
    });
    let named = [&recipe.select].into_iter().chain(of_stages).filter_map(Select::kinds).flatten().cloned();
    let kinds: BTreeSet<GroupKind> = named.chain(made.into_iter().flat_map(changed)).collect();
    migration.schemas.with_crds(view, kinds.iter().map(|kind| (&*kind.group, &*kind.kind)))
}

/// The kinds that the change of a document changes: its own, or those that it is a patch of.
pub(super) fn changed(made: &Made<'_>) -> Vec<GroupKind> {
    let document = &made.document;
    if let Some(object) = document.object {
        return vec![GroupKind::of(&object.api_version, &object.kind)];
    }
    let Some(entry) = document.patch else { return Vec::new() };
    let patched = document.patched().into_iter().filter(|_| !entry.renders());
    let patched: BTreeSet<GroupKind> =
        patched.map(|(_, reach)| GroupKind::of(&reach.api_version, &reach.kind)).collect();
    if !patched.is_empty() {
        return patched.into_iter().collect();
    }
    GroupKind::stated_by(&made.from).into_iter().collect()
}
