//! Every operation on every node of real files: what is done is proven by two parsers, what is
//! refused is counted by reason.
//!
//! The editor's own proof is not taken for granted. Each result is compared here with the old text
//! outside the splices, with the comments that were there, and with what a third parser reads in
//! the old text, changed as the operation says.
//!
//! The tests take a sample of the corpus; `FLUX_CODEMOD_EXHAUSTIVE=1 cargo test --release --test it
//! -- yaml::exhaustive --nocapture` takes all of it and prints the counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::third_opinion::{Tree, theirs};
use crate::support::rounds::exhaustive;
use crate::support::{corpus, in_parallel, yaml_files};
use flux_codemod::yaml::{Edit, Edited, Emptied, Error, Fate, Kind, New, Node, Place, Stream};

const OPERATIONS: [&str; 6] = ["remove", "insert after", "set scalar", "set mapping", "set sequence", "rename"];

#[derive(Default)]
struct Counts {
    files: usize,
    /// Files that nothing was tried on, and why.
    unread: Vec<String>,
    entries: usize,
    items: usize,
    done: BTreeMap<&'static str, usize>,
    refused: BTreeMap<(String, &'static str), Vec<String>>,
    /// Results that a third parser read as intended. It does not read every file.
    third: usize,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.files += other.files;
        self.unread.extend(other.unread);
        self.entries += other.entries;
        self.items += other.items;
        self.third += other.third;
        for (operation, count) in other.done {
            *self.done.entry(operation).or_default() += count;
        }
        for (reason, places) in other.refused {
            self.refused.entry(reason).or_default().extend(places);
        }
    }

    fn total(&self) -> (usize, usize) {
        (self.done.values().sum(), self.refused.values().map(Vec::len).sum())
    }
}

/// A collection that stands in the text itself: the document, and the way to it by the places of
/// items and values.
#[derive(Clone)]
struct Found<'s> {
    node: Node<'s>,
    document: usize,
    path: Vec<usize>,
}

/// These collections, outermost first.
fn collections<'s>(node: Node<'s>, document: usize, path: &[usize], found: &mut Vec<Found<'s>>) {
    if node.style().is_none() {
        return;
    }
    found.push(Found { node, document, path: path.to_vec() });
    for (at, child) in node.items().chain(node.entries().map(|(_, value)| value)).enumerate() {
        collections(child, document, &[path, &[at]].concat(), found);
    }
}

fn dropped(_: &str) -> Fate {
    Fate::Dropped("the test".to_owned())
}

fn value(operation: &str) -> New {
    let mapping = New::mapping([("one", New::string("1")), ("two", New::Sequence(vec![New::string("x y")]))]);
    match operation {
        "set mapping" => mapping,
        "set sequence" => New::Sequence(vec![New::string("no"), mapping]),
        _ => New::string("a new value"),
    }
}

fn attempt<'s>(edit: &mut Edit<'s>, operation: &str, collection: Node<'s>, at: usize) -> Result<(), Error> {
    let value = value(operation);
    if collection.kind() == Kind::Mapping {
        let (key, child) = collection.entries().nth(at).unwrap();
        let key = key.text().unwrap_or_default();
        match operation {
            "remove" => edit.remove_entry(collection, key, Emptied::Brackets, dropped),
            "insert after" => edit.insert_entry(collection, Place::After(key), "new-key", &value),
            "rename" => edit.rename_key(collection, key, "new-key"),
            _ => edit.set(child, &value, dropped),
        }
    } else {
        let child = collection.items().nth(at).unwrap();
        match operation {
            "remove" => edit.remove_item(collection, at, Emptied::Brackets, dropped),
            "insert after" => edit.insert_item(collection, at + 1, &value),
            _ => edit.set(child, &value, dropped),
        }
    }
}

