use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::SCHEMA;
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

/// What was done with branches, as `branch --format json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The branches of flux-codemod")]
pub struct BranchesDocument {
    /// The version of this schema.
    schema: u32,
    /// Whether this is only what would be done.
    dry_run: bool,
    /// The branches that clusters follow, each with those that start from it.
    bases: Vec<BaseEntry>,
    /// The commands that come next.
    next: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BaseEntry {
    /// The clusters that follow it.
    clusters: Vec<String>,
    /// The base: `origin/edge at 1a2b3c4`.
    from: String,
    /// What is held for these clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<HeldEntry>,
    /// The lowest of the stack first; then those that were skipped or removed.
    branches: Vec<BranchEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct HeldEntry {
    units: usize,
    why: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BranchEntry {
    name: String,
    /// What was done with it, in a word: `created`.
    outcome: String,
    /// What it contains, or why nothing was done.
    about: String,
}

/// What was done with branches, or would be, as JSON.
pub fn branches_as_json(stacks: &[Stack], next: &[String], dry_run: bool) -> BranchesDocument {
    let branch = |shown: &Shown| BranchEntry {
        name: shown.name.clone(),
        outcome: shown.outcome.to_owned(),
        about: shown.about.clone(),
    };
    let base = |stack: &Stack| BaseEntry {
        clusters: stack.clusters.clone(),
        from: stack.from.clone(),
        held: stack.held.as_ref().map(|(units, why)| HeldEntry { units: *units, why: why.clone() }),
        branches: stack.branches.iter().map(branch).collect(),
    };
    BranchesDocument { schema: SCHEMA, dry_run, bases: stacks.iter().map(base).collect(), next: next.to_vec() }
}
