//! What an edit does to the data, applied to a reading to predict that of the new text.

use std::collections::BTreeMap;

use super::emit::New;
use super::reading::Data;

/// The path to a node from the root of its document: the indices of entries and items, on which
/// parsers agree better than on keys.
pub(super) type Path = Vec<usize>;

/// What an edit does to the data, whatever it does to the text.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The document of the stream.
    pub(super) document: usize,
    /// The collection that changes, or the node that is set.
    pub(super) path: Path,
    pub(super) what: What,
}

/// Places are those of the old data, whatever other operations do.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// The node itself becomes this.
    Set(New),
    /// The entry at this place becomes this key with this value.
    ReplaceEntry(usize, String, New),
    /// An entry is inserted before the one at this place.
    InsertEntry(usize, String, New),
    RemoveEntry(usize),
    /// The entry at this place gets another key.
    RenameEntry(usize, String),
    /// The entry at the first place moves before the one at the second.
    MoveEntry(usize, usize),
    InsertItem(usize, New),
    RemoveItem(usize),
    /// A document is added behind this one.
    InsertDocument(New),
    /// This document is added once more behind itself, with operations applied to the copy alone.
    RepeatDocument(Vec<Operation>),
    /// The document is removed.
    RemoveDocument,
}

/// All operations on a node and below it.
#[derive(Default)]
struct Changes<'o> {
    here: Vec<&'o What>,
    below: BTreeMap<usize, Changes<'o>>,
}

/// The reading with all operations applied.
///
/// # Errors
/// A sentence, if the reading does not have the node of an operation.
pub(super) fn apply(operations: &[Operation], mut reading: Vec<Data>) -> Result<Vec<Data>, String> {
    let mut documents: BTreeMap<usize, Changes<'_>> = BTreeMap::new();
    let mut of_stream = Children::of(&mut (0..reading.len()).collect());
    let mut inserted = Vec::new();
    for Operation { document, path, what } in operations {
        match what {
            What::InsertDocument(new) => {
                of_stream.insert(*document + 1, reading.len() + inserted.len())?;
                inserted.push(Data::Intended(new.clone()));
                continue;
            }
            What::RepeatDocument(operations) => {
                of_stream.insert(*document + 1, reading.len() + inserted.len())?;
                let mut copy = reading.get(*document).ok_or_else(missing)?.clone();
                Changes::of(operations).apply(&mut copy)?;
                inserted.push(copy);
                continue;
            }
            What::RemoveDocument => {
                of_stream.take(*document)?;
                continue;
            }
            _ => {}
        }
        documents.entry(*document).or_default().add(path, what);
    }
    for (document, changes) in documents {
        changes.apply(reading.get_mut(document).ok_or_else(missing)?)?;
    }
    let mut all: Vec<_> = reading.into_iter().chain(inserted).map(Some).collect();
    Ok(of_stream.finish().into_iter().filter_map(|place| all[place].take()).collect())
}

fn missing() -> String {
    "they differ on what is where".to_owned()
}

impl<'o> Changes<'o> {
    /// Operations on one document.
    fn of(operations: &'o [Operation]) -> Changes<'o> {
        let mut changes = Changes::default();
        operations.iter().for_each(|operation| changes.add(&operation.path, &operation.what));
        changes
    }

    fn add(&mut self, path: &[usize], what: &'o What) {
        path.iter().fold(self, |changes, step| changes.below.entry(*step).or_default()).here.push(what);
    }

    fn apply(&self, node: &mut Data) -> Result<(), String> {
        for (step, changes) in &self.below {
            let child = match node {
                Data::Sequence { items, .. } => items.get_mut(*step),
                Data::Mapping { entries, .. } => entries.get_mut(*step).map(|(_, value)| value),
                _ => None,
            };
            changes.apply(child.ok_or_else(missing)?)?;
        }
        if let Some(new) = self.here.iter().find_map(|what| if let What::Set(new) = what { Some(new) } else { None }) {
            *node = Data::Intended(new.clone());
            return Ok(());
        }
        match node {
            _ if self.here.is_empty() => Ok(()),
            Data::Mapping { entries, .. } => self.on_entries(entries),
            Data::Sequence { items, .. } => self.on_items(items),
            _ => Err(missing()),
        }
    }

    fn on_entries(&self, entries: &mut Vec<(Data, Data)>) -> Result<(), String> {
        let entry = |key: &str, value: &New| (intended_key(key), Data::Intended(value.clone()));
        let mut children = Children::of(entries);
        for what in &self.here {
            match what {
                What::ReplaceEntry(at, key, value) => *children.at(*at)? = entry(key, value),
                What::RenameEntry(at, key) => children.at(*at)?.0 = intended_key(key),
                What::InsertEntry(at, key, value) => children.insert(*at, entry(key, value))?,
                What::RemoveEntry(at) => drop(children.take(*at)?),
                // Done below, after all other operations on the entry.
                What::MoveEntry(..) => {}
                _ => return Err(missing()),
            }
        }
        for what in &self.here {
            if let What::MoveEntry(from, to) = what {
                let moved = children.take(*from)?;
                children.insert(*to, moved)?;
            }
        }
        *entries = children.finish();
        Ok(())
    }

    fn on_items(&self, items: &mut Vec<Data>) -> Result<(), String> {
        let mut children = Children::of(items);
        for what in &self.here {
            match what {
                What::InsertItem(at, new) => children.insert(*at, Data::Intended(new.clone()))?,
                What::RemoveItem(at) => drop(children.take(*at)?),
                _ => return Err(missing()),
            }
        }
        *items = children.finish();
        Ok(())
    }
}

fn intended_key(key: &str) -> Data {
    Data::Intended(New::String(key.to_owned()))
}

/// The children of a collection at their old places, and what is inserted before each and after the
/// last.
struct Children<T> {
    old: Vec<Option<T>>,
    before: Vec<Vec<T>>,
}

impl<T> Children<T> {
    fn of(children: &mut Vec<T>) -> Children<T> {
        let old: Vec<_> = std::mem::take(children).into_iter().map(Some).collect();
        let before = old.iter().map(|_| Vec::new()).chain([Vec::new()]).collect();
        Children { old, before }
    }

    fn at(&mut self, at: usize) -> Result<&mut T, String> {
        self.old.get_mut(at).and_then(Option::as_mut).ok_or_else(missing)
    }

    fn take(&mut self, at: usize) -> Result<T, String> {
        self.old.get_mut(at).and_then(Option::take).ok_or_else(missing)
    }

    fn insert(&mut self, at: usize, new: T) -> Result<(), String> {
        self.before.get_mut(at).ok_or_else(missing)?.push(new);
        Ok(())
    }

    fn finish(self) -> Vec<T> {
        let old = self.old.into_iter().map(Some).chain([None]);
        self.before.into_iter().zip(old).flat_map(|(before, old)| before.into_iter().chain(old.flatten())).collect()
    }
}
