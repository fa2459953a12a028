//! The radius of a change: what a change of a file or an object can reach.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::View;
use crate::flux::cluster::{ClusterId, KustomizationId, Reach};
use crate::flux::files::{At, Name, is_kustomization_file};
use crate::flux::kustomize::Kustomization;
use crate::flux::value::Value;
use crate::repo::RepoPath;

/// What a change can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Radius {
    /// The clusters, by name.
    pub clusters: BTreeSet<String>,
    /// The Flux Kustomizations.
    pub kustomizations: BTreeSet<InCluster>,
    /// The HelmReleases.
    pub releases: BTreeSet<InCluster>,
    /// The Flux Kustomizations that apply no new revision while one of these is not ready,
    /// transitively.
    pub held_up: BTreeSet<InCluster>,
}

/// An object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InCluster {
    /// The name of the cluster.
    pub cluster: String,
    /// `namespace/name`, or only the name if it has no namespace.
    pub name: String,
}

impl Radius {
    /// Adds what another change can reach.
    pub fn extend(&mut self, other: Radius) {
        self.clusters.extend(other.clusters);
        self.kustomizations.extend(other.kustomizations);
        self.releases.extend(other.releases);
        self.held_up.extend(other.held_up);
    }
}

/// Cluster, kind, namespace and name.
type Key = (ClusterId, Name, Name, Name);

