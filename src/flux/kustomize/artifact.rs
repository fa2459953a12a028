//! Which files of a tree there are for a build: those in the artifact of a source
//! (`docs/flux-and-kustomize.md#artifacts`).

use std::fmt;
use std::sync::Arc;

use crate::flux::files::Scan;
use crate::flux::value::Value;
use crate::repo::{RepoPath, Rules, Tree};

/// What the artifact of a GitRepository or OCIRepository holds of a tree.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Artifact {
    /// The directory of the tree that is the root of the artifact.
    top: RepoPath,
    /// `spec.sparseCheckout`: only these directories; empty for all.
    sparse: Vec<RepoPath>,
    /// `spec.ignore`.
    ignore: Option<Arc<str>>,
    /// `spec.include`.
    includes: Vec<Include>,
    /// The rules of the `.sourceignore` files, each before those below it, and last `spec.ignore`.
    rules: Vec<Excluded>,
}

/// The content of another GitRepository, copied into an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::flux) struct Include {
    /// The name of the GitRepository, in the namespace of the one that includes it.
    pub(in crate::flux) repository: String,
    from: RepoPath,
    to: RepoPath,
}

/// Rules for a directory and what is below it.
#[derive(Clone)]
struct Excluded {
    dir: RepoPath,
    text: Arc<str>,
    rules: Rules,
}

impl PartialEq for Excluded {
    fn eq(&self, other: &Excluded) -> bool {
        (&self.dir, &self.text) == (&other.dir, &other.text)
    }
}

impl Eq for Excluded {}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").field("top", &self.top).field("sparse", &self.sparse).finish_non_exhaustive()
    }
}

impl Artifact {
    /// What the `spec` of a source says of its artifact. Nothing of the tree is read yet.
    pub(in crate::flux) fn of(source: &Value) -> Artifact {
        let list = |key: &str| source.at(&["spec", key]).map_or(&[][..], Value::items).iter();
        let dir = |text: &str| RepoPath::root().join(text.trim_start_matches('/'));
        let include = |item: &Value| {
            let repository = item.text_at(&["repository", "name"])?.to_owned();
            let from = dir(item.text_at(&["fromPath"]).unwrap_or_default())?;
            let to = item.text_at(&["toPath"]).filter(|to| !to.is_empty()).unwrap_or(&repository);
            Some(Include { to: dir(to)?, from, repository })
        };
        let ignore = source.text_at(&["spec", "ignore"]);
        Artifact {
            top: RepoPath::root(),
            sparse: list("sparseCheckout").filter_map(|item| dir(item.text()?)).collect(),
            // What a variable holds is not known, so nothing is left out for certain.
            ignore: ignore.filter(|rules| !rules.contains("${")).map(Arc::from),
            includes: list("include").filter_map(include).collect(),
            rules: Vec::new(),
        }
    }

    /// The same, whose root is a directory of a tree, with the rules of that tree.
    pub(in crate::flux) fn in_tree(&self, top: &RepoPath, tree: &Tree, scan: &Scan) -> Artifact {
        let under_top = |dirs: &RepoPath| top.join(dirs.as_str()).unwrap_or_default();
        let include = |one: &Include| Include { to: under_top(&one.to), ..one.clone() };
        let mut artifact = Artifact {
            top: top.clone(),
            sparse: self.sparse.iter().map(under_top).collect(),
            ignore: self.ignore.clone(),
            includes: self.includes.iter().map(include).collect(),
            rules: Vec::new(),
        };
        let files = scan.source_ignores.iter().filter(|file| artifact.is_checked_out(file));
        let read = |file: &RepoPath| {
            let text = tree.read(file).ok()??;
            Some(Excluded::of(file.dir(), &String::from_utf8_lossy(&text.bytes), scan))
        };
        let mut rules: Vec<Excluded> = files.filter_map(read).collect();
        rules.extend(self.ignore.as_ref().map(|text| Excluded::of(top.clone(), text, scan)));
        artifact.rules = rules;
        artifact
    }

    /// Whether all files of the tree are in it.
    pub(in crate::flux) fn is_whole(&self) -> bool {
        self.top.as_str().is_empty() && self.sparse.is_empty() && self.rules.is_empty() && self.includes.is_empty()
    }

    /// Whether a file at this path is in it.
    pub fn holds(&self, path: &RepoPath) -> bool {
        let above = self.rules.iter().rev().filter(|excluded| path.is_in(&excluded.dir));
        let mut said = above.filter_map(|excluded| {
            let below = path.as_str().strip_prefix(excluded.dir.as_str()).unwrap_or_default();
            excluded.rules.last_said(below.trim_start_matches('/'))
        });
        self.is_checked_out(path) && said.next() != Some(true)
    }

