//! What each unit changes on a tree.

use super::candidate::Candidate;
use super::find::Found;
use super::findings::refusal;
use super::home::Home;
use super::reference::write_reference;
use super::units::{include_ids, release_id, removal_id, source_id};
use super::{codes, namespace, per_app};
use crate::flux::{Chart, View};
use crate::migrations::sources::component::write_component;
use crate::migrations::sources::remove::edit_removal;
use crate::migrations::sources::write::write;
use crate::plan::author::{Edits, Written, edited};
use crate::plan::{Edited, Finding, Subject, Unit};

pub(super) fn edit(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    if unit.is_removal() {
        return edit_removal(view, unit, found.removals.all.iter().find(|removal| removal_id(removal) == unit.id));
    }
    let Subject::Release { name, path, .. } = &unit.id.subject else {
        return edited(write_source(found, view, unit));
    };
    match found.candidates.iter().find(|candidate| release_id(candidate) == unit.id) {
        Some(candidate) => edited(write_release(found, view, candidate)),
        None if is_on_reference(view, unit) => Edited::Already,
        None => {
            let message = format!("the release {name} is not in this file any more");
            Edited::Refused(Finding::error(codes::INVALID, message).at(path, None))
        }
    }
}

/// Whether a release is on a chartRef already.
fn is_on_reference(view: &View, unit: &Unit) -> bool {
    let (name, path) = (unit.id.subject.name(), unit.id.subject.path());
    view.releases().iter().any(|release| {
        let mut reaches = view.graph().reaches(&release.at).iter();
        let is_it = release.name == name || reaches.any(|reach| reach.name == name);
        release.at.path == *path && is_it && matches!(release.chart, Chart::Ref(_))
    })
}

/// The text of a source, or its inclusion by a kustomization. Nothing if it is there or not needed.
fn write_source(found: &Found<'_>, view: &View, unit: &Unit) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    for source in found.sources.iter().filter(|source| source.group.home != Home::PerApp) {
        if let Some(new) = source.new.as_ref().filter(|new| source_id(new) == unit.id) {
            match source.include {
                None => write(&mut edits, view, &new.spec, &new.place)?,
                Some(_) => write_component(&mut edits, view, &new.spec, &new.place)?,
            }
            break;
        }
        if let Some((_, path)) = include_ids(source).find(|(id, _)| *id == unit.id) {
            if source.new.is_some() {
                let message = format!("the Component with {} is not in the repository yet", source.name);
                return Err(Finding::error(codes::SOURCE_MISSING, message).at(path, None));
            }
            let include = source.include.as_ref().expect("what is included has a Component");
            namespace::include(&mut edits, view, path, &include.component)?;
            break;
        }
    }
    edits.finish()
}

fn write_release(found: &Found<'_>, view: &View, candidate: &Candidate<'_>) -> Result<Written, Finding> {
    let (want, release) = (candidate.verdict.as_ref().map_err(Clone::clone)?, candidate.release);
    let source = found.source_of(candidate).expect("a release that can move has a source");
    if let (Home::PerApp, Some(new)) = (&source.group.home, &source.new) {
        return per_app::written(view, candidate, want, &source.name, new);
    }
    if source.new.is_some() || source.include.is_some() {
        let message = format!("the source {} is not in the repository yet", source.name);
        return Err(refusal(release, codes::SOURCE_MISSING, message));
    }
    let mut edits = Edits::of(view);
    write_reference(&mut edits, release, want, &source.name, source.namespace.as_deref())?;
    edits.finish_if(|after| want.check(release, after))
}
