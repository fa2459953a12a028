//! What removals wait for: whatever took the name of their subject out of a file.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

use super::{Unit, UnitId};
use crate::flux::{Radiuses, View, is_word};
use crate::repo::RepoPath;

/// Has new removals need what has landed in files that named their subjects on the first tree, and no longer do on the
/// tree on which the removals were found. Where that has not landed, the subjects are still named.
pub(super) fn after_what_named_them(new: &mut [Unit], landed: &[Unit], start: &View, view: &View) {
    let is_removal = |unit: &&mut Unit| unit.is_removal() && unit.is_able() && !unit.id.subject.name().is_empty();
    let mut removals: Vec<&mut Unit> = new.iter_mut().filter(is_removal).collect();
    let able: Vec<&Unit> = landed.iter().filter(|unit| unit.is_able()).collect();
    if removals.is_empty() || able.is_empty() {
        return;
    }
    let mut changing: BTreeMap<&RepoPath, Vec<&UnitId>> = BTreeMap::new();
    for unit in able {
        unit.touches.iter().for_each(|path| changing.entry(path).or_default().push(&unit.id));
    }
    let mut removed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, unit) in removals.iter().enumerate() {
        removed.entry(unit.id.subject.name().to_owned()).or_default().push(number);
    }
    let (names, numbers): (Vec<String>, Vec<Vec<usize>>) = removed.into_iter().unzip();
    let finder = AhoCorasick::new(&names).expect("names are few and short");
    let radiuses = Radiuses::of(start);
    for (path, units) in &changing {
        let [before, after] = [start, view].map(|view| times(&finder, names.len(), view, path));
        let unnamed = numbers.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| after < before);
        for number in unnamed.flat_map(|(numbers, _)| numbers) {
            let removal = &mut removals[*number];
            let [own, there] = [removal.id.subject.path(), path].map(|path| radiuses.of_file(path));
            let (own, there) = (&own.clusters, &there.clusters);
            // An object of another cluster has the same name.
            if own.is_empty() || there.is_empty() || !own.is_disjoint(there) {
                removal.need(units.iter().map(|id| (*id).clone()));
            }
        }
    }
}

/// How often each of some names is in a file, if that can be read.
fn times(finder: &AhoCorasick, names: usize, view: &View, path: &RepoPath) -> Vec<usize> {
    let mut times = vec![0; names];
    if let Some(stream) = view.file(path).and_then(|file| file.stream.as_ref()) {
        let found = finder.find_overlapping_iter(stream.text());
        let words = found.filter(|found| is_word(stream.text(), found.range()));
        words.for_each(|found| times[found.pattern().as_usize()] += 1);
    }
    times
}
