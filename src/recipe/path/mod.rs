//! Paths: a subset of JSONPath (RFC 9535), which tells lists from mappings and quotes the dots and
//! slashes that annotations have.
//!
//! ```text
//! spec.values.ingress.*.annotations['external-dns.alpha.kubernetes.io/target']
//! spec..args[*]
//! spec.rules[?@.host == 'x' && @.port != 80].name
//! ```
//!
//! The leading `$.` can be left out; otherwise nothing is added to the RFC. Absent are slices,
//! unions, functions, `||`, `!`, nested queries and more than one `..`.

mod field;
mod read;

use super::place::{Part, Place};
use crate::flux::Value;
use crate::recipe::fields::Step;

/// How many hits a path may have in one document.
pub const HITS: usize = 1000;

/// A path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: String,
    segments: Vec<Segment>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    One(Selector),
    /// `..`: everything below, the node before its children.
    Below(Selector),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Selector {
    Key(String),
    Index(i64),
    All,
    Filter(Vec<Comparison>),
}

/// A comparison in a filter; all of them hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    keys: Vec<String>,
    is_equal: bool,
    literal: Value,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The byte of the text at which it fails.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// A path has more hits than anyone can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Path, Wrong> {
        read::path(text)
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why nothing can be added there, if so: only names, keys and filters lead to one place.
    pub fn not_singular(&self) -> Option<&'static str> {
        let singular = |segment: &Segment| matches!(segment, Segment::One(Selector::Key(_) | Selector::Filter(_)));
        if !matches!(self.segments.last(), Some(Segment::One(Selector::Key(_)))) {
            Some("its last step is no name")
        } else if !self.segments.iter().all(singular) {
            Some("only names, keys and filters can lead to the place")
        } else {
            None
        }
    }

    /// The keys at its beginning, up to the first step that is none.
    pub fn first_keys(&self) -> Vec<&str> {
        let keys = self.segments.iter().map_while(|segment| match segment {
            Segment::One(Selector::Key(key)) => Some(key.as_str()),
            _ => None,
        });
        keys.collect()
    }

    /// Its steps as tables of fields have them, up to the first that may lead to several places.
    pub fn field_steps(&self) -> Vec<Step<'_>> {
        let steps = self.segments.iter().map_while(|segment| match segment {
            Segment::One(Selector::Key(key)) => Some(Step::Key(key)),
            Segment::One(Selector::Index(_)) => Some(Step::Item),
            _ => None,
        });
        steps.collect()
    }

    /// Whether it leads to one field in every object, or to that of each item of lists at an index.
    pub fn is_field(&self) -> bool {
        self.field_steps().len() == self.segments.len()
    }

    /// Whether a field, as differences name it (`spec.ports[0].name`), may be a place of the path, lie in
    /// one, or contain one. Keys have dots, too, so some fields may be read in several ways.
    pub fn may_name(&self, field: &str) -> bool {
        field::may_name(&self.segments, field)
    }

    /// The path without its last step, and the key that this is.
    pub fn split_key(&self) -> Option<(Path, &str)> {
        let (Segment::One(Selector::Key(key)), before) = self.segments.split_last()? else { return None };
        Some((Path { text: self.text.clone(), segments: before.to_vec() }, key))
    }

    /// The places in a value that it hits, in the order of the value.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn hits(&self, value: &Value) -> Result<Vec<Place>, TooMany> {
        self.hits_within(value, HITS)
    }

    /// The places that it hits, of which there may be many: for questions about a value.
    ///
    /// # Errors
    /// [`TooMany`], of what no object has.
    pub fn all_hits(&self, value: &Value) -> Result<Vec<Place>, TooMany> {
        self.hits_within(value, usize::MAX)
    }

    fn hits_within(&self, value: &Value, most: usize) -> Result<Vec<Place>, TooMany> {
        let mut found = vec![Place::default()];
        for segment in &self.segments {
            let mut next = Vec::new();
            for place in &found {
                let Some(here) = place.of(value) else { continue };
                match segment {
                    Segment::One(selector) => selector.select(here, place, &mut next, most)?,
                    Segment::Below(selector) => below(selector, here, place, &mut next, most)?,
                }
            }
            found = next;
        }
        Ok(found)
    }

    /// The values that it hits.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn values<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, TooMany> {
        Ok(self.hits(value)?.iter().filter_map(|place| place.of(value)).collect())
    }

    /// All values that it hits, however many: for questions about a value.
    pub fn all_values<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for segment in &self.segments {
            let mut next = Vec::new();
            for value in found {
                match segment {
                    Segment::One(selector) => selector.values(value, &mut next),
                    Segment::Below(selector) => values_below(selector, value, &mut next),
                }
            }
            found = next;
        }
        found
    }

    /// The places up to the step before the last that exist, and the keys that lead on from the
    /// deepest of them: where a value would have to be added.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn deepest(&self, value: &Value) -> Result<Vec<(Place, Vec<String>)>, TooMany> {
        for length in (0..self.segments.len()).rev() {
            let (before, rest) = self.segments.split_at(length);
            let keys: Option<Vec<String>> = rest
                .iter()
                .map(|segment| match segment {
                    Segment::One(Selector::Key(key)) => Some(key.clone()),
                    _ => None,
                })
                .collect();
            let Some(keys) = keys else { return Ok(Vec::new()) };
            let found = Path { text: String::new(), segments: before.to_vec() }.hits(value)?;
            if !found.is_empty() {
                return Ok(found.into_iter().map(|place| (place, keys.clone())).collect());
            }
        }
        Ok(Vec::new())
    }
}

