//! The source that releases come to share: found, or named, placed and written.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::release::{SourceKey, Version, Want, copy, finding};
use super::settings::ChartRefSettings;
use super::survey::NewSource;
use crate::flux::{CHART_LAYER, FluxVersion, HelmRepository, Kustomization, OciRepository, Reach, View};
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, Mode, RepoPath};
use crate::yaml::{Edit, Error, New, Order};

/// An OCIRepository that every one of these clusters has in the shared namespace, with this URL and version, and with the credentials and
/// checks that the releases have now. The first by name.
pub(super) fn existing(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    clusters: &BTreeSet<String>,
    settings: &ChartRefSettings,
) -> Option<String> {
    let fits = |source: &&OciRepository| {
        let version = match &key.version {
            Version::Tag(tag) => source.tag.as_ref() == Some(tag) && source.semver.is_none(),
            Version::Range(range) => source.semver.as_ref() == Some(range),
        };
        let spec = view.node(&source.at).and_then(|root| root.get("spec"));
        // A check that the releases have must not get lost; one that only the source has is no loss.
        let carries = |(field, value): &(String, New)| {
            field == "timeout" || spec.and_then(|spec| spec.get(field)).is_some_and(|own| copy(own) == *value)
        };
        source.url == key.url
            && version
            && !source.pinned
            && source.copies_chart
            && !source.suspended
            && carried.iter().all(carries)
    };
    let mut served: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in view.oci_repositories().iter().filter(fits) {
        let shared = |reach: &&Reach| reach.namespace.as_deref() == Some(&settings.source_namespace);
        for reach in view.graph().reaches(&source.at).iter().filter(shared) {
            let cluster = view.graph().clusters[reach.cluster].name.clone();
            served.entry(&reach.name).or_default().insert(cluster);
        }
    }
    served.into_iter().find(|(_, served)| clusters.is_subset(served)).map(|(name, _)| name.to_owned())
}

/// `<chart>`; where that is taken, or another version of the chart has or gets a source, `<chart>-<version, dots as dashes>`. Looked for among
/// the sources of the clusters that will have this one, and those that no cluster has.
fn name_for(
    view: &View,
    key: &SourceKey,
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
) -> Result<String, (String, String)> {
    let concerns = |source: &&OciRepository| {
        let own = view.graph().clusters_of(&source.at);
        own.is_empty() || !own.is_disjoint(clusters)
    };
    let sources: Vec<&OciRepository> = view.oci_repositories().iter().filter(concerns).collect();
    let of_the_chart = |url: &str| url.ends_with(&format!("/{}", key.chart));
    let alone = staged.iter().filter(|other| other.chart == key.chart).count() == 1
        && !sources.iter().any(|source| source.name == key.chart || of_the_chart(&source.url));
    let name = if alone { key.chart.clone() } else { format!("{}-{}", key.chart, dashed(key.version.text())) };
    if let Some(source) = sources.iter().find(|source| source.name == name) {
        return Err((name, format!("the OCIRepository in {}", source.at)));
    }
    // Of two that would have one name, the first in order has it.
    let same =
        |other: &&SourceKey| other.chart == key.chart && dashed(other.version.text()) == dashed(key.version.text());
    match staged.iter().find(same) {
        Some(first) if first != key => Err((name, format!("the source of {}", first.url))),
        _ => Ok(name),
    }
}

/// A version as part of a name: what is no letter or digit becomes a dash.
fn dashed(version: &str) -> String {
    let parts = version.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let dashed = parts.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if dashed.is_empty() { "any".to_owned() } else { dashed }
}

/// Where a source is written and listed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `metadata.name`, which a `namePrefix` on its way may change.
    pub(super) name: String,
    pub(super) file: RepoPath,
    /// The HelmRepository that it stands in for.
    pub(super) beside: RepoPath,
    /// The kustomization that lists it; `None` where Flux generates one.
    pub(super) listed_in: Option<RepoPath>,
    pub(super) api_version: &'static str,
    pub(super) clusters: BTreeSet<String>,
}

impl Place {
    /// The file that is there already and is edited for the source, else that of the source itself.
    pub(super) fn edited_file(&self) -> &RepoPath {
        self.listed_in.as_ref().unwrap_or(&self.file)
    }
}

