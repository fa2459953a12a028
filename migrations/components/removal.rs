//! When a template can go.

use std::collections::BTreeSet;

use super::survey::Found;
use super::template::Consumer;
use super::{codes, finding};
use crate::flux::{Followed, FollowedBranch, Position, View};
use crate::plan::{Finding, Severity};
use crate::repo::{EntryKind, RepoPath};

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
    let counterpart = found.counterparts.get(template)?.as_ref().ok()?;
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

/// The clusters that apply objects of a template and follow another branch than the one at hand, where it may still be named.
pub(super) fn elsewhere(view: &View, template: &RepoPath) -> Vec<Finding> {
    let Some(following) = view.followed() else { return Vec::new() };
    let mut found = Vec::new();
    for cluster in &view.graph().clusters {
        let Some(branch) = &cluster.branch else { continue };
        let is_here = match following.of(cluster) {
            Some(Followed::Here(FollowedBranch { position, .. })) => *position == Position::AtHead,
            Some(Followed::NotHere { .. }) => false,
            None => continue,
        };
        if !is_here && following.checkout.branch.as_ref() != Some(branch) {
            let message =
                format!("cluster {} follows branch {branch}, where {template} may still be named", cluster.name);
            let path = view.kustomization(template).map_or(template, |own| &own.path);
            found.push(finding(Severity::Warning, codes::FOLLOWS_ELSEWHERE, path, None, message));
        }
    }
    found
}
