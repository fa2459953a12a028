//! What makes an object of a kind and name in a cluster, or may make it.
//!
//! The answer is for rules that say "nothing makes it", so whatever is not certain may: charts of
//! which nothing is known here, operators that call what they make after one of their objects, and
//! any text that has the name and is no known reference.
//!
//! Rules ask for hundreds of names, so what does not depend on the name is worked out once for each object
//! ([`Candidate`]), and all rules ask the same [`Makers`].

mod candidate;
mod part;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use self::candidate::Candidate;
use self::part::Part;
use super::builds::Builds;
use super::listed;
use super::names::{fits, is_in_comment, is_whole_word};
use crate::flux::{ById, ClusterId, FluxKustomization, KustomizationId, Object, View};
use crate::repo::{EntryKind, RepoPath};

/// An object that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'q> {
    pub(super) cluster: ClusterId,
    /// Empty for the core group.
    pub(super) group: &'q str,
    pub(super) kind: &'q str,
    /// Empty for what is in no namespace.
    pub(super) namespace: &'q str,
    pub(super) name: &'q str,
}

impl Asked<'_> {
    /// Whether pods read it: operators and controllers make such objects of many others.
    fn is_input(&self) -> bool {
        self.group.is_empty() && matches!(self.kind, "Secret" | "ConfigMap")
    }

    /// Whether what is in a namespace may be it.
    fn is_in(&self, namespace: &str) -> bool {
        self.namespace.is_empty() || namespace == self.namespace
    }
}

/// What there is where nothing makes the object.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// The namespaces in which it is made.
    namespaces: BTreeSet<String>,
    /// The name with a hash that a generator gives it.
    hashed: Option<String>,
    /// The files with its name that do not make it: they need it, too, or make it elsewhere.
    explained: BTreeSet<RepoPath>,
}

pub(super) struct Makers<'a> {
    view: &'a View,
    builds: &'a Builds,
    /// What each Flux Kustomization builds.
    candidates: OnceLock<ById<KustomizationId, Vec<Candidate<'a>>>>,
    /// Whether all that a Flux Kustomization builds is in this tree.
    is_whole: OnceLock<ById<KustomizationId, bool>>,
}

impl<'a> Makers<'a> {
    pub(super) fn of(view: &'a View, builds: &'a Builds) -> Makers<'a> {
        Makers { view, builds, candidates: OnceLock::new(), is_whole: OnceLock::new() }
    }

    fn candidates(&self, id: KustomizationId) -> &[Candidate<'a>] {
        let of_build = |(id, by): (KustomizationId, &'a FluxKustomization)| {
            self.builds.by(id).iter().map(|object| Candidate::of(id, by, object)).collect()
        };
        let all = || self.view.graph().kustomizations.entries().map(of_build).collect();
        &self.candidates.get_or_init(all)[id]
    }

    /// What there is instead of an object; `None` if something makes it, or may.
    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<Absent> {
        let graph = self.view.graph();
        if !graph.clusters[asked.cluster].in_tree {
            return None;
        }
        // What goes to another cluster is not here.
        let is_here = |one: &FluxKustomization| one.cluster == asked.cluster && one.remote_cluster().is_none();
        let here: Vec<_> = graph.kustomizations.entries().filter(|(_, one)| is_here(one)).collect();
        let mut absent = Absent::default();
        // The namespace itself first: there it is made, if it is.
        for in_namespace in [true, false] {
            for (id, kustomization) in &here {
                if in_namespace && self.is_open(*id, kustomization, asked) {
                    return None;
                }
                let candidates = self.candidates(*id).iter();
                for candidate in candidates.filter(|one| asked.is_in(&one.namespace) == in_namespace) {
                    match self.part(candidate, asked) {
                        Part::Nothing => continue,
                        Part::Names => {}
                        Part::In(namespace) => drop(absent.namespaces.insert(namespace)),
                        Part::Hashed => absent.hashed = Some(candidate.name.clone()),
                        Part::Makes => return None,
                    }
                    absent.explained.insert(candidate.object.at.path.clone());
                }
            }
        }
        Some(absent)
    }

    /// Whether objects of a kind may be in a namespace beside those of the builds: of charts, or from
    /// elsewhere. What takes whole objects as values has their kind as a text.
    pub(super) fn may_make_any(&self, cluster: ClusterId, group: &str, kind: &str, namespace: &str) -> bool {
        self.find(&Asked { cluster, group, kind, namespace, name: kind }).is_none()
    }

    /// Whether a file that no cluster applies states the object, whatever its namespace is: somebody may
    /// apply it by hand.
    pub(super) fn is_in_a_file(&self, asked: &Asked<'_>) -> bool {
        let objects = self.view.files().flat_map(|(_, file)| &file.objects).flat_map(Object::expanded);
        let mut objects = objects.filter(|object| object.kind == asked.kind && fits(&object.name, asked.name));
        objects.any(|object| self.view.graph().reaches(&object.at).is_empty())
    }

    /// Whether a Flux Kustomization may apply what is asked for from what is not in this tree.
    fn is_open(&self, id: KustomizationId, kustomization: &FluxKustomization, asked: &Asked<'_>) -> bool {
        let may_target = kustomization.target_namespace.as_deref().is_none_or(|target| asked.is_in(target));
        match &kustomization.path {
            None => kustomization.source.name != "flux-manifests" && may_target,
            Some(_) => self.candidates(id).iter().any(|one| asked.is_in(&one.namespace)) && !self.is_whole(id),
        }
    }

    /// Whether other files have these names in them: what is not applied by Flux, scripts, notes.
    /// Somebody may make the object from there.
    pub(super) fn named_elsewhere(&self, names: &[(&str, &Absent)]) -> Vec<bool> {
        let mut named = vec![false; names.len()];
        let Ok(finder) = AhoCorasick::new(names.iter().map(|(name, _)| name)) else { return vec![true; names.len()] };
        if names.is_empty() {
            return named;
        }
        let tree = self.view.tree();
        for (path, _) in tree.entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. })) {
            let Ok(Some(file)) = tree.read(&path) else { continue };
            for found in finder.find_overlapping_iter(&*file.bytes) {
                // Equal names have several numbers, and all of them are found.
                let (_, absent) = names[found.pattern().as_usize()];
                let is_explained = absent.explained.contains(&path) && !is_in_comment(&file.bytes, found.start());
                if !is_explained && is_whole_word(&file.bytes, found.range()) {
                    named[found.pattern().as_usize()] = true;
                }
            }
        }
        named
    }

    fn is_whole(&self, id: KustomizationId) -> bool {
        let all = || {
            let is_whole = |one: &FluxKustomization| one.path.is_none() || self.view.input(one).is_ok();
            self.view.graph().kustomizations.iter().map(is_whole).collect()
        };
        self.is_whole.get_or_init(all)[id]
    }
}

impl Absent {
    /// Whether it is made in another namespace.
    pub(super) fn is_elsewhere(&self) -> bool {
        !self.namespaces.is_empty()
    }

    /// Where it is instead, as the end of a sentence.
    pub(super) fn instead(&self) -> String {
        match &self.hashed {
            Some(hashed) => format!("; a generator makes {hashed}, and the hash is not added in values"),
            None if self.namespaces.is_empty() => String::new(),
            None => format!("; there is one in namespace {}", listed(self.namespaces.iter().cloned())),
        }
    }
}
