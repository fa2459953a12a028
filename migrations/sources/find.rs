//! Whether a source is there: in a tree, or in a trial of what it would be.

use std::collections::{BTreeMap, BTreeSet};

use super::place::Place;
use super::write::write;
use super::{SourceKey, Spec, Version, codes, copy, finding, refused_edit};
use crate::flux::{At, OciRepository, Reach, View};
use crate::plan::{Finding, Severity};
use crate::yaml::New;

/// An OCIRepository that every one of these clusters has in the namespace, with this URL and version, and with the credentials and
/// checks that the releases have now. The effective name of the first by name.
pub(crate) fn existing(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    clusters: &BTreeSet<String>,
    namespace: &str,
) -> Option<String> {
    let mut served: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in view.oci_repositories().iter().filter(|source| fits(view, source, key, carried)) {
        let there = |reach: &&Reach| reach.namespace.as_deref() == Some(namespace);
        for reach in view.graph().reaches(&source.at).iter().filter(there) {
            let cluster = view.graph().clusters[reach.cluster].name.clone();
            served.entry(&reach.name).or_default().insert(cluster);
        }
    }
    served.into_iter().find(|(_, served)| clusters.is_subset(served)).map(|(name, _)| name.to_owned())
}

/// Whether an OCIRepository is what a chartRef needs, wherever it is: URL, version, the layer of the chart, neither pinned nor suspended, and
/// all that is to be carried. A check that releases have must not get lost; one that only the source has is no loss.
pub(crate) fn fits(view: &View, source: &OciRepository, key: &SourceKey, carried: &[(String, New)]) -> bool {
    let version = match &key.version {
        Version::Tag(tag) => source.tag.as_ref() == Some(tag) && source.semver.is_none(),
        Version::Range(range) => source.semver.as_ref() == Some(range),
    };
    let spec = view.node(&source.at).and_then(|root| root.get("spec"));
    let carries = |(field, value): &(String, New)| {
        field == "timeout" || spec.and_then(|spec| spec.get(field)).is_some_and(|own| copy(own) == *value)
    };
    source.url == key.url
        && version
        && !source.pinned
        && source.copies_chart
        && !source.suspended
        && carried.iter().all(carries)
}

/// Writes a source on trial and looks whether each of the clusters then has it in the namespace. Gives the name that it has there.
///
/// # Errors
/// A finding at its file, where one has not.
pub(crate) fn proven(
    view: &View,
    spec: &Spec,
    place: &Place,
    clusters: &BTreeSet<String>,
    namespace: &str,
) -> Result<String, Finding> {
    let trial = trial(view, spec, place)?;
    existing(&trial, &spec.key, &spec.carried, clusters, namespace).ok_or_else(|| {
        let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
        let where_to = if clusters.is_empty() { "no cluster".to_owned() } else { clusters.join(" and ") };
        let file = &place.file;
        let message =
            format!("a source written to {file} would not come to be in the namespace {namespace} on {where_to}");
        refuse(place, codes::SOURCE_NAMESPACE, message)
    })
}

/// Writes a source on trial and looks whether it comes to be wherever another one is: in the same clusters, Flux Kustomizations and
/// namespaces, once in each. Gives the name that it has there.
///
/// # Errors
/// A finding at its file, where it does not, or has several names.
pub(crate) fn proven_beside(view: &View, spec: &Spec, place: &Place, other: &At) -> Result<String, Finding> {
    let trial = trial(view, spec, place)?;
    let slots = |view: &View, at: &At| -> Vec<(usize, usize, Option<String>)> {
        let reaches = view.graph().reaches(at).iter();
        let mut slots: Vec<_> =
            reaches.map(|reach| (reach.cluster, reach.kustomization, reach.namespace.clone())).collect();
        slots.sort();
        slots
    };
    let new = At::document(&place.file, 0);
    let names: BTreeSet<&str> = trial.graph().reaches(&new).iter().map(|reach| &*reach.name).collect();
    let fits = trial.oci_repositories().iter().any(|own| own.at == new && fits(&trial, own, &spec.key, &spec.carried));
    match names.first() {
        Some(name) if fits && names.len() == 1 && slots(view, other) == slots(&trial, &new) => Ok((*name).to_owned()),
        _ => {
            let message = format!("a source written to {} would not come to be wherever {other} is", place.file);
            Err(refuse(place, codes::SOURCE_PLACE, message))
        }
    }
}

/// The view in which a source is written.
fn trial(view: &View, spec: &Spec, place: &Place) -> Result<View, Finding> {
    let changes = write(view, spec, place).map_err(|error| refused_edit(place.edited_file(), &error))?;
    view.with(&changes).map_err(|error| refuse(place, codes::NAME_TAKEN, error.to_string()))
}

fn refuse(place: &Place, code: &'static str, message: String) -> Finding {
    finding(Severity::Error, code, Some(place.file.clone()), None, message)
}
