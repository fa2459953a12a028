//! Whether a release can move to 4.x, and how: the rules of `docs/app-template.md`, one guard each.

use std::collections::BTreeSet;

use super::age::age;
use super::codes;
use super::conversion::Converted;
use super::evidence::Evidence;
use super::impact::{Effect, effect};
use super::settings::{AppTemplateSettings, OnChart};
use super::source::{Registry, is_of_chart, key, registry, repository_of_4, unclear_version};
use super::versions::major;
use crate::charts::app_template::Version;
use crate::charts::homes::APP_TEMPLATE;
use crate::flux::{At, Chart, ChartSpec, Identity, OciRepository, Release, SourceRef, View};
use crate::migrations::sources::beta::version_to_write;
use crate::migrations::sources::codes::{PATCHED, VERIFY_ELSEWHERE};
use crate::plan::codes::{UNREACHED, UNTOUCHABLE_FILE};
use crate::plan::{Code, Finding, Severity};

/// A release in scope: of app-template, before 4.x.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    /// Its effective names.
    pub(super) identity: Identity,
    /// The version that it is on, as it is written.
    pub(super) from: String,
    /// How it moves, or why it does not.
    pub(super) verdict: Result<Step<'v>, Vec<Finding>>,
    /// Why to look at it first, and what else there is to report.
    pub(super) findings: Vec<Finding>,
    /// What its move does to the cluster.
    pub(super) effect: Effect,
}

/// How a release moves.
pub(super) struct Step<'v> {
    pub(super) converted: Converted<'v>,
    pub(super) way: Way<'v>,
}

/// Where a release gets 4.x from.
pub(super) enum Way<'v> {
    /// `spec.chart` states the new version, and perhaps another HelmRepository.
    InPlace {
        /// The new HelmRepository, with its namespace.
        repository: Option<SourceRef>,
    },
    /// `spec.chartRef` names a second source beside this one.
    Second(&'v OciRepository),
    /// The release alone uses the source, which moves with it.
    Own(&'v OciRepository),
    /// The source moves with all its releases.
    Fleet(&'v OciRepository),
}

impl<'v> Candidate<'v> {
    /// A release that does not move.
    pub(super) fn refused(view: &View, release: &'v Release, from: Option<String>, reason: Finding) -> Candidate<'v> {
        Candidate {
            release,
            identity: view.identity(release),
            from: from.unwrap_or_else(|| "an unknown version".to_owned()),
            verdict: Err(vec![reason]),
            findings: Vec::new(),
            effect: Effect::default(),
        }
    }

    /// Where it gets 4.x from, if it moves.
    pub(super) fn way(&self) -> Option<&Way<'v>> {
        self.verdict.as_ref().ok().map(|step| &step.way)
    }

    /// The source of 3.x beside which it gets a second one.
    pub(super) fn second_beside(&self) -> Option<&'v OciRepository> {
        if let Some(Way::Second(source)) = self.way() { Some(source) } else { None }
    }

    /// The source that moves with it and others.
    pub(super) fn fleet(&self) -> Option<&'v OciRepository> {
        if let Some(Way::Fleet(source)) = self.way() { Some(source) } else { None }
    }
}

/// The version of app-template that a release is on.
pub(super) enum Now<'v> {
    /// It is of another chart, or its chart is unknown.
    OtherChart,
    /// The target's major version or later: the version as it is written.
    Later(String),
    /// Before that: the version as it is written, and the source of a chartRef.
    Before(Option<String>, Option<&'v OciRepository>),
    /// It gets its chart from several sources.
    SeveralSources,
}

/// The version that a release is on, as it is written, if there is one.
pub(super) fn version_of_release<'v>(view: &'v View, release: &'v Release) -> Option<&'v str> {
    match &release.chart {
        Chart::Spec(spec) => spec.version.as_deref().filter(|_| spec.chart == APP_TEMPLATE),
        Chart::Ref(_) => sources_of(view, release).first().and_then(|source| source.tag.as_deref()),
        Chart::Invalid => None,
    }
}

