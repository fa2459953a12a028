//! What the entries of `route` serve (`templates/classes/_route.tpl`).

use super::{NotServed, Port, Rules, Served, Serving, port_at, port_named, primary_port};
use crate::charts::app_template::items::{Item, text};
use crate::charts::app_template::{Section, Version};
use crate::flux::Value;

/// The Service and the port of a backend.
type Backend = (Option<String>, Option<Port>);

impl<'v> Serving<'v> {
    /// The rules of all routes.
    ///
    /// # Errors
    /// If the chart does not render, or the values leave it open.
    pub fn route_rules(&self) -> Rules {
        let mut found = Vec::new();
        for item in self.items(Section::Route)? {
            found.extend(self.rules_of_route(&item)?);
        }
        Ok(found)
    }

    pub(super) fn rules_of_route(&self, item: &Item<'v>) -> Rules {
        let mut found = Vec::new();
        let object = self.name_of(Section::Route, item)?;
        let parents = item.values.get("parentRefs").map(Value::items).unwrap_or_default();
        if parents.iter().any(|parent| !matches!(text(parent, "namespace"), Ok(Some(_)))) {
            return Err(NotServed::Fails("a Gateway has no namespace"));
        }
        let hosts = self.hosts(item)?;
        let rules = item.values.get("rules").map(Value::items).unwrap_or_default();
        if rules.is_empty() {
            let backends = self.backend_by_default()?.into_iter().collect::<Vec<_>>();
            add(&mut found, &object, &hosts, &backends, &Value::Null)?;
        }
        for rule in rules {
            add(&mut found, &object, &hosts, &self.backends(rule)?, rule)?;
        }
        Ok(found)
    }

    pub(super) fn hosts(&self, item: &Item<'v>) -> Result<Vec<Option<String>>, NotServed> {
        let stated = item.values.get("hostnames").map(Value::items).unwrap_or_default().iter();
        let hosts = stated.filter_map(Value::text).map(|host| Ok(Some(self.rendered(host)?)));
        let hosts = hosts.collect::<Result<Vec<_>, NotServed>>()?;
        Ok(if hosts.is_empty() { vec![None] } else { hosts })
    }

    /// The only Service, from 4.1.1 on.
    fn backend_by_default(&self) -> Result<Option<Backend>, NotServed> {
        let service = if self.numbers >= [4, 1, 1] { self.only_service()? } else { None };
        service.map(|service| Ok((Some(self.name_of_service(&service)?), primary_port(&service)?))).transpose()
    }

    fn backends(&self, rule: &'v Value) -> Result<Vec<Backend>, NotServed> {
        let backends = rule.get("backendRefs").map(Value::items).unwrap_or_default();
        let filters = rule.get("filters").map(Value::items).unwrap_or_default();
        let redirects = filters.iter().any(|filter| filter.text_at(&["type"]) == Some("RequestRedirect"));
        if redirects && !backends.is_empty() {
            return Err(NotServed::Fails("a rule that redirects has a backend"));
        }
        if backends.is_empty() {
            return Ok(vec![(None, None)]);
        }
        let is_3 = self.chart.version.is_before_4();
        backends
            .iter()
            .map(|backend| if is_3 { self.backend_of_3(backend) } else { self.backend_of_4(backend) })
            .collect()
    }

    /// 3.x looks the name up as an identifier first, and knows no `identifier`.
    fn backend_of_3(&self, backend: &'v Value) -> Result<Backend, NotServed> {
        let name = text(backend, "name")?;
        let service = name.map_or(Ok(None), |name| self.enabled_service(name))?;
        let stated = port_at(backend)?;
        let Some(service) = service else { return Ok((name.map(str::to_owned), stated)) };
        // Before 3.7.3 the default port overrules what is stated.
        let stated = stated.filter(|_| self.chart.version == Version::V3_7_3);
        let port = stated.map_or_else(|| primary_port(&service), |port| Ok(Some(port)))?;
        Ok((Some(self.name_of_service(&service)?), port))
    }

    /// 4.x takes the name as it is, and resolves a port by name from 4.6.1 on.
    fn backend_of_4(&self, backend: &'v Value) -> Result<Backend, NotServed> {
        let stated = port_at(backend)?;
        let name = self.rendered_at(backend, "name")?;
        let identifier = text(backend, "identifier")?.filter(|_| name.is_none());
        let Some(identifier) = identifier else { return Ok((name, stated)) };
        let service = self.enabled_service(identifier)?;
        let service = service.ok_or(NotServed::Fails("a backend names no Service that is there"))?;
        let port = match stated {
            None => primary_port(&service)?,
            Some(Port::Name(name)) if self.numbers >= [4, 6, 1] => port_named(&service, &name)?,
            stated => stated,
        };
        Ok((Some(self.name_of_service(&service)?), port))
    }
}

/// One rule for each host, match and backend.
fn add(
    found: &mut Vec<Served>,
    object: &str,
    hosts: &[Option<String>],
    backends: &[Backend],
    rule: &Value,
) -> Result<(), NotServed> {
    let everything = [Value::Null];
    let matches = rule.get("matches").map(Value::items).filter(|matches| !matches.is_empty()).unwrap_or(&everything);
    for (host, (service, port)) in hosts.iter().flat_map(|host| backends.iter().map(move |backend| (host, backend))) {
        for path in matches.iter().map(|matches| matches.get("path").unwrap_or(&Value::Null)) {
            found.push(Served {
                object: object.to_owned(),
                host: host.clone(),
                path: text(path, "value")?.unwrap_or("/").to_owned(),
                path_type: text(path, "type")?.unwrap_or("PathPrefix").to_owned(),
                service: service.clone(),
                port: port.clone(),
            });
        }
    }
    Ok(())
}
