//! What becomes of the annotations of an Ingress or IngressRoute.

use super::asked::Asked;
use super::classes::Controller;
use super::cluster::InCluster;
use super::codes;
use super::dns::{Dns, Leak};
use super::judge::{Place, Remark, Stated, remark_of};
use super::proxy::ALLOWED;
use super::settings::GatewayRoutesSettings;
use crate::flux::Value;
use crate::gateway::{self, Change, Changes, Configured, Entry, Fate, MiddlewareName};

/// What becomes of the annotations of an entry.
#[derive(Default)]
pub(super) struct Ledger {
    /// Those of the route: the key before and after, and the value.
    pub(super) kept: Vec<(String, String, Value)>,
    /// The keys that move when the Ingress is cut.
    pub(super) moved: Vec<String>,
    /// The middlewares of all rules.
    pub(super) middlewares: Vec<MiddlewareName>,
    /// Where its record points to.
    pub(super) target: Option<String>,
    pub(super) remarks: Vec<Remark>,
    pub(super) records: Records,
    /// What annotations of nginx change in rules and hosts.
    pub(super) changes: Changes,
    /// What they ask of policies.
    pub(super) asked: Asked,
}

/// What becomes of the records of an entry.
#[derive(Default)]
pub(super) struct Records {
    /// The records that pass to the route with the cut: host, target before and after.
    pub(super) passing: Vec<(String, String, String)>,
    /// What there is to say before the cut: records that would go.
    pub(super) going: Vec<Remark>,
    /// Records that would come.
    pub(super) leaks: Vec<Leak>,
}

/// What external-dns reads of an object.
pub(super) const PREFIXES: [&str; 2] = ["external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"];

/// The annotation that, as `none`, keeps external-dns from an object.
pub(super) fn silencing(cluster: &InCluster) -> String {
    let prefix = PREFIXES.iter().find(|prefix| {
        cluster.gateways.iter().any(|gateway| gateway.annotations.iter().any(|(key, _)| key.starts_with(*prefix)))
    });
    format!("{}/controller", prefix.copied().unwrap_or(cluster.dns_prefix()))
}

/// Gives each annotation its fate.
pub(super) fn ledger(
    stated: &Stated<'_>,
    place: &Place<'_>,
    cluster: &InCluster,
    settings: &GatewayRoutesSettings,
    paths: &[(String, String)],
) -> Ledger {
    let filters = cluster.dns_filters();
    let fates = gateway::Ledger::of(&entry(stated, place, cluster, settings, (paths, &filters)));
    let mut ledger = Ledger::default();
    match fates.changes() {
        Ok(changes) => ledger.changes = changes,
        Err(refusal) => ledger.remarks.push(Remark::error((codes::BY_HAND, refusal.message))),
    }
    // Rules of an IngressRoute have those of the entry points before their own.
    if stated.entry_points.is_none() {
        ledger.middlewares = place.of_entry_points(cluster);
    }
    ledger.ask_for_all(place, settings);
    for (key, text, fate) in fates.lines {
        ledger.add(&key, &text, fate, place);
    }
    ledger.records(stated, place, cluster);
    ledger
}

/// What annotations of nginx change, if a rule can have it.
pub(super) fn changes(
    stated: &Stated<'_>,
    place: &Place<'_>,
    cluster: &InCluster,
    settings: &GatewayRoutesSettings,
    paths: &[(String, String)],
) -> Changes {
    let fates = gateway::Ledger::of(&entry(stated, place, cluster, settings, (paths, &[])));
    fates.changes().unwrap_or_default()
}

fn entry<'e>(
    stated: &Stated<'_>,
    place: &'e Place<'_>,
    cluster: &'e InCluster,
    settings: &'e GatewayRoutesSettings,
    (paths, dns_filters): (&'e [(String, String)], &'e [String]),
) -> Entry<'e> {
    Entry {
        annotations: &place.annotations,
        controller: match place.class.controller {
            Controller::Nginx => gateway::Controller::Nginx,
            Controller::Traefik { .. } => gateway::Controller::Traefik,
            Controller::Other => gateway::Controller::Other,
        },
        paths,
        certificate_covers: place.covers(cluster, stated.namespace, &stated.hosts),
        is_authenticated_elsewhere: false,
        limits_are_mapped: place.is_mapped_by_annotation(settings),
        has_timeout_policy: false,
        dns_filters,
        keep: &settings.keep,
        drop: &settings.drop,
        middlewares: &cluster.middlewares,
        configured: &settings.middlewares,
    }
}

