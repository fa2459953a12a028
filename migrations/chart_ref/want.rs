//! Which source a release wants, or why it cannot have one: the rules of `docs/chart-ref.md`.

use std::collections::BTreeSet;

use super::address::{Origin, address, is_oci};
use super::chart_settings::ChartSettings;
use super::codes;
use super::findings::refusal;
use super::home::{Home, Users};
use super::settings::ChartRefSettings;
use super::used::Used;
use super::values::{Conversion, Jump};
use crate::charts::homes::tag_at;
use crate::charts::version::is_range;
use crate::flux::{At, Chart, ChartSpec, ClusterId, HelmRepository, Reach, Release, View};
use crate::migrations::sources::beta::version_to_write;
use crate::migrations::sources::{SourceKey, Version, copy};
use crate::plan::Finding;
use crate::plan::author::{After, never_changed};
use crate::yaml::New;

/// The source that a release wants, and what else changes with it.
pub(super) struct Want<'v> {
    pub(super) key: SourceKey,
    /// Whether the chart stays in its registry.
    pub(super) same_registry: bool,
    /// What says that the chart lives at its address.
    pub(super) origin: Origin,
    /// Whether the registry may write the version in another way: it is from an index.
    pub(super) tag_is_guessed: bool,
    /// Where the source is to live.
    pub(super) home: Home,
    /// The step of versions, if the version is not kept.
    pub(super) jump: Option<Jump>,
    /// What becomes of the values, if they change with the version.
    pub(super) conversion: Option<Conversion<'v>>,
    /// What else the source must carry: credentials, signature checks. Releases share a source only
    /// if they agree on this, too.
    pub(super) carried: Vec<(String, New)>,
    pub(super) interval: Option<String>,
    /// The HelmRepositories that the chart comes from, one for each cluster.
    pub(super) repositories: Vec<HelmRepository>,
}

impl Want<'_> {
    /// Checks that converted values arrive on every cluster.
    ///
    /// # Errors
    /// A finding at the release if they do not.
    pub(super) fn check(&self, release: &Release, after: &After<'_>) -> Result<(), Finding> {
        match &self.conversion {
            Some(conversion) if *after.path == release.at.path => conversion.converted.check(after),
            _ => Ok(()),
        }
    }
}

