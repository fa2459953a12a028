use std::fmt::Write;

use super::{Layout, visible};

/// The branches of one base, after a run.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The clusters that follow the base.
    pub clusters: Vec<String>,
    /// The base: `origin/edge at 1a2b3c4`.
    pub from: String,
    /// The branches, the lowest first; then those that were skipped or removed.
    pub branches: Vec<Shown>,
}

/// A branch, after a run.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What was done with it, in a word.
    pub outcome: &'static str,
    /// Its name.
    pub name: String,
    /// What it contains, or why nothing was done.
    pub about: String,
    /// The next commands, ready for a shell.
    pub next: Vec<String>,
}

/// What was done with branches, and what to do next.
pub fn branches_as_text(stacks: &[Stack], layout: &Layout) -> String {
    let mut out = String::new();
    for stack in stacks {
        let _ = writeln!(out, "{}", layout.fold("", &format!("{}, from {}", stack.clusters.join(", "), stack.from)));
        if stack.branches.is_empty() {
            out.push_str("  nothing is pending\n");
        }
        for branch in &stack.branches {
            let _ = writeln!(out, "  {:<10} {}", branch.outcome, visible(&branch.name));
            let _ = writeln!(out, "{}", layout.fold("             ", &branch.about));
        }
    }
    let next: Vec<&Shown> =
        stacks.iter().flat_map(|stack| &stack.branches).filter(|branch| !branch.next.is_empty()).collect();
    if !next.is_empty() {
        let order = "next, one at a time: push it, have it reviewed, merge it, and wait until what it changed is Ready";
        let _ = writeln!(out, "\n{}", layout.fold("", order));
    }
    for (number, branch) in next.iter().enumerate() {
        let _ = writeln!(out, "\n# {} of {}", number + 1, next.len());
        for line in branch.next.iter().flat_map(|command| command.lines()) {
            let _ = writeln!(out, "{}", visible(line));
        }
    }
    out
}
