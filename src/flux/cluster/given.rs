//! Clusters that a person names, put together with those that the tree shows.

use std::collections::BTreeSet;

use super::entry_point::{EntryPoint, name_of};
use crate::flux::files::{At, SourceRef};
use crate::repo::RepoPath;

/// A cluster as a person names it; the order in which they are given is that of promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCluster {
    /// Its name.
    pub name: String,
    /// The directory that its entry point builds, where the tree does not show it.
    pub path: Option<RepoPath>,
    /// The branch that it follows, if it is another than the tree shows.
    pub branch: Option<String>,
    /// The file that says so.
    pub stated_in: RepoPath,
}

/// The entry points with the names of their clusters: those that the tree shows, of which a given one of the same path, or else of the
/// same name, says name and branch, and those that are given alone. `source` finds what is built from a path that is given alone.
pub(super) fn named(
    found: Vec<EntryPoint>,
    given: &[GivenCluster],
    source: &mut dyn FnMut(&RepoPath) -> SourceRef,
) -> Vec<(String, EntryPoint)> {
    let given_names: BTreeSet<&str> = given.iter().map(|given| &*given.name).collect();
    let mut rest: Vec<Option<EntryPoint>> = found.into_iter().map(Some).collect();
    let mut take = |is_it: &dyn Fn(&EntryPoint) -> bool| {
        rest.iter_mut().find(|entry| entry.as_ref().is_some_and(is_it)).and_then(Option::take)
    };
    // Of two branches of one path, each goes to whom it fits; then the path alone decides.
    let exact = given.iter().map(|given| take(&|entry| given.is_at(&entry.path) && given.branch == entry.branch));
    let exact: Vec<Option<EntryPoint>> = exact.collect();
    let mut all: Vec<(String, EntryPoint)> = Vec::new();
    for (given, exact) in given.iter().zip(exact) {
        let entry = exact.or_else(|| match &given.path {
            Some(_) => take(&|entry| given.is_at(&entry.path)),
            None => take(&|entry| name_of(&entry.path) == given.name || entry.path.as_str() == given.name),
        });
        let alone = || given.path.as_ref().map(|path| given.entry_point(path, source(path)));
        let Some(mut entry) = entry.or_else(alone) else { continue };
        entry.branch = given.branch.clone().or(entry.branch);
        all.push((given.name.clone(), entry));
    }
    for entry in rest.into_iter().flatten() {
        let name = name_of(&entry.path);
        let is_taken = given_names.contains(&*name) || all.iter().any(|(other, _)| *other == name);
        all.push((if is_taken { entry.path.to_string() } else { name }, entry));
    }
    all.sort_by(|(_, a), (_, b)| (&a.path, &a.stated_at).cmp(&(&b.path, &b.stated_at)));
    all
}

impl GivenCluster {
    fn is_at(&self, path: &RepoPath) -> bool {
        self.path.as_ref() == Some(path)
    }

    fn entry_point(&self, path: &RepoPath, source: SourceRef) -> EntryPoint {
        EntryPoint {
            path: path.clone(),
            stated_at: At::document(&self.stated_in, 0),
            source,
            branch: None,
            url: None,
            flux: None,
            kustomization: None,
        }
    }
}

/// Where a cluster stands in the order of promotion: the given ones first, as they are given, then those that may break, by the words in
/// their names, then the others, by name.
pub(super) fn rank(name: &str, given: &[GivenCluster]) -> (usize, bool, String) {
    let place = given.iter().position(|given| given.name == name).unwrap_or(given.len());
    (place, !may_break(name), name.to_owned())
}

fn may_break(name: &str) -> bool {
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

    fn source(_: &RepoPath) -> SourceRef {
        SourceRef { kind: "GitRepository".into(), name: "x".into(), namespace: None }
    }

    fn given(name: &str, at: &str, branch: &str) -> GivenCluster {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        GivenCluster {
            name: name.into(),
            path: text(at).map(|at| path(&at)),
            branch: text(branch),
            stated_in: path("c"),
        }
    }

    /// Each cluster as `name path branch`.
    fn put_together(found: &[(&str, &str)], given: &[GivenCluster]) -> Vec<String> {
        let entry = |(at, branch): &(&str, &str)| EntryPoint {
            path: path(at),
            stated_at: At::document(&path("f"), 0),
            source: source(&path(at)),
            branch: Some((*branch).into()),
            url: None,
            flux: None,
            kustomization: None,
        };
        let all = named(found.iter().map(entry).collect(), given, &mut source);
        all.iter().map(|(name, own)| format!("{name} {} {}", own.path, own.branch.as_deref().unwrap_or("-"))).collect()
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
            assert_eq!(put_together(&found, &given), expected, "{given:?}");
        }
        let one_path = [("kubernetes", "a"), ("kubernetes", "b")];
        let both = [given("second", "kubernetes", "b"), given("first", "kubernetes", "")];
        assert_eq!(put_together(&one_path, &both), ["second kubernetes b", "first kubernetes a"].map(String::from));
    }

    #[test]
    fn those_that_may_break_come_first() {
        let mut names = vec!["main", "staging-2", "home", "edge", "predator", "my-dev01", "developer"];
        names.sort_by_key(|name| rank(name, &[]));
        assert_eq!(names, ["edge", "my-dev01", "staging-2", "developer", "home", "main", "predator"]);
    }
}
