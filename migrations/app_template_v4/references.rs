//! What other files say of a release that 4.x changes: names that go, and the label by which its pods are selected.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::conversion::{Converted, finding};
use crate::charts::app_template::{COMPONENT, Pin, Referent};
use crate::flux::{At, Named, SelectorUse, View};
use crate::plan::{Finding, Severity};

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// A release whose values are converted.
#[derive(Clone, Copy)]
pub(in crate::migrations) struct Subject<'c> {
    /// Where it stands.
    pub(in crate::migrations) at: &'c At,
    /// Its line.
    pub(in crate::migrations) line: usize,
    /// Its name, for people.
    pub(in crate::migrations) name: &'c str,
    /// Its values.
    pub(in crate::migrations) converted: &'c Converted<'c>,
}

/// What other files say of each of these releases. Reads every YAML file, and so is for a survey alone: it changes nothing of what is written.
pub(in crate::migrations) fn found(view: &View, subjects: &[Subject<'_>]) -> Vec<Vec<Finding>> {
    if subjects.is_empty() {
        return Vec::new();
    }
    let own: BTreeSet<&At> = subjects.iter().map(|subject| subject.at).collect();
    let mut wanted: BTreeMap<Named, BTreeSet<At>> = BTreeMap::new();
    for subject in subjects {
        for lost in lost(subject) {
            wanted.entry(lost).or_default().insert(subject.at.clone());
        }
    }
    let mentions = view.mentions(&wanted);
    let selectors = view.selectors_on(COMPONENT);
    let about = |subject: &Subject<'_>| {
        let mut found = Vec::new();
        for lost in lost(subject) {
            for mention in mentions.get(&lost).into_iter().flatten() {
                let message = format!("{} names {} {}", mention.what, lost.kind, lost.name);
                found.push(finding(Severity::Warning, codes::LOST_NAME_USED, &mention.at, Some(mention.line), message));
            }
        }
        found.extend(in_its_values(subject));
        // Where selectors are kept, so is the label.
        let asked = selectors.iter().filter(|_| subject.converted.kept().is_empty());
        for selector in asked.filter(|selector| !own.contains(&selector.at) && means(selector, subject)) {
            let message = format!("{} asks for app.kubernetes.io/component of pods of {}", selector.what, subject.name);
            let line = Some(selector.line);
            found.push(finding(Severity::Warning, codes::COMPONENT_SELECTOR, &selector.at, line, message));
        }
        found
    };
    subjects.iter().map(about).collect()
}

/// The objects of a release that go, or get another name.
fn lost(subject: &Subject<'_>) -> BTreeSet<Named> {
    let mut lost = BTreeSet::new();
    for place in &subject.converted.places {
        for pinned in &place.conversion.pins.objects {
            let (Pin::Impossible | Pin::Dropped, Some(kind), Ok(name)) =
                (&pinned.pin, &pinned.object.kind, &pinned.object.name)
            else {
                continue;
            };
            let namespace = (!kind.starts_with("Cluster")).then(|| place.namespace.clone());
            lost.insert(Named { kind: kind.clone(), namespace, name: name.clone() });
        }
    }
    lost
}

/// References by name in the values themselves to what goes.
fn in_its_values(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for place in &subject.converted.places {
        let lost: Vec<_> = place.conversion.pins.objects.iter().filter(|pinned| !pinned.pin.keeps()).collect();
        for reference in place.chart().references() {
            let (Referent::Name(Ok(name)), Some(kind)) = (&reference.to, &reference.kind) else { continue };
            let is_it = |object: &crate::charts::app_template::Object| {
                object.kind.as_ref() == Some(kind) && object.name.as_ref() == Ok(name)
            };
            if lost.iter().any(|pinned| is_it(&pinned.object)) {
                let message = format!("{} names {kind} {name}", reference.path.join("."));
                found.push(finding(Severity::Warning, codes::LOST_NAME_USED, subject.at, Some(subject.line), message));
            }
        }
    }
    found
}

/// Whether a selector in another file means pods of a release: by its labels, else by a component that is one of its controllers, where
/// the release is. What cannot be told does not count for any release.
fn means(selector: &SelectorUse, subject: &Subject<'_>) -> bool {
    subject.converted.places.iter().any(|place| {
        let chart = place.chart();
        let here = selector.namespace.as_ref().is_none_or(|namespace| *namespace == place.namespace);
        let is = |label: &str, own: Option<String>| selector.labels.get(label).map(|asked| Some(asked) == own.as_ref());
        let controllers: Vec<String> = chart.workloads().into_iter().map(|workload| workload.identifier).collect();
        let known = !selector.values.is_empty() && selector.values.iter().all(|value| controllers.contains(value));
        match (is(INSTANCE, Some(place.release.clone())), is(NAME, chart.name().ok())) {
            (Some(false), _) | (_, Some(false)) => false,
            (Some(true), _) | (_, Some(true)) => here,
            (None, None) => known && selector.namespace.as_ref() == Some(&place.namespace),
        }
    })
}
