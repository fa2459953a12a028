//! Entries that come into mappings and go out of them, and the parents that are empty then.

use super::{Order, Refused};
use crate::flux::Value;
use crate::recipe::codes;
use crate::recipe::place::{Part, Place};

/// Whether a parent that is empty once the place is gone is removed: not the first level of a
/// document (`spec`), and not what lies in the values of a chart, to which an empty mapping is a
/// value.
pub(super) fn removes_parents(place: &Place) -> bool {
    let keys: Vec<&Part> = place.0.iter().take(2).collect();
    let is = |part: &Part, name: &str| matches!(part, Part::Key(key) if key == name);
    !matches!(keys.as_slice(), [first, second] if is(first, "spec") && is(second, "values"))
}

/// Removes parents of a removed place that are empty now, up to the first level.
pub(super) fn prune(value: &mut Value, mut parent: Place) {
    while parent.0.len() > 1 {
        let is_empty = match parent.of(value) {
            Some(Value::Mapping(entries)) => entries.is_empty(),
            Some(Value::Sequence(items)) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            return;
        }
        take_out(value, &parent);
        let Some((above, _)) = parent.split() else { return };
        parent = above;
    }
}

/// Takes what is at a place out of its parent.
pub(super) fn take_out(value: &mut Value, place: &Place) -> Option<Value> {
    let (parent, last) = place.split()?;
    match (parent.of_mut(value)?, last) {
        (Value::Mapping(entries), Part::Key(key)) => {
            let at = entries.iter().position(|(name, _)| name == key)?;
            Some(entries.remove(at).1)
        }
        (Value::Sequence(items), Part::Index(index)) if *index < items.len() => Some(items.remove(*index)),
        _ => None,
    }
}

/// Puts a new entry into a mapping.
pub(super) fn put(mapping: &mut Value, key: &str, new: Value, order: &Order) -> Result<(), Refused> {
    if *mapping == Value::Null {
        *mapping = Value::Mapping(Vec::new());
    }
    let Value::Mapping(entries) = mapping else {
        return Err(Refused::new(codes::OTHER_SHAPE, format!("what should get `{key}` is no mapping")));
    };
    let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    let at = order.index(key, &keys);
    entries.insert(at, (key.to_owned(), new));
    Ok(())
}
