use super::emit::New;
use super::reading::Data;

/// The way to a node from the root of its document: the places of entries and items, which parsers agree on better than on keys.
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

#[derive(Clone, Debug)]
pub(super) enum What {
    /// The node itself becomes this.
    Set(New),
    /// The entry at this place becomes this key with this value.
    ReplaceEntry(usize, String, New),
    /// An entry comes to stand before the one at this place.
    InsertEntry(usize, String, New),
    RemoveEntry(usize),
    /// The entry at this place gets another key.
    RenameEntry(usize, String),
    /// The entry at the first place comes to stand before the one at the second.
    MoveEntry(usize, usize),
    InsertItem(usize, New),
    RemoveItem(usize),
    /// A document comes to stand after the last.
    AppendDocument(New),
}

impl Operation {
    /// Where it happens, such that later places come later and inner ones after outer ones.
    fn place(&self) -> (usize, Path) {
        let mut path = self.path.clone();
        match self.what {
            What::Set(_) | What::AppendDocument(_) => {}
            What::ReplaceEntry(at, ..)
            | What::InsertEntry(at, ..)
            | What::RemoveEntry(at)
            | What::RenameEntry(at, _)
            | What::MoveEntry(at, _)
            | What::InsertItem(at, _)
            | What::RemoveItem(at) => path.push(at),
        }
        (self.document, path)
    }

    fn apply(&self, documents: &mut Vec<Data>) -> Result<(), String> {
        if let What::AppendDocument(new) = &self.what {
            documents.push(Data::Intended(new.clone()));
            return Ok(());
        }
        let missing = || "they differ on what is where".to_string();
        let mut node = documents.get_mut(self.document).ok_or_else(missing)?;
        for step in &self.path {
            node = match node {
                Data::Sequence { items, .. } => items.get_mut(*step),
                Data::Mapping { entries, .. } => entries.get_mut(*step).map(|(_, value)| value),
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        let entry = |key: &str, value: &New| {
            let key = Data::Intended(New::String(key.to_owned()));
            (key, Data::Intended(value.clone()))
        };
        match (&self.what, node) {
            (What::Set(new), node) => *node = Data::Intended(new.clone()),
            (What::ReplaceEntry(at, key, value), Data::Mapping { entries, .. }) if *at < entries.len() => {
                entries[*at] = entry(key, value);
            }
            (What::InsertEntry(at, key, value), Data::Mapping { entries, .. }) if *at <= entries.len() => {
                entries.insert(*at, entry(key, value));
            }
            (What::RemoveEntry(at), Data::Mapping { entries, .. }) if *at < entries.len() => {
                entries.remove(*at);
            }
            (What::RenameEntry(at, key), Data::Mapping { entries, .. }) if *at < entries.len() => {
                entries[*at].0 = Data::Intended(New::String(key.clone()));
            }
            (What::MoveEntry(from, to), Data::Mapping { entries, .. })
                if *from < entries.len() && *to <= entries.len() =>
            {
                let moved = entries.remove(*from);
                entries.insert(if to > from { to - 1 } else { *to }, moved);
            }
            (What::InsertItem(at, new), Data::Sequence { items, .. }) if *at <= items.len() => {
                items.insert(*at, Data::Intended(new.clone()));
            }
            (What::RemoveItem(at), Data::Sequence { items, .. }) if *at < items.len() => {
                items.remove(*at);
            }
            _ => return Err(missing()),
        }
        Ok(())
    }
}

/// The reading with all operations applied. Their places are those of the original text, so the last place goes first.
pub(super) fn apply(operations: &[Operation], mut reading: Vec<Data>) -> Result<Vec<Data>, String> {
    let mut ordered: Vec<_> = operations.iter().collect();
    // What comes to stand before a place leaves what happens at that place alone.
    let inserts = |what: &What| matches!(what, What::InsertEntry(..) | What::InsertItem(..));
    ordered.sort_by_key(|operation| (std::cmp::Reverse(operation.place()), inserts(&operation.what)));
    for operation in ordered {
        operation.apply(&mut reading)?;
    }
    Ok(reading)
}
