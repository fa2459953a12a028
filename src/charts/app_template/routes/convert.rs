//! The routes that serve what the entries of `ingress` serve
//! (`docs/app-template.md#from-ingress-to-route`).

use std::collections::BTreeSet;

use super::ingress::has_default_backend;
use super::new_route::{Backend, NewRoute, NewRule, StatedRoute};
use super::why_not::{NotRouted, WhyNot};
use super::{NotServed, Port, Served, Serving, port_at, port_named, primary_port};
use crate::charts::app_template::items::{Item, enabled, switch, text};
use crate::charts::app_template::{Section, Version};
use crate::flux::Value;

/// What the entries of `ingress` become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The routes that are missing, in the order of the entries.
    pub routes: Vec<NewRoute>,
    /// The entries of which every host is served by a route already: identifier and hosts.
    pub done: Vec<(String, Vec<String>)>,
    /// What routes that are there need so that their names stay: the key of the route, the field, and
    /// its text.
    pub kept: Vec<(String, &'static str, String)>,
}

/// Signs of a pattern in a path.
const PATTERN: [char; 11] = ['(', ')', '[', ']', '^', '$', '*', '+', '?', '|', '\\'];

/// One host of an entry: how it is written, how it is rendered, and its rules.
struct Host {
    stated: String,
    rendered: String,
    rules: Vec<NewRule>,
}

