//! Patches that find their objects by the API version. One without a target names it together with the
//! object, and follows it. One whose target states a version takes the new one together with all
//! objects that it selects, or keeps them all where they are.

use std::sync::Arc;

use super::{Notes, Refused, ToNewest};
use crate::flux::{At, Patch, Reach, Value, View, is_kustomization_file};
use crate::recipe::codes::API_VERSION_PATCHED;
use crate::recipe::select::Document;
use crate::repo::RepoPath;

impl ToNewest {
    /// The file with a patch that would not find an object any more which takes another version.
    pub(super) fn left_behind(&self, document: &Document<'_>, from: &str, to: &str) -> Option<RepoPath> {
        let view = document.view;
        let is_of_another = |patch: &Arc<Patch>| {
            let own = document.object.map(|object| &object.at);
            let has = |reach: &Reach| reach.patches.iter().any(|other| Arc::ptr_eq(other, patch));
            view.graph().each_reach().any(|(at, reach)| Some(at) != own && has(reach))
        };
        let follows = |patch: &Arc<Patch>| match patch.has_target() {
            true => self.moves(view, patch, to),
            false => !is_of_another(patch),
        };
        let mut telling = telling_apart(document, from, to).into_iter();
        telling.find(|patch| !self.in_patches || !follows(patch)).map(|patch| patch.path.clone())
    }

    /// The file with the patches that an object takes another version with, because their targets state
    /// the one that it has.
    pub fn moves_with(&self, document: &Document<'_>) -> Option<RepoPath> {
        let raised = self.raised(document, &document.value()?, &mut Notes::default())?;
        let mut telling = telling_apart(document, &raised.from, &raised.to).into_iter();
        telling
            .find(|patch| patch.has_target() && self.moves(document.view, patch, &raised.to))
            .map(|patch| patch.path.clone())
    }

    /// Sees that documents which change together are all that belong together: each target that states the
    /// version of one of the objects, and each object that one of the targets selects.
    ///
    /// # Errors
    /// What is missing, such as an object that is not selected.
    pub fn is_whole(&self, documents: &[&Document<'_>]) -> Result<(), Refused> {
        let targets = || documents.iter().filter(|document| document.patch.is_some_and(|entry| entry.is_target()));
        let is_here = |at: &At| documents.iter().any(|document| document.object.is_some_and(|object| object.at == *at));
        let missing = |what: String| Err(Refused::new(API_VERSION_PATCHED, what));
        for object in documents.iter().filter(|document| document.object.is_some()) {
            let raised = object.value().and_then(|value| self.raised(object, &value, &mut Notes::default()));
            let Some(raised) = raised.filter(|raised| raised.from != raised.to) else { continue };
            let mut telling =
                telling_apart(object, &raised.from, &raised.to).into_iter().filter(|patch| patch.has_target());
            if let Some(patch) = telling.find(|patch| !targets().any(|target| target.states(patch))) {
                return missing(format!(
                    "the target at {}:{} states {}, and does not change with it",
                    patch.path, patch.line, raised.from
                ));
            }
        }
        for other in targets().flat_map(|target| target.objects_patched()) {
            if let Some(object) = other.object.filter(|object| !is_here(&object.at)) {
                return missing(format!(
                    "{} {} is selected by the same target, and does not change",
                    object.kind, object.name
                ));
            }
        }
        Ok(())
    }

    /// Has the target of a patch state the version that all objects take which it selects.
    pub(super) fn follow_with_target(&self, document: &Document<'_>, target: &mut Value) {
        let mut versions = document.objects_patched().into_iter().filter_map(|object| {
            let raised = self.raised(&object, &object.value()?, &mut Notes::default())?;
            let mut telling = telling_apart(&object, &raised.from, &raised.to).into_iter();
            let is_this = |patch: &Arc<Patch>| document.states(patch);
            telling.find(|patch| is_this(patch) && self.moves(document.view, patch, &raised.to)).map(|_| raised.to)
        });
        if let Some(to) = versions.next() {
            target.set("version", Value::string(&to));
        }
    }

    /// Whether a patch can take another version together with all objects that its target may select:
    /// they have the version that it states, take the same one, and no patch of another file
    /// holds one of them.
    fn moves(&self, view: &View, patch: &Arc<Patch>, to: &str) -> bool {
        let Some(from) = patch.target_version().filter(|_| self.in_patches) else { return false };
        let moves = |(at, reach): (&At, &Reach)| {
            let Some(object) = view.object(at) else { return false };
            if !patch.is_for_named(&reach.kind, &object.name) && !patch.is_for_named(&reach.kind, &reach.name) {
                return true;
            }
            let Some(root) = view.node(at) else { return false };
            let document = Document { object: Some(object), ..Document::at_node(view, &at.path, root) };
            let raised = document.value().and_then(|value| self.raised(&document, &value, &mut Notes::default()));
            let is_alike = raised.is_some_and(|raised| raised.from == from && raised.to == to);
            is_alike
                && telling_apart(&document, from, to)
                    .iter()
                    .all(|other| !other.has_target() || other.path == patch.path)
        };
        passing(view, &patch.path).into_iter().all(moves)
    }
}

/// What clusters apply through a file of Kustomize, or by the Flux Kustomizations in another file.
fn passing<'v>(view: &'v View, path: &RepoPath) -> Vec<(&'v At, &'v Reach)> {
    let graph = view.graph();
    if is_kustomization_file(path) {
        return graph.reached_through(path).collect();
    }
    let objects = view.file(path).into_iter().flat_map(|file| &file.objects).flat_map(|object| object.expanded());
    let kustomizations = objects.filter(|object| object.is_flux_kustomization());
    kustomizations.flat_map(|object| graph.reached_by(&object.at)).collect()
}

/// The patches on the way of an object that are for it in one of two versions alone.
fn telling_apart(document: &Document<'_>, from: &str, to: &str) -> Vec<Arc<Patch>> {
    let (view, Some(object)) = (document.view, document.object) else { return Vec::new() };
    let mut found: Vec<Arc<Patch>> = Vec::new();
    for reach in document.reaches() {
        let files = reach.through.iter().filter_map(|path| view.kustomization(&path.dir()));
        let flux = &view.graph().kustomizations[reach.kustomization].patches;
        let all = files.map(|kustomization| &kustomization.patches).chain([flux, &reach.patches]).flatten();
        let tells_apart = |patch: &&Arc<Patch>| {
            let named = |name: &str| patch.tells_apart(&object.kind, name, from, to);
            named(&object.name) || named(&reach.name)
        };
        for patch in all.filter(tells_apart) {
            if found.iter().all(|known| !Arc::ptr_eq(known, patch)) {
                found.push(patch.clone());
            }
        }
    }
    found
}
