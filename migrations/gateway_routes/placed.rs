//! What clusters make of an Ingress: what is written, and what there is to say.

use std::collections::BTreeSet;

use super::dns::Leak;
use super::grant::GrantFor;
use super::policy::Inclusion;
use super::served::Taken;
use crate::flux::Named;
use crate::plan::{Effect, Finding, UnitId};
use crate::repo::RepoPath;

/// What one cluster makes of an Ingress, or all that apply it.
pub(super) struct Placed<T> {
    /// What is written, or moves.
    pub(super) made: T,
    pub(super) about: About,
}

/// What there is to say, whatever is written.
#[derive(Default)]
pub(super) struct About {
    pub(super) findings: Vec<Finding>,
    /// Its hosts, and what serves them.
    pub(super) hosts: Vec<HostServed>,
    /// What the cut changes about records.
    pub(super) records: Vec<Effect>,
    /// What there is to say before it is cut.
    pub(super) before_cut: Vec<Finding>,
    /// What its routes take.
    pub(super) takes: Vec<Taken>,
    pub(super) targets: Vec<Target>,
    /// Hosts that get a record which they do not have, once external-dns reads routes.
    pub(super) leaks: Vec<Leak>,
    /// The grants that its routes need.
    pub(super) grants: Vec<GrantFor>,
    /// The Components whose policies its routes need.
    pub(super) inclusions: Vec<Inclusion>,
    /// The Ingresses that a cut removes.
    pub(super) cuts: Vec<Named>,
    /// Whether Flux or logins stop if it fails: it lands in a batch of its own.
    pub(super) alone: bool,
    /// The units that come before its routes.
    pub(super) needs: BTreeSet<UnitId>,
}

/// A host, and what serves it before and after.
pub(super) struct HostServed {
    pub(super) cluster: String,
    pub(super) host: String,
    pub(super) class: String,
    /// `namespace/name`.
    pub(super) gateway: String,
    /// Whether its route is not there yet.
    pub(super) is_new: bool,
}

/// Where a record points to today.
pub(super) struct Target {
    /// The Gateway that takes over, as `namespace/name`.
    pub(super) gateway: String,
    pub(super) target: String,
    pub(super) path: RepoPath,
    pub(super) line: usize,
}

impl About {
    /// Has a Component included before its routes, if it is not yet.
    pub(super) fn include(&mut self, inclusion: Option<Inclusion>) {
        self.needs.extend(inclusion.iter().map(Inclusion::id));
        self.inclusions.extend(inclusion);
    }

    /// Adds what there is to say in another cluster.
    fn add(&mut self, other: About) {
        let About {
            findings,
            hosts,
            records,
            before_cut,
            takes,
            targets,
            leaks,
            grants,
            inclusions,
            cuts,
            alone,
            needs,
        } = other;
        add_new(&mut self.findings, findings);
        add_new(&mut self.before_cut, before_cut);
        self.hosts.extend(hosts);
        self.records.extend(records);
        self.takes.extend(takes);
        self.targets.extend(targets);
        self.leaks.extend(leaks);
        self.grants.extend(grants);
        self.inclusions.extend(inclusions);
        self.cuts.extend(cuts);
        self.alone |= alone;
        self.needs.extend(needs);
    }
}

/// Adds the findings that are not there yet.
fn add_new(all: &mut Vec<Finding>, others: Vec<Finding>) {
    for finding in others {
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
}

impl<T> Placed<T> {
    /// Whether all that its routes need is there.
    pub(super) fn needs_nothing(&self) -> bool {
        self.about.needs.is_empty()
    }
}

impl<T: PartialEq> Placed<T> {
    /// What all clusters make of it; `None` where none applies it.
    ///
    /// # Errors
    /// Those of the first cluster that has some, or that two need different texts.
    pub(super) fn by_all(
        places: impl IntoIterator<Item = Result<Placed<T>, Vec<Finding>>>,
        differs: impl FnOnce() -> Vec<Finding>,
    ) -> Result<Option<Placed<T>>, Vec<Finding>> {
        let mut all: Option<Placed<T>> = None;
        for placed in places {
            let placed = placed?;
            let Some(Placed { made, about }) = &mut all else {
                all = Some(placed);
                continue;
            };
            if *made != placed.made {
                return Err(differs());
            }
            about.add(placed.about);
        }
        Ok(all)
    }
}
