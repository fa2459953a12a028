//! What becomes of the annotations of an Ingress or IngressRoute.

use super::cluster::{Controller, InCluster};
use super::codes;
use super::judge::{Place, Remark, Stated, remark_of};
use super::settings::GatewayRoutesSettings;
use crate::flux::Value;
use crate::gateway::{self, Change, Entry, Fate, MiddlewareName};

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
}

/// What external-dns reads of an object.
pub(super) const PREFIXES: [&str; 2] = ["external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"];

/// Gives each annotation its fate.
pub(super) fn ledger(
    stated: &Stated<'_>,
    place: &Place<'_>,
    cluster: &InCluster,
    settings: &GatewayRoutesSettings,
    paths: &[(String, String)],
) -> Ledger {
    let filters = cluster.dns_filters();
    let entry = Entry {
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
        dns_filters: &filters,
        keep: &settings.keep,
        drop: &settings.drop,
        middlewares: &cluster.middlewares,
        configured: &settings.middlewares,
    };
    let mut ledger = Ledger::default();
    for (key, text, fate) in gateway::Ledger::of(&entry).lines {
        ledger.add(&key, &text, fate, place);
    }
    if stated.entry_points.is_some() && ledger.target.is_none() {
        ledger.keep_out_of_dns(stated, cluster);
    }
    ledger
}

impl Ledger {
    fn add(&mut self, key: &str, text: &str, fate: Fate, place: &Place<'_>) {
        let keep = |to: &str| (key.to_owned(), to.to_owned(), Value::string(text));
        let by_hand =
            |what: &str| Remark::error((codes::ANNOTATION, format!("{key}: {what}; write the route by hand")));
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
            Fate::Becomes(Change::Filter(_)) => self.remarks.push(by_hand("it would be a filter of all rules")),
            Fate::Becomes(_) => self.remarks.push(by_hand("it changes hosts or paths")),
            Fate::Authentication { id, .. } => {
                let message = format!("{key} ({id}) authenticates: whether a policy of the route does is not seen");
                self.remarks.push(Remark::error((codes::AUTH_LOST, message)));
            }
            Fate::Refused(refusal) => self.remarks.push(remark_of(&refusal)),
        }
    }

    /// external-dns makes no record of an IngressRoute without a target, and always one of a route.
    fn keep_out_of_dns(&mut self, stated: &Stated<'_>, cluster: &InCluster) {
        if self.kept.iter().any(|(_, key, _)| key.ends_with("/controller")) {
            return;
        }
        let Some(host) = stated.hosts.iter().find(|host| cluster.has_records_of(host)) else { return };
        let prefix = PREFIXES.iter().find(|prefix| {
            cluster.gateways.iter().any(|gateway| gateway.annotations.iter().any(|(key, _)| key.starts_with(*prefix)))
        });
        let key = format!("{}/controller", prefix.copied().unwrap_or(cluster.dns_prefix()));
        self.kept.push((String::new(), key.clone(), Value::string("none")));
        let message = format!("{host} has no record today; {key}: none keeps it so");
        self.remarks.push(Remark::note(codes::DNS_APPEARS, message));
    }
}
