//! What keeps every name of 3.x in 4.x (section 1, "Restoring an old name").

use super::items::Item;
use super::name::{Name, Unknown};
use super::names::{name_v4, siblings_v4};
use super::{Chart, KeyedAccounts, Object, Section, Statement, Version, clashes};
use crate::flux::Value;

/// Whether the Secrets with the static tokens of accounts are kept: 3.x makes one for every account, 4.x for those that ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// They go: hardly anyone uses them.
    Dropped,
    /// `staticToken: true` for every account.
    Kept,
}

/// What keeps the name of an object, once `nameOverride`, `forceRename`, `prefix` and `suffix` of 3.x are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Nothing: it has it.
    Nothing,
    /// `suffix: ...`
    Suffix(String),
    /// `forceRename: ...`, whatever its siblings.
    ForceRename(String),
    /// Nothing can: 4.x has lower case only, and renders what is in braces.
    Impossible,
    /// 4.x does not make it.
    Dropped,
    /// The name of 3.x cannot be told.
    Unknown(Unknown),
}

impl Pin {
    /// The key that the item has to have, and its text; the others that name it have to go in any case.
    pub fn key(&self) -> Option<(&'static str, &str)> {
        match self {
            Pin::Suffix(suffix) => Some(("suffix", suffix)),
            Pin::ForceRename(name) => Some(("forceRename", name)),
            Pin::Nothing | Pin::Impossible | Pin::Dropped | Pin::Unknown(_) => None,
        }
    }

    /// Whether the name is the same afterwards.
    pub fn keeps(&self) -> bool {
        matches!(self, Pin::Nothing | Pin::Suffix(_) | Pin::ForceRename(_))
    }
}

/// An object of 3.x, and what keeps its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The object, as 3.x makes it.
    pub object: Object,
    /// The name that 4.x gives it if nothing is done but to take the keys of 3.x away; `None` where 4.x does not make it.
    pub untouched: Option<Name>,
    /// What keeps it.
    pub pin: Pin,
}

/// All that keeps the names of 3.x: of objects, of accounts, and of what pods ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// Every object of 3.x.
    pub objects: Vec<Pinned>,
    /// The accounts.
    pub accounts: KeyedAccounts,
    /// The version to which this applies.
    pub to: Version,
    tokens: Tokens,
}

/// The keys that name an object in one of the majors.
const NAMING: [&str; 4] = ["nameOverride", "forceRename", "prefix", "suffix"];

impl Chart<'_> {
    /// What keeps the names of these values of 3.x in a version of 4.x.
    pub fn pins(&self, to: Version, tokens: Tokens) -> Pins {
        let accounts = self.keyed_accounts(to, tokens);
        let mut pins = Pins { objects: Vec::new(), accounts, to, tokens };
        // With nothing pinned but the accounts, so that the siblings are those of 4.x.
        let values = pins.applied(self.values);
        let then = Chart { version: to, values: &values, ..*self };
        let untouched = then.objects();
        let pinned = self.objects().into_iter().map(|object| {
            let keyed = pins.accounts.accounts.iter().find(|account| {
                let token = account.was.clone() + "-sa-token";
                object.section == Section::ServiceAccount && account.was == object.identifier
                    || object.section == Section::Tokens && token == object.identifier
            });
            let identifier = match (object.section, keyed) {
                (Section::ServiceAccount, Some(keyed)) => keyed.identifier.clone(),
                (Section::Tokens, Some(keyed)) => format!("{}-sa-token", keyed.identifier),
                _ => object.identifier.clone(),
            };
            let there = untouched.iter().find(|then| then.section == object.section && then.identifier == identifier);
            let pin = match (there, object.section, keyed) {
                (None, ..) => Pin::Dropped,
                (_, Section::ServiceAccount, Some(keyed)) => keyed.pin.clone(),
                (Some(there), Section::Tokens, _) => match &object.name {
                    Err(unknown) => Pin::Unknown(unknown.clone()),
                    name if *name == there.name => Pin::Nothing,
                    _ => Pin::Impossible,
                },
                _ => pin(&then, object.section, &identifier, &object.name),
            };
            Pinned { untouched: there.map(|there| there.name.clone()), pin, object }
        });
        pins.objects = pinned.collect();
        pins
    }
}

/// What keeps a name for an item of 4.x values. The keys of the item that name it count for nothing.
pub(super) fn pin(then: &Chart<'_>, section: Section, identifier: &str, want: &Name) -> Pin {
    let want = match want {
        Ok(want) => want,
        Err(unknown) => return Pin::Unknown(unknown.clone()),
    };
    let several = siblings_v4(then, section);
    let gives = |key: Option<(&str, &str)>| {
        let values = key.map(|(key, text)| (key.to_owned(), Value::string(text))).into_iter().collect();
        let item = Item { identifier, values: &Value::Mapping(values), is_certain: true };
        name_v4(then, &item, several).as_ref() == Ok(want)
    };
    if gives(None) {
        return Pin::Nothing;
    }
    let rest = then.fullname().ok().and_then(|full| want.strip_prefix(&full)?.strip_prefix('-').map(str::to_owned));
    // A folder's entry takes no suffix.
    let rest = rest.filter(|rest| !rest.is_empty() && section != Section::ConfigMapsFromFolder);
    match rest {
        Some(rest) if gives(Some(("suffix", &rest))) => Pin::Suffix(rest),
        _ if gives(Some(("forceRename", want))) => Pin::ForceRename(want.clone()),
        _ => Pin::Impossible,
    }
}

