use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::context::{Opened, is_clean, opened_commit};
use super::{Outcome, Start, configuration, hint, json, layout, next_step, page};
use crate::doctor;
use crate::flux::{Followed, View};
use crate::git::{Base, WorkTree};
use crate::output::{
    findings_as_github, findings_as_json, findings_as_sarif, findings_as_text, for_log, secrets_as_json,
    secrets_as_text,
};
use crate::plan::{self, Finding, Scope, Severity};
use crate::secrets::inventory;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Show the files that SOPS has encrypted instead: what reads each, and which could be ExternalSecrets
    ///
    /// No value is read. The formats are text and json.
    #[arg(long)]
    secrets: bool,
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings by severity and reason code
    Text,
    /// Findings as JSON
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands of GitHub Actions, shown at the lines of a pull request
    Github,
}

/// What the clusters cannot take of this tree, by the branches that they follow. A branch that has this very tree
/// takes it. One that cannot be read says nothing; another finding says that.
fn against_branches(start: &Start, git: &WorkTree, view: &View) -> Vec<Finding> {
    let is_checked_out =
        |base: &Base| git.repository().head().is_ok_and(|head| head.id == base.id) && is_clean(git, view);
    let mut opened: BTreeMap<String, Option<View>> = BTreeMap::new();
    let mut findings = Vec::new();
    for cluster in view.graph().clusters.iter() {
        let Some(Followed::Here(branch)) = view.followed().and_then(|followed| followed.of(cluster)) else { continue };
        let open = || {
            let base = git.repository().followed(branch).ok().filter(|base| !is_checked_out(base))?;
            Some(opened_commit(start, git.repository(), &base, Some(view)).ok()?.1)
        };
        // Several clusters may follow one branch.
        let followed = opened.entry(branch.reference.clone()).or_insert_with(open);
        findings.extend(followed.iter().flat_map(|followed| doctor::compare(view, followed, &cluster.name)));
    }
    findings
}

/// `doctor --secrets`: what there is of encrypted files. It is no verdict.
fn secrets(view: &View, format: Format) -> anyhow::Result<Outcome> {
    let inventory = inventory(view);
    let text = match format {
        Format::Text => for_log(&secrets_as_text(&inventory, &layout())).into_owned(),
        Format::Json => json(&secrets_as_json(&inventory))?,
        Format::Sarif | Format::Github => bail!("--secrets prints text or json only"),
    };
    page(&text)?;
    Ok(Outcome::Clean)
}

/// `doctor`: all findings about the tree. Notes alone are clean.
pub(super) fn run(start: &Start, args: &DoctorArgs) -> anyhow::Result<Outcome> {
    let Opened { place, settings, view } = Opened::of(start)?;
    if args.secrets {
        return secrets(&view, args.format);
    }
    let view = view.into_whole();
    let mut findings = doctor::examine(&view);
    findings.retain(|finding| !(settings.doctor.keeps_waits && finding.code == doctor::codes::WAITS));
    if let Some(git) = &place.git {
        findings.extend(against_branches(start, git, &view));
    }
    let known: BTreeSet<_> = findings.iter().map(|finding| (finding.path.clone(), finding.line)).collect();
    let about_tree = plan::about_tree(&view).into_iter();
    findings.extend(about_tree.filter(|finding| !known.contains(&(finding.path.clone(), finding.line))));
    findings.extend(plan::about_clusters(&view));
    findings.extend(plan::clusters_elsewhere(&view));
    findings.extend(configuration::findings(&settings, &view));
    let scope = Scope::of(&view, &settings);
    let all = findings.len();
    findings.retain(|finding| scope.holds(finding));
    let left_out = all - findings.len();
    findings.extend(scope.findings());
    let text = match args.format {
        Format::Text => for_log(&findings_as_text(&findings, &view, &layout())).into_owned(),
        Format::Json => json(&findings_as_json(&findings))?,
        Format::Sarif => json(&findings_as_sarif(&findings))?,
        Format::Github => findings_as_github(&findings),
    };
    page(&text)?;
    match left_out {
        0 => {}
        1 => hint("note: 1 finding about files out of scope is left out (archives, or `exclude`)"),
        several => {
            hint(&format!("note: {several} findings about files out of scope are left out (archives, or `exclude`)"))
        }
    }
    if let Some(worst) = findings.iter().min_by_key(|finding| finding.severity) {
        next_step(&format!("Why something is reported: `flux-codemod explain {}`", worst.code));
    }
    Ok(Outcome::pending_if(findings.iter().any(|finding| finding.severity != Severity::Note)))
}
