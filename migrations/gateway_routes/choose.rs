//! Which Gateway, and which of its listeners, takes the place of an ingress class.

use super::agreed::Agreed;
use super::classes::{Class, Controller};
use super::cluster::InCluster;
use super::codes;
use super::create::Creation;
use super::judge::Remark;
use super::settings::{ClassMap, GatewayRoutesSettings};
use crate::gateway::{Gateway, HttpRoute, Listener, ListenerRef, ParentRef, Protocol};
use crate::plan::{Code, UnitId};

/// Why there is no parent: the code and what to say.
pub(super) type NoParent = (&'static Code, String);

/// How hosts are served today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Protocols {
    pub(super) https: bool,
    /// Plain HTTP is answered, not redirected.
    pub(super) http: bool,
}

/// The Gateway of a route.
pub(super) struct Chosen<'c> {
    pub(super) namespace: String,
    pub(super) name: String,
    /// As the cluster has it; `None` where it is stated and not in this repository.
    pub(super) gateway: Option<&'c Gateway>,
    /// The unit that writes it, if it is not there yet.
    pub(super) needs: Option<&'c UnitId>,
    section: Option<String>,
    /// The hosts that have a route on it, where nothing else says that it is the one of the class.
    pub(super) agreed: Option<Agreed>,
}

impl InCluster {
    /// What serves a class.
    ///
    /// # Errors
    /// If nothing does.
    pub(super) fn serving(&self, class: Option<&str>) -> Result<&Class, NoParent> {
        self.class(class).ok_or_else(|| {
            let what = class.map_or("no class is stated, and none is the default".to_owned(), |class| {
                format!("nothing in this cluster serves the class {class}")
            });
            (codes::NO_CONTROLLER, what)
        })
    }

    /// The Gateway that takes the place of a class.
    ///
    /// # Errors
    /// If it is neither stated nor certain.
    pub(super) fn gateway_of(
        &self,
        class: Option<&str>,
        annotations: &[(String, String)],
        settings: &GatewayRoutesSettings,
    ) -> Result<Chosen<'_>, NoParent> {
        let class = class.unwrap_or_default();
        let has = |key: &String| annotations.iter().any(|(own, _)| own == key);
        let is_it = |map: &&ClassMap| map.is_of(&self.name) && map.class == class && map.when.as_ref().is_none_or(has);
        let not_known = |what: String| (codes::GATEWAY_NOT_KNOWN, what);
        if let Some(map) = settings.gateways.iter().find(is_it) {
            let (namespace, name) = map.gateway.clone();
            let is_it = |created: &&Creation| created.gateway.namespace == namespace && created.gateway.name == name;
            let created = self.created.iter().find(is_it);
            if let Some(Creation { gateway, id, verdict, .. }) = created {
                if verdict.is_err() {
                    return Err(not_known(format!("Gateway {namespace}/{name} is not there, and cannot be written")));
                }
                return Ok(Chosen { needs: Some(id), ..Chosen::of(gateway, None) });
            }
            let gateway = self.gateway(&namespace, &name);
            if gateway.is_none() && map.section.is_none() {
                let why = match &map.create {
                    Some(create) => format!("no kustomization of {} that it applies is there", create.path.dir()),
                    None => "its listener is not stated".to_owned(),
                };
                return Err(not_known(format!("Gateway {namespace}/{name} is not in this cluster, and {why}")));
            }
            let section = map.section.clone();
            return Ok(Chosen { namespace, name, gateway, needs: None, section, agreed: None });
        }
        if let ([gateway], 1) = (&self.gateways[..], self.classes.len()) {
            return Ok(Chosen::of(gateway, None));
        }
        if let Some(((namespace, name), agreed)) = self.hosts.agreed(class)
            && let Some(gateway) = self.gateway(namespace, name)
        {
            return Ok(Chosen::of(gateway, Some(agreed)));
        }
        let names = self.gateways.iter().map(|gateway| format!("{}/{}", gateway.namespace, gateway.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { "none" } else { &names };
        let what = if class.is_empty() { "for what has no class".to_owned() } else { format!("for the class {class}") };
        Err(not_known(format!("no Gateway is stated {what}; this cluster has {names}")))
    }
}

impl InCluster {
    fn gateway(&self, namespace: &str, name: &str) -> Option<&Gateway> {
        self.gateways.iter().find(|known| known.namespace == namespace && known.name == name)
    }

    /// Whether a parent takes a route for a host; `None` if its Gateway is not in this repository, or
    /// labels of namespaces decide.
    fn takes(&self, namespace: &str, parent: &ParentRef, host: &str) -> Option<bool> {
        if !parent.is_gateway() {
            return Some(false);
        }
        let ListenerRef { namespace: of, name, section } = &parent.listener;
        let gateway = self.gateway(of, name)?;
        let is_it = |listener: &&Listener| section.as_ref().is_none_or(|section| listener.name == *section);
        let taking = gateway.taking(namespace, host).filter(is_it);
        let certain: Vec<Option<bool>> = taking.map(|listener| listener.takes_namespace(of, namespace)).collect();
        match certain.as_slice() {
            [] => Some(false),
            listeners => listeners.contains(&Some(true)).then_some(true),
        }
    }

