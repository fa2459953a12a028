//! The text of each unit, on the tree where it lands.

use std::collections::BTreeSet;

use super::codes;
use super::find::{Found, Standing};
use super::install::{Install, Old};
use super::place::listing;
use super::starts::{SYNC, SYNC_GUARD, SYNC_OUT, start_subject};
use super::units::{ALERT, GUARD, INSTANCE_STEP, OPERATOR_STEP, Stages, stages_of};
use super::write::Writer;
use super::{adopt, alerts, gotk, proof};
use crate::flux::{At, FluxKustomization, View};
use crate::plan::author::{Edits, Written, edited, subject};
use crate::plan::codes::{CHANGED_ON_THE_WAY, GONE, GUARD_NOT_LIVE};
use crate::plan::{Edited, Finding, Unit};
use crate::repo::RepoPath;
use crate::yaml::{Edit, Error, Fate, New, Node, Place};

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    if unit.id.step == ALERT {
        return alert(found, unit);
    }
    if matches!(unit.id.step, SYNC_GUARD | SYNC | SYNC_OUT) {
        return start(found, unit);
    }
    let Some(stages) = stages_of(found, unit) else {
        // Nothing of the old installation is there any more.
        return Edited::Already;
    };
    let standing = stages.standing;
    let written = match unit.id.step {
        GUARD if standing.is_guarded() => return Edited::Already,
        GUARD => guard(found.view, stages.install),
        OPERATOR_STEP if standing.operator.is_some() => return Edited::Already,
        INSTANCE_STEP if standing.instance.is_some() => return Edited::Already,
        OPERATOR_STEP | INSTANCE_STEP => files(&stages, unit.id.step == INSTANCE_STEP),
        _ => removal(found.view, standing, stages.install),
    };
    edited(written)
}

/// What Flux starts with: the stages of `sync: adopt`.
fn start(found: &Found<'_>, unit: &Unit) -> Edited {
    let is_it = |standing: &&Standing<'_>| start_subject(standing).as_ref() == Some(&unit.id.subject);
    let Some(standing) = found.clusters.iter().find(is_it) else { return Edited::Already };
    let (Some(start), Some(instance)) = (&standing.start, &standing.instance) else { return Edited::Already };
    if let Some(problem) = start.problems.first() {
        return Edited::Refused(problem.clone());
    }
    let is_synced = start.is_synced(instance);
    edited(match unit.id.step {
        SYNC_GUARD if start.root.keeps_on_deletion() => return Edited::Already,
        SYNC_GUARD => adopt::guard(found.view, start),
        SYNC if instance.sync.is_some() => return Edited::Already,
        SYNC => adopt::sync(found.view, start),
        _ if is_synced && start.root.keeps_on_deletion() => adopt::out(found.view, start),
        _ => {
            let message = "the FluxInstance does not make what Flux starts with in this tree, or nothing guards that";
            Err(Finding::error(codes::SYNC_NOT_LIVE, message).at(&start.root.at.path, None))
        }
    })
}

fn alert(found: &Found<'_>, unit: &Unit) -> Edited {
    let is_it = |object: &&&crate::flux::Object| subject(found.view, object) == unit.id.subject;
    let clusters = found.clusters.iter();
    let watching: Vec<_> = clusters.flat_map(|standing| alerts::watching(found.view, standing.cluster)).collect();
    let Some(alert) = watching.iter().find(is_it) else { return Edited::Already };
    let mut edits = Edits::of(found.view);
    let done = edits.object(&alert.at, alerts::write);
    edited(done.and_then(|()| edits.finish()))
}

/// Has the old installation keep what it has when it is removed.
fn guard(view: &View, install: &Install<'_>) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    match &install.old {
        Old::Gotk { kustomization, .. } => gotk::write_guard(&mut edits, kustomization)?,
        Old::Oci { flux, .. } => {
            let has_policy = install.version.is_some_and(|version| version.is_at_least(5));
            edits.object(&flux.at, |edit, root| write_guard(edit, root, has_policy))?;
        }
    }
    let written = edits.finish()?;
    if let Old::Oci { flux, .. } = &install.old {
        proven_guard(view, flux, &written)?;
    }
    Ok(written)
}

fn write_guard<'v>(edit: &mut Edit<'v>, root: Node<'v>, has_policy: bool) -> Result<(), Error> {
    let Some(spec) = root.get("spec") else { return Ok(()) };
    if let Some((_, prune)) = spec.own_entry("prune").filter(|(_, prune)| prune.is_true()) {
        edit.set(prune, &New::Plain("false".to_owned()), |_| Fate::Moved)?;
        edit.add_comment_above(prune, "flux-codemod: guard[flux-operator] was prune true")?;
    }
    if has_policy && spec.own_entry("deletionPolicy").is_none() {
        edit.insert_entry(spec, Place::After("prune"), "deletionPolicy", &New::string("Orphan"))?;
    }
    Ok(())
}

/// Sees that the guard arrives: a patch from above could take it away.
pub(super) fn proven_guard(view: &View, flux: &FluxKustomization, written: &Written) -> Result<(), Finding> {
    let refuse = |message: String| Finding::error(CHANGED_ON_THE_WAY, message).at(&flux.at.path, None);
    let trial = view.with(&written.0).map_err(|error| refuse(error.to_string()))?;
    let arrived = trial.graph().kustomizations_at(&flux.at).collect::<Vec<_>>();
    match !arrived.is_empty() && arrived.iter().all(|flux| flux.keeps_on_deletion()) {
        true => Ok(()),
        false => Err(refuse(format!("{} would still delete what it has when it is removed", flux.full_name()))),
    }
}

