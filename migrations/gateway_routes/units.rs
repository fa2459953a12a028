//! The units: sources of external-dns, routes beside Ingresses, cuts, and what is left over.

use std::collections::BTreeSet;

use super::META;
use super::cluster::InCluster;
use super::codes;
use super::create::Creation;
use super::cut::{keeps_some, route_beside, values_without};
use super::dns::DnsRelease;
use super::elsewhere::makers;
use super::find::Found;
use super::grant::Grant;
use super::leftovers::Leftover;
use super::object::Routable;
use super::placed::{About, HostServed};
use super::policy::Inclusion;
use super::release::Candidate;
use crate::flux::{Identity, Mention, Named, Object, Release, View};
use crate::plan::author::{hooks, other_names, subject, workloads};
use crate::plan::{Apart, Class, Draft, Effect, Finding, Impact, OutOfScope, Outcome, Subject, Survey, UnitId};
use crate::repo::RepoPath;

pub(super) const DNS_SOURCE: &str = "dns-source";
pub(super) const ROUTE: &str = "route";
pub(super) const CUT: &str = "cut";
/// A route and the cut of its Ingress in one.
pub(super) const SWAP: &str = "swap";
/// Ingresses of a release beside those that become routes.
const REST: &str = "rest";

/// Releases of external-dns.
const DNS_SOURCES: Class =
    Class::new(14, "dns-sources", "releases of external-dns", "release").apart_from(Apart::Dependents);
/// Policies of routes.
const POLICIES: Class =
    Class::new(12, "policies", "policies of routes that come later", "consumer").apart_from(Apart::Dependents);
/// Gateways, and what lets routes name Services.
const GATEWAYS: Class = Class::new(13, "gateways", "Gateways, and grants for routes", "object");
/// Routes beside Ingresses.
const ROUTES: Class = Class::new(35, "routes", "routes beside Ingresses", "release");

/// Ingresses that are cut.
const CUTS: Class = Class::new(65, "cuts", "Ingresses that are cut", "release");
/// Ingresses that become routes in one step.
const SWAPS: Class = Class::new(66, "swaps", "Ingresses that become routes in one step", "release");

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let dns = found.dns.iter().map(|dns| dns_draft(found, dns));
    let may_cut = |at| found.dns_reads_routes(at);
    let with_entries =
        found.candidates.iter().filter(|candidate| candidate.rest.is_none() || !candidate.entries.is_empty());
    let step = if found.is_at_once { SWAP } else { ROUTE };
    let releases = with_entries.filter_map(|candidate| match candidate.has_routes() {
        false if step == SWAP && keeps_some(candidate) => Some(of_release(found, ROUTE, candidate)),
        false => Some(of_release(found, step, candidate)),
        true => may_cut(&candidate.release.at).then(|| of_release(found, CUT, candidate)),
    });
    let objects = found.objects.iter().filter_map(|routable| match routable.has_routes() {
        // What has some of its routes gets the others first.
        false if routable.has_some_routes() => Some(of_object(found, ROUTE, routable)),
        false => Some(of_object(found, step, routable)),
        true => may_cut(&routable.object.at).then(|| of_object(found, CUT, routable)),
    });
    let out_of_scope = without_gateway(found.without_gateway);
    let rest = found.candidates.iter().filter_map(|candidate| {
        let draft = draft(found, REST, candidate.release, &candidate.identity, "stays an Ingress".to_owned());
        Some(Draft { findings: vec![candidate.rest.clone()?], paste: candidate.paste.clone(), ..draft })
    });
    let gateways = found.clusters.iter().flat_map(|cluster| &cluster.created).map(gateway_draft);
    let grants = found.grants.iter().map(grant_draft).chain(found.inclusions.iter().map(policy_draft));
    let mut first: Vec<Draft> = Vec::new();
    for draft in gateways.chain(grants) {
        // Two clusters may apply one file.
        if !first.iter().any(|known| known.id == draft.id) {
            first.push(draft);
        }
    }
    let dns = first.into_iter().chain(dns);
    let of_cluster = |cluster: &InCluster| {
        let made = cluster.classes.iter().flat_map(|class| makers(found.view, &class.name));
        cluster.traefik_twice().into_iter().chain(made).chain(cluster.tunnels.iter().cloned()).collect::<Vec<_>>()
    };
    let mut findings: Vec<Finding> = found.clusters.iter().flat_map(of_cluster).collect();
    findings.dedup();
    let leftovers = found.leftovers().iter().map(Leftover::draft);
    let drafts = dns.chain(releases).chain(objects).chain(rest).chain(leftovers).collect();
    Survey { findings, drafts, out_of_scope, ..Survey::default() }
}