/// The version that a release is on, seen from the major version of the target.
pub(super) fn now<'v>(view: &'v View, release: &Release, target: u32) -> Now<'v> {
    let is_later = |version: &str| is_at_least(version, target);
    let (version, source) = match &release.chart {
        Chart::Spec(spec) if spec.chart == APP_TEMPLATE => (spec.version.clone(), None),
        Chart::Ref(_) => match sources_of(view, release).as_slice() {
            [] => return Now::OtherChart,
            [source] => (stated(source).cloned(), Some(*source)),
            [first, rest @ ..] => {
                // Clusters may be on different versions, and all of them have moved.
                let is_later = |source: &&OciRepository| stated(source).is_some_and(|version| is_later(version));
                let version = stated(first).filter(|_| is_later(first) && rest.iter().all(is_later));
                return version.map_or(Now::SeveralSources, |version| Now::Later(version.clone()));
            }
        },
        Chart::Spec(_) | Chart::Invalid => return Now::OtherChart,
    };
    match version {
        Some(version) if is_later(&version) => Now::Later(version),
        version => Now::Before(version.filter(|_| source.and_then(unclear_version).is_none()), source),
    }
}

/// The version or range that a source states. A digest beside it is of what it means.
fn stated(source: &OciRepository) -> Option<&String> {
    source.semver.as_ref().or(source.tag.as_ref())
}

fn is_at_least(version: &str, target: u32) -> bool {
    major(version).is_some_and(|major| major >= target)
}

/// The OCIRepositories of the chart that a release with a chartRef uses, in all clusters.
pub(super) fn sources_of<'v>(view: &'v View, release: &Release) -> Vec<&'v OciRepository> {
    let places = sources_in_clusters(view, release);
    places.iter().filter_map(|at| view.oci_repository(at)).filter(|source| is_of_chart(source)).collect()
}

/// Where the sources of a release stand, in all clusters.
fn sources_in_clusters(view: &View, release: &Release) -> BTreeSet<At> {
    let reaches = view.graph().reaches(&release.at).iter();
    reaches.filter_map(|reach| view.installed(&release.at, reach)?.chart?.at).collect()
}

/// A finding where a release names its chart.
pub(super) fn at_chart(
    release: &Release,
    severity: Severity,
    code: &'static Code,
    message: impl Into<String>,
) -> Finding {
    let line = match &release.chart {
        Chart::Spec(spec) => spec.line,
        Chart::Ref(_) | Chart::Invalid => release.line,
    };
    Finding::new(severity, code, message).at(&release.at.path, line)
}

/// A release that is judged.
pub(super) struct Judge<'v, 's> {
    pub(super) view: &'v View,
    pub(super) release: &'v Release,
    /// The source of its chartRef.
    pub(super) source: Option<&'v OciRepository>,
    /// Whether the source is its own, and so moves with it.
    pub(super) is_own: bool,
    pub(super) settings: &'s AppTemplateSettings,
    /// What the repository says, where defaults of 5.x are adopted.
    pub(super) evidence: Option<&'s Evidence>,
}

