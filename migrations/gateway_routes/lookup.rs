//! What a cluster answers about what it has.

use std::collections::BTreeSet;

use super::asked::{Policy, RoutePolicy};
use super::classes::Class;
use super::cluster::InCluster;
use super::codes;
use super::judge::{has_host, is_silenced};
use super::service::Service;
use crate::flux::{KustomizationId, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;

impl InCluster {
    /// The Service that a backend names.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        self.services.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// What the policies that target an HTTPRoute do with it.
    pub(super) fn policy(&self, namespace: &str, route: &str) -> Policy {
        let of_route = self.policies.iter().filter(|(own, _, one)| own == namespace && one.route == route);
        let able = of_route.filter(|(own, by, one)| self.lets_ask(own, one) && !self.is_disputed(own, *by, one));
        able.fold(Policy::default(), |all, (.., one)| all.and(one.policy))
    }

    /// Whether another Flux Kustomization applies a policy of this name, too: the last one to do so decides what it
    /// targets.
    fn is_disputed(&self, namespace: &str, by: KustomizationId, policy: &RoutePolicy) -> bool {
        let is_it = |other: &RoutePolicy| other.kind == policy.kind && other.name == policy.name;
        self.policies.iter().any(|(own, id, other)| own == namespace && *id != by && is_it(other))
    }

    /// Whether a policy of a namespace may ask the Services that it names. Without a grant some controllers
    /// let everybody in.
    pub(super) fn lets_ask(&self, namespace: &str, policy: &RoutePolicy) -> bool {
        let is_granted =
            |to: &&String| self.grants.contains(&(policy.kind.clone(), namespace.to_owned(), (*to).clone()));
        policy.asks.iter().all(|to| to == namespace || is_granted(&to))
    }

    /// What there is to say if two Traefiks claim the same Gateways.
    pub(super) fn traefik_twice(&self) -> Option<Finding> {
        let [(one, path), (other, _), ..] = &self.claiming[..] else { return None };
        let message = format!("{one} claims all Gateways of Traefik in cluster {}, and so does {other}", self.name);
        Some(Finding::warning(codes::TRAEFIK_TWICE, message).at(path, None))
    }

    /// The file that makes a Service.
    pub(super) fn maker_of(&self, namespace: &str, name: &str) -> Option<&RepoPath> {
        self.makers.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether Flux or logins stop without a Service: webhooks of Flux's notification-controller lead to it,
    /// or middlewares ask it who somebody is.
    pub(super) fn is_vital(&self, namespace: &str, name: &str) -> bool {
        name == "webhook-receiver" || self.logins.contains(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether logins stop without one of some hosts.
    pub(super) fn has_login_at(&self, hosts: &[String]) -> bool {
        hosts.iter().any(|host| self.login_hosts.contains(host))
    }

    /// Whether logins stop without what a file makes.
    pub(super) fn has_login_of(&self, path: &RepoPath) -> bool {
        self.logins.iter().any(|login| self.makers.get(login) == Some(path))
    }

    /// The prefix of annotations for external-dns: the one that files have.
    pub(super) fn dns_prefix(&self) -> &'static str {
        self.dns_prefix
    }

    /// Whether Traefik serves a class of Gateways, as far as is seen.
    pub(super) fn is_of_traefik(&self, class: &str) -> bool {
        self.of_traefik.contains(class) || class.to_lowercase().contains("traefik")
    }

    /// The ports of the only Traefik that makes a class of Gateways; `None` if there is not just one.
    pub(super) fn ports_of_traefik(&self, class: &str) -> Option<[String; 2]> {
        let mut making = self.traefiks.iter().filter(|traefik| traefik.class.as_deref() == Some(class));
        let one = making.next().filter(|_| making.next().is_none())?;
        let is_number = |port: &String| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        one.ports.iter().all(is_number).then(|| one.ports.clone())
    }

    /// Whether HTTPRoutes of a namespace may name Services of another one.
    pub(super) fn grants(&self, from: &str, to: &str) -> bool {
        self.grants.contains(&("HTTPRoute".to_owned(), from.to_owned(), to.to_owned()))
    }

    /// Where files name the proxy of a class: its Service, or its pods for those of a namespace.
    pub(super) fn names_proxy(&self, view: &View, class: Option<&str>, namespace: &str) -> Vec<Finding> {
        let Some(class) = self.class(class) else { return Vec::new() };
        let of_namespace = self.policies_of_network.iter().filter(|policy| policy.namespace == namespace);
        let policies = of_namespace.filter_map(|policy| policy.naming(view, class.pods.as_deref()?));
        class.named.iter().cloned().chain(policies).collect()
    }

    /// The class with a name, or the default class for none.
    pub(super) fn class(&self, name: Option<&str>) -> Option<&Class> {
        match name {
            Some(name) => self.classes.iter().find(|class| class.name == name),
            None => self.classes.iter().find(|class| class.is_default),
        }
    }

    /// The hosts that the Certificate of a Secret covers, if it is in this repository.
    pub(super) fn names_of(&self, secret: &(String, String)) -> Option<&BTreeSet<String>> {
        self.certificates.get(secret).or_else(|| self.copied.get(&secret.1))
    }

    /// Whether the HTTPRoutes of a namespace that are there for some hosts keep external-dns away; `None` where
    /// there is none.
    pub(super) fn silenced(&self, namespace: &str, hosts: &[String]) -> Option<bool> {
        let is_of = |route: &Value| has_host(route.at(&["spec", "hostnames"]), hosts);
        let of_hosts = self.routes.iter().filter(|((own, _), route)| own == namespace && is_of(route));
        let silenced: Vec<bool> =
            of_hosts.map(|(_, route)| is_silenced(route.at(&["metadata", "annotations"]))).collect();
        (!silenced.is_empty()).then(|| silenced.iter().all(|silenced| *silenced))
    }

    /// The keys of annotations by which releases of external-dns choose objects.
    pub(super) fn dns_filters(&self) -> Vec<String> {
        self.dns.iter().flat_map(|dns| dns.filters().to_vec()).collect()
    }

    /// Whether external-dns makes records of a host.
    pub(super) fn has_records_of(&self, host: &str) -> bool {
        self.dns.iter().any(|dns| dns.takes(host))
    }
}
