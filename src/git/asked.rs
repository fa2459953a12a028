//! What git itself says about files: which of them it filters, and which it ignores. The program
//! knows every place where that can be configured, and follows no link that is called
//! `.gitattributes` or `.gitignore`. Without it, libgit2 answers. Neither is asked about files
//! below a pipe or a device of such a name: those are never written.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::Path;

use git2::{AttrCheckFlags, AttrValue};

use super::work_tree::of_user;
use super::{GitError, Repository};
use crate::repo::{Folder, RepoPath, Source};

/// The attributes with which the file in the work tree is not what git stores.
const ATTRIBUTES: [&str; 2] = ["filter", "working-tree-encoding"];
const FILE: &str = ".gitattributes";
/// Where builds of git look for the attributes of a whole machine.
const OF_SYSTEM: [&str; 3] = ["/etc/gitattributes", "/usr/local/etc/gitattributes", "/opt/homebrew/etc/gitattributes"];

/// Whether libgit2 finds such an attribute set for a path.
pub(super) fn is_converted(repository: &git2::Repository, path: &RepoPath, flags: AttrCheckFlags) -> bool {
    ATTRIBUTES.iter().any(|attribute| {
        let value = repository.get_attr_bytes(Path::new(path.as_str()), attribute, flags).ok().flatten();
        matches!(AttrValue::always_bytes(value), AttrValue::Bytes(_) | AttrValue::String(_) | AttrValue::True)
    })
}

/// Whether attributes are configured outside of the tree: for the repository, the user, the
/// machine.
pub(super) fn has_attributes_outside(repository: &git2::Repository) -> bool {
    let is_configured = || repository.config().is_ok_and(|config| config.get_path("core.attributesFile").is_ok());
    // Configuration that git takes from variables is not seen by libgit2.
    let is_in_variables =
        ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"].iter().any(|name| std::env::var_os(name).is_some());
    repository.commondir().join("info/attributes").exists()
        || of_user("attributes").is_some_and(|file| file.exists())
        || OF_SYSTEM.iter().any(|file| Path::new(file).exists())
        || is_in_variables
        || is_configured()
}

impl Repository {
    /// Marks the files of a work tree that git stores in another form.
    pub(super) fn mark_converted(&self, root: &Path, folder: &mut Folder, tracked: &BTreeSet<Vec<u8>>) {
        let is_file = |path: &RepoPath| path.name() == FILE;
        let in_index = || tracked.iter().any(|path| path.ends_with(FILE.as_bytes()));
        let in_tree = || folder.list().iter().any(|entry| is_file(&entry.path));
        // Attributes are slow to look up, and few repositories have any.
        if !in_tree() && !in_index() && !has_attributes_outside(&self.git) {
            return;
        }
        // A link of this name is not followed by git, but by libgit2; git waits for a pipe.
        let paths: Vec<RepoPath> = folder.list().iter().map(|entry| entry.path.clone()).collect();
        let unknown = below(root, &paths, FILE, |data| !data.is_file() && !data.is_symlink());
        let known: Vec<RepoPath> = paths.iter().filter(|path| !unknown.contains(*path)).cloned().collect();
        if let Some(converted) = self.converted(root, &known) {
            folder.mark_filtered(|path| unknown.contains(path) || converted.contains(path.as_str().as_bytes()));
            return;
        }
        let unknown = below(root, &paths, FILE, |data| !data.is_file());
        let flags = AttrCheckFlags::FILE_THEN_INDEX;
        folder.mark_filtered(|path| unknown.contains(path) || is_converted(&self.git, path, flags));
    }

    /// The paths of which git says that they have such an attribute; `None` if it cannot be asked.
    fn converted(&self, root: &Path, paths: &[RepoPath]) -> Option<BTreeSet<Vec<u8>>> {
        let asked = [&["check-attr", "-z", "--stdin"][..], &ATTRIBUTES].concat();
        let answer = self.ask(root, &asked, paths).ok()??;
        let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
        let set = fields.chunks_exact(3).filter(|fields| !matches!(fields[2], b"unspecified" | b"unset" | b""));
        Some(set.map(|fields| fields[0].to_vec()).collect())
    }

    /// Leaves out the untracked files that git ignores, if it can be asked.
    pub(super) fn leave_out_ignored(&self, root: &Path, folder: &mut Folder, tracked: &BTreeSet<Vec<u8>>) {
        let entries = folder.list().iter().map(|entry| &entry.path);
        let untracked: Vec<RepoPath> =
            entries.filter(|path| !tracked.contains(path.as_str().as_bytes())).cloned().collect();
        let unknown = below(root, &untracked, ".gitignore", |data| !data.is_file() && !data.is_symlink());
        let untracked: Vec<RepoPath> = untracked.into_iter().filter(|path| !unknown.contains(path)).collect();
        if untracked.is_empty() {
            return;
        }
        if let Ok(Some(answer)) = self.ask(root, &["check-ignore", "-z", "--stdin"], &untracked) {
            let ignored: BTreeSet<&[u8]> = answer.split(|byte| *byte == 0).collect();
            folder.leave_out(|path| ignored.contains(path.as_str().as_bytes()));
        }
    }

    /// Asks git about paths of a work tree.
    fn ask(&self, root: &Path, asked: &[&str], paths: &[RepoPath]) -> Result<Option<Vec<u8>>, GitError> {
        let Some(root) = root.to_str() else { return Ok(None) };
        // Of a program that watches files only the name is configured, and it is not run.
        let place = ["-C", root, "--work-tree", root, "-c", "core.fsmonitor=false"];
        let arguments = [&place[..], asked].concat();
        let input: Vec<u8> = paths.iter().flat_map(|path| [path.as_str().as_bytes(), b"\0"].concat()).collect();
        let ran = self.run_git(&arguments, &[], &input)?;
        // `check-ignore` ends with 1 if nothing is ignored.
        let is_answered = |ran: &super::program::Ran| ran.success || ran.stderr.is_empty();
        Ok(ran.filter(is_answered).map(|ran| ran.stdout))
    }
}

/// The paths below directories in which a file of some name is not what it should be. What it says
/// is not known, and reading it could take for ever.
fn below(root: &Path, paths: &[RepoPath], name: &str, is_odd: impl Fn(&Metadata) -> bool) -> BTreeSet<RepoPath> {
    let dirs: BTreeSet<RepoPath> = paths.iter().flat_map(|path| path.ancestors().skip(1)).collect();
    let has_odd =
        |dir: &RepoPath| root.join(dir.as_str()).join(name).symlink_metadata().is_ok_and(|data| is_odd(&data));
    let odd: Vec<&RepoPath> = dirs.iter().filter(|dir| has_odd(dir)).collect();
    paths.iter().filter(|path| odd.iter().any(|dir| path.is_in(dir))).cloned().collect()
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