    /// What there is to say of the routes that are there for a host: whether a Gateway takes one.
    pub(super) fn liveness(&self, namespace: &str, routes: &[HttpRoute], host: &String) -> Option<Remark> {
        let of_host = routes.iter().filter(|route| route.hosts.contains(host)).flat_map(|route| &route.parents);
        let answers: Vec<Option<bool>> = of_host.map(|parent| self.takes(namespace, parent, host)).collect();
        if answers.contains(&Some(true)) {
            return None;
        }
        Some(if answers.contains(&None) {
            let message =
                format!("a route for {host} is there, and this repository does not say whether its Gateway takes it");
            Remark::warning(codes::GATEWAY_NOT_SEEN, message)
        } else {
            let message = format!("a route for {host} is there, and no listener of a Gateway takes it");
            Remark::error((codes::NOT_ADMITTED, message))
        })
    }
}

impl<'c> Chosen<'c> {
    /// A Gateway that the cluster has.
    fn of(gateway: &'c Gateway, agreed: Option<Agreed>) -> Chosen<'c> {
        let (namespace, name) = (gateway.namespace.clone(), gateway.name.clone());
        Chosen { namespace, name, gateway: Some(gateway), needs: None, section: None, agreed }
    }
}

impl Chosen<'_> {
    /// `namespace/name`.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The parents of a route for hosts.
    ///
    /// # Errors
    /// If a host has no listener.
    pub(super) fn parents(
        &self,
        namespace: &str,
        protocols: Protocols,
        hosts: &[String],
    ) -> Result<Vec<ListenerRef>, NoParent> {
        let parent = |section: Option<String>| ListenerRef {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            section,
        };
        let Some(gateway) = self.gateway else { return Ok(vec![parent(self.section.clone())]) };
        let mut needed: Vec<&Listener> = Vec::new();
        for host in hosts {
            let taking: Vec<_> = gateway.taking(namespace, host).collect();
            let best = |protocol| {
                let of_protocol = taking.iter().filter(|listener| listener.protocol == protocol);
                of_protocol.max_by_key(|listener| closeness(listener, host)).copied()
            };
            let https = best(Protocol::Https).filter(|_| protocols.https);
            let http = best(Protocol::Http).filter(|_| protocols.http || !protocols.https);
            if https.is_none() && (protocols.https || http.is_none()) {
                let what = format!(
                    "no listener of Gateway {} takes routes of namespace {} for {host}",
                    self.full_name(),
                    namespace
                );
                return Err((codes::NOT_ADMITTED, what));
            }
            for listener in [https, http].into_iter().flatten() {
                if !needed.iter().any(|known| known.name == listener.name) {
                    needed.push(listener);
                }
            }
        }
        let taking = |listener: &&Listener| {
            hosts.iter().any(|host| gateway.taking(namespace, host).any(|taking| taking.name == listener.name))
        };
        let all = gateway.listeners.iter().filter(taking).count();
        if all == needed.len() {
            return Ok(vec![parent(None)]);
        }
        let in_order =
            gateway.listeners.iter().filter(|listener| needed.iter().any(|known| known.name == listener.name));
        Ok(in_order.map(|listener| parent(Some(listener.name.clone()))).collect())
    }

    /// Whether plain HTTP would be answered for a host.
    pub(super) fn answers_http(&self, namespace: &str, host: &str) -> bool {
        let Some(gateway) = self.gateway else { return false };
        gateway.taking(namespace, host).any(|listener| listener.protocol == Protocol::Http)
    }

    /// Whether Traefik is its controller, as far as its class says.
    pub(super) fn is_served_by_traefik(&self) -> bool {
        self.gateway.is_some_and(|gateway| gateway.class.to_lowercase().contains("traefik"))
    }

    /// Whether the proxy of a class serves it, too: its requests then take the route as soon as it
    /// is there.
    pub(super) fn is_served_by(&self, class: &Class) -> bool {
        let of_gateway = self.gateway.map(|gateway| gateway.class.to_lowercase()).unwrap_or_default();
        match class.controller {
            Controller::Traefik { .. } => self.is_served_by_traefik(),
            Controller::Nginx => false,
            Controller::Other => !of_gateway.is_empty() && class.name.to_lowercase().contains(&of_gateway),
        }
    }
}

/// How close the hostname of a listener is to a host: itself, the longest star, anything.
fn closeness(listener: &Listener, host: &str) -> (bool, usize) {
    let own = listener.hostname.as_deref().unwrap_or_default();
    (own == host, own.len())
}
