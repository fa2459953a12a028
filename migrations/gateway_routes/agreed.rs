//! Which Gateway takes the place of an ingress class, as the hosts say that have an Ingress and a route already.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::judge::{CLASS, Remark};
use super::values::{INGRESS, entries, entry_class};
use crate::flux::{Installed, Value};
use crate::gateway::{HttpRoute, Router};

/// The hosts of Ingresses and of routes, in one cluster. Templates of a chart are known by their release.
#[derive(Default)]
pub(super) struct Hosts {
    /// Those of each class; that of what states none is empty.
    of_class: BTreeMap<String, BTreeSet<String>>,
    /// The Gateways that the routes of a host name.
    gateways: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// What the Gateway of a class is taken from.
#[derive(Clone, Copy)]
pub(super) struct Agreed {
    /// How many hosts of the class have a route on it.
    with: usize,
    /// How many have no route yet.
    without: usize,
}

impl Agreed {
    /// What there is to say of a new route.
    pub(super) fn of_route(self, class: &str, gateway: &str) -> Remark {
        let hosts = match self.with {
            1 => "the one host of it with a route has it".to_owned(),
            count => format!("all {count} hosts of it with a route have it"),
        };
        Remark::warning(
            codes::GATEWAY_AGREED,
            format!("Gateway {gateway} takes the place of class {class}: {hosts} there"),
        )
    }

    /// Why an Ingress is not cut yet: without it, nothing says where the hosts belong that have no route.
    pub(super) fn before_cut(self, class: &str, gateway: &str) -> Option<Remark> {
        let hosts = match self.without {
            0 => return None,
            1 => "one host of it has".to_owned(),
            count => format!("{count} hosts of it have"),
        };
        let message = format!(
            "its route shows that Gateway {gateway} takes the place of class {class}, and {hosts} no route yet"
        );
        Some(Remark::error((codes::GATEWAY_AGREED, message)))
    }
}

impl Hosts {
    /// The classes that hosts have.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.of_class.iter().filter(|(_, hosts)| !hosts.is_empty()).map(|(class, _)| class.as_str())
    }

    /// The Gateway that takes the routes of all hosts of a class that have some.
    pub(super) fn agreed(&self, class: &str) -> Option<(&(String, String), Agreed)> {
        let hosts = self.of_class.get(class)?;
        let moved: Vec<_> = hosts.iter().filter_map(|host| self.gateways.get(host)).collect();
        let all: BTreeSet<_> = moved.iter().copied().flatten().collect();
        let [gateway] = all.into_iter().collect::<Vec<_>>()[..] else { return None };
        Some((gateway, Agreed { with: moved.len(), without: hosts.len() - moved.len() }))
    }

    /// Adds an Ingress or IngressRoute.
    pub(super) fn add_ingress(&mut self, object: &Value) {
        let items = |key: &str| object.at(&["spec", key]).map(Value::items).unwrap_or_default().iter();
        let hosts = match object.text_at(&["kind"]) {
            Some("Ingress") => items("rules").filter_map(|rule| rule.text_at(&["host"]).map(str::to_owned)).collect(),
            _ => {
                items("routes").filter_map(|rule| Router::of_rule(rule).ok()).flat_map(|router| router.hosts).collect()
            }
        };
        let class = object.text_at(&["spec", "ingressClassName"]);
        self.add(class.or_else(|| object.text_at(&["metadata", "annotations", CLASS])), hosts);
    }

    /// Adds the Ingresses and routes of a release of app-template.
    pub(super) fn add_release(&mut self, installed: &Installed, values: &Value) {
        let known = |host: &str| {
            let is_template = host.contains("{{");
            if is_template { format!("{}/{} {host}", installed.namespace, installed.release) } else { host.to_owned() }
        };
        for entry in entries(values) {
            let hosts = values.at(&[INGRESS, entry, "hosts"]).map(Value::items).unwrap_or_default().iter();
            let hosts = hosts.filter_map(|host| host.text_at(&["host"])).map(known).collect();
            self.add(entry_class(values, entry), hosts);
        }
        for (_, route) in values.get("route").map(Value::entries).unwrap_or_default() {
            let route = HttpRoute::read(route, &installed.namespace);
            let hosts = route.hosts.iter().map(|host| known(host)).collect();
            self.add_route(&HttpRoute { hosts, ..route });
        }
    }

    /// Adds a route.
    pub(super) fn add_route(&mut self, route: &HttpRoute) {
        let gateways = route.parents.iter().filter(|parent| parent.is_gateway());
        let gateways = gateways.map(|parent| (parent.listener.namespace.clone(), parent.listener.name.clone()));
        let gateways: BTreeSet<_> = gateways.collect();
        for host in &route.hosts {
            self.gateways.entry(host.clone()).or_default().extend(gateways.clone());
        }
    }

    fn add(&mut self, class: Option<&str>, hosts: Vec<String>) {
        self.of_class.entry(class.unwrap_or_default().to_owned()).or_default().extend(hosts);
    }
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, INGRESS, ROUTE, class};
    use crate::plan::author::testing::Planned;

    /// Two classes, two Gateways, two Ingresses of the class `inside`, and what else is there.
    fn planned(others: &str) -> Vec<String> {
        let external = GATEWAY.replace("internal", "external");
        let shop = INGRESS.replace("site", "shop").replace("www", "shop");
        let objects = [class("inside"), class("outside"), INGRESS.to_owned(), shop].join("---\n");
        let fixture = format!(
            "//- apps/network.yaml\n{GATEWAY}---\n{external}//- apps/sites.yaml\n{objects}{others}//- apps/kustomization.yaml\n\
             resources: [network.yaml, sites.yaml]\n"
        );
        let planned = Planned::of(&GatewayRoutes, "", &fixture);
        planned.units().into_iter().chain(planned.findings()).filter(|line| !line.contains("backend")).collect()
    }

    #[test]
    fn hosts_with_a_route_show_where_the_others_of_their_class_go() {
        let moved = format!("---\n{ROUTE}");
        assert_eq!(
            planned(&moved),
            [
                "refused Ingress apps/site: the Ingress is cut: its route serves",
                "review upgrade Ingress apps/shop: an HTTPRoute behind it",
                "safe upgrade Ingress apps/shop: the Ingress is cut: its route serves",
                "gateway-agreed apps/sites.yaml:11",
                "gateway-agreed apps/sites.yaml:20",
                "http-redirected apps/sites.yaml:20",
            ]
        );
        let elsewhere = ROUTE.replace("site", "shop").replace("www", "shop").replace("internal", "external");
        let not_known = |line: &String| line.starts_with("gateway-not-known");
        assert_eq!(planned(&format!("{moved}---\n{elsewhere}")).iter().filter(|line| not_known(line)).count(), 2);
        assert_eq!(planned("").iter().filter(|line| not_known(line)).count(), 2);
    }
}
