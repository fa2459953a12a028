//! Where texts name what moves: templates, which are never edited, and comments, scripts and documentation.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::flux::{Barred, Object, View};
use crate::repo::{EntryKind, RepoPath};
use crate::yaml::Node;

/// The group of Flux Kustomizations.
const GROUP: &str = "kustomize.toolkit.fluxcd.io/";

/// Where each name is: file and line.
pub(super) type Mentions = BTreeMap<String, Vec<(RepoPath, usize)>>;

/// Texts that name candidates.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// In templates of Flux Kustomizations, and in ResourceSets.
    pub(super) templates: Mentions,
    /// Elsewhere, together with the old namespace or as an entry that is commented out.
    pub(super) others: Mentions,
}

impl Texts {
    pub(super) fn of(view: &View, candidates: &[Candidate]) -> Texts {
        let names: BTreeSet<&str> = candidates.iter().map(|candidate| &*candidate.name).collect();
        let namespaces: BTreeSet<&str> = candidates.iter().map(|candidate| &*candidate.from).collect();
        let mut texts = Texts::default();
        if names.is_empty() {
            return texts;
        }
        texts.sets(view, &names);
        let files = view.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
        for (path, _) in files {
            let Ok(Some(file)) = view.tree().read(&path) else { continue };
            let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
            let read = view.file(&path);
            if read.is_some_and(|read| read.barred == Some(Barred::Template)) || is_template(&path) {
                texts.template(&path, text, &names);
                continue;
            }
            let stream = read.and_then(|read| read.stream.as_deref());
            let is_yaml = stream.is_some();
            let has_kustomization = read.is_some_and(|read| read.objects.iter().any(Object::is_flux_kustomization));
            for (number, line) in text.lines().enumerate().filter(|(_, line)| line.len() < 1000) {
                let line = line.trim();
                let comment = line.strip_prefix('#').map(str::trim_start);
                let entry = comment.and_then(|comment| comment.strip_prefix("- name:")).map(str::trim);
                if let Some(name) = entry.filter(|name| has_kustomization && names.contains(name)) {
                    texts.add(name, &path, number + 1);
                } else if !is_yaml || comment.is_some() {
                    let words: BTreeSet<&str> = line.split(|sign: char| !is_in_name(sign)).collect();
                    if !words.is_disjoint(&namespaces) {
                        words.intersection(&names).for_each(|name| texts.add(name, &path, number + 1));
                    }
                }
            }
        }
        texts
    }

    fn add(&mut self, name: &str, path: &RepoPath, line: usize) {
        self.others.entry(name.to_owned()).or_default().push((path.clone(), line));
    }

    /// Values of `name` in a template that makes Flux Kustomizations.
    fn template(&mut self, path: &RepoPath, text: &str, names: &BTreeSet<&str>) {
        if !text.contains(GROUP) {
            return;
        }
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start().trim_start_matches("- ").trim_start_matches("&app ");
            let value = line.strip_prefix("name:").map(|value| value.trim().trim_matches(['"', '\'']));
            if let Some(name) = value.filter(|name| names.contains(name)) {
                self.templates.entry(name.to_owned()).or_default().push((path.clone(), number + 1));
            }
        }
    }

    /// Names in ResourceSets that make Flux Kustomizations or depend on some.
    fn sets(&mut self, view: &View, names: &BTreeSet<&str>) {
        let objects = view.files().flat_map(|(_, file)| &file.objects).flat_map(Object::expanded);
        for object in objects.filter(|object| object.is("fluxcd.controlplane.io", "ResourceSet")) {
            let Some(root) = view.node(&object.at) else { continue };
            let mut found = Vec::new();
            root.scalars(&mut |scalar: Node<'_>| found.push((scalar.text().unwrap_or_default(), scalar.line())));
            let makes = found.iter().any(|(text, _)| text.contains(GROUP) || *text == "Kustomization");
            for (text, line) in found.into_iter().filter(|(text, _)| makes && names.contains(text)) {
                self.templates.entry(text.to_owned()).or_default().push((object.at.path.clone(), line));
            }
        }
    }
}

fn is_in_name(sign: char) -> bool {
    sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-'
}

fn is_template(path: &RepoPath) -> bool {
    path.name().ends_with(".j2") || path.name().ends_with(".tmpl")
}
