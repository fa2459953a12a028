//! Namespaces that files state and that have no effect: a kustomization on the way gives another one.
//!
//! What acts is written, and nothing moves: builds are equal. But others still name the namespace of the
//! text, and so nothing. What such a reference means by text is certain as long as the text is there, so
//! it follows: a unit has the document and all that names it.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::check::differing;
use super::find::Found;
use super::references::{Moving, Put, Puts, Step};
use crate::flux::{At, ClusterId, FluxKustomization, View};
use crate::plan::author::subject_of_flux;
use crate::plan::{Apart, Class, Draft, Finding, Impact, Subject, UnitId};

pub(super) const REPAIR: &str = "repair";

const REPAIRS: Class = Class::new(16, "repairs", "repairs", "repair").apart_from(Apart::Nothing);

/// A Flux Kustomization whose file states another namespace than the one in which it is.
pub(super) struct Wrong<'v> {
    pub(super) one: &'v FluxKustomization,
    stated: &'v str,
}

impl<'v> Wrong<'v> {
    /// Whether the text of a Flux Kustomization states a namespace that is to be left, and a kustomization on
    /// the way has put it elsewhere, everywhere into the same.
    fn of(found: &Found<'v>, one: &'v FluxKustomization) -> Option<Wrong<'v>> {
        let (view, settings) = (found.view, &found.settings);
        let rule = settings.rule.as_ref()?;
        let root = view.node(&one.at)?;
        let (stated, name) = (root.text_at(&["metadata", "namespace"])?, root.text_at(&["metadata", "name"])?);
        let leaves = |namespace: &str| rule.from.iter().any(|from| from == namespace);
        let is_left = leaves(stated) && !leaves(&one.namespace) && name == one.name;
        let stays = [stated, &one.namespace].map(|namespace| (namespace.to_owned(), name.to_owned()));
        let all = || view.graph().kustomizations_at(&one.at);
        let is_same = all().all(|other| other.namespace == one.namespace && other.name == one.name);
        if !is_left || !is_same || one.parent.is_none() || stays.iter().any(|name| settings.stay.contains(name)) {
            return None;
        }
        let reaches = || view.graph().reaches(&one.at).iter();
        let is_given = reaches().all(|reach| {
            let mut through = reach.through.iter().filter_map(|path| view.kustomization(&path.dir()));
            through.any(|file| {
                let mut given = file.namespaces.iter().map(|transformer| &*transformer.namespace);
                file.namespace.as_deref() == Some(&*one.namespace) || given.any(|given| given == one.namespace)
            })
        });
        is_given.then_some(Wrong { one, stated })
    }
}

/// All of them in a view, and what they are by their texts.
pub(super) struct Repairs<'v> {
    pub(super) wrong: BTreeMap<&'v At, Wrong<'v>>,
    /// Where those are that a text calls so; `None` where there are several.
    by_text: BTreeMap<(ClusterId, &'v str, &'v str), Option<&'v str>>,
}

