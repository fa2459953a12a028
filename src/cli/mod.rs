//! The command line: one file for each command, thin over the library. The only place that uses
//! anyhow.

mod apply;
mod ask;
mod branch;
mod check;
mod completing;
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
mod new_file;
mod next;
#[cfg(test)]
mod order_tests;
mod pager;
mod plan;
mod progress;
mod promotion;
mod recipe;
mod recipes;
mod timings;
mod verify;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

use crate::output::{Layout, escaped_json, for_log, visible, visible_line};
use crate::plan::{Meta, Selectors, Severity};
use crate::text::shell;

/// The version, of a release with its commit: `packaging/build` knows it, and a build from a directory does not.
const VERSION: &str = match option_env!("FLUX_CODEMOD_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Migrates Flux GitOps repositories from one convention to another.
///
/// Every change is shown before it is written, every edit is proven by two YAML parsers, and what
/// is not certain is refused with a reason. Linked into ~/.fluxcd/plugins (or $FLUXCD_PLUGINS), it is
/// also a plugin of Flux 2.9: `flux codemod diff`.
#[derive(Debug, Parser)]
#[command(name = "flux-codemod", version = VERSION, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 done; 1 from `diff` if there is one, from `check` if something is pending, for review or refused, from `verify` if a commit is not as this program writes it, from `doctor` if there is an error or a warning, and from `plan --exit-code`; 2 wrong usage or an error.")]
struct Cli {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// Read the configuration from FILE instead of .flux-codemod.yaml
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// When to use colors
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    color: Color,
    /// Show no progress, and of a plan only the totals
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say on standard error what time was spent on
    #[arg(long, global = true)]
    timings: bool,
    /// Use no pager for what does not fit on the terminal [env: PAGER, else less]
    #[arg(long, global = true)]
    no_pager: bool,
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
    /// Show the clusters, the branches that they follow, and what is pending on which cluster
    List(list::ListArgs),
    /// Show what would be done: units, safety, impact, findings
    Plan(plan::PlanArgs),
    /// Print the diff of what would be written, in the format of git
    Diff(diff::DiffArgs),
    /// Write the changes to the work tree
    ///
    /// On a terminal, it shows what would be written and asks. Files with uncommitted changes, and
    /// clusters that follow another branch than the one checked out, are refused. Inside a git
    /// repository, a journal in the git directory makes it all or nothing: if a run is killed, the
    /// next one rolls it back first. Nothing is committed.
    Apply(apply::ApplyArgs),
    /// Commit each batch to a separate branch
    ///
    /// Each cluster is planned on the branch that it follows, never on the work tree. The branches
    /// are stacked in the order in which to merge them. Work tree, index and HEAD are not touched,
    /// nothing is pushed, and no git hook runs. Run it again at any time: merged branches are
    /// removed, and the others are made again if their base has moved.
    #[command(mut_arg("migrations", |arg| arg.help("The migrations; several are stacked in the order of the roadmap")))]
    Branch(branch::BranchArgs),
    /// Show which batches are made, pushed and merged, and what comes next
    ///
    /// Looks at branches alone: which batches have a branch, which are pushed, and which are merged,
    /// however they were merged. Fetch first. Without a migration, the first one of the roadmap that
    /// is not done. --run fetches, and runs the commands, asking before each; `gh` is used if it is on
    /// the PATH.
    #[command(mut_arg("migrations", |arg| arg.help("The migrations [default: the first that is not done]")))]
    Next(next::NextArgs),
    /// Exit with 1 if any migration is pending (for CI)
    ///
    /// Prints what is pending, for review or refused; what only waits is printed and is no failure. Builds are compared without kustomize, which
    /// only plan, diff, apply and branch use.
    Check(check::CheckArgs),
    /// Exit with 1 if a commit is not what this program writes
    ///
    /// Plans again on the commit before each, and compares every byte; a bot can merge what passes.
    /// What a commit says of itself is only where to look.
    Verify(verify::VerifyArgs),
    /// Check the repository for problems Flux or Kustomize would hit
    ///
    /// Also reports what puts data at risk. Exits with 1 if there is an error or a warning.
    /// `# flux-codemod: skip[CODE] reason` opts a place out.
    Doctor(doctor::DoctorArgs),
    /// Explain a migration, a recipe, a reason code or a word; without a name, list them
    Explain(explain::ExplainArgs),
    /// Write a commented .flux-codemod.yaml with the current settings
    ///
    /// Also writes its JSON Schema to .flux-codemod/config-1.schema.json, which the first line names
    /// for editors.
    Init(init::InitArgs),
    /// Write, try and describe recipes: migrations of your own, in YAML
    Recipe(recipe::RecipeArgs),
    /// Create an example repository and walk through it
    Demo(demo::DemoArgs),
    /// Print shell completions
    Completions(completions::CompletionsArgs),
    /// Print the manual page of the program or of a command, for man(1)
    Man(man::ManArgs),
}

/// The selected migrations, and the selected units of these.
#[derive(Clone, Debug, Default, Args)]
struct Asked {
    /// The migrations and recipes; without a name, all (`flux-codemod explain` lists them)
    #[arg(value_name = "MIGRATION", value_parser = Names, hide_possible_values = true, add = completing::migrations())]
    migrations: Vec<String>,
    /// Only units that change objects of these clusters
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', add = completing::clusters())]
    cluster: Vec<String>,
    /// Only these releases and what they need: NAME or NAMESPACE/NAME
    #[arg(short, long, value_name = "NAME", num_args = 1.., value_delimiter = ',', add = completing::releases())]
    release: Vec<String>,
    /// Only units for releases and objects in these namespaces, and what they need
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', add = completing::namespaces())]
    namespace: Vec<String>,
    /// Only units about these objects, under their old or new name: KIND/NAMESPACE/NAME
    #[arg(long, value_name = "OBJECT", num_args = 1.., value_delimiter = ',')]
    object: Vec<String>,
    /// Only units that change these files or directories: paths or globs, from the root of the
    /// repository
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    path: Vec<String>,
    /// Only these batches and what they need: 30-deployments-media, or edge/30-deployments-media
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', add = completing::batches())]
    batch: Vec<String>,
    /// Plan on this commit or branch instead of the work tree
    #[arg(long, value_name = "REF", add = completing::branches())]
    base: Option<String>,
    /// Include units marked `review`
    #[arg(long)]
    review: bool,
    /// Include what waits for an earlier cluster; commits say so
    #[arg(long)]
    no_gate: bool,
    /// Also run the recipe in this file
    #[arg(long, value_name = "FILE")]
    recipe: Vec<PathBuf>,
    /// Say that what the gate of a stage asks for is done: NAME/STAGE
    #[arg(long, value_name = "STAGE", num_args = 1.., value_delimiter = ',')]
    confirm: Vec<String>,
    /// Whether what no cluster applies is asked for beside clusters.
    #[arg(skip)]
    unreached: bool,
    /// Whether each release is in a batch of its own.
    #[arg(skip)]
    one_app_each: bool,
}

impl Asked {
    /// The arguments as they are meant: `--cluster edge chart-ref` names a cluster and a migration,
    /// although the option takes several names. Migrations and batches are called as they are now.
    fn resolved(&self) -> Asked {
        let mut asked = self.clone();
        let is_migration = |name: &str| called(name).is_some() || built_in_names().any(|known| known == name);
        let mut found = Vec::new();
        let Asked { cluster, release, namespace, object, path, batch, confirm, .. } = &mut asked;
        for list in [cluster, release, namespace, object, path, batch, confirm] {
            let (migrations, rest): (Vec<String>, Vec<String>) = list.drain(..).partition(|name| is_migration(name));
            *list = rest;
            found.extend(migrations);
        }
        asked.migrations.extend(found);
        for name in &mut asked.migrations {
            called(name).iter().for_each(|meta| meta.id.clone_into(name));
        }
        asked.batch.iter_mut().for_each(|name| *name = batch_called_now(name));
        asked
    }

    /// Whether less than everything may be selected.
    fn is_part(&self) -> bool {
        let Asked { cluster, release, namespace, object, path, batch, .. } = self;
        [cluster, release, namespace, object, path, batch].iter().any(|names| !names.is_empty())
    }

    /// The options of a command for these clusters, with what is included beside: as they are typed,
    /// each after a blank.
    fn options(&self, clusters: &[String]) -> String {
        let clusters: Vec<String> = clusters.iter().map(|name| shell(&visible(name))).collect();
        let mut options =
            if clusters.is_empty() { String::new() } else { format!(" --cluster {}", clusters.join(",")) };
        for (is_set, option) in [(self.review, " --review"), (self.no_gate, " --no-gate")] {
            if is_set {
                options.push_str(option);
            }
        }
        for file in &self.recipe {
            options.push_str(&format!(" --recipe {}", shell(&visible(&file.display().to_string()))));
        }
        if !self.confirm.is_empty() {
            options.push_str(&format!(" --confirm {}", shell(&visible(&self.confirm.join(",")))));
        }
        options
    }

    fn selectors(&self) -> Selectors {
        Selectors {
            clusters: self.cluster.clone(),
            releases: self.release.clone(),
            namespaces: self.namespace.clone(),
            objects: self.object.clone(),
            paths: self.path.clone(),
            batches: self.batch.clone(),
            review: self.review,
            held: self.no_gate,
            unreached: self.unreached,
        }
    }
}

/// The migration that is called so, or was.
fn called(name: &str) -> Option<&'static Meta> {
    crate::migrations::all().iter().map(|migration| migration.meta()).find(|meta| meta.is_called(name))
}

