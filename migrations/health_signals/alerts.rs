//! Which objects no Alert watches, and which Alert gets an entry for them.
//!
//! An Alert of the same namespace comes first, whatever else it watches. Without one, an Alert of another
//! namespace gets an entry with `namespace`. What an Alert sends, and to whom, is as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::flux::{At, ClusterId, Reach, Value, View, Watched};
use crate::migrations::watchers::{is_changed_on_its_way, obstacle, sets_status};

/// The kinds that people watch as a whole: they say when something is not applied, or not installed.
const WATCHED: [&str; 2] = ["Kustomization", "HelmRelease"];

/// Objects of a kind in a namespace that no Alert watches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Missing {
    pub(super) cluster: ClusterId,
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    pub(super) count: usize,
}

/// The same where no Alert can be told to.
pub(super) struct Unheard {
    pub(super) missing: Missing,
    pub(super) why: Why,
}

/// Why no Alert gets an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    NoProvider,
    NoAlert,
}

/// An Alert that gets entries.
pub(super) struct Watch<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    /// Behind which entry, for which kind, and for which namespace if that is another one.
    pub(super) entries: BTreeSet<(usize, &'static str, Option<String>)>,
    /// What it watches then.
    pub(super) heard: BTreeSet<Missing>,
}

/// An Alert of a cluster.
struct Alert<'v> {
    at: &'v At,
    reach: &'v Reach,
    namespace: &'v str,
    entries: Vec<Watched>,
    /// Whether its Provider takes events of every kind.
    is_for_events: bool,
}

impl<'v> Alert<'v> {
    fn all(view: &'v View, cluster: ClusterId) -> Vec<Alert<'v>> {
        let alert = |(at, reach): (&'v At, &'v Reach)| {
            let is_here = reach.cluster == cluster && reach.kind == "Alert";
            let goes_elsewhere = || view.graph().kustomizations[reach.kustomization].remote_cluster().is_some();
            if !is_here || goes_elsewhere() {
                return None;
            }
            let object: Arc<Value> = view.effective(at, reach)?;
            Some(Alert {
                at,
                reach,
                namespace: reach.namespace.as_deref()?,
                entries: view.watched(at, reach)?,
                is_for_events: !sets_status(view, reach, &object),
            })
        };
        view.graph().each_reach().filter_map(alert).collect()
    }

    fn watches(&self, kind: &str, namespace: &str) -> bool {
        let hears = self.is_for_events || kind == "Kustomization";
        hears && self.entries.iter().any(|entry| entry.is_all_of(kind, namespace))
    }

    /// Whether it watches all of a kind in its own namespace.
    fn watches_all(&self, kind: &str) -> bool {
        self.entries.iter().any(|entry| entry.is_all_of(kind, self.namespace))
    }

    /// The entry behind which another one of a kind comes.
    fn last_of(&self, kind: &str) -> Option<usize> {
        let of_kind = self.entries.iter().rfind(|entry| entry.kind == kind);
        of_kind.or(self.entries.last()).map(|entry| entry.number)
    }
}

/// All that no Alert watches, in clusters that are in this tree.
pub(super) fn missing(view: &View) -> Vec<Missing> {
    let graph = view.graph();
    let mut found = Vec::new();
    for cluster in graph.clusters.ids().filter(|cluster| graph.clusters[*cluster].in_tree) {
        let alerts = Alert::all(view, cluster);
        for kind in WATCHED {
            for (namespace, count) in living(view, cluster, kind) {
                if !alerts.iter().any(|alert| alert.watches(kind, namespace)) {
                    found.push(Missing { cluster, kind, namespace: namespace.to_owned(), count });
                }
            }
        }
    }
    found
}

/// The namespaces in which objects of a kind live, with their number.
fn living<'v>(view: &'v View, cluster: ClusterId, kind: &str) -> BTreeMap<&'v str, usize> {
    let graph = view.graph();
    let kustomizations = graph.kustomizations.iter().filter(|one| one.cluster == cluster && one.lives_in.is_none());
    let kustomizations = kustomizations.filter(|_| kind == "Kustomization").map(|one| one.namespace.as_str());
    let is_it = |reach: &&Reach| {
        let is_local = || graph.kustomizations[reach.kustomization].remote_cluster().is_none();
        reach.cluster == cluster && reach.kind == kind && reach.api_version.contains(".fluxcd.") && is_local()
    };
    // Flux Kustomizations are counted above: their entry point may be in no file.
    let others = graph.reached().flat_map(|(_, reaches)| reaches).filter(|_| kind != "Kustomization").filter(is_it);
    let others = others.filter_map(|reach| reach.namespace.as_deref());
    let mut found = BTreeMap::new();
    for namespace in kustomizations.chain(others).filter(|namespace| !namespace.is_empty() && !namespace.contains("${"))
    {
        *found.entry(namespace).or_default() += 1;
    }
    found
}

