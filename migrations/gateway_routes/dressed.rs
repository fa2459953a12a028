//! Routes of a release with what entries of `ingress` state beside rules: Gateway, annotations, filters.

use std::collections::BTreeMap;

use super::annotations::{Ledger, ledger};
use super::asked::Asked;
use super::cluster::InCluster;
use super::codes;
use super::judge::{Place, Remark, Stated, has_host, is_silenced, remark_of};
use super::nginx::{self, may_come_first};
use super::placed::{About, Placed};
use super::release::{Maker, Written};
use super::serves::Around;
use super::service::Port;
use super::traefik::filters;
use super::values::{INGRESS, add_filters, entries, fields, paths, put_first, with_routes};
use crate::charts::app_template::{NewRoute, Routed};
use crate::flux::{Installed, Value};
use crate::gateway::{PathKind, PathMatch, RouteRule, parent_refs};
use crate::plan::{Finding, Severity};

/// What one cluster makes of a release, and what its routes must have beside it.
pub(super) struct Dressed {
    pub(super) placed: Placed<Written>,
    pub(super) locks: Vec<Lock>,
}

/// What the middlewares of an entry ask of the routes that take its place.
pub(super) struct Lock {
    pub(super) entry: String,
    /// The key of the route; without it, all routes of the hosts are meant.
    pub(super) key: Option<String>,
    pub(super) hosts: Vec<String>,
    pub(super) asked: Asked,
    pub(super) filters: Vec<Value>,
    /// The rule that comes before all others.
    pub(super) first: Option<Value>,
}

