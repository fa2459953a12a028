//! References in other files that the move to 4.x breaks: to names, and to the label of selectors.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::conversion::{Converted, Installation};
use crate::charts::app_template::{Pin, Referent};
use crate::flux::{At, Named, SelectorUse, View};
use crate::plan::Finding;

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// The findings of each of these releases. Reads every YAML file, so only a survey asks for it;
/// what is written does not depend on it.
pub(in crate::migrations) fn found(view: &View, releases: &[&Converted<'_>]) -> Vec<Vec<Finding>> {
    if releases.is_empty() {
        return Vec::new();
    }
    let lost: Vec<BTreeSet<Named>> = releases.iter().map(|release| lost_names(release)).collect();
    let mut wanted: BTreeMap<Named, BTreeSet<At>> = BTreeMap::new();
    for (release, lost) in releases.iter().zip(&lost) {
        for name in lost {
            wanted.entry(name.clone()).or_default().insert(release.at.clone());
        }
    }
    let mentions = view.mentions(&wanted);
    let places: BTreeSet<&At> = releases.iter().map(|release| &release.at).collect();
    let labels: BTreeSet<&str> = releases.iter().filter_map(|release| label(release)).collect();
    let selectors_on = |label: &'static str| {
        let mut selectors = view.selectors_on(label);
        selectors.retain(|selector| !places.contains(&selector.at));
        (label, selectors)
    };
    let selectors: BTreeMap<&str, Vec<SelectorUse>> = labels.into_iter().map(selectors_on).collect();
    let about = |(release, lost): (&&Converted<'_>, &BTreeSet<Named>)| {
        let mut found = Vec::new();
        for name in lost {
            for mention in mentions.get(name).into_iter().flatten() {
                let message = format!("{} names {} {}", mention.what, name.kind, name.name);
                found.push(Finding::warning(codes::LOST_NAME_USED, message).at(&mention.at.path, mention.line));
            }
        }
        found.extend(in_its_values(release));
        // Where selectors are kept, so is the label.
        if let Some(label) = label(release).filter(|_| release.kept().is_empty()) {
            for selector in selectors[label].iter().filter(|selector| means(selector, release)) {
                let message = format!("{} selects pods of {} by {label}", selector.what, release.name());
                found.push(Finding::warning(codes::COMPONENT_SELECTOR, message).at(&selector.at.path, selector.line));
            }
        }
        found
    };
    releases.iter().zip(&lost).map(about).collect()
}

/// The label by which pods of a release are selected before it moves.
fn label(release: &Converted<'_>) -> Option<&'static str> {
    let installation = release.installations.first().filter(|installation| installation.from.is_before_4());
    installation.map(|installation| installation.from.controller_label())
}

/// The objects of a release that 4.x does not make, or gives another name.
fn lost_names(release: &Converted<'_>) -> BTreeSet<Named> {
    let mut lost = BTreeSet::new();
    for installation in &release.installations {
        for pinned in installation.pins().into_iter().flat_map(|pins| &pins.objects) {
            if let (Pin::Impossible | Pin::Dropped, Some(kind), Ok(name)) =
                (&pinned.pin, &pinned.object.kind, &pinned.object.name)
            {
                let namespace = (!kind.starts_with("Cluster")).then(|| installation.namespace.clone());
                lost.insert(Named { kind: kind.clone(), namespace, name: name.clone() });
            }
        }
    }
    lost
}

/// References by name in the values themselves to such objects.
fn in_its_values(release: &Converted<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for installation in &release.installations {
        let pinned = installation.pins().into_iter().flat_map(|pins| &pins.objects);
        let lost: Vec<_> = pinned.filter(|pinned| !pinned.pin.keeps()).map(|pinned| &pinned.object).collect();
        for reference in installation.chart().references() {
            let (Referent::Name(Ok(name)), Some(kind)) = (&reference.to, &reference.kind) else { continue };
            if lost.iter().any(|object| object.kind.as_ref() == Some(kind) && object.name.as_ref() == Ok(name)) {
                let message = format!("{} names {kind} {name}", reference.path.join("."));
                let finding = Finding::warning(codes::LOST_NAME_USED, message);
                found.push(finding.at(&release.at.path, release.line()));
            }
        }
    }
    found
}

/// Whether a selector in another file means pods of a release: by its labels; without such labels
/// by a component that is one of its controllers, in its namespace. In doubt it means none.
fn means(selector: &SelectorUse, release: &Converted<'_>) -> bool {
    let means = |installation: &Installation<'_>| {
        let chart = installation.chart();
        let has = |label: &str, value: Option<String>| {
            selector.labels.get(label).map(|selected| Some(selected) == value.as_ref())
        };
        let is_same = |namespace: &String| *namespace == installation.namespace;
        let controllers: Vec<String> = chart.workloads().into_iter().map(|workload| workload.identifier).collect();
        match (has(INSTANCE, Some(installation.release.clone())), has(NAME, chart.name().ok())) {
            (Some(false), _) | (_, Some(false)) => false,
            (Some(true), _) | (_, Some(true)) => selector.namespace.as_ref().is_none_or(is_same),
            (None, None) => {
                selector.namespace.as_ref().is_some_and(is_same)
                    && !selector.values.is_empty()
                    && selector.values.iter().all(|value| controllers.contains(value))
            }
        }
    };
    release.installations.iter().any(means)
}
