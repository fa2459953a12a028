//! Ingresses and IngressRoutes that are objects: HTTPRoutes stand behind them in the same file.

use std::collections::BTreeSet;

use super::annotations::{Ledger, ledger};
use super::cluster::{InCluster, is_remote};
use super::codes;
use super::find::Clusters;
use super::judge::{Remark, Stated};
use super::placed::{About, Placed};
use super::policy::inclusion;
use super::served::{Served, serving, serving_of};
use super::serves::{Around, RouteOf, names};
use super::settings::GatewayRoutesSettings;
use super::{ingress, traefik};
use crate::flux::{FluxKustomization, Named, Object, Reach, Value, View};
use crate::gateway::{HttpRoute, RouteRule, object, parent_refs};
use crate::plan::author::{arriving, patches_on_the_way};
use crate::plan::codes::{PATCHES_NOT_FOLLOWED, UNREACHED};
use crate::plan::{Code, Finding, Severity};

/// The kind of what becomes an HTTPRoute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Ingress,
    IngressRoute,
}

impl Source {
    /// What an object is, if it can become a route.
    pub(super) fn of(object: &Object) -> Option<Source> {
        match (object.api_version.split('/').next()?, object.kind.as_str()) {
            ("networking.k8s.io", "Ingress") => Some(Source::Ingress),
            ("traefik.io" | "traefik.containo.us", "IngressRoute") => Some(Source::IngressRoute),
            _ => None,
        }
    }
}

/// An object that becomes routes.
pub(super) struct Routable<'v> {
    pub(super) object: &'v Object,
    pub(super) verdict: Result<Placed<Documents>, Vec<Finding>>,
}

/// What is written of an object.
#[derive(PartialEq, Eq)]
pub(super) struct Documents {
    /// The HTTPRoutes that are missing; none where all are there.
    pub(super) missing: Vec<Value>,
    /// Whether some of its routes are there.
    has_some: bool,
    /// The keys of annotations that move when it is cut.
    pub(super) moved: Vec<String>,
}

impl Routable<'_> {
    /// Whether all of its routes are there.
    pub(super) fn has_routes(&self) -> bool {
        self.verdict.as_ref().is_ok_and(|placed| placed.made.missing.is_empty())
    }

    /// Whether some of its routes are there.
    pub(super) fn has_some_routes(&self) -> bool {
        self.verdict.as_ref().is_ok_and(|placed| placed.made.has_some)
    }
}

/// What becomes of an object.
pub(super) fn routable<'v>(
    view: &'v View,
    clusters: &Clusters,
    settings: &GatewayRoutesSettings,
    object: &'v Object,
    source: Source,
) -> Routable<'v> {
    let maker = Maker { view, settings, object, source };
    Routable { object, verdict: maker.all(clusters) }
}

struct Maker<'v, 's> {
    view: &'v View,
    settings: &'s GatewayRoutesSettings,
    object: &'v Object,
    source: Source,
}

impl Maker<'_, '_> {
    fn error(&self, code: &'static Code, message: impl Into<String>) -> Vec<Finding> {
        vec![Finding::error(code, message).at(&self.object.at.path, self.object.line)]
    }

    fn finding(&self, remark: &Remark) -> Finding {
        remark.at("", &self.object.at.path, self.object.line)
    }

    fn all(&self, clusters: &Clusters) -> Result<Placed<Documents>, Vec<Finding>> {
        let at = &self.object.at;
        if at.item.is_some() {
            return Err(self.error(codes::NOT_READ, format!("{} is an item of a List", self.object.name)));
        }
        let stated = self.view.node(at).and_then(Value::of);
        let Some(stated) = stated else { return Err(self.error(codes::NOT_READ, "it is too large")) };
        let reaches = self.view.graph().reaches(at);
        if reaches.iter().any(|reach| is_remote(self.view, reach, None)) {
            let message = format!("{} is applied to another cluster, of which not all is known", self.object.name);
            return Err(self.error(codes::GATEWAY_NOT_KNOWN, message));
        }
        let placed = reaches.iter().map(|reach| self.placed(&clusters[reach.cluster], reach, &stated));
        let differs = || self.error(codes::DIFFERS, "the clusters that apply it need different routes in this file");
        let unreached = || self.error(UNREACHED, format!("no cluster applies {}", self.object.name));
        Placed::by_all(placed, differs)?.ok_or_else(unreached)
    }

