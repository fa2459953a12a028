//! The command that stages exactly what was written.

use crate::cli::Start;
use crate::cli::context::Place;
use crate::repo::FileChange;
use crate::text::shell;

/// `git add` of these files, from where the program was started; `None` outside of git, or if nothing
/// is left to stage: a removed file that git never knew.
pub(super) fn command(start: &Start, place: &Place, changes: &[FileChange]) -> Option<String> {
    let git = place.git.as_ref()?;
    let is_known = |change: &&FileChange| change.after.is_some() || git.is_tracked(&change.path);
    let paths: Vec<&str> = changes.iter().filter(is_known).map(|change| change.path.as_str()).collect();
    if paths.is_empty() {
        return None;
    }
    let real = |path: &std::path::Path| path.canonicalize().ok();
    let is_here = std::env::current_dir().ok().and_then(|dir| real(&dir)) == real(git.root());
    let root = if real(&start.dir) == real(git.root()) { &*start.dir } else { git.root() };
    let dir = if is_here { String::new() } else { format!(" -C {}", shell(&root.display().to_string())) };
    // Without it, git would take these for patterns, and stage others as well.
    let is_pattern = |path: &&str| path.starts_with(':') || path.contains(['*', '?', '[', '\\']);
    let literal = if paths.iter().any(is_pattern) { " --literal-pathspecs" } else { "" };
    let paths: Vec<String> = paths.into_iter().map(shell).collect();
    Some(format!("git{dir}{literal} add -A -- {}", paths.join(" ")))
}
