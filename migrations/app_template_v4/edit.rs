//! The text of each unit, on the tree where it lands.

use std::collections::BTreeMap;

use super::codes;
use super::conversion::{finding, values_of};
use super::release::{Candidate, Now, Step, Way, now};
use super::schema;
use super::source::{Second, key, post_renderer, tag_and_url};
use super::survey::Found;
use super::unit::{FLEET, SOURCE, fleet_id, fleet_members, release_id, removal_of, source_id};
use crate::flux::{At, OciRepository, View};
use crate::plan::author::{edited, refused_edit};
use crate::migrations::sources::remove::edit_removal;
use crate::migrations::sources::write::written;
use crate::plan::{Edited, Finding, REMOVE, Severity, Unit};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{CommentFate, Edit, Error, New, Node, Place};

/// What a unit comes to on this tree.
pub(super) fn edit(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    match unit.id.step {
        SOURCE => edit_source(found, view, unit),
        FLEET => edit_fleet(found, view, unit),
        REMOVE => edit_removal(view, unit, removal_of(found, unit)),
        _ => match found.candidates.iter().find(|candidate| release_id(candidate) == unit.id) {
            Some(candidate) => edit_release(found, view, candidate),
            None => gone(view, unit),
        },
    }
}

/// A release that is no candidate any more: it has moved, or is not there.
fn gone(view: &View, unit: &Unit) -> Edited {
    let subject = &unit.id.subject;
    let has_moved = view.releases().iter().any(|release| {
        let reaches = view.graph().reaches(&release.at);
        let is_it = release.name == subject.name() || reaches.iter().any(|reach| reach.name == subject.name());
        release.at.path == *subject.path() && is_it && matches!(now(view, release), Now::Moved)
    });
    if has_moved {
        return Edited::Already;
    }
    let message =
        format!("the release {} is not in this file any more, or names no source that is here", subject.name());
    let at = At::document(subject.path(), 0);
    Edited::Refused(finding(Severity::Error, codes::VERSION_UNKNOWN, &at, None, message))
}

fn edit_source(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    let is_it = |second: &&Second| source_id(second).as_ref() == Some(&unit.id);
    // Those that want it may not have come so far in this tree.
    let beside = || found.beside(view).into_iter().find(|second| is_it(&second));
    let second = found.seconds.iter().find(is_it).cloned().or_else(beside);
    let Some((spec, place)) = second.as_ref().and_then(|second| second.new.as_ref()) else { return Edited::Already };
    edited(written(view, spec, place))
}

fn edit_release(found: &Found<'_>, view: &View, candidate: &Candidate<'_>) -> Edited {
    let step = match &candidate.verdict {
        Ok(step) => step,
        Err(reasons) => return Edited::Refused(reasons[0].clone()),
    };
    let mut texts = Texts::of(view);
    let done = match &step.way {
        Way::InPlace { .. } | Way::Fleet(_) => texts.release(found, candidate, step, None),
        Way::Own(source) => {
            texts.release(found, candidate, step, None).and_then(|()| texts.source(source, &found.settings.target))
        }
        Way::Second(source) => match found.second_of(source).filter(|second| second.new.is_none()) {
            Some(second) => texts.release(found, candidate, step, Some(&second.name)),
            None => {
                let message = "the source that it moves to is not in this tree yet".to_owned();
                let code = crate::migrations::sources::codes::SOURCE_MISSING;
                return Edited::Refused(finding(Severity::Error, code, &candidate.release.at, None, message));
            }
        },
    };
    texts.finish(done, &[candidate])
}

fn edit_fleet(found: &Found<'_>, view: &View, unit: &Unit) -> Edited {
    let is_it = |source: &&OciRepository| fleet_id(view, source) == unit.id;
    let Some(source) = view.oci_repositories().iter().find(is_it) else { return Edited::Already };
    let members = fleet_members(found, source);
    if members.is_empty() {
        return Edited::Already;
    }
    let mut texts = Texts::of(view);
    let mut done = texts.source(source, &found.settings.target);
    for member in &members {
        if let (Ok(()), Ok(step)) = (&done, &member.verdict) {
            done = texts.release(found, member, step, None);
        }
    }
    texts.finish(done, &members)
}

/// The edits of a unit, one for each file.
struct Texts<'v> {
    view: &'v View,
    edits: BTreeMap<RepoPath, Edit<'v>>,
    /// The file that is edited at the moment.
    at: Option<RepoPath>,
}

impl<'v> Texts<'v> {
    fn of(view: &'v View) -> Texts<'v> {
        Texts { view, edits: BTreeMap::new(), at: None }
    }

    fn edit(&mut self, path: &RepoPath) -> &mut Edit<'v> {
        self.at = Some(path.clone());
        let view = self.view;
        self.edits.entry(path.clone()).or_insert_with(|| {
            let stream = view.file(path).and_then(|file| file.stream.as_deref());
            Edit::of(stream.expect("an object of the view was read")).moving_anchors().in_order()
        })
    }

