use clap::Args;

use super::plan::{Format, planned};
use super::{Asked, Outcome, Start, hint, print};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    asked: Asked,
    /// How to show what is left
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// `check`: silent where nothing is left, else the plan.
pub(super) fn run(start: &Start, args: &CheckArgs) -> anyhow::Result<Outcome> {
    let (text, outcome) = planned(start, &args.asked, args.format)?;
    if outcome == Outcome::Pending || args.format == Format::Json {
        print(&text)?;
    } else {
        hint("nothing is pending");
    }
    Ok(outcome)
}
