//! Where a source is written and listed.

use std::collections::BTreeSet;

use super::name::name_for;
use super::{SourceKey, codes, finding};
use crate::flux::{At, ClusterId, FluxVersion, Kustomization, OciRepository, Reach, View};
use crate::plan::{Code, Finding, Severity};
use crate::repo::RepoPath;

/// Where a source is written and listed.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `metadata.name`, which a `namePrefix` on its way may change.
    pub(crate) name: String,
    /// `metadata.namespace`; `None` where what lists it gives it one.
    pub(crate) namespace: Option<String>,
    /// The new file.
    pub(crate) file: RepoPath,
    /// The file of the object that it goes beside: in lists it comes after that.
    pub(crate) beside: RepoPath,
    /// The kustomizations that list it; none where Flux generates one.
    pub(crate) listed_in: BTreeSet<RepoPath>,
    /// `apiVersion`, as the Flux of all its clusters has it.
    pub(crate) api_version: &'static str,
}

impl Place {
    /// The file that is there already and is edited for the source, else that of the source itself.
    pub(crate) fn edited_file(&self) -> &RepoPath {
        self.listed_in.first().unwrap_or(&self.file)
    }

    /// All files that writing the source may touch.
    pub(crate) fn touches(&self) -> BTreeSet<RepoPath> {
        self.listed_in.iter().chain([&self.file]).cloned().collect()
    }
}

/// A place for a source that is to be in `namespace`: the folder of OCIRepositories that the kustomization applying another source object lists;
/// else a sibling named `oci`; else beside that object. Always one that all clusters that apply that object apply too, in the namespace.
///
/// `is_ours` says which OCIRepositories may come and go with the plan, by URL: where there are only such, a folder is not taken for one of
/// OCIRepositories, so that the place of one source does not depend on whether another is written, or a HelmRepository gone.
///
/// # Errors
/// A finding at that object, where there is no such place, or the name is taken.
pub(crate) fn in_folder_for(
    view: &View,
    other: &At,
    key: &SourceKey,
    namespace: &str,
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    is_ours: &dyn Fn(&str) -> bool,
) -> Result<Place, Finding> {
    let refuse = |code, message: String| Err(at_object(view, other, code, message));
    let applying = view.graph().clusters_of(other);
    if !clusters.is_subset(&applying) {
        let missing: Vec<&str> = clusters.difference(&applying).map(String::as_str).collect();
        return refuse(
            codes::SOURCE_PLACE,
            format!("{other} is not applied on {}, which needs the source, too", missing.join(", ")),
        );
    }
    let reaches = view.graph().reaches(other);
    let Some((dir, listed_in, chains)) = folder(view, other, reaches, is_ours) else {
        return refuse(codes::SOURCE_PLACE, format!("no folder that is applied with {other} on every cluster"));
    };
    for (reach, chain) in reaches.iter().zip(&chains) {
        if let Some(given) = namespace_given(view, reach, chain).filter(|given| given != namespace) {
            let message = format!("objects in {dir} are put into the namespace {given}, not {namespace}");
            return refuse(codes::SOURCE_NAMESPACE, message);
        }
    }
    finished(view, other, key, dir, listed_in, Some(namespace.to_owned()), applying, staged)
}

/// The place beside another source object, for what is to come to be wherever that one is: its folder, the kustomizations that list it, and
/// its `metadata.namespace` or none. [`proven_beside`](super::find::proven_beside) sees that it does.
///
/// # Errors
/// A finding at that object, where no cluster applies it, where it is not listed by its own file, or where the name is taken.
pub(crate) fn beside(view: &View, other: &At, key: &SourceKey, staged: &[SourceKey]) -> Result<Place, Finding> {
    let reaches = view.graph().reaches(other);
    if reaches.is_empty() {
        let message = format!("no cluster applies {other}, beside which the source would go");
        return Err(at_object(view, other, codes::SOURCE_PLACE, message));
    }
    let listed_in: BTreeSet<RepoPath> = view.listed_by(&other.path).map(|own| own.path.clone()).collect();
    // Listed, or a file of a folder for which Flux generates the kustomization: then the new file is one, too.
    let comes_through = |reach: &Reach| reach.through.last().is_none_or(|last| listed_in.contains(last));
    let dir = other.path.dir();
    if !reaches.iter().all(comes_through) {
        let message = format!("{other} does not come through a kustomization that lists it");
        return Err(at_object(view, other, codes::SOURCE_PLACE, message));
    }
    let namespace = view.object(other).and_then(|object| object.namespace.clone());
    finished(view, other, key, dir, listed_in, namespace, view.graph().clusters_of(other), staged)
}

