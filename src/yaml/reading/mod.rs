//! The data of a text, according to each of two parsers that share no code.
//!
//! An edit is right when each parser reads the new text as *its own* reading of the old text with
//! the operation applied. The two readings are never compared with each other: where parsers differ
//! on the old text, they may differ on the new one in the same way.

pub(super) mod granit;
pub(super) mod libyaml;

use super::emit::New;
use super::plain::reads_as_string;

/// How many nodes a reading may hold: real files have thousands, alias bombs have billions.
pub(super) const BUDGET: usize = 2_000_000;

/// How deep a reading may nest, aliases expanded: `yaml_serde` stops there, too. Texts may nest
/// less deep, but a chain of aliases adds up.
pub(super) const DEPTH: usize = 128;

/// A value as one parser reads it, aliases expanded, duplicate keys kept.
///
/// Scalars compare by text and by type; `kind` is the type in the words of the parser.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Scalar {
        text: String,
        kind: &'static str,
        tag: Option<String>,
    },
    Sequence {
        items: Vec<Data>,
        tag: Option<String>,
    },
    Mapping {
        entries: Vec<(Data, Data)>,
        tag: Option<String>,
    },
    /// A value that an operation inserted: any notation that the parser reads as this value is
    /// right.
    Intended(New),
}

/// The kinds that either parser gives to text that can only be a string.
const STRINGS: [&str; 2] = ["quoted", "string"];
/// The kinds that either parser gives to a plain scalar that is no string.
const PLAIN: [&str; 5] = ["plain", "null", "boolean", "integer", "float"];

/// Whether two parsers read the same texts in the same places, whatever types they give to them.
pub(super) fn say_the_same(ours: &[Data], theirs: &[Data]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.says_the_same(theirs))
}

impl Data {
    fn says_the_same(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Scalar { text: a, .. }, Data::Scalar { text: b, .. }) => a == b,
            (Data::Sequence { items: a, .. }, Data::Sequence { items: b, .. }) => say_the_same(a, b),
            (Data::Mapping { entries: a, .. }, Data::Mapping { entries: b, .. }) => {
                let same =
                    |((ak, av), (bk, bv)): (&(Data, Data), &(Data, Data))| ak.says_the_same(bk) && av.says_the_same(bv);
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            _ => false,
        }
    }

    /// Whether `read` matches this expectation.
    pub(super) fn is_met_by(&self, read: &Data) -> bool {
        match (self, read) {
            (Data::Intended(new), read) => Data::is_intended(new, read),
            (Data::Scalar { .. }, read) => self == read,
            (Data::Sequence { items: a, tag: x }, Data::Sequence { items: b, tag: y }) => {
                x == y && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_met_by(b))
            }
            (Data::Mapping { entries: a, tag: x }, Data::Mapping { entries: b, tag: y }) => {
                let met = |((ak, av), (bk, bv)): (&(Data, Data), &(Data, Data))| ak.is_met_by(bk) && av.is_met_by(bv);
                x == y && a.len() == b.len() && a.iter().zip(b).all(met)
            }
            _ => false,
        }
    }

    fn is_intended(new: &New, read: &Data) -> bool {
        match (new, read) {
            (New::String(want), Data::Scalar { text, kind, tag: None }) => {
                want == text && (STRINGS.contains(kind) || *kind == "plain" && reads_as_string(text))
            }
            (New::Commented(item, _) | New::Alias(_, item), read) => Data::is_intended(item, read),
            (New::Text(want), Data::Scalar { text, kind, tag: None }) => want == text && STRINGS.contains(kind),
            (New::Plain(want), Data::Scalar { text, kind, tag: None }) => want == text && PLAIN.contains(kind),
            (New::Sequence(want), Data::Sequence { items, tag: None }) => {
                want.len() == items.len() && want.iter().zip(items).all(|(want, item)| Data::is_intended(want, item))
            }
            (New::Mapping(want), Data::Mapping { entries, tag: None }) => {
                want.len() == entries.len()
                    && want.iter().zip(entries).all(|((key, value), (k, v))| {
                        Data::is_intended(&New::String(key.clone()), k) && Data::is_intended(value, v)
                    })
            }
            _ => false,
        }
    }
}
