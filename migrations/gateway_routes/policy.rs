//! Components with a policy that does for a route what a middleware did: who may come in.
//!
//! The consumer of an Ingress includes the Component that the configuration names. A route is not written
//! before the branch of its cluster has the policy: a policy without its route does nothing, a route without
//! its policy is open.

use std::collections::{BTreeMap, BTreeSet};

use super::META;
use super::asked::{Asked, Policy, policies_of};
use super::cluster::InCluster;
use super::judge::Remark;
use crate::flux::{Changed, Kustomization, Reach, View};
use crate::migrations::sources::write::list;
use crate::plan::author::{Edits, Written, arriving, never_changed};
use crate::plan::{Finding, Subject, UnitId};
use crate::repo::RepoPath;

pub(super) const POLICY: &str = "policy";

/// A kustomization, and the Components that it is to include.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inclusion {
    pub(super) consumer: RepoPath,
    pub(super) components: BTreeSet<RepoPath>,
}

impl Inclusion {
    pub(super) fn id(&self) -> UnitId {
        UnitId::new(&META, POLICY, Subject::consumer(&self.consumer))
    }

    /// Lists the Components.
    ///
    /// # Errors
    /// If the kustomization cannot be edited.
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        let mut edits = Edits::of(view);
        let mut components = self.components.iter();
        components.try_for_each(|path| list(&mut edits, view, &self.consumer, "components", path, None))?;
        edits.finish()
    }
}

/// All of some, one for each consumer.
pub(super) fn by_consumer<'i>(all: impl IntoIterator<Item = &'i Inclusion>) -> Vec<Inclusion> {
    let mut consumers: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
    for Inclusion { consumer, components } in all {
        consumers.entry(consumer.clone()).or_default().extend(components.iter().cloned());
    }
    consumers.into_iter().map(|(consumer, components)| Inclusion { consumer, components }).collect()
}

/// What has to be included where an object is applied, so that a policy does for a route what is asked;
/// `None` if one does already.
///
/// # Errors
/// If there is none, and none by the Components of the configuration.
pub(super) fn inclusion(
    view: &View,
    cluster: &InCluster,
    reach: &Reach,
    (namespace, route): (&str, &str),
    asked: &Asked,
) -> Result<Option<Inclusion>, Remark> {
    let Some(lost) = asked.without_policy(cluster.policy(namespace, route), route) else { return Ok(None) };
    let (Some(consumer), false) = (reach.through.last(), asked.components().is_empty()) else { return Err(lost) };
    let included = included_by(view, consumer);
    let components: BTreeSet<RepoPath> =
        asked.components().iter().filter_map(|path| RepoPath::new(path).ok()).collect();
    let refuse = |why: String| Remark { message: format!("{}; {why}", lost.message), ..lost.clone() };
    for path in &components {
        only_adds(view, path).map_err(|why| refuse(format!("the Component {path} {why}")))?;
    }
    let components: BTreeSet<RepoPath> = components.difference(&included).cloned().collect();
    if components.is_empty() {
        return Err(refuse(format!("{consumer} includes its Component already")));
    }
    if let Some(reason) = never_changed(view, [consumer]) {
        return Err(refuse(reason.message));
    }
    let inclusion = Inclusion { consumer: consumer.clone(), components };
    let (changes, _) = inclusion.written(view).map_err(|finding| refuse(finding.message))?;
    let after = view.with(&changes).map_err(|error| refuse(error.to_string()))?;
    let changed = view.arrives_differently(&after, &BTreeSet::from([cluster.name.clone()]));
    if let Some(other) = changed.iter().find(|arrival| arrival.change != Changed::New) {
        return Err(refuse(format!("with its Components, {consumer} would change {}", other.object)));
    }
    let brought = inclusion.policy(&after, cluster, (namespace, route));
    match asked.without_policy(cluster.policy(namespace, route).and(brought), route) {
        Some(_) => {
            Err(refuse("the policies of its Component target another route, do less, or lack a grant".to_owned()))
        }
        None => Ok(Some(inclusion)),
    }
}

/// The Components that a kustomization includes.
fn included_by(view: &View, consumer: &RepoPath) -> BTreeSet<RepoPath> {
    let Some(kustomization) = view.kustomization(&consumer.dir()) else { return BTreeSet::new() };
    kustomization.components.iter().filter_map(|entry| view.resolve(kustomization, &entry.text)).collect()
}

/// Sees that a Component adds objects, and does nothing to others.
fn only_adds(view: &View, path: &RepoPath) -> Result<(), &'static str> {
    const ADDING: [&str; 3] = ["apiVersion", "kind", "resources"];
    let component = view.kustomization(path).filter(|kustomization| kustomization.component);
    let Some(Kustomization { path, .. }) = component else { return Err("is not there, or is no Component") };
    let root = view.file(path).and_then(|file| file.stream.as_ref()).and_then(|stream| stream.documents().next());
    let is_adding =
        root.is_some_and(|root| root.entries().all(|(key, _)| key.text().is_some_and(|key| ADDING.contains(&key))));
    if is_adding { Ok(()) } else { Err("does more than to add resources") }
}

impl Inclusion {
    /// What the policies of its Components do with a route, in a tree that has them.
    fn policy(&self, after: &View, cluster: &InCluster, (namespace, route): (&str, &str)) -> Policy {
        let mut policy = Policy::default();
        let reached = after.graph().reached().flat_map(|(at, reaches)| reaches.iter().map(move |reach| (at, reach)));
        let is_brought = |reach: &Reach| {
            reach.cluster == cluster.id
                && reach.through.contains(&self.consumer)
                && reach.through.iter().any(|path| self.components.contains(&path.dir()))
        };
        for (at, reach) in reached.filter(|(_, reach)| is_brought(reach)) {
            let object = after.node(at).and_then(|root| arriving(after, root, reach));
            let of_object =
                object.iter().filter(|_| reach.namespace.as_deref() == Some(namespace)).flat_map(policies_of);
            let of_route = of_object.filter(|one| one.route == route && cluster.lets_ask(namespace, one));
            policy = of_route.fold(policy, |all, one| all.and(one.policy));
        }
        policy
    }
}
