//! What `ingress` and `route` values serve: under which host and path, at which port of which Service
//! (`docs/app-template.md#ingresses-and-routes`). 3.7, 4.0, 4.1.0, 4.1.1 and 4.6.1 differ.

mod convert;
mod ingress;
mod new_route;
mod route;
mod stated;
mod why_not;

pub use convert::Routed;
pub use new_route::{Backend, NewRoute, NewRule, StatedRoute};
pub use stated::StatedEntry;
pub use why_not::{NotRouted, WhyNot};

use super::items::{Item, as_it_is, enabled, switch, text};
use super::name::{Name, Unknown, Why};
use super::names::{name_v4, service_v3, siblings_v4};
use super::version::exact;
use super::{Chart, Section, Version};
use crate::flux::Value;

/// A release at an exact version of which it is known what it serves.
#[derive(Clone, Copy, Debug)]
pub struct Serving<'v> {
    chart: Chart<'v>,
    numbers: [u32; 3],
}

/// One rule of an Ingress or of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// The name of the Ingress or route.
    pub object: String,
    /// The host; `None` where a route states none, and so takes all of its Gateway.
    pub host: Option<String>,
    /// The path.
    pub path: String,
    /// How the path is compared: `Prefix`, `PathPrefix`, `Exact`, ...
    pub path_type: String,
    /// The name of the Service; `None` where the chart renders none.
    pub service: Option<String>,
    /// Its port; `None` where the chart renders none.
    pub port: Option<Port>,
}

/// A port as the chart renders it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// A number.
    Number(String),
    /// A name, which the Gateway API rejects.
    Name(String),
}

/// Why it is not known what a release serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotServed {
    /// The chart does not render: the reason.
    Fails(&'static str),
    /// It does not follow from the values.
    Open(Unknown),
}

impl From<Unknown> for NotServed {
    fn from(unknown: Unknown) -> NotServed {
        NotServed::Open(unknown)
    }
}

type Rules = Result<Vec<Served>, NotServed>;

impl<'v> Serving<'v> {
    /// A release at a version; `None` for other versions than 3.7, 4.x and 5.x. What 5.x serves is
    /// what 4.6.1 does: its release notes name no change of it, and none of its renders was seen.
    pub fn of(version: &str, release: &'v str, namespace: &'v str, values: &'v Value) -> Option<Serving<'v>> {
        let numbers = exact(version)?;
        let version = match numbers {
            [5, ..] => Version::V4_1,
            _ => Version::of(version).filter(|version| *version >= Version::v3(7, 0))?,
        };
        Some(Serving { chart: Chart { version, release, namespace, values }, numbers })
    }

    /// The entries of a section that are certainly there, in the order of their keys.
    fn items(&self, section: Section) -> Result<Vec<Item<'v>>, Unknown> {
        let mut items = enabled(self.chart.section(section));
        items.iter().try_for_each(|item| item.identifier().map(|_| ()))?;
        items.sort_by_key(|item| item.identifier);
        Ok(items)
    }

    /// The Service with an identifier, enabled or not.
    fn service(&self, identifier: &'v str) -> Option<Item<'v>> {
        let values = self.chart.section(Section::Service)?.get(identifier)?;
        matches!(values, Value::Mapping(_)).then_some(Item { identifier, values, is_certain: true })
    }

    /// The enabled Service with an identifier.
    fn enabled_service(&self, identifier: &str) -> Result<Option<Item<'v>>, Unknown> {
        Ok(self.items(Section::Service)?.into_iter().find(|service| service.identifier == identifier))
    }

    /// The only Service that is enabled.
    fn only_service(&self) -> Result<Option<Item<'v>>, Unknown> {
        let services = self.items(Section::Service)?;
        Ok(match services.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
    }

    fn name_of_service(&self, service: &Item<'v>) -> Name {
        match self.chart.version {
            Version::V2 | Version::V3(_) => service_v3(&self.chart, service),
            Version::V4_0 | Version::V4_1 => name_v4(&self.chart, service, siblings_v4(&self.chart, Section::Service)),
        }
    }

    /// The name of the object of an item.
    fn name_of(&self, section: Section, item: &Item<'v>) -> Name {
        let mut objects = self.chart.objects().into_iter();
        let found = objects.find(|object| object.section == section && object.identifier == item.identifier);
        found.map_or_else(|| Err(Unknown::new(item.identifier, Why::Siblings)), |object| object.name)
    }

    /// A host or path as the chart renders it. A variable stays in it, as in the text of another rule.
    fn rendered(&self, text: &str) -> Name {
        // A sign that no text has.
        const OF_VARIABLE: &str = "\u{e000}{";
        let rendered = self.chart.rendered(&text.replace("${", OF_VARIABLE))?;
        Ok(rendered.replace(OF_VARIABLE, "${"))
    }

    /// A text that the chart renders; `None` where there is none.
    fn rendered_at(&self, values: &Value, key: &str) -> Result<Option<String>, Unknown> {
        text(values, key)?.map(|text| self.chart.rendered(text)).transpose()
    }
}

/// The port that counts where none is named: the last one that is primary, else the first.
fn primary_port(service: &Item<'_>) -> Result<Option<Port>, Unknown> {
    let mut ports = enabled(service.values.get("ports"));
    ports.sort_by_key(|port| port.identifier);
    let mut primary = ports.first().copied();
    for port in &ports {
        port.identifier()?;
        let is_marked = switch(port.values.get("primary"), false);
        if is_marked.ok_or_else(|| Unknown::new("primary", Why::Switch))? {
            primary = Some(*port);
        }
    }
    primary.map_or(Ok(None), |port| port_at(port.values))
}

/// The port of a Service with a name, disabled or not.
pub(super) fn port_named(service: &Item<'_>, name: &str) -> Result<Option<Port>, Unknown> {
    service.values.at(&["ports", name]).map_or(Ok(None), port_at)
}

/// The value of `port`.
pub(super) fn port_at(values: &Value) -> Result<Option<Port>, Unknown> {
    match values.get("port") {
        Some(Value::Scalar { text, .. }) if text.is_empty() => Ok(None),
        Some(Value::Scalar { text, string: true }) => Ok(Some(Port::Name(as_it_is(text)?.to_owned()))),
        Some(Value::Scalar { text, .. }) => Ok(Some(Port::Number(as_it_is(text)?.to_owned()))),
        _ => Ok(None),
    }
}

/// The numbers of the ports that are enabled; `None` if they do not follow from the values.
pub(super) fn port_numbers(service: &Value) -> Option<Vec<String>> {
    let ports = enabled(service.get("ports"));
    let number = |port: &Item<'_>| match (port.identifier(), port_at(port.values)) {
        (Ok(_), Ok(Some(Port::Number(number)))) => Some(number),
        _ => None,
    };
    ports.iter().map(number).collect()
}
