//! When a template can be removed.

use std::collections::BTreeSet;

use super::codes;
use super::files::{entries_in, files_in, is_readable, read};
use super::find::Found;
use super::made;
use super::template::Consumer;
use crate::flux::View;
use crate::plan::Finding;
use crate::plan::author::Written;
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{CommentFate, Fate};

/// What must be done before a template can be removed.
#[derive(Debug)]
pub(super) struct Before<'f, 'v> {
    /// The consumers that still name it.
    pub(super) consumers: Vec<&'f Consumer<'v>>,
    /// The templates that name it, or are in it, and are removed themselves.
    pub(super) templates: BTreeSet<RepoPath>,
}

/// What must be done before a template can be removed. `None` where something else names it, or
/// where nothing takes its place: a template that never had a Component is no business of this
/// migration.
///
/// The answer must not depend on what has landed: what is removed first is a need, not a condition.
pub(super) fn before<'f, 'v>(found: &'f Found<'v>, template: &RepoPath) -> Option<Before<'f, 'v>> {
    before_beside(found, template, &mut BTreeSet::from([template.clone()]))
}

/// The same, beside templates for which it is being asked.
fn before_beside<'f, 'v>(
    found: &'f Found<'v>,
    template: &RepoPath,
    asked: &mut BTreeSet<RepoPath>,
) -> Option<Before<'f, 'v>> {
    let counterpart = found.counterparts.get(template)?.as_ref().ok().filter(|new| new.dir != *template)?;
    let names_it = |consumer: &&Consumer<'_>| consumer.references.iter().any(|entry| entry.target.is_in(template));
    let is_named_elsewhere = found.elsewhere.iter().any(|other| other.target.is_in(template));
    // If the Component differs, whether to throw the contents away is not for a program.
    let are_readable = entries_in(found.view, template).all(|(path, kind)| is_readable(found.view, &path, &kind));
    if is_named_elsewhere || !counterpart.differs.is_empty() || !are_readable {
        return None;
    }
    // What is a part of it and no template of its own is removed with it.
    let parts = made::reached(found.view, template);
    let is_part = |other: &RepoPath| parts.contains(other) && !found.counterparts.contains_key(other);
    let inside = found.templates.iter().filter(|other| *other != template && other.is_in(template));
    let inside = inside.filter(|other| !is_part(other));
    let naming = found.among_themselves.iter().filter(|(listed, _)| listed.is_in(template)).flat_map(|(_, by)| by);
    let templates: BTreeSet<RepoPath> = inside.cloned().chain(naming.map(RepoPath::dir)).collect();
    for other in &templates {
        // Two that name each other stay.
        if !asked.insert(other.clone()) {
            return None;
        }
        before_beside(found, other, asked)?;
        asked.remove(other);
    }
    Some(Before { consumers: found.consumers.iter().filter(names_it).collect(), templates })
}

/// The clusters that follow a branch other than the checked-out one: it may be named there.
pub(super) fn on_other_branches(view: &View, template: &RepoPath) -> Vec<Finding> {
    let path = view.kustomization(template).map_or(template, |kustomization| &kustomization.path);
    let clusters = view.graph().clusters.iter();
    let found = clusters.filter_map(|cluster| {
        let branch = view.followed()?.elsewhere(cluster)?;
        let message = format!("cluster {} follows branch {branch}, where {template} may still be named", cluster.name);
        Some(Finding::warning(codes::FOLLOWS_ELSEWHERE, message).at(path, None))
    });
    found.collect()
}

/// Removes a template. Comments that its Component has, too, are not reported as dropped.
pub(super) fn remove(found: &Found<'_>, template: &RepoPath) -> Result<Written, Finding> {
    let view = found.view;
    let path = view.kustomization(template).map_or(template, |kustomization| &kustomization.path);
    let refuse = |message: String| Finding::error(codes::ELSEWHERE, message).at(path, None);
    let before = before(found, template).ok_or_else(|| refuse("something still names it".to_owned()))?;
    if let Some(consumer) = before.consumers.first() {
        return Err(refuse(format!("{} still names it", consumer.kustomization.path)));
    }
    let (mut changes, mut fates) = (Changes::new(), Vec::new());
    let counterpart = found.counterparts.get(template).and_then(|new| new.as_ref().ok());
    let kept: BTreeSet<&str> = counterpart.map(|new| comments_in(view, &new.dir)).unwrap_or_default();
    for path in files_in(view, template) {
        changes.set(path.clone(), Change::Delete { of: read(view, &path).map_err(refuse)?.id() });
        let Some(stream) = view.file(&path).and_then(|file| file.stream.as_ref()) else { continue };
        let dropped = stream.comments().iter().filter(|comment| !kept.contains(&stream.text()[comment.range.clone()]));
        fates.extend(dropped.map(|comment| {
            let (text, range) = (stream.text()[comment.range.clone()].to_owned(), comment.range.clone());
            let fate = Fate::Dropped("its file is removed".to_owned());
            (path.clone(), CommentFate { text, line: comment.line, range, fate })
        }));
    }
    Ok((changes, fates))
}

/// All comments of the files in a directory and below.
fn comments_in<'v>(view: &'v View, dir: &RepoPath) -> BTreeSet<&'v str> {
    let streams = view.files().filter(|(path, _)| path.is_in(dir)).filter_map(|(_, file)| file.stream.as_ref());
    streams.flat_map(|stream| stream.comments().iter().map(|comment| &stream.text()[comment.range.clone()])).collect()
}
