//! A plan as text, diff and JSON. Pure: everything here gives strings, nothing prints.
//!
//! What comes from the repository goes through [`visible`] before it can reach a terminal.

mod diff;
mod escape;
mod json;
mod layout;
mod list;
mod plan;

pub use diff::{DiffLine, diff_lines, stat};
pub use escape::{visible, visible_line};
pub use json::plan_as_json;
pub use layout::Layout;
pub use list::list_as_text;
pub use plan::{finding_as_text, plan_as_text};