/// Finds the radius of changes in one view. What is looked up often is indexed once.
pub struct Radiuses<'v> {
    view: &'v View,
    /// The objects that came through a kustomization file, each with the index of its reach.
    through: BTreeMap<&'v RepoPath, Vec<(&'v At, usize)>>,
    /// The objects that a Flux Kustomization applies.
    applied: BTreeMap<KustomizationId, Vec<(&'v At, usize)>>,
    /// The kustomization files that read a file which is not a resource, or use a Component.
    readers: BTreeMap<RepoPath, Vec<&'v Kustomization>>,
    /// The Flux Kustomizations that add a Component.
    adding: BTreeMap<&'v RepoPath, Vec<KustomizationId>>,
    /// The HelmReleases and Flux Kustomizations that name an object: a source, or a ConfigMap or
    /// Secret with values or variables.
    users: BTreeMap<Key, Vec<(&'v At, usize)>>,
    /// The Flux Kustomizations, by cluster, namespace and name.
    kustomizations: BTreeMap<(ClusterId, &'v str, &'v str), KustomizationId>,
    /// The radiuses of files that were asked for before: many changes can touch one file.
    of_files: RefCell<BTreeMap<RepoPath, Rc<Radius>>>,
}

impl<'v> Radiuses<'v> {
    /// Indexes a view.
    pub fn of(view: &'v View) -> Radiuses<'v> {
        let graph = view.graph();
        let by_name = graph.kustomizations.entries();
        let by_name = by_name.map(|(id, one)| ((one.cluster, &*one.namespace, &*one.name), id));
        let mut all = Radiuses {
            view,
            kustomizations: by_name.collect(),
            through: BTreeMap::new(),
            applied: BTreeMap::new(),
            readers: BTreeMap::new(),
            adding: BTreeMap::new(),
            users: BTreeMap::new(),
            of_files: RefCell::default(),
        };
        for (at, reaches) in graph.reached() {
            for (index, reach) in reaches.iter().enumerate() {
                reach.through.iter().for_each(|file| all.through.entry(file).or_default().push((at, index)));
                all.applied.entry(reach.kustomization).or_default().push((at, index));
                for name in all.names_used(at, reach) {
                    all.users.entry(name).or_default().push((at, index));
                }
            }
        }
        for kustomization in view.kustomizations() {
            let read =
                kustomization.inputs.iter().chain(&kustomization.configurations).chain(&kustomization.components);
            for path in read.filter_map(|entry| view.resolve(kustomization, &entry.text)) {
                all.readers.entry(path).or_default().push(kustomization);
            }
        }
        for (id, kustomization) in graph.kustomizations.entries() {
            kustomization.components.iter().for_each(|dir| all.adding.entry(dir).or_default().push(id));
        }
        all
    }

    /// The objects that a HelmRelease or Flux Kustomization names.
    fn names_used(&self, at: &At, reach: &Reach) -> Vec<Key> {
        let own_namespace = reach.namespace.as_deref().unwrap_or_default();
        let name = |kind: &str, namespace: &str, name: &str| {
            (reach.cluster, Name::of(kind), Name::of(namespace), Name::of(name))
        };
        match reach.kind.as_str() {
            "HelmRelease" => {
                let Some(object) = self.view.effective(at, reach) else { return Vec::new() };
                let reference = |path: &[&str]| {
                    let reference = object.at(path)?;
                    let namespace = reference.text_at(&["namespace"]).unwrap_or(own_namespace);
                    Some(name(reference.text_at(&["kind"])?, namespace, reference.text_at(&["name"])?))
                };
                let values = object.at(&["spec", "valuesFrom"]).map_or(&[][..], Value::items).iter();
                let values = values
                    .filter_map(|item| Some(name(item.text_at(&["kind"])?, own_namespace, item.text_at(&["name"])?)));
                let sources = [&["spec", "chart", "spec", "sourceRef"][..], &["spec", "chartRef"]];
                sources.into_iter().filter_map(reference).chain(values).collect()
            }
            "Kustomization" => {
                let Some(id) = self.kustomizations.get(&(reach.cluster, own_namespace, &reach.name)) else {
                    return Vec::new();
                };
                let kustomization = &self.view.graph().kustomizations[*id];
                let source = &kustomization.source;
                let from = name(&source.kind, source.namespace.as_deref().unwrap_or(own_namespace), &source.name);
                let variables =
                    kustomization.substitute_from.iter().map(|from| name(&from.kind, own_namespace, &from.name));
                variables.chain([from]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The radius of a file: that of the objects in it, or of what comes through it.
    pub fn of_file(&self, path: &RepoPath) -> Rc<Radius> {
        if let Some(known) = self.of_files.borrow().get(path) {
            return known.clone();
        }
        let mut walk = Spread { all: self, seen: BTreeSet::new(), reached: BTreeSet::new(), radius: Radius::default() };
        walk.file(path, &mut BTreeSet::new());
        let radius = Rc::new(walk.done());
        self.of_files.borrow_mut().insert(path.clone(), radius.clone());
        radius
    }

    /// The radius of an object.
    pub fn of_object(&self, at: &At) -> Radius {
        let mut walk = Spread { all: self, seen: BTreeSet::new(), reached: BTreeSet::new(), radius: Radius::default() };
        walk.object(at);
        walk.done()
    }
}

struct Spread<'a, 'v> {
    all: &'a Radiuses<'v>,
    seen: BTreeSet<(At, usize)>,
    /// The Flux Kustomizations that apply something of it, or are part of it.
    reached: BTreeSet<KustomizationId>,
    radius: Radius,
}

impl Spread<'_, '_> {
    fn file(&mut self, path: &RepoPath, files: &mut BTreeSet<RepoPath>) {
        if !files.insert(path.clone()) {
            return;
        }
        let all = self.all;
        for object in all.view.file(path).map_or(&[][..], |file| &file.objects) {
            self.object(&object.at);
            object.items.iter().for_each(|item| self.object(&item.at));
        }
        for (at, index) in all.through.get(path).into_iter().flatten() {
            self.reach(at, *index);
        }
        let is_kustomization = is_kustomization_file(path);
        let dir = path.dir();
        if is_kustomization && !all.through.contains_key(path) {
            self.empty(&dir);
        }
        // A Component changes all objects of its parent.
        let read_as = if is_kustomization { [Some(path), Some(&dir)] } else { [Some(path), None] };
        for reader in read_as.into_iter().flatten().filter_map(|read| all.readers.get(read)).flatten() {
            self.file(&reader.path, files);
        }
        for id in all.adding.get(&dir).into_iter().flatten().filter(|_| is_kustomization) {
            self.all_of(*id);
        }
    }

    /// A kustomization without objects: who applies those that list it would apply what is added to
    /// it.
    fn empty(&mut self, dir: &RepoPath) {
        let graph = self.all.view.graph();
        for parent in self.all.view.listed_by(dir) {
            for (at, index) in self.all.through.get(&parent.path).into_iter().flatten() {
                let reach = &graph.reaches(at)[*index];
                self.radius.clusters.insert(graph.clusters[reach.cluster].name.clone());
                self.reached.insert(reach.kustomization);
            }
        }
    }

    fn object(&mut self, at: &At) {
        for index in 0..self.all.view.graph().reaches(at).len() {
            self.reach(at, index);
        }
    }

    /// An object as one Flux Kustomization applies it, and what depends on it.
    fn reach(&mut self, at: &At, index: usize) {
        if !self.seen.insert((at.clone(), index)) {
            return;
        }
        let graph = self.all.view.graph();
        let Reach { cluster, kustomization, kind, namespace, name, .. } = &graph.reaches(at)[index];
        let namespace = namespace.as_deref().unwrap_or_default();
        self.radius.clusters.insert(graph.clusters[*cluster].name.clone());
        self.reached.insert(*kustomization);
        if kind == "HelmRelease" {
            let name = format!("{namespace}/{name}").trim_start_matches('/').to_owned();
            self.radius.releases.insert(InCluster { cluster: graph.clusters[*cluster].name.clone(), name });
        }
        let applied = self.all.kustomizations.get(&(*cluster, namespace, name));
        if let Some(applied) = applied.filter(|_| kind == "Kustomization") {
            self.reached.insert(*applied);
            self.all_of(*applied);
        }
        let used = (*cluster, *kind, Name::of(namespace), *name);
        for (user, index) in self.all.users.get(&used).into_iter().flatten() {
            self.reach(user, *index);
        }
    }

    fn all_of(&mut self, kustomization: KustomizationId) {
        for (at, index) in self.all.applied.get(&kustomization).into_iter().flatten() {
            self.reach(at, *index);
        }
    }

    fn done(mut self) -> Radius {
        let graph = self.all.view.graph();
        let named = |id: KustomizationId| {
            let applied = &graph.kustomizations[id];
            InCluster { cluster: graph.clusters[applied.cluster].name.clone(), name: applied.full_name() }
        };
        self.radius.kustomizations = self.reached.iter().map(|id| named(*id)).collect();
        self.radius.held_up = self.reached.iter().flat_map(|id| graph.held_up_by(*id)).map(named).collect();
        self.radius
    }
}
