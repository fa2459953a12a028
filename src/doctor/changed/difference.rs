//! What differs in two trees: objects of builds, and what Flux Kustomizations state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{arrivals, name_of};
use crate::doctor::builds::Builds;
use crate::flux::{At, FluxKustomization, InCluster, KustomizationId, Name, Object, Rendered, Value, View};
use crate::repo::RepoPath;

/// Objects of a build, in either tree.
#[derive(Default)]
pub(in crate::doctor) struct Objects(BTreeSet<(At, Name)>);

impl Objects {
    pub(super) fn has(&self, object: &Rendered) -> bool {
        self.0.contains(&(object.at.clone(), object.name))
    }

    fn add(&mut self, object: &Rendered) {
        self.0.insert((object.at.clone(), object.name));
    }
}

/// What differs. Flux Kustomizations go by name: their ids are of one tree.
pub(in crate::doctor) struct Difference {
    pub(super) files: BTreeSet<RepoPath>,
    /// Files that one tree alone has, and kustomization files that clusters build in one tree alone.
    pub(super) new_or_gone: BTreeSet<RepoPath>,
    /// Those that build or state something else.
    pub(super) kustomizations: BTreeSet<InCluster>,
    /// Those that are stated otherwise.
    pub(super) stated: BTreeSet<InCluster>,
    pub(super) objects: BTreeMap<InCluster, Objects>,
    /// Where these objects are.
    pub(super) ats: BTreeSet<At>,
    /// Kind and name of those that are sources.
    pub(super) sources: BTreeSet<(String, String)>,
}

/// A tree, with what it builds.
#[derive(Clone, Copy)]
pub(in crate::doctor) struct Built<'v> {
    pub(in crate::doctor) view: &'v View,
    pub(in crate::doctor) builds: &'v Builds,
}

impl<'v> Built<'v> {
    /// Its Flux Kustomizations by name; `None` if two of a cluster have one name.
    fn by_name(self) -> Option<BTreeMap<InCluster, KustomizationId>> {
        let entries = self.view.graph().kustomizations.entries();
        let named: BTreeMap<_, _> = entries.map(|(id, one)| (name_of(self.view, one), id)).collect();
        (named.len() == self.view.graph().kustomizations.len()).then_some(named)
    }

    pub(super) fn one(self, id: KustomizationId) -> (&'v FluxKustomization, &'v [Rendered]) {
        (&self.view.graph().kustomizations[id], self.builds.by(id))
    }
}

impl Difference {
    /// What differs; `None` if something differs that all objects of a cluster are judged by.
    pub(in crate::doctor) fn of(before: Built<'_>, after: Built<'_>, files: &BTreeSet<RepoPath>) -> Option<Difference> {
        let both = [before, after];
        let is_source_ignore = |path: &RepoPath| path.name() == ".sourceignore";
        if facts(before.view) != facts(after.view)
            || files.iter().any(is_source_ignore)
            || both.iter().any(|tree| reads_plain_secrets(tree.view))
        {
            return None;
        }
        let has = |tree: Built<'_>, path: &RepoPath| tree.view.tree().entry(path).is_some();
        let new_or_gone = files.iter().filter(|path| has(before, path) != has(after, path)).cloned();
        let built = both.map(|tree| &tree.view.graph().built);
        let mut difference = Difference {
            files: files.clone(),
            new_or_gone: new_or_gone.chain(built[0].symmetric_difference(built[1]).cloned()).collect(),
            kustomizations: BTreeSet::new(),
            stated: BTreeSet::new(),
            objects: BTreeMap::new(),
            ats: BTreeSet::new(),
            sources: BTreeSet::new(),
        };
        let (old, new) = (before.by_name()?, after.by_name()?);
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (old, new) = (old.get(name).map(|id| before.one(*id)), new.get(name).map(|id| after.one(*id)));
            if let (Some((old, _)), Some((new, _))) = (old, new)
                && old.artifact != new.artifact
            {
                return None;
            }
            difference.compare(name, old, new);
        }
        Some(difference)
    }

    /// Whether something differs that the rules on whole clusters read.
    pub(in crate::doctor) fn matters_to_clusters(&self, before: Built<'_>, after: Built<'_>) -> bool {
        arrivals::differ(before, after, self)
    }

    /// Whether a source that a release names differs.
    pub(super) fn has_source_of(&self, release: &Value) -> bool {
        let references = [&["spec", "chart", "spec", "sourceRef"][..], &["spec", "chartRef"]];
        let text = |reference: &Value, key: &str| reference.text_at(&[key]).unwrap_or_default().to_owned();
        let mut named = references.into_iter().filter_map(|path| release.at(path));
        named.any(|reference| self.sources.contains(&(text(reference, "kind"), text(reference, "name"))))
    }

    fn compare(
        &mut self,
        name: &InCluster,
        old: Option<(&FluxKustomization, &[Rendered])>,
        new: Option<(&FluxKustomization, &[Rendered])>,
    ) {
        let (one, other) = (old.map(|(one, _)| one), new.map(|(one, _)| one));
        let (old, new) = (old.map_or(&[][..], |(_, build)| build), new.map_or(&[][..], |(_, build)| build));
        // A guard is a comment.
        let is_same_text = |one: &FluxKustomization| !self.files.contains(&one.at.path);
        let is_stated_so = one.zip(other).is_some_and(|(one, other)| is_same_text(one) && is_stated_so(one, other));
        let differing: Vec<&Rendered> = if one.zip(other).is_some_and(|(one, other)| applies_so(one, other)) {
            self.differing(old, new)
        } else {
            old.iter().chain(new).collect()
        };
        if is_stated_so && differing.is_empty() {
            return;
        }
        self.kustomizations.insert(name.clone());
        if !is_stated_so {
            self.stated.insert(name.clone());
        }
        let objects = self.objects.entry(name.clone()).or_default();
        for object in differing {
            self.ats.insert(object.at.clone());
            objects.add(object);
            if object.api_version.starts_with("source.toolkit.fluxcd.io/") {
                self.sources.insert((object.kind.into(), object.name.into()));
            }
        }
    }

    /// The objects of two builds that are not in both.
    fn differing<'b>(&self, old: &'b [Rendered], new: &'b [Rendered]) -> Vec<&'b Rendered> {
        let is_same = |one: &Rendered, other: &Rendered| !self.files.contains(&one.at.path) && is_same(one, other);
        if old.len() == new.len() && old.iter().zip(new).all(|(one, other)| is_same(one, other)) {
            return Vec::new();
        }
        let by_place = |build: &'b [Rendered]| {
            let mut places: BTreeMap<&'b At, Vec<&'b Rendered>> = BTreeMap::new();
            build.iter().for_each(|object| places.entry(&object.at).or_default().push(object));
            places
        };
        let lacks = |places: &BTreeMap<&'b At, Vec<&'b Rendered>>, object: &Rendered| {
            !places.get(&object.at).into_iter().flatten().any(|other| is_same(object, other))
        };
        let (of_old, of_new) = (by_place(old), by_place(new));
        let gone = old.iter().filter(|object| lacks(&of_new, object));
        gone.chain(new.iter().filter(|object| lacks(&of_old, object))).collect()
    }
}

