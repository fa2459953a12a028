//! What a tree has for this migration: Ingresses, and what takes their place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::cluster::{InCluster, InFiles};
use super::codes;
use super::dns::{self, DnsRelease};
use super::grant::{self, Grant, GrantFor};
use super::leftovers::{self, Leftover, leftovers};
use super::object::{Routable, Source, routable};
use super::placed::{About, Target};
use super::policy::{Inclusion, by_consumer, disputed};
use super::release::{self, Candidate};
use super::schema::usual;
use super::served::Taken;
use super::settings::{Cut, GatewayRoutesSettings};
use super::values::has_ingress;
use crate::flux::{At, ById, ClusterId, Kustomization, Mention, Named, Object, Release, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;

/// What each cluster has.
pub(super) type Clusters = ById<ClusterId, InCluster>;

/// What is found in a tree. Found again on every tree, so that no unit has to carry it.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    pub(super) clusters: Clusters,
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) objects: Vec<Routable<'v>>,
    pub(super) dns: Vec<DnsRelease<'v>>,
    pub(super) grants: Vec<Grant>,
    /// The Components that are to be included for policies.
    pub(super) inclusions: Vec<Inclusion>,
    leftovers: OnceLock<Vec<Leftover<'v>>>,
    named: OnceLock<BTreeMap<Named, Vec<Mention>>>,
    usual_schema: OnceLock<Option<String>>,
    /// Whether Ingresses go with the merge that brings their routes.
    pub(super) is_at_once: bool,
    /// How many Ingresses are in clusters of which no Gateway is known.
    pub(super) without_gateway: usize,
}

/// Whether a tree may have something for this migration: some file has `ingress` or `Ingress` in it, or what
/// Ingresses leave behind.
pub(super) fn may_have_any(view: &View) -> bool {
    view.files_with("ngress").next().is_some() || leftovers::may_have_any(view)
}

/// Whether a tree may have a Gateway.
pub(super) fn may_have_gateways(view: &View) -> bool {
    view.files_with("gatewayClassName").next().is_some()
}

/// How many releases have Ingresses in their values, and how many Ingresses are objects.
pub(super) fn ingresses(view: &View) -> usize {
    let values = |release: &&Release| view.node(&release.at).and_then(|root| root.at(&["spec", "values"]));
    let has_any = |release: &&Release| values(release).and_then(Value::of).is_some_and(|values| has_ingress(&values));
    let releases = view.releases().iter().filter(has_any).count();
    releases + objects(view).len()
}

/// The Ingresses and IngressRoutes of a tree.
fn objects(view: &View) -> Vec<(&Object, Source)> {
    let files = ["IngressRoute", "Ingress"].iter().flat_map(|kind| view.files_with(kind)).map(|(path, _)| path);
    let files: BTreeSet<&RepoPath> = files.collect();
    let in_files = files.into_iter().filter_map(|path| view.file(path)).flat_map(|file| &file.objects);
    in_files.flat_map(Object::expanded).filter_map(|object| Some((object, Source::of(object)?))).collect()
}

impl<'v> Found<'v> {
    /// The schema of a route as most documents of the tree have theirs.
    pub(super) fn usual_schema(&self) -> Option<&str> {
        self.usual_schema.get_or_init(|| usual(self.view)).as_deref()
    }

    /// What there is to say of each Ingress that can be a route.
    fn abouts(&mut self) -> impl Iterator<Item = &mut About> {
        let releases = self.candidates.iter_mut().filter_map(|candidate| candidate.verdict.as_mut().ok());
        let objects = self.objects.iter_mut().filter_map(|routable| routable.verdict.as_mut().ok());
        releases.map(|placed| &mut placed.about).chain(objects.map(|placed| &mut placed.about))
    }

