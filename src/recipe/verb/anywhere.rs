//! Everything in a document: every mapping and list, and those in nested YAML, which is text that
//! another program reads (`patch: |-`, the files of a ConfigMap).

use super::Refused;
use crate::flux::{Value, rewrite};
use crate::recipe::codes;
use crate::recipe::place::Place;
use crate::recipe::select::node_at;
use crate::yaml::{Edit, Stream};

/// What is done with a value: the value and, of a list, the key under which it stands. It says which
/// entries are removed, each with the one to which its comments belong then.
type Act<'a> = dyn FnMut(&mut Value, Option<&str>) -> Result<Vec<(String, String)>, Refused> + 'a;

/// Entries that are removed and whose comments stay for another one: the mapping, the key, and the
/// key that stays.
type Successors = Vec<(Place, String, String)>;

/// Does something with every collection in a value, the outer ones last. Nested text is read if it
/// has the literal in it.
pub(super) fn everywhere(value: &mut Value, literal: &str, act: &mut Act<'_>) -> Result<Successors, Refused> {
    let mut successors = Successors::new();
    walk(value, &Place::default(), None, literal, act, &mut successors)?;
    Ok(successors)
}

fn walk(
    value: &mut Value,
    place: &Place,
    key: Option<&str>,
    literal: &str,
    act: &mut Act<'_>,
    successors: &mut Successors,
) -> Result<(), Refused> {
    match value {
        Value::Null => return Ok(()),
        Value::Scalar { text, string } => {
            let may_be_yaml = *string && text.contains('\n') && text.contains(literal);
            if let Some(new) = if may_be_yaml { in_nested(text, literal, act)? } else { None } {
                *text = new;
            }
            return Ok(());
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, &place.index(index), None, literal, act, successors)?;
            }
        }
        Value::Mapping(entries) => {
            for (key, value) in entries.iter_mut() {
                walk(value, &place.key(key), Some(key), literal, act, successors)?;
            }
        }
    }
    let here = act(value, key)?.into_iter();
    successors.extend(here.map(|(removed, stays)| (place.clone(), removed, stays)));
    Ok(())
}

/// Nested YAML with something done in it; `None` if it is none, or nothing changes.
fn in_nested(text: &str, literal: &str, act: &mut Act<'_>) -> Result<Option<String>, Refused> {
    let Ok(stream) = Stream::sound(text) else { return Ok(None) };
    let mut edit = Edit::of(&stream).moving_anchors().in_order();
    for root in stream.documents() {
        let Some(from) = Value::of(root).filter(|value| !matches!(value, Value::Scalar { .. } | Value::Null)) else {
            continue;
        };
        let mut to = from.clone();
        for (mapping, removed, stays) in everywhere(&mut to, literal, act)? {
            let Some(mapping) = node_at(root, &mapping) else { continue };
            if let (Some(_), Some((_, stays))) = (mapping.own_entry(&removed), mapping.own_entry(&stays)) {
                edit.move_comments_of_entry(mapping, &removed, stays).map_err(|error| in_text(&error))?;
            }
        }
        rewrite(&mut edit, root, &from, &to, "its entry is removed").map_err(|error| in_text(&error))?;
    }
    if edit.is_empty() {
        return Ok(None);
    }
    let edited = edit.finish().map_err(|error| in_text(&error))?;
    Ok(edited.splices.apply(text).ok())
}

fn in_text(error: &crate::yaml::Error) -> Refused {
    Refused::new(codes::NESTED_TEXT, format!("YAML in a text cannot be changed: {error}"))
}