impl<'v> Judge<'v, '_> {
    /// What becomes of the release, which is on this version.
    pub(super) fn candidate(&self, from: Option<String>) -> Candidate<'v> {
        let mut warnings = Vec::new();
        let step = self.step(from.as_deref(), &mut warnings);
        let (view, release) = (self.view, self.release);
        let step = match step {
            Ok(step) => step,
            Err(reason) => return Candidate::refused(view, release, from, reason),
        };
        let findings = step.converted.findings();
        let (errors, others): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        let effect = effect(&step.converted);
        let mut findings = [warnings, others, effect.findings.clone()].concat();
        if view.graph().reaches(&release.at).is_empty() {
            findings.push(self.warn(UNREACHED, format!("no cluster applies {}", release.name)));
        }
        Candidate {
            release,
            identity: view.identity(release),
            from: from.expect("a version that is known is stated"),
            verdict: if errors.is_empty() { Ok(step) } else { Err(errors) },
            findings,
            effect,
        }
    }

    fn step(&self, from: Option<&str>, warnings: &mut Vec<Finding>) -> Result<Step<'v>, Finding> {
        let version = self.version(from, warnings)?;
        let way = match (self.source, &self.release.chart) {
            (Some(source), _) => self.by_source(source, warnings),
            (None, Chart::Spec(chart)) => self.in_place(chart, warnings)?,
            (None, Chart::Ref(_) | Chart::Invalid) => unreachable!("a chartRef has a source"),
        };
        Ok(Step { converted: Converted::of(self.view, &self.release.at, version, self.settings, self.evidence)?, way })
    }

    /// The version that the release is on, if it is known what that makes of values.
    fn version(&self, from: Option<&str>, warnings: &mut Vec<Finding>) -> Result<Version, Finding> {
        let Judge { view, release, source, .. } = self;
        for path in [&release.at.path].into_iter().chain(source.map(|source| &source.at.path)) {
            if let Some(barred) = view.barred(path) {
                return Err(self.error(UNTOUCHABLE_FILE, format!("{path} is never changed ({barred})")));
            }
        }
        if let Some((source, why)) = source.and_then(|source| Some((source, unclear_version(source)?))) {
            return Err(self.error(codes::SOURCE_VERSION, format!("its source in {} {why}", source.at)));
        }
        let patches = view.graph().reaches(&release.at).iter().flat_map(|reach| &reach.patches);
        if let Some(patch) = patches.into_iter().find(|patch| patch.changes_fields(&["chart", "chartRef"])) {
            return Err(self.error(PATCHED, format!("the patch at {}:{} changes its chart", patch.path, patch.line)));
        }
        let (version, warning) = age(from, self.settings).map_err(|why| self.error(codes::VERSION_UNKNOWN, why))?;
        warnings.extend(warning.map(|(code, message)| self.warn(code, message)));
        Ok(version)
    }

    /// The way of a release on `spec.chartRef`.
    fn by_source(&self, source: &'v OciRepository, warnings: &mut Vec<Finding>) -> Way<'v> {
        let (new, registry) = key(source, &self.settings.target);
        if registry == Registry::Other {
            // At the release: `chart-ref` may write the source in the same run.
            warnings.push(self.warn(codes::OTHER_REGISTRY, self.not_seen(&source.url)));
        }
        let verify = self.view.node(&source.at).and_then(|root| root.at(&["spec", "verify"]));
        if let Some(verify) = verify.filter(|verify| !verify.is_null() && new.url != source.url) {
            let message = format!("signatures are verified, and the chart will come from {}", new.url);
            warnings.push(Finding::warning(VERIFY_ELSEWHERE, message).at(&source.at.path, verify.line()));
        }
        if self.is_own {
            Way::Own(source)
        } else if self.settings.fleet {
            Way::Fleet(source)
        } else {
            Way::Second(source)
        }
    }

    /// The way of a release on `spec.chart`.
    fn in_place(&self, chart: &ChartSpec, warnings: &mut Vec<Finding>) -> Result<Way<'v>, Finding> {
        if self.settings.on_chart == OnChart::ChartRef {
            let beta = version_to_write(self.view, self.release).map(|write| format!("; before that {write}"));
            let message = format!("it is on spec.chart: chart-ref comes first{}", beta.unwrap_or_default());
            return Err(at_chart(self.release, Severity::Note, codes::CHART_REF_FIRST, message));
        }
        let name = &chart.source_ref.name;
        let places = sources_in_clusters(self.view, self.release);
        let repositories = places.iter().filter_map(|at| self.view.helm_repository(at));
        let urls: BTreeSet<&str> = repositories.map(|repository| &*repository.url).collect();
        if urls.is_empty() {
            let message = format!(
                "HelmRepository {name} is not in this repository, so it is unknown whether it has {}",
                self.settings.target
            );
            warnings.push(self.warn(codes::REPOSITORY_NOT_FOUND, message));
        }
        for url in urls {
            match registry(url) {
                Registry::Has4 => {}
                Registry::Other => warnings.push(self.warn(codes::OTHER_REGISTRY, self.not_seen(url))),
                Registry::Only3 => {
                    let repository = repository_of_4(self.view, self.view.graph().reaches(&self.release.at));
                    let message = || {
                        format!(
                            "HelmRepository {name} is {url}, which has no 4.x, and its clusters have no HelmRepository of oci://ghcr.io/bjw-s-labs/helm"
                        )
                    };
                    let repository = repository.ok_or_else(|| self.error(codes::NO_REPOSITORY_OF_4, message()))?;
                    return Ok(Way::InPlace { repository: Some(repository) });
                }
            }
        }
        Ok(Way::InPlace { repository: None })
    }

    fn not_seen(&self, url: &str) -> String {
        format!("it is unknown whether {url} has {}", self.settings.target)
    }

    fn error(&self, code: &'static Code, message: impl Into<String>) -> Finding {
        at_chart(self.release, Severity::Error, code, message)
    }

    fn warn(&self, code: &'static Code, message: impl Into<String>) -> Finding {
        at_chart(self.release, Severity::Warning, code, message)
    }
}