impl<'v> Serving<'v> {
    /// What the entries of `ingress` become, if these values are those that arrive in a cluster.
    /// Texts are taken from `stated`, the values as the file has them: the same but for variables.
    ///
    /// # Errors
    /// The first reason why some entry cannot become a route.
    pub fn routed(&self, stated: &Value) -> Result<Routed, NotRouted> {
        let not = |why| move |entry: &str| NotRouted { entry: entry.to_owned(), why };
        if self.chart.version.is_before_4() && self.chart.version != Version::V3_7_3 {
            return Err(not(WhyNot::ChartTooOld)(""));
        }
        let items = enabled(self.chart.section(Section::Ingress));
        if let Some(open) = items.iter().find(|item| item.identifier().is_err()) {
            return Err(not(WhyNot::SwitchUnknown)(open.identifier));
        }
        let there = self.route_rules().map_err(|_| not(WhyNot::Open)(""))?;
        let mut routed = Routed::default();
        for item in &items {
            let refused = |why| not(why)(item.identifier);
            let written = stated.at(&["ingress", item.identifier]).ok_or(refused(WhyNot::Open))?;
            let hosts = self.hosts_of(item, written).map_err(refused)?;
            let wanted = self.rules_of_ingress(item).map_err(|_| refused(WhyNot::Open))?;
            if wanted.iter().all(|rule| there.iter().any(|other| is_same(rule, other))) {
                routed.done.push((item.identifier.to_owned(), hosts.into_iter().map(|host| host.rendered).collect()));
                continue;
            }
            self.clear_of(item, &there, &hosts).map_err(refused)?;
            routed.add(item.identifier, hosts);
        }
        let keys: Vec<&str> = routed.routes.iter().map(|route| route.key.as_str()).collect();
        if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
            return Err(not(WhyNot::RouteKeyTaken)(""));
        }
        self.keep_names(&mut routed)?;
        Ok(routed)
    }

    /// Sees that no route has the key of an entry, or some of its hosts.
    fn clear_of(&self, item: &Item<'v>, there: &[Served], hosts: &[Host]) -> Result<(), WhyNot> {
        let routes = self.items(Section::Route).map_err(|_| WhyNot::Open)?;
        let has_host = |rule: &Served| hosts.iter().any(|host| rule.host.as_deref() == Some(&host.rendered));
        if let Some(route) = routes.iter().find(|route| route.identifier == item.identifier) {
            let rules = self.rules_of_route(route).map_err(|_| WhyNot::Open)?;
            return Err(if rules.iter().any(has_host) { WhyNot::RouteDiffers } else { WhyNot::RouteKeyTaken });
        }
        // One that is disabled would be written over.
        if self.chart.section(Section::Route).is_some_and(|routes| routes.get(item.identifier).is_some()) {
            return Err(WhyNot::RouteKeyTaken);
        }
        if there.iter().any(has_host) { Err(WhyNot::RouteDiffers) } else { Ok(()) }
    }

    fn hosts_of(&self, item: &Item<'v>, stated: &Value) -> Result<Vec<Host>, WhyNot> {
        if has_default_backend(item.values) {
            return Err(WhyNot::DefaultBackend);
        }
        let items = |value: &'v Value, key: &str| value.get(key).map(Value::items).unwrap_or_default();
        let hosts = items(item.values, "hosts");
        let mut found = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let written = stated.get("hosts").and_then(|hosts| hosts.items().get(index)).ok_or(WhyNot::Open)?;
            let text = host.text_at(&["host"]).filter(|text| !text.is_empty()).ok_or(WhyNot::HostEmpty)?;
            let rendered = self.rendered(text).map_err(|_| WhyNot::Open)?;
            if rendered.is_empty() {
                return Err(WhyNot::HostEmpty);
            }
            if rendered.strip_prefix("*.").unwrap_or(&rendered).contains('*') {
                return Err(WhyNot::HostWildcard);
            }
            let paths = items(host, "paths");
            let rules = paths.iter().enumerate().map(|(place, path)| {
                let written = written.get("paths").and_then(|paths| paths.items().get(place)).ok_or(WhyNot::Open)?;
                Ok(NewRule { path: Some(path_of(path, written)?), backend: self.new_backend(path, written)? })
            });
            let mut rules = rules.collect::<Result<Vec<_>, _>>()?;
            if rules.is_empty() {
                return Err(WhyNot::NoRules);
            }
            if let [rule] = &mut rules[..] {
                rule.path = rule.path.take().filter(|(kind, path)| *kind != "PathPrefix" || path != "/");
            }
            let stated = written.text_at(&["host"]).ok_or(WhyNot::Open)?.to_owned();
            found.push(Host { stated, rendered, rules });
        }
        if found.is_empty() { Err(WhyNot::NoRules) } else { Ok(found) }
    }

    fn new_backend(&self, path: &'v Value, stated: &Value) -> Result<Backend, WhyNot> {
        static NOTHING: Value = Value::Null;
        let is_3 = self.chart.version.is_before_4();
        let backend = path.get("service").unwrap_or(&NOTHING);
        if backend.get("resource").is_some() {
            return Err(WhyNot::BackendNotFound);
        }
        let port = port_at(backend).map_err(|_| WhyNot::BackendPortUnknown)?;
        let field = |key| text(backend, key).map_err(|_| WhyNot::BackendNotFound);
        if let Some(name) = field("name")? {
            if is_3 && name.contains("{{") {
                return Err(WhyNot::BackendTemplated);
            }
            if is_3 && self.enabled_service(name).map_err(|_| WhyNot::Open)?.is_some() {
                return Err(WhyNot::NameIsIdentifier);
            }
            let Some(Port::Number(port)) = port else { return Err(WhyNot::BackendPortUnknown) };
            let name = stated.text_at(&["service", "name"]).ok_or(WhyNot::Open)?.to_owned();
            return Ok(Backend { field: ("name", name), port, service: None });
        }
        let service = match field("identifier")? {
            Some(identifier) => self.enabled_service(identifier),
            None if is_3 => Ok(None),
            None => self.only_service(),
        };
        let service = service.map_err(|_| WhyNot::Open)?.ok_or(WhyNot::BackendNotFound)?;
        let (number, of_port) = port_of(&service, port).ok_or(WhyNot::BackendPortUnknown)?;
        let field = if is_3 { "name" } else { "identifier" };
        Ok(Backend {
            field: (field, service.identifier.to_owned()),
            port: number,
            service: Some((service.values.clone(), of_port)),
        })
    }

    /// Sees that no route takes the name of another one, and that those that are there keep theirs.
    fn keep_names(&self, routed: &mut Routed) -> Result<(), NotRouted> {
        let open = |_| NotRouted { entry: String::new(), why: WhyNot::Open };
        let mut values = self.chart.values.clone();
        for route in &routed.routes {
            values.set_at(&["route", &route.key], route.value(&Value::Null, Vec::new()));
        }
        let before = self.names_of_routes().map_err(open)?;
        let full = &self.chart.release;
        let moved = self.with(&values).names_of_routes().map_err(open)?;
        for (key, name) in before.iter().filter(|named| !moved.contains(named)) {
            let is_3 = self.chart.version.is_before_4();
            let (field, text) = match () {
                () if is_3 => ("nameOverride", name.clone()),
                () if name == full => ("forceRename", "{{ .Release.Name }}".to_owned()),
                () => ("forceRename", name.clone()),
            };
            // 4.x takes no other name beside `forceRename`.
            let is_free = |route: &&mut Value| [field, "prefix", "suffix"].iter().all(|key| route.get(key).is_none());
            let of_route = values.at_mut(&["route", key]).filter(is_free);
            let of_route = of_route.ok_or(NotRouted { entry: String::new(), why: WhyNot::RouteNameMoves })?;
            of_route.set(field, Value::string(&text));
            routed.kept.push((key.clone(), field, text));
        }
        let after = self.with(&values).names_of_routes().map_err(open)?;
        if !before.iter().all(|named| after.contains(named)) {
            return Err(NotRouted { entry: String::new(), why: WhyNot::RouteNameMoves });
        }
        let names: BTreeSet<&str> = after.iter().map(|(_, name)| name.as_str()).collect();
        if names.len() != after.len() {
            return Err(NotRouted { entry: String::new(), why: WhyNot::RouteNameTaken });
        }
        Ok(())
    }

    /// The key and the name of each route.
    fn names_of_routes(&self) -> Result<Vec<(String, String)>, NotServed> {
        Ok(self.stated_routes()?.into_iter().map(|route| (route.key.to_owned(), route.name)).collect())
    }

    /// The routes that are enabled.
    ///
    /// # Errors
    /// If the values leave a host or a name open.
    pub fn stated_routes(&self) -> Result<Vec<StatedRoute<'v>>, NotServed> {
        let of_route = |item: &Item<'v>| {
            let (name, hosts) = (self.name_of(Section::Route, item)?, self.hosts(item)?);
            let hosts = hosts.into_iter().flatten().collect();
            Ok(StatedRoute { key: item.identifier, name, hosts, values: item.values })
        };
        self.items(Section::Route)?.iter().map(of_route).collect()
    }

    /// The same release with other values.
    pub fn with<'w>(&self, values: &'w Value) -> Serving<'w>
    where
        'v: 'w,
    {
        let mut serving: Serving<'w> = *self;
        serving.chart.values = values;
        serving
    }

    /// Whether the routes of other values serve, beside what these here serve, what the entries of
    /// `ingress` do, and nothing else.
    pub fn is_served_by(&self, after: &Serving<'_>) -> bool {
        let (Ok(wanted), Ok(before), Ok(after)) = (self.ingress_rules(), self.route_rules(), after.route_rules())
        else {
            return false;
        };
        let is_known = |rule: &Served| before.contains(rule) || wanted.iter().any(|other| is_same(other, rule));
        let is_there = |rule: &Served| after.iter().any(|other| is_same(rule, other));
        before.iter().all(|rule| after.contains(rule)) && wanted.iter().all(is_there) && after.iter().all(is_known)
    }
}

