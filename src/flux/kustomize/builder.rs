//! Which objects Kustomize builds from a directory: their identities, not their contents.

mod generated;
mod of_artifacts;

pub(in crate::flux) use of_artifacts::Builders;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::artifact::Artifact;
use super::generator::Generator;
use super::kustomization::{Kustomization, Listed, only_names_references};
use super::overlay::Overlay;
use super::parsed_tree::ParsedTree;
use super::patch::Patches;
use super::rendered::Rendered;
use super::stage::Stage;
use super::unmodelled::Unmodelled;
use crate::flux::files::{FileView, Name, Scan};
use crate::flux::value::Value;
use crate::repo::{EntryKind, RepoPath, Tree};

/// Builds the directories of one tree, each once, from the files that are in an artifact. Symbolic
/// links are in none.
pub(in crate::flux) struct Builder<'v> {
    tree: &'v Tree,
    scan: &'v Scan,
    kustomizations: &'v BTreeMap<RepoPath, Arc<Kustomization>>,
    /// What the artifact holds, unless that is everything.
    artifact: Option<Arc<Artifact>>,
    built: BTreeMap<RepoPath, Arc<Vec<Rendered>>>,
    open: Vec<RepoPath>,
    /// What changes objects and is not modelled, as far as it was met.
    pub(in crate::flux) unmodelled: BTreeSet<Unmodelled>,
    /// Whether objects remember the stages that they go through.
    pub(in crate::flux) traces: bool,
}

impl<'v> Builder<'v> {
    /// A builder from all files of a tree.
    pub(in crate::flux) fn new(parsed: &ParsedTree<'v>) -> Builder<'v> {
        let ParsedTree { tree, scan, kustomizations } = *parsed;
        let (built, open, unmodelled) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Builder { tree, scan, kustomizations, artifact: None, built, open, unmodelled, traces: false }
    }

    /// The kustomization of a directory.
    fn kustomization(&self, dir: &RepoPath) -> Option<&'v Arc<Kustomization>> {
        self.kustomizations.get(dir).filter(|kustomization| self.has(&kustomization.path))
    }

    /// Whether a file of the tree is there for builds.
    fn has(&self, file: &RepoPath) -> bool {
        self.artifact.as_ref().is_none_or(|artifact| artifact.holds(file))
    }

    /// What is at a path of the artifact; `None` if a link is on the way.
    fn place(&self, path: RepoPath) -> Option<RepoPath> {
        self.tree.follow(&path).filter(|followed| *followed == path)
    }

    /// What Kustomize builds from a path of Flux without what the Flux Kustomization adds: from its
    /// kustomization, or else the one that Flux generates. The names have no hashes yet
    /// ([`Rendered::finish`]).
    pub(in crate::flux) fn flux_path(&mut self, path: &RepoPath) -> Arc<Vec<Rendered>> {
        if self.kustomization(path).is_some() { self.directory(path) } else { self.generated(path) }
    }