impl<'v> Repairs<'v> {
    pub(super) fn of(found: &Found<'v>) -> Repairs<'v> {
        let mut repairs = Repairs { wrong: BTreeMap::new(), by_text: BTreeMap::new() };
        for one in &found.view.graph().kustomizations {
            let Some(wrong) = Wrong::of(found, one) else { continue };
            let (key, place) = ((one.cluster, wrong.stated, &*one.name), Some(&*one.namespace));
            repairs.by_text.entry(key).and_modify(|there| *there = there.filter(|_| *there == place)).or_insert(place);
            repairs.wrong.insert(&one.at, wrong);
        }
        repairs
    }

    /// Where a reference leads by its text, if it leads nowhere as it is.
    fn meant(
        &self,
        view: &'v View,
        of: &FluxKustomization,
        stated: Option<&str>,
        name: &str,
    ) -> Option<(&'v str, bool)> {
        let is_there = |namespace: &str| {
            let mut all = view.graph().kustomizations.iter();
            all.find(|one| one.cluster == of.cluster && one.namespace == namespace && one.name == name)
        };
        if is_there(stated.unwrap_or(&of.namespace)).is_some() {
            return None;
        }
        let own = view.node(&of.at).and_then(|root| root.text_at(&["metadata", "namespace"]));
        let namespace = stated.or(own).unwrap_or(&of.namespace);
        let by_text = || {
            self.by_text
                .iter()
                .find(|((cluster, other, called), _)| *cluster == of.cluster && *other == namespace && *called == name)
        };
        match is_there(namespace) {
            // It is where the text says, and only the default is another one.
            Some(there) => Some((&there.namespace, false)),
            None => by_text().and_then(|(_, place)| Some(((*place)?, true))),
        }
    }

    /// What is written for one of them.
    pub(super) fn puts(&self, found: &Found<'v>, at: &At) -> Puts {
        let mut all = Puts::new();
        let Some(wrong) = self.wrong.get(at) else { return all };
        let target = &wrong.one;
        let concerned = found.view.graph().kustomizations.iter().filter(|one| one.cluster == target.cluster);
        for one in concerned {
            let Some(root) = found.view.node(&one.at) else { continue };
            let (is_own, style) = (one.at == *at, found.style(one.cluster));
            let mut puts = Vec::new();
            if is_own {
                let namespace = (!style.inherits).then(|| one.namespace.clone());
                puts.push(Put { path: vec![Step::Key("metadata")], within: None, namespace, name: None });
            }
            let items = root.at(&["spec", "dependsOn"]).into_iter().flat_map(|list| list.items());
            for (number, item) in items.enumerate() {
                let (Some(name), stated) = (item.text_at(&["name"]), item.text_at(&["namespace"])) else { continue };
                if !is_own && name != target.name {
                    continue;
                }
                let meant = self.meant(found.view, one, stated, name);
                // Others follow this one; this one says all that it means by its text.
                let Some((place, _)) =
                    meant.filter(|(place, is_wrong)| is_own || *is_wrong && *place == target.namespace)
                else {
                    continue;
                };
                let namespace = (place != one.namespace || style.states_own).then(|| place.to_owned());
                let path = vec![Step::Key("spec"), Step::Key("dependsOn"), Step::Item(number)];
                puts.push(Put { path, within: None, namespace, name: None });
            }
            if !puts.is_empty() {
                all.insert(one.at.clone(), puts);
            }
        }
        all
    }

    /// The units: each alone, then all of them at once on trial.
    pub(super) fn drafts(&self, found: &Found<'v>) -> Vec<Draft> {
        let view = found.view;
        let each: Vec<(&At, Puts)> = self.wrong.keys().map(|at| (*at, self.puts(found, at))).collect();
        let mut together = Puts::new();
        for (at, puts) in each.iter().flat_map(|(_, puts)| puts) {
            let known = together.entry(at.clone()).or_default();
            known.extend(puts.iter().filter(|put| !known.contains(put)).cloned().collect::<Vec<_>>());
        }
        let after = found.written(&together).and_then(|(changes, _)| {
            view.with(&changes).map_err(|error| Finding::error(super::codes::GRAPH_DIFFERS, error.to_string()))
        });
        let differing = after.map(|after| differing(view, &after.whole(), &Moving::default()));
        let draft = |(at, puts): &(&At, Puts)| {
            let findings = match &differing {
                Ok(all) => {
                    all.iter().filter(|(of, _)| puts.contains_key(of)).map(|(_, finding)| finding.clone()).collect()
                }
                Err(reason) => vec![reason.clone()],
            };
            let one = self.wrong[at].one;
            let count = puts.len() - 1;
            let title = match count {
                0 => "its file states the namespace in which it is".to_owned(),
                1 => "its file states the namespace in which it is, and so does one that names it".to_owned(),
                _ => format!("its file states the namespace in which it is, and so do {count} that name it"),
            };
            let touches = puts.keys().map(|at| at.path.clone());
            Draft {
                impact: Impact::Reconcile,
                class: Some(REPAIRS),
                findings,
                ..Draft::new(UnitId::new(&META, REPAIR, subject_of_flux(one)), title, touches)
            }
        };
        each.iter().map(draft).collect()
    }
}

/// The places of what has this subject.
pub(super) fn places<'r>(repairs: &'r Repairs<'_>, of: &Subject) -> BTreeSet<&'r At> {
    repairs.wrong.values().filter(|wrong| subject_of_flux(wrong.one) == *of).map(|wrong| &wrong.one.at).collect()
}
