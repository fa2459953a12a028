//! What keeps every name of 3.x in 4.x (`docs/app-template.md#keeping-a-name`).

use std::collections::BTreeSet;

use super::items::{Item, switch};
use super::name::{Name, Unknown, Why};
use super::names::{OLD_TOKEN, name_v4, siblings_v4};
use super::{Chart, KeyedAccount, KeyedAccounts, Object, Section, Version, clashes};
use crate::flux::Value;

/// Whether the Secrets with the static tokens of accounts are kept: 3.x makes one for every
/// account, 4.x for those that ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// They go: hardly anyone uses them.
    Dropped,
    /// `staticToken: true` for every account.
    Kept,
}

/// What keeps the name of an object, once `nameOverride`, `forceRename`, `prefix` and `suffix` of
/// 3.x are gone.
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
    /// It gets the name of 4.x, because 3.x gives it none of its own: one drawn at random, or one
    /// that several have.
    Renamed,
    /// 4.x does not make it.
    Dropped,
    /// The name of 3.x is unknown.
    Unknown(Unknown),
}

impl Pin {
    /// The key that the item has to have, and its text; the others that name it have to go in any
    /// case.
    pub fn key(&self) -> Option<(&'static str, &str)> {
        match self {
            Pin::Suffix(suffix) => Some(("suffix", suffix)),
            Pin::ForceRename(name) => Some(("forceRename", name)),
            Pin::Nothing | Pin::Impossible | Pin::Renamed | Pin::Dropped | Pin::Unknown(_) => None,
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
    /// The name that 4.x gives it if nothing is done but to take the keys of 3.x away; `None` where
    /// 4.x does not make it.
    pub untouched: Option<Name>,
    /// What keeps it.
    pub pin: Pin,
}

/// All that keeps the names of 3.x: of objects, of accounts, and of what pods ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// Every object of 3.x.
    pub objects: Vec<Pinned>,
    /// What is disabled and has a name of its own, which it would have in 3.x once it is enabled.
    pub disabled: Vec<Pinned>,
    /// The accounts.
    pub accounts: KeyedAccounts,
    /// The version to which this applies.
    pub to: Version,
    pub(super) tokens: Tokens,
}

/// The keys that name an object in one of the majors.
pub(super) const NAMING: [&str; 4] = ["nameOverride", "forceRename", "prefix", "suffix"];

impl Chart<'_> {
    /// What keeps the names of these values of 3.x in a version of 4.x.
    pub fn pins(&self, to: Version, tokens: Tokens) -> Pins {
        let accounts = self.keyed_accounts(to, tokens);
        let mut pins = Pins { objects: Vec::new(), disabled: self.disabled(), accounts, to, tokens };
        // With nothing pinned but the accounts, so that the siblings are those of 4.x.
        let live = self.live();
        let values = pins.applied(&live);
        let then = Chart { version: to, values: &values, ..*self };
        let untouched = then.objects();
        // Accounts stand in both lists in the same order. Their identifiers are not unique: an
        // extra account may be called `default`, too.
        let mut accounts = pins.accounts.accounts.iter();
        let objects = self.objects();
        let shared = self.shared_by_policies(&objects);
        let pinned = objects.into_iter().map(|object| {
            let of_token = |account: &&KeyedAccount| account.has_token && account.token == object.identifier;
            let keyed = match object.section {
                Section::ServiceAccount => accounts.next(),
                Section::Tokens => pins.accounts.accounts.iter().find(of_token),
                _ => None,
            };
            let identifier = match (object.section, keyed) {
                (Section::ServiceAccount, Some(keyed)) => keyed.identifier.clone(),
                (Section::Tokens, Some(keyed)) if keyed.token != OLD_TOKEN => format!("{}-sa-token", keyed.identifier),
                _ => object.identifier.clone(),
            };
            // A token of before 3.5.0 is kept as a Secret of its own.
            let is_old_token = object.section == Section::Tokens && identifier == OLD_TOKEN;
            let section = if is_old_token && tokens == Tokens::Kept { Section::Secrets } else { object.section };
            let there = untouched.iter().find(|then| then.section == section && then.identifier == identifier);
            let pin = match (there, object.section, keyed) {
                (None, ..) => Pin::Dropped,
                (_, Section::ServiceAccount, Some(keyed)) => keyed.pin.clone(),
                (Some(there), Section::Tokens, _) if section == Section::Tokens => match &object.name {
                    Err(unknown) => Pin::Unknown(unknown.clone()),
                    name if *name == there.name => Pin::Nothing,
                    _ => Pin::Impossible,
                },
                _ => match &object.name {
                    Err(Unknown { why: Why::Template, .. }) => self.taken_over(&then, &object),
                    Err(Unknown { why: Why::Random, .. }) => Pin::Renamed,
                    Ok(name) if object.section == Section::NetworkPolicies && shared.contains(name) => Pin::Renamed,
                    name => pin(&then, section, &identifier, name),
                },
            };
            Pinned { untouched: there.map(|there| there.name.clone()), pin, object }
        });
        let pinned = pinned.collect();
        pins.objects = pinned;
        pins
    }

