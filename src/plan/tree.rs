//! Findings about a tree that do not depend on any migration.

use super::{Finding, Severity, codes};
use crate::flux::{Barred, View, is_kustomization_file};
use crate::repo::RepoPath;

/// Problems of the tree itself: files that cannot be read, names that cannot be used.
pub fn about_tree(view: &View) -> Vec<Finding> {
    let unusable = view.tree().left_out().iter().map(|left_out| Finding {
        severity: Severity::Warning,
        code: codes::UNUSABLE_PATH,
        path: None,
        line: None,
        message: format!(
            "`{}` is skipped: its name is not UTF-8, has control characters, or is one that git keeps for itself",
            left_out.name
        ),
    });
    let broken = view.files().filter_map(|(path, file)| {
        let broken = file.broken.as_ref()?;
        Some(Finding {
            severity: if may_be_manifest(view, path) { Severity::Warning } else { Severity::Note },
            code: codes::BROKEN_YAML,
            path: Some(path.clone()),
            line: Some(broken.line),
            message: format!("not valid YAML: {}", broken.message),
        })
    });
    unusable.chain(broken).collect()
}

/// Whether a file that cannot be read may hold objects, or list some: it says so in a line.
fn may_be_manifest(view: &View, path: &RepoPath) -> bool {
    let text = view.tree().read(path).ok().flatten().map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
    let text = text.unwrap_or_default();
    let states = |key: &str| text.lines().any(|line| line.trim_start_matches(['-', ' ']).starts_with(key));
    is_kustomization_file(path) || text.contains('\0') || states("apiVersion:") && states("kind:")
}

/// The files that are never changed, and why.
pub(super) fn untouchable(view: &View) -> Vec<Finding> {
    let links = view.links().iter().map(|path| (path, Barred::Link));
    let barred =
        view.files().filter_map(|(path, file)| Some((path, file.barred?))).chain(links).map(|(path, barred)| Finding {
            severity: Severity::Note,
            code: codes::code_of_barred(barred),
            path: Some(path.clone()),
            line: None,
            message: "never changed".to_owned(),
        });
    barred.collect()
}