    /// The kustomization files that take part in builds of directories, each with its overlay.
    pub(in crate::flux) fn files_built<'o>(
        &self,
        builds: impl IntoIterator<Item = (Option<&'o RepoPath>, Overlay<'o>)>,
    ) -> BTreeSet<RepoPath> {
        let mut waiting: Vec<RepoPath> = Vec::new();
        for (path, overlay) in builds {
            waiting.extend(overlay.components.iter().cloned());
            match path {
                Some(path) if self.kustomization(path).is_none() => {
                    let below = self.kustomizations.range(path.clone()..).map(|(dir, _)| dir);
                    let below = below.take_while(|dir| dir.as_str().starts_with(path.as_str()));
                    waiting.extend(below.filter(|dir| dir.is_in(path)).cloned());
                }
                path => waiting.extend(path.cloned()),
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(dir) = waiting.pop() {
            let Some(kustomization) = self.kustomization(&dir) else { continue };
            if seen.insert(kustomization.path.clone()) {
                let listed = kustomization.resources.iter().chain(&kustomization.components);
                let local = listed.filter(|entry| !entry.is_remote());
                waiting.extend(local.filter_map(|entry| self.place(dir.join(&entry.text)?)));
            }
        }
        seen
    }

    /// What is built from a directory with a kustomization file; nothing if it has none or contains
    /// itself.
    pub(in crate::flux) fn directory(&mut self, dir: &RepoPath) -> Arc<Vec<Rendered>> {
        if let Some(built) = self.built.get(dir) {
            return built.clone();
        }
        let open = self.open.contains(dir);
        let Some(kustomization) = self.kustomization(dir).filter(|_| !open) else { return Arc::default() };
        self.open.push(dir.clone());
        let mut objects = Vec::new();
        self.apply(kustomization, &mut objects, &[]);
        self.open.pop();
        self.keep(dir, objects)
    }

    /// Keeps what is built from a directory, in no more memory than it needs.
    fn keep(&mut self, dir: &RepoPath, mut objects: Vec<Rendered>) -> Arc<Vec<Rendered>> {
        objects.shrink_to_fit();
        objects.iter_mut().for_each(|object| object.through.shrink_to_fit());
        let built = Arc::new(objects);
        self.built.insert(dir.clone(), built.clone());
        built
    }

    /// What is built from a directory with an overlay, from its kustomization or else the one that
    /// Flux generates. The names have no hashes yet ([`Rendered::finish`]).
    pub(in crate::flux) fn with_overlay(&mut self, path: &RepoPath, overlay: Overlay<'_>) -> Vec<Rendered> {
        let (stated, empty) = (self.kustomization(path), Kustomization::default());
        let mut objects = match stated {
            Some(kustomization) => self.accumulate(kustomization),
            None => self.generated(path).to_vec(),
        };
        let kustomization = stated.map_or(&empty, |stated| stated);
        self.merge_generated(kustomization, &mut objects);
        let components = self.components(kustomization, &[]);
        let added = overlay.components.iter().map(|component| (component.clone(), vec![overlay.stated_in.clone()]));
        let patches = [&*kustomization.patches, overlay.patches].concat();
        let namespace = overlay.namespace.or(kustomization.namespace.as_ref());
        self.run_components(components.into_iter().chain(added), &mut objects);
        self.transform(kustomization, &patches, namespace, &mut objects);
        objects
    }

    /// Runs one kustomization on the objects so far: none for a Kustomization, those of the parent
    /// for a Component, which came through other files.
    fn apply(&mut self, kustomization: &Kustomization, objects: &mut Vec<Rendered>, through: &[RepoPath]) {
        let mut resources = self.accumulate(kustomization);
        for object in &mut resources {
            object.through.splice(..0, through.iter().cloned());
        }
        objects.append(&mut resources);
        self.merge_generated(kustomization, objects);
        let components = self.components(kustomization, through);
        self.run_components(components, objects);
        self.transform(kustomization, &kustomization.patches, kustomization.namespace.as_ref(), objects);
    }

    /// The resources of a kustomization and the objects that its generators make.
    fn accumulate(&mut self, kustomization: &Kustomization) -> Vec<Rendered> {
        let mut objects = Vec::new();
        for resource in &kustomization.resources {
            let Some(path) = self.local(kustomization, resource) else { continue };
            match self.scan.files.get(&path) {
                Some(_) if !self.has(&path) => {}
                Some(file) => objects.extend(self::objects(file)),
                None => objects.extend(self.directory(&path).iter().cloned()),
            }
        }
        for generator in kustomization.generators.iter().filter(|generator| generator.makes_new()) {
            if self.has_files_of(generator, &kustomization.dir()) {
                objects.push(Rendered::generated(&kustomization.path, generator));
            }
        }
        for object in &mut objects {
            object.through.insert(0, kustomization.path.clone());
        }
        objects
    }

    /// The Components of a kustomization, with the files on the way to them.
    fn components(&mut self, kustomization: &Kustomization, through: &[RepoPath]) -> Vec<(RepoPath, Vec<RepoPath>)> {
        let local = kustomization.components.iter().filter_map(|entry| self.local(kustomization, entry));
        let through: Vec<_> = through.iter().chain([&kustomization.path]).cloned().collect();
        local.map(|component| (component, through.clone())).collect()
    }

    /// Runs Components on the objects so far, one after the other.
    fn run_components(
        &mut self,
        components: impl IntoIterator<Item = (RepoPath, Vec<RepoPath>)>,
        objects: &mut Vec<Rendered>,
    ) {
        for (component, through) in components {
            self.component(&component, objects, &through);
        }
    }

    /// What a kustomization does to all objects so far, with its own patches and namespace or with
    /// those of an overlay.
    fn transform(
        &mut self,
        kustomization: &Kustomization,
        patches: &Patches,
        namespace: Option<&String>,
        objects: &mut Vec<Rendered>,
    ) {
        self.note_unmodelled(kustomization);
        self.note_patched_hashes(kustomization, patches, objects);
        patch(patches, objects, self.traces);
        for object in objects.iter_mut() {
            if self.traces {
                object.stages.extend(kustomization.stage.clone());
                object.stages.extend(namespace.map(|namespace| Arc::new(Stage::Namespace(namespace.clone()))));
            }
            if let Some(namespace) = namespace {
                object.set_namespace(namespace);
            }
            object.rename(&kustomization.prefix, &kustomization.suffix);
            object.add_metadata(&kustomization.labels, &kustomization.annotations);
            for transformer in &kustomization.namespaces {
                object.transform_namespace(transformer);
            }
        }
        // They are part of the stage of the fields.
        patch(&kustomization.replacements, objects, false);
    }

    /// Runs a Component on the objects so far.
    fn component(&mut self, dir: &RepoPath, objects: &mut Vec<Rendered>, through: &[RepoPath]) {
        let Some(component) = self.kustomization(dir).filter(|_| !self.open.contains(dir)) else { return };
        self.open.push(dir.clone());
        self.apply(component, objects, through);
        self.open.pop();
    }

    /// Runs the generators that add to existing objects. If there is none, Kustomize fails; here
    /// the generator does nothing.
    fn merge_generated(&self, kustomization: &Kustomization, objects: &mut [Rendered]) {
        for generator in kustomization.generators.iter().filter(|generator| !generator.makes_new()) {
            let is_meant = |object: &&mut Rendered| {
                object.kind == generator.kind
                    && object.is_called(&generator.name)
                    && (generator.namespace.is_none() || object.namespace.as_deref() == generator.namespace.as_deref())
            };
            let dir = kustomization.dir();
            if let Some(object) = objects.iter_mut().find(is_meant).filter(|_| self.has_files_of(generator, &dir)) {
                object.also_made(&dir, generator);
            }
        }
    }

    /// Whether all files of a generator are there; Kustomize fails if one is missing.
    fn has_files_of(&self, generator: &Generator, dir: &RepoPath) -> bool {
        let file = |input: &str| self.place(dir.join(input)?).filter(|path| self.has(path));
        let is_file = |path: RepoPath| matches!(self.tree.entry(&path), Some(EntryKind::File { .. }));
        generator.inputs().all(|input| file(input).is_some_and(is_file))
    }

    /// What an entry points to in the tree; a remote one is noted, and so is one that is included
    /// from another repository.
    fn local(&mut self, kustomization: &Kustomization, entry: &Listed) -> Option<RepoPath> {
        let path = kustomization.dir().join(&entry.text).filter(|_| !entry.is_remote());
        let is_included = |path: &RepoPath| self.artifact.as_ref().is_some_and(|one| one.includes(path));
        if entry.is_remote() || path.as_ref().is_some_and(is_included) {
            self.note(kustomization, entry);
            return None;
        }
        self.place(path?)
    }

    fn note_unmodelled(&mut self, kustomization: &Kustomization) {
        for field in &kustomization.unmodelled {
            self.note(kustomization, field);
        }
        for entry in &kustomization.configurations {
            let path = kustomization.dir().join(&entry.text);
            let stream = path.and_then(|path| self.scan.file(&path)).and_then(|file| file.stream.as_ref());
            let mut documents = stream.into_iter().flat_map(|stream| stream.documents()).filter_map(Value::of);
            if !documents.all(|document| only_names_references(&document)) {
                self.note(kustomization, entry);
            }
        }
    }

    /// A generated object that is patched gets another hash, which is not modelled.
    fn note_patched_hashes(&mut self, kustomization: &Kustomization, patches: &Patches, objects: &[Rendered]) {
        for patch in patches {
            if objects.iter().any(|object| object.has_hash() && object.is_selected_by(patch)) {
                let text = Name::of("a patch of a generated object, whose name ends in a hash");
                self.note(kustomization, &Listed { text, line: patch.line });
            }
        }
    }

    fn note(&mut self, kustomization: &Kustomization, what: &Listed) {
        let path = kustomization.path.clone();
        self.unmodelled.insert(Unmodelled { path, line: what.line, what: what.text.into() });
    }
}

/// The objects of a file, before anything is done to them.
pub(in crate::flux) fn objects(file: &FileView) -> impl Iterator<Item = Rendered> {
    file.objects.iter().flat_map(|object| object.expanded()).map(Rendered::of)
}

/// Applies patches to the objects that they select, as far as their identity is concerned, and
/// notes on each object of Flux that decides what is applied the patches that change it.
fn patch(patches: &Patches, objects: &mut Vec<Rendered>, traces: bool) {
    for patch in patches {
        let identity = patch.changes_identity().then(|| patch.of_identity());
        objects.retain_mut(|object| {
            if !object.is_selected_by(patch) {
                return true;
            }
            if matches!(object.kind.as_str(), "HelmRelease" | "Kustomization" | "GitRepository" | "OCIRepository") {
                object.patches.push(patch.clone());
            }
            if traces {
                object.stages.push(Arc::new(Stage::Patch(patch.text().into())));
            }
            identity.as_ref().is_none_or(|identity| object.survives(identity))
        });
    }
}
