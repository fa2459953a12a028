//! Which source a release wants, or why it cannot have one: the rules of `docs/chart-ref.md`, one
//! guard each.

use std::collections::BTreeSet;

use super::address::{address, is_range};
use super::codes;
use super::release::at_release;
use super::settings::{ChartRefSettings, ChartSettings};
use super::strategy::{Home, Users};
use super::values::Jump;
use crate::flux::{Chart, ChartSpec, ClusterId, HelmRepository, Reach, Release, View};
use crate::migrations::sources::{SourceKey, Version, copy};
use crate::plan::{Code, Finding, Severity};
use crate::yaml::New;

/// The source that a release wants, and what it says of it.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) key: SourceKey,
    /// Where it is to live.
    pub(super) home: Home,
    /// The step of versions, where the version is not kept.
    pub(super) jump: Option<Jump>,
    /// What else the source must carry: credentials, signature checks. Part of what makes two wants the same.
    pub(super) carried: Vec<(String, New)>,
    pub(super) interval: Option<String>,
    /// The HelmRepositories that it comes from, one for each cluster.
    pub(super) repositories: Vec<HelmRepository>,
}

/// What a release wants, and whether its chart stays in its registry; or why it cannot move.
pub(super) fn want(
    view: &View,
    release: &Release,
    reaches: &[Reach],
    settings: &ChartSettings,
    users: &Users<'_>,
    all: &ChartRefSettings,
) -> Result<(Want, bool), Finding> {
    let refuse = |code: &'static Code, message: String| Err(at_release(release, Severity::Error, code, message));
    let Chart::Spec(chart) = &release.chart else {
        return refuse(codes::INVALID, "exactly one of spec.chart and spec.chartRef must be set, and complete".into());
    };
    if let Some(barred) = view.barred(&release.at.path) {
        return refuse(crate::plan::codes::UNTOUCHABLE_FILE, format!("the file is never touched ({barred})"));
    }
    if release.api_version != "helm.toolkit.fluxcd.io/v2" {
        return refuse(codes::BETA, format!("{} has no spec.chartRef", release.api_version));
    }
    if let Some(key) = ["valuesFiles", "valuesFile", "ignoreMissingValuesFiles"]
        .iter()
        .find(|key| chart.keys.iter().any(|own| own == *key))
    {
        return refuse(codes::VALUES_FILES, format!("spec.chart.spec.{key} has no counterpart at a chartRef"));
    }
    if let Some(variable) = variable_in(chart) {
        return refuse(codes::VARIABLE, format!("`{variable}` is only known on the cluster"));
    }
    if chart.source_ref.kind != "HelmRepository" {
        let message = format!("its chart comes from the kind {}, not from a HelmRepository", chart.source_ref.kind);
        return refuse(codes::SOURCE_KIND, message);
    }
    let patches = reaches.iter().flat_map(|reach| &reach.patches);
    if let Some(patch) = patches.into_iter().find(|patch| patch.changes_fields(&["chart", "chartRef"])) {
        return refuse(codes::PATCHED, format!("the patch at {}:{} changes its chart", patch.path, patch.line));
    }
    if let Some(version) = too_old(view, reaches) {
        return refuse(codes::FLUX_TOO_OLD, version);
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
    let address = address(settings, &repositories[0], &version, to.is_some())
        .map_err(|(code, message)| at_release(release, Severity::Error, code, message))?;
    let home = users.home(release, settings, reaches)?;
    let jump = to.map(|to| Jump { from, to });
    let carried = carried(view, release, &repositories[0], &home, address.own, all)?;
    let key = SourceKey { chart: chart.chart.clone(), url: address.url, version };
    let want = Want { key, home, jump, carried, interval: chart.interval.clone(), repositories };
    Ok((want, address.own))
}

fn variable_in(chart: &ChartSpec) -> Option<&str> {
    let source = &chart.source_ref;
    let texts = [chart.version.as_deref(), Some(&*source.name), source.namespace.as_deref(), chart.interval.as_deref()];
    texts.into_iter().flatten().find(|text| text.contains("${"))
}

/// What to say of a cluster whose Flux has no chartRef.
fn too_old(view: &View, reaches: &[Reach]) -> Option<String> {
    reaches.iter().find_map(|reach| {
        let cluster = &view.graph().clusters[reach.cluster];
        let flux = cluster.flux.filter(|flux| !flux.is_at_least(3))?;
        Some(format!("cluster {} runs Flux {flux}, which has no chartRef", cluster.name))
    })
}

/// The HelmRepository objects that the release uses, one for each cluster that applies it: by kind, name and effective namespace.
fn repositories(
    view: &View,
    release: &Release,
    chart: &ChartSpec,
    reaches: &[Reach],
) -> Result<Vec<HelmRepository>, Finding> {
    let refuse = |code: &'static Code, message: String| Err(at_release(release, Severity::Error, code, message));
    let name = &chart.source_ref.name;
    // What no cluster applies is looked up in all of them, by the namespace that it states.
    let places: BTreeSet<(Option<ClusterId>, Option<&str>)> = match reaches {
        [] => [(None, chart.source_ref.namespace.as_deref().or(release.namespace.as_deref()))].into(),
        reaches => reaches
            .iter()
            .map(|reach| (Some(reach.cluster), chart.source_ref.namespace.as_deref().or(reach.namespace.as_deref())))
            .collect(),
    };
    let mut found: Vec<HelmRepository> = Vec::new();
    for (cluster, namespace) in places {
        let is_it = |reach: &Reach| {
            reach.name == *name
                && reach.namespace.as_deref() == namespace
                && cluster.is_none_or(|own| own == reach.cluster)
        };
        let here: Vec<_> = view
            .helm_repositories()
            .iter()
            .filter(|repository| view.graph().reaches(&repository.at).iter().any(is_it))
            .collect();
        match here.as_slice() {
            [] => {
                let namespace = namespace.unwrap_or("(no namespace)");
                return refuse(codes::SOURCE_NOT_FOUND, not_found(view, namespace, name));
            }
            [first, rest @ ..] => {
                let differs = |other: &HelmRepository| other.url != first.url || other.oci != first.oci;
                if let Some(other) = rest.iter().copied().chain(&found).find(|other| differs(other)) {
                    let message = format!(
                        "HelmRepository {name} is {} in {} and {} in {}",
                        first.url, first.at, other.url, other.at
                    );
                    return refuse(codes::SOURCE_AMBIGUOUS, message);
                }
                found.push((*first).clone());
            }
        }
    }
    Ok(found)
}

/// Why a HelmRepository is not found: it is nowhere, or no cluster of the release has it.
fn not_found(view: &View, namespace: &str, name: &str) -> String {
    let stated = view.helm_repositories().iter().find(|repository| {
        let object = view.object(&repository.at);
        object
            .is_some_and(|object| object.name == name && object.namespace.as_deref().is_none_or(|own| own == namespace))
    });
    match stated {
        Some(repository) => format!(
            "HelmRepository {namespace}/{name} is in {}, but no cluster that needs it applies that",
            repository.at
        ),
        None => format!("there is no HelmRepository {namespace}/{name} in this repository"),
    }
}

/// What the source takes over from the HelmRepository and from `chart.spec.verify`. `own` says that the chart stays in that registry.
fn carried(
    view: &View,
    release: &Release,
    repository: &HelmRepository,
    home: &Home,
    own: bool,
    settings: &ChartRefSettings,
) -> Result<Vec<(String, New)>, Finding> {
    let refuse = |code: &'static Code, message: String| Err(at_release(release, Severity::Error, code, message));
    let mut carried = Vec::new();
    let spec = view.node(&repository.at).and_then(|root| root.get("spec"));
    for key in ["provider", "secretRef", "certSecretRef", "insecure", "timeout"] {
        let value = spec.and_then(|spec| spec.get(key)).filter(|value| !value.is_null());
        carried.extend(value.map(|value| (key.to_owned(), copy(value))));
    }
    if let Some((key, _)) = carried.iter().find(|(key, _)| !own && key != "timeout") {
        let message =
            format!("{key} of {} is for another registry than the one that the chart moves to", repository.at);
        return refuse(codes::CREDENTIALS_ELSEWHERE, message);
    }
    // The HelmChart that Flux makes of spec.chart lives beside the HelmRepository, and so does the secret of its check.
    let verify = view.node(&release.at).and_then(|root| root.at(&["spec", "chart", "spec", "verify"]));
    let verify = verify.filter(|verify| !verify.is_null());
    carried.extend(verify.map(|verify| ("verify".to_owned(), copy(verify))));
    let checked_by_secret = verify.is_some_and(|verify| verify.get("secretRef").is_some());
    let has_secret = checked_by_secret || carried.iter().any(|(key, _)| key == "secretRef" || key == "certSecretRef");
    let to: BTreeSet<Option<&str>> = match home {
        Home::Shared => [Some(&*settings.source_namespace)].into(),
        Home::Namespace(namespace) => [Some(&**namespace)].into(),
        Home::App => view.graph().reaches(&release.at).iter().map(|reach| reach.namespace.as_deref()).collect(),
    };
    let from = view.graph().reaches(&repository.at).iter().map(|reach| reach.namespace.as_deref());
    if let Some(elsewhere) = from.into_iter().find(|from| has_secret && (to.len() != 1 || !to.contains(from))) {
        let to: Vec<&str> = to.into_iter().map(|to| to.unwrap_or("(no namespace)")).collect();
        let message = format!(
            "a secret of {} is in the namespace {}, and the source would be in {}",
            repository.at,
            elsewhere.unwrap_or("(none)"),
            to.join(", ")
        );
        return refuse(codes::SECRET_ELSEWHERE, message);
    }
    Ok(carried)
}