fn tree(new: &New) -> Tree {
    match new {
        New::String(text) | New::Text(text) | New::Plain(text) => Tree::Scalar(text.clone()),
        New::Commented(item, _) | New::Alias(_, item) => tree(item),
        New::Sequence(items) => Tree::Sequence(items.iter().map(tree).collect()),
        New::Mapping(entries) => {
            Tree::Mapping(entries.iter().map(|(key, value)| (Tree::Scalar(key.clone()), tree(value))).collect())
        }
    }
}

/// A document with its aliases written out. `seen` are its nodes so far, by their number.
fn expanded(node: &Tree, seen: &mut Vec<Tree>) -> Tree {
    let own = seen.len();
    seen.push(Tree::Alias(own));
    let node = match node {
        Tree::Scalar(text) => Tree::Scalar(text.clone()),
        Tree::Alias(target) => seen[*target].clone(),
        Tree::Sequence(items) => Tree::Sequence(items.iter().map(|item| expanded(item, seen)).collect()),
        Tree::Mapping(entries) => {
            Tree::Mapping(entries.iter().map(|(key, value)| (expanded(key, seen), expanded(value, seen))).collect())
        }
    };
    seen[own] = node.clone();
    node
}

/// What a third parser reads, aliases written out; nothing where it rejects the text.
fn third_reading(text: &str) -> Option<Vec<Tree>> {
    Some(theirs(text).ok()?.iter().map(|document| expanded(document, &mut Vec::new())).collect())
}

/// The reading with an operation done to it.
fn intended(mut reading: Vec<Tree>, found: &Found<'_>, operation: &str, at: usize) -> Vec<Tree> {
    let mut node = &mut reading[found.document];
    for step in &found.path {
        node = match node {
            Tree::Sequence(items) => &mut items[*step],
            Tree::Mapping(entries) => &mut entries[*step].1,
            other => panic!("{other:?} is no collection"),
        };
    }
    let new = tree(&value(operation));
    match (node, operation) {
        (Tree::Sequence(items), "remove") => drop(items.remove(at)),
        (Tree::Sequence(items), "insert after") => items.insert(at + 1, new),
        (Tree::Sequence(items), _) => items[at] = new,
        (Tree::Mapping(entries), "remove") => drop(entries.remove(at)),
        (Tree::Mapping(entries), "insert after") => entries.insert(at + 1, (Tree::Scalar("new-key".to_owned()), new)),
        (Tree::Mapping(entries), "rename") => entries[at].0 = Tree::Scalar("new-key".to_owned()),
        (Tree::Mapping(entries), _) => entries[at].1 = new,
        (other, _) => panic!("{other:?} is no collection"),
    }
    reading
}

/// The new text, put together without the editor's help. What no splice covers is identical, and
/// something changes.
fn spliced(old: &str, edited: &Edited) -> String {
    let (mut new, mut rest) = (String::new(), 0);
    for splice in edited.splices.iter() {
        assert!(rest <= splice.range.start, "{:?} are in order", edited.splices);
        new += &old[rest..splice.range.start];
        new += &splice.with;
        rest = splice.range.end;
    }
    new += &old[rest..];
    assert_ne!(old, new, "an operation does something");
    assert_eq!(edited.splices.apply(old).as_deref(), Ok(new.as_str()));
    new
}

/// How often each comment stands in a text.
fn comments(stream: &Stream) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for comment in stream.comments() {
        *counts.entry(&stream.text()[comment.range.clone()]).or_default() += 1;
    }
    counts
}

/// Comments are there, or accounted for. One that moves with an anchor may be both.
fn comments_are_conserved(old: &Stream, new: &str, edited: &Edited) {
    let new = Stream::parse(new).unwrap();
    let (old, new) = (comments(old), comments(&new));
    for (comment, before) in &old {
        let gone = edited.comments.iter().filter(|gone| gone.text == *comment).count();
        let after = new.get(comment).copied().unwrap_or_default();
        assert!(
            after <= *before && *before <= after + gone,
            "{comment}: {before}, then {after}, and {gone} are dropped"
        );
    }
    assert!(new.keys().all(|comment| old.contains_key(comment)), "no comment is made up");
}

