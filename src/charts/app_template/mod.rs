//! The app-template chart of bjw-s: what a version of it makes of values. Pure functions. The
//! rules, read from the chart's templates, are in `docs/app-template.md`; rows and sections named
//! in comments are of that page.
//!
//! [`Chart`] is the way in. It reads a [`Value`], so that the values of a release are the same whether they are taken from a node
//! ([`Value::of`], aliases and merge keys followed) or from the object as it arrives in the cluster, patched and substituted.
//! What is not certain is said to be ([`Unknown`]): nothing is guessed.

mod accounts;
mod apply;
mod convert;
mod hooks;
mod immutable;
mod installed;
mod items;
mod name;
mod names;
mod object;
mod references;
mod restore;
mod template;
#[cfg(test)]
mod tests;
mod version;
mod workloads;

pub use accounts::{Account, KeyedAccount, KeyedAccounts, PodAccount, Statement, SubjectAccount};
pub use convert::{COMPONENT, CONTROLLER, Conversion, Doubt, Matter, Rejected};
pub use hooks::{Hook, hooks};
pub use immutable::{ClaimTemplate, Cost, Stop, Workload};
pub use name::{Name, Unknown, Why};
pub use object::{Object, Section, clashes};
pub use references::{Reference, Referent};
pub use restore::{Pin, Pinned, Pins, Tokens};
pub use version::Version;
pub use workloads::{Controller, WorkloadKind, controllers};

use crate::flux::Value;

/// The chart, at a version, installed as a release with values.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'v> {
    /// The version.
    pub version: Version,
    /// The name of the Helm release.
    pub release: &'v str,
    /// Its namespace.
    pub namespace: &'v str,
    /// The values of the release.
    pub values: &'v Value,
}