/// Ingresses of clusters of which no Gateway is known.
pub(super) fn without_gateway(count: usize) -> OutOfScope {
    let what = if count > 0 { format!("Ingresses: {count}: no Gateway is known") } else { String::new() };
    OutOfScope { count, what }
}

fn draft(found: &Found<'_>, step: &'static str, release: &Release, names: &Identity, title: String) -> Draft {
    let id = id_in(step, release, names);
    Draft { also: other_names(found.view, &release.at), ..Draft::new(id, title, [release.at.path.clone()]) }
}

/// The unit of a release.
pub(super) fn id_of(view: &View, step: &'static str, release: &Release) -> UnitId {
    id_in(step, release, &view.identity(release))
}

fn id_in(step: &'static str, release: &Release, names: &Identity) -> UnitId {
    UnitId::new(&META, step, Subject::release(&names.namespace, &names.name, &release.at.path))
}

fn gateway_draft(created: &Creation) -> Draft {
    let path = created.id.subject.path().clone();
    match &created.verdict {
        Ok(file) => {
            let touches = [file.path.clone(), file.listed_in.clone()];
            let draft =
                Draft::new(created.id.clone(), "written, with the redirection of plain HTTP".to_owned(), touches);
            Draft { class: Some(GATEWAYS), impact: Impact::None, findings: created.findings.clone(), ..draft }
        }
        Err(reasons) => {
            let draft = Draft::new(created.id.clone(), "not written".to_owned(), [path]);
            Draft { findings: reasons.clone(), ..draft }
        }
    }
}

fn grant_draft(grant: &Grant) -> Draft {
    let touches = [grant.file.path.clone(), grant.file.listed_in.clone()];
    let title = "HTTPRoutes of another namespace may name its Services".to_owned();
    let draft = Draft::new(grant.id.clone(), title, touches);
    Draft { class: Some(GATEWAYS), impact: Impact::None, ..draft }
}

