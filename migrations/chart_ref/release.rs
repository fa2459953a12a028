//! Whether a release can move, and to which source: the rules of the specification, one guard each.

use std::collections::BTreeSet;

use super::codes;
use super::settings::ChartRefSettings;
use crate::charts::app_template::{Hook, WorkloadKind, controllers, hooks};
use crate::flux::{Chart, ChartSpec, HelmRepository, Reach, Release, View};
use crate::migrations::sources::{SourceKey, Version, copy, refused_edit};
use crate::plan::{Finding, GENERAL, Severity, help_among};
use crate::repo::RepoPath;
use crate::yaml::{Edit, Error, Fate, New};

/// A release in scope.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    pub(super) clusters: BTreeSet<String>,
    /// The effective namespace; empty where nothing gives it one.
    pub(super) namespace: String,
    /// The effective name.
    pub(super) name: String,
    /// The other names that it has where it is applied several times, `namespace/name`.
    pub(super) also: BTreeSet<String>,
    pub(super) workloads: BTreeSet<WorkloadKind>,
    /// Whether a Helm hook runs when it moves.
    pub(super) hooks: bool,
    /// What it wants, or why it cannot move.
    pub(super) verdict: Result<Want, Finding>,
    /// Why a person should look at it first.
    pub(super) review: Vec<Finding>,
}

/// The source that a release wants, and what it says of it.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) key: SourceKey,
    /// What else the source must carry: credentials, signature checks. Part of what makes two wants the same.
    pub(super) carried: Vec<(String, New)>,
    pub(super) interval: Option<String>,
    /// The HelmRepositories that it comes from, one for each cluster.
    pub(super) repositories: Vec<HelmRepository>,
}

/// The chart that a release names, in scope or not; none for a chartRef.
pub(super) fn chart_of<'v>(view: &'v View, release: &'v Release) -> Option<&'v str> {
    match &release.chart {
        Chart::Spec(spec) => Some(&spec.chart),
        Chart::Ref(_) => None,
        Chart::Invalid => view.node(&release.at)?.text_at(&["spec", "chart", "spec", "chart"]),
    }
}

pub(super) fn judge<'v>(view: &'v View, release: &'v Release, settings: &ChartRefSettings) -> Candidate<'v> {
    let reaches = view.graph().reaches(&release.at);
    let first = reaches.first();
    let namespace = first.and_then(|reach| reach.namespace.clone()).or_else(|| release.namespace.clone());
    let values = view.node(&release.at).and_then(|root| root.at(&["spec", "values"]));
    let hooks = values.into_iter().flat_map(hooks).filter(Hook::runs_on_changes);
    let mut review: Vec<Finding> = hooks.map(|hook| about_hook(release, &hook)).collect();
    let has_hooks = !review.is_empty();
    if reaches.is_empty() {
        let message = format!("no cluster applies {}", release.name);
        review.push(at_release(release, Severity::Warning, codes::UNREACHED, message));
    }
    let verdict = want(view, release, reaches, settings).inspect(|want| {
        if let Version::Range(range) = &want.key.version {
            let message = format!("its chart's version is the range `{range}`, which becomes ref.semver of the source");
            review.push(at_release(release, Severity::Warning, codes::VERSION_RANGE, message));
        }
        if want.carried.iter().any(|(key, _)| key == "secretRef") {
            let message = "its HelmRepository has a secretRef, which the source takes over".to_owned();
            review.push(at_release(release, Severity::Warning, codes::SECRET, message));
        }
    });
    let full = |reach: &Reach| format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name);
    let also = reaches.iter().map(full).filter(|name| Some(name) != first.map(full).as_ref()).collect();
    Candidate {
        release,
        also,
        clusters: view.graph().clusters_of(&release.at),
        namespace: namespace.unwrap_or_default(),
        name: first.map_or_else(|| release.name.clone(), |reach| reach.name.clone()),
        hooks: has_hooks,
        workloads: values.into_iter().flat_map(controllers).filter_map(|controller| controller.kind).collect(),
        verdict,
        review,
    }
}

/// A finding at a release, with the code's own advice.
pub(super) fn at_release(release: &Release, severity: Severity, code: &'static str, message: String) -> Finding {
    let line = match &release.chart {
        Chart::Spec(spec) => spec.line,
        Chart::Ref(_) | Chart::Invalid => release.line,
    };
    finding(severity, code, Some(release.at.path.clone()), Some(line), message)
}

pub(super) fn finding(
    severity: Severity,
    code: &'static str,
    path: Option<RepoPath>,
    line: Option<usize>,
    message: String,
) -> Finding {
    let help = help_among(codes::ALL.iter().chain(GENERAL), code);
    Finding { severity, code, path, line, message, help }
}

fn about_hook(release: &Release, hook: &Hook) -> Finding {
    let command = hook.command.as_deref().map(|command| format!(", which runs `{command}`")).unwrap_or_default();
    let paths = if hook.host_paths.is_empty() {
        String::new()
    } else {
        format!(", on the host's {}", hook.host_paths.join(", "))
    };
    let message =
        format!("{} is a Helm hook ({}){command}{paths}; this move is an upgrade", hook.of, hook.when.join(", "));
    Finding { line: Some(hook.line), ..at_release(release, Severity::Warning, codes::HOOK, message) }
}

