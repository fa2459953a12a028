//! Services, as objects and as values of app-template.

use super::cluster::InCluster;
use crate::charts::app_template::{Chart, Section, Version};
use crate::charts::version::numbers;
use crate::flux::{Installed, Value, View};
use crate::repo::RepoPath;

/// A Service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub(super) is_external_name: bool,
    pub(super) ports: Vec<Port>,
}

/// A port of a Service.
#[derive(Clone, Debug, Default)]
pub(super) struct Port {
    pub(super) name: Option<String>,
    pub(super) number: String,
    pub(super) app_protocol: Option<String>,
}

impl Service {
    pub(super) fn of(object: &Value) -> Service {
        let ports = object.at(&["spec", "ports"]).map(Value::items).unwrap_or_default().iter();
        let port = |port: &Value| {
            Some(Port {
                name: port.text_at(&["name"]).map(str::to_owned),
                number: port.text_at(&["port"])?.to_owned(),
                app_protocol: port.text_at(&["appProtocol"]).map(str::to_owned),
            })
        };
        Service {
            is_external_name: object.text_at(&["spec", "type"]) == Some("ExternalName"),
            ports: ports.filter_map(port).collect(),
        }
    }

    pub(super) fn of_values(values: &Value) -> Service {
        let ports = values.get("ports").map(Value::entries).unwrap_or_default().iter();
        let ports = ports.filter_map(|(name, port)| Port::of_values(name, port));
        Service { is_external_name: values.text_at(&["type"]) == Some("ExternalName"), ports: ports.collect() }
    }

    /// Its port of a name or number.
    pub(super) fn port(&self, stated: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.number == stated || port.name.as_deref() == Some(stated))
    }
}

impl Port {
    /// A port of a Service in values of app-template.
    pub(super) fn of_values(name: &str, values: &Value) -> Option<Port> {
        let protocol = values.text_at(&["protocol"]).filter(|protocol| *protocol == "HTTPS").map(str::to_lowercase);
        Some(Port {
            name: Some(name.to_owned()),
            number: values.text_at(&["port"])?.to_owned(),
            app_protocol: values.text_at(&["appProtocol"]).map(str::to_owned).or(protocol),
        })
    }

    /// Why a proxy would not speak plain HTTP to it (`docs/gateway.md#backends-with-tls`).
    pub(super) fn speaks_tls(&self) -> Option<String> {
        let protocol = self.app_protocol.as_deref().map(str::to_lowercase).unwrap_or_default();
        let protocol = protocol.rsplit('/').next().unwrap_or_default();
        match self.name.as_deref() {
            _ if matches!(protocol, "https" | "h2c" | "grpc" | "tls") => Some(format!("its port speaks {protocol}")),
            _ if self.number == "443" => Some("its port is 443".to_owned()),
            Some(name) if name.starts_with("https") => Some(format!("its port is called {name}")),
            _ => None,
        }
    }
}

impl InCluster {
    /// The Services of app-template.
    pub(super) fn add_services(&mut self, view: &View, installed: &Installed, path: &RepoPath) {
        let known = Chart::installed(view, installed);
        let values = installed.object.at(&["spec", "values"]).unwrap_or(&Value::Null);
        let version = installed.chart.as_ref().and_then(|chart| chart.version.as_deref()).unwrap_or_default();
        // 5.x names Services as 4.x does (`docs/app-template.md#names-in-4`).
        let is_5 = numbers(version).is_some_and(|numbers| numbers[0] == 5) && installed.is_known();
        let of_5 = || {
            let (release, namespace) = (&*installed.release, &*installed.namespace);
            is_5.then_some(Chart { version: Version::V4_1, release, namespace, values })
        };
        let Some(chart) = known.or_else(of_5) else { return };
        for object in chart.objects().into_iter().filter(|object| object.section == Section::Service) {
            let (Ok(name), Some(values)) = (object.name, chart.values.at(&["service", &object.identifier])) else {
                continue;
            };
            let key = (installed.namespace.clone(), name);
            self.makers.insert(key.clone(), path.clone());
            self.services.insert(key, Service::of_values(values));
        }
    }
}
