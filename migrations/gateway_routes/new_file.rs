//! New files of objects, listed in the kustomization of their directory.

use super::codes;
use crate::flux::{ClusterId, Kustomization, Reach, Value, View};
use crate::migrations::sources::place::namespace_given;
use crate::migrations::sources::write::{beginning, list};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written, never_changed};
use crate::repo::{Change, Mode, RepoPath};
use crate::yaml::New;

/// A file that is to be there.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NewFile {
    pub(super) path: RepoPath,
    pub(super) documents: Vec<Value>,
    pub(super) listed_in: RepoPath,
}

/// Where a file goes.
pub(super) struct Place {
    /// The kustomization of its directory.
    pub(super) listed_in: RepoPath,
    /// Whether its objects get their namespace on their way.
    pub(super) gives_namespace: bool,
}

/// The place of a new file in a directory that a cluster applies; `None` if it does not.
///
/// # Errors
/// If the cluster would apply the file, and it cannot be written, or its objects would get another
/// namespace.
pub(super) fn place_for(
    view: &View,
    cluster: ClusterId,
    path: &RepoPath,
    namespace: &str,
) -> Option<Result<Place, Finding>> {
    let kustomization = view.kustomization(&path.dir())?;
    let reach = through(view, cluster, kustomization)?;
    let error = |code, message: String| Some(Err(Finding::error(code, message).at(path, None)));
    if view.tree().entry(path).is_some() {
        return error(codes::FILE_TAKEN, format!("there is a file {path}, and the object is not in it"));
    }
    if let Some(reason) = never_changed(view, [&kustomization.path]) {
        return Some(Err(reason));
    }
    let way = reach.through.iter().take_while(|path| **path != kustomization.path).chain([&kustomization.path]);
    let given = namespace_given(view, reach, &way.cloned().collect::<Vec<_>>());
    if let Some(given) = given.as_ref().filter(|given| *given != namespace) {
        return error(codes::FILE_TAKEN, format!("objects in {} are put into the namespace {given}", path.dir()));
    }
    Some(Ok(Place { listed_in: kustomization.path.clone(), gives_namespace: given.is_some() }))
}

/// A reach of an object that comes through a kustomization to a cluster.
fn through<'v>(view: &'v View, cluster: ClusterId, kustomization: &Kustomization) -> Option<&'v Reach> {
    let all = view.graph().reached().flat_map(|(_, reaches)| reaches.iter());
    all.into_iter().find(|reach| reach.cluster == cluster && reach.through.contains(&kustomization.path))
}

impl NewFile {
    /// Writes it, and lists it.
    ///
    /// # Errors
    /// If the kustomization cannot be edited.
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        let mut edits = Edits::of(view);
        let (mut text, ending) = beginning(view, &self.listed_in);
        for (index, document) in self.documents.iter().enumerate() {
            if index > 0 {
                text.push_str(&format!("---{ending}"));
            }
            text.push_str(&New::from(document).document(&[], ending));
        }
        edits.set(self.path.clone(), Change::Create { text, mode: Mode::File });
        list(&mut edits, view, &self.listed_in, "resources", &self.path, None)?;
        edits.finish()
    }
}
