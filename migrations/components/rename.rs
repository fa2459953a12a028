//! Directories that get another name, with all that names them. A step of its own, and the last: consumers are switched first.

use std::collections::{BTreeMap, BTreeSet};

use super::class;
use super::copy::{files_of, moved};
use super::survey::Found;
use super::template::Consumer;
use super::unit::{consumer_id, rename_id};
use super::{codes, finding};
use crate::flux::{At, FluxKustomization, Kustomization, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::{Effect, Finding, Outcome, Safety, Severity, Draft, UnitId};
use crate::repo::{Change, Changes, EntryKind, RepoPath};
use crate::text::Splices;
use crate::yaml::{Edit, Node, Stream};

/// A directory and its new name.
struct Rename<'v> {
    view: &'v View,
    from: &'v RepoPath,
    to: &'v RepoPath,
}

/// The units of all renames, and what there is to say of those that are not to be done. `others` are the other units: what they write must be there.
pub(super) fn survey(found: &Found<'_>, others: &[Draft]) -> (Vec<Draft>, Vec<Finding>) {
    let (mut units, mut findings) = (Vec::new(), Vec::new());
    for (from, to) in &found.settings.renames {
        let own = Rename { view: found.view, from, to };
        match (found.view.tree().holds(from), found.view.tree().holds(to)) {
            (true, _) => units.push(own.unit(found, others)),
            (false, true) => {}
            (false, false) => {
                let made = others.iter().any(|unit| unit.touches.iter().any(|path| path.is_in(to)));
                if !made {
                    let message = format!("neither {from} nor {to} is there");
                    findings.push(Finding {
                        path: None,
                        ..finding(Severity::Warning, codes::RENAME_NOT_FOUND, from, None, message)
                    });
                }
            }
        }
    }
    (units, findings)
}

/// The text of a rename.
pub(super) fn rename(found: &Found<'_>, from: &RepoPath) -> Result<Written, Finding> {
    let own = Rename::configured(found, from).expect("a rename that was planned is configured");
    let (from, to) = (own.from, own.to);
    if let Some(reason) = own.in_the_way().into_iter().next() {
        return Err(reason);
    }
    let mut edits = own.edits()?;
    let mut changes = Changes::new();
    for path in files_of(found.view, from) {
        let splices = match edits.remove(&path) {
            Some(splices) => splices,
            None => own.unchanged(&path)?,
        };
        changes.set(moved(&path, from, to), Change::Move { from: path, splices });
    }
    edits.into_iter().for_each(|(path, splices)| changes.set(path, Change::Edit(splices)));
    Ok((changes, Vec::new()))
}

/// The kustomization files outside of the directory that a rename edits: each must build what it built.
pub(super) fn watched(found: &Found<'_>, from: &RepoPath) -> BTreeSet<RepoPath> {
    let Some(own) = Rename::configured(found, from) else { return BTreeSet::new() };
    let naming = own.kustomization_entries().into_iter().map(|(path, _)| path.clone());
    naming.filter(|path| !path.is_in(from)).collect()
}

/// The Flux Kustomizations that a rename edits.
pub(super) fn renamed_in_flux(found: &Found<'_>, from: &RepoPath) -> BTreeSet<At> {
    let Some(own) = Rename::configured(found, from) else { return BTreeSet::new() };
    own.flux_entries().into_iter().map(|(at, _)| at).collect()
}