/// What a change is, in words.
fn becomes(change: &Change) -> &'static str {
    match change {
        Change::Filter(_) => "a filter of all rules",
        Change::Paths(_) => "a prefix that is cut off; nginx compares it without regard to capital letters",
        Change::Rule(_) => "a rule that redirects / alone",
        Change::Hosts(_) => "more hosts of the route; paths that other Ingresses have for its host are not among them",
    }
}

impl Ledger {
    fn add(&mut self, key: &str, text: &str, fate: Fate, place: &Place<'_>) {
        let keep = |to: &str| (key.to_owned(), to.to_owned(), Value::string(text));
        match fate {
            Fate::Kept => self.kept.push(keep(key)),
            Fate::KeptAs(new) => self.kept.push(keep(&new)),
            Fate::OnGateway { stays } => {
                self.kept.extend(stays.then(|| keep(key)));
                self.target = Some(text.to_owned());
                let gateway = place.chosen.gateway;
                let has_target = |gateway: &gateway::Gateway| {
                    PREFIXES.iter().any(|prefix| gateway.annotation(&format!("{prefix}/target")).is_some())
                };
                if gateway.is_some_and(|gateway| !has_target(gateway)) {
                    let message = format!(
                        "its record points to {text}, and Gateway {} states no target",
                        place.chosen.full_name()
                    );
                    self.remarks.push(Remark::error((codes::TARGET_MISSING, message)));
                }
            }
            Fate::Moved(note) => {
                self.moved.push(key.to_owned());
                self.remarks.extend(note.iter().map(remark_of));
            }
            Fate::Gone(note) => self.remarks.extend(note.iter().map(remark_of)),
            Fate::Used | Fate::Limit => {}
            Fate::Listed { note, review } => {
                let mut remark = remark_of(&note);
                if review {
                    remark.severity = crate::plan::Severity::Warning;
                }
                self.remarks.push(remark);
            }
            Fate::Middlewares(names) => self.middlewares.extend(names),
            Fate::Priority(_) => self.remarks.push(Remark::error((
                codes::ROUTER_PRIORITY,
                format!("{key} is {text}: whether a Gateway decides as it does is not seen"),
            ))),
            Fate::Becomes(change) => {
                let message = format!("{key}: {text} becomes {}", becomes(&change));
                self.remarks.push(Remark::warning(codes::FILTERS, message));
            }
            Fate::Authentication { id, component } => {
                self.remarks
                    .push(Remark::warning(codes::FILTERS, format!("{key}: {id} has a counterpart, {component}")));
                self.asked.add(Asked::login(id, component));
            }
            Fate::Refused(refusal) => self.remarks.push(remark_of(&refusal)),
        }
    }

    /// What ingress-nginx asks of all requests, unless the Ingress says otherwise.
    fn ask_for_all(&mut self, place: &Place<'_>, settings: &GatewayRoutesSettings) {
        let stated = |name: &str| {
            let key = format!("nginx.ingress.kubernetes.io/{name}");
            place.annotations.iter().find(|(own, _)| *own == key).map(|(_, text)| text.as_str())
        };
        let for_all = &place.class.for_all;
        // An Ingress says for itself who is let in, and nothing of who is kept out.
        for (key, limit) in &for_all.limits {
            if *key != ALLOWED || stated(ALLOWED).is_none() {
                self.asked.add(Asked::limit(format!("the configuration of class {} ({limit})", place.class.name)));
            }
        }
        let is_asked = stated("auth-url").is_none() && stated("enable-global-auth") != Some("false");
        let Some(url) = for_all.login.as_ref().filter(|_| is_asked) else { return };
        match settings.middlewares.get(url) {
            Some(Configured::Component(component)) => {
                let message = format!("global-auth-url: {url} has a counterpart, {component}");
                self.remarks.push(Remark::warning(codes::FILTERS, message));
                self.asked.add(Asked::login(url.clone(), component.clone()));
            }
            _ => {
                let message =
                    format!("class {} asks {url} who somebody is, for all, and it has no component", place.class.name);
                self.remarks.push(Remark::error((codes::AUTH_LOST, message)));
            }
        }
    }

