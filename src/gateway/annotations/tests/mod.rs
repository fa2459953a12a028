mod fates;
mod nginx;

use super::*;

const NGINX: &str = "nginx.ingress.kubernetes.io";
const TRAEFIK: &str = "traefik.ingress.kubernetes.io";
const DNS: &str = "external-dns.alpha.kubernetes.io";

/// An entry of the tests. Its class is served by the controller that the annotations are for.
#[derive(Default)]
struct Around {
    controller: Option<Controller>,
    paths: Vec<(String, String)>,
    certificate_covers: bool,
    is_authenticated_elsewhere: bool,
    limits_are_mapped: bool,
    has_timeout_policy: bool,
    dns_filters: Vec<String>,
    keep: Vec<String>,
    drop: Vec<String>,
    middlewares: Middlewares,
    configured: AllConfigured,
}

impl Around {
    fn ledger(&self, annotations: &[(&str, &str)]) -> Ledger {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let annotations: Vec<_> = annotations.iter().map(owned).collect();
        let is_of_traefik = annotations.iter().any(|(key, _)| key.starts_with(TRAEFIK));
        let usual = if is_of_traefik { Controller::Traefik } else { Controller::Nginx };
        Ledger::of(&Entry {
            annotations: &annotations,
            controller: self.controller.unwrap_or(usual),
            paths: &self.paths,
            certificate_covers: self.certificate_covers,
            is_authenticated_elsewhere: self.is_authenticated_elsewhere,
            limits_are_mapped: self.limits_are_mapped,
            has_timeout_policy: self.has_timeout_policy,
            dns_filters: &self.dns_filters,
            keep: &self.keep,
            drop: &self.drop,
            middlewares: &self.middlewares,
            configured: &self.configured,
        })
    }

    /// The fate of one annotation: its name, or the kind of the refusal.
    fn fate(&self, key: &str, value: &str) -> Result<&'static str, RefusalKind> {
        let ledger = self.ledger(&[(key, value)]);
        match ledger.refusals().next() {
            Some(refusal) => Err(refusal.kind),
            None => Ok(ledger.lines[0].2.name()),
        }
    }

    fn change(&self, name: &str, text: &str) -> Result<Change, Refusal> {
        match self.ledger(&[(&format!("{NGINX}/{name}"), text)]).lines.remove(0).2 {
            Fate::Becomes(change) => Ok(change),
            Fate::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }
}
