//! `demo`: the commands of a journey, typed on an example repository.

use std::path::{Path, PathBuf};

use anstyle::Style;
use anyhow::{Context as _, bail};
use clap::{Args, Parser as _};
use include_dir::{Dir, include_dir};

use super::{Cli, Outcome, layout, print, shell};
use crate::git::{self, Stage};

/// The example: the tree of a golden case, so that the demo shows what the tests check.
static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/golden/example/before");

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

/// A step of the demo.
#[derive(Debug)]
enum Step {
    /// A heading.
    Head(&'static str),
    /// A paragraph.
    Say(&'static str),
    /// A command of this program, as it is typed.
    Run(&'static str),
    /// All branches of a cluster are merged into the one that it follows, as pull requests would be.
    MergeAll(&'static str),
    /// A branch is merged into the one that is checked out.
    Merge(&'static str),
}

use Step::{Head, Merge, MergeAll, Run, Say};

const STEPS: &[Step] = &[
    Head("The repository"),
    Say("A made-up home: two clusters, each of which follows its own git branch. Apps list templates under \
         `resources`, name their charts by `spec.chart`, are on app-template 3.x, and state the same remediation \
         settings. This is what there is to do, and main waits for edge:"),
    Run("list"),
    Head("Edge, phase 2: templates become Components"),
    Say("The plan is made on the branch that the cluster follows."),
    Run("plan components --cluster edge --base edge"),
    Run("diff components --cluster edge --base edge --path kubernetes/edge"),
    Say("Each batch becomes a commit on a branch of its own. The work tree is not touched."),
    Run("branch components --cluster edge --no-sign"),
    Say("You merge these one by one, as pull requests, and watch the cluster. Here all of them are merged:"),
    MergeAll("edge"),
    Head("Edge, phase 3: chart sources and app-template"),
    Say("A release keeps its version at first. Then its values are converted, and it moves to 4.x."),
    Run("plan chart-ref app-template --cluster edge --base edge"),
    Run("diff chart-ref app-template --cluster edge --base edge --stat"),
    Run("branch chart-ref app-template --cluster edge --no-sign"),
    MergeAll("edge"),
    Head("Edge, phase 4: defaults at the root"),
    Say("What all releases state is stated once."),
    Run("plan remediation-defaults --cluster edge --base edge"),
    Run("diff remediation-defaults --cluster edge --base edge --release network/whoami"),
    Run("branch remediation-defaults --cluster edge --no-sign"),
    MergeAll("edge"),
    Head("Main: all phases"),
    Say("Edge has proven it. Its branch is merged, and with it what both clusters share. Now nothing is held:"),
    Merge("edge"),
    Run("list"),
    Say("A release whose volume the chart creates: without the suffix, 4.x would create a new, empty one."),
    Run("diff chart-ref app-template --release media/jellyfin --path kubernetes/main/apps/media"),
    Run("branch components chart-ref app-template remediation-defaults --cluster main --no-sign"),
    MergeAll("main"),
    Head("The end"),
    Run("check"),
];

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// A new or empty directory for it; without one, a temporary directory is used and removed
    #[arg(id = "into", value_name = "DIR")]
    into: Option<PathBuf>,
}

/// `demo`: creates the example repository, and takes it through all migrations, one cluster after the
/// other.
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
    let home = into.as_ref().map_or_else(|| "home-ops".to_owned(), |dir| shell(&dir.display().to_string()));
    let bold = Style::new().bold();
    let say = |text: &str| print(&format!("{}\n\n", layout().fold("", text)));
    for step in STEPS {
        match step {
            Head(text) => print(&format!("{bold}{text}{bold:#}\n\n"))?,
            Say(text) => say(text)?,
            Run(command) => {
                print(&format!("$ flux-codemod -C {home} {command}\n"))?;
                let words = command.split(' ').map(AsRef::as_ref);
                let typed = ["flux-codemod".as_ref(), "--no-pager".as_ref(), "-C".as_ref(), dir.as_os_str()];
                super::run(&Cli::try_parse_from(typed.into_iter().chain(words))?)?;
                print("\n")?;
            }
            MergeAll(cluster) => {
                let top = git::top_of(dir, &format!("flux-codemod/{cluster}/"))?;
                merge(dir, &home, cluster, &top)?;
            }
            Merge(branch) => merge(dir, &home, "main", branch)?,
        }
    }
    let next = match into {
        Some(_) => format!(
            "Nothing is pending any more. The repository is in {home}: `git -C {home} log --stat` has all commits. Back to \
             the beginning, to try the commands yourself: `git -C {home} reset --hard start` and \
             `git -C {home} branch --force edge start`. Then look at it: `flux-codemod -C {home} plan --no-gate --format html -o report.html`."
        ),
        None => "Nothing is pending any more. To keep the repository, and try the commands in it: \
                 `flux-codemod demo DIR`."
            .to_owned(),
    };
    print(&format!("{}\n", layout().fold("", &next)))?;
    Ok(Outcome::Clean)
}

/// Merges a branch into another one, and shows how one would.
fn merge(dir: &Path, home: &str, into: &str, branch: &str) -> anyhow::Result<()> {
    let command = match into {
        CLUSTER => format!("git -C {home} fetch . {branch}:{into}"),
        _ => format!("git -C {home} merge --ff-only {branch}"),
    };
    print(&format!("$ {command}\n\n"))?;
    Ok(git::fast_forward(dir, into, branch)?)
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