fn policy_draft(inclusion: &Inclusion) -> Draft {
    let listed: Vec<&str> = inclusion.components.iter().map(RepoPath::as_str).collect();
    let title = format!("includes {}, whose policies lock its routes", listed.join(", "));
    let draft = Draft::new(inclusion.id(), title, [inclusion.consumer.clone()]);
    Draft { class: Some(POLICIES), impact: Impact::None, ..draft }
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

/// The routes of a release, or their cut.
fn of_release(found: &Found<'_>, step: &'static str, candidate: &Candidate<'_>) -> Draft {
    let (at, entries) = (&candidate.release.at, candidate.shown());
    let draft = |title: &str| draft(found, step, candidate.release, &candidate.identity, title.to_owned());
    let placed = match &candidate.verdict {
        Ok(placed) => placed,
        Err(reasons) => {
            let paste = candidate.paste.clone().filter(|_| candidate.entries.is_empty());
            return Draft { findings: reasons.clone(), paste, ..draft("stays an Ingress") };
        }
    };
    let reason = values_without(candidate, &placed.made).err().filter(|_| step != ROUTE);
    if let Some(reason) = reason {
        return Draft { findings: vec![reason], ..draft("stays an Ingress beside its route") };
    }
    let title = match step {
        CUT => format!("the Ingress is cut ({entries}): its route serves"),
        SWAP => format!("the Ingress becomes a route in one step ({entries})"),
        _ => format!("a route beside the Ingress ({entries})"),
    };
    let draft =
        Draft { workloads: workloads(found.view, at), hooks: !hooks(found.view, at).is_empty(), ..draft(&title) };
    written(found, draft, &placed.about)
}

/// The routes of an object, or its cut.
fn of_object(found: &Found<'_>, step: &'static str, routable: &Routable<'_>) -> Draft {
    let Object { at, kind, name, line, .. } = routable.object;
    let id = UnitId::new(&META, step, subject(found.view, routable.object));
    let draft =
        |title: String| Draft { also: other_names(found.view, at), ..Draft::new(id.clone(), title, [at.path.clone()]) };
    let placed = match &routable.verdict {
        Ok(placed) => placed,
        Err(reasons) => return Draft { findings: reasons.clone(), ..draft(format!("stays an {kind}")) },
    };
    if step == CUT && route_beside(found.view, routable).is_none() {
        let message = format!("the route of {name} is in another file, or has another name");
        let reason = Finding::error(codes::CUT_BY_HAND, message).at(&at.path, *line);
        return Draft { findings: vec![reason], ..draft(format!("stays an {kind} beside its route")) };
    }
    let title = match (step, placed.made.missing.len()) {
        (CUT, _) => format!("the {kind} is cut: its route serves"),
        (SWAP, 1) => format!("the {kind} becomes an HTTPRoute in one step"),
        (SWAP, count) => format!("the {kind} becomes {count} HTTPRoutes in one step"),
        (_, 1) => "an HTTPRoute behind it".to_owned(),
        (_, count) => format!("{count} HTTPRoutes behind it"),
    };
    written(found, draft(title), &placed.about)
}

/// A draft that can be written.
fn written(found: &Found<'_>, draft: Draft, about: &About) -> Draft {
    let step = draft.id.step;
    // What was to review about a route was reviewed with it.
    let targets = about.findings.iter().filter(|finding| finding.code == codes::TARGETS_DIFFER);
    let at_once = || {
        let message = "no route of it has run yet, and the Ingress is removed (`cut: at-once`)";
        Finding::warning(codes::AT_ONCE, message).at(draft.id.subject.path(), None)
    };
    let named = || named_elsewhere(found, about);
    let findings = match step {
        CUT => about.before_cut.iter().chain(targets).cloned().chain(named()).collect(),
        SWAP => {
            let of_both = about.findings.iter().chain(&about.before_cut).cloned();
            [at_once()].into_iter().chain(of_both).chain(named()).collect()
        }
        _ => about.findings.clone(),
    };
    let class = match step {
        CUT => CUTS,
        SWAP => SWAPS,
        _ => ROUTES,
    };
    // What cuts waits for the branch of its cluster, which has all of that then.
    let needs = if step == ROUTE { about.needs.clone() } else { BTreeSet::new() };
    Draft {
        impact: Impact::Upgrade,
        class: Some(class),
        findings,
        effects: effects(step, about),
        needs,
        alone: about.alone,
        weight: about.hosts.len(),
        ..draft
    }
}

/// The files that name an Ingress which is cut, beside the health checks that are reported already.
fn named_elsewhere(found: &Found<'_>, about: &About) -> Vec<Finding> {
    let is_known = |path: &RepoPath| {
        let mut checks = about.before_cut.iter().filter(|finding| finding.code == codes::NAMED_ELSEWHERE);
        checks.any(|finding| finding.path.as_ref() == Some(path))
    };
    let of_one = |named: &Named| {
        let mentions = found.named().get(named).into_iter().flatten().filter(|mention| !is_known(&mention.at.path));
        let finding = |mention: &Mention| {
            let message = format!("{} names {} {}, which is cut", mention.what, named.kind, named.name);
            Finding::warning(codes::NAMED_ELSEWHERE, message).at(&mention.at.path, mention.line)
        };
        mentions.map(finding).collect::<Vec<_>>()
    };
    about.cuts.iter().flat_map(of_one).collect()
}

/// What a step changes for hosts, each with what it changes about its record.
fn effects(step: &str, about: &About) -> Vec<Effect> {
    // A route that is there does not change when others come.
    let changing: Vec<&HostServed> = about.hosts.iter().filter(|served| step != ROUTE || served.is_new).collect();
    let mut all = Vec::new();
    for (place, served) in changing.iter().enumerate() {
        let effect = effect(step, served);
        // A host of two classes has its records once.
        let is_same = |other: &&HostServed| other.cluster == served.cluster && other.host == served.host;
        let is_first = !changing[..place].iter().any(is_same);
        let is_of_host = |record: &&Effect| record.cluster == effect.cluster && record.object == effect.object;
        let records = about.records.iter().filter(is_of_host).filter(|_| is_first && step != ROUTE);
        let records: Vec<_> = records.cloned().collect();
        all.push(effect);
        all.extend(records);
    }
    all
}

/// What serves a host before and after a step.
fn effect(step: &str, served: &HostServed) -> Effect {
    let (class, gateway) = (format!("class {}", served.class), format!("Gateway {}", served.gateway));
    let both = format!("{class}, and {gateway}");
    let (before, after) = match step {
        ROUTE => (class, both),
        SWAP if served.is_new => (class, gateway),
        _ => (both, gateway),
    };
    let (cluster, object) = (served.cluster.clone(), format!("host {}", served.host));
    Effect { cluster, object, field: String::new(), before, after, outcome: Outcome::Changes }
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
