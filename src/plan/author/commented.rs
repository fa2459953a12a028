//! Entries of kustomizations that are commented out.

use crate::flux::View;
use crate::repo::RepoPath;

/// Whether a comment is an entry of a list of paths that is commented out, in the kustomization of
/// a directory. It says nothing about the entry below it, so it stays where it is.
pub fn comments_out_entry(view: &View, dir: &RepoPath, comment: &str) -> bool {
    let text = comment.trim_start_matches('#').trim_start();
    let Some(entry) = text.strip_prefix('-').and_then(|rest| rest.split_whitespace().next()) else { return false };
    let entry = entry.trim_matches(['"', '\'']);
    let is_there = || dir.join(entry).is_some_and(|path| view.tree().holds(&path));
    entry.contains('/') || entry.ends_with(".yaml") || entry.ends_with(".yml") || is_there()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;

    #[test]
    fn an_entry_is_a_path() {
        let view = View::of(Memory::tree([("apps/plex/kustomization.yaml", "")])).unwrap();
        let dir = RepoPath::new("apps").unwrap();
        let is_entry = |comment: &str| comments_out_entry(&view, &dir, comment);
        for comment in ["# - plex", "#- ../x TODO later", "##  - 'a.yaml'", "#-  ./b # why"] {
            assert!(is_entry(comment), "{comment}");
        }
        for comment in ["# plex", "# - needs a volume", "# -", "#", "# ---"] {
            assert!(!is_entry(comment), "{comment}");
        }
    }
}
