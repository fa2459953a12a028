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
    /// The kustomizations that list its file.
    lists: BTreeSet<RepoPath>,
    /// Whether the file has nothing else: then it is deleted.
    is_alone: bool,
}

/// All of a tree.
pub(super) fn unused<'v>(view: &View, left: &Left<'_>) -> Vec<Leftover<'v>> {
    let files: BTreeSet<&RepoPath> =
        KINDS.iter().flat_map(|kind| view.files_with(kind)).map(|(path, _)| path).collect();
    let objects = files.into_iter().filter_map(|path| view.file(path)).flat_map(|file| &file.objects);
    let candidates = objects.filter_map(|object| Some((object, candidate(view, left, object)?)));
    let candidates: Vec<(&Object, Unused)> = candidates.collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let unread = SourceNames::of(view, "Middleware").unread().first().map(|unread| unread.what.clone());
    let others = others(view);
    let leftover = |(object, unused): (&Object, Unused)| {
        let findings = unread.iter().map(|what| {
            let message = format!("{what} may name {} {}", object.kind, object.name);
            Finding::warning(codes::NAMED_UNSEEN, message).at(&object.at.path, object.line)
        });
        Leftover {
            id: UnitId::new(&META, REMOVE, subject(view, object)),
            title: "removed: nothing names it".to_owned(),
            // The last one of a file that others leave before it is removed with the file.
            touches: unused.lists.iter().chain([&object.at.path]).cloned().collect(),
            findings: findings.collect(),
            what: What::Object(unused),
        }
    };
    candidates.into_iter().filter(|(object, _)| !is_named(view, &others, object)).map(leftover).collect()
}

/// What is removed of an object if nothing names it; `None` if it stays in any case.
fn candidate(view: &View, left: &Left<'_>, object: &Object) -> Option<Unused> {
    let at = &object.at;
    let group = object.api_version.split('/').next().unwrap_or_default();
    let is_it = matches!(group, "traefik.io" | "traefik.containo.us") && KINDS.contains(&object.kind.as_str());
    if !is_it || at.item.is_some() || object.name.contains('$') {
        return None;
    }
    let reaches = view.graph().reaches(at);
    let is_pruned = reaches.iter().all(|reach| view.graph().kustomizations[reach.kustomization].prune);
    if reaches.is_empty() || !is_pruned || !left.is_over(at) {
        return None;
    }
    let lists = view.listed_in(&at.path);
    let is_alone = view.file(&at.path)?.stream.as_ref()?.documents().len() == 1;
    // Kustomize refuses a kustomization that has nothing.
    let lists_more = |list: &RepoPath| view.kustomization(&list.dir()).is_some_and(|list| list.resources.len() > 1);
    let can_go =
        never_changed(view, lists.iter().chain([&at.path])).is_none() && (!is_alone || lists.iter().all(lists_more));
    can_go.then(|| Unused { at: at.clone(), lists, is_alone })
}

/// The texts of the files that are not read as YAML; pages about them do not count.
fn others(view: &View) -> Vec<String> {
    let is_other = |path: &RepoPath| view.path(path).is_none() && !path.name().ends_with(".md");
    let files = view.tree().entries().filter(|(path, kind)| matches!(kind, EntryKind::File { .. }) && is_other(path));
    let text = |(path, _)| {
        view.tree().read(&path).ok().flatten().map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
    };
    files.filter_map(text).collect()
}

/// Whether any file may name an object: by its name as a word, or by `namespace-name@kubernetescrd`. Its own
/// document does not count; a file that cannot be read does.
fn is_named(view: &View, others: &[String], object: &Object) -> bool {
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
    let mut words = called.iter().copied().chain(BY_VARIABLE);
    words.any(|word| view.files_with(word).any(in_yaml)) || others.iter().any(|text| names(text))
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
        if self.is_alone {
            edits.delete(&self.at.path, BECAUSE)?;
            self.lists.iter().try_for_each(|list| edits.unlist(list, &self.at.path, BECAUSE))?;
        } else {
            let fate = |_: &str| Fate::Dropped(BECAUSE.to_owned());
            edits.object(&self.at, |edit, root| edit.remove_document(root, fate))?;
        }
        edits.finish()
    }
}
