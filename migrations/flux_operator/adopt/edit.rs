//! The text of the three stages, and what is proven of each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Start, follow};
use crate::flux::{At, Name, Reach, Value, View, instance_spec};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};
use crate::plan::codes::{CHANGED_ON_THE_WAY, GUARD_NOT_LIVE};
use crate::repo::RepoPath;
use crate::yaml::{New, Place};

use super::super::edit::{proven_guard, without};

fn refused(at: &At, message: String) -> Finding {
    Finding::error(CHANGED_ON_THE_WAY, message).at(&at.path, None)
}

fn trial(view: &View, at: &At, written: &Written) -> Result<View, Finding> {
    Ok(view.with(&written.0).map_err(|error| refused(at, error.to_string()))?.whole())
}

/// Has the root keep what it applies when it is deleted. Ordinary pruning goes on.
pub(in super::super) fn guard(view: &View, start: &Start) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    edits.object(&start.root.at, |edit, root| {
        let Some(spec) = root.get("spec") else { return Ok(()) };
        let orphan = New::string("Orphan");
        match spec.own_entry("deletionPolicy") {
            Some((_, stated)) => edit.set_scalar(stated, "Orphan"),
            None => {
                let place = if spec.own_entry("prune").is_some() { Place::After("prune") } else { Place::Last };
                edit.insert_entry(spec, place, "deletionPolicy", &orphan)
            }
        }
    })?;
    let written = edits.finish()?;
    proven_guard(view, &start.root, &written)?;
    Ok(written)
}

/// Writes `sync` and its patches into the FluxInstance.
pub(in super::super) fn sync(view: &View, start: &Start) -> Result<Written, Finding> {
    if !start.root.keeps_on_deletion() {
        let message = format!("{} has no guard in this tree", start.root.full_name());
        return Err(Finding::error(GUARD_NOT_LIVE, message).at(&start.root.at.path, None));
    }
    let mut edits = Edits::of(view);
    edits.object(&start.instance, |edit, root| {
        let Some(spec) = instance_spec(root) else { return Ok(()) };
        let place = if spec.own_entry("cluster").is_some() { Place::After("cluster") } else { Place::Last };
        edit.insert_entry(spec, place, "sync", &New::from(&start.sync.stated))?;
        let new: Vec<New> = start.sync.patches.iter().map(New::from).collect();
        match spec.at(&["kustomize", "patches"]) {
            _ if new.is_empty() => Ok(()),
            Some(list) if list.items().next().is_some() => {
                let count = list.items().count();
                new.iter().try_for_each(|entry| edit.insert_item(list, count, entry))
            }
            _ => edit.upsert(spec, &[("kustomize", Place::Last), ("patches", Place::Last)], &New::Sequence(new)),
        }
    })?;
    let written = edits.finish()?;
    // What it comes to is seen once the root of today is gone.
    let with_both = trial(view, &start.instance, &written)?;
    let without_root = removed(&with_both, Edits::of(&with_both), start)?;
    ends_as_today(start, view, &trial(&with_both, &start.root.at, &without_root)?)?;
    Ok(written)
}

/// Takes the root of today and its source out, where the FluxInstance has both in the same tree. What names
/// the root names the new one then.
pub(in super::super) fn out(view: &View, start: &Start) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    for follower in &start.followers {
        edits.object(&follower.at, |edit, root| follow::write(edit, root, follower, &start.root.source.name))?;
    }
    let written = removed(view, edits, start)?;
    ends_as_today(start, view, &trial(view, &start.root.at, &written)?)?;
    Ok(written)
}

fn removed<'v>(view: &'v View, edits: Edits<'v>, start: &Start) -> Result<Written, Finding> {
    without(view, edits, &[&start.root.at, &start.source])
}

/// Sees that without the root of today the cluster starts with the FluxInstance, that the operator makes a root
/// that is the one of today but for its name, over a source that is the same, and that everything else is
/// applied as before.
fn ends_as_today(start: &Start, view: &View, end: &View) -> Result<(), Finding> {
    let refuse = |message: &str| Err(refused(&start.instance, message.to_owned()));
    let before = &view.graph().clusters[start.cluster];
    let Some((id, after)) = end.graph().clusters.entries().find(|(_, cluster)| cluster.name == before.name) else {
        return refuse("the cluster would not be found any more");
    };
    if after.stated_at.path != start.instance.path || after.path != before.path {
        return refuse("the cluster would not start with the FluxInstance");
    }
    if (&after.url, &after.branch, &after.artifact) != (&before.url, &before.branch, &before.artifact) {
        return refuse("the source of the FluxInstance would be another one than that of today");
    }
    let name = &start.root.source.name;
    let mut roots = end.graph().kustomizations.iter().filter(|one| one.cluster == id && one.parent.is_none());
    let Some(made) = roots.find(|one| one.at == after.stated_at && one.name == *name) else {
        return refuse("the FluxInstance would make no root");
    };
    let spec = |object: &Value| -> BTreeMap<String, String> {
        let entries = object.get("spec").map_or(&[][..], Value::entries).iter();
        let own = entries.filter(|(key, _)| !matches!(key.as_str(), "sourceRef" | "interval"));
        own.map(|(key, value)| (key.clone(), value.to_flow())).collect()
    };
    if spec(&made.object) != spec(&start.root.object) || made.source.name != *name {
        return refuse("the root of the FluxInstance would be another one than that of today");
    }
    let mut kept = names(view);
    kept.retain(|(_, _, kind, namespace, name)| !start.is_removed(kind, namespace.as_deref(), name));
    let mut left = names(end);
    left.retain(|(_, _, kind, namespace, name)| !start.is_removed(kind, namespace.as_deref(), name));
    match left == kept {
        true => Ok(()),
        false => refuse("something else would not be applied any more"),
    }
}

/// Path, cluster, kind, namespace and name of all that clusters apply.
fn names(view: &View) -> BTreeSet<(RepoPath, String, Name, Option<Name>, Name)> {
    let graph = view.graph();
    let all = graph.each_reach();
    let name = |(at, reach): (&At, &Reach)| {
        let cluster = graph.clusters[reach.cluster].name.clone();
        (at.path.clone(), cluster, reach.kind, reach.namespace, reach.name)
    };
    all.map(name).collect()
}
