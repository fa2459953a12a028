//! Ingresses and IngressRoutes that are objects: HTTPRoutes stand behind them in the same file.

use std::collections::BTreeSet;

use super::annotations::{Ledger, ledger};
use super::cluster::{InCluster, is_remote};
use super::codes;
use super::find::Clusters;
use super::judge::{Place, Remark, Stated};
use super::served::{Taken, serving, serving_of};
use super::settings::GatewayRoutesSettings;
use super::{ingress, traefik};
use crate::flux::{FluxKustomization, Object, Reach, Value, View};
use crate::gateway::{MiddlewareName, RouteRule, parent_refs};
use crate::plan::author::{arriving, patches_on_the_way};
use crate::plan::codes::{PATCHES_NOT_FOLLOWED, UNREACHED};
use crate::plan::{Code, Effect, Finding, Outcome, Severity};

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
    /// The HTTPRoutes that are missing; none where all are there.
    pub(super) verdict: Result<Vec<Value>, Vec<Finding>>,
    pub(super) findings: Vec<Finding>,
    pub(super) effects: Vec<Effect>,
    /// The keys of annotations that move when it is cut.
    pub(super) moved: Vec<String>,
    /// Its Gateway, and where its record points to.
    pub(super) target: Option<(String, String)>,
    /// What there is to say before it is cut.
    pub(super) before_cut: Vec<Finding>,
    /// What its routes take.
    pub(super) takes: Vec<Taken>,
}

/// What an Ingress or IngressRoute serves, as routes without a name.
#[derive(Default)]
pub(super) struct Serves {
    pub(super) routes: Vec<RouteOf>,
    /// The paths of an Ingress, each with its type.
    pub(super) paths: Vec<(String, String)>,
    pub(super) remarks: Vec<Remark>,
}

/// One route: hosts, as they are written and as they are served, and rules.
pub(super) struct RouteOf {
    pub(super) stated_hosts: Vec<String>,
    pub(super) hosts: Vec<String>,
    pub(super) rules: Vec<RouteRule>,
    /// The middlewares that authenticate: each route of them needs a policy.
    pub(super) authentication: Vec<String>,
}

/// What rules are read in.
pub(super) struct Around<'a> {
    pub(super) cluster: &'a InCluster,
    pub(super) place: &'a Place<'a>,
    pub(super) namespace: &'a str,
    pub(super) settings: &'a GatewayRoutesSettings,
}

struct Placed {
    missing: Vec<Value>,
    moved: Vec<String>,
    target: Option<(String, String)>,
    before_cut: Vec<Finding>,
    takes: Vec<Taken>,
    findings: Vec<Finding>,
    effects: Vec<Effect>,
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
    let (verdict, findings, effects) = (Ok(Vec::new()), Vec::new(), Vec::new());
    let (moved, before_cut, takes) = (Vec::new(), Vec::new(), Vec::new());
    let mut routable = Routable { object, verdict, findings, effects, moved, target: None, before_cut, takes };
    routable.verdict = maker.all(clusters).map(|placed| {
        (routable.findings, routable.effects) = (placed.findings, placed.effects);
        (routable.moved, routable.target) = (placed.moved, placed.target);
        (routable.before_cut, routable.takes) = (placed.before_cut, placed.takes);
        placed.missing
    });
    routable
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

    fn all(&self, clusters: &Clusters) -> Result<Placed, Vec<Finding>> {
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
        let mut all: Option<Placed> = None;
        for reach in reaches {
            let placed = self.placed(clusters.of(reach.cluster), reach, &stated)?;
            match &mut all {
                None => all = Some(placed),
                Some(first) if first.missing == placed.missing => {
                    let new = placed.findings.into_iter().filter(|finding| !first.findings.contains(finding));
                    first.findings.extend(new.collect::<Vec<_>>());
                    first.effects.extend(placed.effects);
                }
                Some(_) => {
                    let message = "the clusters that apply it need different routes in this file";
                    return Err(self.error(codes::DIFFERS, message));
                }
            }
        }
        all.ok_or_else(|| self.error(UNREACHED, format!("no cluster applies {}", self.object.name)))
    }

