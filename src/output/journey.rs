//! The journey of a migration: where its batches are, and what comes next.

use std::fmt::Write;

use super::{Layout, visible};

/// Where the batches of all bases are, and what comes next.
#[derive(Clone, Debug, Default)]
pub struct Journey {
    /// The bases, in the order of promotion.
    pub stacks: Vec<StackRows>,
    /// What comes next, in a sentence.
    pub about: String,
    /// Its commands.
    pub next: Vec<NextCommand>,
}

/// The batches of one base.
#[derive(Clone, Debug)]
pub struct StackRows {
    /// The clusters that follow it.
    pub clusters: Vec<String>,
    /// Its name.
    pub from: String,
    /// How many units gates hold back there, and why.
    pub held: Option<(usize, String)>,
    /// How many units are in other states there: `2 to review, 5 refused`.
    pub others: String,
    /// The batches, the lowest first.
    pub rows: Vec<BatchRow>,
}

/// A batch and its branch.
#[derive(Clone, Debug)]
pub struct BatchRow {
    /// Where it is.
    pub place: Place,
    /// Its branch.
    pub branch: String,
    /// The subject of its commit; empty if it is merged.
    pub subject: String,
    /// Which commits of others it has, if it has any.
    pub others: Option<String>,
}

/// Where a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its units are in the base; its branch is still here.
    Merged,
    /// The remote has its branch as it is here.
    Pushed,
    /// The remote has an older version of its branch.
    PushedBefore,
    /// Its branch is here.
    Made,
    /// Its branch is here, on a base that has moved.
    Outdated,
    /// Its branch is here, with commits of others that the remote does not have.
    Edited,
    /// The remote has its branch, with commits of others.
    EditedThere,
    /// It has no branch.
    NotMade,
}

impl Place {
    /// It in a word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Place::Merged => "merged",
            Place::Pushed => "pushed",
            Place::PushedBefore => "pushed, old",
            Place::Made => "made",
            Place::Outdated => "made, old",
            Place::Edited | Place::EditedThere => "edited",
            Place::NotMade => "not made",
        }
    }
}

/// A command that comes next.
#[derive(Clone, Debug)]
pub enum NextCommand {
    /// `flux-codemod branch`.
    Branch {
        /// As it is typed.
        shown: String,
    },
    /// `git push`.
    Push {
        /// As it is typed.
        shown: String,
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// Whether the remote has it already, with other commits.
        again: bool,
    },
    /// `gh pr create`.
    PullRequest {
        /// As it is typed.
        shown: String,
        /// The branch that it is opened against.
        base: String,
        /// Its branch.
        branch: String,
        /// Its title.
        title: String,
        /// The batch whose body it has.
        batch: String,
        /// Where it can be opened in a browser, if that is known.
        link: Option<String>,
    },
    /// A command for later.
    Other {
        /// As it is typed.
        shown: String,
    },
}

impl NextCommand {
    /// As it is typed.
    pub fn shown(&self) -> &str {
        match self {
            NextCommand::Branch { shown }
            | NextCommand::Push { shown, .. }
            | NextCommand::PullRequest { shown, .. }
            | NextCommand::Other { shown } => shown,
        }
    }
}

/// The journey as text: the batches of each base, then the commands that come next.
pub fn journey_as_text(journey: &Journey, layout: &Layout) -> String {
    let mut out = String::new();
    for stack in &journey.stacks {
        let _ = writeln!(out, "{}", layout.fold("", &format!("{}, from {}", stack.clusters.join(", "), stack.from)));
        for row in &stack.rows {
            let _ = writeln!(out, "  {:<12} {}", row.place.word(), visible(&row.branch));
        }
        if let Some((number, why)) = &stack.held {
            let _ = writeln!(
                out,
                "{}",
                layout.fold_deeper("  held         ", "               ", &format!("{number}: {why}"))
            );
        }
        if !stack.others.is_empty() {
            let _ = writeln!(out, "{}", layout.fold("  ", &stack.others));
        }
        if stack.rows.is_empty() && stack.held.is_none() && stack.others.is_empty() {
            out.push_str("  nothing is pending\n");
        }
    }
    if journey.next.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{}\n", layout.fold("", &format!("next: {}", journey.about)));
    out.push_str(&commands_as_text(&journey.next));
    out
}

/// Commands, ready for a shell.
pub fn commands_as_text(commands: &[NextCommand]) -> String {
    let lines = commands.iter().flat_map(|command| command.shown().lines());
    lines.map(|line| format!("{}\n", visible(line))).collect()
}
