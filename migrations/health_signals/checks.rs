//! Which Flux Kustomizations get a check, and which wait no longer: `wait` as the graph has it.
//!
//! One that others depend on is Ready as soon as its objects are applied, unless it waits for them or has
//! health checks. One that nothing depends on holds up its parent, and says in its own state what Alerts say
//! of each release.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::{Checks, HealthSignalsSettings, Waits};
use crate::flux::{AppliedRelease, At, ClusterId, FluxKustomization, KustomizationId, Rendered, Value, View};

/// Kinds that others need without saying so: who builds them goes on waiting.
const NEEDED: [&str; 5] = ["CustomResourceDefinition", "ClusterSecretStore", "SecretStore", "ClusterIssuer", "Issuer"];

/// What becomes of a Flux Kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Becomes {
    /// It gets these in `healthChecks`.
    Checks(Vec<AppliedRelease>),
    /// It gets `wait: true`.
    Waits,
    /// It gets `wait: false`.
    WaitsNot,
}

/// A Flux Kustomization that is to change.
pub(super) struct Change<'v> {
    pub(super) at: &'v At,
    /// All that come of its document, one at least.
    pub(super) all: Vec<&'v FluxKustomization>,
    pub(super) becomes: Becomes,
    /// How many depend on it.
    pub(super) dependents: usize,
    /// What would wait for it and is needed by it.
    pub(super) deadlock: Option<String>,
    /// The clusters and namespaces of the releases that it applies.
    pub(super) releases_in: BTreeSet<(ClusterId, String)>,
    /// Whether its own document does not decide it.
    pub(super) is_elsewhere: bool,
}

impl<'v> Change<'v> {
    /// The first of them, by which it is known.
    pub(super) fn one(&self) -> &'v FluxKustomization {
        self.all[0]
    }
}

/// All that are to change.
pub(super) fn changes<'v>(view: &'v View, settings: &HealthSignalsSettings) -> Vec<Change<'v>> {
    let graph = view.graph();
    let mut by_document: BTreeMap<&At, Vec<KustomizationId>> = BTreeMap::new();
    for (id, one) in graph.kustomizations.entries().filter(|(_, one)| view.node(&one.at).is_some()) {
        by_document.entry(&one.at).or_default().push(id);
    }
    let builds: Vec<Vec<Rendered>> = view.builds(&graph.kustomizations);
    let builds: BTreeMap<KustomizationId, Vec<Rendered>> = graph.kustomizations.ids().zip(builds).collect();
    let tree = Tree { view, builds };
    by_document.into_iter().filter_map(|(at, ids)| tree.change(at, &ids, settings)).collect()
}

struct Tree<'v> {
    view: &'v View,
    builds: BTreeMap<KustomizationId, Vec<Rendered>>,
}

impl<'v> Tree<'v> {
    fn change(&self, at: &'v At, ids: &[KustomizationId], settings: &HealthSignalsSettings) -> Option<Change<'v>> {
        let graph = self.view.graph();
        let all: Vec<&FluxKustomization> = ids.iter().map(|id| &graph.kustomizations[*id]).collect();
        let dependents: BTreeSet<KustomizationId> =
            ids.iter().flat_map(|id| graph.direct_dependents(*id).iter().copied()).collect();
        // What builds from elsewhere may hold anything.
        let is_open = all.iter().any(|one| one.path.is_none() || self.view.input(one).is_err());
        let is_unchecked = all.iter().any(|one| !one.waits());
        let namespaces = |id: &KustomizationId| {
            let cluster = graph.kustomizations[*id].cluster;
            self.releases(*id).into_iter().map(move |release| (cluster, release.namespace)).collect::<Vec<_>>()
        };
        let change = |becomes, deadlock, differs| Change {
            releases_in: ids.iter().flat_map(namespaces).collect(),
            at,
            becomes,
            dependents: dependents.len(),
            deadlock,
            is_elsewhere: differs || all.iter().any(|one| self.is_elsewhere(one)),
            all: all.clone(),
        };
        if !dependents.is_empty() && is_unchecked && settings.checks != Checks::Keep {
            let lists: Vec<Vec<AppliedRelease>> = ids.iter().map(|id| self.releases(*id)).collect();
            let differs = lists.iter().any(|list| *list != lists[0]);
            let becomes = match settings.checks {
                Checks::Releases if !lists[0].is_empty() => Becomes::Checks(lists[0].clone()),
                _ => Becomes::Waits,
            };
            let built = |id| &*self.builds[&id];
            let deadlock = ids.iter().find_map(|id| self.view.check_deadlock(*id, &built, becomes == Becomes::Waits));
            return Some(change(becomes, deadlock, differs));
        }
        let is_needed = || ids.iter().flat_map(|id| &self.builds[id]).any(|object| NEEDED.contains(&&*object.kind));
        // Who depends on a parent that waits for it depends on it, too.
        let is_waited_for = || ids.iter().any(|id| !graph.held_up_by(*id).is_empty());
        let is_idle = dependents.is_empty()
            && !is_waited_for()
            && all.iter().all(|one| is_plain_wait(one))
            && !is_open
            && !is_needed();
        (is_idle && settings.wait == Waits::Graph).then(|| change(Becomes::WaitsNot, None, false))
    }

    /// The HelmReleases that one applies, as they are on the cluster.
    fn releases(&self, id: KustomizationId) -> Vec<AppliedRelease> {
        self.view.applied_releases(id, &self.builds[&id])
    }

    /// Whether anything but its own document states whether it waits.
    fn is_elsewhere(&self, one: &FluxKustomization) -> bool {
        let root = self.view.node(&one.at);
        ["wait", "healthChecks"].iter().any(|field| {
            let stated = root.and_then(|root| root.at(&["spec", field])).and_then(Value::of);
            one.object.at(&["spec", field]) != stated.as_ref()
        })
    }
}

/// Whether it waits, and states no other check that would count instead.
fn is_plain_wait(one: &FluxKustomization) -> bool {
    let has = |field: &str| one.object.at(&["spec", field]).is_some();
    one.wait && !has("healthChecks") && !has("healthCheckExprs")
}