impl Pins {
    /// The names that two objects of a kind would have.
    pub fn clashes(&self, release: &str, namespace: &str, values: &Value) -> Vec<(String, String)> {
        let values = self.applied(values);
        let objects = Chart { version: self.to, release, namespace, values: &values }.objects();
        clashes(&objects).into_iter().map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect()
    }

    /// The values with all this done: what the text has to say once it is converted, as far as names and accounts go.
    pub fn applied(&self, values: &Value) -> Value {
        let mut values = values.clone();
        for section in Section::ALL {
            if matches!(section, Section::ServiceAccount | Section::Tokens) {
                continue;
            }
            for_each_item(&mut values, section.path(), &mut |identifier, item| {
                let is_it =
                    |pinned: &&Pinned| (pinned.object.section, &*pinned.object.identifier) == (section, identifier);
                let key = self.objects.iter().find(is_it).and_then(|pinned| pinned.pin.key());
                for name in NAMING {
                    if key.is_none_or(|(key, _)| key != name) {
                        item.remove(name);
                    }
                }
                set(item, key);
            });
        }
        self.apply_accounts(&mut values);
        values
    }

    fn apply_accounts(&self, values: &mut Value) {
        let old = values.get("serviceAccount").cloned().unwrap_or(Value::Null);
        let keyed = self.accounts.accounts.iter().map(|account| {
            let is_keyed = old.get("create").is_none() && old.get("extraServiceAccounts").is_none();
            let own = match account.was.as_str() {
                _ if is_keyed => old.get(&account.identifier),
                "default" if old.at(&["extraServiceAccounts", "default"]).is_none() => Some(&old),
                was => old.at(&["extraServiceAccounts", was]),
            };
            let kept =
                ["annotations", "labels"].into_iter().filter_map(|key| Some((key.to_owned(), own?.get(key)?.clone())));
            let mut item = Value::Mapping(kept.collect());
            set(&mut item, account.pin.key());
            if self.tokens == Tokens::Kept {
                item.set("staticToken", Value::Scalar { text: "true".to_owned(), string: false });
            }
            (account.identifier.clone(), item)
        });
        let keyed: Vec<_> = keyed.collect();
        values.remove("enforceServiceAccountCreation");
        values.remove("serviceAccount");
        if !keyed.is_empty() {
            values.set("serviceAccount", Value::Mapping(keyed));
        }
        for (controller, statement) in &self.accounts.controllers {
            let (key, text) = match statement {
                Statement::Identifier(identifier) => ("identifier", identifier),
                Statement::Name(name) => ("name", name),
                Statement::Nothing | Statement::Unknown(_) => continue,
            };
            for_each_item(values, &["controllers"], &mut |identifier, item| {
                if identifier == controller {
                    item.set("serviceAccount", Value::Mapping(vec![(key.to_owned(), Value::string(text))]));
                }
            });
        }
        for subject in &self.accounts.subjects {
            let stated = match &subject.now {
                Statement::Identifier(identifier) => vec![("identifier", identifier.as_str())],
                Statement::Name(name) => {
                    vec![("kind", "ServiceAccount"), ("name", name.as_str()), ("namespace", "{{ .Release.Namespace }}")]
                }
                Statement::Nothing | Statement::Unknown(_) => continue,
            };
            let stated = stated.into_iter().map(|(key, text)| (key.to_owned(), Value::string(text))).collect();
            for_each_item(values, Section::Bindings.path(), &mut |identifier, item| {
                if let (true, Some(Value::Sequence(list))) = (identifier == subject.binding, item.get_mut("subjects"))
                    && let Some(own) = list.get_mut(subject.subject)
                {
                    *own = Value::Mapping(Clone::clone(&stated));
                }
            });
        }
    }
}

fn set(item: &mut Value, key: Option<(&str, &str)>) {
    if let Some((key, text)) = key {
        item.set(key, Value::string(text));
    }
}

fn for_each_item(values: &mut Value, path: &[&str], change: &mut dyn FnMut(&str, &mut Value)) {
    let Some((first, rest)) = path.split_first() else {
        let Value::Mapping(entries) = values else { return };
        return entries
            .iter_mut()
            .filter(|(_, item)| matches!(item, Value::Mapping(_)))
            .for_each(|(key, item)| change(key, item));
    };
    if let Some(values) = values.get_mut(first) {
        for_each_item(values, rest, change);
    }
}
