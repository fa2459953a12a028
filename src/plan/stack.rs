//! Batches on trees: one on the other, or each by itself.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{Batch, LandError, Migration, UnitId, land, ordered};
use crate::config::Settings;
use crate::flux::View;
use crate::repo::{FileChange, TreeError};

/// A batch, and what it changes on the tree below it.
#[derive(Clone, Debug)]
pub struct Layer<'p> {
    /// The batch.
    pub batch: Batch<'p>,
    /// What changes, by path.
    pub changes: Vec<FileChange>,
}

/// Why batches cannot be stacked, or cannot be independent.
#[derive(Debug, Error)]
pub enum StackError {
    /// Landing failed.
    #[error(transparent)]
    Land(#[from] LandError),
    /// A tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A batch cannot be independent: what it needs lands with another.
    #[error(
        "{batch} cannot have an independent branch: it needs {needed}, which is not merged yet; merge that one first, or omit \
         --independent to stack the branches"
    )]
    NotIndependent {
        /// The batch.
        batch: String,
        /// The batch that it needs.
        needed: String,
    },
    /// A batch would be written differently without those below it.
    #[error(
        "{batch} cannot have an independent branch: {path} would differ from what it is on the stack; omit --independent to \
         stack the branches"
    )]
    Differs {
        /// The batch.
        batch: String,
        /// The file.
        path: crate::repo::RepoPath,
    },
}

/// Lands batches one on the other, in their order.
///
/// # Errors
/// [`StackError`], if a tree cannot be read or a migration breaks its promises.
pub fn stacked<'p>(
    start: &View,
    batches: &[Batch<'p>],
    migrations: &[&dyn Migration],
    settings: &Settings,
) -> Result<Vec<Layer<'p>>, StackError> {
    let mut view = start.clone();
    let mut layers = Vec::new();
    for batch in batches {
        let landed = land(&view, &ordered(&batch.units)?, migrations, settings)?.complete()?;
        let changes = landed.view.tree().changed_since(view.tree())?;
        layers.push(Layer { batch: batch.clone(), changes });
        view = landed.view;
    }
    Ok(layers)
}

/// Sees that each layer of a stack could as well stand on the tree itself, with the same changes.
///
/// # Errors
/// [`StackError::NotIndependent`] and [`StackError::Differs`] for the first that could not.
pub fn independent(
    start: &View,
    layers: &[Layer<'_>],
    migrations: &[&dyn Migration],
    settings: &Settings,
) -> Result<(), StackError> {
    for layer in layers {
        let batch = layer.batch.to_string();
        let needs: BTreeSet<&UnitId> = layer.batch.units.iter().flat_map(|unit| &unit.needs).collect();
        let is_needed = |other: &&Layer<'_>| other.batch.units.iter().any(|unit| needs.contains(&unit.id));
        if let Some(needed) = layers.iter().filter(|other| other.batch.to_string() != batch).find(is_needed) {
            return Err(StackError::NotIndependent { batch, needed: needed.batch.to_string() });
        }
        let alone = stacked(start, std::slice::from_ref(&layer.batch), migrations, settings)?;
        let differs = |change: &&FileChange| !alone[0].changes.contains(change);
        let less = layer.changes.iter().find(differs);
        let more = alone[0].changes.iter().find(|change| !layer.changes.contains(change));
        if let Some(change) = less.or(more) {
            return Err(StackError::Differs { batch, path: change.path.clone() });
        }
    }
    Ok(())
}

/// The batches without those that are left out, and without those that need something of them; for
/// each of these the name of what it waits for.
pub fn without<'p>(
    batches: Vec<Batch<'p>>,
    left_out: &dyn Fn(&Batch<'p>) -> bool,
) -> (Vec<Batch<'p>>, Vec<(Batch<'p>, String)>) {
    let mut missing: Vec<(UnitId, String)> = Vec::new();
    let (mut kept, mut waiting) = (Vec::new(), Vec::new());
    for batch in batches {
        let needs = batch.units.iter().flat_map(|unit| &unit.needs);
        let waits_for = missing
            .iter()
            .find(|(id, _)| needs.clone().any(|need| need == id))
            .map(|(_, batch_name)| batch_name.clone());
        let is_left_out = left_out(&batch);
        if is_left_out || waits_for.is_some() {
            missing.extend(batch.units.iter().map(|unit| (unit.id.clone(), batch.to_string())));
        }
        match waits_for {
            _ if is_left_out => {}
            Some(needed) => waiting.push((batch, needed)),
            None => kept.push(batch),
        }
    }
    (kept, waiting)
}