/// The name of a batch or branch (`lane/migration/name`), with its migration as that is called now.
fn batch_called_now(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    if let [_, .., migration, _] = parts.as_mut_slice()
        && let Some(meta) = called(migration)
    {
        *migration = meta.id;
    }
    parts.join("/")
}

/// The names of the migrations and of the built-in recipes.
fn built_in_names() -> impl Iterator<Item = &'static str> {
    let migrations = crate::migrations::all().iter().map(|migration| migration.meta().id);
    migrations.chain(crate::migrations::recipes::LIBRARY.iter().map(|(name, _)| *name))
}

/// Reads the name of a migration. Which recipes there are is only known once the repository is read;
/// completions know the built-in names.
#[derive(Clone, Copy, Debug)]
struct Names;

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(built_in_names().map(PossibleValue::new)))
    }
}

/// The program that builds both versions, in addition to the native proof.
#[derive(Clone, Debug, Default, Args)]
struct Proof {
    /// Compare builds with this kustomize or kubectl; `none` for neither [default: the first one on
    /// the PATH] [env: FLUX_CODEMOD_KUSTOMIZE]
    ///
    /// Only used for migrations that promise that builds stay the same. It reaches neither the
    /// network nor a cluster.
    #[arg(long, value_name = "PATH")]
    kustomize: Option<PathBuf>,
}

