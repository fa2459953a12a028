//! Alerts and Receivers that watch all Flux Kustomizations of a namespace: where these go, nobody looks.
//!
//! An entry is for one namespace, by default that of the Alert; `*` stands for names alone
//! (notification-controller, `eventMatchesAlertSource`). So an Alert that loses sight of what moves gets
//! its entry once more for each new namespace. That one matches nothing until then.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::flux::{At, Reach, Value, View};
use crate::yaml::{Edit, Error, Kind, New, Node};

/// An Alert or a Receiver that would lose sight of something.
pub(super) struct Watch<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    /// Why it is not changed, if so.
    pub(super) obstacle: Option<String>,
    /// The new entries: behind which, and for which namespace.
    pub(super) entries: BTreeSet<(usize, String)>,
    /// What it would lose sight of.
    pub(super) watched: BTreeSet<At>,
}

/// All that would lose sight of some Flux Kustomizations on their way to other namespaces.
pub(super) fn watches<'v>(view: &'v View, movers: &[(&Candidate, &str)]) -> Vec<Watch<'v>> {
    let mut found: BTreeMap<&'v At, Watch<'v>> = BTreeMap::new();
    for (at, reaches) in view.graph().reached() {
        let watchers = || reaches.iter().filter(|reach| field_of(reach).is_some());
        for reach in watchers() {
            // Where the new namespace includes the same Component, its own Alert sees what comes there.
            let copies = watchers().filter(|other| other.cluster == reach.cluster);
            let seen: Vec<Entry> = copies.flat_map(|copy| entries(view, at, copy).unwrap_or_default()).collect();
            let Some((entries, watched)) = lost(view, at, reach, movers, &seen) else { continue };
            let obstacle = obstacle(view, at, reach, reaches.len());
            let watch = found.entry(at).or_insert_with(|| Watch {
                at,
                reach,
                obstacle,
                entries: BTreeSet::new(),
                watched: BTreeSet::new(),
            });
            watch.entries.extend(entries);
            watch.watched.extend(watched);
        }
    }
    found.into_values().collect()
}

/// The list of what it watches.
fn field_of(reach: &Reach) -> Option<&'static str> {
    match reach.kind.as_str() {
        _ if !reach.api_version.starts_with("notification.toolkit.fluxcd.io/") => None,
        "Alert" => Some("eventSources"),
        "Receiver" => Some("resources"),
        _ => None,
    }
}

/// An entry for all Flux Kustomizations of a namespace.
struct Entry {
    number: usize,
    namespace: String,
    labels: BTreeMap<String, String>,
}

type Lost = (BTreeSet<(usize, String)>, BTreeSet<At>);

/// The entries of an Alert or a Receiver; `None` if it is suspended.
fn entries(view: &View, at: &At, reach: &Reach) -> Option<Vec<Entry>> {
    let object = view.effective(at, reach)?;
    if object.at(&["spec", "suspend"]).is_some_and(Value::is_true) {
        return None;
    }
    let own = reach.namespace.as_deref().unwrap_or_default();
    let items = object.at(&["spec", field_of(reach)?]).map_or(&[][..], Value::items).iter().enumerate();
    Some(items.filter_map(|(number, item)| entry(number, item, own)).collect())
}

/// What it would lose sight of, and the entries that it needs. `seen` are those of all that are made of the
/// same document.
fn lost(view: &View, at: &At, reach: &Reach, movers: &[(&Candidate, &str)], seen: &[Entry]) -> Option<Lost> {
    let all = entries(view, at, reach)?;
    let (mut entries, mut watched) = Lost::default();
    for (candidate, to) in movers {
        if !candidate.ids.iter().any(|id| view.graph().kustomizations[*id].cluster == reach.cluster) {
            continue;
        }
        let labels = labels_of(view, candidate);
        let sees = |entry: &Entry, namespace: &str| {
            entry.namespace == namespace && entry.labels.iter().all(|pair| labels.contains(&pair))
        };
        let Some(seeing) = all.iter().rfind(|entry| sees(entry, &candidate.from)) else { continue };
        if !seen.iter().any(|entry| sees(entry, to)) {
            // Behind the last of its kind, whatever namespace that is for.
            let last =
                all.iter().rfind(|entry| entry.labels == seeing.labels).map_or(seeing.number, |last| last.number);
            entries.insert((last, (*to).to_owned()));
            watched.insert(candidate.at.clone());
        }
    }
    (!entries.is_empty()).then_some((entries, watched))
}

fn entry(number: usize, item: &Value, own: &str) -> Option<Entry> {
    let is_all =
        item.text_at(&["kind"]) == Some("Kustomization") && item.text_at(&["name"]).is_none_or(|name| name == "*");
    let pairs = item.get("matchLabels").map_or(&[][..], Value::entries).iter();
    let labels = pairs.filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect();
    is_all.then(|| Entry { number, namespace: item.text_at(&["namespace"]).unwrap_or(own).to_owned(), labels })
}

fn labels_of<'v>(view: &'v View, candidate: &Candidate) -> BTreeSet<(&'v String, &'v String)> {
    view.object(&candidate.at).into_iter().flat_map(|object| &object.labels).collect()
}

/// Why it is not changed.
fn obstacle(view: &View, at: &At, reach: &Reach, times: usize) -> Option<String> {
    let cluster = &view.graph().clusters[reach.cluster];
    if times > 1 {
        return Some("several namespaces share it".to_owned());
    }
    if cluster.refuses_cross_namespace_refs("notification-controller") {
        return Some("notification-controller takes no entry for another namespace".to_owned());
    }
    let stated = view.node(at).and_then(|root| root.at(&["spec", field_of(reach)?])).and_then(Value::of);
    let arrives = view.effective(at, reach)?;
    let is_patched = field_of(reach).is_some_and(|field| arrives.at(&["spec", field]) != stated.as_ref());
    (is_patched || view.may_patch(&reach.kind, &reach.name)).then(|| "a patch or a variable changes it".to_owned())
}

/// Writes the entries.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn widen<'v>(edit: &mut Edit<'v>, root: Node<'v>, watch: &Watch<'_>) -> Result<(), Error> {
    let field = field_of(watch.reach).unwrap_or_default();
    let Some(list) = root.at(&["spec", field]).filter(|list| list.kind() == Kind::Sequence) else { return Ok(()) };
    for (number, namespace) in &watch.entries {
        let Some(mut item) = list.items().nth(*number).and_then(Value::of) else { continue };
        item.set("namespace", Value::string(namespace));
        edit.insert_item(list, number + 1, &New::from(&item))?;
    }
    Ok(())
}
