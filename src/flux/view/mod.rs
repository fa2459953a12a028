//! One tree, read: its files, who applies what, and the questions that can be asked of both.
//!
//! Who asks what: [`View::effective`] and [`View::installed`] what arrives in a cluster,
//! [`View::build`] what a Flux Kustomization builds, [`View::traced`] whether two builds are the
//! same, [`View::input`] what Flux gives to Kustomize, [`Radiuses`] what a change can reach.

mod arrivals;
mod encrypted;
mod input;
mod installed;
mod listing;
mod patched;
mod radius;
mod release;
mod traced;
mod update;
mod waiting;
mod webhooks;

pub use arrivals::{Arrival, Changed};
pub use input::{Input, NotBuilt};
pub use installed::{Installed, InstalledChart};
pub use radius::{InCluster, Radius, Radiuses};
pub use release::{Chart, ChartSpec, Identity, Release};
pub use traced::{ObjectId, Traced};
pub use waiting::AppliedRelease;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use self::listing::Listings;
use self::webhooks::Filling;

use crate::activity::{self, Activity};
use crate::flux::cluster::{
    ClusterId, EntryTemplate, FluxKustomization, Following, Given, Graph, KustomizationTemplate, Reach, arriving,
    built, effective, entry_templates, kustomization_templates,
};
use crate::flux::files::{
    At, Barred, FileView, HelmRepository, Object, OciRepository, Scan, is_kustomization_file, on_all_cores,
};
use crate::flux::kustomize::{Builder, Builders, Kustomization, Overlay, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::{RepoPath, Tree, TreeError};
use crate::yaml::Node;

/// One tree, read. Files are parsed once: [`View::with`] parses only what has changed.
///
/// At first only files whose bytes show that they can matter to Flux are parsed, the others when
/// [`View::file`] is asked for them. So other objects, such as Deployments, are missing from the
/// graph, unless it is that of [`View::whole`].
#[derive(Clone)]
pub struct View {
    tree: Tree,
    scan: Arc<Scan>,
    kustomizations: Arc<BTreeMap<RepoPath, Arc<Kustomization>>>,
    graph: Arc<Graph>,
    releases: Arc<Vec<Release>>,
    helm_repositories: Arc<Vec<HelmRepository>>,
    oci_repositories: Arc<Vec<OciRepository>>,
    patches: Arc<BTreeSet<RepoPath>>,
    /// What kustomization files read beside resources: patches, and files of generators.
    /// Each with the directories of these.
    inputs: Arc<BTreeMap<RepoPath, Vec<RepoPath>>>,
    entry_templates: Arc<Vec<EntryTemplate>>,
    listings: Listings,
    filling: Filling,
    following: Option<Arc<Following>>,
    given: Arc<Given>,
    /// This view with every file parsed, once that was asked for: many ask.
    whole: Arc<OnceLock<View>>,
}

impl View {
    /// Reads the YAML files of a tree that can matter to Flux, and who applies what.
    ///
    /// # Errors
    /// If a file cannot be read at all. A file that is not YAML is not an error: its [`FileView`]
    /// says so.
    pub fn of(tree: Tree) -> Result<View, TreeError> {
        View::with_given(tree, Given::default())
    }

    /// The same as [`View::of`], with what is known of the tree from elsewhere.
    ///
    /// # Errors
    /// As [`View::of`].
    pub fn with_given(tree: Tree, given: Given) -> Result<View, TreeError> {
        let scan = read(&tree, &Scan::default())?;
        let _activity = activity::begin(Activity::Understanding);
        Ok(View::assemble(tree, scan, Arc::new(given), BTreeMap::new()))
    }

    /// Reads a tree that is similar to that of another view. Files that the other view has parsed
    /// with the same content are taken over, if the tree knows the ids of its contents. What is known
    /// from elsewhere is the same.
    ///
    /// # Errors
    /// If a file cannot be read at all.
    pub fn like(tree: Tree, other: &View) -> Result<View, TreeError> {
        View::like_with(tree, other, other.given.clone())
    }

    /// The same as [`View::like`], with what is known of this tree from elsewhere.
    ///
    /// # Errors
    /// As [`View::like`].
    pub fn like_with_given(tree: Tree, other: &View, given: Given) -> Result<View, TreeError> {
        View::like_with(tree, other, Arc::new(given))
    }

    fn like_with(tree: Tree, other: &View, given: Arc<Given>) -> Result<View, TreeError> {
        let scan = read(&tree, &other.scan.known_of(&tree))?;
        let _activity = activity::begin(Activity::Understanding);
        Ok(View::assemble(tree, scan, given, BTreeMap::new()))
    }

    /// This view, with the branches that its clusters follow: in it and in all views that come from
    /// it, the version of Flux that a cluster runs is the one that its branch states.
    pub fn following(self, following: Following) -> View {
        self.learn(Arc::new(following))
    }

    fn learn(mut self, following: Arc<Following>) -> View {
        following.update(&mut Arc::make_mut(&mut self.graph).clusters);
        View { following: Some(following), whole: Arc::default(), ..self }
    }

    /// This view, with the branches of the view that it comes from.
    fn following_as_before(self, before: Option<Arc<Following>>) -> View {
        match before {
            Some(following) => self.learn(following),
            None => self,
        }
    }

    /// The branches that clusters follow; `None` outside of git.
    pub fn followed(&self) -> Option<&Following> {
        self.following.as_deref()
    }

    /// Whether another is this one: a clone of it.
    pub fn is_same(&self, other: &View) -> bool {
        Arc::ptr_eq(&self.graph, &other.graph) && Arc::ptr_eq(&self.scan, &other.scan)
    }

    /// This view with every YAML file parsed and all objects in the graph. The same is true of
    /// views made from it by [`View::with`].
    pub fn whole(&self) -> View {
        if self.scan.is_whole() {
            return self.clone();
        }
        let whole = || {
            let kustomizations = (*self.kustomizations).clone();
            View::assemble(self.tree.clone(), self.scan.whole(), self.given.clone(), kustomizations)
                .following_as_before(self.following.clone())
        };
        self.whole.get_or_init(whole).clone()
    }

    /// The same as [`View::whole`], for a view that is not needed any more: what it knows is dropped first.
    pub fn into_whole(self) -> View {
        if self.scan.is_whole() {
            return self;
        }
        if let Some(whole) = self.whole.get() {
            return whole.clone();
        }
        let View { tree, scan, kustomizations, given, following, .. } = self;
        let whole = scan.whole();
        drop(scan);
        View::assemble(tree, whole, given, Arc::unwrap_or_clone(kustomizations)).following_as_before(following)
    }

    /// This view with every YAML file parsed, and the graph as it is: that of [`View::whole`] costs much more, and
    /// what Flux Kustomizations build ([`View::builds`]) does not need it.
    pub fn with_all_files(&self) -> View {
        if self.scan.is_whole() {
            return self.clone();
        }
        let (listings, filling, whole) = (Listings::default(), Filling::default(), Arc::default());
        View { scan: Arc::new(self.scan.whole()), listings, filling, whole, ..self.clone() }
    }

    /// Reads who applies what; `known` are the kustomizations whose files have not changed, by
    /// directory.
    fn assemble(tree: Tree, scan: Scan, given: Arc<Given>, known: BTreeMap<RepoPath, Arc<Kustomization>>) -> View {
        let files = &scan.files;
        let text = |path: &RepoPath| {
            scan.file(path).and_then(|file| file.stream.as_ref()).map(|stream| stream.text().to_owned())
        };
        let is_known = |path: &RepoPath| known.get(&path.dir()).is_some_and(|known| known.path == *path);
        let new = files.iter().filter(|(path, _)| is_kustomization_file(path) && !is_known(path));
        let read = |(path, file): &(&RepoPath, &Arc<FileView>)| {
            Some((path.dir(), Arc::new(Kustomization::read(path, file.stream.as_ref()?, &text))))
        };
        let new = on_all_cores(&new.collect::<Vec<_>>(), read);
        let mut kustomizations = known;
        kustomizations.extend(new.into_iter().flatten());
        let parsed = ParsedTree { tree: &tree, scan: &scan, kustomizations: &kustomizations };
        let graph = Graph::of(&parsed, &given);

        let patches = parsed.patch_files();
        let objects = || parsed.objects().filter(|object| !patches.contains(&object.at.path));
        let releases = kept(objects().filter_map(|object| Release::read(object, &scan)));
        let helm_repositories = kept(objects().filter_map(|object| HelmRepository::read(object, &scan)));
        let oci_repositories = kept(objects().filter_map(|object| OciRepository::read(object, &scan)));
        View {
            entry_templates: Arc::new(entry_templates(&parsed)),
            graph: Arc::new(graph),
            releases,
            helm_repositories,
            oci_repositories,
            inputs: Arc::new(inputs(&kustomizations)),
            kustomizations: Arc::new(kustomizations),
            patches: Arc::new(patches),
            listings: Listings::default(),
            filling: Filling::default(),
            following: None,
            whole: Arc::default(),
            scan: Arc::new(scan),
            given,
            tree,
        }
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Who applies what.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The YAML files that can matter to Flux, by path; in a [`View::whole`], all of them.
    pub fn files(&self) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.scan.files.iter().map(|(path, file)| (path, &**file))
    }

    /// The path of a YAML file, if it is there.
    pub fn path(&self, path: &RepoPath) -> Option<&RepoPath> {
        self.scan.path(path)
    }

    /// All YAML files directly in a directory.
    pub fn files_in(&self, dir: &RepoPath) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        self.scan.files_in(dir)
    }

    /// All YAML files whose bytes contain a word, by path, and those that may: files that could not
    /// be parsed or that have escapes.
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
        // Patches and fragments of values are not releases.
        let releases: BTreeSet<&At> = self.releases.iter().map(|release| &release.at).collect();
        let is_kustomization =
            |object: &Object| object.is_flux_kustomization() && !self.patches.contains(&object.at.path);
        let objects = self.scan.files.values().flat_map(|file| &file.objects);
        objects.filter(move |object| {
            (releases.contains(&object.at) || is_kustomization(object)) && self.graph.reaches(&object.at).is_empty()
        })
    }

    /// The templates of entry points, by path.
    pub fn entry_templates(&self) -> &[EntryTemplate] {
        &self.entry_templates
    }

    /// The Flux Kustomizations in templates, by path.
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

    /// The HelmRepository at a place.
    pub fn helm_repository(&self, at: &At) -> Option<&HelmRepository> {
        let found = self.helm_repositories.binary_search_by(|repository| repository.at.cmp(at));
        found.ok().map(|index| &self.helm_repositories[index])
    }

    /// The OCIRepository at a place.
    pub fn oci_repository(&self, at: &At) -> Option<&OciRepository> {
        let found = self.oci_repositories.binary_search_by(|source| source.at.cmp(at));
        found.ok().map(|index| &self.oci_repositories[index])
    }

    /// The kustomization file of a directory.
    pub fn kustomization(&self, dir: &RepoPath) -> Option<&Kustomization> {
        self.kustomizations.get(dir).map(|kustomization| &**kustomization)
    }

    /// The files that kustomization files name as patches.
    pub fn patch_files(&self) -> &BTreeSet<RepoPath> {
        &self.patches
    }

    /// The kustomization files of Kustomize.
    pub fn kustomizations(&self) -> impl Iterator<Item = &Kustomization> {
        self.kustomizations.values().map(|kustomization| &**kustomization)
    }

    /// The kustomization files that read a file beside resources: as a patch, or as data of what a
    /// generator makes.
    pub fn readers(&self, path: &RepoPath) -> impl Iterator<Item = &Kustomization> {
        self.inputs.get(path).into_iter().flatten().filter_map(|dir| self.kustomization(dir))
    }

    /// What an entry of a kustomization file points to, with links followed.
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

    /// A Flux Kustomization as its file states it, whether or not a cluster applies it. `None` if
    /// it names no source.
    pub fn stated(&self, at: &At) -> Option<FluxKustomization> {
        self.object(at).filter(|object| object.is_flux_kustomization())?;
        FluxKustomization::read(at, self.node(at)?, None, &Variables::default(), ClusterId::NONE, None)
    }

    /// What a Flux Kustomization builds, before variables are filled in; nothing if it builds from
    /// another repository.
    pub fn build(&self, kustomization: &FluxKustomization) -> Vec<Rendered> {
        self.builds([kustomization]).pop().unwrap_or_default()
    }

    /// The same as [`View::build`], for several: what they share is built once.
    pub fn builds<'k>(&self, kustomizations: impl IntoIterator<Item = &'k FluxKustomization>) -> Vec<Vec<Rendered>> {
        let mut builders = Builders::new(&self.parsed());
        let build = |kustomization: &FluxKustomization| {
            let builder = builders.of(&kustomization.artifact);
            let path = kustomization.path.as_ref();
            let overlay = kustomization.overlay();
            let mut objects = path.map(|path| builder.with_overlay(path, overlay)).unwrap_or_default();
            objects.iter_mut().for_each(|object| object.finish(&self.tree));
            objects
        };
        kustomizations.into_iter().map(build).collect()
    }

    /// What a Flux Kustomization would build that has only a path.
    pub fn build_path(&self, path: &RepoPath) -> Vec<Rendered> {
        let nothing = Overlay { stated_in: path, components: &[], patches: &Vec::new(), namespace: None };
        let mut objects = Builder::new(&self.parsed()).with_overlay(path, nothing);
        objects.iter_mut().for_each(|object| object.finish(&self.tree));
        objects
    }

    /// The input of a build.
    pub(super) fn parsed(&self) -> ParsedTree<'_> {
        let View { tree, scan, kustomizations, .. } = self;
        ParsedTree { tree, scan, kustomizations }
    }

    /// An object as it arrives in a cluster: patched, with its effective name, and with variables
    /// filled in.
    pub fn effective(&self, at: &At, reach: &Reach) -> Option<Arc<Value>> {
        let variables = &self.graph.kustomizations[reach.kustomization].variables;
        arriving(self.file(&at.path)?, at, &reach.patches, (&reach.name, reach.namespace.as_deref()), variables)
    }

    /// The same as [`View::effective`], for another text of the object.
    pub fn effective_text(&self, root: Node<'_>, reach: &Reach) -> Option<Value> {
        let variables = &self.graph.kustomizations[reach.kustomization].variables;
        effective(root, &reach.patches, Some((&reach.name, reach.namespace.as_deref())), variables)
    }

    /// A text of an object as Kustomize builds it, before variables are filled in.
    pub fn built_text(&self, root: Node<'_>, reach: &Reach) -> Option<Value> {
        built(root, &reach.patches, Some((&reach.name, reach.namespace.as_deref())))
    }

    /// Why a file is never changed, if so. A path where nothing is yet is barred if git ignores it, or
    /// if no cluster would see what is there.
    pub fn barred(&self, path: &RepoPath) -> Option<Barred> {
        if self.scan.links.contains(path) {
            Some(Barred::Link)
        } else if self.tree().entry(path).is_none() {
            let clusters = self.graph.clusters.len();
            match self.tree().ignores(path) {
                true => Some(Barred::Ignored),
                false => {
                    (clusters > 0 && self.graph.blind_to(path).count() == clusters).then_some(Barred::NotInArtifact)
                }
            }
        } else {
            self.file(path)?.barred
        }
    }
}

/// What is found, in no more memory than it needs.
fn kept<T>(found: impl Iterator<Item = T>) -> Arc<Vec<T>> {
    let mut found: Vec<T> = found.collect();
    found.shrink_to_fit();
    Arc::new(found)
}

/// What kustomization files read beside resources, with their directories.
fn inputs(kustomizations: &BTreeMap<RepoPath, Arc<Kustomization>>) -> BTreeMap<RepoPath, Vec<RepoPath>> {
    let mut inputs: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
    for (dir, kustomization) in kustomizations {
        for input in kustomization.input_paths() {
            let readers = inputs.entry(input).or_default();
            if readers.last() != Some(dir) {
                readers.push(dir.clone());
            }
        }
    }
    inputs
}

fn read(tree: &Tree, known: &Scan) -> Result<Scan, TreeError> {
    let _activity = activity::begin(Activity::Reading);
    Scan::of(tree, known)
}