/// The files of the operator, or of the instance.
fn files(stages: &Stages<'_, '_>, is_instance: bool) -> Result<Written, Finding> {
    let (found, install) = (stages.found, stages.install);
    let view = found.view;
    let listing = listing(view, install.cluster, &install.namespace, &found.settings)?;
    let writer = Writer::of(view, install, &listing, &found.settings);
    let mut edits = Edits::of(view);
    match (is_instance, install.version) {
        (true, Some(version)) => writer.instance(&mut edits, version)?,
        (true, None) => return Err(install.problems.first().cloned().unwrap_or_else(|| gone(install))),
        (false, _) => writer.operator(&mut edits, found.settings.operator)?,
    }
    let written = edits.finish()?;
    let files = if is_instance { writer.instance_files() } else { writer.operator_files() };
    proof::arrives(view, install, &files, is_instance, &written)?;
    Ok(written)
}

fn gone(install: &Install<'_>) -> Finding {
    Finding::error(GONE, "the installation cannot be read any more").at(install.old.place().0, None)
}

/// Takes the old installation out, where the new one is in the same tree.
fn removal(view: &View, standing: &Standing<'_>, install: &Install<'_>) -> Result<Written, Finding> {
    let place = install.old.place().0;
    if !standing.is_guarded() {
        return Err(Finding::error(GUARD_NOT_LIVE, "its guard is not in this tree").at(place, None));
    }
    if !standing.has_instance(install.version) || !standing.has_operator(install.version) {
        let message = "no FluxInstance of this version is in this tree, or no operator that has it";
        return Err(Finding::error(codes::INSTANCE_NOT_LIVE, message).at(place, None));
    }
    let written = match &install.old {
        Old::Oci { flux, source } => without(view, Edits::of(view), &[&flux.at, source])?,
        Old::Gotk { file, kustomization, .. } => gotk::without(view, file, kustomization, &install.carried)?,
    };
    proof::nothing_else_goes(view, install, &written)?;
    Ok(written)
}

/// Removes objects, beside other edits: the files that hold nothing else, with their entries, or else their documents.
pub(super) fn without<'v>(view: &'v View, mut edits: Edits<'v>, objects: &[&At]) -> Result<Written, Finding> {
    let paths: BTreeSet<&RepoPath> = objects.iter().map(|at| &at.path).collect();
    let of_file = |path: &RepoPath| objects.iter().filter(|at| at.path == *path).collect::<Vec<_>>();
    let is_whole = |path: &RepoPath| {
        let documents = view.file(path).and_then(|file| file.stream.as_deref()).map(|stream| stream.documents().len());
        documents.is_some_and(|documents| documents <= of_file(path).len())
            && of_file(path).iter().all(|at| at.item.is_none())
    };
    let whole: BTreeSet<RepoPath> = paths.iter().filter(|path| is_whole(path)).map(|path| (*path).clone()).collect();
    for path in paths {
        if whole.contains(path) {
            remove_file(&mut edits, view, path, &whole)?;
            continue;
        }
        for at in of_file(path) {
            edits.object(at, |edit, root| edit.remove_document(root, |_| dropped()))?;
        }
    }
    edits.finish()
}

/// Why comments are dropped.
const BECAUSE: &str = "it is about the old installation";

pub(super) fn dropped() -> Fate {
    Fate::Dropped(BECAUSE.to_owned())
}

/// Removes a file and the entries that list it. A kustomization that lists nothing but what is removed is removed
/// with it.
pub(super) fn remove_file<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    path: &RepoPath,
    removed: &BTreeSet<RepoPath>,
) -> Result<(), Finding> {
    edits.delete(path, BECAUSE)?;
    for list in view.listed_in(path) {
        match is_left_empty(view, &list, removed) {
            true => remove_file(edits, view, &list, removed)?,
            false => unlist(edits, view, &list, path)?,
        }
    }
    Ok(())
}

/// Whether a kustomization has nothing but entries for what is removed, and nothing needs it to be there: no
/// kustomization lists its directory, and no Flux Kustomization builds it.
fn is_left_empty(view: &View, list: &RepoPath, removed: &BTreeSet<RepoPath>) -> bool {
    let dir = list.dir();
    let Some(kustomization) = view.kustomization(&dir) else { return false };
    let is_removed = |path: Option<RepoPath>| path.is_some_and(|path| removed.contains(&path));
    let root = view.node(&At::document(list, 0));
    let has_only_entries = root.is_some_and(|root| {
        root.entries().all(|(key, _)| matches!(key.text(), Some("apiVersion" | "kind" | "resources")))
    });
    has_only_entries
        && kustomization.resources.iter().all(|entry| is_removed(view.resolve(kustomization, &entry.text)))
        && view.listed_by(&dir).next().is_none()
        && !view.graph().kustomizations.iter().any(|flux| flux.path.as_ref() == Some(&dir))
}

/// Removes an entry from a kustomization.
///
/// # Errors
/// If it would be the last: Kustomize refuses an empty one.
pub(super) fn unlist<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    list: &RepoPath,
    path: &RepoPath,
) -> Result<(), Finding> {
    let dir = list.dir();
    let kustomization = view.kustomization(&dir);
    if kustomization.is_none_or(|listing| listing.resources.len() < 2) {
        let message = format!("{list} would list nothing any more, and Kustomize refuses that");
        return Err(Finding::error(codes::FIELD, message).at(list, None));
    }
    edits.unlist(list, path, BECAUSE)
}
