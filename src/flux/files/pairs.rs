//! Labels and annotations.

use std::collections::{BTreeMap, btree_map};
use std::ops::Deref;
use std::sync::Arc;

/// Labels or annotations, by key. Most objects have none, and builds have those of files: they are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Option<Arc<BTreeMap<String, String>>>);

impl Pairs {
    /// Adds pairs, or replaces those with the same keys.
    pub(in crate::flux) fn extend(&mut self, others: &Pairs) {
        match (&mut self.0, &others.0) {
            (_, None) => {}
            (Some(all), Some(others)) => Arc::make_mut(all).extend((**others).clone()),
            (none, others) => others.clone_into(none),
        }
    }
}

impl FromIterator<(String, String)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Pairs {
        let all: BTreeMap<String, String> = pairs.into_iter().collect();
        Pairs((!all.is_empty()).then(|| Arc::new(all)))
    }
}

impl<'p> IntoIterator for &'p Pairs {
    type Item = (&'p String, &'p String);
    type IntoIter = btree_map::Iter<'p, String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Deref for Pairs {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.0.as_deref().unwrap_or(&NONE)
    }
}