impl<'v> Rename<'v> {
    /// The rename that the configuration has for a directory.
    fn configured(found: &Found<'v>, from: &RepoPath) -> Option<Rename<'v>> {
        let (from, to) = found.settings.renames.iter().find(|(own, _)| own == from)?;
        Some(Rename { view: found.view, from, to })
    }

    fn unit(&self, found: &Found<'_>, others: &[Draft]) -> Draft {
        let mut findings = self.in_the_way();
        let mut touches: BTreeSet<RepoPath> = files_of(self.view, self.from).collect();
        touches.extend(files_of(self.view, self.from).map(|path| moved(&path, self.from, self.to)));
        match self.edits() {
            Ok(edits) => touches.extend(edits.into_keys()),
            Err(reason) => findings.push(reason),
        }
        let naming: BTreeSet<RepoPath> =
            touches.iter().filter(|path| !path.is_in(self.from) && !path.is_in(self.to)).cloned().collect();
        // Consumers that are yet to name it.
        let is_its = |own: &&Consumer<'_>| {
            let mut entries = found.switched(own).into_iter().filter_map(|entry| found.counterpart(entry).ok());
            entries.any(|counterpart| counterpart.dir.is_in(self.from))
        };
        let consumers: Vec<&Consumer<'_>> = found.consumers.iter().filter(is_its).collect();
        for consumer in &consumers {
            touches.insert(consumer.kustomization.path.clone());
            touches.extend(found.named_by(consumer).iter().map(|own| own.at.path.clone()));
        }
        let names: BTreeSet<UnitId> = consumers.into_iter().map(consumer_id).collect();
        // Whatever else writes the old name, or into the directory, is there before.
        let writes = |unit: &&Draft| {
            let into = unit.touches.iter().any(|path| path.is_in(self.from) || naming.contains(path));
            unit.safety() != Safety::Refused && (into || names.contains(&unit.id))
        };
        let needs = others.iter().filter(writes).map(|unit| unit.id.clone()).collect();
        findings.extend(self.mentions(&naming));
        let effects =
            self.flux_entries().into_iter().flat_map(|(at, entries)| self.in_clusters(&at, entries)).collect();
        let title = format!("becomes {}, with all that names it", self.to);
        Draft {
            needs,
            findings,
            effects,
            class: Some(class::RENAMES),
            ..Draft::new(rename_id(self.view, self.from), title, touches)
        }
    }

    /// What keeps the directory from getting its name.
    fn in_the_way(&self) -> Vec<Finding> {
        let refuse =
            |path: &RepoPath, message: String| finding(Severity::Error, codes::RENAME_NOT_DONE, path, None, message);
        let mut found = Vec::new();
        if self.view.tree().holds(self.to) {
            found.push(refuse(self.to, format!("{} is there already", self.to)));
        }
        for (path, kind) in self.view.tree().entries() {
            let inside = path.is_in(self.from);
            match kind {
                EntryKind::Link { target } => {
                    let leads = path.dir().join(&target).is_some_and(|target| target.is_in(self.from));
                    if inside || leads {
                        found.push(refuse(&path, format!("{path} is a link; it would lead nowhere")));
                    }
                }
                EntryKind::File { filtered, .. } if inside => {
                    let text = self.view.tree().read(&path).ok().flatten();
                    let is_text = text.is_some_and(|file| str::from_utf8(&file.bytes).is_ok());
                    if filtered || !is_text {
                        found.push(refuse(
                            &path,
                            format!("{path} cannot be moved: it is no plain text of the repository"),
                        ));
                    }
                }
                EntryKind::File { .. } => {}
            }
        }
        found
    }

    fn unchanged(&self, path: &RepoPath) -> Result<Splices, Finding> {
        let refuse = |message: String| finding(Severity::Error, codes::RENAME_NOT_DONE, path, None, message);
        let file = self.view.tree().read(path).map_err(|error| refuse(error.to_string()))?;
        let file = file.ok_or_else(|| refuse("it is gone".to_owned()))?;
        let text = str::from_utf8(&file.bytes).map_err(|error| refuse(error.to_string()))?;
        Ok(Splices::new(text, Vec::new()).expect("no splices fit any text"))
    }

