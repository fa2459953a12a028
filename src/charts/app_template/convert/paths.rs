//! Places in values: paths of keys, and positions in lists.

use crate::flux::Value;

pub(super) fn path(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

/// The value at the end of a path.
pub(super) fn at_mut<'v>(values: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(values, |value, key| match value {
        Value::Sequence(items) => items.get_mut(key.parse::<usize>().ok()?),
        value => value.get_mut(key),
    })
}

/// Removes what stands at the end of a path, and with it the mapping around it if that is empty then
/// and has one of these names.
pub(super) fn remove(values: &mut Value, path: &[String], may_go: &[&str]) {
    let Some((key, parents)) = path.split_last() else { return };
    let Some(parent) = at_mut(values, parents) else { return };
    let is_gone = parent.remove(key);
    let is_empty = matches!(parent, Value::Mapping(entries) if entries.is_empty());
    if is_gone && is_empty && parents.last().is_some_and(|parent| may_go.contains(&parent.as_str())) {
        remove(values, parents, may_go);
    }
}
