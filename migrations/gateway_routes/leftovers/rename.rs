//! Files that are named after an IngressRoute, and hold routes.

use std::collections::BTreeSet;

use super::super::META;
use super::left::Left;
use super::{Leftover, RENAME, What};
use crate::flux::{At, FileView, View};
use crate::plan::author::{Edits, Written, never_changed};
use crate::plan::codes::CHANGED_ON_THE_WAY;
use crate::plan::{Finding, Subject, UnitId};
use crate::repo::{Change, RepoPath};
use crate::text::Splices;
use crate::yaml::Node;

/// The word in the names of files that is replaced, and what it becomes.
const OLD: &str = "ingressroute";
const NEW: &str = "httproute";

/// A file, its new name, and the kustomizations that list it.
pub(super) struct Rename {
    from: RepoPath,
    to: RepoPath,
    listed_in: BTreeSet<RepoPath>,
}

/// All of a tree.
pub(super) fn renames<'v>(view: &View, left: &Left<'_>) -> impl Iterator<Item = Leftover<'v>> {
    let files = view.files().filter(|(path, file)| path.name().contains(OLD) && holds_routes(file));
    files.filter_map(|(path, _)| rename(view, left, path))
}

/// Whether a file has HTTPRoutes, and nothing that it could be named after.
fn holds_routes(file: &FileView) -> bool {
    let is = |kind: &str| file.objects.iter().any(|object| object.kind.starts_with(kind));
    is("HTTPRoute") && !is("Ingress")
}

fn rename<'v>(view: &View, left: &Left<'_>, from: &RepoPath) -> Option<Leftover<'v>> {
    let to = from.dir().join(&from.name().replace(OLD, NEW))?;
    let listed_in = view.listed_in(from);
    let is_free = view.tree().entry(&to).is_none() && never_changed(view, listed_in.iter().chain([from])).is_none();
    if listed_in.is_empty() || !is_free || !is_over(view, left, from) || is_named_elsewhere(view, from) {
        return None;
    }
    let title = format!("renamed to {}", to.name());
    let touches = listed_in.iter().chain([from, &to]).cloned().collect();
    let id = UnitId::new(&META, RENAME, Subject::File { path: from.clone() });
    let what = What::File(Rename { from: from.clone(), to, listed_in });
    Some(Leftover { id, title, touches, findings: Vec::new(), what })
}

/// Whether clusters apply it, and nothing of the old ways is left in them: until then, a cut is easy to revert.
fn is_over(view: &View, left: &Left<'_>, path: &RepoPath) -> bool {
    let objects = view.file(path).into_iter().flat_map(|file| &file.objects);
    objects.into_iter().all(|object| !view.graph().reaches(&object.at).is_empty() && left.is_over(&object.at))
}

/// Whether something but the list of a kustomization names the file: a patch, a generator, a template.
fn is_named_elsewhere(view: &View, path: &RepoPath) -> bool {
    let in_file = |(own, file): (&RepoPath, &FileView)| {
        let Some(stream) = &file.stream else { return true };
        let is_kustomization = view.kustomization(&own.dir()).is_some_and(|listing| listing.path == *own);
        stream.documents().any(|root| {
            let listed: BTreeSet<usize> = match root.get("resources").filter(|_| is_kustomization) {
                Some(resources) => resources.items().map(|item| item.range().start).collect(),
                None => BTreeSet::new(),
            };
            let mut names_it = false;
            root.scalars(&mut |scalar: Node<'_>| {
                let ends = scalar.text().is_some_and(|text| text.ends_with(path.name()));
                names_it |= ends && !listed.contains(&scalar.range().start);
            });
            names_it
        })
    };
    view.files_with(path.name()).filter(|(own, _)| *own != path).any(in_file)
}

impl Rename {
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        let refuse = |message: String| Finding::error(CHANGED_ON_THE_WAY, message).at(&self.from, None);
        let stream = view.file(&self.from).and_then(|file| file.stream.as_deref());
        let stream = stream.ok_or_else(|| refuse(format!("{} cannot be read", self.from)))?;
        let mut edits = Edits::of(view);
        for list in &self.listed_in {
            let dir = list.dir();
            let is_it =
                |item: &Node<'_>| dir.join(item.text().unwrap_or_default()).is_some_and(|listed| listed == self.from);
            let items = view.node(&At::document(list, 0)).and_then(|root| root.get("resources"));
            for item in items.into_iter().flat_map(Node::items).filter(is_it) {
                let new = item.text().unwrap_or_default().replace(OLD, NEW);
                edits.file(list, |edit| edit.set_scalar(item, &new))?;
            }
        }
        let splices = Splices::new(stream.text(), Vec::new()).expect("no splices fit any text");
        edits.set(self.to.clone(), Change::Move { from: self.from.clone(), splices });
        let (changes, fates) = edits.finish()?;
        let trial = view.with(&changes).map_err(|error| refuse(error.to_string()))?;
        if let Some(lost) = self.lost(view, &trial) {
            return Err(refuse(format!("{lost} would not be applied any more")));
        }
        Ok((changes, fates))
    }

    /// An object of the file that is not applied as before.
    fn lost(&self, view: &View, trial: &View) -> Option<String> {
        let objects = view.file(&self.from).into_iter().flat_map(|file| &file.objects);
        let moved = |at: &At| At { path: self.to.clone(), ..at.clone() };
        let is_lost = |at: &At| view.graph().reaches(at).len() != trial.graph().reaches(&moved(at)).len();
        objects.into_iter().find(|object| is_lost(&object.at)).map(|object| object.name.to_string())
    }
}
