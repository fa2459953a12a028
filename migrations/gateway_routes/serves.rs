//! What an Ingress or IngressRoute serves, as routes that have no name yet.

use super::asked::Asked;
use super::cluster::InCluster;
use super::grant::GrantFor;
use super::judge::{Place, Remark};
use super::settings::GatewayRoutesSettings;
use super::traefik;
use crate::gateway::{MiddlewareName, RouteRule};

/// What an Ingress or IngressRoute serves, as routes without a name.
#[derive(Default)]
pub(super) struct Serves {
    pub(super) routes: Vec<RouteOf>,
    pub(super) remarks: Vec<Remark>,
    /// The grants that Services of other namespaces need.
    pub(super) grants: Vec<GrantFor>,
}

/// One route: hosts, as they are written and as they are served, and rules.
pub(super) struct RouteOf {
    pub(super) stated_hosts: Vec<String>,
    pub(super) hosts: Vec<String>,
    pub(super) rules: Vec<RouteRule>,
    pub(super) asked: Asked,
    /// The annotation that keeps external-dns from it.
    pub(super) silenced: Option<String>,
}

/// What rules are read in.
pub(super) struct Around<'a> {
    pub(super) cluster: &'a InCluster,
    pub(super) place: &'a Place<'a>,
    pub(super) namespace: &'a str,
    pub(super) settings: &'a GatewayRoutesSettings,
}

impl Serves {
    /// All hosts, as they are served.
    pub(super) fn hosts(&self) -> Vec<String> {
        self.routes.iter().flat_map(|route| route.hosts.clone()).collect()
    }
}

impl RouteOf {
    /// Adds what the middlewares of all rules become.
    pub(super) fn add_middlewares(
        &mut self,
        names: &[MiddlewareName],
        around: &Around<'_>,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        for rule in &mut self.rules {
            let made = traefik::filters(names, (&self.hosts, None), around, remarks)?;
            if made.replaces_backend {
                rule.backends.clear();
            }
            self.asked.add(Asked::of(&made, around));
            rule.filters.extend(made.filters);
        }
        Ok(())
    }
}

/// The names of routes: that of the object, and for each further one the first label of its host.
pub(super) fn names(own: &str, routes: &[RouteOf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for route in routes {
        let label = route.hosts.first().and_then(|host| host.split('.').next()).unwrap_or_default();
        let label: String = label.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
        let wanted = if names.is_empty() { own.to_owned() } else { format!("{own}-{label}") };
        let wanted = wanted.trim_end_matches('-').to_owned();
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}
