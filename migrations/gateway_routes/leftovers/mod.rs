//! Stage D: what nothing needs any more once the Ingresses of a cluster are cut.
//!
//! Controllers, their Services and IngressClasses are never removed: that is the point of no return, and
//! for a person.

mod left;
mod rename;
mod sources;
#[cfg(test)]
mod tests;
mod unused;

use super::find::Found;
use crate::flux::View;
use crate::plan::author::Written;
use crate::plan::{Class, Draft, Finding, Impact, REMOVE, Unit, UnitId};
use crate::repo::RepoPath;

/// Sources that read nothing any more, out of the values of external-dns.
pub(super) const SOURCES_OUT: &str = "sources-out";
/// Files named after an IngressRoute that hold routes.
pub(super) const RENAME: &str = "rename";

const RENAMES: Class = Class::new(80, "renames", "files that hold routes now", "file");
const SOURCES: Class = Class::new(82, "sources-out", "releases of external-dns", "release");

/// What nothing needs any more.
pub(super) struct Leftover<'v> {
    pub(super) id: UnitId,
    title: String,
    touches: Vec<RepoPath>,
    /// What there is to look at first.
    findings: Vec<Finding>,
    what: What<'v>,
}

enum What<'v> {
    Sources(sources::Out<'v>),
    File(rename::Rename),
    Object(unused::Unused),
}

/// All of a tree; [`Found::leftovers`] has them once.
pub(super) fn leftovers<'v>(found: &Found<'v>) -> Vec<Leftover<'v>> {
    let left = left::Left::of(found);
    if left.is_everywhere() {
        return Vec::new();
    }
    let of_dns = sources::out(found, &left);
    of_dns.into_iter().chain(rename::renames(found.view, &left)).chain(unused::unused(found.view, &left)).collect()
}

/// Whether a tree may have some: a file has one of these words.
pub(super) fn may_have_any(view: &View) -> bool {
    ["Middleware", "ServersTransport"].iter().any(|kind| view.files_with(kind).next().is_some())
}

impl Leftover<'_> {
    /// Whether a unit is about it, and about no more: of one release of external-dns, another tree may have
    /// more sources to spare.
    pub(super) fn is_meant_by(&self, unit: &Unit) -> bool {
        self.id == unit.id && self.title == unit.title
    }

    pub(super) fn draft(&self) -> Draft {
        let draft = Draft::new(self.id.clone(), self.title.clone(), self.touches.clone());
        let (class, impact) = match self.id.step {
            SOURCES_OUT => (Some(SOURCES), Impact::Restart),
            RENAME => (Some(RENAMES), Impact::None),
            _ => (None, Impact::None),
        };
        Draft { class, impact, findings: self.findings.clone(), ..draft }
    }

    /// What is written on the tree that it was found in.
    ///
    /// # Errors
    /// If the text does not allow it.
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        match &self.what {
            What::Sources(out) => out.written(view),
            What::File(rename) => rename.written(view),
            What::Object(unused) => unused.written(view),
        }
    }
}

/// Whether a tree has nothing any more of what a unit is about.
pub(super) fn is_done(view: &View, unit: &Unit) -> bool {
    let subject = &unit.id.subject;
    let Some(file) = view.file(subject.path()) else { return true };
    match unit.id.step {
        RENAME => false,
        REMOVE => !file.objects.iter().any(|object| object.kind == subject.kind() && object.name == subject.name()),
        _ => sources::is_done(view, subject.path()),
    }
}

/// Whether a unit is about a leftover.
pub(super) fn is_leftover(unit: &Unit) -> bool {
    [SOURCES_OUT, RENAME, REMOVE].contains(&unit.id.step)
}