impl Maker<'_, '_> {
    /// The values with the routes: with parents, annotations, labels and filters.
    pub(super) fn dressed(
        &self,
        cluster: &InCluster,
        installed: &Installed,
        routed: &Routed,
        (stated, arriving): (&Value, &Value),
    ) -> Result<Dressed, Vec<Finding>> {
        let mut errors = Vec::new();
        let made = Written { after: Value::Null, moved: BTreeMap::new() };
        let alone = cluster.has_login_of(&self.release.at.path);
        let mut placed = Placed { made, about: About { alone, ..About::default() } };
        let mut locks = Vec::new();
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
            let silenced = done.map(|hosts| is_kept_from_dns(arriving, entry, hosts));
            let facts = Stated { silenced, ..facts(ingress, installed, hosts.clone()) };
            let place = match facts.place(cluster, self.settings) {
                Ok(place) => place,
                Err(remark) => {
                    errors.push(self.at_entry(entry, &remark));
                    continue;
                }
            };
            let Ledger { kept, remarks, moved, middlewares, target, records, changes, asked: logins } =
                ledger(&facts, &place, cluster, self.settings, &paths(ingress));
            let about = &mut placed.about;
            let rules = new
                .iter()
                .flat_map(|new| new.hosts.iter().flat_map(|host| new.rules.iter().map(move |rule| (host, rule))));
            about.takes.extend(rules.map(|(host, rule)| {
                let (kind, path) = rule.path.as_ref().map_or(("PathPrefix", "/"), |(kind, path)| (kind, path));
                place.taken(&cluster.name, host, format!("{kind} {path}"))
            }));
            let (path, line) = (self.release.at.path.clone(), self.line_of(entry));
            about.targets.extend(target.map(|target| place.target(target, path, line)));
            place.tell(about, cluster, (&hosts, !new.is_empty()), records, |remark| self.at_entry(entry, remark));
            placed.made.moved.insert(entry.to_owned(), moved);
            let mut remarks = remarks;
            remarks.extend(nginx::refused(&changes, ingress, cluster));
            let first = changes.first.as_ref().map(RouteRule::to_value);
            let around = Around { cluster, place: &place, namespace: &installed.namespace, settings: self.settings };
            let fields = fields(kept, written);
            let mut lock = |key: Option<&String>, hosts: &[String], remarks: &mut Vec<Remark>| {
                let made = match filters(&middlewares, (hosts, None), &around, remarks) {
                    Ok(made) => made,
                    Err(remark) => {
                        remarks.push(remark);
                        return Vec::new();
                    }
                };
                if made.replaces_backend {
                    let message = "a middleware redirects: write the route by hand".to_owned();
                    remarks.push(Remark::error((codes::MIDDLEWARE, message)));
                }
                let mut asked = Asked::of(&made, &around);
                asked.add(logins.clone());
                let (entry, key) = (entry.to_owned(), key.cloned());
                let filters: Vec<Value> = made.filters.into_iter().chain(nginx::filters(&changes)).collect();
                let (hosts, first) = (hosts.to_vec(), first.clone());
                locks.push(Lock { entry, key, hosts, asked, filters: filters.clone(), first });
                filters
            };
            for new in &new {
                let filters = lock(Some(&new.key), &new.hosts, &mut remarks);
                match place.parents(&installed.namespace, &new.hosts) {
                    Ok(parents) => {
                        let mut route = new.value(&parent_refs(&parents), fields.clone());
                        add_filters(&mut route, &filters);
                        if let Some(first) = &first {
                            let rules = route.get("rules").map(Value::items).unwrap_or_default().to_vec();
                            remarks.extend(may_come_first(rules.into_iter(), &changes).err());
                            put_first(&mut route, first);
                        }
                        routes.set(&new.key, route);
                    }
                    Err(remark) => errors.push(self.at_entry(entry, &remark)),
                }
                remarks.extend(backends(new));
                remarks.extend(compared(new, &place));
            }
            if done.is_some() {
                lock(None, &hosts, &mut remarks);
            }
            if !new.is_empty() {
                remarks.extend(place.remarks(cluster, &installed.namespace, &hosts));
            }
            for remark in &remarks {
                match remark.severity {
                    Severity::Error => errors.push(self.at_entry(entry, remark)),
                    _ => placed.about.findings.push(self.at_entry(entry, remark)),
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        placed.made.after = with_routes(stated, routes);
        Ok(Dressed { placed, locks })
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

/// Whether the routes that serve the hosts of an entry keep external-dns away. Where no route states one of them, as with
/// templates, the one of the same key is meant.
fn is_kept_from_dns(values: &Value, entry: &str, hosts: &[String]) -> bool {
    let routes = values.get("route").map(Value::entries).unwrap_or_default().iter();
    let mut serving: Vec<&Value> =
        routes.map(|(_, route)| route).filter(|route| has_host(route.get("hostnames"), hosts)).collect();
    if serving.is_empty() {
        serving.extend(values.at(&["route", entry]));
    }
    !serving.is_empty() && serving.iter().all(|route| is_silenced(route.get("annotations")))
}

/// What an entry of `ingress` states.
pub(super) fn facts<'v>(ingress: &'v Value, installed: &'v Installed, hosts: Vec<String>) -> Stated<'v> {
    let tls = ingress.get("tls").map(Value::items).unwrap_or_default().iter();
    let tls = tls.flat_map(|tls| tls.get("hosts").map(Value::items).unwrap_or_default());
    Stated {
        class: ["className", "ingressClassName"].iter().find_map(|key| ingress.text_at(&[key])).map(str::to_owned),
        annotations: ingress.get("annotations").map(Value::entries).unwrap_or_default(),
        namespace: &installed.namespace,
        hosts,
        tls: tls.filter_map(Value::text).map(|host| host.replace("{{ .Release.Name }}", &installed.release)).collect(),
        entry_points: None,
        silenced: None,
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

#[cfg(test)]
mod tests {
    use super::is_kept_from_dns;
    use crate::flux::Value;
    use crate::yaml::Stream;

    /// The route that serves a host may have another key than the Ingress.
    #[test]
    fn the_routes_that_serve_a_host_say_whether_it_has_a_record() {
        let none = "annotations: {external-dns.alpha.kubernetes.io/controller: none}";
        let hosts = ["a.example.org".to_owned()];
        for (routes, is_kept) in [
            (format!("main: {{hostnames: [a.example.org], {none}}}"), true),
            (format!("main: {{hostnames: [a.example.org], {none}}}, app: {{hostnames: [b.example.org]}}"), true),
            (format!("main: {{hostnames: [a.example.org]}}, app: {{hostnames: [b.example.org], {none}}}"), false),
            (format!("app: {{hostnames: ['{{{{ .Release.Name }}}}.example.org'], {none}}}"), true),
            ("main: {hostnames: [b.example.org]}".to_owned(), false),
        ] {
            let stream = Stream::parse(format!("route: {{{routes}}}")).unwrap();
            let values = Value::of(stream.documents().next().unwrap()).unwrap();
            assert_eq!(is_kept_from_dns(&values, "app", &hosts), is_kept, "{routes}");
        }
    }
}