/// The Alerts that get entries, and what is left.
pub(super) fn watches<'v>(view: &'v View, missing: &[Missing]) -> (Vec<Watch<'v>>, Vec<Unheard>) {
    let mut found: BTreeMap<&'v At, Watch<'v>> = BTreeMap::new();
    let mut unheard = Vec::new();
    let clusters: BTreeSet<ClusterId> = missing.iter().map(|one| one.cluster).collect();
    for cluster in clusters {
        let alerts = Alert::all(view, cluster);
        for one in missing.iter().filter(|one| one.cluster == cluster) {
            let Some((alert, namespace)) = chosen(view, &alerts, one, missing) else {
                let has_any = alerts.iter().any(|alert| alert.is_for_events);
                let why = if has_any { Why::NoAlert } else { Why::NoProvider };
                unheard.push(Unheard { missing: one.clone(), why });
                continue;
            };
            let Some(behind) = alert.last_of(one.kind) else { continue };
            let watch = found.entry(alert.at).or_insert_with(|| Watch {
                at: alert.at,
                reach: alert.reach,
                entries: BTreeSet::new(),
                heard: BTreeSet::new(),
            });
            watch.entries.insert((behind, one.kind, namespace));
            watch.heard.insert(one.clone());
        }
    }
    (found.into_values().collect(), unheard)
}

/// The Alert that gets the entry, with the namespace that the entry states.
fn chosen<'a, 'v>(
    view: &View,
    alerts: &'a [Alert<'v>],
    one: &Missing,
    missing: &[Missing],
) -> Option<(&'a Alert<'v>, Option<String>)> {
    let able = || alerts.iter().filter(|alert| alert.is_for_events && !alert.entries.is_empty());
    let own = able().filter(|alert| alert.namespace == one.namespace && takes_own(view, alert, one.kind, missing));
    let is_broad = |alert: &&Alert<'_>| WATCHED.iter().any(|kind| alert.watches_all(kind));
    if let Some(alert) = own.clone().find(is_broad).or(own.clone().next()) {
        return Some((alert, None));
    }
    let others = able().filter(|alert| alert.namespace != one.namespace);
    let others = others.filter(|alert| obstacle(view, alert.at, alert.reach).is_none());
    let home = view.graph().clusters[one.cluster].source.namespace.as_deref().unwrap_or("flux-system");
    let rank = |alert: &&Alert<'_>| {
        (!alert.watches_all(one.kind), alert.namespace != home, alert.namespace.to_owned(), alert.reach.name)
    };
    others.min_by_key(rank).map(|alert| (alert, Some(one.namespace.clone())))
}

/// Whether an Alert can get an entry for its own namespace: if several namespaces share its text, all of
/// them lack it.
fn takes_own(view: &View, alert: &Alert<'_>, kind: &str, missing: &[Missing]) -> bool {
    let lacks = |reach: &Reach| {
        let is_it = |one: &Missing| {
            one.cluster == reach.cluster && one.kind == kind && reach.namespace.as_deref() == Some(&one.namespace)
        };
        missing.iter().any(is_it)
            || !living(view, reach.cluster, kind).contains_key(reach.namespace.as_deref().unwrap_or_default())
    };
    !is_changed_on_its_way(view, alert.at, alert.reach) && view.graph().reaches(alert.at).iter().all(lacks)
}
