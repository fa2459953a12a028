//! What a repository does most of the time: new text follows that.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What is among the items most often; the first in order, if several are.
pub fn most_frequent<T: Ord>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    items.into_iter().for_each(|item| *counts.entry(item).or_default() += 1);
    let most = counts.into_iter().map(|(item, count)| (count, Reverse(item))).max();
    most.map(|(_, Reverse(item))| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_most_frequent() {
        assert_eq!(most_frequent(["c", "b", "a", "b", "c"]), Some("b"));
        assert_eq!(most_frequent([""; 0]), None);
    }
}
