//! Ingresses are cut once their routes run: what speaks to others moves to the route, the rest goes.
//!
//! The text of the Ingress becomes the text of the route, in its place, where the two stand for each
//! other: so comments, anchors and annotations stay as they are written.

use super::codes;
use super::object::Routable;
use super::release::Candidate;
use crate::flux::{Object, Value, View, rewrite};
use crate::plan::Finding;
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node};

/// Why something is removed.
const BECAUSE: &str = "it is about the Ingress, which is cut";

/// Values of a release without Ingresses: annotations that speak are on the routes.
///
/// # Errors
/// If an entry has such annotations and no route of its key.
pub(super) fn values_without(candidate: &Candidate<'_>, stated: &Value) -> Result<Value, Finding> {
    let mut after = stated.clone();
    for entry in &candidate.entries {
        let moved = candidate.moved.get(entry).map(Vec::as_slice).unwrap_or_default();
        let annotations = stated.at(&["ingress", entry, "annotations"]);
        after.remove_at(&["ingress", entry]);
        if moved.is_empty() {
            continue;
        }
        let Some(route) = after.at_mut(&["route", entry]) else {
            let message = format!("ingress.{entry} has annotations for others, and no route of this key takes them");
            return Err(
                Finding::error(codes::CUT_BY_HAND, message).at(&candidate.release.at.path, candidate.release.line)
            );
        };
        move_annotations(annotations, moved, route);
    }
    Ok(after)
}

/// Puts annotations with some keys on a route, in the order of the Ingress. What the route has stays.
fn move_annotations(ingress: Option<&Value>, keys: &[String], holder: &mut Value) {
    let of_ingress = ingress.map(Value::entries).unwrap_or_default();
    let of_route = holder.get("annotations").map(Value::entries).unwrap_or_default().to_vec();
    let own = |key: &String| of_route.iter().find(|(own, _)| own == key).cloned();
    let moved =
        of_ingress.iter().filter_map(|entry| own(&entry.0).or_else(|| keys.contains(&entry.0).then(|| entry.clone())));
    let mut all: Vec<_> = moved.collect();
    let others: Vec<_> = of_route.into_iter().filter(|(key, _)| !all.iter().any(|(known, _)| known == key)).collect();
    all.extend(others);
    if all.is_empty() {
        return;
    }
    let is_there = holder.get("annotations").is_some();
    match holder {
        // Values of app-template begin with what is about the object.
        Value::Mapping(entries) if !is_there && !entries.iter().any(|(key, _)| key == "name") => {
            entries.insert(0, ("annotations".to_owned(), Value::Mapping(all)));
        }
        _ => holder.set("annotations", Value::Mapping(all)),
    }
}

/// Writes values without Ingresses.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write_values<'v>(
    edit: &mut Edit<'v>,
    values: Node<'v>,
    before: &Value,
    after: &Value,
) -> Result<(), Error> {
    let keys = |value: &Value, key: &str| {
        let entries = value.get(key).map(Value::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let (ingress, route) = (values.own_entry("ingress"), values.own_entry("route"));
    let (Some((_, ingress)), Some((_, route))) = (ingress, route) else {
        return rewrite(edit, values, before, after, BECAUSE);
    };
    let is_one_for_one = keys(before, "ingress") == keys(before, "route") && after.get("ingress").is_none();
    // What somebody wrote into the route stays there.
    if !is_one_for_one || ingress.is_alias() || route.is_alias() || route.source().contains(['#', '&', '*']) {
        return rewrite(edit, values, before, after, BECAUSE);
    }
    edit.remove_entry(values, "route", Emptied::NoEntry, |_| dropped())?;
    edit.rename_key(values, "ingress", "route")?;
    // What has aliases in it is changed before their anchors, which come first.
    let entries: Vec<_> = ingress.entries().filter_map(|(key, node)| Some((key.text()?, node))).collect();
    for (_, node) in entries.iter().rev().filter(|(_, node)| node.own_entry("tls").is_some()) {
        edit.remove_entry(*node, "tls", Emptied::NoEntry, |_| dropped())?;
    }
    for (key, node) in entries.into_iter().rev() {
        let (Some(mut from), Some(to)) = (before.at(&["ingress", key]).cloned(), after.at(&["route", key])) else {
            continue;
        };
        from.remove("tls");
        rewrite(edit, node, &from, to, BECAUSE)?;
    }
    Ok(())
}

fn dropped() -> Fate {
    Fate::Dropped(BECAUSE.to_owned())
}

/// The HTTPRoute that stands for an object in the same file.
pub(super) fn route_beside<'v>(view: &'v View, routable: &Routable<'v>) -> Option<&'v Object> {
    let file = view.file(&routable.object.at.path)?;
    let is_it = |object: &&Object| {
        object.kind == "HTTPRoute"
            && object.name == routable.object.name
            && object.namespace == routable.object.namespace
    };
    file.objects.iter().find(is_it)
}

/// Writes the route in place of the object that it stands for, and removes its own document.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write_object<'v>(
    edit: &mut Edit<'v>,
    (root, route): (Node<'v>, Node<'v>),
    moved: &[String],
) -> Result<(), Error> {
    let (Some(from), Some(mut to)) = (Value::of(root), Value::of(route)) else { return Ok(()) };
    if let Some(metadata) = to.get_mut("metadata") {
        move_annotations(from.at(&["metadata", "annotations"]), moved, metadata);
    }
    // The new spec is written as a whole, in the style of new text.
    if let (Some(spec), Some(new)) = (root.get("spec"), to.get("spec").cloned()) {
        edit.set(spec, &New::from(&new), |_| Fate::Moved)?;
        to.set("spec", from.get("spec").cloned().unwrap_or(Value::Null));
    }
    rewrite(edit, root, &from, &to, BECAUSE)?;
    edit.remove_document(route, |_| dropped())
}
