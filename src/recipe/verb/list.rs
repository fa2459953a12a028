//! `list`: items of a list come, go or are replaced.

use super::{Order, Refused, Seen, prune, put, removes_parents};
use crate::flux::Value;
use crate::recipe::codes;
use crate::recipe::path::Path;
use crate::recipe::pattern::Pattern;

/// The verb.
#[derive(Clone, Debug)]
pub struct List {
    /// Which lists.
    pub path: Path,
    /// What happens to its items.
    pub items: Items,
}

/// What happens to items.
#[derive(Clone, Debug)]
pub enum Items {
    /// One is added.
    Add {
        /// The item.
        item: Value,
        /// Where.
        order: Order,
        /// The key by which items are the same.
        unique: Option<String>,
        /// Whether the list and mappings around it are made.
        creates_parents: bool,
    },
    /// Some are removed.
    Remove(Which),
    /// Some are replaced.
    Replace(Which, Value),
}

/// Which items.
#[derive(Clone, Debug)]
pub enum Which {
    /// Those that are equal.
    Equal(Value),
    /// Texts that match.
    Matching(Pattern),
    /// Mappings that have these entries.
    Having(Vec<(String, Value)>),
}

impl Which {
    fn is(&self, item: &Value) -> bool {
        match self {
            Which::Equal(value) => value.same_as(item),
            Which::Matching(pattern) => item.text().is_some_and(|text| pattern.is_match(text)),
            Which::Having(entries) => {
                entries.iter().all(|(key, value)| item.get(key).is_some_and(|there| there.same_as(value)))
            }
        }
    }
}

impl List {
    pub(super) fn act(&self, value: &mut Value) -> Result<Seen, Refused> {
        let mut seen = Seen::default();
        let hits = self.path.hits(value)?;
        if hits.is_empty() {
            return self.made(value);
        }
        for place in hits.into_iter().rev() {
            let there = place.of_mut(value).expect("it was hit");
            if *there == Value::Null {
                *there = Value::Sequence(Vec::new());
            }
            let Value::Sequence(items) = there else {
                return Err(Refused::new(codes::OTHER_SHAPE, format!("{place} is no list")));
            };
            seen = seen.or(self.in_list(items)?);
            let is_emptied = items.is_empty() && matches!(self.items, Items::Remove(_));
            if is_emptied && removes_parents(&place) {
                prune(value, place);
            }
        }
        Ok(seen)
    }

    /// Adds a list that is missing.
    fn made(&self, value: &mut Value) -> Result<Seen, Refused> {
        let Items::Add { item, creates_parents: true, .. } = &self.items else {
            let parent = !self.path.deepest(value)?.is_empty();
            return Ok(Seen { state: false, parent, after: false });
        };
        let list = Value::Sequence(vec![item.clone()]);
        for (place, keys) in self.path.deepest(value)? {
            let Some((last, missing)) = keys.split_last() else { continue };
            let inner = missing.iter().skip(1).chain([last].into_iter().filter(|_| !missing.is_empty())).rev();
            let whole = inner.fold(list.clone(), |value, key| Value::Mapping(vec![(key.clone(), value)]));
            let parent = place.of_mut(value).expect("it was found");
            put(parent, missing.first().unwrap_or(last), whole, &Order::Last)?;
        }
        Ok(Seen::state(true))
    }

    fn in_list(&self, items: &mut Vec<Value>) -> Result<Seen, Refused> {
        match &self.items {
            Items::Add { item, order, unique, .. } => {
                let after = items.iter().any(|there| there.same_as(item));
                add(items, item, order, unique.as_deref())?;
                Ok(Seen { after, ..Seen::state(true) })
            }
            Items::Remove(which) => {
                let before = items.len();
                items.retain(|item| !which.is(item));
                Ok(Seen { state: items.len() < before, parent: true, after: false })
            }
            Items::Replace(which, with) => {
                let is_there = items.iter().any(|item| with.same_as(item));
                let state = is_there || items.iter().any(|item| which.is(item));
                let seen = Seen { state, parent: true, after: is_there };
                let mut has_it = is_there;
                items.retain_mut(|item| {
                    if with.same_as(item) || !which.is(item) {
                        return true;
                    }
                    let stays = !has_it;
                    *item = with.clone();
                    has_it = true;
                    stays
                });
                Ok(seen)
            }
        }
    }
}

fn add(items: &mut Vec<Value>, item: &Value, order: &Order, unique: Option<&str>) -> Result<(), Refused> {
    if items.iter().any(|there| there.same_as(item)) {
        return Ok(());
    }
    if let Some(key) = unique {
        let same = |there: &&Value| there.get(key).is_some() && there.get(key) == item.get(key);
        if let Some(other) = items.iter().find(same) {
            let message = format!("there is another item with `{key}: {}`", other.text_at(&[key]).unwrap_or_default());
            return Err(Refused::new(codes::BOTH_THERE, message));
        }
    }
    let name = |item: &Value| match (item, unique) {
        (Value::Mapping(_), Some(key)) => item.text_at(&[key]).unwrap_or_default().to_owned(),
        (item, _) => item.text().unwrap_or_default().to_owned(),
    };
    let names: Vec<String> = items.iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    items.insert(order.index(&name(item), &names), item.clone());
    Ok(())
}
