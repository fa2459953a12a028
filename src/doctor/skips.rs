//! Opt-outs of reason codes: `# flux-codemod: skip[claim-not-protected] reason`.

use std::collections::BTreeSet;

use super::CODES;
use crate::finding::{Finding, SKIP_UNUSED, Severity};
use crate::flux::View;
use crate::repo::RepoPath;

/// The findings that are not opted out, and findings about opt-outs that skip nothing.
pub(super) fn apply(view: &View, found: Vec<Finding>) -> Vec<Finding> {
    let mut used: BTreeSet<(RepoPath, usize, &str)> = BTreeSet::new();
    let mut kept = Vec::new();
    for finding in found {
        let skips = finding.path.iter().filter_map(|path| Some((path, view.file(path)?)));
        let skip = skips
            .flat_map(|(path, file)| file.skips.iter().map(move |skip| (path, skip)))
            .find(|(_, skip)| skip.names(finding.code.id) && skip.covers_line(finding.line));
        match skip {
            Some((path, skip)) => drop(used.insert((path.clone(), skip.line, finding.code.id))),
            None => kept.push(finding),
        }
    }
    for (path, file) in view.files() {
        for skip in &file.skips {
            for code in CODES.iter().filter(|code| skip.names(code.id)) {
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
