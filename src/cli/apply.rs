use clap::Args;

use super::context::Context;
use super::{Asked, Outcome, Start, hint, print};
use crate::output::stat;
use crate::repo::{FileChange, write};

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    asked: Asked,
}

/// `apply`: writes what is chosen, tells what changed.
pub(super) fn run(start: &Start, args: &ApplyArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.understood();
    let context = Context::open(start, &asked.migrations)?;
    let selection = context.select(&asked)?;
    let (_, mut changes) = context.land(&selection)?;
    if changes.is_empty() {
        hint("nothing to write");
    } else {
        warn(&context, &changes);
        write(&context.root, context.journal.as_deref(), &changes)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        print(&stat(&changes))?;
        if context.git.is_some() {
            hint("written to the work tree; look at it with `git diff`, and commit it");
        }
    }
    context.tell_what_stays(&selection);
    Ok(Outcome::pending_if(selection.leaves_something()))
}

/// Tells what a person would want to have known before.
fn warn(context: &Context, changes: &[FileChange]) {
    let Some(git) = &context.git else {
        hint("note: this is no git repository, so files are written without a journal");
        return;
    };
    let dirty: Vec<_> =
        changes.iter().filter(|change| git.is_modified(&change.path)).map(|change| change.path.to_string()).collect();
    if !dirty.is_empty() {
        hint(&format!(
            "warning: these files hold what no commit has, beside what is written now: {}",
            dirty.join(", ")
        ));
    }
}
