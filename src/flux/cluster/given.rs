//! Clusters of the configuration, combined with those that the tree shows.

use std::collections::BTreeSet;

use super::entry_point::{EntryPoint, Root, name_of};
use crate::flux::files::{At, SourceRef};
use crate::flux::kustomize::Artifact;
use crate::repo::RepoPath;

/// What is known of a tree from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The clusters of the configuration.
    pub clusters: Vec<GivenCluster>,
    /// The addresses of the repository, as its git remotes have them.
    pub urls: Vec<String>,
}

/// A cluster as the configuration names it. Their order is that of promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCluster {
    /// Its name.
    pub name: String,
    /// The directory that its entry point builds, if the tree does not show it.
    pub path: Option<RepoPath>,
    /// The directory whose content its artifact holds, if the tree does not show it.
    pub root: Option<RepoPath>,
    /// The branch that it follows, if it is not the one that the tree shows.
    pub branch: Option<String>,
    /// The configuration file.
    pub stated_in: RepoPath,
}

/// All entry points with the names of their clusters: those that the tree shows, and those that are
/// only given. A given cluster with the same path, or else the same name, decides name, branch and
/// root. `look_up` finds the source of one that is only given, and its Flux Kustomization.
pub(super) fn named(
    found: Vec<EntryPoint>,
    given: &[GivenCluster],
    look_up: &mut dyn FnMut(&GivenCluster, &RepoPath) -> (RepoPath, SourceRef, Root),
) -> Vec<(String, EntryPoint)> {
    let given_names: BTreeSet<&str> = given.iter().map(|given| &*given.name).collect();
    let mut rest: Vec<Option<EntryPoint>> = found.into_iter().map(Some).collect();
    let mut take = |is_meant: &dyn Fn(&EntryPoint) -> bool| {
        rest.iter_mut().find(|entry| entry.as_ref().is_some_and(is_meant)).and_then(Option::take)
    };
    // First those with the same path and branch, because a path may have two branches; then those
    // with the same path.
    let exact = given.iter().map(|given| take(&|entry| given.is_at(entry) && given.branch == entry.branch));
    let exact: Vec<Option<EntryPoint>> = exact.collect();
    let mut all: Vec<(String, EntryPoint)> = Vec::new();
    for (given, exact) in given.iter().zip(exact) {
        let entry = exact.or_else(|| match &given.path {
            Some(_) => take(&|entry| given.is_at(entry)),
            None => {
                take(&|entry| name_of(&entry.path_in_artifact()) == given.name || entry.path.as_str() == given.name)
            }
        });
        let only_given = || given.path.as_ref().map(|path| given.entry_point(look_up(given, path)));
        let entry = entry.map(|entry| given.with_root(entry));
        let Some(mut entry) = entry.or_else(only_given) else { continue };
        entry.branch = given.branch.clone().or(entry.branch);
        all.push((given.name.clone(), entry));
    }
    for entry in rest.into_iter().flatten() {
        let name = name_of(&entry.path_in_artifact());
        let is_taken = given_names.contains(&*name) || all.iter().any(|(other, _)| *other == name);
        all.push((if is_taken { entry.path.to_string() } else { name }, entry));
    }
    all.sort_by(|(_, a), (_, b)| (&a.path, &a.stated_at).cmp(&(&b.path, &b.stated_at)));
    all
}

impl GivenCluster {
    /// Whether an entry point has its path, which may count from the root of the repository or from
    /// that of the artifact.
    fn is_at(&self, entry: &EntryPoint) -> bool {
        let Some(path) = &self.path else { return false };
        let forms = |path: &RepoPath| [Some(path.clone()), self.below_root(path)].into_iter().flatten();
        forms(path).any(|given| forms(&entry.path).any(|path| path == given))
    }

    /// A path of the artifact, in the tree.
    pub(super) fn below_root(&self, path: &RepoPath) -> Option<RepoPath> {
        self.root.as_ref()?.join(path.as_str())
    }

