//! Which URL a document should have.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::shape::{Shape, is_schemastore};
use super::{Identity, Settings};

/// Where the schemas of [`SEEN`] are.
const SEEN_AT: &str = "https://k8s-schemas.home-operations.com/";

static SEEN: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("seen.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// What to do about the URL of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// It stays; or there is none, and none is to be added.
    Stays,
    /// This one.
    Url {
        /// It.
        url: String,
        /// Whether somebody has seen that there is a schema.
        is_seen: bool,
    },
}

impl Settings {
    /// The URL that a document should have in the place of the one that it has, if any.
    pub fn want(&self, identity: &Identity, present: Option<&str>) -> Want {
        let own = self.others.iter().find(|(kind, group, _)| *kind == identity.kind && *group == identity.group);
        if let Some((_, _, url)) = own {
            return self.of_other(identity, url, present);
        }
        let Some(present) = present else {
            return if self.modes.missing { self.by_template(identity) } else { Want::Stays };
        };
        if self.is_replaced(present) {
            return self.by_template(identity).unless(present);
        }
        let Some(shape) = Shape::of(present).filter(|_| self.modes.wrong) else { return Want::Stays };
        if shape.agrees(identity) {
            return Want::Stays;
        }
        match shape.with(identity) {
            Some(url) => Want::Url { is_seen: is_seen(&url), url }.unless(present),
            None => self.by_template(identity),
        }
    }

    /// Of a kind that has a URL of its own.
    fn of_other(&self, identity: &Identity, url: &str, present: Option<&str>) -> Want {
        let is_another = match present {
            None => self.modes.missing,
            Some(present) if present == url => false,
            Some(present) if is_schemastore(present) && is_schemastore(url) => self.modes.spelling,
            Some(present) => {
                let names_another = || Shape::of(present).is_some_and(|shape| !shape.names_kind(identity));
                self.is_replaced(present) || self.modes.wrong && names_another()
            }
        };
        if is_another { Want::Url { url: url.to_owned(), is_seen: true } } else { Want::Stays }
    }

    /// Whether the URL is at one of the hosts that are left.
    fn is_replaced(&self, url: &str) -> bool {
        let Some((_, rest)) = url.split_once("://") else { return false };
        self.from.iter().any(|from| {
            rest.strip_prefix(from.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn by_template(&self, identity: &Identity) -> Want {
        let group = if identity.group.is_empty() { "core" } else { &identity.group };
        let url = self.to.replace("<group>", group).replace("<kind>", &identity.kind.to_lowercase());
        let url = url.replace("<version>", &identity.version);
        Want::Url { is_seen: is_seen(&url), url }
    }
}

impl Want {
    /// Nothing, if it is the URL that is there.
    fn unless(self, present: &str) -> Want {
        match self {
            Want::Url { url, .. } if url == present => Want::Stays,
            other => other,
        }
    }
}

/// Whether somebody has seen a schema.
fn is_seen(url: &str) -> bool {
    let name = url.strip_prefix(SEEN_AT).and_then(|path| path.strip_suffix(".json"));
    name.is_some_and(|name| SEEN.contains(name))
}
