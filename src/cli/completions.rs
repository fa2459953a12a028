use clap::Args;
use clap_complete::Shell;

use super::{Outcome, completing, print};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// `completions`: a script to source, or to install where the shell looks for completions.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    print(&completing::script(&args.shell.to_string())?)?;
    Ok(Outcome::Clean)
}
