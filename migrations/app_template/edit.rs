//! The text of each unit, on the tree where it lands.

use super::conversion::Converted;
use super::find::Found;
use super::release::{Candidate, Now, Way, now};
use super::seconds::{NewSource, Second, possible};
use super::source::{key, post_renderer};
use super::units::{SOURCE, releases_of, removal_of, source_id};
use super::{codes, schema};
use crate::flux::{OciRepository, SourceRef};
use crate::migrations::sources::codes::SOURCE_MISSING;
use crate::migrations::sources::remove::edit_removal;
use crate::migrations::sources::write::written;
use crate::plan::author::{Edits, Written, edited};
use crate::plan::{Edited, Finding, REMOVE, Subject, Unit};
use crate::yaml::{Edit, Error, Fate, New, Node, Place};

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    match unit.id.step {
        SOURCE => edit_source(found, unit),
        REMOVE => edit_removal(found.view, unit, removal_of(found, unit)),
        _ => match releases_of(found, unit).as_slice() {
            [] => without_release(found, unit),
            candidates => edited(write_releases(found, candidates)),
        },
    }
}

/// What there is to do for a release that is no candidate on this tree.
fn without_release(found: &Found<'_>, unit: &Unit) -> Edited {
    let (view, major) = (found.view, found.settings.major());
    let subject = &unit.id.subject;
    let has_moved = view.releases().iter().any(|release| {
        let mut reaches = view.graph().reaches(&release.at).iter();
        let is_it = release.name == subject.name() || reaches.any(|reach| reach.name == subject.name());
        release.at.path == *subject.path() && is_it && matches!(now(view, release, major), Now::Later(_))
    });
    if has_moved || !matches!(subject, Subject::Release { .. }) {
        return Edited::Already;
    }
    let message = format!("{} is not in this file any more, or its source is not in the repository", subject.name());
    Edited::Refused(Finding::error(codes::VERSION_UNKNOWN, message).at(subject.path(), None))
}

fn edit_source(found: &Found<'_>, unit: &Unit) -> Edited {
    // Several sources of 3.x can have it beside them, and on this tree, which has other releases, another
    // one than in the plan. What it says is taken from the one that the unit is about.
    let is_beside = |new: &NewSource| unit.reads.contains(&new.beside.path);
    let is_it =
        |second: &Second| source_id(second).as_ref() == Some(&unit.id) && second.new.as_ref().is_some_and(is_beside);
    let needed = found.seconds.iter().find(|second| is_it(second)).cloned();
    let second = needed.or_else(|| possible(found.view, &found.settings).into_iter().find(is_it));
    let Some(new) = second.and_then(|second| second.new) else { return Edited::Already };
    edited(written(found.view, &new.spec, &new.place))
}

/// The text of releases, and of the sources that move with them.
fn write_releases(found: &Found<'_>, candidates: &[&Candidate<'_>]) -> Result<Written, Finding> {
    let target = &found.settings.target;
    let mut edits = Edits::of(found.view);
    for (index, candidate) in candidates.iter().enumerate() {
        let step = candidate.verdict.as_ref().map_err(|reasons| reasons[0].clone())?;
        match &step.way {
            // All releases of a fleet have the same source.
            Way::Own(source) | Way::Fleet(source) if index == 0 => write_source(&mut edits, source, target)?,
            _ => {}
        }
        let second = candidate.second_beside().map(|old| name_of_second(found, candidate, old)).transpose()?;
        edits.object(&candidate.release.at, |edit, root| {
            let spec = root.get("spec").expect("a release of the view has a spec");
            if let (Some(name), Some(node)) = (second, spec.at(&["chartRef", "name"])) {
                set_text(edit, node, name)?;
            }
            if let Way::InPlace { repository } = &step.way {
                let chart = spec.at(&["chart", "spec"]).expect("a release on spec.chart has one");
                if let Some(version) = chart.get("version") {
                    set_text(edit, version, target)?;
                }
                if let (Some(repository), Some(reference)) = (repository, chart.get("sourceRef")) {
                    set_repository(edit, reference, repository, &candidate.identity.namespace)?;
                }
            }
            convert(edit, &step.converted, target)
        })?;
    }
    edits.finish_if(|after| {
        let in_file = candidates.iter().filter(|candidate| candidate.release.at.path == *after.path);
        let mut steps = in_file.filter_map(|candidate| candidate.verdict.as_ref().ok());
        steps.try_for_each(|step| step.converted.check(after))
    })
}