    /// Reports records that point elsewhere than most records of the same Gateway: routes of one Gateway
    /// have one target.
    fn compare_targets(&mut self) {
        let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for Target { gateway, target, .. } in self.abouts().flat_map(|about| &about.targets) {
            *counts.entry(gateway.clone()).or_default().entry(target.clone()).or_default() += 1;
        }
        let usual = |gateway: &str| {
            let of_gateway = counts.get(gateway).into_iter().flatten();
            of_gateway.max_by_key(|(target, count)| (**count, std::cmp::Reverse(*target))).map(|(target, _)| target)
        };
        let warning = |Target { gateway, target, path, line }: &Target| {
            let usual = usual(gateway).filter(|usual| *usual != target)?;
            let message = format!("its record points to {target}, and most of those of Gateway {gateway} to {usual}");
            Some(Finding::warning(codes::TARGETS_DIFFER, message).at(path, *line))
        };
        for about in self.abouts() {
            about.findings.extend(about.targets.iter().filter_map(warning));
        }
    }

    /// Refuses what takes the same requests of a Gateway as something else here.
    fn refuse_twice(&mut self) {
        let mut counts: BTreeMap<Taken, usize> = BTreeMap::new();
        for taken in self.abouts().flat_map(|about| &about.takes) {
            *counts.entry(taken.clone()).or_default() += 1;
        }
        let twice = |about: &About| {
            let Taken { gateway, host, matched, .. } = about.takes.iter().find(|taken| counts[*taken] > 1)?;
            let message = format!("{host} ({matched}) would be there twice on Gateway {gateway}");
            Some(Finding::error(codes::TWICE, message))
        };
        self.refuse(twice);
    }

    /// Refuses what there is a reason for.
    fn refuse(&mut self, reason: impl Fn(&About) -> Option<Finding>) {
        for Candidate { release, verdict, .. } in &mut self.candidates {
            if let Some(reason) = verdict.as_ref().ok().and_then(|placed| reason(&placed.about)) {
                *verdict = Err(vec![reason.at(&release.at.path, release.line)]);
            }
        }
        for Routable { object, verdict } in &mut self.objects {
            if let Some(reason) = verdict.as_ref().ok().and_then(|placed| reason(&placed.about)) {
                *verdict = Err(vec![reason.at(&object.at.path, object.line)]);
            }
        }
    }

    /// Finds the grants that routes need, and refuses those that cannot have one.
    fn grant(&mut self) {
        let wanted = self.abouts().flat_map(|about| about.grants.clone()).collect();
        let grants = grant::grants(self.view, wanted);
        for routable in &mut self.objects {
            let Ok(placed) = &mut routable.verdict else { continue };
            let mut refused = None;
            for wanted in &placed.about.grants {
                match &grants[&wanted.pair()] {
                    Ok(grant) => drop(placed.about.needs.insert(grant.id.clone())),
                    Err(reason) => refused = refused.or(Some((wanted, reason))),
                }
            }
            let Some((GrantFor { from, to, .. }, reason)) = refused else { continue };
            let message =
                format!("a Service is in namespace {to}, and no ReferenceGrant there admits HTTPRoutes of {from}");
            let own = Finding::error(codes::GRANT_MISSING, message).at(&routable.object.at.path, routable.object.line);
            routable.verdict = Err([own].into_iter().chain(reason.clone()).collect());
        }
        self.grants = grants.into_values().flatten().collect();
    }

    /// Finds the Components that routes need, and refuses those that would bring the same object twice.
    fn include(&mut self) {
        let wanted: Vec<Inclusion> = self.abouts().flat_map(|about| about.inclusions.clone()).collect();
        let all = by_consumer(&wanted);
        let Some(disputed) = disputed(self.view, &all) else {
            self.inclusions = all;
            return;
        };
        let message = format!("its policy is a {disputed}, and so is that of another route; give each its own name");
        let reason = Finding::error(codes::AUTH_LOST, message);
        self.refuse(|about| (!about.inclusions.is_empty()).then(|| reason.clone()));
    }

