use anyhow::bail;
use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Outcome, print};
use crate::text::nearest;

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command; without it, the page of the program
    #[arg(id = "of", value_name = "COMMAND")]
    of: Option<String>,
}

/// `man`: a page as roff; `flux-codemod man | man -l -` displays it.
pub(super) fn run(args: &ManArgs) -> anyhow::Result<Outcome> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let command = match &args.of {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let names = program.get_subcommands().map(|command| (command.get_name(), command.get_name()));
                let near = nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                bail!("there is no command `{name}`{near}")
            }
        },
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    print(&String::from_utf8(page)?)?;
    Ok(Outcome::Clean)
}
