use anyhow::bail;
use clap::{Args, Command, CommandFactory};
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
    print(&page(command)?)?;
    Ok(Outcome::Clean)
}

/// The page of a command. The synopsis of clap_mangen has all options without their values; the
/// usage of `--help` has what one types.
fn page(mut command: Command) -> anyhow::Result<String> {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace('-', "\\-");
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    let page = String::from_utf8(page)?;
    let lines = page.split_inclusive('\n');
    let mut is_synopsis = false;
    let lines = lines.map(|line| match std::mem::replace(&mut is_synopsis, line == ".SH SYNOPSIS\n") {
        true => format!("{usage}\n"),
        false => line.to_owned(),
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synopsis_is_what_one_types() {
        let mut program = Cli::command();
        program.build();
        let apply = page(program.find_subcommand("apply").unwrap().clone()).unwrap();
        assert!(
            apply.contains(".SH SYNOPSIS\nflux\\-codemod apply [OPTIONS] [MIGRATION]...\n.SH DESCRIPTION\n"),
            "{apply}"
        );
    }
}