/// The place, with a name and an API version.
#[expect(clippy::too_many_arguments, reason = "all that a place is made of")]
fn finished(
    view: &View,
    other: &At,
    key: &SourceKey,
    dir: RepoPath,
    listed_in: BTreeSet<RepoPath>,
    namespace: Option<String>,
    clusters: BTreeSet<String>,
    staged: &[SourceKey],
) -> Result<Place, Finding> {
    let refuse = |code, message: String| Err(at_object(view, other, code, message));
    let name = match name_for(view, key, &clusters, namespace.as_deref(), staged) {
        Ok(name) => name,
        Err((name, holder)) => {
            let message =
                format!("the source of {} {} would be {name}, which {holder} has", key.url, key.version.text());
            return refuse(codes::NAME_TAKEN, message);
        }
    };
    let file = dir.join(&format!("{name}.yaml")).expect("a name is one part of a path");
    if view.tree().entry(&file).is_some() {
        return refuse(codes::NAME_TAKEN, format!("there is a file {file} already"));
    }
    if let Some(barred) = listed_in.iter().find_map(|path| view.barred(path)) {
        return refuse(
            crate::plan::codes::UNTOUCHABLE_FILE,
            format!("the kustomization of {dir} is never touched ({barred})"),
        );
    }
    let Some(api_version) = api_version(view, &clusters) else {
        let message = "the version of Flux is not stated, and there is no OCIRepository on the cluster to learn from";
        return refuse(codes::FLUX_UNKNOWN, message.into());
    };
    Ok(Place { name, namespace, file, beside: other.path.clone(), listed_in, api_version })
}

/// A refusal at an object.
pub(crate) fn at_object(view: &View, at: &At, code: &'static Code, message: String) -> Finding {
    let line = view.object(at).map(|object| object.line);
    finding(Severity::Error, code, Some(at.path.clone()), line, message)
}

/// A folder, the kustomization that will list a file in it, and for each reach the kustomizations that the file will come through.
type Folder = (RepoPath, BTreeSet<RepoPath>, Vec<Vec<RepoPath>>);

fn folder(view: &View, other: &At, reaches: &[Reach], is_ours: &dyn Fn(&str) -> bool) -> Option<Folder> {
    let first = reaches.first()?;
    // From the kustomization that lists the object outwards.
    let chain: Vec<&Kustomization> =
        first.through.iter().rev().filter_map(|path| view.kustomization(&path.dir())).collect();
    let listed_folders = |parent: &&Kustomization| -> Vec<RepoPath> {
        let dirs = parent.resources.iter().filter_map(|entry| view.resolve(parent, &entry.text));
        dirs.filter(|dir| view.kustomization(dir).is_some_and(|own| !own.component)).collect()
    };
    let of_sources = |dir: &RepoPath| {
        let mut objects = view
            .files_in(dir)
            .flat_map(|(_, file)| &file.objects)
            .filter(|object| !object.api_version.starts_with("kustomize.config.k8s.io/"));
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
        return Some((dir, BTreeSet::from([lists.clone()]), chains));
    }
    let dir = other.path.dir();
    let listed_in = first.through.last().cloned();
    let same = |reach: &Reach| reach.through.last() == listed_in.as_ref();
    // Listed from its own folder, or not listed at all because Flux generates the kustomization.
    let own = listed_in.as_ref().is_none_or(|path| path.dir() == dir);
    let chains = reaches.iter().map(|reach| reach.through.clone()).collect();
    (own && reaches.iter().all(same)).then_some((dir, listed_in.into_iter().collect(), chains))
}

/// The namespace that kustomizations and the Flux Kustomization give to what comes through them; `None` where none of them gives one.
fn namespace_given(view: &View, reach: &Reach, chain: &[RepoPath]) -> Option<String> {
    let flux = &view.graph().kustomizations[reach.kustomization];
    let by_kustomize = || chain.iter().find_map(|path| view.kustomization(&path.dir())?.namespace.clone());
    flux.target_namespace.clone().or_else(by_kustomize)
}

/// `v1` from Flux 2.6, `v1beta2` before: the one that all these clusters have. A cluster that does not state its Flux has what its
/// OCIRepositories use, the newer one if both. `None` where that cannot be told of one of them.
pub(crate) fn api_version(view: &View, clusters: &BTreeSet<String>) -> Option<&'static str> {
    const V1: &str = "source.toolkit.fluxcd.io/v1";
    const V1BETA2: &str = "source.toolkit.fluxcd.io/v1beta2";
    let has_v1 = |id: ClusterId, flux: Option<FluxVersion>| -> Option<bool> {
        if let Some(flux) = flux {
            return Some(flux.is_at_least(6));
        }
        let own = |source: &&OciRepository| view.graph().reaches(&source.at).iter().any(|reach| reach.cluster == id);
        let used: BTreeSet<&str> =
            view.oci_repositories().iter().filter(own).map(|source| source.api_version.as_str()).collect();
        (!used.is_empty()).then(|| used.contains(V1))
    };
    let concerned = view.graph().clusters.entries().filter(|(_, cluster)| clusters.contains(&cluster.name));
    let all: Vec<bool> = concerned.map(|(id, cluster)| has_v1(id, cluster.flux)).collect::<Option<_>>()?;
    Some(if all.iter().all(|has| *has) { V1 } else { V1BETA2 })
}