/// What a release wants, values aside.
///
/// # Errors
/// A finding at the release if it cannot move.
pub(super) fn want<'v>(
    view: &View,
    release: &Release,
    reaches: &[Reach],
    settings: &ChartSettings,
    (users, used): (&Users<'_>, &Used),
    all: &ChartRefSettings,
) -> Result<Want<'v>, Finding> {
    let refuse = |code, message: String| Err(refusal(release, code, message));
    let Chart::Spec(chart) = &release.chart else {
        let message = "exactly one of spec.chart and spec.chartRef must be set, and complete";
        return refuse(codes::INVALID, message.to_owned());
    };
    // What cannot move has no say in which sources there are.
    if let Some(reason) = never_changed(view, [&release.at.path]) {
        return refuse(reason.code, reason.message);
    }
    if release.api_version != "helm.toolkit.fluxcd.io/v2" {
        let write = version_to_write(view, release).map(|write| format!(": {write}"));
        let message = format!("{} has no spec.chartRef{}", release.api_version, write.unwrap_or_default());
        return refuse(codes::BETA, message);
    }
    let lost = ["valuesFiles", "valuesFile", "ignoreMissingValuesFiles"];
    if let Some(key) = lost.iter().find(|lost| chart.keys.iter().any(|key| key == *lost)) {
        return refuse(codes::VALUES_FILES, format!("a chartRef has no counterpart of spec.chart.spec.{key}"));
    }
    if let Some(variable) = variable_in(chart) {
        return refuse(codes::VARIABLE, format!("the value of `{variable}` is only known on the cluster"));
    }
    if chart.source_ref.kind != "HelmRepository" {
        let message = format!("its chart comes from a {}, not from a HelmRepository", chart.source_ref.kind);
        return refuse(codes::SOURCE_KIND, message);
    }
    let mut patches = reaches.iter().flat_map(|reach| &reach.patches);
    if let Some(patch) = patches.find(|patch| patch.changes_fields(&["chart", "chartRef"])) {
        return refuse(codes::PATCHED, format!("the patch at {}:{} changes its chart", patch.path, patch.line));
    }
    if let Some(message) = on_another_cluster(view, reaches) {
        return refuse(codes::OTHER_CLUSTER, message);
    }
    if let Some(message) = too_old(view, reaches) {
        return refuse(codes::FLUX_TOO_OLD, message);
    }
    let from = Version::of(chart.version.as_deref());
    if let Version::Range(text) = &from
        && !is_range(text)
    {
        return refuse(codes::VERSION_UNKNOWN, format!("`{text}` is neither a version nor a range of versions"));
    }
    let to = settings.target.as_deref().map(|target| Version::of(Some(target))).filter(|target| *target != from);
    let repositories = repositories(view, release, chart, reaches)?;
    let version = to.clone().unwrap_or_else(|| from.clone());
    let address = address(settings, &repositories[0], &version, to.is_some(), used).map_err(|(code, message)| {
        let todo = if code == codes::NO_ADDRESS { format!(": {}", all.to_write(&chart.chart)) } else { String::new() };
        refusal(release, code, message + &todo)
    })?;
    let is_from_index = to.is_none() && !is_oci(&repositories[0]);
    let (version, tag_is_guessed) = match version {
        Version::Tag(text) if is_from_index => {
            let published = tag_at(&address.url, &text);
            let tag_is_guessed = published.is_none();
            (Version::Tag(published.unwrap_or(text)), tag_is_guessed)
        }
        other => (other, false),
    };
    let home = users.home(release, settings, reaches)?;
    let mut want = Want {
        key: SourceKey { chart: chart.chart.clone(), url: address.url, version },
        same_registry: address.same_registry,
        origin: address.origin,
        tag_is_guessed,
        home,
        jump: to.map(|to| Jump { from, to }),
        conversion: None,
        carried: Vec::new(),
        interval: chart.interval.clone(),
        repositories,
    };
    want.carried = carried(view, release, &want, all)?;
    Ok(want)
}

fn variable_in(chart: &ChartSpec) -> Option<&str> {
    let source = &chart.source_ref;
    let texts = [chart.version.as_deref(), Some(&*source.name), source.namespace.as_deref(), chart.interval.as_deref()];
    texts.into_iter().flatten().find(|text| text.contains("${"))
}

/// What to report about a release that Flux applies to another cluster, where another Flux runs it.
fn on_another_cluster(view: &View, reaches: &[Reach]) -> Option<String> {
    let mut appliers = reaches.iter().map(|reach| &view.graph().kustomizations[reach.kustomization]);
    let applier = appliers.find(|applier| applier.remote_cluster().is_some())?;
    Some(format!("{} applies it to another cluster", applier.full_name()))
}

/// What to report about a cluster whose Flux has no chartRef.
fn too_old(view: &View, reaches: &[Reach]) -> Option<String> {
    reaches.iter().find_map(|reach| {
        let cluster = &view.graph().clusters[reach.cluster];
        let flux = cluster.flux.filter(|flux| !flux.is_at_least(3))?;
        Some(format!("cluster {} runs Flux {flux}, which has no chartRef", cluster.name))
    })
}

/// The HelmRepository objects that the release uses, one for each cluster that applies it: by kind,
/// name and effective namespace.
fn repositories(
    view: &View,
    release: &Release,
    chart: &ChartSpec,
    reaches: &[Reach],
) -> Result<Vec<HelmRepository>, Finding> {
    let name = &chart.source_ref.name;
    let stated = chart.source_ref.namespace.as_deref();
    // If no cluster applies the release, its stated namespace is looked up in all of them.
    let places: BTreeSet<(Option<ClusterId>, Option<&str>)> = match reaches {
        [] => [(None, stated.or(release.namespace.as_deref()))].into(),
        reaches => reaches.iter().map(|reach| (Some(reach.cluster), stated.or(reach.namespace.as_deref()))).collect(),
    };
    let mut found: Vec<HelmRepository> = Vec::new();
    for (cluster, namespace) in places {
        let clusters = view.graph().clusters.ids().filter(|id| cluster.is_none_or(|cluster| cluster == *id));
        let places = clusters.flat_map(|id| view.graph().flux_objects(id, "HelmRepository", namespace, name));
        let places: BTreeSet<&At> = places.collect();
        let here: Vec<_> = places.into_iter().filter_map(|at| view.helm_repository(at)).collect();
        let [first, rest @ ..] = here.as_slice() else {
            let message = not_found(view, namespace.unwrap_or("(no namespace)"), name);
            return Err(refusal(release, codes::SOURCE_NOT_FOUND, message));
        };
        let differs = |other: &HelmRepository| other.url != first.url || other.oci != first.oci;
        if let Some(other) = rest.iter().copied().chain(&found).find(|other| differs(other)) {
            let (urls, files) = ([&first.url, &other.url], [&first.at, &other.at]);
            let message =
                format!("HelmRepository {name} is {} in {} and {} in {}", urls[0], files[0], urls[1], files[1]);
            return Err(refusal(release, codes::SOURCE_AMBIGUOUS, message));
        }
        found.push((*first).clone());
    }
    Ok(found)
}