fn name_of_second<'f>(
    found: &'f Found<'_>,
    candidate: &Candidate<'_>,
    old: &OciRepository,
) -> Result<&'f str, Finding> {
    let second = found.second_beside(old).filter(|second| second.new.is_none());
    second.map(|second| &*second.name).ok_or_else(|| {
        let message = "the source that it moves to is not in this tree yet";
        Finding::error(SOURCE_MISSING, message).at(&candidate.release.at.path, None)
    })
}

fn write_source(edits: &mut Edits<'_>, source: &OciRepository, target: &str) -> Result<(), Finding> {
    let (new, _) = key(source, target);
    edits.object(&source.at, |edit, root| {
        let node = |path: &[&str]| root.get("spec")?.at(path);
        set_text(edit, node(&["ref", "tag"]).expect("a source with a version has a tag"), target)?;
        let url = node(&["url"]).filter(|_| new.url != source.url);
        url.map_or(Ok(()), |url| set_text(edit, url, &new.url))
    })
}

/// Has a `sourceRef` name another HelmRepository.
fn set_repository<'v>(
    edit: &mut Edit<'v>,
    reference: Node<'v>,
    repository: &SourceRef,
    namespace_of_release: &str,
) -> Result<(), Error> {
    set_text(edit, reference.get("name").expect("a sourceRef has a name"), &repository.name)?;
    let namespace = repository.namespace.as_deref().unwrap_or_default();
    match reference.get("namespace") {
        Some(node) => set_text(edit, node, namespace),
        None if namespace == namespace_of_release => Ok(()),
        None => edit.insert_entry(reference, Place::After("name"), "namespace", &New::string(namespace)),
    }
}

/// Writes what changes in a release but for where its chart comes from: values, the comment that
/// names a schema, and a post-renderer where old selectors are kept.
///
/// # Errors
/// Where the text does not allow it.
pub(in crate::migrations) fn convert<'v>(
    edit: &mut Edit<'v>,
    converted: &Converted<'v>,
    target: &str,
) -> Result<(), Error> {
    converted.write(edit)?;
    let kept = converted.kept();
    if !kept.is_empty() {
        add_post_renderer(edit, converted, &post_renderer(&kept))?;
    }
    schema::update(edit, converted.view, &converted.at, target)
}

fn add_post_renderer<'v>(edit: &mut Edit<'v>, converted: &Converted<'v>, renderer: &New) -> Result<(), Error> {
    let root = converted.view.node(&converted.at);
    let spec = root.and_then(|root| root.get("spec")).expect("a release of the view has a spec");
    let alone = New::Sequence(vec![renderer.clone()]);
    match spec.own_entry("postRenderers") {
        Some((_, list)) if !list.is_null() => edit.insert_item(list, list.items().count(), renderer),
        Some((_, empty)) => edit.set(empty, &alone, |_| Fate::Moved),
        None => {
            let place = if spec.own_entry("values").is_some() { Place::Before("values") } else { Place::Last };
            edit.insert_entry(spec, place, "postRenderers", &alone)
        }
    }
}

/// Sets a text where it stands, or in the place of an alias.
fn set_text<'v>(edit: &mut Edit<'v>, node: Node<'v>, text: &str) -> Result<(), Error> {
    if !node.is_alias() {
        edit.set_scalar(node, text)
    } else if node.text() == Some(text) {
        Ok(())
    } else {
        edit.set(node, &New::string(text), |_| Fate::Moved)
    }
}
