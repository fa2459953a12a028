//! Megabytes a second of reading and of one proven edit, on every YAML file of the corpus, beside `yaml-edit` doing the same work.
//!
//! `cargo bench --bench yaml`. The edit renames the first key of the first document. Ours is proven by two parsers, which is in the time.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

use flux_codemod::yaml::{Edit, Kind, Stream};
use support::{corpus, yaml_files};
use yaml_edit::YamlFile;

/// The fastest of these counts.
const ROUNDS: usize = 3;
const NEW: &str = "renamed";

fn our_reading(text: &str) -> Option<usize> {
    Some(Stream::parse(text).ok()?.documents().len())
}

fn their_reading(text: &str) -> Option<usize> {
    Some(YamlFile::from_str(text).ok()?.documents().count())
}

/// The first key, where it is a scalar.
fn first_key(text: &str) -> Option<String> {
    let stream = Stream::parse(text).ok()?;
    let root = stream.documents().next().filter(|root| root.kind() == Kind::Mapping)?;
    root.entries().next()?.0.text().map(str::to_owned)
}

fn our_edit(text: &str, key: &str) -> Option<String> {
    let stream = Stream::parse(text).ok()?;
    let mut edit = Edit::of(&stream);
    edit.rename_key(stream.documents().next()?, key, NEW).ok()?;
    edit.finish().ok()?.splices.apply(text).ok()
}

fn their_edit(text: &str, key: &str) -> Option<String> {
    let file = YamlFile::from_str(text).ok()?;
    file.document()?.rename_key(key, NEW).then(|| file.to_string())
}

fn fastest(work: &dyn Fn()) -> Duration {
    let timed = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    (0..ROUNDS).map(timed).min().expect("some rounds")
}

fn compare(what: &str, bytes: usize, ours: &dyn Fn(), theirs: &dyn Fn()) {
    let speed = |took: Duration| bytes as f64 / 1e6 / took.as_secs_f64();
    let (ours, theirs) = (speed(fastest(ours)), speed(fastest(theirs)));
    println!("{what:<8} flux-codemod {ours:>6.1} MB/s   yaml-edit {theirs:>6.1} MB/s   ratio {:.2}", ours / theirs);
}

fn main() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    yaml_files(&corpus, &mut files);
    let texts: Vec<_> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let size = |texts: &[&String]| texts.iter().map(|text| text.len()).sum::<usize>();

    // Only what both can do is compared.
    let (ours, theirs) = (|text: &&String| our_reading(text).is_some(), |text: &&String| their_reading(text).is_some());
    let read: Vec<&String> = texts.iter().filter(|text| ours(text) && theirs(text)).collect();
    println!(
        "{} files; read by us {}, by yaml-edit {}, by both {} ({:.1} MB)",
        texts.len(),
        texts.iter().filter(ours).count(),
        texts.iter().filter(theirs).count(),
        read.len(),
        size(&read) as f64 / 1e6
    );
    compare("reading", size(&read), &|| read.iter().for_each(|text| _ = black_box(our_reading(text))), &|| {
        read.iter().for_each(|text| _ = black_box(their_reading(text)));
    });

    let keyed: Vec<(&String, String)> = read.iter().filter_map(|text| Some((*text, first_key(text)?))).collect();
    let edits = keyed.iter().map(|(text, key)| (our_edit(text, key), their_edit(text, key)));
    let (mut counts, mut edited) = ([0; 3], Vec::new());
    for (pair, edit) in keyed.iter().zip(edits) {
        counts[0] += usize::from(edit.0.is_some());
        counts[1] += usize::from(edit.1.is_some());
        counts[2] += usize::from(edit.0.is_some() && edit.0 == edit.1);
        if edit.0.is_some() && edit.1.is_some() {
            edited.push(pair);
        }
    }
    let bytes = size(&edited.iter().map(|(text, _)| *text).collect::<Vec<_>>());
    println!(
        "{} files with a first key; edited by us {}, by yaml-edit {}, with the same result {}",
        keyed.len(),
        counts[0],
        counts[1],
        counts[2]
    );
    compare("editing", bytes, &|| edited.iter().for_each(|(text, key)| _ = black_box(our_edit(text, key))), &|| {
        edited.iter().for_each(|(text, key)| _ = black_box(their_edit(text, key)));
    });
}
