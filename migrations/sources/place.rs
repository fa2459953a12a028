//! Where a source is written and listed.

use std::collections::BTreeSet;

use super::codes;
use super::name::{free, name_for, name_of_second};
use super::spec::SourceKey;
use crate::flux::{At, Cluster, ClusterId, Kustomization, Name, OciRepository, Reach, View};
use crate::plan::author::never_changed;
use crate::plan::{Code, Finding};
use crate::repo::RepoPath;

/// Where a source is written and listed.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `metadata.name`, which a `namePrefix` above it may change.
    pub(crate) name: String,
    /// `metadata.namespace`; `None` if what lists it gives it one.
    pub(crate) namespace: Option<String>,
    /// The new file.
    pub(crate) file: RepoPath,
    /// The file of the object that it is put beside: in lists it comes after that.
    pub(crate) beside: RepoPath,
    /// The kustomizations that list it; none if Flux generates one.
    pub(crate) listed_in: BTreeSet<RepoPath>,
    /// `apiVersion`, as the Flux of all its clusters supports it.
    pub(crate) api_version: &'static str,
}

impl Place {
    /// All files that writing the source may touch.
    pub(crate) fn touches(&self) -> BTreeSet<RepoPath> {
        self.listed_in.iter().chain([&self.file]).cloned().collect()
    }
}

/// A folder in which a source can be put.
struct Folder {
    dir: RepoPath,
    /// The kustomizations that will list it.
    listed_in: BTreeSet<RepoPath>,
    /// The namespace that it states.
    namespace: Option<String>,
    /// The clusters that will have it.
    clusters: BTreeSet<String>,
    /// Where in them the name must be free; `None` for everywhere.
    arrives: Option<BTreeSet<(ClusterId, Option<Name>)>>,
}

/// A place for a source that is to be in `namespace`: the folder of OCIRepositories that is listed
/// by the kustomization that applies another source; otherwise a sibling folder named `oci`;
/// otherwise beside that other source. Always one that all clusters that apply the other apply too,
/// in the namespace.
///
/// `is_ours` says, by URL, which OCIRepositories may come and go with the plan. A folder with only
/// those is not taken for a folder of OCIRepositories, so that the place of one source does not
/// depend on whether another is written already, or a HelmRepository removed.
///
/// # Errors
/// A finding at that object if there is no such place, or the name is taken.
pub(crate) fn in_folder_for(
    view: &View,
    other: &At,
    key: &SourceKey,
    namespace: &str,
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    is_ours: &dyn Fn(&str) -> bool,
) -> Result<Place, Finding> {
    let refuse = |code: &'static Code, message: String| Err(at_object(view, other, Finding::error(code, message)));
    let applying = view.graph().clusters_of(other);
    if !clusters.is_subset(&applying) {
        let missing: Vec<&str> = clusters.difference(&applying).map(String::as_str).collect();
        let message = format!("{other} is not applied on {}, which needs the source, too", missing.join(", "));
        return refuse(codes::NO_PLACE, message);
    }
    let Some((dir, listed_in, chains)) = folder(view, other, is_ours) else {
        return refuse(codes::NO_PLACE, format!("no folder is applied with {other} on every cluster"));
    };
    for (reach, chain) in view.graph().reaches(other).iter().zip(&chains) {
        if let Some(given) = namespace_given(view, reach, chain).filter(|given| given != namespace) {
            let message = format!("objects in {dir} are put into the namespace {given}, not {namespace}");
            return refuse(codes::OTHER_NAMESPACE, message);
        }
    }
    let folder = Folder { dir, listed_in, namespace: Some(namespace.to_owned()), clusters: applying, arrives: None };
    let name = name_for(view, key, &folder.clusters, folder.namespace.as_deref(), staged);
    name.and_then(|name| place_in(view, folder, other, key, name)).map_err(|reason| at_object(view, other, reason))
}

/// The place beside another source, for one that is to arrive wherever that one does: its folder,
/// the kustomizations that list it, and its `metadata.namespace` or none. What it is called depends on
/// [its key](name_of_second) alone.
/// [`proven_beside`](super::existing::proven_beside) checks that it does.
///
/// # Errors
/// A finding at that object if no cluster applies it, no file lists it, or the name is taken.
pub(crate) fn beside(view: &View, other: &At, key: &SourceKey) -> Result<Place, Finding> {
    let refuse = |message| Err(at_object(view, other, Finding::error(codes::NO_PLACE, message)));
    let reaches = view.graph().reaches(other);
    if reaches.is_empty() {
        return refuse(format!("no cluster applies {other}, and the source would be put beside it"));
    }
    let listed_in = view.listed_in(&other.path);
    // Listed, or in a folder whose kustomization Flux generates: then the new file is part of it.
    let is_listed = |reach: &Reach| reach.through.last().is_none_or(|last| listed_in.contains(last));
    if !reaches.iter().all(is_listed) {
        return refuse(format!("{other} does not come from a kustomization that lists it"));
    }
    let namespace = view.object(other).and_then(|object| object.namespace.map(String::from));
    let clusters = view.graph().clusters_of(other);
    let arrives = Some(reaches.iter().map(|reach| (reach.cluster, reach.namespace)).collect());
    let folder = Folder { dir: other.path.dir(), listed_in, namespace, clusters, arrives };
    place_in(view, folder, other, key, name_of_second(key)).map_err(|reason| at_object(view, other, reason))
}

