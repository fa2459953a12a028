//! Routes of a release with what entries of `ingress` state beside rules: Gateway, annotations, filters.

use super::annotations::{Ledger, ledger};
use super::cluster::InCluster;
use super::codes;
use super::judge::{Place, Remark, Stated, remark_of};
use super::object::Around;
use super::service::Port;
use super::traefik::filters;
use super::values::{INGRESS, add_filters, entries, fields, paths, with_routes};
use crate::charts::app_template::{NewRoute, Routed};
use crate::flux::{Installed, Value};
use crate::gateway::{PathKind, PathMatch, parent_refs};
use crate::plan::{Effect, Finding, Outcome, Severity};

use super::release::{Maker, Placed};
use super::served::Taken;

impl Maker<'_, '_> {
    /// The values with the routes: with parents, annotations, labels and filters.
    pub(super) fn dressed(
        &self,
        cluster: &InCluster,
        name: &str,
        installed: &Installed,
        routed: &Routed,
        (stated, arriving): (&Value, &Value),
    ) -> Result<Placed, Vec<Finding>> {
        let mut errors = Vec::new();
        let mut placed = Placed::default();
        let mut routes = stated.get("route").cloned().unwrap_or(Value::Mapping(Vec::new()));
        for (key, field, text) in &routed.kept {
            routes.set_at(&[key, field], Value::string(text));
        }
        for entry in entries(arriving) {
            let new: Vec<&NewRoute> = routed.routes.iter().filter(|new| new.entry == entry).collect();
            let done = routed.done.iter().find(|(done, _)| done == entry).map(|(_, hosts)| hosts);
            let hosts: Vec<String> =
                new.iter().flat_map(|new| &new.hosts).chain(done.into_iter().flatten()).cloned().collect();
            let ingress = arriving.at(&[INGRESS, entry]).expect("it is an entry of it");
            let written = stated.at(&[INGRESS, entry]).unwrap_or(&Value::Null);
            let facts = facts(ingress, installed, hosts.clone());
            let place = match facts.place(cluster, self.settings) {
                Ok(place) => place,
                Err(remark) => {
                    errors.push(self.at_entry(entry, &remark));
                    continue;
                }
            };
            let Ledger { kept, remarks, moved, middlewares, target } =
                ledger(&facts, &place, cluster, self.settings, &paths(ingress));
            for (host, rule) in new
                .iter()
                .flat_map(|new| new.hosts.iter().flat_map(|host| new.rules.iter().map(move |rule| (host, rule))))
            {
                let (kind, path) = rule.path.as_ref().map_or(("PathPrefix", "/"), |(kind, path)| (kind, path));
                placed.takes.push(Taken {
                    cluster: name.to_owned(),
                    gateway: place.chosen.full_name(),
                    host: host.clone(),
                    matched: format!("{kind} {path}"),
                });
            }
            placed.moved.insert(entry.to_owned(), moved);
            placed.targets.extend(target.map(|target| (place.chosen.full_name(), target, self.line_of(entry))));
            let mut remarks = remarks;
            let around = Around { cluster, place: &place, namespace: &installed.namespace, settings: self.settings };
            let fields = fields(kept, written);
            for new in &new {
                match place.parents(&installed.namespace, &new.hosts) {
                    Ok(parents) => {
                        let mut route = new.value(&parent_refs(&parents), fields.clone());
                        match filters(&middlewares, (&new.hosts, None), &around, &mut remarks) {
                            Ok(made) => {
                                placed.protected.extend(
                                    made.authentication
                                        .iter()
                                        .chain(&made.limits)
                                        .map(|id| (new.key.clone(), id.clone())),
                                );
                                if made.replaces_backend {
                                    let message = "a middleware redirects: write the route by hand".to_owned();
                                    remarks.push(Remark::error((codes::MIDDLEWARE, message)));
                                }
                                add_filters(&mut route, &made.filters);
                            }
                            Err(remark) => remarks.push(remark),
                        }
                        routes.set(&new.key, route);
                    }
                    Err(remark) => errors.push(self.at_entry(entry, &remark)),
                }
                remarks.extend(backends(new));
                remarks.extend(compared(new, &place));
            }
            if !new.is_empty() {
                remarks.extend(place.remarks(cluster, &installed.namespace, &hosts));
            }
            for remark in &remarks {
                match remark.severity {
                    Severity::Error => errors.push(self.at_entry(entry, remark)),
                    _ => placed.findings.push(self.at_entry(entry, remark)),
                }
            }
            let (before, after) = place.before_and_after(!new.is_empty());
            placed.effects.extend(hosts.iter().map(|host| Effect {
                cluster: name.to_owned(),
                object: format!("host {host}"),
                field: String::new(),
                before: before.clone(),
                after: after.clone(),
                outcome: Outcome::Changes,
            }));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        placed.after = with_routes(stated, routes);
        Ok(placed)
    }
}

/// What Traefik, which compares characters, takes in another way.
fn compared(new: &NewRoute, place: &Place<'_>) -> Vec<Remark> {
    let paths = new.rules.iter().filter_map(|rule| rule.path.as_ref()).filter(|_| place.is_of_traefik());
    let prefixes = paths.filter(|(kind, _)| *kind == "PathPrefix");
    let read = prefixes.map(|(_, path)| match PathMatch::new(PathKind::Prefix, path) {
        Ok(path) => path.by_elements().map(|note| remark_of(&note)),
        Err(refusal) => Some(remark_of(&refusal)),
    });
    read.flatten().collect()
}

/// What an entry of `ingress` states.
fn facts<'v>(ingress: &'v Value, installed: &'v Installed, hosts: Vec<String>) -> Stated<'v> {
    let tls = ingress.get("tls").map(Value::items).unwrap_or_default().iter();
    let tls = tls.flat_map(|tls| tls.get("hosts").map(Value::items).unwrap_or_default());
    Stated {
        class: ingress.text_at(&["className"]).map(str::to_owned),
        annotations: ingress.get("annotations").map(Value::entries).unwrap_or_default(),
        namespace: &installed.namespace,
        hosts,
        tls: tls.filter_map(Value::text).map(|host| host.replace("{{ .Release.Name }}", &installed.release)).collect(),
        entry_points: None,
    }
}

/// What the Services of a route cannot be for a Gateway.
fn backends(new: &NewRoute) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for backend in new.rules.iter().map(|rule| &rule.backend) {
        let Some((service, port)) = &backend.service else {
            let message = format!("the Service {} is named as it is today", backend.field.1);
            remarks.push(Remark::note(codes::BACKEND_NOT_IN_TREE, message));
            continue;
        };
        if service.text_at(&["type"]) == Some("ExternalName") {
            let message = format!("the Service {} is of type ExternalName", backend.field.1);
            remarks.push(Remark::error((codes::EXTERNAL_NAME, message)));
        }
        let ports = service.get("ports").map(Value::entries).unwrap_or_default().iter();
        let named = ports.filter(|(_, values)| values == port).find_map(|(name, values)| Port::of_values(name, values));
        if let Some(why) = named.and_then(|port| port.speaks_tls()) {
            let message = format!("the Service {} speaks TLS or gRPC: {why}", backend.field.1);
            remarks.push(Remark::error((codes::BACKEND_TLS, message)));
        }
    }
    remarks
}