    /// Whether it has a file at or below a path.
    pub fn holds_any(&self, path: &RepoPath, tree: &Tree) -> bool {
        self.includes(path) || tree.below(path).any(|file| self.holds(file))
    }

    /// Whether what is at a path is copied there from another GitRepository.
    pub fn includes(&self, path: &RepoPath) -> bool {
        self.included(path).is_some()
    }

    /// What is copied to a path from another GitRepository.
    pub(in crate::flux) fn included(&self, path: &RepoPath) -> Option<&Include> {
        self.includes.iter().find(|include| path.is_in(&include.to))
    }

    fn is_checked_out(&self, path: &RepoPath) -> bool {
        path.is_in(&self.top) && (self.sparse.is_empty() || self.sparse.iter().any(|dir| path.is_in(dir)))
    }
}

impl Excluded {
    fn of(dir: RepoPath, text: &str, scan: &Scan) -> Excluded {
        let (text, rules) = scan.archive_rules(text);
        Excluded { dir, text, rules }
    }
}

impl Include {
    /// Where in the included repository a path comes from.
    pub(in crate::flux) fn origin(&self, path: &RepoPath) -> Option<RepoPath> {
        let below = path.as_str().strip_prefix(self.to.as_str())?;
        self.from.join(below.trim_start_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;
    use crate::yaml::Stream;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// The artifact of a `spec`, and what it holds of some paths.
    fn held<'p>(spec: &str, top: &str, files: &[(&str, &str)], paths: &[&'p str]) -> Vec<&'p str> {
        let text = format!("spec: {spec}\n");
        let source = Value::of(Stream::parse(&*text).unwrap().documents().next().unwrap()).unwrap();
        let tree = Memory::tree(files.iter().copied());
        let scan = Scan::of(&tree, &Scan::default()).unwrap();
        let artifact = Artifact::of(&source).in_tree(&path(top), &tree, &scan);
        paths.iter().copied().filter(|name| artifact.holds(&path(name))).collect()
    }

    #[test]
    fn spec_leaves_out_files() {
        let spec = "{sparseCheckout: [k8s, /flux], ignore: \"# everything\\n/*\\n!/k8s/home\\n!/flux\\n*.md\\n\"}";
        let paths = ["k8s/home/a.yaml", "flux/b.yaml", "k8s/other/a.yaml", "apps/a.yaml", "flux/README.md"];
        assert_eq!(held(spec, "", &[], &paths), ["k8s/home/a.yaml", "flux/b.yaml"]);
        assert_eq!(held("{}", "", &[], &paths), paths);
        assert_eq!(held("{ignore: \"${RULES}\"}", "", &[], &paths), paths, "nobody knows");
    }

    #[test]
    fn the_last_rule_decides_whatever_is_above_it() {
        let paths = ["apps/a.yaml", "tests/a.yaml", "tests/keep/b.yaml", "apps/notes.md"];
        let rules = |text: &str| format!("{{ignore: {}}}", Value::string(text).to_flow());
        assert_eq!(held(&rules("*\n!*.yaml\n/tests\n"), "", &[], &paths), ["apps/a.yaml"]);
        assert_eq!(held(&rules("/tests\n!/tests/keep\n*.md\n"), "", &[], &paths), ["apps/a.yaml", "tests/keep/b.yaml"]);
        assert_eq!(held(&rules("!/tests\n/*\n"), "", &[], &paths), [""; 0]);
    }

    #[test]
    fn source_ignore_files_stand_in_any_directory() {
        let files = [
            (".sourceignore", "/archive\n*.bak.yaml\n"),
            ("apps/.sourceignore", "/old\n!kept.bak.yaml\n"),
            ("apps/media/.sourceignore", "!/x.bak.yaml\n"),
        ];
        let paths = [
            "archive/a.yaml",
            "apps/old/a.yaml",
            "apps/archive/a.yaml",
            "old/a.yaml",
            "apps/kept.bak.yaml",
            "kept.bak.yaml",
            "apps/media/x.bak.yaml",
        ];
        let seen = ["apps/archive/a.yaml", "old/a.yaml", "apps/kept.bak.yaml", "apps/media/x.bak.yaml"];
        assert_eq!(held("{}", "", &files, &paths), seen);
        assert_eq!(held("{ignore: \"!/archive\"}", "", &files, &paths)[..2], ["archive/a.yaml", "apps/archive/a.yaml"]);
        assert_eq!(held("{sparseCheckout: [apps/media]}", "", &files, &["apps/media/old/a.bak.yaml"]).len(), 1);
        // Rules count from the root of the artifact.
        let paths = ["apps/old/a.yaml", "apps/media/a.yaml", "old/a.yaml"];
        assert_eq!(held("{ignore: /media}", "apps", &files, &paths), [""; 0]);
    }
}