    fn release(
        &mut self,
        found: &Found<'_>,
        candidate: &Candidate<'_>,
        step: &Step<'_>,
        source: Option<&str>,
    ) -> Result<(), Error> {
        let (view, at) = (self.view, &candidate.release.at);
        let spec = view.node(at).and_then(|root| root.get("spec")).expect("a release of the view has a spec");
        let target = &found.settings.target;
        let edit = self.edit(&at.path);
        if let Some((name, node)) = source.and_then(|name| Some((name, spec.at(&["chartRef", "name"])?))) {
            set(edit, node, name)?;
        }
        if let Way::InPlace { repository } = &step.way {
            let chart = spec.at(&["chart", "spec"]).expect("a release on spec.chart has one");
            if let Some(version) = chart.get("version") {
                set(edit, version, target)?;
            }
            if let (Some(repository), Some(reference)) = (repository, chart.get("sourceRef")) {
                set(edit, reference.get("name").expect("a sourceRef has a name"), &repository.name)?;
                let namespace = repository.namespace.as_deref().unwrap_or_default();
                match reference.get("namespace") {
                    Some(node) => set(edit, node, namespace)?,
                    None if namespace == candidate.namespace => {}
                    None => edit.insert_entry(reference, Place::After("name"), "namespace", &New::string(namespace))?,
                }
            }
        }
        convert(edit, view, at, &step.converted, target)
    }

    fn source(&mut self, source: &OciRepository, target: &str) -> Result<(), Error> {
        let (new, _) = key(source, target);
        let nodes = tag_and_url(self.view, &source.at);
        let (tag, url) = nodes.expect("a source with a version has a tag and a URL");
        let edit = self.edit(&source.at.path);
        set(edit, tag, target)?;
        if new.url != source.url { set(edit, url, &new.url) } else { Ok(()) }
    }

    /// Proves all edits, and that what is written arrives.
    fn finish(self, done: Result<(), Error>, releases: &[&Candidate<'_>]) -> Edited {
        let Texts { view, edits, at } = self;
        let first = releases.first().map(|candidate| &candidate.release.at.path);
        if let Err(error) = done {
            let path = at.as_ref().or(first).expect("an error is in a file");
            return Edited::Refused(refused_edit(path, &error));
        }
        let mut changes = Changes::new();
        let mut fates: Vec<(RepoPath, CommentFate)> = Vec::new();
        for (path, edit) in edits {
            let edited = match edit.finish() {
                Ok(edited) => edited,
                Err(error) => return Edited::Refused(refused_edit(&path, &error)),
            };
            let stream = view.file(&path).and_then(|file| file.stream.as_deref()).expect("an edited file was read");
            let text = edited.splices.apply(stream.text()).expect("an edit is bound to its text");
            for candidate in releases.iter().filter(|candidate| candidate.release.at.path == path) {
                if let Err(reason) = arrives(view, candidate, &text) {
                    return Edited::Refused(reason);
                }
            }
            fates.extend(edited.comments.into_iter().map(|fate| (path.clone(), fate)));
            changes.set(path, Change::Edit(edited.splices));
        }
        Edited::Changes(changes, fates)
    }
}

fn arrives(view: &View, candidate: &Candidate<'_>, text: &str) -> Result<(), Finding> {
    match &candidate.verdict {
        Ok(step) => step.converted.check(view, &candidate.release.at, text),
        Err(_) => Ok(()),
    }
}

/// Writes what a release says into an edit of its file, but for where the chart comes from: values, the schema's comment, and a
/// post-renderer where old selectors are kept.
///
/// # Errors
/// Where the text does not allow it.
pub(crate) fn convert<'v>(
    edit: &mut Edit<'v>,
    view: &'v View,
    at: &At,
    converted: &super::conversion::Converted<'_>,
    target: &str,
) -> Result<(), Error> {
    converted.write(edit, values_of(view, at))?;
    let kept = converted.kept();
    if !kept.is_empty() {
        keep_selectors(edit, view, at, &post_renderer(&kept))?;
    }
    let stream = view.file(&at.path).and_then(|file| file.stream.as_deref()).expect("a release of the view was read");
    schema::update(view, at, edit, stream, target)
}

fn keep_selectors<'v>(edit: &mut Edit<'v>, view: &'v View, at: &At, renderer: &New) -> Result<(), Error> {
    let spec = view.node(at).and_then(|root| root.get("spec")).expect("a release of the view has a spec");
    match spec.own_entry("postRenderers") {
        Some((_, list)) if !list.is_null() => {
            let number = list.items().count();
            edit.insert_item(list, number, renderer)
        }
        Some((_, empty)) => edit.set(empty, &New::Sequence(vec![renderer.clone()]), |_| crate::yaml::Fate::Moved),
        None => {
            let place = if spec.own_entry("values").is_some() { Place::Before("values") } else { Place::Last };
            edit.insert_entry(spec, place, "postRenderers", &New::Sequence(vec![renderer.clone()]))
        }
    }
}

/// Sets a text where it stands, or in the place of an alias.
fn set<'v>(edit: &mut Edit<'v>, node: Node<'v>, text: &str) -> Result<(), Error> {
    match node.is_alias() {
        true if node.text() == Some(text) => Ok(()),
        true => edit.set(node, &New::string(text), |_| crate::yaml::Fate::Moved),
        false => edit.set_scalar(node, text),
    }
}