impl Routed {
    /// Adds the routes of an entry: hosts with the same rules share one.
    fn add(&mut self, entry: &str, hosts: Vec<Host>) {
        let first = self.routes.len();
        for host in hosts {
            let of_entry = &mut self.routes[first..];
            if let Some(route) = of_entry.iter_mut().find(|route| route.rules == host.rules) {
                route.stated_hosts.push(host.stated);
                route.hosts.push(host.rendered);
                continue;
            }
            let is_first = self.routes.len() == first;
            let key = if is_first { entry.to_owned() } else { self.free_key(entry, &host.rendered) };
            let (stated_hosts, hosts) = (vec![host.stated], vec![host.rendered]);
            self.routes.push(NewRoute { key, entry: entry.to_owned(), stated_hosts, hosts, rules: host.rules });
        }
    }

    /// `<entry>-<first label of a host>`, with a number behind it if that is taken.
    fn free_key(&self, entry: &str, host: &str) -> String {
        let label = host.split('.').next().unwrap_or_default().to_lowercase();
        let label: String = label.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
        let wanted = format!("{entry}-{label}").trim_end_matches('-').to_owned();
        let is_taken = |key: &String| self.routes.iter().any(|route| route.key == *key);
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let mut keys = std::iter::once(wanted.clone()).chain(numbered);
        keys.find(|key| !is_taken(key)).expect("there are more numbers than routes")
    }
}

/// Type and value of a path of a route.
fn path_of(path: &Value, stated: &Value) -> Result<(&'static str, String), WhyNot> {
    let value = path.text_at(&["path"]).ok_or(WhyNot::NoRules)?;
    let written = stated.text_at(&["path"]).ok_or(WhyNot::Open)?;
    if value.contains("{{") || value.contains(PATTERN) {
        return Err(WhyNot::PathPattern);
    }
    let kind = match text(path, "pathType").map_err(|_| WhyNot::Open)?.unwrap_or("Prefix") {
        "Prefix" => "PathPrefix",
        "Exact" => "Exact",
        "ImplementationSpecific" if value == "/" => "PathPrefix",
        _ => return Err(WhyNot::PathTypeImplementation),
    };
    Ok((kind, written.to_owned()))
}

/// The number of a port of a Service that is enabled, and its values.
fn port_of(service: &Item<'_>, stated: Option<Port>) -> Option<(String, Value)> {
    let number = match stated {
        None => primary_port(service).ok()??,
        Some(Port::Name(name)) => port_named(service, &name).ok()??,
        Some(number) => number,
    };
    let Port::Number(number) = number else { return None };
    let ports = service.values.get("ports").map(Value::entries).unwrap_or_default();
    let is_it = |values: &Value| {
        switch(values.get("enabled"), true) == Some(true)
            && port_at(values).ok().flatten() == Some(Port::Number(number.clone()))
    };
    let values = ports.iter().find(|(_, values)| is_it(values)).map(|(_, values)| values.clone())?;
    Some((number, values))
}

/// Whether a rule of a route serves what a rule of an Ingress does.
fn is_same(ingress: &Served, route: &Served) -> bool {
    let kind = if ingress.path_type == "Exact" { "Exact" } else { "PathPrefix" };
    ingress.host == route.host
        && ingress.path == route.path
        && route.path_type == kind
        && ingress.service == route.service
        && ingress.port == route.port
}
