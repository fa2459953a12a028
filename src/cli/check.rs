use clap::{Args, ValueEnum};

use super::context::Context;
use super::plan::{Format, shown};
use super::{Asked, Outcome, Start, hint, print};
use crate::output::{findings_as_github, findings_as_sarif};
use crate::plan::{self, Plan, Severity};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    asked: Asked,
    /// How to show what is left
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands of GitHub Actions, which it shows beside the lines of a pull request
    Github,
}

/// `check`: the plan where something is left, else only what is wrong whatever is planned; or all that there is to say, as findings.
pub(super) fn run(start: &Start, args: &CheckArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.understood();
    let context = Context::open(start, &asked)?;
    let selection = context.select(&asked)?;
    let findings = || plan::as_findings(&context.view, &context.plan, &selection);
    let text = match args.format {
        CheckFormat::Text if selection.is_clean() => {
            hint("nothing is pending");
            tell_warnings(&context.plan);
            String::new()
        }
        CheckFormat::Text => shown(&context, &asked, &selection, Format::Text)?,
        CheckFormat::Json => shown(&context, &asked, &selection, Format::Json)?,
        CheckFormat::Github => findings_as_github(&findings()),
        CheckFormat::Sarif => {
            format!("{:#}\n", findings_as_sarif(&findings()))
        }
    };
    print(&text)?;
    Ok(Outcome::pending_if(!selection.is_clean()))
}

/// What is not pending and still wrong, such as an opt-out that skips nothing.
fn tell_warnings(plan: &Plan) {
    for finding in plan.findings.iter().filter(|finding| finding.severity < Severity::Note) {
        let place = finding.place().map(|place| format!(" ({place})")).unwrap_or_default();
        hint(&format!("{}[{}]: {}{place}", finding.severity.word(), finding.code.id, finding.message));
    }
}
