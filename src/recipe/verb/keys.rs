//! `rename-key`, `copy-key` and `drop-key`: keys of mappings that match a pattern, and what stands
//! under them.

use super::anywhere::everywhere;
use super::kept::Siblings;
use super::{Notes, Reach, Refused, Seen, prune, removes_parents};
use crate::flux::{Value, pointer_part, pointer_parts};
use crate::recipe::codes;
use crate::recipe::model::Guards;
use crate::recipe::pattern::{Pattern, with_captures};
use crate::yaml::Node;

/// A verb about keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// What it does.
    pub what: What,
    /// Which keys.
    pub key: Pattern,
    /// The other key: the new one, or the copy.
    pub other: Option<String>,
    /// All that the other key can be ([`Keys::results`]).
    pub result: Option<Pattern>,
    /// The value of the other key, if it is not the same.
    pub value: Option<Value>,
    /// Where.
    pub at: Reach,
    /// The lists under these keys whose items are found by their `name`.
    pub entries: Vec<String>,
    /// Whether parents that are empty then are removed, too; `None` if the place decides.
    pub with_parents: Option<bool>,
}

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It becomes the other.
    Rename,
    /// The other is put behind it.
    Copy,
    /// It is removed; if there is another, only where that stands beside it.
    Drop,
}

/// How a name among its neighbours is to change.
enum Change {
    /// At this index, another name and value.
    Renamed(usize, String, Option<Value>),
    /// Behind this index, a copy.
    Copied(usize, String, Option<Value>),
    /// It is removed; the name that stays in its place, if there is one.
    Dropped(usize, Option<String>),
}

