//! A release in scope: what is known about it, and whether it can move.

use std::collections::BTreeSet;

use super::address::major;
use super::chart_settings::ChartSettings;
use super::codes;
use super::findings::at_release;
use super::home::Users;
use super::origin::about_home;
use super::reference::write_reference;
use super::settings::ChartRefSettings;
use super::used::Used;
use super::values::{Conversion, Jump};
use super::want::{Want, want};
use crate::charts::homes::APP_TEMPLATE;
use crate::flux::{Identity, Reach, Release, View};
use crate::migrations::app_template::AppTemplateSettings;
use crate::migrations::sources::Version;
use crate::plan::author::{Edits, hooks};
use crate::plan::codes::UNREACHED;
use crate::plan::{Code, Finding};
use crate::yaml::Node;

/// A release in scope.
pub(super) struct Candidate<'v> {
    pub(super) release: &'v Release,
    pub(super) reaches: &'v [Reach],
    pub(super) clusters: BTreeSet<String>,
    /// The effective namespace; empty if nothing gives it one.
    pub(super) namespace: String,
    /// The effective name.
    pub(super) name: String,
    /// The other names that it has if it is applied several times, `namespace/name`.
    pub(super) also: BTreeSet<String>,
    /// What it wants, or why it cannot move.
    pub(super) verdict: Result<Want<'v>, Finding>,
    /// Why you should look at it first, and what else is worth knowing if it moves.
    pub(super) findings: Vec<Finding>,
}

impl<'v> Candidate<'v> {
    /// Judges a release of a chart that is in scope.
    pub(super) fn of(
        view: &'v View,
        release: &'v Release,
        chart: &ChartSettings,
        known: (&Users<'_>, &Used),
        settings: &ChartRefSettings,
        v4: &AppTemplateSettings,
    ) -> Candidate<'v> {
        let reaches = view.graph().reaches(&release.at);
        let Identity { namespace, name, also, clusters } = view.identity(release);
        let mut findings: Vec<Finding> = hooks(view, &release.at)
            .iter()
            .map(|hook| {
                let message = format!("{hook}; the move is an upgrade, so it runs");
                Finding::warning(codes::HOOK, message).at(&release.at.path, hook.line)
            })
            .collect();
        if reaches.is_empty() {
            let message = format!("no cluster applies {}", release.name);
            findings.push(at_release(release, Finding::warning(UNREACHED, message)));
        }
        let verdict = want(view, release, reaches, chart, known, settings).and_then(|mut want| {
            findings.extend(about(&want).into_iter().map(|finding| at_release(release, finding)));
            findings.extend(lost(view, release));
            if let Some(jump) = &want.jump {
                want.conversion = Conversion::of(view, release, &want.key.chart, jump, v4)?;
            }
            findings.extend(want.conversion.iter().flat_map(|conversion| conversion.findings.clone()));
            write_reference(&mut Edits::of(view), release, &want, "any", Some("any"))?;
            Ok(want)
        });
        Candidate { release, reaches, clusters, namespace, name, also, verdict, findings }
    }

    /// What it wants, if it can move.
    pub(super) fn want(&self) -> Option<&Want<'v>> {
        self.verdict.as_ref().ok()
    }

    /// What becomes of its values, if it can move and they change.
    pub(super) fn conversion(&self) -> Option<&Conversion<'v>> {
        self.want()?.conversion.as_ref()
    }

    /// Keeps it from moving.
    pub(super) fn refuse(&mut self, code: &'static Code, message: impl Into<String>) {
        self.verdict = Err(at_release(self.release, Finding::error(code, message)));
    }

    /// How many releases it is on all clusters together.
    pub(super) fn count(&self) -> usize {
        1 + self.also.len()
    }
}

/// What the HelmChart of `spec.chart` has, and the source of the release will not have.
fn lost(view: &View, release: &Release) -> Vec<Finding> {
    let chart = view.node(&release.at).and_then(|root| root.at(&["spec", "chart"]));
    let field = |path: &[&str]| chart.and_then(|chart| chart.at(path)).filter(|value| !value.is_null());
    let at = |finding: Finding, node: Node<'_>| finding.at(&release.at.path, node.line());
    let metadata = field(&["metadata"]).map(|node| {
        let message = "spec.chart.metadata is for the HelmChart, which is removed; the new source does not get it";
        at(Finding::warning(codes::METADATA_LOST, message), node)
    });
    let strategy = field(&["spec", "reconcileStrategy"]).filter(|node| node.text() != Some("ChartVersion"));
    let strategy = strategy.map(|node| {
        let message = "spec.chart.spec.reconcileStrategy is removed: an OCIRepository always reacts to a new digest";
        at(Finding::note(codes::METADATA_LOST, message), node)
    });
    metadata.into_iter().chain(strategy).collect()
}

/// What there is to report about a release that can move.
fn about(want: &Want<'_>) -> Vec<Finding> {
    let carries = |field: &str| want.carried.iter().any(|(key, _)| key == field);
    let mut findings = Vec::new();
    if let Version::Range(range) = &want.key.version {
        let message =
            format!("the version of its chart is the range `{range}`, which becomes ref.semver of the source");
        findings.push(Finding::warning(codes::VERSION_RANGE, message));
    }
    findings.extend(about_home(want));
    if want.tag_is_guessed {
        let (version, url) = (want.key.version.text(), &want.key.url);
        let message = format!("its version {version} is from an index; whether {url} has this tag is not known");
        findings.push(Finding::warning(codes::TAG_GUESSED, message));
    }
    if carries("secretRef") {
        let message = "its HelmRepository has a secretRef, which the source takes over";
        findings.push(Finding::warning(codes::SECRET, message));
    }
    if carries("verify") && !want.same_registry {
        let message = format!("its signature check was for another registry than that of {}", want.key.url);
        findings.push(Finding::warning(codes::VERIFY_ELSEWHERE, message));
    }
    if let Some(jump) = &want.jump {
        // If the values follow, there is nothing unknown about the step.
        let is_converted = |jump: &Jump| want.key.chart == APP_TEMPLATE && major(&jump.from) < major(&jump.to);
        let report = if jump.is_small() || is_converted(jump) { Finding::note } else { Finding::warning };
        findings.push(report(codes::VERSION_JUMP, jump.to_string()));
    }
    if want.key.chart != APP_TEMPLATE {
        findings.push(Finding::note(codes::DIGEST, format!("the version of {} gains +digest", want.key.chart)));
    }
    findings
}
