//! What each unit comes to on a tree.

use super::moved::moved;
use super::release::{Candidate, at_release, finding};
use super::strategy::Home;
use super::survey::{Found, has_moved};
use super::unit::{include_ids, release_id, removal_id, source_id};
use super::{app, codes, namespace};
use crate::flux::View;
use crate::migrations::sources::remove::edit_removal;
use crate::migrations::sources::write::write;
use crate::migrations::sources::component;
use crate::plan::author::refused_edit;
use crate::plan::{Edited, Severity, Subject, Unit};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::Error;

pub(super) fn edit(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    match &unit.id.subject {
        Subject::Object { .. } if unit.is_removal() => {
            edit_removal(view, unit, found.removals.all.iter().find(|removal| removal_id(removal) == unit.id))
        }
        Subject::Object { .. } => edit_source(found, view, unit),
        Subject::Consumer { .. } => Edited::Already,
        Subject::Release { name, path, .. } => {
            match found.candidates.iter().find(|candidate| release_id(candidate) == unit.id) {
                Some(candidate) => edit_release(found, view, candidate),
                None if has_moved(view, path, name) => Edited::Already,
                None => Edited::Refused(finding(
                    Severity::Error,
                    codes::INVALID,
                    Some(path.clone()),
                    None,
                    format!("the release {name} is not in this file any more"),
                )),
            }
        }
    }
}

fn edit_source(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    let made = |path: &RepoPath, changes: Result<Changes, Error>| match changes {
        Ok(changes) if changes.is_empty() => Edited::Already,
        Ok(changes) => Edited::Changes(changes, Vec::new()),
        Err(error) => Edited::Refused(refused_edit(path, &error)),
    };
    for source in found.sources.iter().filter(|source| source.home != Home::App) {
        if let Some(new) = source.new.as_ref().filter(|new| source_id(new) == unit.id) {
            let changes = match source.include {
                None => write(view, &new.spec, &new.place),
                Some(_) => component::write_component(view, &new.spec, &new.place),
            };
            return made(new.place.edited_file(), changes);
        }
        if let Some((_, path)) = include_ids(source).find(|(id, _)| *id == unit.id) {
            if source.new.is_some() {
                let message = format!("the Component with {} is not in this tree yet", source.name);
                let path = Some(path.clone());
                return Edited::Refused(finding(Severity::Error, codes::SOURCE_MISSING, path, None, message));
            }
            let include = source.include.as_ref().expect("what is included has a Component");
            let mut changes = Changes::new();
            let listed = namespace::include(view, path, &include.component, &mut changes);
            return made(path, listed.map(|()| changes));
        }
    }
    // Nobody wants it any more, or it is there.
    Edited::Already
}

fn edit_release(found: &Found<'_>, view: &View, candidate: &Candidate<'_>) -> Edited {
    let (want, source) = match (&candidate.verdict, found.source_of(candidate)) {
        (Err(reason), _) => return Edited::Refused(reason.clone()),
        (Ok(want), Some(source)) => (want, source),
        (Ok(_), None) => unreachable!("a release that can move has a source"),
    };
    let path = &candidate.release.at.path;
    let with_path = |comments: Vec<_>| comments.into_iter().map(|comment| (path.clone(), comment)).collect();
    if let (Home::App, Some(new)) = (&source.home, &source.new) {
        return match app::written(view, candidate, want, &source.name, new) {
            Ok((changes, comments)) => Edited::Changes(changes, with_path(comments)),
            Err(reason) => Edited::Refused(reason),
        };
    }
    if source.new.is_some() || source.include.is_some() {
        let message = format!("the source {} is not in this tree yet", source.name);
        return Edited::Refused(at_release(candidate.release, Severity::Error, codes::SOURCE_MISSING, message));
    }
    let conversion = candidate.conversion.as_ref();
    let edit = match moved(view, candidate.release, want, conversion, &source.name, source.namespace.as_deref()) {
        Ok(edit) => edit,
        Err(reason) => return Edited::Refused(reason),
    };
    match edit.finish() {
        Ok(edited) => {
            let checked = conversion.map(|own| own.check(view, &candidate.release.at, &edited));
            if let Some(Err(reason)) = checked {
                return Edited::Refused(reason);
            }
            let mut changes = Changes::new();
            changes.set(path.clone(), Change::Edit(edited.splices));
            Edited::Changes(changes, with_path(edited.comments))
        }
        Err(error) => Edited::Refused(refused_edit(path, &error)),
    }
}
