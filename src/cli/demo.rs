use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use include_dir::{Dir, include_dir};

use super::branch::{self, BranchArgs};
use super::context::Context;
use super::{Asked, Outcome, Start, diff, layout, print, print_text};
use crate::git::{self, Stage};
use crate::output::{list_as_text, plan_as_text, stat};

/// The example: the tree of a golden case, so that the demo shows what the tests check.
static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/golden/home-ops/before");

/// The release whose diff is shown in full; the chart creates a volume for it.
const SHOWN: &str = "media/jellyfin";

/// The migration that is walked through.
const FIRST: &str = "chart-ref";

/// The commits of the example.
const HISTORY: [Stage; 3] = [
    Stage {
        message: "flux: two clusters, and the repositories that they share",
        adds: &["kubernetes/*/flux", "kubernetes/shared"],
    },
    Stage { message: "edge: apps", adds: &["kubernetes/edge"] },
    Stage { message: "main: apps", adds: &["*"] },
];

/// The cluster that may break, and the branch that it follows.
const CLUSTER: &str = "edge";

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// A new or empty directory for it; without one, a temporary directory is used and removed
    #[arg(id = "into", value_name = "DIR")]
    into: Option<PathBuf>,
}

/// `demo`: creates the example repository and shows list, plan, diff, and branches with a merge on
/// it.
pub(super) fn run(start: &Path, args: &DemoArgs) -> anyhow::Result<Outcome> {
    let temporary;
    let into = args.into.as_ref().map(|into| if start == Path::new(".") { into.clone() } else { start.join(into) });
    let dir = match &into {
        Some(dir) => dir.as_path(),
        None => {
            temporary = tempfile::tempdir().context("a temporary directory cannot be created")?;
            temporary.path()
        }
    };
    make(dir)?;
    let kept = into.as_deref().map(Path::display);
    let home = kept.as_ref().map_or_else(|| "home-ops".to_owned(), ToString::to_string);
    let open = |asked: &Asked| Context::open(&Start { dir: dir.to_owned(), config: None }, asked);
    let (whole, first) = (Asked::default(), Asked { migrations: vec![FIRST.to_owned()], ..Asked::default() });
    let roadmap = Context::everywhere(&Start { dir: dir.to_owned(), config: None })?;
    let edge = Asked { base: Some(CLUSTER.to_owned()), cluster: vec![CLUSTER.to_owned()], ..first.clone() };
    let context = open(&first)?;
    let layout = layout();

    let heading = |command: &str, about: &str| {
        let blank = if about.starts_with('\n') { "\n" } else { "" };
        let about = format!("{blank}{}", layout.fold("", about.trim_start()));
        print(&format!("{about}\n\n$ flux-codemod -C {home} {command}\n"))
    };
    heading("list", "An example home-ops repository: two clusters, each of which follows its own git branch.")?;
    let all = roadmap.select(&whole)?;
    print_text(&list_as_text(&roadmap.view, &roadmap.plan, &all, &roadmap.promotion, &roadmap.migrations, &layout))?;

    heading(
        &format!("plan {FIRST} --cluster {CLUSTER} --base {CLUSTER} -v"),
        "\nWhat would be done on the first cluster, on the branch that it follows. main waits for it.",
    )?;
    let there = open(&edge)?;
    let selection = there.select(&edge)?;
    let batches = there.batches(&edge, &selection)?;
    let findings = there.findings_for(&edge, &selection);
    let planned = there.planned(&selection, &batches, &findings);
    print_text(&plan_as_text(&planned, &layout))?;

    let one = Asked { release: vec![SHOWN.to_owned()], no_gate: true, ..first.clone() };
    heading(
        &format!("diff {FIRST} --no-gate --release {SHOWN}"),
        "\nThe diff of a release of main, with the source that it needs; --no-gate does not wait for edge. `git apply` accepts it.",
    )?;
    let (_, mut changes) = context.land(&context.select(&one)?)?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    print(&diff::shown(&changes))?;

    let all = Asked { no_gate: true, ..first.clone() };
    heading(&format!("diff {FIRST} --no-gate --stat"), "\nThe whole change of both clusters, by file.")?;
    let (_, mut changes) = context.land(&context.select(&all)?)?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    print_text(&stat(&changes))?;

    let one = Asked { release: vec![SHOWN.to_owned()], no_gate: true, ..whole };
    heading(
        &format!("diff --no-gate --release {SHOWN}"),
        "\nBoth migrations of phase 3 for a release whose volume the chart creates: without the suffix, 4.x would create a new, empty one.",
    )?;
    let (_, mut changes) = roadmap.land(&roadmap.select(&one)?)?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let (_, name) = SHOWN.split_once('/').unwrap_or_default();
    changes.retain(|change| change.path.as_str().contains(name));
    print(&diff::shown(&changes))?;

    heading(
        &format!("branch {FIRST} --cluster {CLUSTER}"),
        "\nThe same as commits: a branch for each batch, stacked on the branch that the cluster follows. The work tree is not touched.",
    )?;
    let start = Start { dir: dir.to_owned(), config: None };
    let only = Asked { cluster: vec![CLUSTER.to_owned()], ..first };
    branch::run(&start, &BranchArgs::unsigned(only.clone()))?;

    let sources = format!("flux-codemod/{CLUSTER}/{FIRST}/10-sources-flux-system");
    let text = "\nThe first batch is merged, as a pull request would do, and the command runs again: the merged branch is removed, the others stay.";
    print(&format!("\n{}\n\n$ git fetch . {sources}:{CLUSTER}\n", layout.fold("", text.trim_start())))?;
    git::fast_forward(dir, CLUSTER, &sources)?;
    print(&format!("$ flux-codemod -C {home} branch {FIRST} --cluster {CLUSTER}\n"))?;
    branch::run(&start, &BranchArgs::unsigned(only))?;

    let next = match kept {
        Some(dir) => {
            format!(
                "The repository is in {dir}: try `flux-codemod -C {dir} apply --cluster main`, which asks; or `git -C {dir} log --stat --all`."
            )
        }
        None => "To keep the repository and try `apply` in it: `flux-codemod demo DIR`.".to_owned(),
    };
    print(&format!("\n{}\n", layout.fold("", &next)))?;
    Ok(Outcome::Clean)
}

fn make(dir: &Path) -> anyhow::Result<()> {
    let exists = dir.exists();
    if exists && (!dir.is_dir() || dir.read_dir()?.next().is_some()) {
        bail!("{} exists and is not empty; name a new directory", dir.display());
    }
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be created", dir.display()))?;
    EXAMPLE.extract(dir).with_context(|| format!("the example cannot be written to {}", dir.display()))?;
    Ok(git::init_example(dir, &HISTORY, &[CLUSTER])?)
}
