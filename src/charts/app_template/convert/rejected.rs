//! What the schema of 4.x rejects
//! (`docs/app-template.md#values-that-4x-rejects-or-reads-differently`): its closed keys, without
//! the parts of it that only a network can fetch.

use crate::charts::app_template::apply::head;
use crate::charts::app_template::items::enabled;
use crate::charts::app_template::{Chart, Section};
use crate::flux::Value;

/// Something that 4.x rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The keys to it.
    pub at: Vec<String>,
    /// What is wrong with it.
    pub why: String,
}

impl Chart<'_> {
    /// What the schema of 4.x rejects in these values, whatever their version. Nothing, after a
    /// conversion that leaves no doubt.
    pub fn rejected(&self) -> Vec<Rejected> {
        let mut found = Vec::new();
        let mut add = |at: &[&str], why: &str| {
            found.push(Rejected { at: at.iter().map(|&key| key.to_owned()).collect(), why: why.to_owned() });
        };
        if self.values.get("enforceServiceAccountCreation").is_some() {
            add(&["enforceServiceAccountCreation"], "4.x does not know it");
        }
        for section in super::empty::null_sections(self.values) {
            add(&[section], "a section must not be null");
        }
        for section in Section::ALL.into_iter().filter(|section| !matches!(section, Section::Tokens)) {
            for (identifier, item) in self.section(section).map(Value::entries).unwrap_or_default() {
                let at = |key: &'static str| [section.path(), &[identifier.as_str(), key]].concat();
                if item.get("nameOverride").is_some() {
                    add(&at("nameOverride"), "4.x has forceRename, prefix or suffix instead of nameOverride");
                }
                if item.get("forceRename").is_some() && (item.get("prefix").is_some() || item.get("suffix").is_some()) {
                    add(&at("forceRename"), "forceRename excludes prefix and suffix");
                }
            }
        }
        self.rejected_accounts(&mut add);
        self.rejected_roles(&mut add);
        self.rejected_bindings(&mut add);
        found
    }

    fn rejected_accounts(&self, add: &mut dyn FnMut(&[&str], &str)) {
        const KNOWN: [&str; 7] = ["enabled", "forceRename", "prefix", "suffix", "annotations", "labels", "staticToken"];
        for (key, account) in self.section(Section::ServiceAccount).map(Value::entries).unwrap_or_default() {
            if !matches!(account, Value::Mapping(_)) {
                add(&["serviceAccount", key], "each key of serviceAccount must be an account with a mapping");
            }
            for (field, _) in account.entries().iter().filter(|(field, _)| !KNOWN.contains(&field.as_str())) {
                add(&["serviceAccount", key, field], "an account has no such key");
            }
        }
    }

    fn rejected_roles(&self, add: &mut dyn FnMut(&[&str], &str)) {
        for item in enabled(self.section(Section::Roles)) {
            for key in ["type", "rules"].into_iter().filter(|key| item.values.get(key).is_none()) {
                add(&["rbac", "roles", item.identifier], &format!("a role needs {key}"));
            }
        }
    }

    fn rejected_bindings(&self, add: &mut dyn FnMut(&[&str], &str)) {
        for item in enabled(self.section(Section::Bindings)) {
            let at = ["rbac", "bindings", item.identifier];
            for key in ["type", "roleRef", "subjects"].into_iter().filter(|key| item.values.get(key).is_none()) {
                add(&at, &format!("a binding needs {key}"));
            }
            let is_one = |value: &Value, keys: &[&str]| {
                value.get("identifier").is_some() || keys.iter().all(|key| value.get(key).is_some())
            };
            if item.values.get("roleRef").is_some_and(|role| !is_one(role, &["name", "kind"])) {
                add(&[&at[..], &["roleRef"]].concat(), "a roleRef needs an identifier, or name and kind");
            }
            for (n, subject) in item.values.get("subjects").map(Value::items).unwrap_or_default().iter().enumerate() {
                if !is_one(subject, &["name", "kind", "namespace"]) {
                    let n = n.to_string();
                    let at = [&at[..], &["subjects", &n]].concat();
                    add(&at, "a subject needs an identifier, or name, kind and namespace");
                }
            }
        }
    }
}

/// Roles and bindings state their type, which 3.x assumed.
pub(super) fn state_types(values: &mut Value) {
    let Some(rbac) = values.get_mut("rbac") else { return };
    for (section, kind) in [("roles", "Role"), ("bindings", "RoleBinding")] {
        let Some(Value::Mapping(items)) = rbac.get_mut(section) else { continue };
        for (_, item) in items {
            let Value::Mapping(entries) = item else { continue };
            if !entries.iter().any(|(key, _)| key == "type") {
                let at = head(entries);
                entries.insert(at, ("type".to_owned(), Value::string(kind)));
            }
        }
    }
}
