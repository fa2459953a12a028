//! What holds for every kind of Ingress: its Gateway, its protocols, its annotations.

use super::annotations::Records;
use super::choose::{Chosen, NoParent, Protocols};
use super::classes::{Class, Controller};
use super::cluster::InCluster;
use super::codes;
use super::placed::{About, HostServed, Target};
use super::served::Taken;
use super::settings::GatewayRoutesSettings;
use crate::flux::Value;
use crate::gateway::{ListenerRef, Listens, MiddlewareName, Note, NoteKind, Protocol, Refusal, RefusalKind};
use crate::plan::{Code, Effect, Finding, Outcome, Severity};
use crate::repo::RepoPath;

/// What an Ingress or IngressRoute states, beside its rules, as it arrives in a cluster.
pub(super) struct Stated<'v> {
    /// `className`, else the annotation.
    pub(super) class: Option<String>,
    pub(super) annotations: &'v [(String, Value)],
    pub(super) namespace: &'v str,
    /// All hosts, as they are served.
    pub(super) hosts: Vec<String>,
    /// The hosts in its `tls`.
    pub(super) tls: Vec<String>,
    /// The entry points of an IngressRoute.
    pub(super) entry_points: Option<Vec<String>>,
    /// Whether the routes that are there for its hosts keep external-dns away; `None` where there is none.
    pub(super) silenced: Option<bool>,
}

/// What there is to say, at the place that the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) severity: Severity,
    pub(super) code: &'static Code,
    pub(super) message: String,
}

impl Remark {
    pub(super) fn error((code, message): NoParent) -> Remark {
        Remark { severity: Severity::Error, code, message }
    }

    pub(super) fn warning(code: &'static Code, message: impl Into<String>) -> Remark {
        Remark { severity: Severity::Warning, code, message: message.into() }
    }

    pub(super) fn note(code: &'static Code, message: impl Into<String>) -> Remark {
        Remark { severity: Severity::Note, code, message: message.into() }
    }

    /// The finding at a place; `what` is what it is about.
    pub(super) fn at(&self, what: &str, path: &RepoPath, line: usize) -> Finding {
        let message = if what.is_empty() { self.message.clone() } else { format!("{what}: {}", self.message) };
        Finding::new(self.severity, self.code, message).at(path, line)
    }
}

/// What the rules of routes have to say.
pub(super) trait Said {
    fn remark(&self) -> Remark;
}

pub(super) fn remark_of(said: &impl Said) -> Remark {
    said.remark()
}

impl Said for Refusal {
    fn remark(&self) -> Remark {
        let code = match self.kind {
            RefusalKind::MatchNotRead => codes::MATCH_NOT_READ,
            RefusalKind::PathPattern => codes::PATH_PATTERN,
            RefusalKind::PathTypeImplementation => codes::PATH_TYPE,
            RefusalKind::HostEmpty => codes::HOST_EMPTY,
            RefusalKind::HostWildcard => codes::HOST_WILDCARD,
            RefusalKind::RouterPriority => codes::ROUTER_PRIORITY,
            RefusalKind::MiddlewareNotConverted => codes::MIDDLEWARE,
            RefusalKind::AuthWouldBeLost => codes::AUTH_LOST,
            RefusalKind::AccessWouldWiden => codes::ACCESS_WIDER,
            RefusalKind::AnnotationNotKnown => codes::ANNOTATION,
            RefusalKind::BackendTls => codes::BACKEND_TLS,
            RefusalKind::CertificatePerApp => codes::CERTIFICATE_PER_APP,
        };
        Remark::error((code, self.message.clone()))
    }
}

impl Said for Note {
    fn remark(&self) -> Remark {
        let code = match self.kind {
            NoteKind::PrefixWider => codes::PREFIX_WIDER,
            NoteKind::PrefixNarrower => codes::PREFIX_NARROWER,
            NoteKind::HttpRedirected => codes::HTTP_REDIRECTED,
            NoteKind::WildcardWider => codes::WILDCARD_WIDER,
            NoteKind::NotReadOnRoutes => codes::NOT_READ_ON_ROUTES,
            NoteKind::DefaultDiffers => codes::DEFAULT_DIFFERS,
            NoteKind::FilterSupport => codes::FILTER_SUPPORT,
            NoteKind::NotNeeded => codes::NOT_NEEDED,
        };
        let severity = if self.kind.wants_review() { Severity::Warning } else { Severity::Note };
        Remark { severity, code, message: self.message.clone() }
    }
}

/// Whether annotations keep external-dns away.
pub(super) fn is_silenced(annotations: Option<&Value>) -> bool {
    let mut all = annotations.map(Value::entries).unwrap_or_default().iter();
    all.any(|(key, value)| {
        key.starts_with("external-dns.") && key.ends_with("/controller") && value.text() != Some("dns-controller")
    })
}

