use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use super::file::{Barred, FileView};
use super::given::GivenCluster;
use super::graph::Graph;
use super::kustomization::Kustomization;
use super::object::{At, Object};
use super::release::Release;
use super::source::{HelmRepository, OciRepository};
use crate::repo::{Changes, EntryKind, RepoPath, Tree, TreeError};
use crate::yaml::Node;

/// One tree understood. Files are read once: [`View::with`] reads again only what changed.
#[derive(Clone)]
pub struct View {
    tree: Tree,
    files: Arc<BTreeMap<RepoPath, Arc<FileView>>>,
    kustomizations: Arc<BTreeMap<RepoPath, Kustomization>>,
    graph: Arc<Graph>,
    releases: Arc<Vec<Release>>,
    helm_repositories: Arc<Vec<HelmRepository>>,
    oci_repositories: Arc<Vec<OciRepository>>,
    links: Arc<Vec<RepoPath>>,
    given: Arc<Vec<GivenCluster>>,
}

impl View {
    /// Reads all YAML files of a tree, and who applies what.
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
        View::reread(tree, &BTreeMap::new(), Arc::new(given))
    }

    /// This view with changes made to its tree.
    ///
    /// # Errors
    /// If the changes do not fit the tree.
    pub fn with(&self, changes: &Changes) -> Result<View, TreeError> {
        let mut known = (*self.files).clone();
        for path in changes.paths() {
            known.remove(path);
        }
        View::reread(self.tree.with(changes)?, &known, self.given.clone())
    }

    /// Two views of one tree are read alike; this reads the files of `tree` that are not `known`.
    fn reread(
        tree: Tree,
        known: &BTreeMap<RepoPath, Arc<FileView>>,
        given: Arc<Vec<GivenCluster>>,
    ) -> Result<View, TreeError> {
        let mut files = BTreeMap::new();
        let mut unread = Vec::new();
        let mut links = Vec::new();
        for (path, kind) in tree.entries() {
            match kind {
                EntryKind::Link { .. } => links.push(path),
                EntryKind::File { filtered, .. } if is_of_interest(&path) => match known.get(&path) {
                    Some(file) => drop(files.insert(path, file.clone())),
                    None => unread.push((path, filtered)),
                },
                EntryKind::File { .. } => {}
            }
        }
        files.extend(read_all(&tree, unread)?);
        Ok(View::assemble(tree, files, links, given))
    }

    fn assemble(
        tree: Tree,
        files: BTreeMap<RepoPath, Arc<FileView>>,
        links: Vec<RepoPath>,
        given: Arc<Vec<GivenCluster>>,
    ) -> View {
        let text = |path: &RepoPath| {
            files.get(path).and_then(|file| file.stream.as_ref()).map(|stream| stream.text().to_owned())
        };
        let kustomizations: BTreeMap<_, _> = files
            .iter()
            .filter(|(path, _)| Kustomization::is_named_so(path))
            .filter_map(|(path, file)| Some((path.dir(), Kustomization::read(path, file.stream.as_ref()?, &text))))
            .collect();
        let parts = Parts { tree: &tree, files: &files, kustomizations: &kustomizations, given: &given };
        let graph = Graph::of(&parts);

        let patches = patch_files(&parts);
        let objects = || parts.objects().filter(|object| !patches.contains(&object.at.path));
        let read = |object: &&Object| parts.node(&object.at);
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
            graph: Arc::new(graph),
            releases: Arc::new(releases),
            helm_repositories: Arc::new(helm_repositories),
            oci_repositories: Arc::new(oci_repositories),
            kustomizations: Arc::new(kustomizations),
            files: Arc::new(files),
            links: Arc::new(links),
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

    /// The YAML files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.files.iter().map(|(path, file)| (path, &**file))
    }

    /// A YAML file.
    pub fn file(&self, path: &RepoPath) -> Option<&FileView> {
        self.files.get(path).map(|file| &**file)
    }

    /// The symbolic links.
    pub fn links(&self) -> &[RepoPath] {
        &self.links
    }

    /// The HelmReleases that name a chart, by place.
    pub fn releases(&self) -> &[Release] {
        &self.releases
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
            let lists = |entry: &super::Listed| self.resolve(kustomization, &entry.text).as_ref() == Some(path);
            kustomization.resources.iter().any(lists)
        })
    }

    /// What an entry of a kustomization file points to, links followed.
    pub fn resolve(&self, kustomization: &Kustomization, relative: &str) -> Option<RepoPath> {
        self.tree.follow(&kustomization.dir().join(relative)?)
    }

    /// The root node of a document.
    pub fn node(&self, at: &At) -> Option<Node<'_>> {
        self.file(&at.path)?.stream.as_ref()?.documents().nth(at.document)
    }

    /// The object at a place.
    pub fn object(&self, at: &At) -> Option<&Object> {
        self.file(&at.path)?.objects.iter().find(|object| object.at == *at)
    }

    /// Why a file is never touched, if so.
    pub fn barred(&self, path: &RepoPath) -> Option<Barred> {
        if self.links.contains(path) { Some(Barred::Link) } else { self.file(path)?.barred }
    }
}