fn want(view: &View, release: &Release, reaches: &[Reach], settings: &ChartRefSettings) -> Result<Want, Finding> {
    let refuse = |code: &'static str, message: String| Err(at_release(release, Severity::Error, code, message));
    let Chart::Spec(chart) = &release.chart else {
        return refuse(codes::INVALID, "exactly one of spec.chart and spec.chartRef must be set, and complete".into());
    };
    if let Some(barred) = view.barred(&release.at.path) {
        return refuse(codes::UNTOUCHABLE, format!("the file is never touched ({})", barred.code()));
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
    if let Some(patch) = patches.into_iter().find(|patch| patch.says_something_of(&["chart", "chartRef"])) {
        return refuse(codes::PATCHED, format!("the patch at {}:{} changes its chart", patch.path, patch.line));
    }
    if let Some(version) = too_old(view, reaches) {
        return refuse(codes::FLUX_TOO_OLD, version);
    }
    let repositories = repositories(view, release, chart, reaches)?;
    let repository = &repositories[0];
    let chart_name = &chart.chart;
    if !repository.oci && !repository.url.starts_with("oci://") {
        return refuse(
            codes::NO_OCI_HOME,
            format!("{} is not OCI, and no OCI home of {chart_name} is known", repository.url),
        );
    }
    if repository.url.ends_with(&format!("/{chart_name}")) {
        return refuse(codes::CHART_IN_URL, format!("{} holds the chart's name already", repository.url));
    }
    if let Err(error) = replace_chart(view, release, "any", &settings.source_namespace) {
        return Err(refused_edit(&release.at.path, &error));
    }
    let carried = carried(view, release, repository, settings)?;
    let address = repository.url.strip_prefix("oci://").unwrap_or(&repository.url);
    let key = SourceKey {
        chart: chart_name.clone(),
        url: format!("oci://{address}/{chart_name}"),
        version: Version::of(chart.version.as_deref()),
    };
    Ok(Want { key, carried, interval: chart.interval.clone(), repositories })
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
    let refuse = |code: &'static str, message: String| Err(at_release(release, Severity::Error, code, message));
    let name = &chart.source_ref.name;
    // What no cluster applies is looked up in all of them, by the namespace that it states.
    let places: BTreeSet<(Option<usize>, Option<&str>)> = match reaches {
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

/// `chart` becomes `chartRef`, in its place. Not proven yet.
///
/// # Errors
/// Where the YAML does not allow it: an anchor of the block is used elsewhere, the block comes from an alias.
pub(super) fn replace_chart<'v>(
    view: &'v View,
    release: &Release,
    name: &str,
    namespace: &str,
) -> Result<Edit<'v>, Error> {
    let at = &release.at;
    let stream = view.file(&at.path).and_then(|file| file.stream.as_deref()).expect("a release of the view was read");
    let spec = view.node(at).and_then(|root| root.get("spec")).expect("a release of the view has a spec");
    let reference = [("kind", "OCIRepository"), ("name", name), ("namespace", namespace)];
    let reference = New::mapping(reference.map(|(key, value)| (key, New::string(value))));
    let mut edit = Edit::of(stream);
    edit.replace_entry(spec, "chart", "chartRef", &reference, fate)?;
    Ok(edit)
}

/// What becomes of a comment inside `spec.chart`.
fn fate(comment: &str) -> Fate {
    const FIELDS: [&str; 9] =
        ["chart", "version", "sourceRef", "interval", "reconcileStrategy", "kind", "name", "namespace", "verify"];
    let text = comment.trim_start_matches('#').trim_start();
    let field = text.split_once(':').is_some_and(|(key, _)| FIELDS.contains(&key));
    if text.starts_with("renovate:") {
        Fate::Dropped("it is about the version, which the source states now".to_owned())
    } else if field {
        Fate::Dropped("it comments out a field of spec.chart".to_owned())
    } else {
        Fate::Moved
    }
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

/// What the source takes over from the HelmRepository and from `chart.spec.verify`.
fn carried(
    view: &View,
    release: &Release,
    repository: &HelmRepository,
    settings: &ChartRefSettings,
) -> Result<Vec<(String, New)>, Finding> {
    let refuse = |code: &'static str, message: String| Err(at_release(release, Severity::Error, code, message));
    let reaches = view.graph().reaches(&repository.at);
    let elsewhere = reaches.iter().any(|reach| reach.namespace.as_deref() != Some(&settings.source_namespace));
    let mut carried = Vec::new();
    let spec = view.node(&repository.at).and_then(|root| root.get("spec"));
    for key in ["provider", "secretRef", "certSecretRef", "insecure", "timeout"] {
        let value = spec.and_then(|spec| spec.get(key)).filter(|value| !value.is_null());
        carried.extend(value.map(|value| (key.to_owned(), copy(value))));
    }
    // The HelmChart that Flux makes of spec.chart lives beside the HelmRepository, and so does the secret of its check.
    let verify = view.node(&release.at).and_then(|root| root.at(&["spec", "chart", "spec", "verify"]));
    let verify = verify.filter(|verify| !verify.is_null());
    carried.extend(verify.map(|verify| ("verify".to_owned(), copy(verify))));
    let checked_by_secret = verify.is_some_and(|verify| verify.get("secretRef").is_some());
    let has_secret = checked_by_secret || carried.iter().any(|(key, _)| key == "secretRef" || key == "certSecretRef");
    if has_secret && elsewhere {
        let message =
            format!("a secret of {} is in another namespace than {}", repository.at, settings.source_namespace);
        return refuse(codes::SECRET_ELSEWHERE, message);
    }
    Ok(carried)
}