    /// Where files name the Ingresses that are or become routes, worked out once.
    pub(super) fn named(&self) -> &BTreeMap<Named, Vec<Mention>> {
        self.named.get_or_init(|| {
            let releases = self
                .candidates
                .iter()
                .filter_map(|candidate| Some((&candidate.verdict.as_ref().ok()?.about, &candidate.release.at)));
            let objects = self
                .objects
                .iter()
                .filter_map(|routable| Some((&routable.verdict.as_ref().ok()?.about, &routable.object.at)));
            let mut wanted: BTreeMap<Named, BTreeSet<At>> = BTreeMap::new();
            for (about, at) in releases.chain(objects) {
                for named in &about.cuts {
                    wanted.entry(named.clone()).or_default().insert(at.clone());
                }
            }
            let patches: BTreeSet<RepoPath> = self.view.kustomizations().flat_map(Kustomization::input_paths).collect();
            // Another Ingress of this name, which is no patch, is one of its own.
            let is_own =
                |mention: &Mention| mention.what.starts_with("metadata.name:") && !patches.contains(&mention.at.path);
            let mut named = self.view.mentions(&wanted);
            named.values_mut().for_each(|mentions| mentions.retain(|mention| !is_own(mention)));
            named
        })
    }

    /// What nothing needs any more, worked out once.
    pub(super) fn leftovers(&self) -> &[Leftover<'v>] {
        self.leftovers.get_or_init(|| leftovers(self))
    }

    /// Whether each external-dns of the clusters that apply an object reads routes.
    pub(super) fn dns_reads_routes(&self, at: &At) -> bool {
        let clusters = self.view.graph().clusters_of(at);
        let is_behind = |dns: &DnsRelease<'_>| {
            self.view.graph().clusters_of(&dns.release.at).iter().any(|cluster| clusters.contains(cluster))
        };
        !self.dns.iter().any(is_behind)
    }

    /// `view` is a whole one.
    pub(super) fn in_view(view: &'v View, settings: &GatewayRoutesSettings) -> Found<'v> {
        let files = InFiles::of(view, settings);
        let clusters: Clusters =
            view.graph().clusters.ids().map(|cluster| InCluster::of(view, cluster, settings, &files)).collect();
        let releases = view.releases().iter();
        // Who has no Gateway, and states none, has not begun.
        let has_begun = |at: &At| {
            let mut reaches = view.graph().reaches(at).iter();
            !settings.gateways.is_empty() || reaches.any(|reach| !clusters[reach.cluster].gateways.is_empty())
        };
        let candidates = releases.filter_map(|release| release::candidate(view, &clusters, settings, release));
        let (candidates, early): (Vec<_>, Vec<_>) = candidates.partition(|candidate| has_begun(&candidate.release.at));
        let objects = objects(view).into_iter();
        let objects = objects.map(|(object, source)| routable(view, &clusters, settings, object, source));
        let (objects, early_objects): (Vec<_>, Vec<_>) = objects.partition(|routable| has_begun(&routable.object.at));
        let without_gateway = early.len() + early_objects.len();
        let (dns, grants, inclusions, leftovers, named, usual_schema) = Default::default();
        let is_at_once = settings.cut == Cut::AtOnce;
        let mut found = Found {
            view,
            clusters,
            candidates,
            objects,
            dns,
            grants,
            inclusions,
            leftovers,
            named,
            usual_schema,
            is_at_once,
            without_gateway,
        };
        found.grant();
        found.compare_targets();
        found.refuse_twice();
        found.include();
        let leaks: Vec<_> = found.abouts().flat_map(|about| about.leaks.clone()).collect();
        found.dns = dns::releases(view, &found.routed_clusters(), &leaks);
        found
    }

    /// The clusters that have routes, or get some.
    fn routed_clusters(&self) -> BTreeSet<String> {
        let releases = self.candidates.iter().filter(|candidate| candidate.verdict.is_ok());
        let objects = self.objects.iter().filter(|routable| routable.verdict.is_ok());
        let places = releases.map(|candidate| &candidate.release.at).chain(objects.map(|routable| &routable.object.at));
        places.flat_map(|at| self.view.graph().clusters_of(at)).collect()
    }
}
