//! One tree, understood: its files, who applies what, and the questions that can be asked of both.

mod input;
mod installed;
mod radius;
mod release;
mod traced;

pub use input::{Input, NotBuilt};
pub use installed::{Installed, InstalledChart};
pub use radius::{InCluster, Radius, Radiuses};
pub use release::{Chart, ChartSpec, Identity, Release};
pub use traced::Traced;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::flux::cluster::{
    EntryTemplate, FluxKustomization, Following, GivenCluster, Graph, KustomizationTemplate, Reach, effective,
    entry_templates, kustomization_templates,
};
use crate::flux::files::{
    At, Barred, FileView, HelmRepository, Object, OciRepository, Scan, is_kustomization_file, on_all_cores,
};
use crate::flux::kustomize::{Builder, Kustomization, Listed, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::{Changes, RepoPath, Tree, TreeError};
use crate::yaml::Node;

/// One tree understood. Files are read once: [`View::with`] reads again only what changed.
///
/// Only files whose bytes say that they can matter to Flux are parsed; of the others, those that [`View::file`] is asked for. Objects that
/// are none of Flux or Kustomize, such as Deployments, are therefore missing from the graph, unless it is that of [`View::whole`].
#[derive(Clone)]
pub struct View {
    tree: Tree,
    scan: Arc<Scan>,
    kustomizations: Arc<BTreeMap<RepoPath, Kustomization>>,
    graph: Arc<Graph>,
    releases: Arc<Vec<Release>>,
    helm_repositories: Arc<Vec<HelmRepository>>,
    oci_repositories: Arc<Vec<OciRepository>>,
    patches: Arc<BTreeSet<RepoPath>>,
    entry_templates: Arc<Vec<EntryTemplate>>,
    following: Option<Arc<Following>>,
    given: Arc<Vec<GivenCluster>>,
}

impl View {
    /// Reads the YAML files of a tree that can matter to Flux, and who applies what.
    ///
    /// # Errors
    /// If a file cannot be read at all. One that is no YAML is no error, but a [`FileView`] that says so.
    pub fn of(tree: Tree) -> Result<View, TreeError> {
        View::with_clusters(tree, Vec::new())
    }

    /// As [`View::of`], with clusters that a person names.
    ///
    /// # Errors
    /// As [`View::of`].
    pub fn with_clusters(tree: Tree, given: Vec<GivenCluster>) -> Result<View, TreeError> {
        let scan = Scan::of(&tree, &Scan::default())?;
        Ok(View::assemble(tree, scan, Arc::new(given)))
    }

    /// Reads a tree that is much like the one of another view: what that has parsed of the same content is taken from there, without
    /// reading it again, wherever the tree tells the ids of its contents. The clusters that a person names are the same.
    ///
    /// # Errors
    /// If a file cannot be read at all.
    pub fn like(tree: Tree, other: &View) -> Result<View, TreeError> {
        let scan = Scan::of(&tree, &other.scan.known_of(&tree))?;
        Ok(View::assemble(tree, scan, other.given.clone()))
    }

    /// This view with changes made to its tree.
    ///
    /// # Errors
    /// If the changes do not fit the tree.
    pub fn with(&self, changes: &Changes) -> Result<View, TreeError> {
        let mut known = (*self.scan).clone();
        for path in changes.paths() {
            known.forget(path);
        }
        let tree = self.tree.with(changes)?;
        let scan = Scan::of(&tree, &known)?;
        Ok(View::assemble(tree, scan, self.given.clone()).like_before(self))
    }

    /// This view, and what is known of the branches that its clusters follow: from now on the version of Flux that a cluster runs is the one
    /// that its branch states, in all views that come from this one.
    pub fn following(self, following: Following) -> View {
        self.learn(Arc::new(following))
    }

    fn learn(mut self, following: Arc<Following>) -> View {
        following.update(&mut Arc::make_mut(&mut self.graph).clusters);
        View { following: Some(following), ..self }
    }

    /// This view, with what the one that it comes from knows of branches.
    fn like_before(self, before: &View) -> View {
        match &before.following {
            Some(following) => self.learn(following.clone()),
            None => self,
        }
    }

    /// What is known of the branches that clusters follow; `None` outside of git.
    pub fn followed(&self) -> Option<&Following> {
        self.following.as_deref()
    }

    /// This view with every YAML file parsed, and a graph in which all objects are. So are views made from it by [`View::with`].
    pub fn whole(&self) -> View {
        if self.scan.is_whole() {
            return self.clone();
        }
        View::assemble(self.tree.clone(), self.scan.whole(), self.given.clone()).like_before(self)
    }

    fn assemble(tree: Tree, scan: Scan, given: Arc<Vec<GivenCluster>>) -> View {
        let files = &scan.files;
        let text = |path: &RepoPath| {
            scan.file(path).and_then(|file| file.stream.as_ref()).map(|stream| stream.text().to_owned())
        };
        let named_so: Vec<_> = files.iter().filter(|(path, _)| is_kustomization_file(path)).collect();
        let read = |(path, file): &(&RepoPath, &Arc<FileView>)| {
            Some((path.dir(), Kustomization::read(path, file.stream.as_ref()?, &text)))
        };
        let kustomizations: BTreeMap<_, _> = on_all_cores(&named_so, read).into_iter().flatten().collect();
        let parsed = ParsedTree { tree: &tree, scan: &scan, kustomizations: &kustomizations };
        let graph = Graph::of(&parsed, &given);

        let patches = parsed.patch_files();
        let objects = || parsed.objects().filter(|object| !patches.contains(&object.at.path));
        let read = |object: &&Object| parsed.node(&object.at);
        let releases = objects()
            .filter(|object| object.is_helm_release())
            .filter_map(|object| Release::read(object, read(&object)?))
            .collect();
        let helm_repositories = objects()
            .filter(|object| object.is_source("HelmRepository"))
            .filter_map(|object| HelmRepository::read(&object.at, read(&object)?))
            .collect();
        let oci_repositories = objects()
            .filter(|object| object.is_source("OCIRepository"))
            .filter_map(|object| OciRepository::read(&object.at, read(&object)?))
            .collect();
        View {
            entry_templates: Arc::new(entry_templates(&parsed)),
            graph: Arc::new(graph),
            releases: Arc::new(releases),
            helm_repositories: Arc::new(helm_repositories),
            oci_repositories: Arc::new(oci_repositories),
            kustomizations: Arc::new(kustomizations),
            patches: Arc::new(patches),
            following: None,
            scan: Arc::new(scan),
            given,
            tree,
        }
    }

    /// The tree that this is a view of.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Who applies what.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The YAML files that can matter to Flux, by path; all, in a [`View::whole`].
    pub fn files(&self) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.scan.files.iter().map(|(path, file)| (path, &**file))
    }

    /// All YAML files in a directory itself.
    pub fn files_in(&self, dir: &RepoPath) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.scan.files_in(dir)
    }

    /// The YAML files whose bytes hold a word, whether or not they can matter to Flux, by path. Those that could not be read are among them,
    /// and those in which an escape could spell it.
    pub fn files_with(&self, word: &str) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.scan.files_with(word.as_bytes().to_vec())
    }

    /// A YAML file, whether or not it can matter to Flux.
    pub fn file(&self, path: &RepoPath) -> Option<&FileView> {
        self.scan.file(path)
    }

    /// The symbolic links.
    pub fn links(&self) -> &[RepoPath] {
        &self.scan.links
    }

    /// The HelmReleases that name a chart, by place.
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// The HelmReleases and Flux Kustomizations that no cluster applies, by place.
    pub fn unreached(&self) -> impl Iterator<Item = &Object> {
        // Patches and fragments of values are no releases.
        let releases: BTreeSet<&At> = self.releases.iter().map(|release| &release.at).collect();
        let is_kustomization =
            |object: &Object| object.is_flux_kustomization() && !self.patches.contains(&object.at.path);
        let objects = self.scan.files.values().flat_map(|file| &file.objects);
        objects.filter(move |object| {
            (releases.contains(&object.at) || is_kustomization(object)) && self.graph.reaches(&object.at).is_empty()
        })
    }

    /// The templates that would be where clusters begin, by path.
    pub fn entry_templates(&self) -> &[EntryTemplate] {
        &self.entry_templates
    }

    /// The Flux Kustomizations that stand in templates, by path: what else they say is only known after something else has run.
    pub fn kustomization_templates(&self) -> Vec<KustomizationTemplate> {
        kustomization_templates(&self.tree, self.files())
    }

    /// The HelmRepositories, by place.
    pub fn helm_repositories(&self) -> &[HelmRepository] {
        &self.helm_repositories
    }

    /// The OCIRepositories, by place.
    pub fn oci_repositories(&self) -> &[OciRepository] {
        &self.oci_repositories
    }

    /// The kustomization file of a directory.
    pub fn kustomization(&self, dir: &RepoPath) -> Option<&Kustomization> {
        self.kustomizations.get(dir)
    }

    /// The kustomization files of Kustomize.
    pub fn kustomizations(&self) -> impl Iterator<Item = &Kustomization> {
        self.kustomizations.values()
    }

    /// The kustomization files that list a file or directory under `resources`, whether or not a cluster reaches them.
    pub fn listed_by(&self, path: &RepoPath) -> impl Iterator<Item = &Kustomization> {
        self.kustomizations.values().filter(move |kustomization| {
            let lists = |entry: &Listed| self.resolve(kustomization, &entry.text).as_ref() == Some(path);
            kustomization.resources.iter().any(lists)
        })
    }

    /// What an entry of a kustomization file points to, links followed.
    pub fn resolve(&self, kustomization: &Kustomization, relative: &str) -> Option<RepoPath> {
        self.tree.follow(&kustomization.dir().join(relative)?)
    }

    /// The root node of a document.
    pub fn node(&self, at: &At) -> Option<Node<'_>> {
        at.node(self.file(&at.path)?.stream.as_ref()?)
    }

    /// The object at a place.
    pub fn object(&self, at: &At) -> Option<&Object> {
        self.file(&at.path)?.object(at)
    }

    /// A Flux Kustomization as its file states it, whether or not a cluster applies it. `None` where it names no source.
    pub fn stated(&self, at: &At) -> Option<FluxKustomization> {
        self.object(at).filter(|object| object.is_flux_kustomization())?;
        FluxKustomization::read(at, self.node(at)?, None, &Variables::default(), 0, None)
    }

    /// What a Flux Kustomization builds, before variables are put in; nothing, if it builds from another repository.
    pub fn build(&self, kustomization: &FluxKustomization) -> Vec<Rendered> {
        self.builds([kustomization]).pop().unwrap_or_default()
    }

    /// As [`View::build`], of several: what they share is built once.
    pub fn builds<'k>(&self, kustomizations: impl IntoIterator<Item = &'k FluxKustomization>) -> Vec<Vec<Rendered>> {
        let mut builder = self.builder();
        let build = |own: &FluxKustomization| {
            let path = own.path.as_ref();
            let mut objects = path.map(|path| builder.with_overlay(path, own.overlay())).unwrap_or_default();
            objects.iter_mut().for_each(|object| object.finish(&self.tree));
            objects
        };
        kustomizations.into_iter().map(build).collect()
    }

    /// What a Flux Kustomization without anything but a path would build, whoever states it.
    pub fn build_path(&self, path: &RepoPath) -> Vec<Rendered> {
        let at = At::document(path, 0);
        let source =
            crate::flux::files::SourceRef { kind: "GitRepository".to_owned(), name: String::new(), namespace: None };
        self.build(&FluxKustomization::made_by_operator(&at, 0, path, &source))
    }

    /// Builds directories of this view's tree.
    pub(super) fn builder(&self) -> Builder<'_> {
        let View { tree, scan, kustomizations, .. } = self;
        Builder::new(&ParsedTree { tree, scan, kustomizations })
    }

    /// An object as it arrives in a cluster: patched, named, substituted.
    pub fn effective(&self, at: &At, reach: &Reach) -> Option<Value> {
        self.effective_text(self.node(at)?, reach)
    }

    /// As [`View::effective`], of another text for the same object.
    pub fn effective_text(&self, root: Node<'_>, reach: &Reach) -> Option<Value> {
        let variables = &self.graph.kustomizations[reach.kustomization].variables;
        effective(root, &reach.patches, Some((&reach.name, reach.namespace.as_deref())), variables)
    }

    /// Why a file is never touched, if so.
    pub fn barred(&self, path: &RepoPath) -> Option<Barred> {
        if self.scan.links.contains(path) { Some(Barred::Link) } else { self.file(path)?.barred }
    }
}
