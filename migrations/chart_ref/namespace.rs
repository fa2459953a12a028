//! Strategy `namespace`: a Component carries the source, and a kustomization that already sets the namespace includes it once.
//!
//! ```yaml
//! # kubernetes/main/apps/media/kustomization.yaml
//! namespace: media                  namespace: media
//! resources:                        resources:
//!   - ./plex/ks.yaml          →       - ./plex/ks.yaml
//!                                   components:
//!                                     - ../../../components/app-template
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::release::{Candidate, at_release, finding};
use super::settings::ChartRefSettings;
use super::strategy::Home;
use super::survey::{Include, NewSource, Source, about, agreed, interval};
use crate::flux::{ClusterId, Reach, View};
use crate::migrations::sources::component::{FILE, carrying, home_of_siblings, write_component};
use crate::migrations::sources::find::{Sources, existing, fits};
use crate::migrations::sources::name::{dashed, name_among};
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::list;
use crate::migrations::sources::{SourceKey, Spec};
use crate::plan::author::refused_edit;
use crate::plan::{Finding, Severity};
use crate::repo::{Changes, RepoPath};
use crate::yaml::New;

/// Releases of one key in one namespace.
struct Group {
    namespace: String,
    clusters: BTreeSet<String>,
    users: BTreeSet<usize>,
}

/// A Component that carries the source: there already, or to be written.
struct Carrier {
    dir: RepoPath,
    name: String,
    new: Option<NewSource>,
}

