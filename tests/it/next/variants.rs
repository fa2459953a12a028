//! What other people do in the meantime: whatever it is, `next` says what is true, throws away
//! nothing, and ends.

use super::world::{World, commands};
use crate::support::unfolded;

const SOURCES: &str = "flux-codemod/edge/chart-ref/10-sources-flux-system";
const SOURCE: &str = "kubernetes/shared/repositories/oci/app-template-3-7-3.yaml";

/// A reviewer pushes a commit onto the branch of a pull request.
fn edit(world: &World, branch: &str, path: &str, from: &str, to: &str) -> String {
    world.site(&["fetch", "--quiet", "origin"]);
    world.site(&["checkout", "--quiet", "-B", branch, &format!("origin/{branch}")]);
    let path = world.terminal.beside("site").join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
    world.site(&["commit", "--quiet", "--all", "--message", "as the others"]);
    world.site(&["push", "--quiet", "origin", branch]);
    world.site(&["rev-parse", "--short=7", "HEAD"]).trim().to_owned()
}

/// What the reviewer pushed is neither called old nor pushed over: the pull request is merged with
/// it, and the rest continues from there, however it is merged. `journey` has the same with merges.
#[test]
fn a_reviewer_edits_a_branch() {
    let mut world = World::cloned(&["observability"]);
    assert_eq!(world.next().status, 0);
    let commit = edit(&world, SOURCES, SOURCE, "interval: 30m", "interval: 1h");
    let next = world.next();
    let (shown, edited) = (unfolded(&next.shown), format!("edited {SOURCES}"));
    assert_eq!(next.status, 0, "{}", next.shown);
    assert!(shown.contains(&edited) && shown.contains(&format!("{commit} (as the others)")), "{}", next.shown);
    assert_eq!(commands(&next.shown).unwrap(), ["git fetch", "flux-codemod next chart-ref"]);
    assert_eq!(world.pulls().len(), 1, "it has its pull request");
    assert!(world.site(&["ls-remote", "origin", SOURCES]).starts_with(&commit), "it is still there");
    // Another clone has none of the branches.
    let fresh = format!("cd .. && git clone --quiet {} fresh && cd fresh && flux-codemod next", super::world::URL);
    let fresh = world.terminal.succeed(&fresh);
    assert!(unfolded(&fresh).contains(&edited), "{fresh}");
    world.terminal.succeed("cd ../home-ops");
    world.merge("rebase");
    // Edge to its end, edge merged into main, main to its end: nothing conflicts, and nothing is left.
    let last = world.run_to_the_end(&["squash", "rebase"]);
    assert!(!last.contains("next:") && last.contains("main, from origin/main\n"), "{last}");
    let pulls = world.pulls();
    let bases: Vec<&str> = pulls.iter().map(|(_, base)| base.as_str()).collect();
    assert!(bases.is_sorted() && bases.contains(&"edge") && bases.contains(&"main"), "{pulls:?}");
    let check = "git checkout --quiet main && git merge --quiet --ff-only && flux-codemod check chart-ref";
    assert_eq!(world.terminal.succeed(check), "nothing is pending\n");
    assert!(world.site(&["show", &format!("origin/main:{SOURCE}")]).contains("interval: 1h"), "the edit stays");
}

/// The same, on a branch that is not the next one: the ones below it are made again, it is not.
#[test]
fn a_branch_further_up_is_edited() {
    let mut world = World::cloned(&["observability"]);
    assert_eq!(world.next().status, 0);
    let (upper, file) = (
        "flux-codemod/edge/chart-ref/30-deployments-network",
        "kubernetes/edge/apps/network/whoami/app/helmrelease.yaml",
    );
    let home = world.home();
    world.terminal.succeed(&format!(
        "git checkout --quiet {upper} && sed -i.old 's/30m/1h/' {file} && rm {file}.old && git commit --quiet --all --message 'as the \
         others' && git checkout --quiet main"
    ));
    world.merge("squash");
    let next = world.next();
    assert_eq!(next.status, 0, "{}", next.shown);
    assert!(next.shown.contains(" --on-edited skip"), "{}", next.shown);
    assert_eq!(world.pulls().len(), 2, "{}", next.shown);
    world.merge("squash");
    let next = world.next();
    assert!(unfolded(&next.shown).contains("(as the others)"), "{}", next.shown);
    assert_eq!(world.pulls()[2].0, upper, "{}", next.shown);
    assert!(std::fs::read_to_string(home.join(file)).is_ok());
    let subject = world.site(&["ls-remote", "origin", upper]);
    assert!(!subject.is_empty(), "it was pushed with the edit");
}

