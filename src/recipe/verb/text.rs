//! `text`: a part of the texts of a document, never of its keys or comments.

use super::{Reach, Refused, Seen};
use crate::flux::Value;
use crate::recipe::place::Place;

/// The verb.
#[derive(Clone, Debug)]
pub struct Replacing {
    /// What is replaced.
    pub from: String,
    /// By what.
    pub to: String,
    /// Where.
    pub at: Reach,
    /// Whether only whole words count.
    pub word: bool,
}

impl Replacing {
    pub(super) fn act(&self, value: &mut Value) -> Result<Seen, Refused> {
        let mut seen = Seen::default();
        let places = match &self.at {
            Reach::At(path) => path.hits(value)?,
            Reach::Anywhere => scalars(value, &Place::default()),
        };
        for place in places {
            let Some(Value::Scalar { text, string: true }) = place.of_mut(value) else { continue };
            let after = text.contains(&self.to) && !text.contains(&self.from);
            seen = seen.or(Seen { state: after || text.contains(&self.from), parent: true, after });
            *text = self.replaced(text);
        }
        Ok(seen)
    }

    fn replaced(&self, text: &str) -> String {
        if !self.word {
            return text.replace(&self.from, &self.to);
        }
        let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut out = String::new();
        let mut rest = 0;
        for (at, found) in text.match_indices(&self.from) {
            let begins = !text[..at].ends_with(is_of_word) || !found.starts_with(is_of_word);
            let ends = !text[at + found.len()..].starts_with(is_of_word) || !found.ends_with(is_of_word);
            if begins && ends {
                out.push_str(&text[rest..at]);
                out.push_str(&self.to);
                rest = at + found.len();
            }
        }
        out + &text[rest..]
    }
}

fn scalars(value: &Value, place: &Place) -> Vec<Place> {
    let entries = value.entries().iter().flat_map(|(key, child)| scalars(child, &place.key(key)));
    let items = value.items().iter().enumerate().flat_map(|(index, child)| scalars(child, &place.index(index)));
    let below: Vec<Place> = entries.chain(items).collect();
    if matches!(value, Value::Scalar { .. }) { vec![place.clone()] } else { below }
}
