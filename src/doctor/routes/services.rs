//! The Services of clusters and their ports, as far as they are known.

use std::collections::BTreeMap;

use super::objects::Objects;
use crate::charts::app_template::{Deployed, Section};
use crate::doctor::installed;
use crate::doctor::makers::{Asked, Makers};
use crate::doctor::names::is_literal;
use crate::flux::{ClusterId, Value};

/// The number of a port, and its name, where both are known.
type Port = (String, Option<String>);

/// Cluster, namespace and name.
type Key = (ClusterId, String, String);

/// Services and their ports; `None` for a Service whose ports are not known.
pub(super) struct Services<'a, 'm> {
    makers: &'a Makers<'m>,
    ports: BTreeMap<Key, Option<Vec<Port>>>,
}

impl<'a, 'm> Services<'a, 'm> {
    pub(super) fn of(objects: &Objects<'_>, makers: &'a Makers<'m>) -> Services<'a, 'm> {
        let mut services = Services { makers, ports: BTreeMap::new() };
        for (at, reach) in objects.here("", "Service") {
            let ports = objects.arriving(at, reach).and_then(|object| ports(&object));
            services.add((reach.cluster, reach.namespace.unwrap_or_default().to_string(), reach.name.into()), ports);
        }
        let view = objects.view;
        for release in installed::releases(view).filter(|release| !release.is_remote(view)) {
            let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
            for entry in deployed.entries(Section::Service) {
                let Ok(name) = entry.name else { continue };
                let numbers = deployed.ports_of(&name);
                let ports = numbers.map(|numbers| numbers.into_iter().map(|number| (number, None)).collect());
                services.add((release.reach.cluster, release.installed.namespace.clone(), name), ports);
            }
        }
        services
    }

    /// What is known of a Service that several make is not certain.
    fn add(&mut self, key: Key, ports: Option<Vec<Port>>) {
        self.ports.entry(key).and_modify(|known| *known = None).or_insert(ports);
    }

    /// What is missing at a Service in a cluster and its port, by number or name; `None` if all is
    /// there, or may be.
    pub(super) fn missing(&self, cluster: ClusterId, service: (&str, &str), port: Option<&str>) -> Option<String> {
        let (namespace, name) = service;
        let is_clear = is_literal(namespace) && is_literal(name) && !is_of_cluster(namespace, name);
        let asked = Asked { cluster, group: "", kind: "Service", namespace, name };
        match self.makers.find(&asked).filter(|_| is_clear) {
            Some(absent) => {
                Some(format!("nothing in this repository makes Service {namespace}/{name}{}", absent.instead()))
            }
            None => self.missing_port(cluster, service, port),
        }
    }

    /// What is missing at the port of a Service.
    pub(super) fn missing_port(&self, cluster: ClusterId, service: (&str, &str), port: Option<&str>) -> Option<String> {
        let (namespace, name) = service;
        let ports = self
            .ports
            .get(&(cluster, namespace.to_owned(), name.to_owned()))?
            .as_ref()
            .filter(|ports| !ports.is_empty())?;
        let port = port.filter(|port| is_literal(port))?;
        let is_number = port.parse::<u32>().is_ok();
        let may_be = |(number, name): &Port| {
            if is_number { number == port } else { name.as_deref().is_none_or(|name| name == port) }
        };
        let others = ports.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>().join(", ");
        (!ports.iter().any(may_be)).then(|| format!("Service {namespace}/{name} has no port {port}, only {others}"))
    }
}

/// Whether Kubernetes, its distribution or Flux itself makes a Service, so that no file has it.
fn is_of_cluster(namespace: &str, name: &str) -> bool {
    const OF_FLUX: [&str; 4] = ["notification-controller", "source-controller", "source-watcher", "webhook-receiver"];
    namespace == "kube-system" || (namespace, name) == ("default", "kubernetes") || OF_FLUX.contains(&name)
}

/// The ports of a Service; `None` where a variable leaves one open, and for names of other hosts.
fn ports(service: &Value) -> Option<Vec<Port>> {
    let ports = service.at(&["spec", "ports"]).map(Value::items).filter(|ports| !ports.is_empty())?;
    let is_elsewhere = service.text_at(&["spec", "type"]) == Some("ExternalName");
    let of_port = |port: &Value| {
        let name = port.text_at(&["name"]).unwrap_or_default();
        let number = port.text_at(&["port"]).filter(|number| is_literal(number) && is_literal(name))?;
        Some((number.to_owned(), Some(name.to_owned())))
    };
    ports.iter().map(of_port).collect::<Option<Vec<_>>>().filter(|_| !is_elsewhere)
}
