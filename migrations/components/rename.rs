//! Directories that are renamed, with everything that names them. A step of its own, and the last:
//! consumers are switched first.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::files::{files_in, is_readable, read, relocated};
use super::find::Found;
use crate::flux::{At, FluxKustomization, Kustomization, View};
use crate::plan::author::{Edits, Written};
use crate::plan::{Effect, Finding, Outcome};
use crate::repo::{Change, Changes, EntryKind, RepoPath};
use crate::text::Splices;
use crate::yaml::{Kind, Node};

/// A directory and its new name.
#[derive(Clone, Copy)]
pub(super) struct Rename<'v> {
    view: &'v View,
    pub(super) from: &'v RepoPath,
    pub(super) to: &'v RepoPath,
}

/// A scalar that names the directory, or is in it and names what is outside.
struct Entry<'v> {
    field: &'static str,
    node: Node<'v>,
    /// What it says afterwards.
    new: String,
}

impl<'v> Rename<'v> {
    /// The renames of the configuration.
    pub(super) fn all(found: &Found<'v>) -> impl Iterator<Item = Rename<'v>> {
        found.settings.renames.iter().map(|(from, to)| Rename { view: found.view, from, to })
    }

    /// The rename that the configuration has for a directory.
    pub(super) fn of(found: &Found<'v>, from: &RepoPath) -> Option<Rename<'v>> {
        Rename::all(found).find(|rename| rename.from == from)
    }

    /// The text of all files that change or move.
    pub(super) fn written(self) -> Result<Written, Finding> {
        if let Some(reason) = self.obstacles().into_iter().next() {
            return Err(reason);
        }
        let mut edits = Edits::of(self.view);
        for (path, entries) in self.entries() {
            edits.file(&path, |edit| entries.iter().try_for_each(|entry| edit.set_scalar(entry.node, &entry.new)))?;
        }
        let (edited, fates) = edits.finish()?;
        let mut changes = Changes::new();
        for path in files_in(self.view, self.from) {
            let splices = self.unchanged(&path)?;
            changes.set(self.renamed(&path), Change::Move { from: path, splices });
        }
        for (path, change) in edited.iter() {
            let change = match change {
                Change::Edit(splices) if path.is_in(self.from) => {
                    Change::Move { from: path.clone(), splices: splices.clone() }
                }
                other => other.clone(),
            };
            changes.set(self.renamed(path), change);
        }
        Ok((changes, fates))
    }

    /// The kustomization files outside of the directory that change: each must build the same.
    pub(super) fn kustomizations(self) -> impl Iterator<Item = RepoPath> {
        let paths = self.in_kustomizations().into_iter().map(|(path, _)| path.clone());
        paths.filter(move |path| !path.is_in(self.from))
    }

    /// The Flux Kustomizations that change.
    pub(super) fn flux_kustomizations(self) -> impl Iterator<Item = At> {
        self.in_flux_kustomizations().into_iter().map(|(at, _)| at)
    }

    /// All files that change or move, at their old and new paths.
    pub(super) fn touched(self) -> BTreeSet<RepoPath> {
        let moved = files_in(self.view, self.from).flat_map(|path| [self.renamed(&path), path]);
        moved.chain(self.entries().into_keys()).collect()
    }

    /// What keeps the directory from getting its name.
    pub(super) fn obstacles(self) -> Vec<Finding> {
        let refuse = |path: &RepoPath, message: String| Finding::error(codes::RENAME_BLOCKED, message).at(path, None);
        let mut found = Vec::new();
        if self.view.tree().holds(self.to) {
            found.push(refuse(self.to, format!("{} exists already", self.to)));
        }
        for (path, kind) in self.view.tree().entries() {
            let is_inside = path.is_in(self.from);
            if let EntryKind::Link { target } = &kind {
                let leads_inside = path.dir().join(target).is_some_and(|target| target.is_in(self.from));
                if is_inside || leads_inside {
                    found.push(refuse(&path, format!("{path} is a link, and would lead nowhere")));
                }
            } else if is_inside && !is_readable(self.view, &path, &kind) {
                found.push(refuse(&path, format!("{path} cannot be moved: it cannot be read, or must not be changed")));
            }
        }
        found
    }

    /// What changes in the Flux Kustomizations, in each cluster that applies them.
    pub(super) fn effects(self) -> Vec<Effect> {
        let graph = self.view.graph();
        let mut effects = Vec::new();
        for (at, entries) in self.in_flux_kustomizations() {
            for flux in graph.kustomizations_at(&at) {
                effects.extend(entries.iter().map(|entry| Effect {
                    cluster: graph.clusters[flux.cluster].name.clone(),
                    object: format!("Kustomization {}", flux.full_name()),
                    field: entry.field.to_owned(),
                    before: entry.node.text().unwrap_or_default().to_owned(),
                    after: entry.new.clone(),
                    outcome: Outcome::Changes,
                }));
            }
        }
        effects
    }

    /// Other texts of the repository that name the directory, in a file that does not change or in
    /// a comment: by as many of its last parts as no other directory has, at least two.
    pub(super) fn mentions(self, edited: &BTreeSet<RepoPath>) -> Vec<Finding> {
        let tree = self.view.tree();
        let dirs: BTreeSet<RepoPath> =
            tree.entries().flat_map(|(path, _)| path.ancestors().skip(1).collect::<Vec<_>>()).collect();
        let parts: Vec<&str> = self.from.as_str().split('/').collect();
        let is_another =
            |dir: &RepoPath, name: &str| dir != self.from && format!("/{dir}").ends_with(&format!("/{name}"));
        let names = (2..parts.len()).map(|count| parts[parts.len() - count..].join("/"));
        let mut unique = names.filter(|name| !dirs.iter().any(|dir| is_another(dir, name)));
        let name = unique.next().unwrap_or_else(|| self.from.to_string());
        let mut found = Vec::new();
        // The configuration that asks for the rename is no mention.
        for path in files_in(self.view, &RepoPath::root()).filter(|path| path.as_str() != crate::config::FILE) {
            let file = tree.read(&path).ok().flatten().filter(|_| !path.is_in(self.from));
            let Some(text) = file.as_ref().and_then(|file| file.bytes.text()) else { continue };
            let lines = text.lines().enumerate().filter(|(_, line)| {
                let in_comment = line.split_once('#').is_some_and(|(_, comment)| comment.contains(&name));
                if edited.contains(&path) { in_comment } else { line.contains(&name) }
            });
            found.extend(lines.map(|(index, _)| {
                Finding::note(codes::RENAME_MENTION, format!("this names {name}, and is not changed"))
                    .at(&path, index + 1)
            }));
        }
        found
    }

    fn unchanged(self, path: &RepoPath) -> Result<Splices, Finding> {
        let refuse = |message: String| Finding::error(codes::RENAME_BLOCKED, message).at(path, None);
        let file = read(self.view, path).map_err(refuse)?;
        let text = str::from_utf8(&file.bytes).map_err(|error| refuse(error.to_string()))?;
        Ok(Splices::new(text, Vec::new()).expect("no splices fit any text"))
    }

    /// Where a path is once the directory is renamed.
    fn renamed(self, path: &RepoPath) -> RepoPath {
        if path.is_in(self.from) { relocated(path, self.from, self.to) } else { path.clone() }
    }

    /// All scalars that change, by file.
    fn entries(self) -> BTreeMap<RepoPath, Vec<Entry<'v>>> {
        let mut by_file: BTreeMap<RepoPath, Vec<Entry<'v>>> = BTreeMap::new();
        for (path, entries) in self.in_kustomizations() {
            by_file.entry(path.clone()).or_default().extend(entries);
        }
        for (at, entries) in self.in_flux_kustomizations() {
            by_file.entry(at.path).or_default().extend(entries);
        }
        by_file
    }

    fn in_kustomizations(self) -> Vec<(&'v RepoPath, Vec<Entry<'v>>)> {
        let entries = self.view.kustomizations().filter_map(|kustomization| {
            let root = self.view.node(&At::document(&kustomization.path, 0))?;
            Some((&kustomization.path, self.in_kustomization(kustomization, root)))
        });
        entries.filter(|(_, entries)| !entries.is_empty()).collect()
    }

    fn in_flux_kustomizations(self) -> Vec<(At, Vec<Entry<'v>>)> {
        let view = self.view;
        let objects = view.files().flat_map(|(_, file)| &file.objects).filter(|object| object.is_flux_kustomization());
        let entries = objects.filter_map(|object| {
            let applied = view.graph().kustomizations_at(&object.at).next().cloned();
            let flux = applied.or_else(|| view.stated(&object.at))?;
            Some((object.at.clone(), self.in_flux_kustomization(&flux, view.node(&object.at)?)))
        });
        entries.filter(|(_, entries)| !entries.is_empty()).collect()
    }

    /// The scalars of a kustomization file that are paths into the directory, or out of it.
    /// Whatever field they are in: what is no path leads nowhere.
    fn in_kustomization(self, kustomization: &Kustomization, root: Node<'v>) -> Vec<Entry<'v>> {
        let dir = kustomization.dir();
        let entry = |node: Node<'v>| {
            let text = node.text().filter(|text| !text.contains(['\n', '\0']))?;
            // Generators name files as `key=path`, too.
            let (key, path) = text.split_once('=').map_or(("", text), |(key, path)| (&text[..=key.len()], path));
            let target = dir.join(path).filter(|target| self.view.tree().holds(target))?;
            let is_path = path.starts_with('.') || path.contains('/') || self.view.tree().entry(&target).is_some();
            let changes = is_path && target != dir && target.is_in(self.from) != dir.is_in(self.from);
            let new = || format!("{key}{}", styled(path, &self.renamed(&target), &self.renamed(&dir)));
            changes.then(|| Entry { field: "", node, new: new() })
        };
        let mut nodes = Vec::new();
        scalars(root, &mut nodes);
        nodes.into_iter().filter_map(entry).collect()
    }

    /// The same for a Flux Kustomization: `spec.path` from the root, `spec.components` from there.
    fn in_flux_kustomization(self, flux: &FluxKustomization, root: Node<'v>) -> Vec<Entry<'v>> {
        let Some(path) = &flux.path else { return Vec::new() };
        let mut found = Vec::new();
        if let Some((node, text)) = root.at(&["spec", "path"]).and_then(|node| Some((node, node.text()?)))
            && path.is_in(self.from)
            && RepoPath::root().join(text.trim_start_matches('/')).as_ref() == Some(path)
        {
            let start = ["./", "/"].into_iter().find(|start| text.starts_with(start)).unwrap_or_default();
            let end = if text.ends_with('/') { "/" } else { "" };
            found.push(Entry { field: "spec.path", node, new: format!("{start}{}{end}", self.renamed(path)) });
        }
        for node in root.at(&["spec", "components"]).into_iter().flat_map(Node::items) {
            let Some((text, target)) = node.text().and_then(|text| Some((text, path.join(text)?))) else { continue };
            if target.is_in(self.from) != path.is_in(self.from) {
                let new = styled(text, &self.renamed(&target), &self.renamed(path));
                found.push(Entry { field: "spec.components", node, new });
            }
        }
        found
    }
}

/// Adds all scalars below a node, except keys.
fn scalars<'v>(node: Node<'v>, found: &mut Vec<Node<'v>>) {
    match node.kind() {
        _ if node.is_alias() => {}
        Kind::Scalar => found.push(node),
        Kind::Sequence => node.items().for_each(|item| scalars(item, found)),
        Kind::Mapping => node.entries().for_each(|(_, value)| scalars(value, found)),
    }
}

/// The way from a directory to a path, spelt as the old one: with or without `./` and a last `/`.
fn styled(old: &str, target: &RepoPath, dir: &RepoPath) -> String {
    let new = target.seen_from(dir);
    let new = if old.starts_with('.') { &*new } else { new.strip_prefix("./").unwrap_or(&new) };
    format!("{new}{}", if old.ends_with('/') { "/" } else { "" })
}
