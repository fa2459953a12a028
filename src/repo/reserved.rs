//! Names that belong to git: nothing below a directory of such a name is part of a tree.

/// Characters that HFS+ leaves out when it compares names.
const IGNORED_BY_HFS: [char; 16] = [
    '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{206a}', '\u{206b}', '\u{206c}', '\u{206d}', '\u{206e}', '\u{206f}', '\u{feff}',
];

/// Whether a part of a path is `.git` on some system: in any case, with what HFS+ ignores, by its
/// short name on NTFS, with the dots, blanks and streams that Windows strips. git refuses the same.
pub(super) fn is_git_directory(part: &str) -> bool {
    // Every path passes here, and nearly all of their parts begin with another letter and are
    // ASCII.
    let may_be = matches!(part.as_bytes().first(), Some(b'.' | b'g' | b'G')) || !part.is_ascii() || part.contains('\\');
    // For Windows a backslash begins another part.
    may_be && part.split('\\').any(is_git_name)
}

fn is_git_name(name: &str) -> bool {
    let seen: String = name.chars().filter(|c| !is_ignored(*c)).collect();
    let seen = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    seen.eq_ignore_ascii_case(".git") || seen.eq_ignore_ascii_case("git~1")
}

fn is_ignored(c: char) -> bool {
    IGNORED_BY_HFS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_refuses_is_refused() {
        let bad =
            [".git", ".GIT", ".gIt", ".git.", ".git ", ".git. .", "git~1", "GIT~1", "git~1.", ".git:x", ".g\u{200c}it"];
        let more = ["\u{feff}.git", ".git::$INDEX_ALLOCATION", "a\\.git", "a\\.git\\b", ".git\u{202e}"];
        for name in bad.into_iter().chain(more) {
            assert!(is_git_directory(name), "{name:?}");
        }
        for name in
            [".gitignore", ".gitattributes", ".gitmodules", ".github", "git", "git~2", "a.git", ".gi", ".git-x", ""]
        {
            assert!(!is_git_directory(name), "{name:?}");
        }
    }
}
