//! Steps on an operation of a JSON patch, which is read as an object that has nothing but what the
//! operation is about ([`crate::recipe::operation`]).

use super::{Notes, Refused, Seen, Verb};
use crate::flux::Value;
use crate::recipe::codes::{KEY_IN_JSON_PATCH, OTHER_SHAPE};
use crate::recipe::model::Guards;
use crate::recipe::operation::{depth, places, states};
use crate::recipe::select::Document;

/// Has a verb act on what an operation states. Where that is, only verbs about keys change, and only
/// at its last part: what is above must be there already in the object that is patched.
pub(super) fn act(
    verb: &Verb,
    operation: &Value,
    document: &Document<'_>,
    value: &mut Value,
    guards: &Guards,
    notes: &mut Notes,
) -> Result<Seen, Refused> {
    let before = value.clone();
    // What becomes of comments is decided where the whole patch is written.
    let mut own = Notes::default();
    let seen = verb.act_in(Some(document), value, guards, &mut own)?;
    notes.not_known.append(&mut own.not_known);
    if *value == before {
        return Ok(seen);
    }
    let op = operation.text_at(&["op"]).unwrap_or_default();
    let path = operation.text_at(&["path"]).unwrap_or_default();
    let refused = |why: &str| Refused::new(KEY_IN_JSON_PATCH, format!("`{op}` of `{path}` in a JSON patch {why}"));
    if !own.comments.is_empty() {
        return Err(Refused::new(OTHER_SHAPE, format!("a comment has no place in the JSON patch of `{path}`")));
    }
    if !states(operation) {
        return Err(refused("is about what would change"));
    }
    let depth = depth(operation);
    let (old, new) = (places(&before, depth), places(value, depth));
    let is_new = |keys: &&Vec<String>| !old.contains(keys);
    match verb {
        Verb::Keys(_) if old != new => {
            let is_beside = |keys: &Vec<String>| {
                old.iter().any(|other| {
                    other.split_last().map(|(_, above)| above) == keys.split_last().map(|(_, above)| above)
                })
            };
            if op != "add" || !new.iter().all(is_beside) {
                return Err(refused("works only with what is there already"));
            }
        }
        // A new entry is for the object, and not for what this operation is about.
        Verb::Add { .. } | Verb::List(_) if new.iter().any(|keys| is_new(&keys)) => {
            *value = before;
            return Ok(Seen::default());
        }
        Verb::Set { path, .. } if path.hits(&before)?.iter().any(|place| place.0.len() < depth) => {
            return Err(refused("changes a part of what would change"));
        }
        Verb::Set { .. } | Verb::Move { .. } if new != old => {
            return Err(refused("changes a part of what would change"));
        }
        _ => {}
    }
    Ok(seen)
}
