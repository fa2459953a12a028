//! Labels and annotations.

use std::collections::BTreeMap;
use std::iter::Map;
use std::slice;
use std::sync::Arc;

use super::name::Name;
use crate::yaml::Node;

/// Labels or annotations, by key. Most objects have few or none, and builds have those of files: they are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Option<Arc<Vec<(Name, Name)>>>);

impl Pairs {
    /// Those that a mapping states; none of anything else.
    pub(in crate::flux) fn read(mapping: Option<Node<'_>>) -> Pairs {
        let entries = mapping.into_iter().flat_map(Node::entries);
        entries.filter_map(|(key, value)| Some((key.text()?, value.text()?))).collect()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let pairs = self.all();
        let place = pairs.binary_search_by(|(of, _)| of.as_str().cmp(key)).ok()?;
        Some(pairs[place].1.as_str())
    }

    /// All of them, by key.
    pub fn iter(&self) -> Iter<'_> {
        self.all().iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn all(&self) -> &[(Name, Name)] {
        self.0.as_ref().map_or(&[], |pairs| pairs)
    }

    /// These and others, which replace those with the same keys.
    pub(in crate::flux) fn with(&self, others: &Pairs) -> Pairs {
        match (self.is_empty(), others.is_empty()) {
            (true, _) => others.clone(),
            (_, true) => self.clone(),
            (false, false) => Pairs::of(self.all().iter().chain(others.all()).copied()),
        }
    }

    fn of(pairs: impl Iterator<Item = (Name, Name)>) -> Pairs {
        let by_key: BTreeMap<Name, Name> = pairs.collect();
        Pairs((!by_key.is_empty()).then(|| Arc::new(by_key.into_iter().collect())))
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Pairs {
        Pairs::of(pairs.into_iter().map(|(key, value)| (Name::of(key.as_ref()), Name::of(value.as_ref()))))
    }
}

/// Keys and values.
type Iter<'p> = Map<slice::Iter<'p, (Name, Name)>, fn(&'p (Name, Name)) -> (&'p str, &'p str)>;

impl<'p> IntoIterator for &'p Pairs {
    type Item = (&'p str, &'p str);
    type IntoIter = Iter<'p>;

    fn into_iter(self) -> Iter<'p> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_pairs_replace_earlier_ones() {
        let (one, other) = (Pairs::from_iter([("b", "1"), ("a", "2")]), Pairs::from_iter([("b", "3"), ("c", "")]));
        let all = one.with(&other);
        assert_eq!(all.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3"), ("c", "")]);
        assert_eq!((all.get("b"), all.get("d"), one.get("b")), (Some("3"), None, Some("1")));
        assert!(Pairs::default().is_empty() && Pairs::default().with(&one) == one);
    }
}