    /// The kustomization files with entries that lead into the directory, or that lie in it and lead out of it, with what of them changes.
    fn kustomization_entries(&self) -> Vec<(&'v RepoPath, Vec<(Node<'v>, String)>)> {
        let of = |own: &'v Kustomization| {
            let stream = self.view.file(&own.path)?.stream.as_ref()?;
            let entries = self.entries(own, stream.documents().next()?);
            (!entries.is_empty()).then_some((&own.path, entries))
        };
        self.view.kustomizations().filter_map(of).collect()
    }

    /// What changes in the text of files that name the directory, or lie in it and name what lies outside.
    fn edits(&self) -> Result<BTreeMap<RepoPath, Splices>, Finding> {
        let mut by_file: BTreeMap<&RepoPath, Vec<(Node<'_>, String)>> = BTreeMap::new();
        for (path, entries) in self.kustomization_entries() {
            by_file.entry(path).or_default().extend(entries);
        }
        let in_flux = self.flux_entries();
        for (at, entries) in &in_flux {
            by_file.entry(&at.path).or_default().extend(entries.iter().cloned());
        }
        let mut edits = BTreeMap::new();
        for (path, entries) in by_file {
            if let Some(barred) = self.view.barred(path) {
                let message = format!("{path} names {}, and is never touched ({})", self.from, barred);
                return Err(finding(Severity::Error, codes::RENAME_NOT_DONE, path, None, message));
            }
            let stream = self.view.file(path).and_then(|file| file.stream.as_ref()).expect("it was read");
            edits.insert(path.clone(), written(stream, &entries).map_err(|error| refused_edit(path, &error))?);
        }
        Ok(edits)
    }

    /// The scalars of a kustomization file that are paths to what moves, or from what moves to what does not, with what they are to say. Whatever
    /// field they stand in: what is no path leads nowhere.
    fn entries<'s>(&self, own: &Kustomization, root: Node<'s>) -> Vec<(Node<'s>, String)> {
        let (dir, mut found) = (own.dir(), Vec::new());
        let new_dir = self.moved(&dir);
        scalars(root, &mut |node| {
            let Some(text) = node.text().filter(|text| !text.contains(['\n', '\0'])) else { return };
            // The generators' way to name a file: `key=path`.
            let (key, path) = text.split_once('=').map_or(("", text), |(key, path)| (&text[..=key.len()], path));
            let Some(target) = dir.join(path).filter(|target| self.view.tree().holds(target)) else { return };
            let is_path = path.starts_with('.') || path.contains('/') || self.view.tree().entry(&target).is_some();
            if is_path && target != dir && target.is_in(self.from) != dir.is_in(self.from) {
                found.push((node, format!("{key}{}", styled(path, &self.moved(&target), &new_dir))));
            }
        });
        found
    }

    /// The Flux Kustomizations that name the directory, with what of them changes.
    fn flux_entries(&self) -> Vec<(At, Vec<(Node<'v>, String)>)> {
        let mut found = Vec::new();
        for object in self.view.files().flat_map(|(_, file)| &file.objects).filter(|own| own.is_flux_kustomization()) {
            let Some(root) = self.view.node(&object.at) else { continue };
            let applied = self.view.graph().kustomizations.iter().find(|own| own.at == object.at).cloned();
            let Some(own) = applied.or_else(|| self.view.stated(&object.at)) else { continue };
            let entries = self.in_flux(&own, root);
            if !entries.is_empty() {
                found.push((object.at.clone(), entries));
            }
        }
        found
    }

    /// What becomes of a Flux Kustomization, in each cluster that applies it.
    fn in_clusters(&self, at: &At, entries: Vec<(Node<'v>, String)>) -> Vec<Effect> {
        let graph = self.view.graph();
        let all = graph.kustomizations.iter().filter(|own| own.at == *at);
        let effects = all.flat_map(|own| {
            entries.iter().map(|(node, after)| {
                let is_path = self
                    .view
                    .node(at)
                    .and_then(|root| root.at(&["spec", "path"]))
                    .is_some_and(|path| path.range() == node.range());
                Effect {
                    cluster: graph.clusters[own.cluster].name.clone(),
                    object: format!("Kustomization {}", own.full_name()),
                    field: if is_path { "spec.path" } else { "spec.components" }.to_owned(),
                    before: node.text().unwrap_or_default().to_owned(),
                    after: after.clone(),
                    outcome: Outcome::Changes,
                }
            })
        });
        effects.collect()
    }

    /// The same for a Flux Kustomization: `spec.path` from the root, `spec.components` from there.
    fn in_flux<'s>(&self, own: &FluxKustomization, root: Node<'s>) -> Vec<(Node<'s>, String)> {
        let Some(path) = &own.path else { return Vec::new() };
        let mut found = Vec::new();
        if let Some((node, text)) = root.at(&["spec", "path"]).and_then(|node| Some((node, node.text()?)))
            && path.is_in(self.from)
            && RepoPath::root().join(text.trim_start_matches('/')).as_ref() == Some(path)
        {
            let start = if text.starts_with("./") {
                "./"
            } else if text.starts_with('/') {
                "/"
            } else {
                ""
            };
            let end = if text.ends_with('/') { "/" } else { "" };
            found.push((node, format!("{start}{}{end}", self.moved(path))));
        }
        for item in root.at(&["spec", "components"]).into_iter().flat_map(Node::items) {
            let Some((text, target)) = item.text().and_then(|text| Some((text, path.join(text)?))) else { continue };
            if target.is_in(self.from) != path.is_in(self.from) {
                found.push((item, styled(text, &self.moved(&target), &self.moved(path))));
            }
        }
        found
    }

    /// Where a path is once the directory has its name.
    fn moved(&self, path: &RepoPath) -> RepoPath {
        if path.is_in(self.from) { moved(path, self.from, self.to) } else { path.clone() }
    }

    /// Other texts of the repository that name the directory: by as many of its last parts as no other directory has, two at least; in a file
    /// that is not changed, or in a comment.
    fn mentions(&self, edited: &BTreeSet<RepoPath>) -> Vec<Finding> {
        let dirs: BTreeSet<RepoPath> =
            self.view.tree().entries().flat_map(|(path, _)| path.ancestors().skip(1).collect::<Vec<_>>()).collect();
        let all: Vec<&str> = self.from.as_str().split('/').collect();
        let tail = |parts: usize| all[all.len().saturating_sub(parts)..].join("/");
        let is_its_own = |word: &str| {
            let ends = |dir: &&RepoPath| **dir != *self.from && format!("/{dir}").ends_with(&format!("/{word}"));
            !dirs.iter().any(|dir| ends(&dir))
        };
        let word =
            (2..all.len()).map(tail).find(|word| is_its_own(word)).unwrap_or_else(|| self.from.as_str().to_owned());
        let mut found = Vec::new();
        for (path, kind) in self.view.tree().entries() {
            // The configuration that asks for the rename is no mention.
            let is_other = path.as_str() != crate::config::FILE && !path.is_in(self.from);
            if !matches!(kind, EntryKind::File { .. }) || !is_other {
                continue;
            }
            let Some(file) = self.view.tree().read(&path).ok().flatten() else { continue };
            let Ok(text) = str::from_utf8(&file.bytes) else { continue };
            let lines = text.lines().enumerate().filter(|(_, line)| {
                let in_comment = line.split_once('#').is_some_and(|(_, comment)| comment.contains(&word));
                if edited.contains(&path) { in_comment } else { line.contains(&word) }
            });
            found.extend(lines.map(|(number, _)| {
                let message = format!("this names {word}, and stays");
                finding(Severity::Note, codes::RENAME_MENTION, &path, Some(number + 1), message)
            }));
        }
        found
    }
}

/// All scalars below a node, keys left out.
fn scalars<'s>(node: Node<'s>, each: &mut impl FnMut(Node<'s>)) {
    if node.is_alias() {
        return;
    }
    match node.kind() {
        crate::yaml::Kind::Scalar => each(node),
        crate::yaml::Kind::Sequence => node.items().for_each(|item| scalars(item, each)),
        crate::yaml::Kind::Mapping => node.entries().for_each(|(_, value)| scalars(value, each)),
    }
}

/// The way from a directory to a path, spelt as the old one was: with or without `./`, with or without a slash at the end.
fn styled(old: &str, target: &RepoPath, dir: &RepoPath) -> String {
    let new = target.seen_from(dir);
    let new = if old.starts_with('.') { &*new } else { new.strip_prefix("./").unwrap_or(&new) };
    format!("{new}{}", if old.ends_with('/') { "/" } else { "" })
}

fn written(stream: &Stream, entries: &[(Node<'_>, String)]) -> Result<Splices, crate::yaml::Error> {
    let mut edit = Edit::of(stream);
    for (node, text) in entries {
        edit.set_scalar(*node, text)?;
    }
    edit.finish().map(|edited| edited.splices)
}
