//! The names under which Kustomize looks for its file.

use crate::repo::RepoPath;

const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file has the name of a kustomization file.
pub fn is_kustomization_file(path: &RepoPath) -> bool {
    KUSTOMIZATION_FILES.contains(&path.name())
}

/// The kustomization files that a directory can have, in the order in which Kustomize looks for
/// them.
pub(in crate::flux) fn kustomization_files_in(dir: &RepoPath) -> impl Iterator<Item = RepoPath> {
    KUSTOMIZATION_FILES.into_iter().filter_map(|name| dir.join(name))
}
