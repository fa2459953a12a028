//! What of a repository the artifact holds that a cluster builds from
//! (`docs/flux-and-kustomize.md#artifacts`).

use crate::flux::value::Value;
use crate::repo::{RepoPath, Rules, Tree};

/// What a GitRepository puts into its artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// `spec.ignore`: rules as in a `.gitignore`.
    ignore: Option<String>,
    /// `spec.sparseCheckout`: only these directories; empty for all.
    sparse: Vec<RepoPath>,
}

impl Artifact {
    /// That of a GitRepository.
    pub(super) fn of(repository: &Value) -> Artifact {
        let sparse = repository.at(&["spec", "sparseCheckout"]).map_or(&[][..], Value::items).iter();
        let dir = |item: &Value| RepoPath::root().join(item.text()?.trim_start_matches('/'));
        Artifact {
            ignore: repository.text_at(&["spec", "ignore"]).map(str::to_owned),
            sparse: sparse.filter_map(dir).collect(),
        }
    }

    /// The same, of a directory alone.
    pub(super) fn of_directory(self, dir: &RepoPath) -> Artifact {
        Artifact { sparse: vec![dir.clone()], ..self }
    }

    /// Whether a file at this path is in it, as far as its own rules and those of the
    /// `.sourceignore` at the root of the tree say.
    pub(in crate::flux) fn holds(&self, path: &RepoPath, tree: &Tree) -> bool {
        let is_checked_out = self.sparse.is_empty() || self.sparse.iter().any(|dir| path.is_in(dir));
        let file = RepoPath::root().join(".sourceignore").and_then(|file| tree.read(&file).ok()?);
        let of_file = file.as_ref().map_or(&[][..], |file| &file.bytes);
        let rules = [of_file, b"\n", self.ignore.as_deref().unwrap_or_default().as_bytes()].concat();
        is_checked_out && !Rules::of(&rules).leave_out(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    #[test]
    fn what_is_excluded_is_not_in_it() {
        let spec = "spec:\n  sparseCheckout: [k8s, /flux]\n  ignore: |\n    # everything\n    /*\n    !/k8s/home\n    !/flux\n    *.md\n";
        let read = Value::of(Stream::parse(spec).unwrap().documents().next().unwrap()).unwrap();
        let artifact = Artifact::of(&read);
        let tree = crate::repo::Memory::tree([]);
        let holds = |path: &str| artifact.holds(&RepoPath::new(path).unwrap(), &tree);
        assert!(holds("k8s/home/a.yaml") && holds("flux/b.yaml"));
        assert!(!holds("k8s/other/a.yaml") && !holds("apps/a.yaml") && !holds("flux/README.md"));
        assert!(Artifact::default().holds(&RepoPath::new("a").unwrap(), &tree));
    }
}
