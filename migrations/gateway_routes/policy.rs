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
use crate::migrations::sources::write::list_all;
use crate::plan::author::{Edits, Written, arriving, never_changed};
use crate::plan::{Finding, Subject, UnitId};
use crate::repo::{Changes, RepoPath};

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
        list_all(&mut edits, view, &self.consumer, "components", &self.components)?;
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
    let changed = view.arrives_differently(&after, &clusters_of(view, consumer));
    if let Some(other) = changed.iter().find(|arrival| arrival.change != Changed::New) {
        return Err(refuse(format!("with its Components, {consumer} would change {}", other.object)));
    }
    if let Some(name) = applied_twice(&after, [&inclusion]) {
        return Err(refuse(format!("{name} would be applied twice")));
    }
    let brought = inclusion.policy(&after, cluster, (namespace, route));
    match asked.without_policy(cluster.policy(namespace, route).and(brought), route) {
        Some(_) => {
            Err(refuse("the policies of its Component target another route, do less, or lack a grant".to_owned()))
        }
        None => Ok(Some(inclusion)),
    }
}

/// The clusters that build something through a kustomization.
fn clusters_of(view: &View, consumer: &RepoPath) -> BTreeSet<String> {
    let reached = view.graph().reached().flat_map(|(_, reaches)| reaches);
    let here = reached.filter(|reach| reach.through.contains(consumer));
    here.map(|reach| view.graph().clusters[reach.cluster].name.clone()).collect()
}

/// An object that several inclusions bring, if they all land.
pub(super) fn disputed(view: &View, all: &[Inclusion]) -> Option<String> {
    let mut changes = Changes::new();
    for inclusion in all.iter().filter(|_| all.len() > 1) {
        // What cannot be written is refused on its own.
        let Ok((own, _)) = inclusion.written(view) else { continue };
        own.iter().for_each(|(path, change)| changes.set(path.clone(), change.clone()));
    }
    if changes.is_empty() {
        return None;
    }
    applied_twice(&view.with(&changes).ok()?, all)
}

/// An object that inclusions bring into a tree, and that a cluster gets from elsewhere, too: whoever applies it last
/// decides what is in it, and whoever prunes it takes it from both.
fn applied_twice<'i>(after: &View, inclusions: impl IntoIterator<Item = &'i Inclusion> + Clone) -> Option<String> {
    let mut seen: BTreeMap<_, usize> = BTreeMap::new();
    let reached = || after.graph().reached().flat_map(|(_, reaches)| reaches);
    let identity = |reach: &'_ Reach| {
        let group = reach.api_version.split('/').next().unwrap_or_default().to_owned();
        (reach.cluster, group, reach.kind, reach.namespace, reach.name)
    };
    reached().for_each(|reach| *seen.entry(identity(reach)).or_default() += 1);
    let is_brought = |reach: &&Reach| inclusions.clone().into_iter().any(|one| one.brings(reach));
    let twice = reached().filter(is_brought).find(|reach| seen[&identity(reach)] > 1)?;
    Some(twice.shown())
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
    /// Whether an object comes by its Components.
    fn brings(&self, reach: &Reach) -> bool {
        reach.through.contains(&self.consumer) && reach.through.iter().any(|path| self.components.contains(&path.dir()))
    }

    /// What the policies of its Components do with a route, in a tree that has them.
    fn policy(&self, after: &View, cluster: &InCluster, (namespace, route): (&str, &str)) -> Policy {
        let mut policy = Policy::default();
        let reached = after.graph().each_reach();
        let is_brought = |reach: &Reach| reach.cluster == cluster.id && self.brings(reach);
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

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::GATEWAY;
    use crate::plan::author::testing::Planned;

    /// Two apps behind a login, with a Component whose policy has this name.
    fn planned(name: &str) -> Planned {
        let app = |app: &str| {
            format!(
                "//- apps/{app}/kustomization.yaml\nresources: [./route.yaml]\n//- apps/{app}/route.yaml\n\
                 apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\n\
                 metadata: {{name: {app}, namespace: apps, annotations: {{kubernetes.io/ingress.class: inside}}}}\n\
                 spec:\n  entryPoints: [websecure]\n  routes:\n    - kind: Rule\n      \
                 match: Host(`{app}.example.org`)\n      middlewares: [{{name: login, namespace: network}}]\n      \
                 services: [{{name: {app}, port: 80}}]\n\
                 //- flux/{app}.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {{name: {app}, namespace: flux-system}}\n\
                 spec: {{path: ./apps/{app}, prune: true, postBuild: {{substitute: {{APP: {app}}}}}, sourceRef: {{kind: \
                 GitRepository, name: flux-system}}}}\n"
            )
        };
        let tree = format!(
            "\
//- apps/kustomization.yaml
resources: [./network.yaml]
//- apps/network.yaml
{GATEWAY}---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: inside}}
spec: {{controller: traefik.io/ingress-controller}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {{name: login, namespace: network}}
spec: {{forwardAuth: {{address: http://login}}}}
//- components/login/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [./policy.yaml]
//- components/login/policy.yaml
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {{name: '{name}', namespace: apps}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: '${{APP}}'}}]
  extAuth: {{http: {{backendRefs: [{{name: login, port: 80}}]}}}}
{}{}",
            app("wiki"),
            app("notes")
        );
        let settings = "gateway-routes: {gateways: [{class: inside, gateway: network/internal}], middlewares: \
                        {network-login@kubernetescrd: {component: components/login}}}";
        Planned::of(&GatewayRoutes, settings, &tree)
    }

    #[test]
    fn two_apps_do_not_share_one_policy() {
        let units = planned("${APP}").units();
        assert_eq!(units.iter().filter(|unit| unit.starts_with("safe none consumer")).count(), 2, "{units:#?}");
        assert!(!units.iter().any(|unit| unit.starts_with("refused")), "{units:#?}");
        let shared = planned("login");
        let refused = |unit: &&String| unit.starts_with("refused IngressRoute");
        assert_eq!(shared.units().iter().filter(refused).count(), 2, "{:#?}", shared.units());
        assert_eq!(shared.units().len(), 2, "{:#?}", shared.units());
        assert!(
            shared.findings().iter().all(|line| line.starts_with("auth-would-be-lost")),
            "{:#?}",
            shared.findings()
        );
    }
}
