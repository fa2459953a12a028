//! Ingresses are cut once their routes run: what speaks to others moves to the route, the rest goes.
//!
//! The text of the Ingress becomes the text of the route, in its place, where the two stand for each
//! other: so comments, anchors and annotations stay as they are written. A route that somebody wrote
//! by hand stays as it is, and the Ingress goes.

use super::codes;
use super::object::Routable;
use super::ports::Ports;
use super::release::{Candidate, Written};
use super::schema::{comment, has_other_comments, rename};
use crate::flux::{Object, Value, View, rewrite, rewrite_with};
use crate::plan::Finding;
use crate::yaml::{Comment, Edit, Emptied, Error, Fate, New, Node, Stream, Style};

/// Why something is removed.
const BECAUSE: &str = "it is about the Ingress, which is cut";

/// Values of a release with its routes and without Ingresses: annotations that speak are on the routes.
///
/// # Errors
/// If an entry has such annotations and no route of its key.
pub(super) fn values_without(candidate: &Candidate<'_>, made: &Written) -> Result<Value, Finding> {
    let stated = &made.after;
    let mut after = stated.clone();
    for entry in &candidate.entries {
        let moved = made.moved.get(&entry.name).map(Vec::as_slice).unwrap_or_default();
        let annotations = stated.at(&entry.ingress()).and_then(|block| block.get("annotations"));
        let annotations = annotations.map(|annotations| candidate.filled_in(&entry.name, annotations));
        after.remove_at(&entry.ingress());
        if moved.is_empty() {
            continue;
        }
        let Some(route) = after.at_mut(&entry.route()) else {
            let shown = entry.ingress().join(".");
            let message = format!("{shown} has annotations for others, and no route of this key takes them");
            return Err(
                Finding::error(codes::CUT_BY_HAND, message).at(&candidate.release.at.path, candidate.release.line)
            );
        };
        move_annotations(annotations.as_ref(), moved, route);
    }
    Ok(after)
}

/// Whether a release keeps something in the block of its Ingresses, such as an entry that is disabled: routes are then
/// written beside it first.
pub(super) fn keeps_some(candidate: &Candidate<'_>) -> bool {
    let after = candidate.verdict.as_ref().ok().and_then(|placed| values_without(candidate, &placed.made).ok());
    after.is_some_and(|after| candidate.entries.iter().any(|entry| after.at(&entry.ingress()[..1]).is_some()))
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
            let place = usize::from(entries.first().is_some_and(|(key, _)| key == "enabled"));
            entries.insert(place, ("annotations".to_owned(), Value::Mapping(all)));
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
    (stream, root, values): (&Stream, Node<'v>, Node<'v>),
    (before, after): (&Value, &Value),
) -> Result<(), Error> {
    let keys = |value: &Value, key: &str| {
        let entries = value.get(key).map(Value::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let (ingress, route) = (values.own_entry("ingress"), values.own_entry("route"));
    let Some((_, ingress)) = ingress else { return rewrite(edit, values, before, after, BECAUSE) };
    // A route that is there keeps its ports as they are spelled.
    let ports = Some(Ports::of(root, values)).filter(|ports| route.is_none_or(|(_, route)| ports.are_in(route)));
    let ports = ports.unwrap_or_default();
    let is_one_for_one = keys(before, "ingress") == keys(after, "route") && after.get("ingress").is_none();
    let stays = route.is_some_and(|(key, route)| has_comments(stream, key, route) || !is_as_new(route, &ports));
    if !is_one_for_one || ingress.is_alias() || stays {
        return rewrite(edit, values, before, after, BECAUSE);
    }
    if route.is_some() {
        edit.remove_entry(values, "route", Emptied::NoEntry, |_| dropped())?;
    }
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
        rewrite_with(edit, node, (&from, to), &|_, _, value| ports.spelled(value), BECAUSE)?;
    }
    Ok(())
}

/// Whether an entry has comments, above it or in its lines.
fn has_comments(stream: &Stream, key: Node<'_>, value: Node<'_>) -> bool {
    let (first, last) = (key.position(), stream.position(value.range().end));
    let is_above = |comment: &Comment| {
        comment.line + 1 == first.line && stream.position(comment.range.start).column == first.column
    };
    stream.comments().iter().any(|comment| is_above(comment) || (first.line..=last.line).contains(&comment.line))
}

/// Whether a route, without its comments, is written as this migration writes it: writing it again
/// loses nothing then.
fn is_as_new(route: Node<'_>, ports: &Ports<'_>) -> bool {
    if route.is_alias() {
        return ports.has(route);
    }
    let is_new = route.style() != Some(Style::Flow) && !route.source().starts_with(['&', '!', '\'']);
    is_new && route.children().into_iter().all(|(_, child)| is_as_new(child, ports))
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

/// Writes the route in place of the object that it stands for, and removes its own document. One that
/// somebody wrote by hand stays where it is.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write_object<'v>(
    edit: &mut Edit<'v>,
    (root, of): (Node<'v>, usize),
    (stream, document): (&'v Stream, usize),
    (moved, schema): (&[String], Option<&str>),
) -> Result<(), Error> {
    let Some(route) = stream.document(document) else { return Ok(()) };
    let (Some(from), Some(is)) = (Value::of(root), Value::of(route)) else { return Ok(()) };
    let mut to = is.clone();
    if let Some(metadata) = to.get_mut("metadata") {
        move_annotations(from.at(&["metadata", "annotations"]), moved, metadata);
    }
    if has_other_comments(stream, document) || !is_as_new(route, &Ports::default()) {
        rewrite(edit, route, &is, &to, BECAUSE)?;
        return edit.remove_document(root, |_| dropped());
    }
    becomes(edit, root, &from, to)?;
    rename(edit, stream, of, schema)?;
    edit.remove_document(route, |_| dropped())
}

/// Writes routes in place of the object that they stand for: the first as its document, the others behind it.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write_routes<'v>(
    edit: &mut Edit<'v>,
    (root, stream, of): (Node<'v>, &'v Stream, usize),
    routes: &[Value],
    (moved, schema): (&[String], Option<&str>),
) -> Result<(), Error> {
    let (Some(from), Some((first, others))) = (Value::of(root), routes.split_first()) else { return Ok(()) };
    let mut to = first.clone();
    if let Some(metadata) = to.get_mut("metadata") {
        move_annotations(from.at(&["metadata", "annotations"]), moved, metadata);
    }
    becomes(edit, root, &from, to)?;
    rename(edit, stream, of, schema)?;
    let comment = schema.map(comment);
    let comments: Vec<&str> = comment.as_deref().into_iter().collect();
    others.iter().try_for_each(|route| edit.insert_document(root, &comments, &New::from(route)))
}

/// Makes another object of one. The new spec is written as a whole, in the style of new text.
fn becomes<'v>(edit: &mut Edit<'v>, root: Node<'v>, from: &Value, mut to: Value) -> Result<(), Error> {
    if let (Some(spec), Some(new)) = (root.get("spec"), to.get("spec").cloned()) {
        edit.set(spec, &New::from(&new), |_| Fate::Moved)?;
        to.set("spec", from.get("spec").cloned().unwrap_or(Value::Null));
    }
    rewrite(edit, root, from, &to, BECAUSE)
}
