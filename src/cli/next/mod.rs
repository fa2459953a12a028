//! `next`: where each batch is, and what comes next, from refs alone.

pub(super) mod commands;
mod standing;

use std::ffi::OsStr;
use std::io::{IsTerminal as _, Write as _};
use std::process::{self, Stdio};

use anyhow::{Context as _, bail};
use clap::Args;

use super::ask::{Asking, Choice};
use super::branch::{self, BranchArgs, Planned};
use super::context::{registry_of_commit, repository};
use super::judge::judge;
use super::{Asked, Outcome, Proof, Start, hint, layout, print, print_text};
use crate::git::Repository;
use crate::output::{NextCommand, journey_as_text};
use crate::programs::{absolute_path, on_path};
pub(super) use standing::{journey, merged, places};

#[derive(Debug, Args)]
pub(super) struct NextArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// Run the commands one by one, asking before each
    #[arg(long)]
    run: bool,
    /// With --run: do not ask
    #[arg(long, requires = "run")]
    yes: bool,
    /// Do not sign commits, whatever git is configured to do
    #[arg(long)]
    no_sign: bool,
}

/// `next`: shows the journey of the first migration that is not done, or of those that are named.
pub(super) fn run(start: &Start, args: &NextArgs) -> anyhow::Result<Outcome> {
    if args.run && !args.yes && !std::io::stdin().is_terminal() {
        bail!("next --run asks before each command, so it needs a terminal; --yes runs them without asking");
    }
    if args.run {
        fetch(&repository(start)?, args.yes)?;
    }
    let git = repository(start)?;
    let typed = args.asked.resolved();
    let mut asked = typed.clone();
    let judge = judge(start, &args.proof)?;
    // One dimension at a time: the first migration of the roadmap that has something to do.
    let candidates = match asked.migrations.is_empty() {
        true => {
            let all = registry_of_commit(start, &git, &asked)?.all();
            all.iter().map(|migration| vec![migration.meta().id.to_owned()]).collect()
        }
        false => vec![asked.migrations.clone()],
    };
    let is_asked = !asked.migrations.is_empty();
    let (mut found, mut idle) = (None, None);
    for migrations in candidates {
        asked.migrations = migrations;
        let planned = Planned::of(start, &git, &asked, idle.take(), judge.as_ref())?;
        if is_asked || planned.has_something(&asked)? {
            found = Some(planned);
            break;
        }
        idle = Some(planned);
    }
    let Some(planned) = found else {
        print_text("nothing is pending on any cluster\n")?;
        hint("`flux-codemod list` shows what is to review or refused");
        return Ok(Outcome::Clean);
    };
    let branch_args = BranchArgs::of(asked.clone(), args.proof.clone(), args.no_sign);
    let prepared = planned.prepared(&git, &asked, &branch_args)?;
    let journey = journey(&git, &prepared, &asked, &typed)?;
    print_text(&journey_as_text(&journey, &layout()))?;
    let commands = journey.next.iter().filter(|command| !matches!(command, NextCommand::Other { .. }));
    let commands: Vec<&NextCommand> = commands.filter(|_| args.run).collect();
    for command in &commands {
        if !args.yes && !confirm(&command.shown().replace("\\\n", " "), "stop here")? {
            hint("stopped; `flux-codemod next` shows what is left");
            return Ok(Outcome::Clean);
        }
        if matches!(command, NextCommand::Branch { .. }) {
            // What others have committed stays.
            let keeping = BranchArgs::of(asked.clone(), args.proof.clone(), args.no_sign).keeping_edited();
            branch::make_shown(&git, &planned.prepared(&git, &asked, &keeping)?, &keeping)?;
        } else {
            execute(&git, &planned, &asked, command)?;
        }
    }
    if !commands.is_empty() {
        hint("when the pull request is merged, and what it changed is Ready: run the same command again");
    }
    Ok(Outcome::Clean)
}

/// Fetches what was merged since the last time, after asking.
fn fetch(git: &Repository, yes: bool) -> anyhow::Result<()> {
    const COMMAND: [&str; 3] = ["fetch", "--all", "--prune"];
    if git.has_remote() && (yes || confirm("git fetch --all --prune", "go on with what was fetched before")?) {
        run_program("git", &["-C".as_ref(), git.place().as_os_str()], &COMMAND, None)?;
    }
    Ok(())
}

/// Asks before a command; only `y` runs it.
fn confirm(command: &str, otherwise: &'static str) -> anyhow::Result<bool> {
    let choices = [Choice::new('y', "yes", "run it"), Choice::new('n', "no", otherwise)];
    let Some(mut asking) = Asking::on_terminal() else { return Ok(false) };
    asking.say(&format!("run `{command}`"))?;
    Ok(asking.choose("[y/N]", &choices, Some('n'))? == Some('y'))
}

/// Runs a command that is not ours.
fn execute(git: &Repository, planned: &Planned, asked: &Asked, command: &NextCommand) -> anyhow::Result<()> {
    match command {
        NextCommand::Push { remote, branch, again, .. } => {
            let lease: &[&str] = if *again { &["--force-with-lease"] } else { &[] };
            let full = format!("refs/heads/{branch}");
            let arguments = [&["push"], lease, &["--", remote, &full]].concat();
            run_program("git", &["-C".as_ref(), git.place().as_os_str()], &arguments, None)
        }
        NextCommand::PullRequest { base, branch, title, batch, link, .. } => {
            let body = planned.body(asked, batch)?;
            if on_path("gh").next().is_none() {
                let place = link.clone().unwrap_or_else(|| format!("open a pull request from {branch} into {base}"));
                hint(&format!("gh is not on the PATH: {place}; title: {title}"));
                return print(&body);
            }
            let arguments = ["pr", "create", "--base", base, "--head", branch, "--title", title, "--body-file", "-"];
            run_program("gh", &[], &arguments, Some(&body))
        }
        NextCommand::Branch { .. } | NextCommand::Other { .. } => Ok(()),
    }
}

/// Runs a program of the PATH in the repository; it may ask for a password.
fn run_program(name: &str, before: &[&OsStr], arguments: &[&str], input: Option<&str>) -> anyhow::Result<()> {
    let Some(program) = on_path(name).next() else { bail!("{name} is not on the PATH") };
    let mut command = process::Command::new(program);
    command.args(before).args(arguments).env("PATH", absolute_path());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::inherit() });
    let mut child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(text.as_bytes()).with_context(|| format!("{name} does not read its input"))?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{name} {} failed; nothing after it was run", arguments.first().unwrap_or(&""));
    }
    Ok(())
}
