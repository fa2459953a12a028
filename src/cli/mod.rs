//! The command line: one file a verb, thin over the library. The only place that knows anyhow.

mod apply;
mod branch;
mod check;
mod completions;
mod configuration;
mod context;
mod demo;
mod diff;
mod doctor;
mod explain;
mod init;
mod judge;
mod list;
mod man;
mod plan;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};

use crate::output::{Layout, visible, visible_line};
use crate::plan::Selectors;

/// Rewrites Flux GitOps repositories from one convention to the next.
///
/// Every change is shown before it is written, every edit is proven by two YAML parsers, and what is not certain is refused with a
/// reason. Works as a Flux plugin, too: `flux codemod diff`.
#[derive(Debug, Parser)]
#[command(name = "flux-codemod", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 clean or done; 1 something in scope is pending, held or refused, or a diff was printed; 2 wrong usage or an error.")]
struct Cli {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// Read the configuration from FILE instead of .flux-codemod.yaml
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the clusters with the branches that they follow, and what is pending where
    List,
    /// Show what would be done: units, safety, impact, findings
    Plan(plan::PlanArgs),
    /// Print the diff of what would be written, as git would
    Diff(diff::DiffArgs),
    /// Write it to the work tree
    ///
    /// Inside a git repository a journal under the git directory makes it all or nothing: the run after an interrupted one rolls back
    /// first. Nothing is committed.
    Apply(apply::ApplyArgs),
    /// Commit each batch to a branch of its own
    ///
    /// Planned from the branch that each cluster follows, never from the work tree, and stacked in the order in which they are to be merged. Neither
    /// work tree nor index nor HEAD is touched, nothing is pushed, and no hook of git is run. Run it again at any time: what is merged vanishes,
    /// the rest is made anew where its base has moved.
    #[command(mut_arg("migrations", |arg| arg.help("The migrations; several are stacked in the order of the roadmap")))]
    Branch(branch::BranchArgs),
    /// For CI: say what is left to do, and exit with 1 if there is anything
    ///
    /// Builds are proven natively here; kustomize is asked by plan, diff, apply and branch.
    Check(check::CheckArgs),
    /// Is the tree sound? Say what Flux or Kustomize would stumble over, and what puts data at risk
    ///
    /// Exits with 1 if there is an error or a warning. `# flux-codemod: skip[CODE] reason` opts a place out.
    Doctor(doctor::DoctorArgs),
    /// Explain a reason code, or print the runbook of a migration
    Explain(explain::ExplainArgs),
    /// Write a commented .flux-codemod.yaml from what the tree shows
    Init,
    /// Make the example repository and walk through it
    Demo(demo::DemoArgs),
    /// Print what a shell needs to complete commands and options
    Completions(completions::CompletionsArgs),
    /// Print the manual page of the program, or of a command, for man(1)
    Man(man::ManArgs),
}

/// Which migrations, and which of their units.
#[derive(Clone, Debug, Default, Args)]
struct Asked {
    /// The migrations, all of them if none is named
    #[arg(value_name = "MIGRATION", value_parser = migration_names())]
    migrations: Vec<String>,
    /// Only units that change objects of these clusters
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    cluster: Vec<String>,
    /// Only these releases, with what they need: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    release: Vec<String>,
    /// Only units about releases and objects in these namespaces, with what they need
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    namespace: Vec<String>,
    /// Only units that touch these files or directories, from the root of the repository; globs allowed
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    path: Vec<String>,
    /// Only these batches, with what they need: 30-deployments-media, or edge/30-deployments-media
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    batch: Vec<String>,
    /// Plan on this commit or branch instead of the work tree
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// Also units that a person should look at first
    #[arg(long)]
    review: bool,
}

