use std::fmt::Write;

use super::{Layout, visible};

/// The branches of one base, after a run.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The clusters that they are for.
    pub clusters: Vec<String>,
    /// What they start from: `origin/edge at 1a2b3c4`.
    pub from: String,
    /// The branches, the lowest first; then those that are not made, or no more.
    pub branches: Vec<Shown>,
}

/// A branch, after a run.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What became of it, in a word.
    pub outcome: &'static str,
    /// Its name.
    pub name: String,
    /// What it is about, or why nothing was done.
    pub about: String,
    /// What to do with it next, ready for a shell.
    pub next: Vec<String>,
}

/// What became of branches, and what to do next.
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
    let next: Vec<&String> = stacks.iter().flat_map(|stack| &stack.branches).flat_map(|own| &own.next).collect();
    if !next.is_empty() {
        let order = "next, in this order: push a branch, have it reviewed, merge it, see what it changed become Ready; then the next";
        let _ = writeln!(out, "\n{}", layout.fold("", order));
        for command in next {
            let _ = writeln!(out, "{}", visible(command).replace(" \\\\n", " \\\n"));
        }
    }
    out
}
