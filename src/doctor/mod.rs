//! Is the tree sound? Findings about a repository as it stands, whatever anybody wants to migrate.
//!
//! One file a theme, one function a rule. A rule says nothing where it cannot be certain: what comes from elsewhere (remote resources, variables
//! of a ConfigMap that is not in the tree, objects that another repository applies) is given the benefit of the doubt.

mod builds;
mod claims;
pub mod codes;
mod dependencies;
mod files;
mod kustomize;
mod owners;
mod releases;
mod skips;
mod variables;

pub use codes::CODES;

use crate::finding::{Code, Finding, Severity};
use crate::flux::View;
use crate::repo::RepoPath;
use builds::Builds;

/// Looks a tree over. Opt-outs of reason codes are honoured; those that skip nothing here are findings, too.
pub fn examine(view: &View) -> Vec<Finding> {
    let view = view.whole();
    let builds = Builds::of(&view);
    let mut found = kustomize::findings(&view);
    found.extend(owners::findings(&view, &builds));
    found.extend(dependencies::findings(&view));
    found.extend(releases::findings(&view));
    found.extend(claims::findings(&view, &builds));
    found.extend(variables::findings(&view, &builds));
    found.extend(files::findings(&view));
    let mut found = skips::honoured(&view, found);
    found.sort_by(|a, b| (&a.path, a.line, a.code, &a.message).cmp(&(&b.path, b.line, b.code, &b.message)));
    found.dedup();
    found
}

/// A finding with the advice of its code.
fn finding(severity: Severity, code: &'static Code, path: &RepoPath, line: usize, message: String) -> Finding {
    Finding { severity, code, path: Some(path.clone()), line: Some(line), message }
}

/// A list for people: the first few, and how many more.
fn listed(names: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let names: Vec<String> = names.into_iter().collect();
    match names.len() {
        more if more > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    }
}
