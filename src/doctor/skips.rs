//! Opt-outs of reason codes: `# flux-codemod: skip[claim-not-protected] reason`.

use std::collections::BTreeSet;

use super::CODES;
use super::codes::CLAIM_CHANGED;
use crate::finding::{Finding, SKIP_UNUSED, Severity};
use crate::flux::{Skip, View};
use crate::repo::RepoPath;

/// The opt-out of a finding.
fn covering<'v>(view: &'v View, finding: &Finding) -> Option<(RepoPath, &'v Skip)> {
    let path = finding.path.as_ref()?;
    let mut skips = view.file(path)?.skips.iter();
    let skip = skips.find(|skip| skip.names(finding.code.id) && skip.covers_line(finding.line))?;
    Some((path.clone(), skip))
}

/// The findings that are not opted out.
pub(super) fn without(view: &View, found: Vec<Finding>) -> Vec<Finding> {
    found.into_iter().filter(|finding| covering(view, finding).is_none()).collect()
}

/// The findings that are not opted out, and findings about opt-outs that skip nothing.
pub(super) fn apply(view: &View, found: Vec<Finding>) -> Vec<Finding> {
    let mut used: BTreeSet<(RepoPath, usize, &str)> = BTreeSet::new();
    let mut kept = Vec::new();
    for finding in found {
        match covering(view, &finding) {
            Some((path, skip)) => drop(used.insert((path, skip.line, finding.code.id))),
            None => kept.push(finding),
        }
    }
    for (path, file) in view.files() {
        for skip in &file.skips {
            // Whether it skips something is known only beside a branch.
            let codes = CODES.iter().filter(|code| **code != CLAIM_CHANGED);
            for code in codes.filter(|code| skip.names(code.id)) {
                if !used.contains(&(path.clone(), skip.line, code.id)) {
                    kept.push(Finding {
                        severity: Severity::Warning,
                        code: SKIP_UNUSED,
                        path: Some(path.clone()),
                        line: Some(skip.line),
                        message: format!("skip[{}] skips nothing: doctor has no such finding here", code.id),
                    });
                }
            }
        }
    }
    kept
}