/// Finds the source of a key in each namespace of its releases, or includes it there. Gives what could be, and why the releases of the rest
/// must stay.
pub(super) fn sources(
    view: &View,
    key: &SourceKey,
    users: BTreeSet<usize>,
    candidates: &[Candidate<'_>],
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> (Vec<Source>, Vec<(BTreeSet<usize>, Finding)>) {
    let members = |users: &BTreeSet<usize>| users.iter().map(|user| &candidates[*user]).collect::<Vec<_>>();
    let carried = match agreed(key, &members(&users)) {
        Ok(carried) => carried,
        Err(reason) => return (Vec::new(), vec![(users, reason)]),
    };
    let (mut sources, mut refused, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups(users, candidates) {
        let source = |name: String, new, include| Source {
            key: key.clone(),
            home: Home::Namespace(group.namespace.clone()),
            users: group.users.clone(),
            clusters: group.clusters.clone(),
            name,
            namespace: None,
            new,
            include,
            findings: about(key, &members(&group.users)),
        };
        match existing(view, key, &carried, &group.clusters, &group.namespace) {
            Some(name) => sources.push(source(name, None, None)),
            None => missing.push(group),
        }
    }
    let all: BTreeSet<usize> = missing.iter().flat_map(|group| group.users.clone()).collect();
    if all.is_empty() {
        return (sources, refused);
    }
    let carrier = match carrier(view, key, &members(&all), &carried, staged, settings) {
        Ok(carrier) => carrier,
        Err(reason) => return (sources, vec![(all, reason)]),
    };
    let first = sources.len();
    for group in missing {
        match included(view, key, &carried, &group, candidates, &carrier) {
            Ok((name, by)) => sources.push(Source {
                key: key.clone(),
                home: Home::Namespace(group.namespace),
                findings: about(key, &members(&group.users)),
                users: group.users,
                clusters: group.clusters,
                name,
                namespace: None,
                new: carrier.new.clone(),
                include: Some(Include { component: carrier.dir.clone(), by }),
            }),
            Err(reason) => refused.push((group.users, reason)),
        }
    }
    // The Component is for those that can include it.
    let number = |source: &Source| source.users.iter().map(|user| 1 + candidates[*user].also.len()).sum::<usize>();
    let users = sources[first..].iter().map(number).sum();
    sources[first..].iter_mut().filter_map(|source| source.new.as_mut()).for_each(|new| new.users = users);
    (sources, refused)
}

fn groups(users: BTreeSet<usize>, candidates: &[Candidate<'_>]) -> Vec<Group> {
    let mut groups: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for user in users {
        let Ok(want) = &candidates[user].verdict else { continue };
        let Home::Namespace(namespace) = &want.home else { continue };
        groups.entry(namespace).or_default().insert(user);
    }
    let group = |(namespace, users): (&str, BTreeSet<usize>)| {
        let clusters = users.iter().flat_map(|user| candidates[*user].clusters.clone()).collect();
        Group { namespace: namespace.to_owned(), clusters, users }
    };
    groups.into_iter().map(group).collect()
}

/// The Component for a source: one that carries it, or one to be written where the configuration says, or beside others of the kind.
fn carrier(
    view: &View,
    key: &SourceKey,
    members: &[&Candidate<'_>],
    carried: &[(String, New)],
    staged: &[SourceKey],
    settings: &ChartRefSettings,
) -> Result<Carrier, Finding> {
    let configured = settings.chart(&key.chart).and_then(|chart| chart.component.as_ref());
    if let Some((dir, name)) = carrying(view, key, carried, configured) {
        return Ok(Carrier { dir, name, new: None });
    }
    let clusters: BTreeSet<String> = members.iter().flat_map(|user| user.clusters.clone()).collect();
    let refuse = |code, path: Option<RepoPath>, message| Err(finding(Severity::Error, code, path, None, message));
    let name = match name_among(view, key, &clusters, None, staged) {
        Ok(name) => name,
        Err((name, holder)) => {
            let message =
                format!("the source of {} {} would be {name}, which {holder} has", key.url, key.version.text());
            return refuse(codes::NAME_TAKEN, None, message);
        }
    };
    let dir = match configured {
        Some(dir) if name == key.chart => Some(dir.clone()),
        Some(dir) => RepoPath::new(&format!("{dir}-{}", dashed(key.version.text()))).ok(),
        None => home_of_siblings(view).and_then(|home| home.join(&name)),
    };
    let Some(dir) = dir else {
        let message = format!("there is no Component to learn from where one for {name} would go");
        return refuse(codes::COMPONENT_PLACE, None, message);
    };
    if view.tree().holds(&dir) || view.tree().entry(&dir).is_some() {
        return refuse(
            codes::NAME_TAKEN,
            None,
            format!("there is something in {dir} already that does not carry {name}"),
        );
    }
    let Some(api_version) = api_version(view, &clusters) else {
        let message = "the version of Flux is not stated, and there is no OCIRepository on the cluster to learn from";
        return refuse(codes::FLUX_UNKNOWN, None, message.into());
    };
    let file = dir.join(FILE).expect("a name is one part of a path");
    let beside = members[0].release.at.path.clone();
    let place =
        Place { name: name.clone(), namespace: None, file, beside, listed_in: BTreeSet::new(), api_version };
    let (interval, _) = interval(members);
    let spec = Spec { key: key.clone(), interval, carried: carried.to_vec(), comments: Vec::new() };
    Ok(Carrier { dir, name, new: Some(NewSource { place, spec, users: 0 }) })
}

/// The kustomizations that are to include the Component for a group, one in each cluster, and the name that the source has there. Proven: each
/// cluster then has it in that namespace, from one Flux Kustomization.
fn included(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    group: &Group,
    candidates: &[Candidate<'_>],
    carrier: &Carrier,
) -> Result<(String, BTreeSet<RepoPath>), Finding> {
    let namespace = &group.namespace;
    let first = candidates[*group.users.first().expect("a group has releases")].release;
    let refuse = |code, message: String| at_release(first, Severity::Error, code, message);
    let mut by = BTreeSet::new();
    for cluster in &group.clusters {
        let common = kustomization(view, group, candidates, cluster).ok_or_else(|| {
            let message = format!(
                "no kustomization through which all releases of {} in {namespace} come on {cluster} sets that namespace",
                key.chart
            );
            refuse(codes::WOULD_MOVE, message)
        })?;
        if let Some(barred) = view.barred(&common) {
            return Err(refuse(crate::plan::codes::UNTOUCHABLE_FILE, format!("{common} is never touched ({barred})")));
        }
        by.insert(common);
    }
    if by.is_empty() {
        let message = format!("no cluster applies a release of {} in {namespace}", key.chart);
        return Err(refuse(codes::SOURCE_PLACE, message));
    }
    let concerned = view.graph().clusters.entries().filter(|(_, cluster)| group.clusters.contains(&cluster.name));
    let concerned: Vec<ClusterId> = concerned.map(|(id, _)| id).collect();
    let there = Sources::of(view);
    if let Some(taken) = concerned.iter().find_map(|cluster| there.named(*cluster, namespace, &carrier.name).first()) {
        let message = format!("{namespace} has the OCIRepository {} from {} already", carrier.name, taken.source.at);
        return Err(refuse(codes::NAME_TAKEN, message));
    }
    let trial = trial(view, carrier, &by)?;
    let Some(name) = existing(&trial, key, carried, &group.clusters, namespace) else {
        let paths: Vec<&str> = by.iter().map(RepoPath::as_str).collect();
        let message =
            format!("a Component included by {} would not bring the source to {namespace}", paths.join(" and "));
        return Err(refuse(codes::SOURCE_NAMESPACE, message));
    };
    let now = Sources::of(&trial);
    for cluster in concerned {
        let owners = now.named(cluster, namespace, &name);
        if owners.len() != 1 || !owners.iter().all(|own| fits(&trial, own.source, key, carried)) {
            let cluster = &view.graph().clusters[cluster].name;
            let message = format!("{} Flux Kustomizations would own {namespace}/{name} on {cluster}", owners.len());
            return Err(refuse(codes::SEVERAL_OWNERS, message));
        }
    }
    Ok((name, by))
}

/// The view in which the Component is there and included.
fn trial(view: &View, carrier: &Carrier, by: &BTreeSet<RepoPath>) -> Result<View, Finding> {
    let file = carrier.dir.join(FILE).expect("a name is one part of a path");
    let mut changes = Changes::new();
    if let Some(new) = &carrier.new {
        changes = write_component(view, &new.spec, &new.place).map_err(|error| refused_edit(&file, &error))?;
    }
    for path in by {
        include(view, path, &carrier.dir, &mut changes).map_err(|error| refused_edit(path, &error))?;
    }
    view.with(&changes)
        .map_err(|error| finding(Severity::Error, codes::NAME_TAKEN, Some(file.clone()), None, error.to_string()))
}

/// Sees to it that a kustomization includes a Component.
///
/// # Errors
/// Where it cannot be edited.
pub(super) fn include(
    view: &View,
    kustomization: &RepoPath,
    component: &RepoPath,
    changes: &mut Changes,
) -> Result<(), crate::yaml::Error> {
    list(view, kustomization, "components", component, None, changes)
}

/// The outermost kustomization that sets the namespace and through which all releases of the group come on a cluster: their Flux
/// Kustomizations, where it puts these into the same namespace, else the releases themselves. The outermost, so that the object has one owner
/// and the place does not depend on which releases are left.
fn kustomization(view: &View, group: &Group, candidates: &[Candidate<'_>], cluster: &str) -> Option<RepoPath> {
    let graph = view.graph();
    let mut common: Option<Vec<RepoPath>> = None;
    for user in &group.users {
        let own = graph.reaches(&candidates[*user].release.at).iter();
        for reach in own.filter(|reach| graph.clusters[reach.cluster].name == *cluster) {
            let applying = &graph.kustomizations[reach.kustomization];
            let above = graph.reaches(&applying.at).iter().filter(|other| {
                other.cluster == reach.cluster
                    && other.name == applying.name
                    && other.namespace.as_deref() == Some(&applying.namespace)
            });
            let here: Vec<RepoPath> =
                above.chain([reach]).flat_map(|reach| setting(view, reach, &group.namespace)).collect();
            common = Some(match common {
                None => here,
                Some(common) => common.into_iter().filter(|path| here.contains(path)).collect(),
            });
        }
    }
    common?.into_iter().next()
}

/// The kustomizations on the way of an object that set a namespace, the outermost first.
fn setting(view: &View, reach: &Reach, namespace: &str) -> Vec<RepoPath> {
    let sets = |path: &&RepoPath| {
        view.kustomization(&path.dir()).is_some_and(|own| own.namespace.as_deref() == Some(namespace))
    };
    reach.through.iter().filter(sets).cloned().collect()
}
