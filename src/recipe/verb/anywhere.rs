//! Everything in a document: every mapping and list, and those in nested YAML, which is text that
//! another program reads (`patch: |-`, the files of a ConfigMap).

use super::Refused;
use super::kept::{Kept, Siblings, layout_stays, rewrite_keeping};
use crate::flux::Value;
use crate::recipe::codes;
use crate::recipe::place::{Part, Place};
use crate::yaml::{Edit, Node, Stream};

/// What is done with a value: the value and, of an entry, the key under which it stands. It says which
/// entries have to do with each other.
type Act<'a> = dyn FnMut(&mut Value, Option<&str>) -> Result<Siblings, Refused> + 'a;

/// Does something with every collection in a value, the outer ones last. Nested text is read if it
/// has the literal in it. The node says how texts are written; without one, those of one line are no YAML.
pub(super) fn everywhere(
    value: &mut Value,
    node: Option<Node<'_>>,
    literal: &str,
    act: &mut Act<'_>,
) -> Result<Kept, Refused> {
    let mut kept = Kept::default();
    walk(value, (node, None), &mut Place::default(), literal, act, &mut kept)?;
    Ok(kept)
}

fn walk(
    value: &mut Value,
    (node, key): (Option<Node<'_>>, Option<&str>),
    place: &mut Place,
    literal: &str,
    act: &mut Act<'_>,
    kept: &mut Kept,
) -> Result<(), Refused> {
    match value {
        Value::Null => return Ok(()),
        Value::Scalar { text, string } => {
            let is_block = || text.contains('\n') || node.is_some_and(|node| node.resolved().is_literal());
            let may_be_yaml = *string && text.contains(literal) && is_block();
            if let Some((new, documents)) = if may_be_yaml { in_nested(text, literal, act)? } else { None } {
                *text = new;
                kept.texts.push((place.clone(), documents));
            }
            return Ok(());
        }
        Value::Sequence(items) => {
            let mut nodes = node.into_iter().flat_map(Node::items);
            for (index, item) in items.iter_mut().enumerate() {
                place.0.push(Part::Index(index));
                walk(item, (nodes.next(), None), place, literal, act, kept)?;
                place.0.pop();
            }
        }
        Value::Mapping(entries) => {
            // They are in this order but for what the mapping merges.
            let mut nodes = node.into_iter().flat_map(Node::entries);
            for (key, value) in entries.iter_mut() {
                let next = nodes.next().filter(|(next, _)| next.text() == Some(key)).map(|(_, value)| value);
                let node = next.or_else(|| node?.get(key));
                place.0.push(Part::Key(key.clone()));
                walk(value, (node, Some(key)), place, literal, act, kept)?;
                place.0.pop();
            }
        }
    }
    kept.add(place, act(value, key)?);
    Ok(())
}

/// Nested YAML with something done in it, and what is kept of each document; `None` if it is none, or
/// nothing changes.
fn in_nested(text: &str, literal: &str, act: &mut Act<'_>) -> Result<Option<(String, Vec<Kept>)>, Refused> {
    let Ok(stream) = Stream::sound(text) else { return Ok(None) };
    let mut edit = Edit::of(&stream).moving_anchors().in_order();
    let mut documents = Vec::new();
    for root in stream.documents() {
        documents.push(Kept::default());
        let Some(from) = Value::of(root).filter(|value| !matches!(value, Value::Scalar { .. } | Value::Null)) else {
            continue;
        };
        let mut to = from.clone();
        let kept = everywhere(&mut to, Some(root), literal, act)?;
        layout_stays(root, (&from, &to), &kept)?;
        rewrite_keeping(&mut edit, root, (&from, &to), &kept, "its entry is removed")
            .map_err(|error| in_text(&error))?;
        *documents.last_mut().expect("it was put there") = kept;
    }
    if edit.is_empty() {
        return Ok(None);
    }
    let edited = edit.finish().map_err(|error| in_text(&error))?;
    Ok(edited.splices.apply(text).ok().map(|new| (new, documents)))
}

fn in_text(error: &crate::yaml::Error) -> Refused {
    Refused::new(codes::NESTED_TEXT, format!("YAML in a text cannot be changed: {error}"))
}
