//! When a template can go.

use std::collections::BTreeSet;

use super::copy::files_of;
use super::survey::Found;
use super::template::Consumer;
use super::{codes, finding};
use crate::flux::View;
use crate::plan::author::Written;
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, EntryKind, RepoPath};
use crate::yaml::{CommentFate, Fate};

/// What has to be done before a template can go.
#[derive(Debug)]
pub(super) struct Before<'f, 'v> {
    /// The consumers that still name it.
    pub(super) consumers: Vec<&'f Consumer<'v>>,
    /// The templates that name it, or lie in it, and go themselves.
    pub(super) templates: BTreeSet<RepoPath>,
}

/// What has to be done before a template can go. `None` where something else names it, or where nothing takes its place: what never had a
/// Component is no part of this migration.
///
/// The answer must not depend on what has landed already: what goes first is a need, not a condition.
pub(super) fn before<'f, 'v>(found: &'f Found<'v>, template: &RepoPath) -> Option<Before<'f, 'v>> {
    let mut open = BTreeSet::from([template.clone()]);
    goes(found, template, &mut open)
}

fn goes<'f, 'v>(found: &'f Found<'v>, template: &RepoPath, open: &mut BTreeSet<RepoPath>) -> Option<Before<'f, 'v>> {
    let counterpart = found.counterparts.get(template)?.as_ref().ok().filter(|own| own.dir != *template)?;
    let names = |own: &&Consumer<'_>| own.references.iter().any(|own| own.target.is_in(template));
    let consumers: Vec<&Consumer<'_>> = found.consumers.iter().filter(names).collect();
    let elsewhere = found.elsewhere.iter().any(|own| own.target.is_in(template));
    // Its contents are nowhere else: that is for a person to throw away.
    let unlike = !counterpart.differs.is_empty();
    let mut files = found.view.tree().entries().filter(|(path, _)| path.is_in(template));
    let plain = files.all(|(path, kind)| {
        matches!(kind, EntryKind::File { filtered: false, .. }) && found.view.barred(&path).is_none()
    });
    if elsewhere || unlike || !plain {
        return None;
    }
    let below = found.templates.iter().filter(|own| *own != template && own.is_in(template));
    let naming = found.among_themselves.iter().filter(|(own, _)| own.is_in(template)).flat_map(|(_, by)| by);
    let templates: BTreeSet<RepoPath> = below.cloned().chain(naming.map(RepoPath::dir)).collect();
    for other in &templates {
        // Two that name each other stay.
        if !open.insert(other.clone()) {
            return None;
        }
        goes(found, other, open)?;
        open.remove(other);
    }
    Some(Before { consumers, templates })
}

/// The clusters that follow another branch than the one at hand, where a template may still be named.
pub(super) fn elsewhere(view: &View, template: &RepoPath) -> Vec<Finding> {
    let Some(following) = view.followed() else { return Vec::new() };
    let mut found = Vec::new();
    for cluster in &view.graph().clusters {
        if let Some(branch) = following.elsewhere(cluster) {
            let message =
                format!("cluster {} follows branch {branch}, where {template} may still be named", cluster.name);
            let path = view.kustomization(template).map_or(template, |own| &own.path);
            found.push(finding(Severity::Warning, codes::FOLLOWS_ELSEWHERE, path, None, message));
        }
    }
    found
}

/// Takes a template away. What its comments say stays in the Component that has them, too.
pub(super) fn remove(found: &Found<'_>, template: &RepoPath) -> Result<Written, Finding> {
    let view = found.view;
    let path = view.kustomization(template).map_or(template, |own| &own.path);
    let refuse = |message: String| finding(Severity::Error, codes::ELSEWHERE, path, None, message);
    let before = before(found, template).ok_or_else(|| refuse("something names it".to_owned()))?;
    if let Some(consumer) = before.consumers.first() {
        return Err(refuse(format!("{} names it", consumer.kustomization.path)));
    }
    let (mut changes, mut comments) = (Changes::new(), Vec::new());
    let kept = found.counterparts.get(template).and_then(|own| own.as_ref().ok());
    let kept: BTreeSet<&str> = kept.map(|own| comments_below(view, &own.dir)).unwrap_or_default();
    for path in files_of(view, template) {
        let read = view.tree().read(&path).map_err(|error| refuse(error.to_string()))?;
        let file = read.ok_or_else(|| refuse(format!("{path} is not there any more")))?;
        changes.set(path.clone(), Change::Delete { of: file.id() });
        let Some(stream) = view.file(&path).and_then(|file| file.stream.as_ref()) else { continue };
        comments.extend(stream.comments().iter().filter_map(|comment| {
            let text = &stream.text()[comment.range.clone()];
            let (line, range) = (comment.line, comment.range.clone());
            let fate = Fate::Dropped("its file goes".to_owned());
            (!kept.contains(text)).then(|| (path.clone(), CommentFate { text: text.to_owned(), line, range, fate }))
        }));
    }
    Ok((changes, comments))
}

/// All comments of the files below a directory.
fn comments_below<'v>(view: &'v View, dir: &RepoPath) -> BTreeSet<&'v str> {
    let streams = view.files().filter(|(path, _)| path.is_in(dir)).filter_map(|(_, file)| file.stream.as_ref());
    streams.flat_map(|stream| stream.comments().iter().map(|own| &stream.text()[own.range.clone()])).collect()
}
