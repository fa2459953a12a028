//! Values of 2.x with what 2.x has by default written out, in the words of 3.x
//! (`docs/app-template.md#from-2x`).
//!
//! The library chart of 2.x merges the values of a release over values of its own, which have a
//! controller, a container and a Service `main` that are there unless they are disabled, and a claim
//! `config` and others that are not there unless they are enabled. 3.x has none of them. Read from
//! `charts/library/common/values.yaml` and `templates` of the repository bjw-s/helm-charts at 2.x.

mod controllers;
mod items;
mod order;
mod schema;
mod services;
#[cfg(test)]
mod tests;
mod volumes;

use super::paths::{at_mut, path, remove};
use super::{Doubt, Matter};
use crate::charts::app_template::apply::head;
use crate::charts::app_template::items::switch;
use crate::charts::app_template::names::MAIN;
use crate::charts::app_template::{Chart, Version};
use crate::flux::Value;

/// What is done to values of 2.x so that 3.x, which has other defaults, makes the same of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    steps: Vec<Step>,
    /// What there is to say about it.
    pub(super) doubts: Vec<Doubt>,
}

/// A change of values.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A key that is not there, at the head of its mapping or at the end of it.
    Put(Vec<String>, Value, Place),
    /// Another key in the place of one.
    Rename(Vec<String>, &'static str),
    /// What goes.
    Remove(Vec<String>),
}

/// Where a new key of a mapping stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    End,
    /// After this key.
    After(&'static str),
}

impl Stated {
    pub(super) fn of(chart: &Chart<'_>) -> Stated {
        if chart.version != Version::V2 {
            return Stated::default();
        }
        let mut stating = Stating { values: chart.values.clone(), stated: Stated::default() };
        items::state(&mut stating);
        order::state(&mut stating);
        services::state(&mut stating);
        controllers::state(&mut stating);
        services::state_routes(&mut stating);
        services::state_monitor(&mut stating, chart);
        services::state_policy(&mut stating);
        volumes::state(&mut stating);
        volumes::account(&mut stating);
        let Stating { values, mut stated } = stating;
        let rejected = schema::rejected(&values).into_iter();
        stated
            .doubts
            .extend(rejected.map(|rejected| Doubt { at: rejected.at, matter: Matter::Rejected(rejected.why) }));
        stated
    }

    pub(super) fn applied(&self, values: &Value) -> Value {
        let mut values = values.clone();
        self.steps.iter().for_each(|step| step.apply(&mut values));
        values
    }
}

/// The sections, and mappings in them, that say nothing once they are empty.
const MAY_GO: [&str; 10] = [
    "service",
    "ingress",
    "route",
    "serviceMonitor",
    "networkpolicies",
    "persistence",
    "configMaps",
    "secrets",
    "initContainers",
    "probes",
];

impl Step {
    fn apply(&self, values: &mut Value) {
        match self {
            Step::Remove(at) => remove(values, at, &MAY_GO),
            Step::Rename(at, key) => {
                if let Some((old, parent)) = at.split_last()
                    && let Some(parent) = at_mut(values, parent)
                    && parent.get(key).is_none()
                {
                    parent.rename(old, key);
                }
            }
            Step::Put(at, value, place) => put(values, at, value, *place),
        }
    }
}

fn put(values: &mut Value, at: &[String], value: &Value, place: Place) {
    let Some((key, parents)) = at.split_last() else { return };
    for depth in 1..=parents.len() {
        let Some(Value::Mapping(entries)) = at_mut(values, &parents[..depth - 1]) else { return };
        if !entries.iter().any(|(name, _)| *name == parents[depth - 1]) {
            entries.push((parents[depth - 1].clone(), Value::Mapping(Vec::new())));
        }
    }
    let Some(Value::Mapping(entries)) = at_mut(values, parents) else { return };
    if entries.iter().any(|(name, _)| name == key) {
        return;
    }
    let at = match place {
        Place::Head => head(entries),
        Place::End => entries.len(),
        Place::After(other) => entries.iter().position(|(name, _)| name == other).map_or(0, |at| at + 1),
    };
    entries.insert(at, (key.clone(), value.clone()));
}

/// Values on their way: each rule sees what those before it have done.
struct Stating {
    values: Value,
    stated: Stated,
}

impl Stating {
    fn do_it(&mut self, step: Step) {
        step.apply(&mut self.values);
        self.stated.steps.push(step);
    }

    /// Writes a default of 2.x, unless the key is there, and reports it.
    fn state(&mut self, at: &[&str], value: Value, place: Place, why: &str) {
        if self.values.at(at).is_some() {
            return;
        }
        self.do_it(Step::Put(path(at), value, place));
        if self.values.at(at).is_some() {
            self.say(at, Matter::Stated(why.to_owned()));
        } else {
            self.open(at, "what it belongs to is no mapping");
        }
    }

    fn remove(&mut self, at: &[&str], why: &str) {
        self.say(at, Matter::Removed(why.to_owned()));
        self.do_it(Step::Remove(path(at)));
    }

    /// Something that is not known of 2.x.
    fn open(&mut self, at: &[&str], why: &str) {
        self.say(at, Matter::OpenIn2(why.to_owned()));
    }

    fn say(&mut self, at: &[&str], matter: Matter) {
        self.stated.doubts.push(Doubt { at: path(at), matter });
    }

    /// The keys of a mapping.
    fn keys(&self, at: &[&str]) -> Vec<String> {
        let entries = self.values.at(at).map(Value::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| key.clone()).collect()
    }

    /// Whether something went because it is disabled.
    fn was_removed(&self, at: &[&str]) -> bool {
        self.stated.steps.contains(&Step::Remove(path(at)))
    }

    /// Whether a switch at the end of a path is on; `None` if that is not certain.
    fn is_on(&self, at: &[&str], absent: bool) -> Option<bool> {
        switch(self.values.at(at), absent)
    }
}

fn yes() -> Value {
    Value::plain("true")
}