/// The place in a folder for a source of this name, with an API version.
fn place_in(view: &View, folder: Folder, other: &At, key: &SourceKey, name: String) -> Result<Place, Finding> {
    let Folder { dir, listed_in, namespace, clusters, arrives } = folder;
    let name = free(view, key, &clusters, arrives.as_ref(), name)?;
    let file = dir.join(&format!("{name}.yaml")).expect("a name of an object is valid in a path");
    if view.tree().entry(&file).is_some() {
        return Err(Finding::error(codes::NAME_TAKEN, format!("there is a file {file} already")));
    }
    if let Some(reason) = never_changed(view, &listed_in) {
        return Err(reason);
    }
    let api_version = api_version(view, &clusters)?;
    Ok(Place { name, namespace, file, beside: other.path.clone(), listed_in, api_version })
}

/// A finding, placed at an object.
pub(super) fn at_object(view: &View, at: &At, finding: Finding) -> Finding {
    finding.at(&at.path, view.object(at).map(|object| object.line))
}

/// A folder, the kustomization that will list a file in it, and for each reach of the other source
/// the kustomizations that the file will come through.
type Listed = (RepoPath, BTreeSet<RepoPath>, Vec<Vec<RepoPath>>);

fn folder(view: &View, other: &At, is_ours: &dyn Fn(&str) -> bool) -> Option<Listed> {
    let reaches = view.graph().reaches(other);
    let first = reaches.first()?;
    // From the kustomization that lists the object outwards.
    let chain: Vec<&Kustomization> =
        first.through.iter().rev().filter_map(|path| view.kustomization(&path.dir())).collect();
    let listed_folders = |parent: &Kustomization| -> Vec<RepoPath> {
        let dirs = parent.resources.iter().filter_map(|entry| view.resolve(parent, &entry.text));
        dirs.filter(|dir| view.kustomization(dir).is_some_and(|listed| !listed.component)).collect()
    };
    let of_sources = |dir: &RepoPath| {
        let objects = view.files_in(dir).flat_map(|(_, file)| &file.objects);
        let mut objects = objects.filter(|object| !object.api_version.starts_with("kustomize.config.k8s.io/"));
        let mut some = false;
        objects.all(|object| {
            let url = view.node(&object.at).and_then(|root| root.text_at(&["spec", "url"]));
            some |= url.is_some_and(|url| !is_ours(url));
            object.is_source("OCIRepository")
        }) && some
    };
    let named_oci = |dir: &RepoPath| dir.name() == "oci";
    let find = |is_it: &dyn Fn(&RepoPath) -> bool| {
        chain.iter().find_map(|parent| Some((*parent, listed_folders(parent).into_iter().find(|dir| is_it(dir))?)))
    };
    if let Some((parent, dir)) = find(&of_sources).or_else(|| find(&named_oci)) {
        // All reaches must come through the kustomization that lists the folder.
        let lists = view.kustomization(&dir)?.path.clone();
        let through = |reach: &Reach| {
            let at = reach.through.iter().position(|path| *path == parent.path)?;
            Some(reach.through[..=at].iter().cloned().chain([lists.clone()]).collect())
        };
        let chains = reaches.iter().map(through).collect::<Option<_>>()?;
        return Some((dir, BTreeSet::from([lists]), chains));
    }
    let dir = other.path.dir();
    let listed_in = first.through.last().cloned();
    let same = |reach: &Reach| reach.through.last() == listed_in.as_ref();
    // Listed from its folder, or not listed at all because Flux generates the kustomization.
    let is_listed_here = listed_in.as_ref().is_none_or(|path| path.dir() == dir);
    let chains = reaches.iter().map(|reach| reach.through.clone()).collect();
    (is_listed_here && reaches.iter().all(same)).then_some((dir, listed_in.into_iter().collect(), chains))
}

/// The namespace that kustomizations, the outermost first, and the Flux Kustomization give to what comes
/// through them; `None` if none of them gives one.
pub(crate) fn namespace_given(view: &View, reach: &Reach, chain: &[RepoPath]) -> Option<String> {
    let flux = &view.graph().kustomizations[reach.kustomization];
    let by_kustomize = || chain.iter().find_map(|path| view.kustomization(&path.dir())?.namespace.clone());
    flux.target_namespace.clone().or_else(by_kustomize)
}

/// `v1` from Flux 2.6, `v1beta2` before: the one that all these clusters have. A cluster that does
/// not state its Flux has what its OCIRepositories use, the newer one if they use both.
///
/// # Errors
/// A finding without a place if that is unknown of one of them.
pub(crate) fn api_version(view: &View, clusters: &BTreeSet<String>) -> Result<&'static str, Finding> {
    const V1: &str = "source.toolkit.fluxcd.io/v1";
    const V1BETA2: &str = "source.toolkit.fluxcd.io/v1beta2";
    let has_v1 = |(id, cluster): (ClusterId, &Cluster)| -> Option<bool> {
        if let Some(flux) = cluster.flux {
            return Some(flux.is_at_least(6));
        }
        let is_here =
            |source: &&OciRepository| view.graph().reaches(&source.at).iter().any(|reach| reach.cluster == id);
        let used: BTreeSet<&str> =
            view.oci_repositories().iter().filter(is_here).map(|source| source.api_version.as_str()).collect();
        (!used.is_empty()).then(|| used.contains(V1))
    };
    let concerned = view.graph().clusters.entries().filter(|(_, cluster)| clusters.contains(&cluster.name));
    match concerned.map(has_v1).collect::<Option<Vec<bool>>>() {
        Some(all) => Ok(if all.iter().all(|has| *has) { V1 } else { V1BETA2 }),
        None => {
            let message = "the version of Flux is not stated, and the cluster has no OCIRepository that shows it";
            Err(Finding::error(codes::FLUX_UNKNOWN, message))
        }
    }
}