fn push(found: &mut Vec<Place>, place: Place, most: usize) -> Result<(), TooMany> {
    found.push(place);
    if found.len() > most { Err(TooMany) } else { Ok(()) }
}

fn below(
    selector: &Selector,
    value: &Value,
    place: &Place,
    found: &mut Vec<Place>,
    most: usize,
) -> Result<(), TooMany> {
    selector.select(value, place, found, most)?;
    children(value, place).into_iter().try_for_each(|(place, child)| below(selector, child, &place, found, most))
}

fn values_below<'v>(selector: &Selector, value: &'v Value, found: &mut Vec<&'v Value>) {
    selector.values(value, found);
    value.entries().iter().for_each(|(_, child)| values_below(selector, child, found));
    value.items().iter().for_each(|child| values_below(selector, child, found));
}

fn children<'v>(value: &'v Value, place: &Place) -> Vec<(Place, &'v Value)> {
    let entries = value.entries().iter().map(|(key, child)| (place.key(key), child));
    entries.chain(value.items().iter().enumerate().map(|(index, child)| (place.index(index), child))).collect()
}

impl Selector {
    fn values<'v>(&self, value: &'v Value, found: &mut Vec<&'v Value>) {
        let all = || value.entries().iter().map(|(_, child)| child).chain(value.items());
        match self {
            Selector::Key(key) => found.extend(value.get(key)),
            Selector::Index(_) => {
                let mut places = Vec::new();
                // One place is never too many.
                let _ = self.select(value, &Place::default(), &mut places, usize::MAX);
                found.extend(places.iter().filter_map(|place| place.of(value)));
            }
            Selector::All => found.extend(all()),
            Selector::Filter(comparisons) => {
                let holds = |child: &&Value| comparisons.iter().all(|comparison| comparison.holds(child));
                found.extend(all().filter(holds));
            }
        }
    }

    fn select(&self, value: &Value, place: &Place, found: &mut Vec<Place>, most: usize) -> Result<(), TooMany> {
        match self {
            Selector::Key(key) if value.get(key).is_some() => push(found, place.key(key), most),
            Selector::Key(_) => Ok(()),
            Selector::Index(index) => {
                let count = value.items().len();
                let at =
                    if *index < 0 { count.checked_sub(index.unsigned_abs() as usize) } else { Some(*index as usize) };
                match at.filter(|at| *at < count) {
                    Some(at) => push(found, place.with(Part::Index(at)), most),
                    None => Ok(()),
                }
            }
            Selector::All => children(value, place).into_iter().try_for_each(|(place, _)| push(found, place, most)),
            Selector::Filter(comparisons) => {
                let holds = |child: &Value| comparisons.iter().all(|comparison| comparison.holds(child));
                let all = children(value, place).into_iter();
                all.filter(|(_, child)| holds(child)).try_for_each(|(place, _)| push(found, place, most))
            }
        }
    }
}

