//! `next`: the life of a migration on two clusters, from the first branch to the end.

mod journey;
mod variants;
mod world;

use crate::support::unfolded;
use world::{World, commands};

/// Where each batch is, from its refs, without running anything.
#[test]
fn where_batches_are() {
    let mut world = World::cloned(&["observability"]);
    let mut next = |line: &str| world.terminal.succeed(&format!("{line}; flux-codemod next"));
    // What main changes alone is no business of edge.
    let listing = "kubernetes/shared/repositories/oci/kustomization.yaml";
    let first = next(&format!(
        "echo '# the sources of both' >>{listing} && git commit --quiet --all --message 'main goes on' && git push --quiet"
    ));
    assert!(!first.contains("git merge"), "{first}");
    assert!(first.contains("not made     flux-codemod/edge/chart-ref/10-sources-flux-system"), "{first}");
    assert!(unfolded(&first).contains("held"), "main waits: {first}");
    assert!(next("git for-each-ref refs/heads/flux-codemod").starts_with("edge"), "it only looks");
    let made = next("flux-codemod branch chart-ref >/dev/null 2>&1");
    let head = "flux-codemod/edge/chart-ref/10-sources-flux-system";
    assert!(made.contains(&format!("made         {head}")), "{made}");
    let pushed = next(&format!("git push --quiet origin {head}"));
    assert!(pushed.contains(&format!("pushed       {head}")) && unfolded(&pushed).contains("merge it"), "{pushed}");
    assert_eq!(commands(&pushed).unwrap(), ["git fetch", "flux-codemod next"], "what was typed, and no more");
    // Another clone has no branches, and sees what was pushed.
    let elsewhere = next(&format!("cd .. && git clone --quiet {} elsewhere && cd elsewhere", world::URL));
    assert!(elsewhere.contains(&format!("pushed       {head}")), "{elsewhere}");
    let no_terminal = world.terminal.type_line("flux-codemod next --run");
    assert_eq!(no_terminal.status, 2);
    assert!(unfolded(&no_terminal.shown).contains("needs a terminal"), "{}", no_terminal.shown);
}
