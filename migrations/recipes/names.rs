//! The names that app-template makes of values: what a step below `spec.values` must not take away.

use std::collections::BTreeSet;

use crate::charts::app_template::Chart;
use crate::flux::{At, Reach, Value, View};

/// An object of a release that would be gone, or called otherwise, with the values of a stage; `None`
/// if there is none, or the chart is not known.
pub(super) fn lost(view: &View, at: &At, reach: &Reach, before: &Value, after: &Value) -> Option<String> {
    let values = |object: &Value| object.at(&["spec", "values"]).cloned().unwrap_or(Value::Null);
    let (old, new) = (values(before), values(after));
    if old.same_as(&new) {
        return None;
    }
    let installed = view.installed(at, reach)?;
    let chart = Chart::installed(view, &installed)?;
    let names = |values: &Value| -> BTreeSet<String> {
        let objects = Chart { values, ..chart }.objects().into_iter();
        let called = objects.map(|object| {
            let name = object.name.unwrap_or_else(|unknown| unknown.to_string());
            format!("{} {name}", object.kind.as_deref().unwrap_or("object"))
        });
        called.collect()
    };
    let (old, new) = (names(&old), names(&new));
    old.difference(&new).next().cloned()
}
