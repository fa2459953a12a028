//! The app-template chart of bjw-s: what a version of it makes of values. Pure functions. The
//! rules, read from the chart's templates, are in `docs/app-template.md`; rows and sections named
//! in comments are of that page.
//!
//! [`Chart`] is the way in. It reads a [`Value`], so that the values of a release are the same
//! whether they are taken from a node ([`Value::of`], aliases and merge keys followed) or from the
//! object as it arrives in the cluster, patched and substituted. It has neither places nor texts:
//! an answer names its entry by section and identifier, and a migration finds the node. What the
//! values leave open is [`Unknown`], with the text and the reason; nothing is guessed.
//!
//! # From one major version to the next
//!
//! A conversion is a function from values to values ([`Conversion::applied`]). It is read off the
//! values as they arrive in a cluster, where names are known, and applied to the values of the
//! text, where variables and anchors still are. What is written is the difference between the two
//! (`flux::rewrite`), so no rule has to know how YAML is edited. Where a file is applied in several
//! places, all of them must ask for the same text. Afterwards, in every place, the values that
//! would arrive are compared with those that are meant: what a patch or a variable changes on the
//! way is seen there, or the unit is refused.
//!
//! # What checks this
//!
//! Names are compared with 722 renders of real Helm. A small chart of our own
//! (`tests/helm/app-template`) states the rules a second time in Helm's language, with the closed
//! keys of 4.x as its schema; real Helm renders real releases and random values with it, as 3.x
//! and, converted, as 4.x. The same objects must come out, and they must name each other in the
//! same way. What ingresses become is compared with it, too, in each dialect of routes. The chart
//! itself is checked with renders of the real one first.

mod accounts;
mod apply;
mod convert;
mod deployed;
mod flaws;
mod hooks;
mod immutable;
mod installed;
mod items;
mod name;
mod names;
mod newer;
mod object;
mod references;
mod restore;
mod routes;
mod template;
#[cfg(test)]
mod tests;
mod tokenless;
mod version;
mod workloads;

pub use accounts::{Account, KeyedAccount, KeyedAccounts, PodAccount, Statement, SubjectAccount};
pub use convert::{COMPONENT, CONTROLLER, Conversion, Doubt, Matter, Rejected, line_of};
pub use deployed::{Deployed, PodInput};
pub use flaws::{Flaw, Matter as FlawMatter};
pub use hooks::{Hook, hooks};
pub use immutable::{ClaimTemplate, Cost, Stop, Workload};
pub use installed::is_installed;
pub use name::{Name, Unknown, Why};
pub use newer::{Around, KNOWN_OF_5, Keeping, Keeps, Kept, Leaves, Left, Lost, Open};
pub use object::{Object, Section, clashes};
pub use references::{Reference, Referent};
pub use restore::{Pin, Pinned, Pins, Tokens};
pub use routes::{
    Backend, NewRoute, NewRule, NotRouted, NotServed, Port, Routed, Served, Serving, StatedEntry, StatedRoute, WhyNot,
};
pub use tokenless::Tokenless;
pub use version::{Tag, Version};
pub use workloads::{Controller, controllers};

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