/// A reviewer takes a release out of a batch. What is left is a batch again, with a pull request of
/// its own, though the remote still has the branch.
#[test]
fn a_reviewer_takes_something_out() {
    let mut world = World::cloned(&["observability"]);
    let next =
        |world: &mut World| world.terminal.succeed("flux-codemod next chart-ref --cluster main --no-gate --run --yes");
    next(&mut world);
    world.merge("rebase");
    next(&mut world);
    let (upper, file) = (world.pulls()[1].0.clone(), "kubernetes/main/apps/observability/gatus/app/helmrelease.yaml");
    world.site(&["fetch", "--quiet", "origin"]);
    world.site(&["checkout", "--quiet", "-B", "review", &format!("origin/{upper}")]);
    world.site(&["checkout", "--quiet", "origin/main", "--", file]);
    world.site(&["commit", "--quiet", "--message", "not this one"]);
    world.site(&["push", "--quiet", "origin", &format!("review:{upper}")]);
    world.merge("rebase");
    let again = next(&mut world);
    assert!(again.contains(&format!("made, old    {upper}")) && !again.contains("somebody"), "{again}");
    assert_eq!(world.pulls().len(), 3, "{again}");
    assert_eq!(world.pulls()[2].0, upper, "{again}");
    world.merge("rebase");
    assert!(!next(&mut world).contains("next:"));
}

/// Somebody merges what is for main while nothing has landed on edge. That edge is the next is still
/// right; a merge of edge into main that conflicts is announced.
#[test]
fn main_is_merged_first() {
    let mut world = World::cloned(&["observability"]);
    world.terminal.succeed("flux-codemod branch chart-ref --cluster main --no-gate");
    let made = world.terminal.succeed("git for-each-ref --format='%(refname:short)' refs/heads/flux-codemod/main");
    let last = made.lines().find(|name| name.contains("30-")).unwrap().to_owned();
    world.terminal.succeed(&format!("git push --quiet origin {last}"));
    world.site(&["fetch", "--quiet", "origin"]);
    world.site(&["merge", "--quiet", "--no-ff", "--message", "merged", &format!("origin/{last}")]);
    world.site(&["push", "--quiet", "origin", "main"]);
    let first = world.next().shown;
    assert!(first.contains("not made     flux-codemod/edge/chart-ref/10-sources-flux-system"), "{first}");
    assert!(first.contains(&format!("merged       {last}")), "main is done: {first}");
    assert!(!first.contains("git merge") && !first.contains("held"), "{first}");
    world.merge("squash");
    let end = world.run_to_the_end(&["squash"]);
    assert!(!end.contains("next:"), "{end}");
    assert!(world.pulls().iter().all(|(_, base)| base == "edge"), "{:?}", world.pulls());
    // The next migration changes a list of both, which has changed on both.
    let typed = world.terminal.succeed(
        "flux-codemod branch app-template --cluster edge >/dev/null 2>&1 && git checkout --quiet edge && git merge --quiet \
         --squash flux-codemod/edge/app-template/30-deployments-network_whoami >/dev/null && git commit --quiet --message v4 && git \
         push --quiet && flux-codemod next app-template",
    );
    let shown = unfolded(&typed);
    assert!(shown.contains("merge origin/edge into origin/main"), "{typed}");
    assert!(shown.contains("git will stop at kubernetes/shared/repositories/oci/kustomization.yaml,"), "{typed}");
    let mut merge = commands(&typed).unwrap();
    assert_eq!(merge.pop().unwrap(), "git push");
    let stopped = world.terminal.type_line(&merge.join(" && "));
    assert!(stopped.status == 1 && stopped.shown.contains("CONFLICT (content)"), "{}", stopped.shown);
}