    /// What becomes of records. Where nobody makes one today, and the route would get one, it is kept from that.
    fn records(&mut self, stated: &Stated<'_>, place: &Place<'_>, cluster: &InCluster) {
        let is_ingress = stated.entry_points.is_none();
        // external-dns makes no record of an IngressRoute without a target, and always one of a route.
        let has_target = is_ingress || self.target.is_some();
        let takes = |dns: &&Dns| stated.hosts.iter().any(|host| dns.takes(host));
        let taking = || cluster.dns.iter().filter(takes);
        let is_made = taking().any(|dns| has_target && dns.reads(stated.class(), is_ingress));
        let mut controllers = self.kept.iter().filter(|(_, key, _)| key.ends_with("/controller"));
        if let Some((_, _, value)) = controllers.next() {
            // It says so on the Ingress as well.
            if value.text() != Some("dns-controller") {
                return;
            }
        } else if stated.silenced == Some(true) {
            if is_made {
                let message = "it has a record today, and its route keeps external-dns away".to_owned();
                self.records.going.push(Remark::error((codes::DNS_GOES, message)));
            }
            return;
        } else if !is_made && stated.silenced.is_none() {
            let (of, gateway) = (&place.chosen.namespace, &place.chosen.name);
            let would = |dns: &&Dns| {
                (dns.reads_routes() || dns.reads_ingresses()) && dns.reads_gateway(of, gateway) != Some(false)
            };
            if let Some(host) = taking().find(would).and_then(|dns| stated.hosts.iter().find(|host| dns.takes(host))) {
                let key = silencing(cluster);
                let message = format!("{host} has no record today; {key}: none keeps it so");
                self.kept.push((String::new(), key, Value::string("none")));
                self.remarks.push(Remark::note(codes::DNS_APPEARS, message));
            }
            return;
        }
        self.compare_records(stated, place, cluster);
    }

    /// Compares the records that each external-dns makes today with those that it would make of the route.
    fn compare_records(&mut self, stated: &Stated<'_>, place: &Place<'_>, cluster: &InCluster) {
        let (is_ingress, class) = (stated.entry_points.is_none(), stated.class());
        let (of, gateway) = (&place.chosen.namespace, &place.chosen.name);
        for dns in &cluster.dns {
            let by = format!("external-dns {}/{}", dns.release.0, dns.release.1);
            let reads = dns.reads(class, is_ingress) && (is_ingress || self.target.is_some());
            for host in stated.hosts.iter().filter(|host| dns.takes(host)) {
                match (reads, dns.reads_gateway(of, gateway)) {
                    (false, Some(true)) if dns.reads_routes() => {
                        let message = match stated.silenced {
                            Some(_) => {
                                format!("{by} makes a record of {host} of its route, and none of what is there today")
                            }
                            None => format!("{by} makes no record of {host} today, and would make one of its route"),
                        };
                        self.remarks.push(Remark::error((codes::DNS_WIDER, message)));
                    }
                    (false, Some(true)) if dns.reads_ingresses() => self.records.leaks.push(Leak {
                        dns: dns.release.clone(),
                        host: host.clone(),
                        gateway: place.chosen.full_name(),
                    }),
                    (false, None) if dns.reads_routes() || dns.reads_ingresses() => {
                        let message = format!(
                            "{by} makes no record of {host} today; whether it reads Gateway {of}/{gateway} is for labels"
                        );
                        self.remarks.push(Remark::warning(codes::DNS_WIDER, message));
                    }
                    (false, _) => {}
                    (true, Some(true)) => self.records.passing.push(self.passing(host, is_ingress, place)),
                    (true, Some(false)) => {
                        let message = format!(
                            "{by} makes the record of {host}, and does not read routes of Gateway {of}/{gateway}"
                        );
                        self.records.going.push(Remark::error((codes::DNS_GOES, message)));
                    }
                    (true, None) => {
                        let message = format!(
                            "{by} makes the record of {host}; whether it reads Gateway {of}/{gateway} is for labels"
                        );
                        self.records.going.push(Remark::warning(codes::DNS_GOES, message));
                    }
                }
            }
            let only_in_tls = stated.tls.iter().filter(|host| !stated.hosts.contains(host) && dns.takes(host));
            for host in only_in_tls.filter(|_| is_ingress && dns.reads_tls(class)) {
                let message = format!("{by} makes the record of {host}, which only `tls` has: it is removed");
                self.records.going.push(Remark::warning(codes::DNS_GOES, message));
            }
        }
        self.records.passing.sort();
        self.records.passing.dedup();
    }

    /// The record of a host: where it points to today, and where it will.
    fn passing(&self, host: &str, is_ingress: bool, place: &Place<'_>) -> (String, String, String) {
        let of_gateway = place.chosen.gateway.and_then(|gateway| {
            PREFIXES.iter().find_map(|prefix| gateway.annotation(&format!("{prefix}/target")).map(str::to_owned))
        });
        let address = |what: String| format!("the address of {what}");
        let of_proxy = if is_ingress { address(format!("class {}", place.class.name)) } else { String::new() };
        let before = self.target.clone().unwrap_or(of_proxy);
        let after = of_gateway.unwrap_or_else(|| address(format!("Gateway {}", place.chosen.full_name())));
        (host.to_owned(), before, after)
    }
}