    fn placed(&self, cluster: &InCluster, reach: &Reach, stated: &Value) -> Result<Placed, Vec<Finding>> {
        let one = |remark: Remark| vec![self.finding(&remark)];
        let root = self.view.node(&self.object.at);
        let Some(there) = root.and_then(|root| arriving(self.view, root, reach)) else {
            return Err(self.error(codes::NOT_READ, "it cannot be read"));
        };
        let namespace = reach.namespace.clone().unwrap_or_default();
        let facts = self.facts(&there, &namespace);
        let place = facts.place(cluster, self.settings).map_err(one)?;
        let around = Around { cluster, place: &place, namespace: &namespace, settings: self.settings };
        let serves = match self.source {
            Source::Ingress => ingress::serves(&there, stated, &around),
            Source::IngressRoute => traefik::serves(&there, stated, &around),
        };
        let mut serves = serves.map_err(one)?;
        let hosts: Vec<String> = serves.routes.iter().flat_map(|route| route.hosts.clone()).collect();
        let facts = Stated { hosts: hosts.clone(), ..facts };
        let Ledger { kept, remarks, moved, middlewares, target } =
            ledger(&facts, &place, cluster, self.settings, &serves.paths);
        serves.remarks.extend(remarks);
        if !middlewares.is_empty() {
            for route in &mut serves.routes {
                route.add_middlewares(&middlewares, &around, &mut serves.remarks).map_err(one)?;
            }
        }
        serves.remarks.extend(place.remarks(cluster, &namespace, &hosts));
        let names = names(&reach.name, &serves.routes);
        let cluster_name = &self.view.graph().clusters[reach.cluster].name;
        let (mut missing, mut errors, mut takes) = (Vec::new(), Vec::new(), Vec::new());
        let mut before_cut = cluster.names_proxy(Some(&place.class.name));
        before_cut.extend(self.checked_by(reach));
        for (route, name) in serves.routes.iter().zip(&names) {
            let parents = place.parents(&namespace, &route.hosts).map_err(one)?;
            let served = serving(&namespace, &route.hosts, route.rules.iter().map(RouteRule::to_value));
            let there = cluster.routes.iter().filter(|((own, _), _)| *own == namespace);
            let known: BTreeSet<_> = there.flat_map(|(_, other)| serving_of(&namespace, other)).collect();
            let gateway = place.chosen.full_name();
            takes.extend(served.iter().map(|served| Taken {
                cluster: cluster_name.clone(),
                gateway: gateway.clone(),
                host: served.host.clone(),
                matched: served.matched.clone(),
            }));
            if served.is_subset(&known) {
                let serving = cluster.routes.iter().filter(|((own, _), other)| {
                    *own == namespace && !serving_of(&namespace, other).is_disjoint(&served)
                });
                let remarks: Vec<_> = serving
                    .map(|(_, other)| {
                        let parents = other.at(&["spec", "parentRefs"]).unwrap_or(&Value::Null);
                        cluster.liveness(&namespace, parents, &route.hosts)
                    })
                    .collect();
                if remarks.iter().all(Option::is_some) {
                    before_cut.extend(remarks.into_iter().flatten().next().map(|remark| self.finding(&remark)));
                }
                continue;
            }
            if cluster.routes.contains_key(&(namespace.clone(), name.clone())) {
                let message = format!("HTTPRoute {name} is there, and serves something else");
                errors.push(Remark::error((codes::ROUTE_DIFFERS, message)));
            }
            if !route.authentication.is_empty() && !cluster.has_policy(&namespace, name) {
                let listed = route.authentication.join(", ");
                let message = format!("{listed} authenticates, and no policy in this cluster targets HTTPRoute {name}");
                errors.push(Remark::error((codes::AUTH_LOST, message)));
            }
            let kept: Vec<(String, Value)> = kept
                .iter()
                .map(|(key, to, value)| {
                    let stated = stated.at(&["metadata", "annotations", key]).unwrap_or(value);
                    (to.clone(), stated.clone())
                })
                .collect();
            missing.push(self.document(stated, (name, &reach.name), kept, (route, parent_refs(&parents))));
        }
        errors.extend(serves.remarks.iter().filter(|remark| remark.severity == Severity::Error).cloned());
        if !errors.is_empty() {
            return Err(errors.iter().map(|remark| self.finding(remark)).collect());
        }
        let mut findings: Vec<Finding> = serves.remarks.iter().map(|remark| self.finding(remark)).collect();
        let may_patch = self.view.may_patch(&reach.kind, &self.object.name);
        if let Some(path) = patches_on_the_way(self.view, reach).filter(|_| may_patch) {
            let message = format!("{path} has patches, and whether they change {} is not known", self.object.name);
            let warning = Finding::warning(PATCHES_NOT_FOLLOWED, message);
            findings.push(warning.at(&self.object.at.path, self.object.line));
        }
        let (before, after) = place.before_and_after(!missing.is_empty());
        let effect = |host: &String| Effect {
            cluster: cluster_name.clone(),
            object: format!("host {host}"),
            field: String::new(),
            before: before.clone(),
            after: after.clone(),
            outcome: Outcome::Changes,
        };
        let effects = hosts.iter().map(effect).collect();
        let target = target.map(|target| (place.chosen.full_name(), target));
        Ok(Placed { missing, moved, target, before_cut, takes, findings, effects })
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
        Value::mapping([
            ("apiVersion", Value::string("gateway.networking.k8s.io/v1")),
            ("kind", Value::string("HTTPRoute")),
            ("metadata", Value::Mapping(metadata)),
            (
                "spec",
                Value::mapping([
                    ("hostnames", Value::Sequence(hosts)),
                    ("parentRefs", parents),
                    ("rules", Value::Sequence(rules)),
                ]),
            ),
        ])
    }
}

impl RouteOf {
    /// Adds what the middlewares of all rules become.
    fn add_middlewares(
        &mut self,
        names: &[MiddlewareName],
        around: &Around<'_>,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        for rule in &mut self.rules {
            let made = traefik::filters(names, (&self.hosts, None), around, remarks)?;
            if made.replaces_backend {
                rule.backends.clear();
            }
            rule.filters.extend(made.filters);
            self.authentication.extend(made.authentication.into_iter().chain(made.limits));
        }
        Ok(())
    }
}

/// The names of routes: that of the object, and for each further one the first label of its host.
fn names(own: &str, routes: &[RouteOf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for route in routes {
        let label = route.hosts.first().and_then(|host| host.split('.').next()).unwrap_or_default();
        let label: String = label.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
        let wanted = if names.is_empty() { own.to_owned() } else { format!("{own}-{label}") };
        let wanted = wanted.trim_end_matches('-').to_owned();
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}
