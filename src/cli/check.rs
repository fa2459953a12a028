use clap::{Args, ValueEnum};

use super::context::Context;
use super::plan::{Format, planned};
use super::{Asked, Outcome, Start, hint, print};
use crate::output::{findings_as_github, findings_as_sarif};
use crate::plan;

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

/// `check`: silent where nothing is left, else the plan; or all that there is to say, as findings.
pub(super) fn run(start: &Start, args: &CheckArgs) -> anyhow::Result<Outcome> {
    let (text, outcome) = match args.format {
        CheckFormat::Text => planned(start, &args.asked, Format::Text)?,
        CheckFormat::Json => planned(start, &args.asked, Format::Json)?,
        CheckFormat::Sarif | CheckFormat::Github => found(start, args)?,
    };
    if outcome == Outcome::Pending || args.format != CheckFormat::Text {
        print(&text)?;
    } else {
        hint("nothing is pending");
    }
    Ok(outcome)
}

/// What is left, as findings in a format.
fn found(start: &Start, args: &CheckArgs) -> anyhow::Result<(String, Outcome)> {
    let asked = args.asked.understood();
    let context = Context::open(start, &asked)?;
    let selection = context.select(&asked)?;
    let findings = plan::as_findings(&context.view, &context.plan, &selection);
    let text = match args.format {
        CheckFormat::Github => findings_as_github(&findings),
        _ => format!("{:#}\n", findings_as_sarif(&findings, &plan::codes(&context.migrations))),
    };
    Ok((text, Outcome::pending_if(!selection.is_clean())))
}
