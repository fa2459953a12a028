//! The units: sources of external-dns, and routes beside Ingresses.

use super::META;
use super::codes;
use super::cut::{route_beside, values_without};
use super::dns::DnsRelease;
use super::find::Found;
use super::object::Routable;
use super::release::Candidate;
use crate::flux::{Release, Value};
use crate::plan::author::{hooks, other_names, subject, workloads};
use crate::plan::{Apart, Class, Draft, Finding, Impact, OutOfScope, Subject, Survey, UnitId};

pub(super) const DNS_SOURCE: &str = "dns-source";
pub(super) const ROUTE: &str = "route";
pub(super) const CUT: &str = "cut";

/// Releases of external-dns.
const DNS_SOURCES: Class =
    Class::new(14, "dns-sources", "releases of external-dns", "release").apart_from(Apart::Dependents);
/// Routes beside Ingresses.
const ROUTES: Class = Class::new(35, "routes", "routes beside Ingresses", "release");

/// Ingresses that are cut.
const CUTS: Class = Class::new(65, "cuts", "Ingresses that are cut", "release");

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let dns = found.dns.iter().map(|dns| dns_draft(found, dns));
    let releases = found.candidates.iter().filter_map(|candidate| match has_route(&candidate.verdict) {
        false => Some(route_draft(found, candidate)),
        true => found.dns_reads_routes(&candidate.release.at).then(|| cut_draft(found, candidate)),
    });
    let objects = found.objects.iter().filter_map(|routable| match &routable.verdict {
        Ok(missing) if missing.is_empty() => {
            found.dns_reads_routes(&routable.object.at).then(|| object_cut(found, routable))
        }
        _ => Some(object_draft(found, routable)),
    });
    let out_of_scope = without_gateway(found.without_gateway);
    Survey { drafts: dns.chain(releases).chain(objects).collect(), out_of_scope, ..Survey::default() }
}

/// Ingresses of clusters of which no Gateway is known.
pub(super) fn without_gateway(count: usize) -> OutOfScope {
    let what = if count > 0 { format!("Ingresses: {count}: no Gateway is known") } else { String::new() };
    OutOfScope { count, what }
}

/// Whether every Ingress of a release has its route.
pub(super) fn has_route(verdict: &Result<(Value, Value), Vec<Finding>>) -> bool {
    matches!(verdict, Ok((before, after)) if before == after)
}

fn draft(
    found: &Found<'_>,
    step: &'static str,
    release: &Release,
    names: &crate::flux::Identity,
    title: String,
) -> Draft {
    let id = UnitId::new(&META, step, Subject::release(&names.namespace, &names.name, &release.at.path));
    Draft { also: other_names(found.view, &release.at), ..Draft::new(id, title, [release.at.path.clone()]) }
}

fn dns_draft(found: &Found<'_>, dns: &DnsRelease<'_>) -> Draft {
    let draft = draft(found, DNS_SOURCE, dns.release, &dns.identity, "external-dns reads routes, too".to_owned());
    match &dns.verdict {
        Ok(_) => Draft { impact: Impact::Restart, class: Some(DNS_SOURCES), ..draft },
        Err(reason) => {
            Draft { findings: vec![reason.clone()], title: "external-dns reads no routes".to_owned(), ..draft }
        }
    }
}

fn route_draft(found: &Found<'_>, candidate: &Candidate<'_>) -> Draft {
    let at = &candidate.release.at;
    let entries = candidate.entries.join(", ");
    let draft = |title: String| draft(found, ROUTE, candidate.release, &candidate.identity, title);
    match &candidate.verdict {
        Ok(_) => Draft {
            impact: Impact::Upgrade,
            class: Some(ROUTES),
            workloads: workloads(found.view, at),
            hooks: !hooks(found.view, at).is_empty(),
            findings: candidate.findings.clone(),
            effects: candidate.effects.clone(),
            ..draft(format!("a route beside the Ingress ({entries})"))
        },
        Err(reasons) => Draft { findings: reasons.clone(), ..draft("stays an Ingress".to_owned()) },
    }
}

