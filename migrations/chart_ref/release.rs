//! A release in scope: what can be said of it, and whether it can move.

use std::collections::BTreeSet;

use super::address::major;
use super::codes;
use super::moved::moved;
use super::settings::{ChartRefSettings, ChartSettings};
use super::strategy::Users;
use super::values::{Conversion, Jump};
use super::want::{Want, want};
use crate::charts::app_template::{Hook, controllers, hooks};
use crate::flux::WorkloadKind;
use crate::flux::{Chart, Identity, Release, View};
use crate::migrations::app_template_v4::AppTemplateV4Settings;
use crate::migrations::sources::Version;
use crate::migrations::sources::publisher::APP_TEMPLATE;
use crate::plan::{Code, Finding, Severity};
use crate::repo::RepoPath;

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
    /// What else there is to say.
    pub(super) notes: Vec<Finding>,
    /// What becomes of its values, where they change with the version.
    pub(super) conversion: Option<Conversion<'v>>,
}

/// The chart that a release names, in scope or not; none for a chartRef.
pub(super) fn chart_of<'v>(view: &'v View, release: &'v Release) -> Option<&'v str> {
    match &release.chart {
        Chart::Spec(spec) => Some(&spec.chart),
        Chart::Ref(_) => None,
        Chart::Invalid => view.node(&release.at)?.text_at(&["spec", "chart", "spec", "chart"]),
    }
}

/// Judges a release of a chart that is in scope.
pub(super) fn judge<'v>(
    view: &'v View,
    release: &'v Release,
    chart: &ChartSettings,
    users: &Users<'_>,
    settings: &ChartRefSettings,
    v4: &AppTemplateV4Settings,
) -> Candidate<'v> {
    let reaches = view.graph().reaches(&release.at);
    let Identity { namespace, name, also, clusters } = view.identity(release);
    let values = view.node(&release.at).and_then(|root| root.at(&["spec", "values"]));
    let hooks = values.into_iter().flat_map(hooks).filter(Hook::runs_on_changes);
    let mut review: Vec<Finding> = hooks.map(|hook| about_hook(release, &hook)).collect();
    let has_hooks = !review.is_empty();
    if reaches.is_empty() {
        let message = format!("no cluster applies {}", release.name);
        review.push(at_release(release, Severity::Warning, crate::plan::codes::UNREACHED, message));
    }
    let mut notes = Vec::new();
    let mut conversion = None;
    let verdict = want(view, release, reaches, chart, users, settings).and_then(|(want, own)| {
        review.extend(to_review(release, &want, own));
        notes.extend(worth_knowing(release, &want));
        if let Some(jump) = &want.jump {
            match Conversion::of(view, release, &want.key.chart, jump, v4) {
                Ok(None) => {}
                Ok(Some((own, said))) => {
                    let (warnings, others): (Vec<_>, Vec<_>) =
                        said.into_iter().partition(|finding| finding.severity == Severity::Warning);
                    review.extend(warnings);
                    notes.extend(others);
                    conversion = Some(own);
                }
                Err(mut reasons) => {
                    let first = reasons.remove(0);
                    notes.extend(reasons);
                    return Err(first);
                }
            }
        }
        moved(view, release, &want, conversion.as_ref(), "any", Some("any"))?;
        Ok(want)
    });
    Candidate {
        release,
        also,
        clusters,
        namespace,
        name,
        hooks: has_hooks,
        workloads: values.into_iter().flat_map(controllers).filter_map(|controller| controller.kind).collect(),
        verdict,
        review,
        notes,
        conversion,
    }
}

/// Why a person should look at a release that can move. `own` says that the chart stays in its registry.
fn to_review(release: &Release, want: &Want, own: bool) -> Vec<Finding> {
    let at = |code, message| at_release(release, Severity::Warning, code, message);
    let carries = |field: &str| want.carried.iter().any(|(key, _)| key == field);
    let mut found = Vec::new();
    if let Version::Range(range) = &want.key.version {
        let message = format!("its chart's version is the range `{range}`, which becomes ref.semver of the source");
        found.push(at(codes::VERSION_RANGE, message));
    }
    if carries("secretRef") {
        let message = "its HelmRepository has a secretRef, which the source takes over".to_owned();
        found.push(at(codes::SECRET, message));
    }
    if carries("verify") && !own {
        let message = format!("its signature check was for another registry than that of {}", want.key.url);
        found.push(at(codes::VERIFY_ELSEWHERE, message));
    }
    if let Some(jump) = want.jump.as_ref().filter(|jump| !jump.is_small() && !is_converted(want, jump)) {
        found.push(at(codes::VERSION_JUMP, jump.to_string()));
    }
    found
}

/// Whether the values follow a jump: then there is nothing in it that is not known.
fn is_converted(want: &Want, jump: &Jump) -> bool {
    want.key.chart == APP_TEMPLATE && major(&jump.from) < major(&jump.to)
}

/// What else there is to say of a release that can move.
fn worth_knowing(release: &Release, want: &Want) -> Vec<Finding> {
    let at = |code, message| at_release(release, Severity::Note, code, message);
    let mut found = Vec::new();
    if let Some(jump) = want.jump.as_ref().filter(|jump| jump.is_small() || is_converted(want, jump)) {
        found.push(at(codes::VERSION_JUMP, jump.to_string()));
    }
    if want.key.chart != APP_TEMPLATE {
        let message = format!("the version of {} gains +digest", want.key.chart);
        found.push(at(codes::DIGEST, message));
    }
    found
}

/// A finding at a release, with the code's own advice.
pub(super) fn at_release(release: &Release, severity: Severity, code: &'static Code, message: String) -> Finding {
    let line = match &release.chart {
        Chart::Spec(spec) => spec.line,
        Chart::Ref(_) | Chart::Invalid => release.line,
    };
    finding(severity, code, Some(release.at.path.clone()), Some(line), message)
}

pub(super) fn finding(
    severity: Severity,
    code: &'static Code,
    path: Option<RepoPath>,
    line: Option<usize>,
    message: String,
) -> Finding {
    Finding { severity, code, path, line, message }
}

fn about_hook(release: &Release, hook: &Hook) -> Finding {
    let message = format!("{hook}; this move is an upgrade");
    Finding { line: Some(hook.line), ..at_release(release, Severity::Warning, codes::HOOK, message) }
}
