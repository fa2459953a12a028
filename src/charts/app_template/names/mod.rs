//! The names of all objects (`docs/app-template.md#names`).

mod v3;
mod v4;

use super::items::{Item, as_it_is, literal, text};
use super::name::{Name, Unknown};
use super::template::given;
use super::{Chart, Object, Section, Version};
use crate::flux::Value;

/// The sections that become one kind each.
const OF_A_KIND: [(Section, &str); 4] = [
    (Section::Service, "Service"),
    (Section::Ingress, "Ingress"),
    (Section::ServiceMonitor, "ServiceMonitor"),
    (Section::NetworkPolicies, "NetworkPolicy"),
];

/// What several sections have to say of their entries' kind and name.
pub(super) type Named<'a, 'v> = &'a dyn Fn(&Item<'v>) -> Name;

impl<'v> Chart<'v> {
    /// Every object that the chart makes, by section and in the order of the values.
    pub fn objects(&self) -> Vec<Object> {
        match self.version {
            Version::V2 | Version::V3(_) => v3::objects(self),
            Version::V4_0 | Version::V4_1 => v4::objects(self),
        }
    }

    /// The name that all names begin with.
    pub fn fullname(&self) -> Name {
        let global = self.values.get("global").unwrap_or(&Value::Null);
        let full = match literal(global, "fullnameOverride")? {
            Some(name) => Some(name),
            None => literal(self.values, "fullnameOverride")?,
        };
        if let Some(full) = full {
            return Ok(shortened(full));
        }
        let (release, name) = (given(self.release)?, self.name()?);
        Ok(shortened(&if release.contains(&name) { release.to_owned() } else { format!("{release}-{name}") }))
    }

    /// The name of the application: what the label `app.kubernetes.io/name` says of all objects.
    pub fn name(&self) -> Name {
        let global = self.values.get("global").unwrap_or(&Value::Null);
        Ok(shortened(match literal(global, "nameOverride")? {
            Some(name) => name,
            None => given(self.release)?,
        }))
    }

    /// A section, if this version reads it (`docs/app-template.md#keys-that-do-nothing`).
    pub(super) fn section(&self, section: Section) -> Option<&'v Value> {
        let since = match section {
            Section::RawResources => Version::v3(3, 0),
            Section::Roles | Section::Bindings => Version::v3(5, 0),
            Section::ConfigMapsFromFolder => Version::v3(7, 0),
            _ => Version::V2,
        };
        self.values.at(section.path()).filter(|_| self.version >= since)
    }

    /// A text of an item, rendered, if there is any.
    fn rendered_at(&self, item: &Item<'_>, key: &str) -> Result<Option<String>, Unknown> {
        text(item.values, key)?.map(|text| self.rendered(text)).transpose()
    }
}

/// The first 63 characters, then one trailing `-` removed.
fn shortened(name: &str) -> String {
    let name: String = name.chars().take(63).collect();
    name.strip_suffix('-').map(str::to_owned).unwrap_or(name)
}

/// `full`, with the text behind it unless that is the same.
fn joined(full: &str, text: &str) -> String {
    if text == full { full.to_owned() } else { format!("{full}-{text}") }
}

/// The entries of a section as objects.
fn made<'v>(
    section: Section,
    items: &[Item<'v>],
    kind: impl Fn(&Item<'v>) -> Option<String>,
    name: Named<'_, 'v>,
) -> Vec<Object> {
    let object = |item: &Item<'v>| Object {
        section,
        identifier: item.identifier.to_owned(),
        kind: kind(item),
        name: name(item),
    };
    items.iter().map(object).collect()
}

fn workload(item: &Item<'_>) -> Option<String> {
    super::workloads::kind(item.values).map(|kind| kind.to_string())
}

fn route(item: &Item<'_>) -> Option<String> {
    kind_at(item, "kind", Some("HTTPRoute"))
}

/// Later 4.x have the whole object under `manifest`.
fn raw(item: &Item<'_>) -> Option<String> {
    let stated = kind_at(item, "kind", None);
    stated
        .or_else(|| item.values.text_at(&["manifest", "kind"]).and_then(|kind| as_it_is(kind).ok()).map(str::to_owned))
}

fn role(item: &Item<'_>) -> Option<String> {
    kind_at(item, "type", Some("Role"))
}

fn binding(item: &Item<'_>) -> Option<String> {
    kind_at(item, "type", Some("RoleBinding"))
}

fn kind_at(item: &Item<'_>, key: &str, absent: Option<&str>) -> Option<String> {
    literal(item.values, key).ok()?.or(absent).map(str::to_owned)
}

pub(super) use v3::{
    MAIN, OLD_TOKEN, account as account_v3, extra_accounts as extra_accounts_v3, own_account as own_account_v3,
    service as service_v3, token as token_v3,
};
pub(super) use v4::{accounts as accounts_v4, name as name_v4, siblings as siblings_v4};
