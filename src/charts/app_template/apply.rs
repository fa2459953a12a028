//! What keeps names and accounts, put into values.

use super::names::OLD_TOKEN;
use super::restore::{NAMING, Pinned, Pins};
use super::{Section, Statement, Tokens};
use crate::flux::Value;

impl Pins {
    /// The values with all this done: what the text has to say once it is converted, as far as
    /// names and accounts go.
    pub fn applied(&self, values: &Value) -> Value {
        let mut values = values.clone();
        for section in Section::ALL {
            if matches!(section, Section::ServiceAccount | Section::Tokens) {
                continue;
            }
            for_each_item(&mut values, section.path(), &mut |identifier, item| {
                let is_it =
                    |pinned: &&Pinned| (pinned.object.section, &*pinned.object.identifier) == (section, identifier);
                let pinned = self.objects.iter().chain(&self.disabled).find(is_it);
                name(item, pinned.and_then(|pinned| pinned.pin.key()));
            });
        }
        self.apply_accounts(&mut values);
        values
    }

    fn apply_accounts(&self, values: &mut Value) {
        let old = values.get("serviceAccount").cloned().unwrap_or(Value::Null);
        let keyed = self.accounts.accounts.iter().map(|account| {
            let is_keyed = old.get("create").is_none() && old.get("extraServiceAccounts").is_none();
            let stated = if is_keyed {
                old.get(&account.identifier)
            } else if account.is_extra {
                old.at(&["extraServiceAccounts", &account.was])
            } else {
                Some(&old)
            };
            let kept = ["annotations", "labels"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), stated?.get(key)?.clone())));
            let mut item = Value::Mapping(kept.collect());
            name(&mut item, account.pin.key());
            if self.tokens == Tokens::Kept && account.has_token && account.token != OLD_TOKEN {
                item.set("staticToken", Value::Scalar { text: "true".to_owned(), string: false });
            }
            (account.identifier.clone(), item)
        });
        let keyed: Vec<_> = keyed.collect();
        values.remove("enforceServiceAccountCreation");
        if keyed.is_empty() {
            values.remove("serviceAccount");
        } else {
            values.set("serviceAccount", Value::Mapping(keyed));
        }
        if self.tokens == Tokens::Dropped {
            // In 3.x the token takes the place of such an entry. Without the token, 4.x would make
            // the Secret that the entry describes.
            let tokens: Vec<String> = self.accounts.accounts.iter().map(|account| account.token.clone()).collect();
            for_each_item(values, Section::Secrets.path(), &mut |identifier, item| {
                if tokens.iter().any(|token| token == identifier) {
                    disable(item);
                }
            });
        }
        self.keep_old_token(values);
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
                    && let Some(item) = list.get_mut(subject.subject)
                {
                    *item = Value::Mapping(Clone::clone(&stated));
                }
            });
        }
    }
}

impl Pins {
    /// 4.x has no name for the token of before 3.5.0, so that it is kept as a Secret of its own.
    fn keep_old_token(&self, values: &mut Value) {
        let account = self.accounts.accounts.iter().find(|account| account.has_token && account.token == OLD_TOKEN);
        let Some(name) = account.filter(|_| self.tokens == Tokens::Kept).and_then(|account| account.name.as_ref().ok())
        else {
            return;
        };
        let pinned = self.objects.iter().find(|pinned| pinned.object.section == Section::Tokens);
        let mut token = Value::Mapping(Vec::new());
        token.set("type", Value::string("kubernetes.io/service-account-token"));
        token.set_at(&["annotations", "kubernetes.io/service-account.name"], Value::string(name));
        // The schema of 4.x asks for it.
        token.set("stringData", Value::Mapping(Vec::new()));
        self::name(&mut token, pinned.and_then(|pinned| pinned.pin.key()));
        values.set_at(&["secrets", OLD_TOKEN], token);
    }
}

/// Gives an item the key that names it, in the place of those that did, else at its head.
fn name(item: &mut Value, key: Option<(&str, &str)>) {
    let Value::Mapping(entries) = item else { return };
    let is_naming = |key: &str| NAMING.contains(&key);
    let place = entries.iter().position(|(key, _)| is_naming(key));
    entries.retain(|(key, _)| !is_naming(key));
    if let Some((key, text)) = key {
        // Before the first of those that go, there is none that does.
        let place = place.unwrap_or_else(|| head(entries));
        entries.insert(place, (key.to_owned(), Value::string(text)));
    }
}

/// `enabled: false`, in the place where the item says whether it is there, else at its head.
fn disable(item: &mut Value) {
    let no = Value::Scalar { text: "false".to_owned(), string: false };
    match item {
        Value::Mapping(entries) if !entries.iter().any(|(key, _)| key == "enabled") => {
            entries.insert(0, ("enabled".to_owned(), no));
        }
        item => item.set("enabled", no),
    }
}

/// Where a new key of an item stands: before all others but the one that says whether it is there.
pub(super) fn head(entries: &[(String, Value)]) -> usize {
    entries.first().is_some_and(|(key, _)| key == "enabled").into()
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