    /// An entry point whose path counts from the given root, if there is one.
    fn with_root(&self, entry: EntryPoint) -> EntryPoint {
        let Some(root) = self.root.as_ref().filter(|root| **root != entry.top) else { return entry };
        let path = self.below_root(&entry.path_in_artifact()).unwrap_or_else(|| entry.path.clone());
        EntryPoint { path, top: root.clone(), ..entry }
    }

    fn entry_point(&self, (path, source, root): (RepoPath, SourceRef, Root)) -> EntryPoint {
        EntryPoint {
            path,
            stated_at: At::document(&self.stated_in, 0),
            source,
            branch: None,
            url: None,
            artifact: Artifact::default(),
            top: self.root.clone().unwrap_or_default(),
            flux: None,
            root,
            instance: None,
        }
    }
}

/// The place of a cluster in the order of promotion: first those of the configuration, in its
/// order, then those that are for trying things, by words in their names, then the others by name.
pub(super) fn rank(name: &str, given: &[GivenCluster]) -> (usize, bool, String) {
    let place = given.iter().position(|given| given.name == name).unwrap_or(given.len());
    (place, !is_for_trying(name), name.to_owned())
}

fn is_for_trying(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "edge",
        "dev",
        "develop",
        "development",
        "test",
        "testing",
        "stage",
        "staging",
        "stg",
        "canary",
        "preview",
        "sandbox",
        "qa",
        "uat",
        "preprod",
        "nonprod",
    ];
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| WORDS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn source(_: &GivenCluster, path: &RepoPath) -> (RepoPath, SourceRef, Root) {
        let source = SourceRef { kind: "GitRepository".into(), name: "x".into(), namespace: None };
        (path.clone(), source, Root::Unknown)
    }

    fn given(name: &str, at: &str, branch: &str) -> GivenCluster {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        GivenCluster {
            name: name.into(),
            path: text(at).map(|at| path(&at)),
            root: None,
            branch: text(branch),
            stated_in: path("c"),
        }
    }

    /// Each cluster as `name path branch`.
    fn combined(found: &[(&str, &str)], given: &[GivenCluster]) -> Vec<String> {
        let entry = |(at, branch): &(&str, &str)| EntryPoint {
            path: path(at),
            stated_at: At::document(&path("f"), 0),
            source: SourceRef { kind: "GitRepository".into(), name: "x".into(), namespace: None },
            branch: Some((*branch).into()),
            url: None,
            artifact: Artifact::default(),
            top: RepoPath::root(),
            flux: None,
            root: Root::Unknown,
            instance: None,
        };
        let all = named(found.iter().map(entry).collect(), given, &mut source);
        all.iter()
            .map(|(name, entry)| format!("{name} {} {}", entry.path, entry.branch.as_deref().unwrap_or("-")))
            .collect()
    }

    #[test]
    fn given_clusters_meet_those_that_are_found() {
        let found = [("k/edge/flux", "edge"), ("k/main/flux", "main")];
        for (given, expected) in [
            (vec![], ["k k/edge/flux edge", "k/main/flux k/main/flux main"].as_slice()),
            (vec![given("k", "k/main/flux", "")], &["k/edge/flux k/edge/flux edge", "k k/main/flux main"]),
            (vec![given("k/main/flux", "", "next")], &["k k/edge/flux edge", "k/main/flux k/main/flux next"]),
            (vec![given("a", "a", "")], &["a a -", "k k/edge/flux edge", "k/main/flux k/main/flux main"]),
            (vec![given("nowhere", "", "")], &["k k/edge/flux edge", "k/main/flux k/main/flux main"]),
        ] {
            assert_eq!(combined(&found, &given), expected, "{given:?}");
        }
        let one_path = [("kubernetes", "a"), ("kubernetes", "b")];
        let both = [given("second", "kubernetes", "b"), given("first", "kubernetes", "")];
        assert_eq!(combined(&one_path, &both), ["second kubernetes b", "first kubernetes a"].map(String::from));
    }

    #[test]
    fn clusters_for_trying_come_first() {
        let mut names = vec!["main", "staging-2", "home", "edge", "predator", "my-dev01", "developer"];
        names.sort_by_key(|name| rank(name, &[]));
        assert_eq!(names, ["edge", "my-dev01", "staging-2", "developer", "home", "main", "predator"]);
    }
}
