//! Strategy `namespace`: a Component carries the source, and a kustomization that already sets the
//! namespace includes it once.
//!
//! ```yaml
//! # kubernetes/main/apps/media/kustomization.yaml
//! namespace: media                  namespace: media
//! resources:                        resources:
//!   - ./plex/ks.yaml          →       - ./plex/ks.yaml
//!                                   components:
//!                                     - ../../../components/app-template
//! ```

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::codes;
use super::findings::refusal;
use super::source::{Group, Include, NewSource, Placed, Placing, Source, about, agreed, interval};
use crate::flux::{ClusterId, Reach, View};
use crate::migrations::sources::component::{FILE, carrying, home_of_siblings, write_component};
use crate::migrations::sources::existing::{Sources, existing, fits};
use crate::migrations::sources::name::{dashed, name_for};
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::list;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::Finding;
use crate::plan::author::{Edits, never_changed};
use crate::repo::RepoPath;
use crate::yaml::New;

/// A Component that carries the source: an existing one, or one to be written.
struct Carrier {
    dir: RepoPath,
    name: String,
    new: Option<NewSource>,
}

/// Finds the source of a key in each namespace of its releases, or includes it. The groups are
/// those of the namespaces.
pub(super) fn place(placing: Placing<'_, '_>, key: &SourceKey, groups: Vec<Group>) -> Placed {
    let Placing { view, candidates, .. } = placing;
    let mut placed = Placed::default();
    let users = |groups: &[Group]| -> BTreeSet<usize> { groups.iter().flat_map(|group| group.users.clone()).collect() };
    let members = |groups: &[Group]| users(groups).iter().map(|user| &candidates[*user]).collect::<Vec<_>>();
    let carried = match agreed(key, &members(&groups)) {
        Ok(carried) => carried,
        Err(reason) => {
            placed.refused.push((users(&groups), reason));
            return placed;
        }
    };
    let mut missing = Vec::new();
    for group in groups {
        match existing(view, key, &carried, &group.clusters, group.namespace()) {
            Some(name) => {
                let findings = about(key, &group.members(candidates));
                placed.sources.push(Source::existing(group, name, None, findings));
            }
            None => missing.push(group),
        }
    }
    if missing.is_empty() {
        return placed;
    }
    let carrier = match carrier(placing, key, &members(&missing), &carried) {
        Ok(carrier) => carrier,
        Err(reason) => {
            placed.refused.push((users(&missing), reason));
            return placed;
        }
    };
    let mut included = Vec::new();
    for group in missing {
        match include_in(placing, &group, &carried, &carrier) {
            Ok((name, by)) => included.push((group, name, by)),
            Err(reason) => placed.refused.push((group.users, reason)),
        }
    }
    // The Component is for those that can include it.
    let users = included.iter().map(|(group, ..)| group.count(candidates)).sum();
    let new = carrier.new.map(|new| NewSource { users, ..new });
    for (group, name, by) in included {
        let findings = about(key, &group.members(candidates));
        let include = Some(Include { component: carrier.dir.clone(), by });
        let source = Source::existing(group, name, None, findings);
        placed.sources.push(Source { new: new.clone(), include, ..source });
    }
    placed
}