/// Where a command starts.
#[derive(Clone, Debug)]
struct Start {
    /// The directory.
    dir: PathBuf,
    /// The configuration file of `--config`, if it is given.
    config: Option<PathBuf>,
}

impl Start {
    /// The file of `--config`, relative to the directory.
    fn config(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|file| self.dir.join(file))
    }
}

/// An error whose lines must not be folded, such as an excerpt of a file with a place marked in it.
#[derive(Debug)]
struct LaidOut(String);

impl std::error::Error for LaidOut {}

impl fmt::Display for LaidOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The result of a command, for its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is done, or there is nothing to do.
    Clean,
    /// What it asks is true: there is a diff, or something is pending.
    Pending,
}

impl Outcome {
    fn pending_if(pending: bool) -> Outcome {
        if pending { Outcome::Pending } else { Outcome::Clean }
    }
}

/// Parses the arguments, runs the command, and gives its exit code.
pub fn main() -> ExitCode {
    if let Some(code) = completing::answered() {
        return code;
    }
    // clap exits by itself, with 0 for help and 2 for mistakes.
    let cli = Cli::parse();
    match cli.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    progress::allow(cli.quiet);
    pager::allow(cli.no_pager);
    let timings = cli.timings.then(timings::begin);
    let result = run(&cli);
    progress::end();
    if let Some(timings) = timings {
        let _ = write!(anstream::stderr(), "{}", timings.table());
    }
    match result {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Pending) => ExitCode::from(1),
        Err(error) if error.is::<LaidOut>() => {
            let lines = error.to_string().lines().map(|line| format!("{}\n", visible_line(line))).collect::<String>();
            let _ = write!(anstream::stderr(), "{}", for_log(&lines));
            ExitCode::from(2)
        }
        Err(error) => {
            let message = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
            hint(&format!("error: {message}"));
            let git = error.chain().find_map(|cause| cause.downcast_ref::<crate::git::GitError>());
            if let Some(command) = git.and_then(crate::git::GitError::command) {
                // It stays on one line, so that it can be copied.
                command_line(command);
            }
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let start = Start { dir: cli.dir.clone().unwrap_or_else(|| PathBuf::from(".")), config: cli.config.clone() };
    match &cli.command {
        Command::List(args) => list::run(&start, args),
        Command::Plan(args) => plan::run(&start, args, cli.quiet),
        Command::Diff(args) => diff::run(&start, args),
        Command::Apply(args) => apply::run(&start, args),
        Command::Branch(args) => branch::run(&start, args),
        Command::Next(args) => next::run(&start, args),
        Command::Check(args) => check::run(&start, args),
        Command::Verify(args) => verify::run(&start, args),
        Command::Doctor(args) => doctor::run(&start, args),
        Command::Explain(args) => explain::run(&start, args),
        Command::Init(args) => init::run(&start, args),
        Command::Recipe(args) => recipe::run(&start, args),
        Command::Demo(args) => demo::run(&start.dir, args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// The result, to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    progress::end();
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has closed the pipe; the result of the command is the same.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// A whole result, to standard output, with a pager if it does not fit on the terminal.
fn page(text: &str) -> anyhow::Result<()> {
    progress::end();
    if pager::has_shown(text) { Ok(()) } else { print(text) }
}

/// A whole result that is text for people, as [`page`] shows it.
fn page_text(text: &str) -> anyhow::Result<()> {
    page(&for_log(text))
}

/// A result that is text for people, to standard output.
fn print_text(text: &str) -> anyhow::Result<()> {
    print(&for_log(text))
}

/// Anything that is not the result, to standard error: one paragraph, folded, and escaped for
/// terminals and logs. A line break in it comes from the repository, and is shown as `\n`.
fn hint(text: &str) {
    progress::end();
    let layout = layout_of(&io::stderr());
    let folded = layout.fold("", text);
    let begins = |severity: &Severity| folded.starts_with(&format!("{severity}: "));
    let severity = [Severity::Error, Severity::Warning, Severity::Note].into_iter().find(begins);
    let shown = severity.map_or_else(|| folded.clone(), |severity| layout.severity(severity, &folded));
    // If standard error is closed, there is nothing left to do.
    let _ = writeln!(anstream::stderr(), "{}", for_log(&shown));
}

/// What to run next, for a person who reads standard error: on a terminal, and not with `-q`.
fn next_step(text: &str) {
    if progress::is_allowed() {
        hint(text);
    }
}

/// A command to copy, to standard error: on one line, however long.
fn command_line(command: &str) {
    let _ = writeln!(anstream::stderr(), "    {}", visible(command));
}

/// A document as JSON, indented.
fn json(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(format!("{}\n", escaped_json(&serde_json::to_string_pretty(document)?)))
}

fn layout() -> Layout {
    layout_of(&io::stdout())
}

#[cfg(unix)]
fn width_of(terminal: &impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(terminal).map(|(width, _)| width.0.into())
}

#[cfg(windows)]
fn width_of(terminal: &impl std::os::windows::io::AsHandle) -> Option<usize> {
    terminal_size::terminal_size_of(terminal).map(|(width, _)| width.0.into())
}

#[cfg(unix)]
fn layout_of(stream: &(impl RawStream + std::os::fd::AsFd)) -> Layout {
    Layout { colors: has_colors(stream), ..Layout::for_terminal(width_of(stream)) }
}

#[cfg(windows)]
fn layout_of(stream: &(impl RawStream + std::os::windows::io::AsHandle)) -> Layout {
    Layout { colors: has_colors(stream), ..Layout::for_terminal(width_of(stream)) }
}

fn has_colors(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn batches_are_called_as_their_migration_is_now() {
        for (typed, now) in [
            ("main/app-template-v4/10-sources", "main/app-template/10-sources"),
            ("flux-codemod/main/app-template-v4/10-sources", "flux-codemod/main/app-template/10-sources"),
            ("app-template-v4/10-sources", "app-template-v4/10-sources"),
            ("main/chart-ref/10-sources", "main/chart-ref/10-sources"),
        ] {
            assert_eq!(super::batch_called_now(typed), now);
        }
        assert_eq!(super::called("app-template-v4").map(|meta| meta.id), Some("app-template"));
    }
}
