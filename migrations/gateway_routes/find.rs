//! What a tree has for this migration: Ingresses, and what takes their place.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::InCluster;
use super::codes;
use super::dns::{self, DnsRelease};
use super::object::{Routable, Source, routable};
use super::release::{self, Candidate};
use super::served::Taken;
use super::settings::GatewayRoutesSettings;
use super::values::has_ingress;
use crate::flux::{At, ClusterId, Object, Release, Value, View};
use crate::plan::Finding;
use crate::repo::RepoPath;

/// What each cluster has.
#[derive(Default)]
pub(super) struct Clusters(BTreeMap<ClusterId, InCluster>);

impl Clusters {
    fn of_view(view: &View) -> Clusters {
        Clusters(view.graph().clusters.ids().map(|cluster| (cluster, InCluster::of(view, cluster))).collect())
    }

    /// What each cluster has.
    pub(super) fn all(&self) -> impl Iterator<Item = &InCluster> {
        self.0.values()
    }

    /// What a cluster of the view has.
    pub(super) fn of(&self, cluster: ClusterId) -> &InCluster {
        &self.0[&cluster]
    }
}

/// What is found in a tree. Found again on every tree, so that no unit has to carry it.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    pub(super) clusters: Clusters,
    pub(super) candidates: Vec<Candidate<'v>>,
    pub(super) objects: Vec<Routable<'v>>,
    pub(super) dns: Vec<DnsRelease<'v>>,
    /// How many Ingresses are in clusters of which no Gateway is known.
    pub(super) without_gateway: usize,
}

/// Whether a tree may have something for this migration: some file has `ingress` or `Ingress` in it.
pub(super) fn may_have_any(view: &View) -> bool {
    view.files_with("ngress").next().is_some()
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
    /// Reports records that point elsewhere than most records of the same Gateway: routes of one Gateway
    /// have one target.
    fn compare_targets(&mut self) {
        let of_releases = self.candidates.iter().flat_map(|candidate| &candidate.targets);
        let of_objects = self.objects.iter().filter_map(|routable| routable.target.as_ref());
        let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let pairs = of_releases.map(|(gateway, target, _)| (gateway, target));
        for (gateway, target) in pairs.chain(of_objects.map(|(gateway, target)| (gateway, target))) {
            *counts.entry(gateway.clone()).or_default().entry(target.clone()).or_default() += 1;
        }
        let usual = |gateway: &str| {
            let of_gateway = counts.get(gateway).into_iter().flatten();
            of_gateway.max_by_key(|(target, count)| (**count, std::cmp::Reverse(*target))).map(|(target, _)| target)
        };
        let warning = |gateway: &str, target: &str| {
            let usual = usual(gateway).filter(|usual| *usual != target)?;
            let message = format!("its record points to {target}, and most of those of Gateway {gateway} to {usual}");
            Some(Finding::warning(codes::TARGETS_DIFFER, message))
        };
        for candidate in &mut self.candidates {
            let at = &candidate.release.at.path;
            let warnings = candidate.targets.iter();
            let warnings = warnings.filter_map(|(gateway, target, line)| Some(warning(gateway, target)?.at(at, *line)));
            candidate.findings.extend(warnings);
        }
        for routable in &mut self.objects {
            let found = routable.target.as_ref().and_then(|(gateway, target)| warning(gateway, target));
            let object = routable.object;
            routable.findings.extend(found.map(|found| found.at(&object.at.path, object.line)));
        }
    }

    /// Refuses what takes the same requests of a Gateway as something else here.
    fn refuse_twice(&mut self) {
        let of_releases = self.candidates.iter().flat_map(|candidate| &candidate.takes);
        let of_objects = self.objects.iter().flat_map(|routable| &routable.takes);
        let mut counts: BTreeMap<Taken, usize> = BTreeMap::new();
        of_releases.chain(of_objects).for_each(|taken| *counts.entry(taken.clone()).or_default() += 1);
        let twice = |takes: &[Taken]| {
            let Taken { gateway, host, matched, .. } = takes.iter().find(|taken| counts[*taken] > 1)?;
            let message = format!("{host} ({matched}) would be there twice on Gateway {gateway}");
            Some(Finding::error(codes::TWICE, message))
        };
        for candidate in &mut self.candidates {
            let release = candidate.release;
            if let Some(found) = twice(&candidate.takes).filter(|_| candidate.verdict.is_ok()) {
                candidate.verdict = Err(vec![found.at(&release.at.path, release.line)]);
            }
        }
        for routable in &mut self.objects {
            let object = routable.object;
            if let Some(found) = twice(&routable.takes).filter(|_| routable.verdict.is_ok()) {
                routable.verdict = Err(vec![found.at(&object.at.path, object.line)]);
            }
        }
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
        let clusters = Clusters::of_view(view);
        let releases = view.releases().iter();
        // Who has no Gateway, and states none, has not begun.
        let has_begun = |at: &At| {
            let mut reaches = view.graph().reaches(at).iter();
            !settings.gateways.is_empty() || reaches.any(|reach| !clusters.of(reach.cluster).gateways.is_empty())
        };
        let candidates = releases.filter_map(|release| release::candidate(view, &clusters, settings, release));
        let (candidates, early): (Vec<_>, Vec<_>) = candidates.partition(|candidate| has_begun(&candidate.release.at));
        let objects = objects(view).into_iter();
        let objects = objects.map(|(object, source)| routable(view, &clusters, settings, object, source));
        let (objects, early_objects): (Vec<_>, Vec<_>) = objects.partition(|routable| has_begun(&routable.object.at));
        let without_gateway = early.len() + early_objects.len();
        let dns = if candidates.is_empty() && objects.is_empty() { Vec::new() } else { dns::releases(view, &clusters) };
        let mut found = Found { view, clusters, candidates, objects, dns, without_gateway };
        found.compare_targets();
        found.refuse_twice();
        found
    }
}