impl Comparison {
    fn holds(&self, value: &Value) -> bool {
        let found = self.keys.iter().try_fold(value, |value, key| value.get(key));
        let is_same = found.is_some_and(|found| match (found, &self.literal) {
            // `80` in a path is the number, and `'80'` the text.
            (Value::Scalar { text, string }, Value::Scalar { text: wanted, string: is_text }) => {
                text == wanted && string == is_text
            }
            (found, wanted) => found == wanted,
        });
        is_same == self.is_equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    fn hits(path: &str, text: &str) -> Vec<String> {
        let places = Path::parse(path).unwrap().hits(&value(text)).unwrap();
        places.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn paths_hit_what_they_say() {
        let text = "{a: {b.c/d: 1, e: [x, {k: v, n: 2}, {k: z}]}, f: {k: ~}}";
        for (path, want) in [
            ("a", &["a"][..]),
            ("$.a.e", &["a.e"]),
            ("$['a']['b.c/d']", &["a.b.c/d"]),
            ("a[\"b.c/d\"]", &["a.b.c/d"]),
            ("a.e[0]", &["a.e[0]"]),
            ("a.e[-1]", &["a.e[2]"]),
            ("a.e[-4]", &[]),
            ("a.e[*].k", &["a.e[1].k", "a.e[2].k"]),
            ("a.*", &["a.b.c/d", "a.e"]),
            ("a.e[?@.k == 'v']", &["a.e[1]"]),
            ("a.e[?@.k == 'v' && @.n == 2].n", &["a.e[1].n"]),
            ("a.e[?@.n == '2']", &[]),
            ("a.e[?@.k != 'v']", &["a.e[0]", "a.e[2]"]),
            ("$..k", &["a.e[1].k", "a.e[2].k", "f.k"]),
            ("a..*", &["a.b.c/d", "a.e", "a.e[0]", "a.e[1]", "a.e[2]", "a.e[1].k", "a.e[1].n", "a.e[2].k"]),
            ("a.x.y", &[]),
        ] {
            assert_eq!(hits(path, text), want, "{path}");
            let (path, value) = (Path::parse(path).unwrap(), value(text));
            assert_eq!(path.all_values(&value), path.values(&value).unwrap(), "the same values");
        }
    }

    #[test]
    fn a_path_without_end_is_refused() {
        let many = format!("a: [{}]", vec!["x"; HITS + 1].join(", "));
        assert_eq!(Path::parse("a[*]").unwrap().hits(&value(&many)), Err(TooMany));
    }

    #[test]
    fn what_can_be_added_to() {
        let why = |path: &str| Path::parse(path).unwrap().not_singular();
        assert_eq!(why("spec.values.a"), None);
        assert_eq!(why("spec.rules[?@.host == 'x'].path"), None);
        assert_eq!(why("spec.rules[0]"), Some("its last step is no name"));
        assert!(why("spec.*.a").is_some() && why("spec.rules[0].a").is_some() && why("$..a").is_some());
        let deepest = |path: &str| {
            let found = Path::parse(path).unwrap().deepest(&value("{a: {b: {}}, l: [{k: x}, {k: v}]}")).unwrap();
            found.into_iter().map(|(place, keys)| (place.to_string(), keys.join("."))).collect::<Vec<_>>()
        };
        let one = |place: &str, keys: &str| vec![(place.to_owned(), keys.to_owned())];
        assert_eq!(deepest("a.b.c.d"), one("a.b", "c.d"));
        assert_eq!(deepest("a.b"), one("a", "b"));
        assert_eq!(deepest("x.y"), one("", "x.y"));
        assert_eq!(deepest("l[?@.k == 'x'].v"), one("l[0]", "v"));
        assert_eq!(deepest("l[?@.k == 'w'].v"), [], "what a filter asks for is not made");
    }
}