/// Whether hostnames have one of some hosts.
pub(super) fn has_host(hostnames: Option<&Value>, hosts: &[String]) -> bool {
    let mut names = hostnames.map(Value::items).unwrap_or_default().iter().filter_map(Value::text);
    names.any(|name| hosts.iter().any(|host| host == name))
}

/// The annotation by which an Ingress names its class.
pub(super) const CLASS: &str = "kubernetes.io/ingress.class";
/// The entry points of an Ingress for Traefik.
const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";

/// Where the routes of an Ingress belong.
pub(super) struct Place<'c> {
    pub(super) class: &'c Class,
    pub(super) chosen: Chosen<'c>,
    protocols: Protocols,
    /// The annotations that are texts.
    pub(super) annotations: Vec<(String, String)>,
}

impl Stated<'_> {
    fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(own, _)| own == key).and_then(|(_, value)| value.text())
    }

    /// Its class: `className`, else the annotation.
    pub(super) fn class(&self) -> Option<&str> {
        self.class.as_deref().or_else(|| self.annotation(CLASS)).filter(|class| !class.is_empty())
    }

    /// The Gateway of its routes, and how it is served.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn place<'c>(
        &self,
        cluster: &'c InCluster,
        settings: &GatewayRoutesSettings,
    ) -> Result<Place<'c>, Remark> {
        let class = cluster.serving(self.class()).map_err(Remark::error)?;
        let protocols = self.protocols(class)?;
        let texts = self.annotations.iter().filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned())));
        let annotations: Vec<_> = texts.collect();
        let chosen = cluster.gateway_of(self.class(), &annotations, settings).map_err(Remark::error)?;
        if let Some(twice) = cluster.traefik_twice().filter(|_| chosen.is_served_by_traefik()) {
            return Err(Remark::error((codes::TRAEFIK_TWICE, twice.message)));
        }
        Ok(Place { class, chosen, protocols, annotations })
    }

    /// How its hosts are served today (`docs/gateway.md#entry-points`).
    fn protocols(&self, class: &Class) -> Result<Protocols, Remark> {
        match class.controller {
            Controller::Traefik { redirects } => {
                let stated =
                    self.annotation(ENTRY_POINTS).map(|text| text.split(',').map(str::trim).collect::<Vec<_>>());
                let listed = self.entry_points.as_ref().map(|points| points.iter().map(String::as_str).collect());
                let points = listed.or(stated).filter(|points| !points.is_empty()).unwrap_or(vec!["web", "websecure"]);
                if let Some(other) = points.iter().find(|point| !matches!(**point, "web" | "websecure")) {
                    return Err(Remark::error((codes::ENTRY_POINT, format!("the entry point {other} is not read"))));
                }
                let has = |point| points.contains(&point);
                Ok(Protocols { https: has("websecure"), http: has("web") && !redirects })
            }
            Controller::Nginx => {
                const OFF: &str = "nginx.ingress.kubernetes.io/ssl-redirect";
                const FORCED: &str = "nginx.ingress.kubernetes.io/force-ssl-redirect";
                let is = |key, text| self.annotation(key) == Some(text);
                let all_in_tls = self.hosts.iter().all(|host| self.tls.contains(host));
                let redirects = is(FORCED, "true") || all_in_tls && !is(OFF, "false");
                Ok(Protocols { https: true, http: !redirects })
            }
            Controller::Other => Ok(Protocols { https: true, http: true }),
        }
    }
}

