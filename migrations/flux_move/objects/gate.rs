//! Gates: nothing names a second object before the cluster applies it, and the first stays as long as something
//! there names it.

use super::moved::{Moved, Objects};
use super::units::SWITCH_ROOT;
use super::uses::Use;
use crate::flux::{ClusterId, View};
use crate::migrations::flux_move::beside::{FIRST_OUT, SECOND};
use crate::migrations::flux_move::codes;
use crate::plan::{Code, Finding, Gate, Severity, Unit};

/// What a cluster applies of sources, stores and Gateways.
pub(in crate::migrations::flux_move) struct Live<'l, 'v> {
    pub(in crate::migrations::flux_move) objects: &'l Objects<'v>,
    pub(in crate::migrations::flux_move) view: &'v View,
    pub(in crate::migrations::flux_move) cluster: Option<ClusterId>,
    /// The cluster, and where its tree comes from.
    pub(in crate::migrations::flux_move) shown: String,
}

impl<'v> Live<'_, 'v> {
    fn closed(&self, code: &'static Code, message: String) -> Gate {
        Gate::Closed(Finding::note(code, format!("{}: {message}", self.shown)))
    }

    /// Those that a unit is about, as they are there.
    fn of_unit(&self, unit: &Unit) -> Vec<&Moved<'v>> {
        let subject = &unit.id.subject;
        let is_here = |one: &Moved<'_>| self.cluster.is_none_or(|cluster| one.clusters.contains(&cluster));
        let is_it = |one: &&Moved<'v>| {
            let is_named = one.kind.name == subject.kind() && one.from.1 == subject.name();
            is_named && unit.also.contains(&one.new_name()) && is_here(one)
        };
        self.objects.all.iter().filter(is_it).collect()
    }

    /// What still names another source or store that moves, if one is the source of the cluster itself: that
    /// comes last.
    fn before_root(&self, one: &Moved<'v>) -> Option<(String, String)> {
        if !one.is_of_root(self.objects, self.view) {
            return None;
        }
        let others =
            self.objects.all.iter().filter(|other| other.is_able() && !other.is_of_root(self.objects, self.view));
        let mut named = others.filter_map(|other| Some((other, self.objects.users_in(other, self.cluster).next()?)));
        named.next().map(|(other, user)| (format!("{} {}", other.kind.name, other.old_name()), user.shown()))
    }

    pub(in crate::migrations::flux_move) fn gate(&self, unit: &Unit) -> Gate {
        if unit.id.step == SECOND {
            return Gate::Open;
        }
        let all = self.of_unit(unit);
        let subject = &unit.id.subject;
        if all.is_empty() {
            let message = format!("{} {} is not there as it is here", subject.kind(), subject.name());
            return self.closed(codes::MOVE_NOT_LIVE, message);
        }
        for one in all {
            if let Some(reason) = one.findings.iter().find(|finding| finding.severity == Severity::Error) {
                return self.closed(codes::MOVE_NOT_LIVE, reason.message.clone());
            }
            if one.second.is_none() {
                let message =
                    format!("{} {} is not there yet beside {}", one.kind.name, one.new_name(), one.old_name());
                return self.closed(codes::MOVE_NOT_LIVE, message);
            }
            if let Some((other, user)) = self.before_root(one) {
                let message = format!("{user} names {other}, and {} comes last", one.old_name());
                return self.closed(codes::STILL_NAMED, message);
            }
            if let Some(target) = self.objects.lacking(one).next() {
                let message = format!("{} does not name {} yet", target.reach.shown(), one.new_name());
                return self.closed(codes::MOVE_NOT_LIVE, message);
            }
            let mut users = self.objects.users_in(one, self.cluster);
            let left = match unit.id.step {
                FIRST_OUT => self.objects.naming(one, self.cluster),
                SWITCH_ROOT => users.find(|user| !user.is_of_root(self.view)).map(Use::shown),
                _ => None,
            };
            if let Some(user) = left {
                let message = format!("{user} names {} {}", one.kind.name, one.old_name());
                return self.closed(codes::STILL_NAMED, message);
            }
        }
        Gate::Open
    }
}
