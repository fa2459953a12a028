//! Every operation on every node of real files: what is done is proven by two parsers, what is refused is counted by reason.
//!
//! The tests take a sample of the corpus; `FLUX_CODEMOD_EXHAUSTIVE=1 cargo test --release --test yaml_exhaustive -- --nocapture` takes all of it
//! and prints the counts.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flux_codemod::yaml::{Edit, Emptied, Error, Fate, Kind, New, Node, Stream};
use support::corpus;

const OPERATIONS: [&str; 6] = ["remove", "insert after", "set scalar", "set mapping", "set sequence", "rename"];

#[derive(Default)]
struct Counts {
    files: usize,
    done: BTreeMap<&'static str, usize>,
    refused: BTreeMap<(String, &'static str), Vec<String>>,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.files += other.files;
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

fn yaml_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
}

/// Collections that stand in the text themselves, outermost first.
fn collections<'s>(node: Node<'s>, found: &mut Vec<Node<'s>>) {
    if node.style().is_none() {
        return;
    }
    found.push(node);
    for child in node.items().chain(node.entries().map(|(_, value)| value)) {
        collections(child, found);
    }
}

fn dropped(_: &str) -> Fate {
    Fate::Dropped("the test".to_owned())
}

fn attempt<'s>(edit: &mut Edit<'s>, operation: &str, collection: Node<'s>, at: usize) -> Result<(), Error> {
    let mapping = New::mapping([("one", New::string("1")), ("two", New::Sequence(vec![New::string("x y")]))]);
    let value = match operation {
        "set mapping" => mapping,
        "set sequence" => New::Sequence(vec![New::string("no"), mapping]),
        _ => New::string("a new value"),
    };
    if collection.kind() == Kind::Mapping {
        let (key, child) = collection.entries().nth(at).unwrap();
        let key = key.text().unwrap_or_default();
        match operation {
            "remove" => edit.remove_entry(collection, key, Emptied::Brackets, dropped),
            "insert after" => edit.insert_entry(collection, flux_codemod::yaml::Place::After(key), "new-key", &value),
            "rename" => edit.rename_key(collection, key, "new-key"),
            _ => edit.set(child, &value, dropped),
        }
    } else {
        let child = collection.items().nth(at).unwrap();
        match operation {
            "remove" => edit.remove_item(collection, at, Emptied::Brackets, dropped),
            "insert after" => edit.insert_item(collection, at + 1, &value),
            "rename" => Ok(()),
            _ => edit.set(child, &value, dropped),
        }
    }
}

/// All operations on every `step`th child of a file.
fn exercise(path: &Path, step: usize) -> Counts {
    let mut counts = Counts { files: 1, ..Counts::default() };
    let Ok(text) = std::fs::read_to_string(path) else { return counts };
    let Ok(stream) = Stream::parse(text.as_str()) else { return counts };
    let mut found = Vec::new();
    stream.documents().for_each(|root| collections(root, &mut found));
    let children = found.iter().flat_map(|node| {
        let count = node.items().count() + node.entries().count();
        (0..count).map(move |at| (*node, at))
    });
    for (collection, at) in children.step_by(step) {
        for operation in OPERATIONS {
            if operation == "rename" && collection.kind() != Kind::Mapping {
                continue;
            }
            let mut edit = Edit::of(&stream).moving_anchors();
            match attempt(&mut edit, operation, collection, at).and_then(|()| edit.finish()) {
                Ok(_) => *counts.done.entry(operation).or_default() += 1,
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
    let Some(corpus) = corpus() else { return };
    let everything = std::env::var_os("FLUX_CODEMOD_EXHAUSTIVE").is_some();
    let mut files = Vec::new();
    yaml_files(&corpus, &mut files);
    files.sort();
    let files: Vec<_> = files.iter().step_by(if everything { 1 } else { 41 }).cloned().collect();
    let step = if everything { 1 } else { 5 };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let files = &files;
        let work = move |worker: usize| {
            files.iter().skip(worker).step_by(threads).map(|file| exercise(file, step)).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..threads).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).for_each(|found| counts.add(found));
    });
    let (done, refused) = counts.total();
    println!("{} files, {done} done, {refused} refused", counts.files);
    for (operation, count) in &counts.done {
        println!("  done     {count:>7}  {operation}");
    }
    for ((reason, operation), places) in &counts.refused {
        println!("  refused  {:>7}  {operation}: {reason}, such as {}", places.len(), places[0]);
    }
    let in_use = |(reason, _): &(String, &str)| reason == "anchor-in-use";
    let refused =
        refused - counts.refused.iter().filter(|(key, _)| in_use(key)).map(|(_, places)| places.len()).sum::<usize>();
    println!("  {:.2}% done of what is not refused as anchor-in-use", 100.0 * done as f64 / (done + refused) as f64);
    assert!(done > 1000);
    assert!(done * 100 >= (done + refused) * 99, "at least 99% are done");
}