/// Whether two objects of the same file are the same.
fn is_same(one: &Rendered, other: &Rendered) -> bool {
    let patches = || one.patches.iter().zip(&other.patches);
    one.at == other.at
        && (&one.api_version, &one.kind, &one.name) == (&other.api_version, &other.kind, &other.name)
        && (&one.namespace, &one.labels, &one.annotations) == (&other.namespace, &other.labels, &other.annotations)
        && one.patches.len() == other.patches.len()
        && patches().all(|(one, other)| Arc::ptr_eq(one, other))
        && one.generated_texts() == other.generated_texts()
}

fn is_stated_so(one: &FluxKustomization, other: &FluxKustomization) -> bool {
    one.at.path == other.at.path && one.object == other.object && applies_so(one, other)
}

/// Whether two do the same to what they apply.
fn applies_so(one: &FluxKustomization, other: &FluxKustomization) -> bool {
    let spec = |of: &FluxKustomization| arrivals::fields(of.object.get("spec"), &FluxKustomization::WHEN_AND_HOW);
    let policy = |of: &FluxKustomization| of.object.text_at(&["spec", "deletionPolicy"]).map(str::to_owned);
    (Arc::ptr_eq(&one.variables, &other.variables) || one.variables == other.variables)
        && (&one.path, &one.lives_in, one.prune) == (&other.path, &other.lives_in, other.prune)
        && policy(one) == policy(other)
        && (one.object == other.object || spec(one) == spec(other))
}

/// What all objects of a cluster are judged by: its name, its Flux, and flags of its controllers.
fn facts(view: &View) -> Vec<String> {
    let fact = |cluster: &crate::flux::Cluster| {
        format!("{} {:?} {:?} {:?}", cluster.name, cluster.flux, cluster.controller_flags, cluster.in_tree)
    };
    view.graph().clusters.iter().map(fact).collect()
}

/// Whether variables come from a Secret that is in the tree as it is: only the graph of all objects has these.
fn reads_plain_secrets(view: &View) -> bool {
    let kustomizations = view.graph().kustomizations.iter();
    let elsewhere: BTreeSet<&str> = kustomizations
        .flat_map(|one| &one.variables.elsewhere)
        .filter_map(|name| name.strip_prefix("Secret/"))
        .collect();
    elsewhere.into_iter().any(|name| {
        let is_one = |object: &Object| object.kind == "Secret" && object.name == name;
        let mut plain = view.files_with(name).filter(|(_, file)| file.barred.is_none());
        plain.any(|(_, file)| file.objects.iter().flat_map(Object::expanded).any(is_one))
    })
}
