//! What is wrong with values of 4.x and 5.x; of 3.7, with their routes
//! (`docs/app-template.md#what-doctor-finds-in-values`).

mod accounts;
mod forms;
mod names;
mod routes;
mod selectors;
#[cfg(test)]
mod tests;

pub(super) use selectors::sets_label;

use std::collections::BTreeSet;
use std::fmt;

use super::Deployed;

/// Something that is wrong with values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The keys to it, and positions in lists, from 0.
    pub at: Vec<String>,
    /// What it is.
    pub matter: Matter,
}

/// What can be wrong with values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// The schema of the chart's version rejects it.
    Rejected(String),
    /// The chart's version does not read it.
    Ignored(String),
    /// The chart does not render: this names an entry that is not there.
    NoEntry {
        /// The keys to the section.
        section: String,
        /// The identifier.
        identifier: String,
    },
    /// The chart does not render: there are several accounts, and a controller names none.
    SeveralAccounts,
    /// A backend names a Service that the chart does not make. It may be made elsewhere.
    Backend {
        /// The name.
        service: String,
        /// The name of the Service of the chart that has this identifier.
        meant: Option<String>,
    },
    /// A ServiceMonitor selects a Service of this release by a name that none has.
    Unmonitored {
        /// The name.
        service: String,
    },
    /// A route has no backend for some requests: they are answered with an error.
    NoBackend(String),
    /// A backend of a route leads nowhere.
    DeadBackend(String),
    /// No pod of the release uses an account that the chart makes.
    UnusedAccount {
        /// Its name.
        account: String,
        /// The accounts that the pods use.
        used: BTreeSet<String>,
    },
    /// A selector of pods of this release asks for a label that none of them has.
    NoPods {
        /// The label.
        label: String,
        /// The values that it asks for.
        values: Vec<String>,
    },
}

impl Deployed<'_> {
    /// What is wrong with the values; of 3.x only what is wrong with routes.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut found = routes::flaws(self);
        if self.chart.version.is_before_4() {
            return found;
        }
        found.extend(forms::flaws(self));
        found.extend(names::flaws(self));
        found.extend(accounts::flaws(self));
        found.extend(selectors::flaws(self));
        found
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matter::Rejected(why) | Matter::Ignored(why) | Matter::NoBackend(why) | Matter::DeadBackend(why) => {
                f.write_str(why)
            }
            Matter::NoEntry { section, identifier } => write!(f, "{section} has no enabled entry {identifier}"),
            Matter::SeveralAccounts => f.write_str("there are several accounts, and it names none of them"),
            Matter::Backend { service, meant: Some(meant) } => {
                write!(f, "there is no Service {service}; the one with this identifier is called {meant}")
            }
            Matter::Backend { service, meant: None } => write!(f, "there is no Service {service}"),
            Matter::Unmonitored { service } => write!(f, "the release has no Service {service}"),
            Matter::UnusedAccount { account, used } => {
                let used: Vec<&str> = used.iter().map(String::as_str).collect();
                write!(f, "no pod uses the account {account}: they use {}", used.join(", "))
            }
            Matter::NoPods { label, values } if values.is_empty() => write!(f, "no pod has the label {label}"),
            Matter::NoPods { label, values } => write!(f, "no pod has the label {label}={}", values.join(",")),
        }
    }
}

/// A flaw at a place.
fn flaw(at: &[&str], matter: Matter) -> Flaw {
    Flaw { at: at.iter().map(|&key| key.to_owned()).collect(), matter }
}