/// The place of a source: by the first of the HelmRepositories that allows one for all these clusters.
pub(super) fn place_for(
    view: &View,
    key: &SourceKey,
    wants: &[&Want],
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Place, Finding> {
    let mut repositories: Vec<&HelmRepository> = wants.iter().flat_map(|want| &want.repositories).collect();
    repositories.sort_by(|a, b| a.at.cmp(&b.at));
    repositories.dedup_by(|a, b| a.at == b.at);
    let mut first_reason = None;
    for repository in repositories {
        match place_by(view, key, repository, clusters, staged, settings) {
            Ok(place) => return Ok(place),
            Err(reason) => drop(first_reason.get_or_insert(reason)),
        }
    }
    Err(first_reason.expect("a release that can move has a HelmRepository"))
}

/// The folder of OCIRepositories that the kustomization applying the HelmRepository lists; else a sibling named `oci`; else beside the
/// HelmRepository. Always one that all clusters that apply the HelmRepository apply too, in the shared namespace.
fn place_by(
    view: &View,
    key: &SourceKey,
    repository: &HelmRepository,
    clusters: &BTreeSet<String>,
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Place, Finding> {
    let refuse = |code, message: String| {
        let line = view.object(&repository.at).map(|object| object.line);
        Err(finding(Severity::Error, code, Some(repository.at.path.clone()), line, message))
    };
    let applying = view.graph().clusters_of(&repository.at);
    if !clusters.is_subset(&applying) {
        let missing: Vec<&str> = clusters.difference(&applying).map(String::as_str).collect();
        return refuse(
            codes::SOURCE_PLACE,
            format!("{} is not applied on {}, which needs the source, too", repository.at, missing.join(", ")),
        );
    }
    let reaches = view.graph().reaches(&repository.at);
    let Some((dir, listed_in, chains)) = folder(view, repository, reaches) else {
        return refuse(
            codes::SOURCE_PLACE,
            format!("no folder that is applied with {} on every cluster", repository.at),
        );
    };
    for (reach, chain) in reaches.iter().zip(&chains) {
        if let Some(namespace) =
            namespace_given(view, reach, chain).filter(|namespace| *namespace != settings.source_namespace)
        {
            let message =
                format!("objects in {dir} are put into the namespace {namespace}, not {}", settings.source_namespace);
            return refuse(codes::SOURCE_NAMESPACE, message);
        }
    }
    let name = match name_for(view, key, &applying, staged) {
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
    if let Some(barred) = listed_in.as_ref().and_then(|path| view.barred(path)) {
        return refuse(codes::UNTOUCHABLE, format!("the kustomization of {dir} is never touched ({})", barred.code()));
    }
    let Some(api_version) = api_version(view, &applying) else {
        let message = "the version of Flux is not stated, and there is no OCIRepository on the cluster to learn from";
        return refuse(codes::FLUX_UNKNOWN, message.into());
    };
    Ok(Place { name, file, beside: repository.at.path.clone(), listed_in, api_version, clusters: applying })
}

/// A folder, the kustomization that will list a file in it, and for each reach the kustomizations that the file will come through.
type Folder = (RepoPath, Option<RepoPath>, Vec<Vec<RepoPath>>);

fn folder(view: &View, repository: &HelmRepository, reaches: &[Reach]) -> Option<Folder> {
    let first = reaches.first()?;
    // From the kustomization that lists the HelmRepository outwards.
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
            some = true;
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
        return Some((dir, Some(lists.clone()), chains));
    }
    let dir = repository.at.path.dir();
    let listed_in = first.through.last().cloned();
    let same = |reach: &Reach| reach.through.last() == listed_in.as_ref();
    // Listed from its own folder, or not listed at all because Flux generates the kustomization.
    let own = listed_in.as_ref().is_none_or(|path| path.dir() == dir);
    let chains = reaches.iter().map(|reach| reach.through.clone()).collect();
    (own && reaches.iter().all(same)).then_some((dir, listed_in, chains))
}

/// The namespace that kustomizations and the Flux Kustomization give to what comes through them; `None` where none of them gives one.
fn namespace_given(view: &View, reach: &Reach, chain: &[RepoPath]) -> Option<String> {
    let flux = &view.graph().kustomizations[reach.kustomization];
    let by_kustomize = || chain.iter().find_map(|path| view.kustomization(&path.dir())?.namespace.clone());
    flux.target_namespace.clone().or_else(by_kustomize)
}

/// `v1` from Flux 2.6, `v1beta2` before: the one that all these clusters have. A cluster that does not state its Flux has what its
/// OCIRepositories use, the newer one if both.
fn api_version(view: &View, clusters: &BTreeSet<String>) -> Option<&'static str> {
    const V1: &str = "source.toolkit.fluxcd.io/v1";
    const V1BETA2: &str = "source.toolkit.fluxcd.io/v1beta2";
    let has_v1 = |number: usize, flux: Option<FluxVersion>| -> Option<bool> {
        if let Some(flux) = flux {
            return Some(flux.is_at_least(6));
        }
        let own =
            |source: &&OciRepository| view.graph().reaches(&source.at).iter().any(|reach| reach.cluster == number);
        let used: BTreeSet<&str> =
            view.oci_repositories().iter().filter(own).map(|source| source.api_version.as_str()).collect();
        (!used.is_empty()).then(|| used.contains(V1))
    };
    let concerned = view.graph().clusters.iter().enumerate().filter(|(_, cluster)| clusters.contains(&cluster.name));
    let all: Vec<bool> = concerned.map(|(number, cluster)| has_v1(number, cluster.flux)).collect::<Option<_>>()?;
    Some(if all.iter().all(|has| *has) { V1 } else { V1BETA2 })
}

/// Writes a source and lists it.
pub(super) fn write(
    view: &View,
    key: &SourceKey,
    new: &NewSource,
    settings: &ChartRefSettings,
) -> Result<Changes, Error> {
    let Place { file, listed_in, api_version, beside, .. } = &new.place;
    let mut changes = Changes::new();
    let neighbour = listed_in.as_ref().unwrap_or(beside);
    let style = view.file(neighbour).and_then(|file| file.stream.as_ref()).map_or("", |stream| stream.text());
    let ending = if style.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = String::new();
    if style.trim_start_matches('\u{feff}').starts_with("---") {
        text.push_str(&format!("---{ending}"));
    }
    let schema = schema_comment(view, api_version);
    let comments: Vec<&str> = schema.iter().map(|comment| comment.trim_start_matches("# ")).collect();
    text.push_str(&object(key, new, settings).document(&comments, ending));
    changes.set(file.clone(), Change::Create { text, mode: Mode::File });

    if let Some(path) = listed_in {
        let stream =
            view.file(path).and_then(|file| file.stream.as_ref()).expect("a kustomization of the view was read");
        let root = stream.documents().next().expect("a kustomization of the view has a document");
        let dir = path.dir();
        let item = file.seen_from(&dir);
        let item = if lists_bare_names(view, &dir) { item.trim_start_matches("./").to_owned() } else { item };
        let mut edit = Edit::of(stream);
        let is = |path: &RepoPath, entry: &str| view.tree().follow(&dir.join(entry)?).map(|own| own == *path);
        let order = Order {
            key: &|entry| entry.trim_start_matches("./").to_owned(),
            after: Some(&|entry| is(beside, entry) == Some(true)),
        };
        edit.list(root, "resources", &item, &order, |entry| is(file, entry) == Some(true))?;
        if !edit.is_empty() {
            changes.set(path.clone(), Change::Edit(edit.finish()?.splices));
        }
    }
    Ok(changes)
}

/// Whether the kustomization of a folder lists `x.yaml` rather than `./x.yaml`; where it lists nothing, those around it decide.
fn lists_bare_names(view: &View, dir: &RepoPath) -> bool {
    let votes = |kustomization: &Kustomization| {
        let own = kustomization.resources.iter().filter(|entry| !entry.is_remote() && !entry.text.starts_with("../"));
        own.map(|entry| if entry.text.starts_with("./") { -1 } else { 1 }).sum::<i64>()
    };
    let own = view.kustomization(dir).map_or(0, votes);
    let around = || {
        dir.ancestors()
            .nth(1)
            .map_or(0, |parent| view.kustomizations().filter(|other| other.path.is_in(&parent)).map(votes).sum())
    };
    if own == 0 { around() > 0 } else { own > 0 }
}

fn object(key: &SourceKey, new: &NewSource, settings: &ChartRefSettings) -> New {
    let reference = match &key.version {
        Version::Tag(tag) => ("tag", New::string(tag)),
        Version::Range(range) => ("semver", New::string(range)),
    };
    let layer = New::mapping([("mediaType", New::string(CHART_LAYER)), ("operation", New::string("copy"))]);
    let mut spec = vec![
        ("interval".to_owned(), New::string(&new.interval)),
        ("layerSelector".to_owned(), layer),
        ("ref".to_owned(), New::mapping([reference])),
        ("url".to_owned(), New::string(&key.url)),
    ];
    spec.extend(new.want.carried.iter().cloned());
    New::mapping([
        ("apiVersion", New::string(new.place.api_version)),
        ("kind", New::string("OCIRepository")),
        (
            "metadata",
            New::mapping([
                ("name", New::string(&new.place.name)),
                ("namespace", New::string(&settings.source_namespace)),
            ]),
        ),
        ("spec", New::Mapping(spec)),
    ])
}

/// The schema comment that most OCIRepositories of this API version in the tree have.
fn schema_comment(view: &View, api_version: &str) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for source in view.oci_repositories().iter().filter(|source| source.api_version == api_version) {
        let Some(stream) = view.file(&source.at.path).and_then(|file| file.stream.as_deref()) else { continue };
        let texts = stream.comments().iter().map(|comment| &stream.text()[comment.range.clone()]);
        for text in texts.filter(|text| text.starts_with("# yaml-language-server:") && text.contains("ocirepository")) {
            *counts.entry(text).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(text, count)| (*count, std::cmp::Reverse(*text))).map(|(text, _)| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_parts_of_names() {
        for (version, expected) in
            [("3.7.3", "3-7-3"), ("v1.2.3-RC.1", "v1-2-3-rc-1"), (">=3.0.0 <4", "3-0-0-4"), ("*", "any")]
        {
            assert_eq!(dashed(version), expected);
        }
    }
}
