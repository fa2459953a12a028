//! What is to be written beside values: to which entries comments belong, also in YAML in texts.

use std::collections::BTreeMap;

use super::Refused;
use crate::flux::{Value, rewrite_with};
use crate::recipe::codes::NESTED_TEXT;
use crate::recipe::place::Place;
use crate::recipe::select::node_at;
use crate::yaml::{Edit, Error, New, Node, Stream};

/// What steps keep of a document, beside its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Entries that are removed and whose comments stay for another one: the mapping, the key, and
    /// the key that stays.
    pub successors: Vec<(Place, String, String)>,
    /// New entries that are copies: the mapping, the key, and the key of which it is one.
    pub copies: Vec<(Place, String, String)>,
    /// Texts in which YAML changes, with what is kept of each document in them.
    pub texts: Vec<(Place, Vec<Kept>)>,
}

impl Kept {
    /// Adds what another step keeps.
    pub fn extend(&mut self, other: Kept) {
        self.successors.extend(other.successors);
        self.copies.extend(other.copies);
        for (place, documents) in other.texts {
            match self.texts.iter_mut().find(|(known, _)| *known == place) {
                Some((_, known)) => known.iter_mut().zip(documents).for_each(|(known, new)| known.extend(new)),
                None => self.texts.push((place, documents)),
            }
        }
    }

    /// The same, of a value that contains this one at a place.
    pub fn below(self, above: &Place) -> Kept {
        let whole = |place: Place| Place(above.0.iter().cloned().chain(place.0).collect());
        let successors = self.successors.into_iter().map(|(place, removed, stays)| (whole(place), removed, stays));
        let copies = self.copies.into_iter().map(|(place, copy, source)| (whole(place), copy, source));
        let texts = self.texts.into_iter().map(|(place, documents)| (whole(place), documents));
        Kept { successors: successors.collect(), copies: copies.collect(), texts: texts.collect() }
    }

    /// Adds what a step does to the keys of one mapping.
    pub fn add(&mut self, mapping: &Place, keys: Siblings) {
        let successors = keys.successors.into_iter();
        self.successors.extend(successors.map(|(removed, stays)| (mapping.clone(), removed, stays)));
        let copies = keys.copies.into_iter();
        self.copies.extend(copies.map(|(copy, source)| (mapping.clone(), copy, source)));
    }
}

/// Keys of one mapping that have to do with each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Siblings {
    /// Those that are removed, each with the one to which its comments belong then.
    pub successors: Vec<(String, String)>,
    /// New ones that are copies, each with the one of which it is.
    pub copies: Vec<(String, String)>,
}

/// Whether YAML in a text can change while the text keeps its layout: in a literal block, and in double
/// quotes on one line.
pub fn holds_yaml(node: Node<'_>) -> bool {
    node.is_literal() || node.source().starts_with('"') && !node.source().contains('\n')
}

/// Sees that texts with YAML in them keep their layout.
///
/// # Errors
/// The first one that changes and cannot.
pub fn layout_stays(root: Node<'_>, (from, to): (&Value, &Value), kept: &Kept) -> Result<(), Refused> {
    let changes = |place: &&Place| place.of(from) != place.of(to);
    for place in kept.texts.iter().map(|(place, _)| place).filter(changes) {
        if node_at(root, place).is_some_and(|node| !holds_yaml(node.resolved())) {
            let message = format!("the YAML at {place} is in quotes or folded over lines, and would lose its layout");
            return Err(Refused::new(NESTED_TEXT, message));
        }
    }
    Ok(())
}

/// Writes the difference of a node. Literal texts with YAML in them are edited as YAML, so that each
/// comment in what is removed has its fate.
///
/// # Errors
/// What the YAML editor refuses.
pub fn rewrite_keeping<'s>(
    edit: &mut Edit<'s>,
    root: Node<'s>,
    (from, to): (&Value, &Value),
    kept: &Kept,
    because: &str,
) -> Result<(), Error> {
    let mut to = to.clone();
    for (place, documents) in &kept.texts {
        let (Some(node), Some(old)) = (node_at(root, place).filter(|node| node.is_literal()), place.of(from)) else {
            continue;
        };
        let new = place.of(&to).and_then(Value::text).and_then(documents_of);
        let Some(new) = new.filter(|_| place.of(&to) != Some(old)) else { continue };
        edit.nested(node, |inner, stream| {
            *inner = Edit::of(stream).moving_anchors().in_order();
            for ((root, to), kept) in stream.documents().zip(&new).zip(documents) {
                if let Some(from) = Value::of(root) {
                    rewrite_keeping(inner, root, (&from, to), kept, because)?;
                }
            }
            Ok(())
        })?;
        *place.of_mut(&mut to).expect("it was found") = old.clone();
    }
    for (mapping, removed, stays) in &kept.successors {
        let Some(mapping) = node_at(root, mapping) else { continue };
        if let (Some(_), Some((_, stays))) = (mapping.own_entry(removed), mapping.own_entry(stays)) {
            edit.move_comments_of_entry(mapping, removed, stays)?;
        }
    }
    let copies = kept.copies.iter().filter_map(|(mapping, copy, source)| {
        let mapping = node_at(root, mapping)?.resolved();
        Some(((mapping.range().start, copy.as_str()), mapping.own_entry(source)?.1))
    });
    let copies: BTreeMap<(usize, &str), Node<'_>> = copies.collect();
    let spelling = |mapping: Node<'_>, key: &str, value: &Value| match copies.get(&(mapping.range().start, key)) {
        Some(source) => copied(*source, value),
        None => New::from(value),
    };
    rewrite_with(edit, root, (from, &to), &spelling, because)
}

/// The copy of a node: an alias, if it has an anchor.
fn copied(source: Node<'_>, value: &Value) -> New {
    let is_same = Value::of(source).as_ref() == Some(value) && !has_merges(source.resolved());
    match source.resolved().anchor().filter(|_| is_same) {
        Some(anchor) => New::Alias(anchor.to_owned(), Box::new(New::from(value))),
        None => New::from(value),
    }
}

/// Whether a mapping anywhere in a node merges another one: no reader takes that for its entries.
fn has_merges(node: Node<'_>) -> bool {
    node.own_entry("<<").is_some() || node.entries().any(|(_, value)| has_merges(value)) || node.items().any(has_merges)
}

fn documents_of(text: &str) -> Option<Vec<Value>> {
    Stream::sound(text).ok()?.documents().map(Value::of).collect()
}
