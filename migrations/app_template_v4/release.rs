//! Whether a release can move to 4.x, and how: the rules of `docs/app-template.md`, one guard each.

use std::collections::BTreeSet;

use super::codes;
use super::conversion::{Converted, finding};
use super::impact::{Effect, effect};
use super::references::Subject;
use super::settings::{AppTemplateV4Settings, OnChart};
use super::source::{CHART, Registry, at_source, is_open, key, registry, repository_of_4, verify_line};
use crate::charts::app_template::Version;
use crate::flux::{At, Chart, ChartSpec, Identity, OciRepository, Release, SourceRef, View};
use crate::migrations::sources::codes::{PATCHED, VERIFY_ELSEWHERE};
use crate::plan::codes::UNTOUCHABLE_FILE;
use crate::plan::{Code, Finding, Severity};

/// A release in scope: of app-template, before 4.x.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    /// The effective namespace; empty where nothing gives it one.
    pub(super) namespace: String,
    /// The effective name.
    pub(super) name: String,
    /// The other names that it has where it is applied several times, `namespace/name`.
    pub(super) also: BTreeSet<String>,
    /// The version that it is on, as it is written.
    pub(super) from: String,
    /// How it moves, or why it does not.
    pub(super) verdict: Result<Step<'v>, Vec<Finding>>,
    /// What a person should look at first, and what else there is to say.
    pub(super) findings: Vec<Finding>,
    /// What it comes to on the cluster.
    pub(super) effect: Effect,
}

impl Candidate<'_> {
    /// The release, for those who look for what other files say of it, if it moves.
    pub(super) fn subject(&self) -> Option<Subject<'_>> {
        let converted = &self.verdict.as_ref().ok()?.converted;
        Some(Subject { at: &self.release.at, line: self.release.line, name: &self.name, converted })
    }
}

/// How a release moves.
pub(super) struct Step<'v> {
    pub(super) converted: Converted<'v>,
    pub(super) way: Way<'v>,
}

/// Where it takes 4.x from.
pub(super) enum Way<'v> {
    /// `spec.chart` states the new version, and perhaps another HelmRepository.
    InPlace {
        /// The one that it takes the chart from, with its namespace, where that changes.
        repository: Option<SourceRef>,
    },
    /// `spec.chartRef` names another source, beside this one.
    Second(&'v OciRepository),
    /// The source is its own, and moves with it.
    Own(&'v OciRepository),
    /// The source moves with all its releases.
    Fleet(&'v OciRepository),
}

/// The version of app-template that a release is on.
pub(super) enum Now<'v> {
    /// Another chart, or nobody knows which.
    Other,
    /// 4.x or later.
    Moved,
    /// Before 4.x: the text of the version, and the source of a chartRef.
    Before(Option<String>, Option<&'v OciRepository>),
    /// It takes its chart from several sources.
    Apart,
}

/// What a release is on.
pub(super) fn now<'v>(view: &'v View, release: &Release) -> Now<'v> {
    let version = match &release.chart {
        Chart::Spec(spec) if spec.chart == CHART => (spec.version.clone(), None),
        Chart::Ref(_) => match &sources_of(view, release)[..] {
            [] => return Now::Other,
            [source] => (source.tag.clone().filter(|_| is_open(source).is_none()), Some(*source)),
            _ => return Now::Apart,
        },
        Chart::Spec(_) | Chart::Invalid => return Now::Other,
    };
    let major = version.0.as_deref().map(|text| text.trim_start_matches('v')).and_then(|text| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    if major.is_some_and(|major| major >= 4) { Now::Moved } else { Now::Before(version.0, version.1) }
}

/// The OCIRepositories of the chart that a release with a chartRef takes it from, each once.
pub(super) fn sources_of<'v>(view: &'v View, release: &Release) -> Vec<&'v OciRepository> {
    let installed = view.graph().reaches(&release.at).iter().filter_map(|reach| view.installed(&release.at, reach));
    let places: BTreeSet<At> = installed.filter_map(|installed| installed.chart?.at).collect();
    let of_the_chart = |source: &&OciRepository| source.url.rsplit('/').next() == Some(CHART);
    view.oci_repositories().iter().filter(|source| places.contains(&source.at)).filter(of_the_chart).collect()
}

pub(super) fn judge<'v>(
    view: &'v View,
    release: &'v Release,
    now: (Option<String>, Option<&'v OciRepository>),
    users: usize,
    settings: &AppTemplateV4Settings,
) -> Candidate<'v> {
    let reaches = view.graph().reaches(&release.at);
    let Identity { namespace, name, also, .. } = view.identity(release);
    let (from, source) = now;
    let mut candidate = Candidate {
        release,
        namespace,
        name,
        also,
        from: from.clone().unwrap_or_else(|| "an unknown version".to_owned()),
        verdict: Err(Vec::new()),
        findings: Vec::new(),
        effect: Effect::default(),
    };
    let judged = version_of(view, release, from.as_deref(), source).and_then(|version| {
        let way = way(view, release, source, users, settings, &mut candidate.findings)?;
        Ok(Step { converted: Converted::of(view, &release.at, version, settings)?, way })
    });
    match judged {
        Err(reason) => candidate.verdict = Err(vec![reason]),
        Ok(step) => {
            let said = step.converted.findings(view, &release.at);
            let (errors, others) = said.into_iter().partition(|finding| finding.severity == Severity::Error);
            candidate.effect = effect(view, &release.at, &step.converted);
            candidate.findings.extend(others);
            candidate.findings.extend(candidate.effect.findings.clone());
            if reaches.is_empty() {
                let message = format!("no cluster applies {}", release.name);
                candidate.findings.push(at_release(release, Severity::Warning, crate::plan::codes::UNREACHED, message));
            }
            let errors: Vec<Finding> = errors;
            candidate.verdict = if errors.is_empty() { Ok(step) } else { Err(errors) };
        }
    }
    candidate
}

