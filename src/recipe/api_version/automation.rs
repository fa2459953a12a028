//! Templates of commit messages of an ImageUpdateAutomation: from Flux 2.7 on, its controller
//! refuses two of the values that they could use.

use super::convert::{Conversion, Options};
use crate::flux::Value;

const TEMPLATE: [&str; 4] = ["spec", "git", "commit", "messageTemplate"];

/// The lines of the template that use what Flux 2.7 and later refuse, as they are written.
pub fn lines_that_flux_refuses(object: &Value) -> Vec<&str> {
    let is_automation = object.text_at(&["kind"]) == Some("ImageUpdateAutomation");
    let template = object.text_at(&TEMPLATE).filter(|_| is_automation).unwrap_or_default();
    template.lines().filter(|line| uses(line, ".Updated") || uses(line, ".Changed.ImageResult")).collect()
}

/// Whether a line has a name, and not only one that begins with it.
fn uses(line: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    line.match_indices(name).any(|(at, _)| ends(&line[at + name.len()..]))
}

pub(super) fn review(work: &mut Conversion<'_>, options: &Options<'_>) {
    if work.to != "v1" && !options.flux.iter().any(|flux| flux.is_at_least(7)) {
        return;
    }
    let lines: Vec<String> =
        lines_that_flux_refuses(&work.value).into_iter().map(|line| format!("`{}`", line.trim())).collect();
    if !lines.is_empty() {
        let why = format!(
            "{} uses .Updated or .Changed.ImageResult, which Flux 2.7 and later refuse: {}",
            TEMPLATE.join("."),
            lines.join(", ")
        );
        work.reviews.push(why);
    }
}