impl Asked {
    /// As the arguments are meant: `--cluster edge chart-ref` names a cluster and a migration, though the option could take both.
    fn understood(&self) -> Asked {
        let mut asked = self.clone();
        let is_migration = |name: &str| crate::migrations::all().iter().any(|migration| migration.meta().id == name);
        for list in [&mut asked.cluster, &mut asked.release, &mut asked.namespace, &mut asked.path, &mut asked.batch] {
            let (migrations, rest) = list.drain(..).partition(|name| is_migration(name));
            *list = rest;
            asked.migrations.extend::<Vec<String>>(migrations);
        }
        asked
    }

    fn selectors(&self) -> Selectors {
        Selectors {
            clusters: self.cluster.clone(),
            releases: self.release.clone(),
            namespaces: self.namespace.clone(),
            paths: self.path.clone(),
            batches: self.batch.clone(),
            review: self.review,
        }
    }
}

fn migration_names() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::migrations::all().iter().map(|migration| migration.meta().id))
}

/// What proves builds, beside the native proof.
#[derive(Clone, Debug, Default, Args)]
struct Proof {
    /// Prove builds with the kustomize or kubectl at PATH; `none` for neither [default: the first one on the PATH]
    ///
    /// Asked only about migrations that promise that builds stay as they are. It reaches neither network nor cluster. Without this option
    /// the environment variable FLUX_CODEMOD_KUSTOMIZE counts, which says the same.
    #[arg(long, value_name = "PATH")]
    kustomize: Option<PathBuf>,
}

/// Where a command starts, and what tells it more.
#[derive(Clone, Debug)]
struct Start {
    /// The directory.
    dir: PathBuf,
    /// The configuration, if it is not the one of the tree.
    config: Option<PathBuf>,
}

impl Start {
    /// The file of `--config`, seen from the directory.
    fn config(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|file| self.dir.join(file))
    }
}

/// An error whose lines are laid out already, such as a piece of a file with a place marked in it.
#[derive(Debug)]
struct LaidOut(String);

impl std::error::Error for LaidOut {}

impl fmt::Display for LaidOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a command comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing is left to do in what was asked for.
    Clean,
    /// Something is.
    Pending,
}

impl Outcome {
    fn pending_if(pending: bool) -> Outcome {
        if pending { Outcome::Pending } else { Outcome::Clean }
    }
}

/// Parses the arguments, runs the command, and gives its exit code.
pub fn main() -> ExitCode {
    // clap exits by itself, with 0 for help and 2 for mistakes.
    let cli = Cli::parse();
    match cli.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    match run(&cli) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Pending) => ExitCode::from(1),
        Err(error) if error.is::<LaidOut>() => {
            let lines = error.to_string().lines().map(|line| format!("{}\n", visible_line(line))).collect::<String>();
            let _ = write!(anstream::stderr(), "{lines}");
            ExitCode::from(2)
        }
        Err(error) => {
            let message = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
            hint(&format!("error: {message}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let start = Start { dir: cli.dir.clone().unwrap_or_else(|| PathBuf::from(".")), config: cli.config.clone() };
    match &cli.command {
        Command::List => list::run(&start),
        Command::Plan(args) => plan::run(&start, args),
        Command::Diff(args) => diff::run(&start, args),
        Command::Apply(args) => apply::run(&start, args),
        Command::Branch(args) => branch::run(&start, args),
        Command::Check(args) => check::run(&start, args),
        Command::Doctor(args) => doctor::run(&start, args),
        Command::Explain(args) => explain::run(args),
        Command::Init => init::run(&start),
        Command::Demo(args) => demo::run(&start.dir, args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// The result, to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough; what the command comes to is the same.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Anything that is not the result, to standard error, folded, and with nothing in it that a terminal would obey.
fn hint(text: &str) {
    let layout = Layout::for_terminal(terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0.into()));
    // A command is to be copied: it stays on its line.
    let is_command = |line: &str| line.starts_with("    ");
    let lines =
        text.split('\n').map(|line| if is_command(line) { visible(line).into_owned() } else { layout.fold("", line) });
    let text = lines.collect::<Vec<_>>().join("\n");
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn layout() -> Layout {
    Layout::for_terminal(terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