    fn placed(&self, cluster: &InCluster, reach: &Reach, stated: &Value) -> Result<Placed<Documents>, Vec<Finding>> {
        let one = |remark: Remark| vec![self.finding(&remark)];
        let root = self.view.node(&self.object.at);
        let Some(there) = root.and_then(|root| arriving(self.view, root, reach)) else {
            return Err(self.error(codes::NOT_READ, "it cannot be read"));
        };
        let namespace = reach.namespace.unwrap_or_default();
        let facts = self.facts(&there, &namespace);
        let place = facts.place(cluster, self.settings).map_err(one)?;
        let around = Around { cluster, place: &place, namespace: &namespace, settings: self.settings };
        let fates = |facts: Stated<'_>, paths: &[_]| {
            let silenced = cluster.silenced(&namespace, &facts.hosts);
            ledger(&Stated { silenced, ..facts }, &place, cluster, self.settings, paths)
        };
        let (mut serves, ledger) = match self.source {
            Source::Ingress => {
                let ledger = fates(facts, &ingress::paths(&there));
                (ingress::serves(&there, stated, &around, &ledger.changes).map_err(one)?, ledger)
            }
            Source::IngressRoute => {
                let serves = traefik::serves(&there, stated, &around).map_err(one)?;
                let facts = Stated { hosts: serves.hosts(), ..self.facts(&there, &namespace) };
                (serves, fates(facts, &[]))
            }
        };
        let Ledger { kept, remarks, moved, middlewares, target, records, changes: _, asked } = ledger;
        let hosts = serves.hosts();
        serves.remarks.extend(remarks);
        serves.routes.iter_mut().for_each(|route| route.asked.add(asked.clone()));
        if !middlewares.is_empty() {
            for route in &mut serves.routes {
                route.add_middlewares(&middlewares, &around, &mut serves.remarks).map_err(one)?;
            }
        }
        serves.remarks.extend(place.remarks(cluster, &namespace, &hosts));
        let names = names(&reach.name, &serves.routes);
        let (mut missing, mut errors) = (Vec::new(), Vec::new());
        let mut about = About {
            before_cut: cluster.names_proxy(self.view, Some(&place.class.name), &namespace),
            ..About::default()
        };
        about.before_cut.extend(self.checked_by(reach));
        let there = cluster.routes.iter().filter(|((own, _), _)| *own == namespace);
        let there: Vec<_> = there.map(|((_, name), route)| (name, route, serving_of(&namespace, route))).collect();
        for (route, name) in serves.routes.iter().zip(&names) {
            let parents = place.parents(&namespace, &route.hosts).map_err(one)?;
            let served = serving(&namespace, &route.hosts, route.rules.iter().map(RouteRule::to_value));
            about.takes.extend(served.iter().map(|one| place.taken(&cluster.name, &one.host, one.matched.clone())));
            let known: BTreeSet<&Served> = there.iter().flat_map(|(_, _, known)| known).collect();
            if let Some(other) = served.iter().find_map(|one| known.iter().find(|known| known.is_instead_of(one))) {
                let message =
                    format!("a route for {} ({}) is there, and serves something else", other.host, other.matched);
                errors.push(Remark::error((codes::ROUTE_DIFFERS, message)));
                continue;
            }
            if served.iter().all(|one| known.contains(one)) {
                let serving: Vec<_> = there.iter().filter(|(_, _, known)| !known.is_disjoint(&served)).collect();
                for (name, ..) in &serving {
                    match inclusion(self.view, cluster, reach, (&namespace, name), &route.asked) {
                        Ok(inclusion) => about.include(inclusion),
                        Err(remark) => errors.push(remark),
                    }
                }
                let read = serving.iter().filter_map(|(_, route, _)| HttpRoute::of(route, &namespace));
                let read: Vec<HttpRoute> = read.collect();
                let remark = route.hosts.iter().find_map(|host| cluster.liveness(&namespace, &read, host));
                about.before_cut.extend(remark.map(|remark| self.finding(&remark)));
                continue;
            }
            if cluster.routes.contains_key(&(namespace.into(), name.clone())) {
                let message = format!("HTTPRoute {name} is there, and serves something else");
                errors.push(Remark::error((codes::ROUTE_DIFFERS, message)));
            }
            match inclusion(self.view, cluster, reach, (&namespace, name), &route.asked) {
                Ok(inclusion) => about.include(inclusion),
                Err(remark) => errors.push(remark),
            }
            let kept: Vec<(String, Value)> = kept
                .iter()
                .map(|(key, to, value)| {
                    let stated = stated.at(&["metadata", "annotations", key]).unwrap_or(value);
                    (to.clone(), stated.clone())
                })
                .chain(route.silenced.iter().map(|key| (key.clone(), Value::string("none"))))
                .collect();
            missing.push(self.document(stated, (name, &reach.name), kept, (route, parent_refs(&parents))));
        }
        errors.extend(serves.remarks.iter().filter(|remark| remark.severity == Severity::Error).cloned());
        if !errors.is_empty() {
            return Err(errors.iter().map(|remark| self.finding(remark)).collect());
        }
        about.findings.extend(serves.remarks.iter().map(|remark| self.finding(remark)));
        let may_patch = self.view.may_patch(&reach.kind, &self.object.name);
        if let Some(path) = patches_on_the_way(self.view, reach).filter(|_| may_patch) {
            let message = format!("{path} has patches, and whether they change {} is not known", self.object.name);
            about.findings.push(self.finding(&Remark::warning(PATCHES_NOT_FOLLOWED, message)));
        }
        about.alone =
            serves.routes.iter().flat_map(|route| &route.rules).flat_map(|rule| &rule.backends).any(|backend| {
                let of = backend.text_at(&["namespace"]).unwrap_or(&namespace);
                cluster.is_vital(of, backend.text_at(&["name"]).unwrap_or_default())
            });
        about.grants = serves.grants;
        let (kind, namespace) = (reach.kind.to_string(), reach.namespace.map(String::from));
        about.cuts.push(Named { kind, namespace, name: reach.name.into() });
        place.tell(&mut about, cluster, (&hosts, !missing.is_empty()), records, |remark| self.finding(remark));
        let at = &self.object.at.path;
        about.targets.extend(target.map(|target| place.target(target, at.clone(), self.object.line)));
        let has_some = missing.len() < serves.routes.len();
        Ok(Placed { made: Documents { missing, has_some, moved }, about })
    }

    /// The Flux Kustomization whose health checks name the object.
    fn checked_by(&self, reach: &Reach) -> Option<Finding> {
        let names = |check: &Value| {
            check.text_at(&["kind"]) == Some(&reach.kind)
                && check.text_at(&["name"]) == Some(&reach.name)
                && check.text_at(&["namespace"]) == reach.namespace.as_deref()
        };
        let of_cluster = self.view.graph().kustomizations.iter().filter(|flux| flux.cluster == reach.cluster);
        let checks = |flux: &&FluxKustomization| {
            flux.object.at(&["spec", "healthChecks"]).map(Value::items).unwrap_or_default().iter().any(names)
        };
        let flux = of_cluster.into_iter().find(checks)?;
        let message = format!("a health check of {} names {} {}", flux.full_name(), reach.kind, reach.name);
        Some(Finding::error(codes::NAMED_ELSEWHERE, message).at(&flux.at.path, None))
    }

    fn facts<'a>(&self, there: &'a Value, namespace: &'a str) -> Stated<'a> {
        let texts = |value: Option<&Value>| {
            let items = value.map(Value::items).unwrap_or_default().iter();
            items.filter_map(|item| item.text().map(str::to_owned)).collect::<Vec<_>>()
        };
        let tls = there.at(&["spec", "tls"]).map(Value::items).unwrap_or_default().iter();
        let rules = there.at(&["spec", "rules"]).map(Value::items).unwrap_or_default().iter();
        Stated {
            class: there.text_at(&["spec", "ingressClassName"]).map(str::to_owned),
            annotations: there.at(&["metadata", "annotations"]).map(Value::entries).unwrap_or_default(),
            namespace,
            hosts: rules.filter_map(|rule| rule.text_at(&["host"]).map(str::to_owned)).collect(),
            tls: tls.flat_map(|tls| texts(tls.get("hosts"))).collect(),
            silenced: None,
            entry_points: (self.source == Source::IngressRoute).then(|| texts(there.at(&["spec", "entryPoints"]))),
        }
    }

    /// An HTTPRoute. Its name is the one of the object as the file states it, with what tells it from
    /// others behind it.
    fn document(
        &self,
        stated: &Value,
        (name, own): (&str, &str),
        annotations: Vec<(String, Value)>,
        (route, parents): (&RouteOf, Value),
    ) -> Value {
        let behind = name.strip_prefix(own).unwrap_or_default();
        let name = format!("{}{behind}", stated.text_at(&["metadata", "name"]).unwrap_or(own));
        let mut metadata = vec![("name".to_owned(), Value::string(&name))];
        for key in ["namespace", "labels"] {
            metadata.extend(stated.at(&["metadata", key]).map(|value| (key.to_owned(), value.clone())));
        }
        if !annotations.is_empty() {
            metadata.push(("annotations".to_owned(), Value::Mapping(annotations)));
        }
        let hosts = route.stated_hosts.iter().map(|host| Value::string(host)).collect();
        let rules = route.rules.iter().map(RouteRule::to_value).collect();
        let spec = [("hostnames", Value::Sequence(hosts)), ("parentRefs", parents), ("rules", Value::Sequence(rules))];
        object("HTTPRoute", Value::Mapping(metadata), Value::mapping(spec))
    }
}