/// The Ingresses of a release, of which every one has its route.
fn cut_draft(found: &Found<'_>, candidate: &Candidate<'_>) -> Draft {
    let draft = |title: String| draft(found, CUT, candidate.release, &candidate.identity, title);
    let stated = match &candidate.verdict {
        Ok((stated, _)) => stated,
        Err(reasons) => return Draft { findings: reasons.clone(), ..draft("stays an Ingress".to_owned()) },
    };
    let at = &candidate.release.at;
    match values_without(candidate, stated) {
        Ok(_) => Draft {
            impact: Impact::Upgrade,
            class: Some(CUTS),
            workloads: workloads(found.view, at),
            hooks: !hooks(found.view, at).is_empty(),
            findings: before_cut(&candidate.before_cut, &candidate.findings),
            effects: candidate.effects.clone(),
            ..draft(format!("the Ingress is cut ({}): its route serves", candidate.entries.join(", ")))
        },
        Err(reason) => Draft { findings: vec![reason], ..draft("stays an Ingress beside its route".to_owned()) },
    }
}

/// What there is to say of a cut. What was to review about the route was reviewed with it.
fn before_cut(own: &[Finding], of_route: &[Finding]) -> Vec<Finding> {
    let targets = of_route.iter().filter(|finding| finding.code == codes::TARGETS_DIFFER);
    own.iter().chain(targets).cloned().collect()
}

/// An object of which every route is there.
fn object_cut(found: &Found<'_>, routable: &Routable<'_>) -> Draft {
    let at = &routable.object.at;
    let id = UnitId::new(&META, CUT, subject(found.view, routable.object));
    let draft =
        |title: String| Draft { also: other_names(found.view, at), ..Draft::new(id.clone(), title, [at.path.clone()]) };
    if route_beside(found.view, routable).is_none() {
        let message = format!("the route of {} is in another file, or has another name", routable.object.name);
        let reason = Finding::error(codes::CUT_BY_HAND, message).at(&at.path, routable.object.line);
        return Draft {
            findings: vec![reason],
            ..draft(format!("stays an {} beside its route", routable.object.kind))
        };
    }
    Draft {
        impact: Impact::Upgrade,
        class: Some(CUTS),
        findings: before_cut(&routable.before_cut, &routable.findings),
        effects: routable.effects.clone(),
        ..draft(format!("the {} is cut: its route serves", routable.object.kind))
    }
}

fn object_draft(found: &Found<'_>, routable: &Routable<'_>) -> Draft {
    let at = &routable.object.at;
    let id = UnitId::new(&META, ROUTE, subject(found.view, routable.object));
    let draft =
        |title: String| Draft { also: other_names(found.view, at), ..Draft::new(id.clone(), title, [at.path.clone()]) };
    match &routable.verdict {
        Ok(missing) => Draft {
            impact: Impact::Upgrade,
            class: Some(ROUTES),
            findings: routable.findings.clone(),
            effects: routable.effects.clone(),
            ..draft(match missing.len() {
                1 => "an HTTPRoute behind it".to_owned(),
                count => format!("{count} HTTPRoutes behind it"),
            })
        },
        Err(reasons) => Draft { findings: reasons.clone(), ..draft(format!("stays an {}", routable.object.kind)) },
    }
}

/// The object that a unit is about.
pub(super) fn object_of<'f, 'v>(found: &'f Found<'v>, unit: &Draft) -> Option<&'f Routable<'v>> {
    found.objects.iter().find(|routable| subject(found.view, routable.object) == unit.id.subject)
}

/// The candidate that a unit is about.
pub(super) fn candidate_of<'f, 'v>(found: &'f Found<'v>, unit: &Draft) -> Option<&'f Candidate<'v>> {
    let subject = &unit.id.subject;
    let is_it = |candidate: &&Candidate<'_>| {
        let names = &candidate.identity;
        Subject::release(&names.namespace, &names.name, &candidate.release.at.path) == *subject
    };
    found.candidates.iter().find(is_it)
}

/// The release of external-dns that a unit is about.
pub(super) fn dns_of<'f, 'v>(found: &'f Found<'v>, unit: &Draft) -> Option<&'f DnsRelease<'v>> {
    let is_it = |dns: &&DnsRelease<'_>| {
        Subject::release(&dns.identity.namespace, &dns.identity.name, &dns.release.at.path) == unit.id.subject
    };
    found.dns.iter().find(is_it)
}