/// All operations on every `step`th child of a file.
fn exercise(path: &Path, step: usize) -> Counts {
    let mut counts = Counts { files: 1, ..Counts::default() };
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let stream = match read.and_then(|text| Stream::parse(text).map_err(|error| error.to_string())) {
        Ok(stream) => stream,
        Err(why) => {
            counts.unread.push(format!("{}: {why}", path.display()));
            return counts;
        }
    };
    let third = third_reading(stream.text());
    let mut found = Vec::new();
    stream.documents().enumerate().for_each(|(document, root)| collections(root, document, &[], &mut found));
    let children = found.iter().flat_map(|found| {
        let count = found.node.items().count() + found.node.entries().count();
        (0..count).map(move |at| (found, at))
    });
    for (found, at) in children.step_by(step) {
        let is_entry = found.node.kind() == Kind::Mapping;
        *if is_entry { &mut counts.entries } else { &mut counts.items } += 1;
        for operation in OPERATIONS {
            if operation == "rename" && !is_entry {
                continue;
            }
            let mut edit = Edit::of(&stream).moving_anchors();
            match attempt(&mut edit, operation, found.node, at).and_then(|()| edit.finish()) {
                Ok(edited) => {
                    *counts.done.entry(operation).or_default() += 1;
                    let new = spliced(stream.text(), &edited);
                    comments_are_conserved(&stream, &new, &edited);
                    if let Some(third) = third.clone() {
                        let wanted = Some(intended(third, found, operation, at));
                        assert!(third_reading(&new) == wanted, "{operation} at {at} in {}:\n{new}", path.display());
                        counts.third += 1;
                    }
                }
                Err(error) => {
                    let place = format!("{}:{}:{}", path.display(), error.at.line, error.at.column);
                    // What is refused for an anchor names it; one line for all of them.
                    let reason = match error.problem.code() {
                        "anchor-in-use" => "anchor-in-use".to_owned(),
                        code => format!("{code}: {error}"),
                    };
                    counts.refused.entry((reason, operation)).or_default().push(place);
                }
            }
        }
    }
    counts
}

#[test]
fn every_operation_on_real_files() {
    let everything = exhaustive();
    let Some(corpus) = corpus() else {
        assert!(!everything, "there is no corpus to exhaust");
        return;
    };
    let mut files = Vec::new();
    yaml_files(&corpus, &mut files);
    files.sort();
    let files: Vec<_> = files.iter().step_by(if everything { 1 } else { 41 }).cloned().collect();
    let step = if everything { 1 } else { 5 };
    let mut counts = Counts::default();
    in_parallel(&files, |file| exercise(file, step)).into_iter().for_each(|found| counts.add(found));
    let (done, refused) = counts.total();
    println!("{} files, {} entries, {} items", counts.files, counts.entries, counts.items);
    counts.unread.iter().for_each(|file| println!("  unread: {file}"));
    println!("{done} done, {refused} refused, {} read by a third parser as intended", counts.third);
    for (operation, count) in &counts.done {
        println!("  done     {count:>7}  {operation}");
    }
    for ((reason, operation), places) in &counts.refused {
        println!("  refused  {:>7}  {operation}: {reason}, such as {}", places.len(), places[0]);
    }
    let attempted = done + refused;
    let in_use = |(reason, _): &(String, &str)| reason == "anchor-in-use";
    let refused =
        refused - counts.refused.iter().filter(|(key, _)| in_use(key)).map(|(_, places)| places.len()).sum::<usize>();
    println!("  {:.2}% done of what is not refused as anchor-in-use", 100.0 * done as f64 / (done + refused) as f64);
    assert!(done > 1000);
    // Five operations on each child, and renaming entries: none is left out, and none does nothing
    // but be refused.
    assert_eq!(attempted, counts.entries * 6 + counts.items * 5);
    assert_eq!(counts.done.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from(OPERATIONS));
    assert!(counts.unread.len() * 100 <= counts.files && counts.third * 100 >= done * 95);
    assert!(done * 100 >= (done + refused) * 99, "at least 99% are done");
}