impl Place<'_> {
    /// Whether Traefik serves it today.
    pub(super) fn is_of_traefik(&self) -> bool {
        matches!(self.class.controller, Controller::Traefik { .. })
    }

    /// The middlewares that the entry points of Traefik have for all.
    pub(super) fn of_entry_points(&self, cluster: &InCluster) -> Vec<MiddlewareName> {
        let list = self.class.for_all.middlewares.join(",");
        MiddlewareName::of_annotation(&list, &cluster.middlewares)
    }

    /// What its routes listen to.
    pub(super) fn listens(&self) -> Listens {
        match self.protocols {
            Protocols { https: true, http: false } => Listens::Https,
            Protocols { https: false, .. } => Listens::Http,
            Protocols { https: true, http: true } => Listens::Both,
        }
    }

    /// Adds what holds for every Ingress: which Gateway serves its hosts, what becomes of their records, and what there
    /// is to say before it is cut.
    pub(super) fn tell(
        &self,
        about: &mut About,
        cluster: &InCluster,
        (hosts, is_new): (&[String], bool),
        records: Records,
        finding: impl Fn(&Remark) -> Finding,
    ) {
        about.hosts.extend(hosts.iter().map(|host| HostServed {
            cluster: cluster.name.clone(),
            host: host.clone(),
            class: self.class.name.clone(),
            gateway: self.chosen.full_name(),
            is_new,
        }));
        about.records.extend(self.records(&cluster.name, &records.passing));
        about.leaks.extend(records.leaks);
        about.needs.extend(self.chosen.needs.cloned());
        about.alone |= cluster.has_login_at(hosts);
        let agreed =
            self.chosen.agreed.and_then(|agreed| agreed.before_cut(&self.class.name, &self.chosen.full_name()));
        about.before_cut.extend(records.going.iter().chain(&agreed).map(finding));
    }

    /// What the cut changes about records.
    fn records(&self, cluster: &str, passing: &[(String, String, String)]) -> Vec<Effect> {
        let effect = |(host, before, after): &(String, String, String)| Effect {
            cluster: cluster.to_owned(),
            object: format!("host {host}"),
            field: "record".to_owned(),
            before: before.clone(),
            after: after.clone(),
            outcome: Outcome::Changes,
        };
        passing.iter().filter(|(_, before, after)| before != after).map(effect).collect()
    }

    /// What a route takes of its Gateway.
    pub(super) fn taken(&self, cluster: &str, host: &str, matched: String) -> Taken {
        let (cluster, gateway) = (cluster.to_owned(), self.chosen.full_name());
        Taken { cluster, gateway, host: host.to_owned(), matched }
    }

    /// Where a record points to, which its Gateway takes over.
    pub(super) fn target(&self, target: String, path: RepoPath, line: usize) -> Target {
        Target { gateway: self.chosen.full_name(), target, path, line }
    }

    /// Whether the Gateway was stated for the very annotations that keep addresses out.
    pub(super) fn is_mapped_by_annotation(&self, settings: &GatewayRoutesSettings) -> bool {
        let is_it = |key: &String| self.annotations.iter().any(|(own, _)| own == key);
        settings.gateways.iter().any(|map| map.class == self.class.name && map.when.as_ref().is_some_and(is_it))
    }

    /// The parents of a route for hosts.
    ///
    /// # Errors
    /// If a host has no listener.
    pub(super) fn parents(&self, namespace: &str, hosts: &[String]) -> Result<Vec<ListenerRef>, Remark> {
        self.chosen.parents(namespace, self.protocols, hosts).map_err(Remark::error)
    }

    /// What changes for hosts that have a listener.
    pub(super) fn remarks(&self, cluster: &InCluster, namespace: &str, hosts: &[String]) -> Vec<Remark> {
        let mut remarks = Vec::new();
        remarks.extend(self.chosen.agreed.map(|agreed| agreed.of_route(&self.class.name, &self.chosen.full_name())));
        if self.chosen.is_served_by(self.class) {
            let message = format!("{} serves Gateway {}, too", self.class.name, self.chosen.full_name());
            remarks.push(Remark::warning(codes::SAME_PROXY, message));
        }
        for host in hosts {
            if self.protocols.http && !self.chosen.answers_http(namespace, host) {
                let message =
                    format!("{host} is answered without TLS today, and not by Gateway {}", self.chosen.full_name());
                remarks.push(Remark::warning(codes::HTTP_REDIRECTED, message));
            }
            remarks.extend(self.certificate_of(cluster, namespace, host));
            if let Some(rest) = host.strip_prefix("*.") {
                let message = format!("{host} takes a.b.{rest}, too: on an Ingress the star is one label");
                remarks.push(Remark::note(codes::WILDCARD_WIDER, message));
            }
        }
        remarks
    }

    /// Whether the certificates of the listeners cover all hosts, as far as they are in the tree.
    pub(super) fn covers(&self, cluster: &InCluster, namespace: &str, hosts: &[String]) -> bool {
        hosts.iter().all(|host| self.certificate_of(cluster, namespace, host).is_none())
    }

    /// What there is to say if the certificates of the listeners, as far as they are in the tree, do
    /// not cover a host.
    fn certificate_of(&self, cluster: &InCluster, namespace: &str, host: &str) -> Option<Remark> {
        let gateway = self.chosen.gateway.filter(|_| self.protocols.https)?;
        let taking = gateway.taking(namespace, host).filter(|listener| listener.protocol == Protocol::Https);
        let secrets: Vec<_> = taking.flat_map(|listener| &listener.certificates).collect();
        let names: Option<Vec<_>> = secrets.iter().map(|secret| cluster.names_of(secret)).collect();
        let names = names.filter(|names| !names.is_empty())?;
        let covers = |name: &String| {
            name == host
                || name.strip_prefix("*.").is_some_and(|rest| host.split_once('.').is_some_and(|(_, of)| of == rest))
        };
        let is_open = |name: &String| name.contains("${");
        if host.contains("${") || names.iter().copied().flatten().any(|name| covers(name) || is_open(name)) {
            return None;
        }
        let listed: Vec<_> = secrets.iter().map(|(_, name)| name.as_str()).collect();
        let message =
            format!("{host} is not in the certificates of Gateway {} ({})", self.chosen.full_name(), listed.join(", "));
        Some(Remark::warning(codes::CERTIFICATE, message))
    }
}
