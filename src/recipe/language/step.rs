//! Reads the steps of a stage: each has one verb and what belongs to it.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::{NOT_IDEMPOTENT, VALUE, VERB};
use crate::config::{INVALID_VALUE, Keys};
use crate::recipe::model::{Guards, Step};
use crate::recipe::verb::{Commenting, Items, Keys as KeyVerb, List, Order, Reach, Replacing, Verb, What, Which};
use crate::text::nearest;
use crate::yaml::{Kind, Node};

/// All verbs.
const VERBS: [&str; 12] = [
    "set",
    "add",
    "remove",
    "move",
    "rename-key",
    "copy-key",
    "drop-key",
    "list",
    "schema-comment",
    "api-version",
    "escape",
    "reference",
];
/// Those that act on whole objects or texts: they have no value to ask about.
const WHOLE: [&str; 4] = ["schema-comment", "api-version", "escape", "reference"];
/// Verbs that look at texts.
const TEXT: &str = "text";

impl Reader<'_> {
    /// A step.
    pub(super) fn step<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>) -> Option<Step> {
        let is_verb = |key: &&str| VERBS.contains(key) || *key == TEXT;
        let names: Vec<&str> = node.entries().filter_map(|(key, _)| key.text()).collect();
        // A step may have the word of another verb as a part of it: `list` adds, removes, replaces.
        let mut verbs: Vec<&str> = names.iter().copied().filter(is_verb).collect();
        if verbs.contains(&"list") {
            verbs.retain(|verb| !["add", "remove"].contains(verb));
        }
        let verb = match verbs.as_slice() {
            [one] => *one,
            [] => {
                self.no_verb(keys, node, &names);
                return None;
            }
            several => {
                let message = format!("a step has one verb, and this one has {}", several.join(" and "));
                keys.mistake(VERB, node, message, "write a step for each");
                keys.all();
                return None;
            }
        };
        let select = self.select(keys, "select");
        let guards = if WHOLE.contains(&verb) { Guards::default() } else { self.guards(keys) };
        let verb = match verb {
            "set" => self.set(keys),
            "add" => self.add(keys),
            "remove" => self.remove(keys),
            "move" => self.moved(keys),
            "rename-key" => self.keys(keys, "rename-key", What::Rename),
            "copy-key" => self.keys(keys, "copy-key", What::Copy),
            "drop-key" => self.keys(keys, "drop-key", What::Drop),
            "list" => self.list(keys),
            "schema-comment" => self.schema_comment(keys, node),
            "api-version" => self.api_version(keys, node),
            "reference" => self.reference(keys),
            "escape" => {
                keys.one_of("escape", &[("unresolved", ())]);
                Some(Verb::Escape)
            }
            _ => self.replacing(keys),
        };
        Some(Step { select, places: BTreeSet::new(), guards, verb: verb?, line: node.line() })
    }

    fn guards(self, keys: &mut Keys<'_, '_>) -> Guards {
        Guards {
            if_equal: self.value(keys, "if-equal"),
            unless_equal: self.value(keys, "unless-equal"),
            if_matches: self.pattern(keys, "if-matches"),
        }
    }

    fn no_verb(self, keys: &mut Keys<'_, '_>, node: Node<'_>, names: &[&str]) {
        let known = || VERBS.iter().chain([&TEXT]).map(|verb| (*verb, *verb));
        let near = names.iter().find_map(|name| Some((name, nearest(name, known())?)));
        let (message, help) = match near {
            Some((name, near)) => (format!("`{name}` is no verb"), format!("did you mean `{near}`?")),
            None => {
                let all: Vec<&str> = known().map(|(verb, _)| verb).collect();
                ("the step has no verb".to_owned(), format!("add one of {}", all.join(", ")))
            }
        };
        keys.mistake(VERB, node, message, help);
        keys.all();
    }

    fn set(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let (path, to, comment) = (self.path(keys, "set"), self.value(keys, "to"), self.comment(keys));
        self.must_have(keys, "to", "false");
        Some(Verb::Set { path: path?.0, to: to?, comment })
    }

    fn add(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let (path, value, comment) = (self.place(keys, "add"), self.value(keys, "value"), self.comment(keys));
        self.must_have(keys, "value", "1h");
        let creates_parents = self.creates_parents(keys);
        let order = self.order(keys);
        Some(Verb::Add { path: path?, value: value?, creates_parents, order, comment })
    }

    fn remove(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let path = self.path(keys, "remove");
        let with_parents = self.emptied(keys);
        let if_default = keys.has("if") && {
            if let Some((word, node)) = self.text(keys, "if").filter(|(word, _)| word != "default") {
                keys.mistake(
                    VALUE,
                    node,
                    format!("`if` cannot be `{word}`"),
                    "write `if: default`, or `if-equal: VALUE`",
                );
            }
            true
        };
        Some(Verb::Remove { path: path?.0, with_parents, if_default })
    }

    fn moved(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let (from, to) = (self.path(keys, "move"), self.place(keys, "to"));
        self.must_have(keys, "to", "spec.values.new");
        let order = self.order(keys);
        Some(Verb::Move { from: from?.0, to: to?, order })
    }

    fn keys(self, keys: &mut Keys<'_, '_>, verb: &'static str, what: What) -> Option<Verb> {
        let key = self.pattern(keys, verb);
        let other = match what {
            What::Drop => self.text(keys, "if-copied"),
            What::Rename | What::Copy => {
                self.must_have(keys, "to", "new");
                self.text(keys, "to")
            }
        };
        let value = self.value(keys, "value");
        let at = self.reach(keys);
        let entries = self.texts(keys, "entries").unwrap_or_default().into_iter().map(|(name, _)| name).collect();
        let with_parents = if what == What::Drop { self.emptied(keys) } else { None };
        let key = key?;
        if let Some((text, node)) = &other {
            let captures = text.match_indices('<').filter_map(|(at, _)| {
                let number = text[at + 1..].strip_suffix('>').or_else(|| text[at + 1..].split('>').next());
                number.and_then(|number| number.parse::<usize>().ok())
            });
            if let Some(missing) = captures.max().filter(|last| *last > key.count()) {
                let help = format!("the pattern has {} of `*`", key.count());
                keys.mistake(super::PLACEHOLDER, *node, format!("nothing is captured as `<{missing}>`"), help);
            }
        }
        let other = other.map(|(text, _)| text);
        if what != What::Drop && other.is_none() {
            return None;
        }
        let result = KeyVerb::results(&key, other.as_deref());
        Some(Verb::Keys(KeyVerb { what, key, other, result, value, at: at?, entries, with_parents }))
    }

    fn list(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let path = self.path(keys, "list");
        let words: Vec<&str> = ["add", "remove", "replace"].into_iter().filter(|word| keys.has(word)).collect();
        let items = match words.as_slice() {
            ["add"] => {
                let item = self.value(keys, "add");
                let unique = self.text(keys, "unique").map(|(key, _)| key);
                let (order, creates_parents) = (self.order(keys), self.creates_parents(keys));
                item.map(|item| Items::Add { item, order, unique, creates_parents })
            }
            ["remove"] => self.which(keys, "remove").map(Items::Remove),
            ["replace"] => {
                let (which, with) = (self.which(keys, "replace"), self.value(keys, "with"));
                self.must_have(keys, "with", "new");
                which.zip(with).map(|(which, with)| Items::Replace(which, with))
            }
            _ => {
                let at = path.as_ref().map(|(_, node)| *node)?;
                let message = "`list` needs one of `add`, `remove` and `replace`".to_owned();
                keys.mistake(VERB, at, message, "say what happens to its items");
                keys.all();
                None
            }
        };
        let (path, node) = path?;
        if let (Some(Items::Add { creates_parents: true, .. }), Some(why)) = (&items, path.not_singular()) {
            let message = format!("no list can be made at `{}`: {why}", path.text());
            keys.mistake(super::PATH, node, message, "name one place, or leave out `parents`");
        }
        Some(Verb::List(List { path, items: items? }))
    }

    /// Which items: equal ones, `{matches: PATTERN}`, or `{where: {key: value}}`.
    fn which(self, keys: &mut Keys<'_, '_>, key: &'static str) -> Option<Which> {
        let node = keys.value(key)?;
        let only =
            |name: &str| node.kind() == Kind::Mapping && node.entries().count() == 1 && node.own_entry(name).is_some();
        if only("matches") {
            return keys.nested(node, "an item", |keys| self.pattern(keys, "matches")).map(Which::Matching);
        }
        if only("where") {
            let value = keys.nested(node, "an item", |keys| self.value(keys, "where"))?;
            return Some(Which::Having(value.entries().to_vec()));
        }
        self.value_of(keys, node).map(Which::Equal)
    }

    fn replacing(self, keys: &mut Keys<'_, '_>) -> Option<Verb> {
        let (from, to) = (self.text(keys, "text"), self.text(keys, "to"));
        self.must_have(keys, "to", "new");
        let (at, word) = (self.reach(keys), keys.flag("word").unwrap_or(false));
        let ((from, _), (to, node)) = (from?, to?);
        if to.contains(&from) && !word {
            let message = format!("`{to}` has `{from}` in it, so that each run would change it again");
            keys.mistake(NOT_IDEMPOTENT, node, message, "add `word: true`, or a longer `text`");
        }
        Some(Verb::Text(Replacing { from, to, at: at?, word }))
    }

    /// Where a verb looks: `at`, which has to be there.
    fn reach(self, keys: &mut Keys<'_, '_>) -> Option<Reach> {
        self.must_have(keys, "at", "anywhere");
        let node = keys.value("at")?;
        if node.text() == Some("anywhere") {
            return Some(Reach::Anywhere);
        }
        self.path_of(keys, node, "at").map(Reach::At)
    }

    fn comment(self, keys: &mut Keys<'_, '_>) -> Commenting {
        let Some((text, node)) = self.text(keys, "comment") else { return Commenting::Stays };
        if text == "none" {
            return Commenting::Take(Vec::new());
        }
        if text.chars().any(char::is_control) {
            let message = "a comment has one line and no control characters".to_owned();
            keys.mistake(VALUE, node, message, "write it on one line");
        }
        Commenting::Put(text.trim_start_matches('#').trim().to_owned())
    }

    fn creates_parents(self, keys: &mut Keys<'_, '_>) -> bool {
        keys.one_of("parents", &[("existing", false), ("create", true)])
    }

    fn emptied(self, keys: &mut Keys<'_, '_>) -> Option<bool> {
        keys.has("emptied").then(|| keys.one_of("emptied", &[("remove", true), ("keep", false)]))
    }

    fn order(self, keys: &mut Keys<'_, '_>) -> Order {
        let Some(node) = keys.value("place") else { return Order::Last };
        if node.kind() == Kind::Mapping {
            return keys.nested(node, "`place`", |keys| {
                let names = |keys: &mut Keys<'_, '_>, key| {
                    let texts = self.texts(keys, key)?;
                    Some(texts.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
                };
                let (before, after) = (names(keys, "before"), names(keys, "after"));
                before.map(Order::Before).or(after.map(Order::After)).unwrap_or_default()
            });
        }
        match node.text() {
            Some("last") => Order::Last,
            Some("first") => Order::First,
            Some("sorted") => Order::Sorted,
            other => {
                let help = "write `last`, `first`, `sorted`, `{before: [KEY]}` or `{after: [KEY]}`";
                keys.mistake(INVALID_VALUE, node, format!("`place` cannot be `{}`", other.unwrap_or_default()), help);
                Order::Last
            }
        }
    }

    pub(super) fn must_have(self, keys: &mut Keys<'_, '_>, key: &'static str, example: &str) {
        if !keys.has(key) {
            keys.missing(key, example);
        }
    }
}

/// Has what takes comments away know which: those that conditions name, and those that the recipe
/// itself puts.
pub(super) fn settle_comments(steps: &mut [&mut Step]) {
    let put: Vec<String> = steps
        .iter()
        .filter_map(|step| match &step.verb {
            Verb::Set { comment: Commenting::Put(text), .. } | Verb::Add { comment: Commenting::Put(text), .. } => {
                Some(text.clone())
            }
            _ => None,
        })
        .collect();
    for step in steps {
        let named = Reader::comments_in(&step.select);
        if let Verb::Set { comment: Commenting::Take(patterns), .. } = &mut step.verb {
            let own = put.iter().filter_map(|text| {
                crate::recipe::pattern::Pattern::parse(&crate::recipe::pattern::Pattern::escaped(text)).ok()
            });
            patterns.extend(own.chain(named));
        }
    }
}
