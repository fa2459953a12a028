//! A plan as text, diff and JSON, findings as SARIF and as GitHub's workflow commands. Everything
//! here returns text or data; nothing prints.
//!
//! Whatever comes from the repository goes through [`visible`] before it can reach a terminal, and
//! texts go through [`for_log`], JSON through [`escaped_json`], before they are printed.

mod branches;
mod check;
mod diff;
mod escape;
mod excerpt;
mod findings;
mod github;
mod html;
mod journey;
mod json;
mod judged;
mod layout;
mod list;
mod markdown;
mod message;
mod plan;
mod recipe;
mod runbook;
mod sarif;
mod secrets;
#[cfg(test)]
mod tests;

pub use branches::{BranchesDocument, Shown, Stack, branches_as_json, branches_as_text};
pub use check::check_as_text;
pub use diff::{DiffDocument, DiffLine, diff_as_json, diff_lines, stat};
pub use escape::{escaped_json, for_log, visible, visible_line};
pub use findings::findings_as_text;
pub use github::findings_as_github;
pub use html::{Beside, Merged, plan_as_html};
pub use journey::{BatchRow, Journey, NextCommand, Place, StackRows, commands_as_text, journey_as_text};
pub use json::{FindingsDocument, PlanDocument, findings_as_json, plan_as_json};
pub use judged::judged_as_line;
pub use layout::Layout;
pub use list::{ListDocument, counts_as_text, list_as_json, list_as_text};
pub use markdown::{Around, batch_as_markdown, phase_as_markdown, title_of_phase};
pub use message::{commit_message, subject_of};
pub use plan::{Planned, finding_as_text, plan_as_text, plan_in_short};
pub use runbook::runbook_as_text;
pub use sarif::findings_as_sarif;
pub use secrets::{SecretsDocument, secrets_as_json, secrets_as_text};