/// YAML files, and templates that would be some.
fn is_of_interest(path: &RepoPath) -> bool {
    let name = path.name();
    path.is_yaml() || name == "Kustomization" || name.ends_with(".yaml.j2") || name.ends_with(".yml.j2")
}

/// Reads and parses files on all cores.
fn read_all(tree: &Tree, unread: Vec<(RepoPath, bool)>) -> Result<Vec<(RepoPath, Arc<FileView>)>, TreeError> {
    let read = |(path, filtered): &(RepoPath, bool)| -> Result<Option<(RepoPath, Arc<FileView>)>, TreeError> {
        let Some(file) = tree.read(path)? else { return Ok(None) };
        Ok(Some((path.clone(), Arc::new(FileView::read(path, &file.bytes, *filtered)))))
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = unread.len().div_ceil(threads).max(16);
    let parts: Vec<Result<Vec<_>, TreeError>> = thread::scope(|scope| {
        let workers: Vec<_> = unread
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().filter_map(|file| read(file).transpose()).collect()))
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("reading does not panic")).collect()
    });
    Ok(parts.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The files that kustomizations name as patches: what looks like objects in them is none.
fn patch_files(parts: &Parts<'_>) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    for kustomization in parts.kustomizations.values() {
        let at = At { path: kustomization.path.clone(), document: 0 };
        let Some(root) = parts.node(&at) else { continue };
        let list = |key: &str| root.get(key).into_iter().flat_map(Node::items);
        let by_path = list("patches").chain(list("patchesJson6902")).filter_map(|item| item.text_at(&["path"]));
        let merges = list("patchesStrategicMerge").filter_map(Node::value);
        found.extend(by_path.chain(merges).filter_map(|name| kustomization.dir().join(name)));
    }
    found
}

/// What a graph is read from: a view in the making.
pub(super) struct Parts<'v> {
    pub(super) tree: &'v Tree,
    pub(super) files: &'v BTreeMap<RepoPath, Arc<FileView>>,
    /// By directory.
    pub(super) kustomizations: &'v BTreeMap<RepoPath, Kustomization>,
    /// The clusters that a person names.
    pub(super) given: &'v [GivenCluster],
}

impl<'v> Parts<'v> {
    pub(super) fn objects(&self) -> impl Iterator<Item = &'v Object> + use<'v> {
        self.files.values().flat_map(|file| &file.objects)
    }

    pub(super) fn object(&self, at: &At) -> Option<&'v Object> {
        self.files.get(&at.path)?.objects.iter().find(|object| object.at == *at)
    }

    pub(super) fn documents(&self) -> impl Iterator<Item = (At, Node<'v>)> + use<'v> {
        self.files.iter().flat_map(|(path, file)| {
            let roots = file.stream.iter().flat_map(|stream| stream.documents().enumerate());
            roots.map(|(document, root)| (At { path: path.clone(), document }, root))
        })
    }

    pub(super) fn node(&self, at: &At) -> Option<Node<'v>> {
        self.files.get(&at.path)?.stream.as_ref()?.documents().nth(at.document)
    }

    pub(super) fn text(&self, path: &RepoPath) -> Option<&'v str> {
        Some(self.files.get(path)?.stream.as_ref()?.text())
    }
}
