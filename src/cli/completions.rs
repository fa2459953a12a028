use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, Outcome, print};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// `completions`: a script to source, or to install where the shell looks for completions.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "flux-codemod", &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(Outcome::Clean)
}
