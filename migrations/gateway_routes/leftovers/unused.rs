//! Middlewares and ServersTransports of Traefik that nothing names any more.

use std::collections::BTreeSet;

use super::super::META;
use super::super::codes;
use super::left::Left;
use super::{Leftover, What};
use crate::flux::{At, FileView, Object, SourceNames, View, has_word};
use crate::plan::author::{Edits, Written, never_changed, subject};
use crate::plan::{Finding, REMOVE, UnitId};
use crate::repo::{EntryKind, RepoPath};
use crate::yaml::Fate;

/// Kinds that only Ingresses, IngressRoutes, routes and these kinds name.
const KINDS: [&str; 4] = ["Middleware", "MiddlewareTCP", "ServersTransport", "ServersTransportTCP"];

const BECAUSE: &str = "it is about what is removed";

/// An object that nothing names.
pub(super) struct Unused {
    at: At,
    /// The kustomizations that list its file, if it is alone there.
    listed_in: Option<BTreeSet<RepoPath>>,
}

/// All of a tree.
pub(super) fn unused<'v>(view: &View, left: &Left<'_>) -> Vec<Leftover<'v>> {
    let files: BTreeSet<&RepoPath> =
        KINDS.iter().flat_map(|kind| view.files_with(kind)).map(|(path, _)| path).collect();
    let objects = files.into_iter().filter_map(|path| view.file(path)).flat_map(|file| &file.objects);
    let candidates: Vec<&Object> = objects.filter(|object| is_candidate(view, left, object)).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let unread = SourceNames::of(view, "Middleware").unread().first().map(|unread| unread.what.clone());
    let leftover = |object: &&Object| {
        let findings = unread.iter().map(|what| {
            let message = format!("{what} may name {} {}", object.kind, object.name);
            Finding::warning(codes::NAMED_UNSEEN, message).at(&object.at.path, object.line)
        });
        let lists = listing(view, &object.at.path);
        // The last one of a file that others leave before it is removed with the file.
        let touches = lists.iter().chain([&object.at.path]).cloned().collect();
        let listed_in = is_alone(view, object).then_some(lists);
        Leftover {
            id: UnitId::new(&META, REMOVE, subject(view, object)),
            title: "removed: nothing names it".to_owned(),
            touches,
            findings: findings.collect(),
            what: What::Object(Unused { at: object.at.clone(), listed_in }),
        }
    };
    candidates.iter().filter(|object| !is_named(view, object)).map(leftover).collect()
}

/// Whether an object can be removed if nothing names it.
fn is_candidate(view: &View, left: &Left<'_>, object: &Object) -> bool {
    let group = object.api_version.split('/').next().unwrap_or_default();
    let reaches = view.graph().reaches(&object.at);
    let is_pruned = |at: &At| {
        let mut kustomizations = view.graph().reaches(at).iter().map(|reach| reach.kustomization);
        kustomizations.all(|id| view.graph().kustomizations[id].prune)
    };
    matches!(group, "traefik.io" | "traefik.containo.us")
        && KINDS.contains(&object.kind.as_str())
        && object.at.item.is_none()
        && !object.name.contains('$')
        && !reaches.is_empty()
        && left.is_over(&object.at)
        && is_pruned(&object.at)
        && never_changed(view, listing(view, &object.at.path).iter().chain([&object.at.path])).is_none()
        && (!is_alone(view, object) || listing(view, &object.at.path).iter().all(|list| lists_more(view, list)))
}

fn is_alone(view: &View, object: &Object) -> bool {
    let stream = view.file(&object.at.path).and_then(|file| file.stream.as_ref());
    stream.is_some_and(|stream| stream.documents().len() == 1)
}

/// Whether a kustomization lists more than one resource: Kustomize refuses one that has nothing.
fn lists_more(view: &View, list: &RepoPath) -> bool {
    view.kustomization(&list.dir()).is_some_and(|listing| listing.resources.len() > 1)
}

fn listing(view: &View, path: &RepoPath) -> BTreeSet<RepoPath> {
    view.listed_by(path).map(|listing| listing.path.clone()).collect()
}

/// Whether any file may name an object: by its name as a word, or by `namespace-name@kubernetescrd`. Its own
/// document and the lists of its file do not count; a file that cannot be read does.
fn is_named(view: &View, object: &Object) -> bool {
    let reaches = view.graph().reaches(&object.at).iter();
    let called: BTreeSet<&str> = reaches.map(|reach| &*reach.name).chain([&*object.name]).collect();
    let names = |text: &str| {
        called.iter().any(|name| has_word(text, name) || text.contains(&format!("-{name}@"))) || may_name(text)
    };
    let in_yaml = |(path, file): (&RepoPath, &FileView)| match &file.stream {
        None => true,
        Some(stream) if *path == object.at.path => {
            let mut others = stream.documents().enumerate().filter(|(index, _)| *index != object.at.document);
            others.any(|(_, root)| names(root.source()))
        }
        Some(stream) => names(stream.text()),
    };
    let is_text = |path: &RepoPath| view.file(path).is_none() && !path.name().ends_with(".md");
    let in_other = |(path, kind): (RepoPath, EntryKind)| {
        let file = matches!(kind, EntryKind::File { .. }).then(|| view.tree().read(&path).ok().flatten()).flatten();
        is_text(&path) && file.is_some_and(|file| names(&String::from_utf8_lossy(&file.bytes)))
    };
    let of_traefik = called.iter().copied().chain(BY_VARIABLE);
    of_traefik.into_iter().any(|word| view.files_with(word).any(in_yaml)) || view.tree().entries().any(in_other)
}

/// What stands beside the name of a Middleware on a route or in an annotation.
const BY_VARIABLE: [&str; 2] = ["extensionRef", "@kubernetescrd"];

/// Whether a text names some Middleware by a variable, which may become any name.
fn may_name(text: &str) -> bool {
    let is_by_variable = |line: &str| line.contains("${") && line.contains("@kubernetescrd");
    text.lines().any(is_by_variable) || text.contains("extensionRef") && text.contains("${")
}

impl Unused {
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        let mut edits = Edits::of(view);
        match &self.listed_in {
            Some(lists) => {
                edits.delete(&self.at.path, BECAUSE)?;
                lists.iter().try_for_each(|list| edits.unlist(list, &self.at.path, BECAUSE))?;
            }
            None => edits
                .object(&self.at, |edit, root| edit.remove_document(root, |_| Fate::Dropped(BECAUSE.to_owned())))?,
        }
        edits.finish()
    }
}
