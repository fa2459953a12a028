use std::fmt::Write;

use super::{Layout, visible};

/// The branches of one base, after a run.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The clusters that follow the base.
    pub clusters: Vec<String>,
    /// The base: `origin/edge at 1a2b3c4`.
    pub from: String,
    /// Why units of these clusters are held, and how many are.
    pub held: Option<(usize, String)>,
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
}

/// What was done with branches.
pub fn branches_as_text(stacks: &[Stack], layout: &Layout) -> String {
    let mut out = String::new();
    for stack in stacks {
        let _ = writeln!(out, "{}", layout.fold("", &format!("{}, from {}", stack.clusters.join(", "), stack.from)));
        if stack.branches.is_empty() && stack.held.is_none() {
            out.push_str("  nothing is pending\n");
        }
        if let Some((number, why)) = &stack.held {
            let text = format!("{number} held: {why}");
            let _ = writeln!(out, "{}", layout.fold_deeper("  ", "    ", &text));
        }
        for branch in &stack.branches {
            let _ = writeln!(out, "  {:<10} {}", branch.outcome, visible(&branch.name));
            let _ = writeln!(out, "{}", layout.fold("             ", &branch.about));
        }
    }
    out
}
