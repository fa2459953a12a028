use clap::{Args, ValueEnum};

use super::context::Context;
use super::{Asked, Outcome, Start, hint, json, layout, page};
use crate::output::{check_as_text, findings_as_github, findings_as_sarif, for_log, plan_as_json};
use crate::plan::{self, Plan, Severity};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    asked: Asked,
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: CheckFormat,
    /// Exit with 1 also if something is only held for an earlier cluster
    #[arg(long, value_name = "STATE")]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// What waits for an earlier cluster
    Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// What is pending, for review or refused, and how many of each
    Text,
    /// The plan as JSON, as `plan --format json` prints it
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands of GitHub Actions, shown at the lines of a pull request
    Github,
}

/// `check`: what makes it fail as text, the whole plan as JSON, or everything as findings.
pub(super) fn run(start: &Start, args: &CheckArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.resolved();
    let context = Context::open(start, &asked)?;
    let selection = context.select(&asked)?;
    let findings = || plan::as_findings(&context.view, &context.plan, &selection);
    let text = match args.format {
        CheckFormat::Text => for_log(&check_as_text(&context.view, &selection, &layout())).into_owned(),
        CheckFormat::Json => {
            let batches = context.batches(&asked, &selection)?;
            json(&plan_as_json(&context.planned(&selection, &batches, &[])))?
        }
        CheckFormat::Github => findings_as_github(&findings()),
        CheckFormat::Sarif => json(&findings_as_sarif(&findings()))?,
    };
    page(&text)?;
    if args.format == CheckFormat::Text && selection.is_clean() {
        hint("nothing is pending");
    }
    if args.format == CheckFormat::Text {
        report_warnings(&context.plan);
        if !selection.is_clean() {
            hint("`flux-codemod plan -v` shows the details");
        }
    }
    let held_counts = args.fail_on == Some(FailOn::Held) && !selection.held.is_empty();
    Ok(Outcome::pending_if(!selection.is_clean() || held_counts || context.matches_nothing()))
}

/// Findings that do not make `check` fail, such as an opt-out that skips nothing.
fn report_warnings(plan: &Plan) {
    for finding in plan.findings.iter().filter(|finding| finding.severity < Severity::Note) {
        let place = finding.place().map(|place| format!(" ({place})")).unwrap_or_default();
        hint(&format!("{}[{}]: {}{place}", finding.severity, finding.code, finding.message));
    }
}