impl Keys {
    pub(super) fn word(&self) -> &'static str {
        match self.what {
            What::Rename => "rename-key",
            What::Copy => "copy-key",
            What::Drop => "drop-key",
        }
    }

    pub(super) fn act(
        &self,
        value: &mut Value,
        node: Option<Node<'_>>,
        guards: &Guards,
        notes: &mut Notes,
    ) -> Result<Seen, Refused> {
        let mut seen = Seen::default();
        match &self.at {
            Reach::At(path) => {
                for place in path.hits(value)?.into_iter().rev() {
                    let Some(mapping) = place.of_mut(value) else { continue };
                    seen.parent = true;
                    let (seen_here, keys) = self.in_mapping(mapping, guards)?;
                    seen = seen.or(seen_here);
                    notes.kept.add(&place, keys);
                    let is_emptied = matches!(mapping, Value::Mapping(entries) if entries.is_empty());
                    if self.what == What::Drop
                        && is_emptied
                        && self.with_parents.unwrap_or_else(|| removes_parents(&place))
                    {
                        prune(value, place);
                    }
                }
            }
            Reach::Anywhere if !self.may_be_in(value) => {}
            Reach::Anywhere => {
                let kept = everywhere(value, node, self.literal(), &mut |value, list_of| {
                    let is_list = list_of.is_some_and(|key| self.entries.iter().any(|name| name == key));
                    let (seen_here, keys) = match value {
                        Value::Mapping(_) => self.in_mapping(value, guards)?,
                        _ if is_list => (self.in_items(value, guards)?, Siblings::default()),
                        _ => (self.in_operations(value, guards)?, Siblings::default()),
                    };
                    seen = seen.or(seen_here);
                    Ok(keys)
                })?;
                notes.kept.extend(kept);
            }
        }
        Ok(seen)
    }

    /// Acts on the keys of a mapping. Also says which keys stay in the place of others, and which are
    /// copies.
    fn in_mapping(&self, mapping: &mut Value, guards: &Guards) -> Result<(Seen, Siblings), Refused> {
        let Value::Mapping(entries) = mapping else { return Ok(Default::default()) };
        let mut siblings = Siblings::default();
        let names: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
        let values: Vec<&Value> = entries.iter().map(|(_, value)| value).collect();
        let (changes, seen) = self.changes(&names, &values, guards)?;
        for change in changes.into_iter().rev() {
            match change {
                Change::Renamed(at, name, value) => {
                    entries[at].0 = name;
                    entries[at].1 = value.unwrap_or_else(|| entries[at].1.clone());
                }
                Change::Copied(at, name, value) => {
                    if value.is_none() {
                        siblings.copies.push((name.clone(), entries[at].0.clone()));
                    }
                    let value = value.unwrap_or_else(|| entries[at].1.clone());
                    entries.insert(at + 1, (name, value));
                }
                Change::Dropped(at, successor) => {
                    let (name, _) = entries.remove(at);
                    siblings.successors.extend(successor.map(|stays| (name, stays)));
                }
            }
        }
        Ok((seen, siblings))
    }

    /// Acts on the items of a list by their `name`.
    fn in_items(&self, list: &mut Value, guards: &Guards) -> Result<Seen, Refused> {
        let Value::Sequence(items) = list else { return Ok(Seen::default()) };
        let named: Vec<usize> = (0..items.len()).filter(|at| items[*at].text_at(&["name"]).is_some()).collect();
        let names: Vec<&str> = named.iter().filter_map(|at| items[*at].text_at(&["name"])).collect();
        // Two items are the same if they are but for their names.
        let bare: Vec<Value> = named.iter().map(|at| without_name(&items[*at])).collect();
        let (changes, seen) = self.changes(&names, &bare.iter().collect::<Vec<_>>(), guards)?;
        for change in changes.into_iter().rev() {
            match change {
                Change::Renamed(at, name, _) => items[named[at]].set("name", Value::string(&name)),
                Change::Copied(at, name, _) => {
                    let mut copy = items[named[at]].clone();
                    copy.set("name", Value::string(&name));
                    items.insert(named[at] + 1, copy);
                }
                Change::Dropped(at, _) => drop(items.remove(named[at])),
            }
        }
        Ok(seen)
    }

    /// Acts on the operations of a JSON patch that add a key. What others do depends on what they find,
    /// which another unit may change: that is refused.
    fn in_operations(&self, list: &mut Value, guards: &Guards) -> Result<Seen, Refused> {
        let Value::Sequence(items) = list else { return Ok(Seen::default()) };
        let named = |(at, item): (usize, &Value)| {
            item.text_at(&["op"])?;
            let last = pointer_parts(item.text_at(&["path"])?).pop()?;
            let value = item.get("value").cloned().unwrap_or(Value::Null);
            Some((at, last, value))
        };
        let named: Vec<(usize, String, Value)> = items.iter().enumerate().filter_map(named).collect();
        let names: Vec<&str> = named.iter().map(|(_, name, _)| name.as_str()).collect();
        let values: Vec<&Value> = named.iter().map(|(.., value)| value).collect();
        let (changes, seen) = self.changes(&names, &values, guards)?;
        let refused =
            |name: &str| Refused::new(codes::KEY_IN_JSON_PATCH, format!("a JSON patch has `{name}` in a path"));
        for change in changes.into_iter().rev() {
            let (Change::Renamed(at, ..) | Change::Copied(at, ..) | Change::Dropped(at, _)) = &change;
            let (at, name, _) = &named[*at];
            if items[*at].text_at(&["op"]) != Some("add") {
                return Err(refused(name));
            }
            match change {
                Change::Renamed(_, new, value) => restate(&mut items[*at], &new, value),
                Change::Copied(_, new, value) => {
                    let mut copy = items[*at].clone();
                    restate(&mut copy, &new, value);
                    items.insert(at + 1, copy);
                }
                Change::Dropped(..) => drop(items.remove(*at)),
            }
            // Kustomize takes no patch without operations.
            if items.is_empty() {
                return Err(refused(name));
            }
        }
        Ok(seen)
    }

    /// Whether a field has a key that it is about, or that comes of it.
    pub(super) fn is_about(&self, field: &str) -> bool {
        let is_key =
            |key: &str| self.key.is_match(key) || self.result.as_ref().is_some_and(|result| result.is_match(key));
        // Keys have dots, too, so each may begin at any of them.
        let starts = [0].into_iter().chain(field.match_indices('.').map(|(at, _)| at + 1));
        starts.map(|start| &field[start..]).any(is_key)
    }

    /// A text that everything has which has a key that matches: the longest part of the pattern that
    /// the path of a JSON patch has as it is, too.
    pub(super) fn literal(&self) -> &str {
        literal_of(&self.key)
    }

    /// Whether a value may have a key that it is about, or one that comes of it.
    fn may_be_in(&self, value: &Value) -> bool {
        let literals: Vec<&str> = [&self.key].into_iter().chain(&self.result).map(literal_of).collect();
        literals.iter().any(|literal| value.has_text_with(literal))
    }

    /// What is to change among names, in their order, and what was seen.
    fn changes(&self, names: &[&str], values: &[&Value], guards: &Guards) -> Result<(Vec<Change>, Seen), Refused> {
        let mut changes = Vec::new();
        let mut seen = Seen::default();
        for (at, name) in names.iter().enumerate() {
            let Some(captures) = self.key.captures(name) else {
                let after = self.result.as_ref().is_some_and(|result| result.is_match(name));
                seen = seen.or(Seen { after, ..Seen::state(after) });
                continue;
            };
            seen = seen.or(Seen::state(true));
            if !guards.hold(values[at]) {
                continue;
            }
            let other = self.other.as_deref().map(|other| with_captures(other, &captures));
            let value = self.value.as_ref().map(|value| in_texts(value, &captures));
            let there = other.as_ref().and_then(|other| names.iter().position(|name| name == other));
            let is_same = there.map(|there| values[there].same_as(value.as_ref().unwrap_or(values[at])));
            match (self.what, is_same) {
                (_, _) if other.as_deref() == Some(name) => {}
                (What::Drop, Some(true)) => changes.push(Change::Dropped(at, other)),
                (What::Drop, None) if self.other.is_none() => changes.push(Change::Dropped(at, None)),
                (What::Drop, _) | (What::Copy, Some(true)) => {}
                (What::Rename, Some(true)) => changes.push(Change::Dropped(at, other)),
                (What::Rename | What::Copy, Some(false)) => {
                    let message =
                        format!("`{name}` and `{}` are both there, with different values", other.unwrap_or_default());
                    return Err(Refused::new(codes::BOTH_THERE, message));
                }
                (What::Rename, None) => changes.push(Change::Renamed(at, other.unwrap_or_default(), value)),
                (What::Copy, None) => changes.push(Change::Copied(at, other.unwrap_or_default(), value)),
            }
        }
        Ok((changes, seen))
    }

    /// What matches all that the other key can be, whatever was captured.
    pub fn results(key: &Pattern, other: Option<&str>) -> Option<Pattern> {
        let any = vec!["*".to_owned(); key.count()];
        Pattern::parse(&with_captures(&Pattern::escaped(other?), &any)).ok()
    }
}

fn literal_of(pattern: &Pattern) -> &str {
    pattern.longest_literal().split(['/', '~']).max_by_key(|part| part.len()).unwrap_or_default()
}

/// Gives an operation of a JSON patch another key, and perhaps another value.
fn restate(operation: &mut Value, key: &str, value: Option<Value>) {
    let path = operation.text_at(&["path"]).unwrap_or_default();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let path = format!("{parent}/{}", pointer_part(key));
    operation.set("path", Value::string(&path));
    if let Some(value) = value {
        operation.set("value", value);
    }
}

fn without_name(item: &Value) -> Value {
    let mut bare = item.clone();
    bare.remove("name");
    bare
}

/// A value with captures in its texts.
fn in_texts(value: &Value, captures: &[String]) -> Value {
    match value {
        Value::Scalar { text, string: true } => Value::string(&with_captures(text, captures)),
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| in_texts(item, captures)).collect()),
        Value::Mapping(entries) => {
            Value::Mapping(entries.iter().map(|(key, value)| (key.clone(), in_texts(value, captures))).collect())
        }
        other => other.clone(),
    }
}
