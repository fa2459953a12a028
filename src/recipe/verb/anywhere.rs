//! Everything in a document: every mapping and list, and those in nested YAML, which is text that
//! another program reads (`patch: |-`, the files of a ConfigMap).

use super::Refused;
use crate::flux::{Value, rewrite};
use crate::recipe::codes;
use crate::recipe::place::Place;
use crate::yaml::{Edit, Stream};

/// What is done with a value: the value; its place, if it is not in nested text; and, of a list,
/// the key under which it stands.
type Act<'a> = dyn FnMut(&mut Value, Option<&Place>, Option<&str>) -> Result<(), Refused> + 'a;

/// Does something with every collection in a value, the outer ones last. Nested text is read if it
/// has the literal in it.
pub(super) fn everywhere(value: &mut Value, place: &Place, literal: &str, act: &mut Act<'_>) -> Result<(), Refused> {
    walk(value, Some(place), None, literal, act)
}

fn walk(
    value: &mut Value,
    place: Option<&Place>,
    key: Option<&str>,
    literal: &str,
    act: &mut Act<'_>,
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
                walk(item, place.map(|place| place.index(index)).as_ref(), None, literal, act)?;
            }
        }
        Value::Mapping(entries) => {
            for (key, value) in entries.iter_mut() {
                walk(value, place.map(|place| place.key(key)).as_ref(), Some(key), literal, act)?;
            }
        }
    }
    act(value, place, key)
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
        walk(&mut to, None, None, literal, act)?;
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
