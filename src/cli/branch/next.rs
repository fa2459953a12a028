//! What to do next with a branch.

use super::Per;
use super::prepared::Prepared;
use crate::cli::Asked;
use crate::git::Outcome as WrittenAs;
use crate::output::visible;
use crate::plan::{Lane, branches_of};
use crate::text::{arguments, shell};

/// The commands that bring a branch to review: the push, and for a new one the pull request.
pub(super) fn commands(
    of: &Prepared<'_>,
    name: &str,
    subject: &str,
    outcome: &WrittenAs,
    asked: &Asked,
    per: Per,
) -> Vec<String> {
    let base = &of.target.base;
    let branch = base.branch.as_deref();
    let remote = branch.and_then(|branch| base.reference.strip_suffix(branch)?.strip_suffix('/'));
    let remote = remote.unwrap_or("origin");
    let lease = if matches!(outcome, WrittenAs::Rebuilt { .. }) { " --force-with-lease" } else { "" };
    let push = format!("git push{lease} {}", arguments([remote, name]));
    // A pull request is for the branch that the cluster follows, which a tag or a commit does not
    // have.
    let Some(branch) = branch.filter(|_| *outcome == WrittenAs::Created) else { return vec![push] };
    let title = shell(subject);
    let create = format!("gh pr create --base {} --head {} \\\n  --title {title}", shell(branch), shell(name));
    let (_, batch) = name.rsplit_once('/').unwrap_or_default();
    let pull_request = if per == Per::Batch {
        let clusters: Vec<String> = of.target.clusters.iter().map(|name| shell(&visible(name))).collect();
        let is_of_none = name.starts_with(&branches_of(&Lane::default(), ""));
        let clusters = if is_of_none { String::new() } else { format!(" --cluster {}", clusters.join(",")) };
        let review = if asked.review { " --review" } else { "" };
        format!(
            "flux-codemod plan {} --base {}{clusters} --batch {}{review} \\\n  --format markdown | {create} --body-file -",
            asked.migrations.join(" "),
            shell(&base.reference),
            shell(batch),
        )
    } else {
        format!("{create} --body \"$(git log -1 --format=%b {})\"", shell(name))
    };
    vec![push, pull_request]
}
