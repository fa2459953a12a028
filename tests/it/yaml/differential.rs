//! A third opinion: yaml-rust2 against the nodes of `yaml::Stream`, on real files and on those of
//! the golden cases.
//!
//! Only events are asked of it, by `Parser::next_token()`: its loaders overflow the stack on deep
//! nesting and the memory on alias bombs.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::third_opinion::{Tree, theirs};
use crate::support::{corpus, root};
use flux_codemod::yaml::{Kind, Node, Stream};

/// Files of the golden cases that somebody rejects: two are broken on purpose, and one shows
/// [`closes_at_the_key`].
const REJECTED_IN_GOLDEN: &[(&str, Who)] = &[
    ("chart-ref-refusals/before/kubernetes/shared/broken.yaml", Who::Both),
    ("home-ops/before/kubernetes/main/apps/home/node-red/app/helmrelease.yaml", Who::Them),
    ("unsound/before/kubernetes/main/apps/not-applied/app/broken.yaml", Who::Both),
];

/// Who rejects a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Them,
    Us,
    Both,
}

/// What `yaml::Stream` reads.
fn ours(text: &str) -> Result<Vec<Tree>, String> {
    let stream = Stream::parse(text).map_err(|error| error.to_string())?;
    Ok(stream.documents().map(|root| tree(root, &mut HashMap::new(), &mut 0)).collect())
}

fn tree(node: Node<'_>, seen: &mut HashMap<Range<usize>, usize>, number: &mut usize) -> Tree {
    let target = node.resolved().range();
    let own = *number;
    *number += 1;
    if target != node.range() {
        return Tree::Alias(seen[&target]);
    }
    seen.insert(target, own);
    match node.kind() {
        Kind::Scalar if node.is_null() && node.text() == Some("~") => Tree::Scalar(String::new()),
        Kind::Scalar => Tree::Scalar(node.text().unwrap().to_owned()),
        Kind::Sequence => Tree::Sequence(node.items().map(|item| tree(item, seen, number)).collect()),
        Kind::Mapping => {
            let mut entries = Vec::new();
            for (key, value) in node.entries() {
                let key = tree(key, seen, number);
                entries.push((key, tree(value, seen, number)));
            }
            Tree::Mapping(entries)
        }
    }
}

#[derive(Default)]
struct Counts {
    files: usize,
    agree: usize,
    documents: usize,
    /// Files that somebody rejects, with the reasons.
    rejected: BTreeMap<String, (Who, String)>,
    /// Files that both accept and read differently.
    differ: Vec<String>,
}

fn compare(files: &[(String, PathBuf)]) -> Counts {
    let mut counts = Counts { files: files.len(), ..Counts::default() };
    for (name, path) in files {
        let Ok(text) = std::fs::read_to_string(path) else {
            counts.files -= 1;
            continue;
        };
        match (theirs(&text), ours(&text)) {
            (Ok(theirs), Ok(ours)) if theirs == ours => {
                counts.agree += 1;
                counts.documents += ours.len();
            }
            (Ok(theirs), Ok(ours)) => {
                let at = theirs.iter().zip(&ours).position(|(theirs, ours)| theirs != ours);
                let at = at.unwrap_or(theirs.len().min(ours.len()));
                println!("{name}, document {at}:\n  {:?}\n  {:?}", theirs.get(at), ours.get(at));
                counts.differ.push(name.clone());
            }
            (Err(why), Ok(_)) => {
                counts.rejected.insert(name.clone(), (Who::Them, why));
            }
            (Ok(_), Err(why)) => {
                counts.rejected.insert(name.clone(), (Who::Us, why));
            }
            (Err(theirs), Err(ours)) => {
                counts.rejected.insert(name.clone(), (Who::Both, format!("{theirs}; {ours}")));
            }
        }
    }
    counts
}

/// Whether the line that yaml-rust2 takes for bad indentation closes a flow collection at the
/// column of its key. Everybody else reads that, Flux included.
fn closes_at_the_key(text: &str, why: &str) -> bool {
    let Some((_, at)) = why.split_once(" line ") else { return false };
    let number: usize = at.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    let line = text.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
    why.starts_with("invalid indentation") && line.starts_with([']', '}'])
}

/// Prints the counts; fails if a file is read differently.
fn check(what: &str, counts: &Counts) {
    println!("{what}: {} files, {} agree ({} documents)", counts.files, counts.agree, counts.documents);
    println!("  {} read differently", counts.differ.len());
    for who in [Who::Them, Who::Us, Who::Both] {
        println!("  {} rejected by {who:?}", counts.rejected.values().filter(|(by, _)| *by == who).count());
    }
    for (name, (who, why)) in &counts.rejected {
        println!("  rejected by {who:?}: {name}: {why}");
    }
    assert_eq!(counts.differ, [""; 0]);
}

fn yaml_files(base: &Path, dir: &Path, found: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(base, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push((path.strip_prefix(base).unwrap().display().to_string(), path));
        }
    }
}

#[test]
fn the_readers_agree_on_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    yaml_files(&corpus, &corpus, &mut files);
    files.sort();
    let counts = compare(&files);
    check("corpus", &counts);
    for (name, (who, why)) in &counts.rejected {
        let text = std::fs::read_to_string(corpus.join(name)).unwrap();
        let known = match who {
            Who::Them => closes_at_the_key(&text, why),
            Who::Us => false,
            // Templates of charts.
            Who::Both => text.contains("{{"),
        };
        assert!(known, "{name} is rejected by {who:?}: {why}");
    }
}

#[test]
fn the_readers_agree_on_the_golden_cases() {
    let golden = root().join("golden");
    let mut files = Vec::new();
    for case in std::fs::read_dir(&golden).unwrap() {
        let before = case.unwrap().path().join("before");
        if before.is_dir() {
            yaml_files(&golden, &before, &mut files);
        }
    }
    files.sort();
    let counts = compare(&files);
    check("golden", &counts);
    let rejected: Vec<_> = counts.rejected.iter().map(|(name, (who, _))| (name.as_str(), *who)).collect();
    assert_eq!(rejected, REJECTED_IN_GOLDEN);
}