/// The Component for a source: one that carries it, or one to be written where the configuration
/// says, or beside others of the kind.
fn carrier(
    placing: Placing<'_, '_>,
    key: &SourceKey,
    members: &[&Candidate<'_>],
    carried: &[(String, New)],
) -> Result<Carrier, Finding> {
    let Placing { view, staged, settings, .. } = placing;
    let configured = settings.chart(&key.chart).and_then(|chart| chart.component.as_ref());
    if let Some((dir, name)) = carrying(view, key, carried, configured) {
        return Ok(Carrier { dir, name, new: None });
    }
    let clusters: BTreeSet<String> = members.iter().flat_map(|member| member.clusters.clone()).collect();
    let name = name_for(view, key, &clusters, None, staged)?;
    let dir = match configured {
        Some(dir) if name == key.chart => Some(dir.clone()),
        Some(dir) => RepoPath::new(&format!("{dir}-{}", dashed(key.version.text()))).ok(),
        None => {
            let all: Vec<&RepoPath> = settings.charts.iter().filter_map(|chart| chart.component.as_ref()).collect();
            home_of_siblings(view, &all).and_then(|home| home.join(&name))
        }
    };
    let Some(dir) = dir else {
        let message = format!("no Component of this repository shows where one for {name} belongs");
        return Err(Finding::error(codes::NO_COMPONENT_PLACE, message));
    };
    if view.tree().holds(&dir) || view.tree().entry(&dir).is_some() {
        let message = format!("{dir} already exists and does not carry {name}");
        return Err(Finding::error(codes::NAME_TAKEN, message));
    }
    let place = Place {
        name: name.clone(),
        namespace: None,
        file: dir.join(FILE).expect("a file name is valid in a path"),
        beside: members[0].release.at.path.clone(),
        listed_in: BTreeSet::new(),
        api_version: api_version(view, &clusters)?,
    };
    let (interval, _) = interval(members);
    let spec = Spec { key: key.clone(), interval, carried: carried.to_vec(), comments: Vec::new() };
    Ok(Carrier { dir, name, new: Some(NewSource { place, spec, users: 0 }) })
}

/// The kustomizations that are to include the Component for a group, one in each cluster, and the
/// name that the source has there. Proven: each cluster then has it in that namespace, from one
/// Flux Kustomization.
fn include_in(
    placing: Placing<'_, '_>,
    group: &Group,
    carried: &[(String, New)],
    carrier: &Carrier,
) -> Result<(String, BTreeSet<RepoPath>), Finding> {
    let Placing { view, candidates, .. } = placing;
    let (key, namespace) = (&group.key, group.namespace());
    let refuse = |code, message: String| refusal(group.members(candidates)[0].release, code, message);
    let mut by = BTreeSet::new();
    for cluster in &group.clusters {
        let Some(path) = kustomization(placing, group, cluster) else {
            let what = format!("all releases of {} in {namespace} on {cluster}", key.chart);
            let message = format!("no kustomization above {what} sets that namespace");
            return Err(refuse(codes::NAMESPACE_NOT_SET, message));
        };
        // Releases that cannot have it do not count as its users.
        if let Some(reason) = never_changed(view, [&path]) {
            return Err(reason);
        }
        by.insert(path);
    }
    if by.is_empty() {
        let message = format!("no cluster applies a release of {} in {namespace}", key.chart);
        return Err(refuse(codes::NO_PLACE, message));
    }
    let concerned = view.graph().clusters.entries().filter(|(_, cluster)| group.clusters.contains(&cluster.name));
    let concerned: Vec<ClusterId> = concerned.map(|(id, _)| id).collect();
    let applied = Sources::of(view);
    if let Some(taken) = concerned.iter().find_map(|cluster| applied.named(*cluster, namespace, &carrier.name).first())
    {
        let (name, at) = (&carrier.name, &taken.source.at);
        let message = format!("{namespace} already has the OCIRepository {name}, from {at}");
        return Err(refuse(codes::NAME_TAKEN, message));
    }
    let trial = trial(view, carrier, &by)?;
    let Some(name) = existing(&trial, key, carried, &group.clusters, namespace) else {
        let paths: Vec<&str> = by.iter().map(RepoPath::as_str).collect();
        let message =
            format!("a Component included by {} would not bring the source to {namespace}", paths.join(" and "));
        return Err(refuse(codes::OTHER_NAMESPACE, message));
    };
    let now = Sources::of(&trial);
    for cluster in concerned {
        let owners = now.named(cluster, namespace, &name);
        if owners.len() != 1 || !fits(&trial, owners[0].source, key, carried) {
            let cluster = &view.graph().clusters[cluster].name;
            let message = format!("{} Flux Kustomizations would own {namespace}/{name} on {cluster}", owners.len());
            return Err(refuse(codes::SEVERAL_OWNERS, message));
        }
    }
    Ok((name, by))
}

/// The view in which the Component exists and is included.
fn trial(view: &View, carrier: &Carrier, by: &BTreeSet<RepoPath>) -> Result<View, Finding> {
    let mut edits = Edits::of(view);
    if let Some(new) = &carrier.new {
        write_component(&mut edits, view, &new.spec, &new.place)?;
    }
    by.iter().try_for_each(|path| include(&mut edits, view, path, &carrier.dir))?;
    let (changes, _) = edits.finish()?;
    view.with(&changes).map_err(|error| Finding::error(codes::NAME_TAKEN, error.to_string()))
}

/// Makes a kustomization include a Component.
///
/// # Errors
/// If it cannot be edited.
pub(super) fn include<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    kustomization: &RepoPath,
    component: &RepoPath,
) -> Result<(), Finding> {
    list(edits, view, kustomization, "components", component, None)
}

/// The outermost kustomization that sets the namespace and is above all releases of the group on a
/// cluster: above their Flux Kustomizations, if it puts these into the same namespace, otherwise
/// above the releases themselves. The outermost, so that the source has one owner and its place
/// does not depend on which releases are left.
fn kustomization(placing: Placing<'_, '_>, group: &Group, cluster: &str) -> Option<RepoPath> {
    let graph = placing.view.graph();
    let mut common: Option<Vec<RepoPath>> = None;
    for member in group.members(placing.candidates) {
        for reach in member.reaches.iter().filter(|reach| graph.clusters[reach.cluster].name == *cluster) {
            let applying = &graph.kustomizations[reach.kustomization];
            let of_applying = graph.reaches(&applying.at).iter().filter(|other| {
                other.cluster == reach.cluster
                    && other.name == applying.name
                    && other.namespace.as_deref() == Some(&applying.namespace)
            });
            let here: Vec<RepoPath> =
                of_applying.chain([reach]).flat_map(|reach| setting(placing.view, reach, group.namespace())).collect();
            common = Some(match common {
                None => here,
                Some(common) => common.into_iter().filter(|path| here.contains(path)).collect(),
            });
        }
    }
    common?.into_iter().next()
}

/// The kustomizations above an object that set a namespace, the outermost first.
fn setting(view: &View, reach: &Reach, namespace: &str) -> Vec<RepoPath> {
    let sets = |path: &&RepoPath| {
        let kustomization = view.kustomization(&path.dir());
        kustomization.is_some_and(|kustomization| kustomization.namespace.as_deref() == Some(namespace))
    };
    reach.through.iter().filter(sets).cloned().collect()
}
