//! Megabytes a second of reading and of one proven edit, on every YAML file of the corpus, beside
//! what yaml_serde takes to read the same texts into nothing.
//!
//! `cargo bench --bench yaml`. The edit renames the first key of the first document. It is proven
//! by two parsers, and the proof is in the time.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use flux_codemod::yaml::{Edit, Kind, Stream};
use serde::Deserialize;
use serde::de::IgnoredAny;
use support::{corpus, yaml_files};

/// The fastest of these counts.
const ROUNDS: usize = 3;

fn read(text: &str) -> Option<usize> {
    Some(Stream::parse(text).ok()?.documents().len())
}

fn read_by_yaml_serde(text: &str) -> bool {
    serde_yaml::Deserializer::from_str(text).all(|document| IgnoredAny::deserialize(document).is_ok())
}

/// Renames the first key of the first document, where it is a scalar.
fn edit(text: &str) -> Option<String> {
    let stream = Stream::parse(text).ok()?;
    let root = stream.documents().next().filter(|root| root.kind() == Kind::Mapping)?;
    let key = root.entries().next()?.0.text()?;
    let mut edit = Edit::of(&stream);
    edit.rename_key(root, key, "renamed").ok()?;
    edit.finish().ok()?.splices.apply(text).ok()
}

fn fastest(work: impl Fn()) -> Duration {
    let timed = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    (0..ROUNDS).map(timed).min().expect("some rounds")
}

fn main() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    yaml_files(&corpus, &mut files);
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let texts: Vec<_> = texts.filter(|text| edit(text).is_some() && read_by_yaml_serde(text)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    println!("{} files, {:.1} MB", texts.len(), bytes as f64 / 1e6);
    let base = fastest(|| texts.iter().for_each(|text| _ = black_box(read_by_yaml_serde(text))));
    let print = |what: &str, took: Duration| {
        let (speed, ratio) = (bytes as f64 / 1e6 / took.as_secs_f64(), took.as_secs_f64() / base.as_secs_f64());
        println!("{what:<22} {speed:>6.1} MB/s  {ratio:>5.2} times yaml_serde");
    };
    print("yaml_serde, reading", base);
    print("reading", fastest(|| texts.iter().for_each(|text| _ = black_box(read(text)))));
    print("one edit, proven", fastest(|| texts.iter().for_each(|text| _ = black_box(edit(text)))));
}