/// A finding where a release names its chart.
pub(super) fn at_release(release: &Release, severity: Severity, code: &'static Code, message: String) -> Finding {
    let line = match &release.chart {
        Chart::Spec(spec) => spec.line,
        Chart::Ref(_) | Chart::Invalid => release.line,
    };
    finding(severity, code, &release.at, Some(line), message)
}

/// The version of 3.x that a release is on, if what it makes of values is known.
fn version_of(
    view: &View,
    release: &Release,
    from: Option<&str>,
    source: Option<&OciRepository>,
) -> Result<Version, Finding> {
    let refuse = |code, message: String| Err(at_release(release, Severity::Error, code, message));
    if let Some(barred) = view.barred(&release.at.path) {
        return refuse(UNTOUCHABLE_FILE, format!("the file is never touched ({barred})"));
    }
    if let Some((source, why)) = source.and_then(|source| Some((source, is_open(source)?))) {
        return refuse(codes::SOURCE_PINNED, format!("its source in {} {why}", source.at));
    }
    let patches = view.graph().reaches(&release.at).iter().flat_map(|reach| &reach.patches);
    if let Some(patch) = patches.into_iter().find(|patch| patch.changes_fields(&["chart", "chartRef"])) {
        return refuse(PATCHED, format!("the patch at {}:{} changes its chart", patch.path, patch.line));
    }
    match from.map(|text| (text, Version::of(text))) {
        Some((_, Some(version))) => Ok(version),
        Some((text, None)) => {
            refuse(codes::VERSION_UNKNOWN, format!("what version `{text}` makes of values is not known"))
        }
        None => refuse(codes::VERSION_UNKNOWN, "it states no version".to_owned()),
    }
}

/// Where a release takes 4.x from.
fn way<'v>(
    view: &'v View,
    release: &Release,
    source: Option<&'v OciRepository>,
    users: usize,
    settings: &AppTemplateV4Settings,
    review: &mut Vec<Finding>,
) -> Result<Way<'v>, Finding> {
    let Some(source) = source else {
        let Chart::Spec(chart) = &release.chart else { unreachable!("a chartRef has a source") };
        return in_place(view, release, chart, settings, review);
    };
    if let Some(barred) = view.barred(&source.at.path) {
        let message = format!("its source in {} is never touched ({})", source.at, barred);
        return Err(at_release(release, Severity::Error, UNTOUCHABLE_FILE, message));
    }
    let (new, registry) = key(source, &settings.target);
    if registry == Registry::Other {
        let message = format!("that {} has {} cannot be seen from here", source.url, settings.target);
        review.push(at_source(source, view, Severity::Warning, codes::OTHER_REGISTRY, message));
    }
    if let Some(line) = verify_line(view, &source.at).filter(|_| new.url != source.url) {
        let message = format!("the signature is checked, and the chart comes from {} from now on", new.url);
        review.push(finding(Severity::Warning, VERIFY_ELSEWHERE, &source.at, Some(line), message));
    }
    let is_own = users == 1 && source.at.path.dir() == release.at.path.dir();
    Ok(match () {
        () if is_own => Way::Own(source),
        () if settings.fleet => Way::Fleet(source),
        () => Way::Second(source),
    })
}

fn in_place<'v>(
    view: &View,
    release: &Release,
    chart: &ChartSpec,
    settings: &AppTemplateV4Settings,
    review: &mut Vec<Finding>,
) -> Result<Way<'v>, Finding> {
    let refuse = |code, message: String| Err(at_release(release, Severity::Error, code, message));
    if settings.on_chart == OnChart::ChartRef {
        return refuse(codes::CHART_REF_FIRST, "it is on spec.chart: chart-ref comes first".to_owned());
    }
    let reaches = view.graph().reaches(&release.at);
    let places = reaches.iter().filter_map(|reach| view.installed(&release.at, reach)?.chart?.at);
    let places: BTreeSet<At> = places.collect();
    let urls: BTreeSet<&str> =
        view.helm_repositories().iter().filter(|own| places.contains(&own.at)).map(|own| &*own.url).collect();
    let name = &chart.source_ref.name;
    if urls.is_empty() {
        let message = format!("HelmRepository {name} is not here: whether it has {} cannot be seen", settings.target);
        review.push(at_release(release, Severity::Warning, codes::REPOSITORY_NOT_HERE, message));
    }
    for url in &urls {
        match registry(url) {
            Registry::Has => {}
            Registry::Other => {
                let message = format!("that {url} has {} cannot be seen from here", settings.target);
                review.push(at_release(release, Severity::Warning, codes::OTHER_REGISTRY, message));
            }
            Registry::Frozen => {
                return match repository_of_4(view, reaches) {
                    Some(repository) => Ok(Way::InPlace { repository: Some(repository) }),
                    None => refuse(
                        codes::NO_REPOSITORY_OF_4,
                        format!(
                            "HelmRepository {name} is {url}, which has no 4.x, and none of oci://ghcr.io/bjw-s-labs/helm is in reach"
                        ),
                    ),
                };
            }
        }
    }
    Ok(Way::InPlace { repository: None })
}
