//! What the entries of `ingress` serve (`templates/classes/_ingress.tpl`).

use super::{NotServed, Port, Rules, Served, Serving, port_at, port_named, primary_port};
use crate::charts::app_template::Section;
use crate::charts::app_template::items::{Item, text};
use crate::flux::Value;

impl<'v> Serving<'v> {
    /// The rules of all Ingresses.
    ///
    /// # Errors
    /// If the chart does not render, or the values leave it open.
    pub fn ingress_rules(&self) -> Rules {
        let mut found = Vec::new();
        for item in self.items(Section::Ingress)? {
            found.extend(self.rules_of_ingress(&item)?);
        }
        Ok(found)
    }

    pub(super) fn rules_of_ingress(&self, item: &Item<'v>) -> Rules {
        // It takes the place of all rules.
        if has_default_backend(item.values) {
            return Ok(Vec::new());
        }
        let object = self.name_of(Section::Ingress, item)?;
        let mut found = Vec::new();
        for host in item.values.get("hosts").map(Value::items).unwrap_or_default() {
            for path in host.get("paths").map(Value::items).unwrap_or_default() {
                found.push(self.of_path(&object, host, path)?);
            }
        }
        Ok(found)
    }

    fn of_path(&self, object: &str, host: &'v Value, path: &'v Value) -> Result<Served, NotServed> {
        let host = host.text_at(&["host"]).ok_or(NotServed::Fails("a host of an Ingress has no name"))?;
        let stated = path.text_at(&["path"]).ok_or(NotServed::Fails("a path of an Ingress has no text"))?;
        let (service, port) = self.backend_of_path(path)?;
        Ok(Served {
            object: object.to_owned(),
            host: Some(self.rendered(host)?),
            path: self.rendered(stated)?,
            path_type: text(path, "pathType")?.unwrap_or("Prefix").to_owned(),
            service,
            port,
        })
    }

    fn backend_of_path(&self, path: &'v Value) -> Result<(Option<String>, Option<Port>), NotServed> {
        static NOTHING: Value = Value::Null;
        let is_3 = self.chart.version.is_before_4();
        if is_3 && path.get("service").is_none() {
            return Err(NotServed::Fails("a path of an Ingress names no Service"));
        }
        let backend = path.get("service").unwrap_or(&NOTHING);
        let stated = port_at(backend)?;
        if let Some(name) = self.rendered_at(backend, "name")? {
            let port = match stated {
                Some(Port::Name(port)) => match text(backend, "identifier")? {
                    Some(identifier) => self.service(identifier).map_or(Ok(None), |item| port_named(&item, &port))?,
                    None if is_3 => None,
                    None => return Err(NotServed::Fails("a port by name needs a Service by identifier")),
                },
                None => Some(Port::Number("0".to_owned())),
                number => number,
            };
            return Ok((Some(name), port));
        }
        let Some(service) = self.service_of_path(backend)? else { return Ok((None, None)) };
        let port = match stated {
            None => primary_port(&service)?,
            Some(Port::Name(name)) => port_named(&service, &name)?,
            number => number,
        };
        Ok((Some(self.name_of_service(&service)?), port))
    }

    /// The Service that a path means by its identifier; in 4.x the only one where it names none.
    fn service_of_path(&self, backend: &'v Value) -> Result<Option<Item<'v>>, NotServed> {
        let is_3 = self.chart.version.is_before_4();
        let service = match text(backend, "identifier")? {
            // 3.x does not look whether it is enabled.
            Some(identifier) if is_3 => self.service(identifier),
            Some(identifier) => self.enabled_service(identifier)?,
            None if is_3 => return Ok(None),
            None => self.only_service()?,
        };
        service.map(Some).ok_or(NotServed::Fails("a path of an Ingress names no Service that is there"))
    }
}

pub(super) fn has_default_backend(ingress: &Value) -> bool {
    ingress.get("defaultBackend").is_some_and(|backend| *backend != Value::Null)
}
