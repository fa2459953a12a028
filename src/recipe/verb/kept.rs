//! What is to be written beside values: to which entries comments belong, also in YAML in texts.

use crate::flux::{Value, rewrite};
use crate::recipe::place::Place;
use crate::recipe::select::node_at;
use crate::yaml::{Edit, Error, Node, Stream};

/// What steps keep of a document, beside its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Entries that are removed and whose comments stay for another one: the mapping, the key, and
    /// the key that stays.
    pub successors: Vec<(Place, String, String)>,
    /// Texts in which YAML changes, with what is kept of each document in them.
    pub texts: Vec<(Place, Vec<Kept>)>,
}

impl Kept {
    /// Adds what another step keeps.
    pub fn extend(&mut self, other: Kept) {
        self.successors.extend(other.successors);
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
        let texts = self.texts.into_iter().map(|(place, documents)| (whole(place), documents));
        Kept { successors: successors.collect(), texts: texts.collect() }
    }
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
    rewrite(edit, root, from, &to, because)
}

fn documents_of(text: &str) -> Option<Vec<Value>> {
    Stream::sound(text).ok()?.documents().map(Value::of).collect()
}
