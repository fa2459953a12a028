//! Which objects Kustomize would build from a directory: their identities, not their contents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file::FileView;
use super::graph::Unmodelled;
use super::kustomization::Kustomization;
use super::object::{At, Object};
use super::patch::Patch;
use crate::repo::{RepoPath, Tree};

/// An object as it comes out of a build.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Where it stands.
    pub at: At,
    /// Its kind.
    pub kind: String,
    /// Its name, with prefixes and suffixes.
    pub name: String,
    /// Its namespace, if anything gives it one.
    pub namespace: Option<String>,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches on its way that may change it.
    pub patches: Vec<Arc<Patch>>,
    cluster_scoped: bool,
}

impl Rendered {
    fn of(object: &Object) -> Rendered {
        Rendered {
            at: object.at.clone(),
            kind: object.kind.clone(),
            name: object.name.clone(),
            namespace: object.namespace.clone(),
            through: Vec::new(),
            patches: Vec::new(),
            cluster_scoped: object.is_cluster_scoped(),
        }
    }

    /// What `namespace:` of a kustomization, or `targetNamespace`, does to it.
    pub(super) fn put_into(&mut self, namespace: Option<&str>) {
        if let (Some(namespace), false) = (namespace, self.cluster_scoped) {
            self.namespace = Some(namespace.to_owned());
        }
    }
}

/// Builds directories of one tree, each once.
pub(super) struct Builder<'v> {
    tree: &'v Tree,
    files: &'v BTreeMap<RepoPath, Arc<FileView>>,
    kustomizations: &'v BTreeMap<RepoPath, Kustomization>,
    built: BTreeMap<RepoPath, Arc<Vec<Rendered>>>,
    open: Vec<RepoPath>,
    /// What was met that changes objects and is not modelled.
    pub(super) unmodelled: BTreeSet<Unmodelled>,
}

impl<'v> Builder<'v> {
    /// `kustomizations` are by directory.
    pub(super) fn new(
        tree: &'v Tree,
        files: &'v BTreeMap<RepoPath, Arc<FileView>>,
        kustomizations: &'v BTreeMap<RepoPath, Kustomization>,
    ) -> Builder<'v> {
        Builder { tree, files, kustomizations, built: BTreeMap::new(), open: Vec::new(), unmodelled: BTreeSet::new() }
    }

    /// What Flux builds from a path: its kustomization, or the one that Flux generates where there is none.
    pub(super) fn flux_path(&mut self, path: &RepoPath) -> Arc<Vec<Rendered>> {
        let path = self.tree.follow(path).unwrap_or_else(|| path.clone());
        if self.kustomizations.contains_key(&path) { self.directory(&path) } else { self.generated(&path) }
    }

    /// Every YAML file below is a resource; a directory with a kustomization file is one resource, and not descended into.
    fn generated(&mut self, path: &RepoPath) -> Arc<Vec<Rendered>> {
        if let Some(built) = self.built.get(path) {
            return built.clone();
        }
        let mut found = Vec::new();
        let mut nested = BTreeSet::new();
        let files = self.files;
        let below = files.range(path.clone()..).filter(|(file, _)| file.is_in(path) && file.is_yaml());
        for (file, view) in below.take_while(|(file, _)| file.as_str().starts_with(path.as_str())) {
            let dir = file.dir();
            let own = dir.ancestors().take_while(|above| above.is_in(path) && above != path);
            match own.filter(|above| self.kustomizations.contains_key(above)).last() {
                Some(outermost) => drop(nested.insert(outermost)),
                None => found.extend(view.objects.iter().map(Rendered::of)),
            }
        }
        for dir in nested {
            found.extend(self.directory(&dir).iter().cloned());
        }
        let built = Arc::new(found);
        self.built.insert(path.clone(), built.clone());
        built
    }

    /// A directory with a kustomization file. Nothing, where it has none or contains itself.
    fn directory(&mut self, dir: &RepoPath) -> Arc<Vec<Rendered>> {
        if let Some(built) = self.built.get(dir) {
            return built.clone();
        }
        let kustomizations = self.kustomizations;
        let Some(kustomization) = kustomizations.get(dir) else { return Arc::default() };
        if self.open.contains(dir) {
            return Arc::default();
        }
        self.open.push(dir.clone());
        let mut objects = Vec::new();
        self.apply(kustomization, &mut objects);
        self.open.pop();
        let built = Arc::new(objects);
        self.built.insert(dir.clone(), built.clone());
        built
    }

    /// The cycle of one kustomization over the objects so far: none for a Kustomization, the parent's for a Component.
    fn apply(&mut self, kustomization: &Kustomization, objects: &mut Vec<Rendered>) {
        let own_from = objects.len();
        for resource in &kustomization.resources {
            if resource.is_remote() {
                self.note(kustomization, resource.line, &resource.text);
                continue;
            }
            let Some(path) = self.resolve(kustomization, &resource.text) else { continue };
            match self.files.get(&path) {
                Some(file) => objects.extend(file.objects.iter().map(Rendered::of)),
                None => objects.extend(self.directory(&path).iter().cloned()),
            }
        }
        for object in &mut objects[own_from..] {
            object.through.insert(0, kustomization.path.clone());
        }
        for component in &kustomization.components {
            if component.is_remote() {
                self.note(kustomization, component.line, &component.text);
                continue;
            }
            let Some(path) = self.resolve(kustomization, &component.text) else { continue };
            self.component(&path, objects, &kustomization.path);
        }
        for field in &kustomization.unmodelled {
            self.note(kustomization, field.line, &field.text);
        }
        for object in objects.iter_mut() {
            object.put_into(kustomization.namespace.as_deref());
            object.name = format!("{}{}{}", kustomization.prefix, object.name, kustomization.suffix);
        }
        attach(&kustomization.patches, objects);
    }

    /// A Component on the objects so far; `listed_by` is the file that names it.
    pub(super) fn component(&mut self, dir: &RepoPath, objects: &mut Vec<Rendered>, listed_by: &RepoPath) {
        let kustomizations = self.kustomizations;
        let Some(component) = kustomizations.get(dir) else { return };
        if self.open.contains(dir) {
            return;
        }
        self.open.push(dir.clone());
        let own_from = objects.len();
        self.apply(component, objects);
        for object in &mut objects[own_from..] {
            object.through.insert(0, listed_by.clone());
        }
        self.open.pop();
    }

    fn resolve(&self, kustomization: &Kustomization, relative: &str) -> Option<RepoPath> {
        self.tree.follow(&kustomization.dir().join(relative)?)
    }

    fn note(&mut self, kustomization: &Kustomization, line: usize, what: &str) {
        let what = what.to_owned();
        self.unmodelled.insert(Unmodelled { path: kustomization.path.clone(), line, what });
    }
}

/// Remembers, on each HelmRelease and Flux Kustomization, the patches that may change it.
pub(super) fn attach<'p>(patches: impl IntoIterator<Item = &'p Patch>, objects: &mut [Rendered]) {
    for patch in patches {
        let patch = Arc::new(patch.clone());
        for object in
            objects.iter_mut().filter(|object| matches!(object.kind.as_str(), "HelmRelease" | "Kustomization"))
        {
            if patch.may_change(&object.kind, &object.name) {
                object.patches.push(patch.clone());
            }
        }
    }
}