/// Why a HelmRepository is not found: it does not exist, or no cluster of the release has it.
fn not_found(view: &View, namespace: &str, name: &str) -> String {
    let stated = view.helm_repositories().iter().find(|repository| {
        let object = view.object(&repository.at);
        object.is_some_and(|object| object.name == name && object.namespace.as_deref().is_none_or(|is| is == namespace))
    });
    match stated {
        Some(repository) => {
            format!(
                "HelmRepository {namespace}/{name} is in {}, but no cluster that needs it applies it",
                repository.at
            )
        }
        None => format!("there is no HelmRepository {namespace}/{name} in this repository"),
    }
}

/// What the source takes over from the HelmRepository and from `chart.spec.verify`.
///
/// # Errors
/// A finding at the release if the source must not have it, or would not find it.
pub(super) fn carried(
    view: &View,
    release: &Release,
    want: &Want<'_>,
    settings: &ChartRefSettings,
) -> Result<Vec<(String, New)>, Finding> {
    let repository = &want.repositories[0];
    let mut carried = Vec::new();
    let spec = view.node(&repository.at).and_then(|root| root.get("spec"));
    for key in ["provider", "secretRef", "certSecretRef", "insecure", "timeout"] {
        let value = spec.and_then(|spec| spec.get(key)).filter(|value| !value.is_null());
        carried.extend(value.map(|value| (key.to_owned(), copy(value))));
    }
    if let Some((key, _)) = carried.iter().find(|(key, _)| !want.same_registry && key != "timeout") {
        let message =
            format!("{key} of {} is meant for the old registry, and the chart moves to another", repository.at);
        return Err(refusal(release, codes::CREDENTIALS_ELSEWHERE, message));
    }
    // The HelmChart of spec.chart, and the secret of its check, are where the HelmRepository is.
    let verify = view.node(&release.at).and_then(|root| root.at(&["spec", "chart", "spec", "verify"]));
    let verify = verify.filter(|verify| !verify.is_null());
    carried.extend(verify.map(|verify| ("verify".to_owned(), copy(verify))));
    let is_checked_by_secret = verify.is_some_and(|verify| verify.get("secretRef").is_some());
    let has_secret =
        is_checked_by_secret || carried.iter().any(|(key, _)| key == "secretRef" || key == "certSecretRef");
    let reaches = view.graph().reaches(&release.at);
    let to: BTreeSet<Option<&str>> = match &want.home {
        Home::Shared => [Some(&*settings.source_namespace)].into(),
        Home::Namespace(namespace) => [Some(&**namespace)].into(),
        Home::PerApp => reaches.iter().map(|reach| reach.namespace.as_deref()).collect(),
    };
    let mut from = view.graph().reaches(&repository.at).iter().map(|reach| reach.namespace.as_deref());
    if let Some(from) = from.find(|from| has_secret && (to.len() != 1 || !to.contains(from))) {
        let to: Vec<&str> = to.into_iter().map(|to| to.unwrap_or("(no namespace)")).collect();
        let (at, from, to) = (&repository.at, from.unwrap_or("(none)"), to.join(", "));
        let message = format!("a secret of {at} is in the namespace {from}, and the source would be in {to}");
        return Err(refusal(release, codes::SECRET_ELSEWHERE, message));
    }
    Ok(carried)
}
