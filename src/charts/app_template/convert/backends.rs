//! Backends of routes: 3.x looks `name` up as the identifier of a service first, 4.x takes it
//! literally, which would be a dead backend.

use crate::charts::app_template::items::enabled;
use crate::charts::app_template::{Chart, Section};
use crate::flux::Value;

/// The identifiers that a backend may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Backends {
    services: Vec<String>,
}

impl Backends {
    pub(super) fn of(chart: &Chart<'_>) -> Backends {
        let services = enabled(chart.section(Section::Service));
        Backends { services: services.iter().map(|service| service.identifier.to_owned()).collect() }
    }

    /// `name: ...` becomes `identifier: ...` where it names a service of the values.
    pub(super) fn state(&self, values: &mut Value) {
        let Some(Value::Mapping(routes)) = values.get_mut("route") else { return };
        for (_, route) in routes {
            let Some(Value::Sequence(rules)) = route.get_mut("rules") else { continue };
            for rule in rules {
                let Some(Value::Sequence(backends)) = rule.get_mut("backendRefs") else { continue };
                backends.iter_mut().for_each(|backend| self.state_one(backend));
            }
        }
    }

    fn state_one(&self, backend: &mut Value) {
        let means =
            |value: &Value| value.text().is_some_and(|text| self.services.iter().any(|service| service == text));
        if backend.get("identifier").is_some() || !backend.get("name").is_some_and(means) {
            return;
        }
        let Value::Mapping(entries) = backend else { return };
        entries.iter_mut().filter(|(key, _)| key == "name").for_each(|(key, _)| *key = "identifier".to_owned());
    }
}