    /// The values without the sections that this version does not read.
    pub(super) fn live(&self) -> Value {
        let mut values = self.values.clone();
        for section in Section::ALL.into_iter().filter(|section| self.section(*section).is_none()) {
            if let [.., last] = section.path()
                && let Some(parent) = values.at_mut(&section.path()[..section.path().len() - 1])
            {
                parent.remove(last);
            }
        }
        if self.version < Version::v3(7, 0) {
            values.remove_at(&["configMapsFromFolder", "enabled"]);
        }
        values
    }

    /// The names that several policies have because 3.0 and 3.1 do not count them.
    fn shared_by_policies(&self, objects: &[Object]) -> BTreeSet<String> {
        let policies = objects.iter().filter(|object| object.section == Section::NetworkPolicies);
        let names: Vec<&String> = policies.filter_map(|policy| policy.name.as_ref().ok()).collect();
        let is_shared = |name: &&&String| names.iter().filter(|other| other == name).count() > 1;
        let is_old = self.version < Version::v3(2, 0);
        names.iter().filter(|name| is_old && is_shared(name)).map(|name| (*name).clone()).collect()
    }

    /// What names an object by a template that only Helm can render: 4.x renders it, too.
    fn taken_over(&self, then: &Chart<'_>, object: &Object) -> Pin {
        let open = || Pin::Unknown(object.name.clone().expect_err("a template leaves the name open"));
        let item = self.section(object.section).and_then(|section| section.get(&object.identifier));
        let text = |key: &str| item.and_then(|item| item.text_at(&[key])).filter(|text| !text.is_empty());
        match (text("forceRename").filter(|_| self.is_forced(object.section)), text("nameOverride")) {
            (Some(forced), _) => Pin::ForceRename(forced.to_owned()),
            (None, Some(name)) if siblings_v4(then, object.section) == Some(false) => Pin::Suffix(name.to_owned()),
            (None, Some(name)) => {
                self.fullname().map_or_else(|_| open(), |full| Pin::ForceRename(format!("{full}-{name}")))
            }
            (None, None) => open(),
        }
    }

    /// What is disabled and has a name of its own.
    fn disabled(&self) -> Vec<Pinned> {
        let mut found = Vec::new();
        for section in
            Section::ALL.into_iter().filter(|section| !matches!(section, Section::ServiceAccount | Section::Tokens))
        {
            for (identifier, item) in self.section(section).map(Value::entries).unwrap_or_default() {
                let is_disabled = switch(item.get("enabled"), true) == Some(false);
                let forced = self.is_forced(section).then_some("forceRename");
                let is_named = ["nameOverride"].into_iter().chain(forced).any(|key| item.get(key).is_some());
                if !is_disabled || !is_named {
                    continue;
                }
                let mut enabled = self.values.clone();
                let items = section.path().iter().try_fold(&mut enabled, |values, key| values.get_mut(key));
                if let Some(item) = items.and_then(|items| items.get_mut(identifier)) {
                    item.remove("enabled");
                }
                let objects = Chart { values: &enabled, ..*self }.objects();
                let object =
                    objects.into_iter().find(|object| object.section == section && object.identifier == *identifier);
                // Whatever its siblings are by then.
                found.extend(object.and_then(|object| {
                    let pin = Pin::ForceRename(object.name.clone().ok()?);
                    Some(Pinned { object, untouched: None, pin })
                }));
            }
        }
        found
    }

    /// Whether this version of 3.x has `forceRename` in a section (row C).
    fn is_forced(&self, section: Section) -> bool {
        let is_of_row_c = matches!(
            section,
            Section::ConfigMaps
                | Section::ConfigMapsFromFolder
                | Section::Secrets
                | Section::RawResources
                | Section::Roles
                | Section::Bindings
        );
        is_of_row_c && self.version >= Version::v3(5, 0)
    }
}

/// What keeps a name for an item of 4.x values. The keys of the item that name it count for
/// nothing.
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
    // A claim is pinned in any case: its name must not depend on how many others there will be.
    let lasts = section != Section::Persistence || identifier == want && then.version >= Version::V4_1;
    if gives(None) && lasts {
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
}
