use std::collections::BTreeMap;

use super::layout::count;
use super::{Layout, visible};
use crate::flux::{Cluster, Flag, Followed, FollowedBranch, Graph, Object, Position, ReleasesRoot, States, View};
use crate::plan::{Migration, Plan, Safety, apart};
use crate::repo::RepoPath;

/// The clusters and the roadmap: what is pending where.
pub fn list_as_text(view: &View, plan: &Plan, migrations: &[&dyn Migration], layout: &Layout) -> String {
    let mut out = String::from("clusters\n");
    let graph = view.graph();
    if graph.clusters.is_empty() {
        out.push_str(
            &layout.fold("  ", "none found: no Flux Kustomization applies itself, and there is no FluxInstance"),
        );
        out.push('\n');
    }
    for (id, cluster) in graph.clusters.entries() {
        let releases = view.releases().iter();
        let releases =
            releases.filter(|release| graph.reaches(&release.at).iter().any(|reach| reach.cluster == id)).count();
        let path =
            if cluster.in_tree { cluster.path.to_string() } else { format!("{} (not in this tree)", cluster.path) };
        let (branch, flux) = (branch(view, cluster), flux(view, cluster));
        let about = format!("follows {branch}, {flux}, {}, from {path}", count(releases, "release"));
        out.push_str(&layout.fold(&format!("  {:<10} ", visible(&cluster.name)), &about));
        out.push('\n');
        let more = cluster.releases_roots.iter().map(|own| root(graph, own)).chain(flags(view, cluster));
        for line in more {
            out.push_str(&layout.fold_deeper(&" ".repeat(13), &" ".repeat(15), &line));
            out.push('\n');
        }
    }
    let none = |kind: fn(&Object) -> bool| view.unreached().filter(|object| kind(object)).count();
    let unreached =
        [(none(Object::is_helm_release), "release"), (none(Object::is_flux_kustomization), "Flux Kustomization")];
    let unreached: Vec<_> =
        unreached.iter().filter(|(number, _)| *number > 0).map(|(n, noun)| count(*n, noun)).collect();
    if !unreached.is_empty() {
        let text = format!("{} that no cluster applies", unreached.join(" and "));
        out.push_str(&layout.fold(&format!("  {:<10} ", "(none)"), &text));
        out.push('\n');
    }
    if view.followed().is_none() && graph.clusters.iter().any(|cluster| cluster.branch.is_some()) {
        out.push_str(&layout.fold("  ", "this is no git repository: what the branches themselves say is not known"));
        out.push('\n');
    }
    out.push_str("\nroadmap\n");
    for migration in migrations {
        let meta = migration.meta();
        let head = format!("  phase {}  {}@{}  ", meta.phase, meta.id, meta.version);
        out.push_str(&layout.fold(&head, meta.summary));
        out.push('\n');
        let mut lanes: Vec<String> = plan.units.iter().map(|unit| unit.lane.to_string()).collect();
        lanes.sort();
        lanes.dedup();
        if lanes.is_empty() {
            out.push_str("    nothing to do\n");
        }
        for lane in lanes {
            let of = |safety: Safety| {
                let units =
                    plan.units.iter().filter(|unit| unit.lane.to_string() == lane && unit.id.migration == meta.id);
                units.filter(|unit| unit.safety == safety).count()
            };
            let mut pending = format!(
                "{} pending, {} to review, {} refused",
                of(Safety::Safe),
                of(Safety::Review),
                of(Safety::Refused)
            );
            if of(Safety::OptedOut) > 0 {
                pending.push_str(&format!(", {} opted out", of(Safety::OptedOut)));
            }
            out.push_str(&format!("    {:<10} {pending}\n", visible(&lane)));
        }
    }
    out
}

/// The branch of a cluster, which ref was taken for it, and how far it is from HEAD.
fn branch(view: &View, cluster: &Cluster) -> String {
    let Some(name) = &cluster.branch else { return "no branch".to_owned() };
    match view.followed().and_then(|following| following.of(cluster)) {
        None => format!("branch {name}"),
        Some(Followed::NotHere { .. }) => format!("branch {name} (not here)"),
        Some(Followed::Here(FollowedBranch { reference, is_remote, position, .. })) => {
            let which = if *is_remote { reference } else { "the local branch" };
            match position {
                Position::AtHead => format!("branch {name} ({which})"),
                Position::Apart { ahead, behind } => format!("branch {name} ({which}), {}", apart(*ahead, *behind)),
                Position::Unknown => format!("branch {name} ({which}), how far from HEAD is not known"),
            }
        }
    }
}

/// The version of Flux, and who states it where that is not what one would expect.
fn flux(view: &View, cluster: &Cluster) -> String {
    let version = cluster.flux.map_or("Flux version not stated".to_owned(), |version| format!("Flux {version}"));
    match view.followed().and_then(|following| following.of(cluster)) {
        None | Some(Followed::Here(FollowedBranch { states: States::TheSame, .. })) => version,
        Some(Followed::Here(FollowedBranch { states: States::Own { .. }, .. })) => format!("{version} there"),
        Some(_) => format!("{version} here"),
    }
}

fn root(graph: &Graph, root: &ReleasesRoot) -> String {
    let own = &graph.kustomizations[root.kustomization];
    let applies = [(root.kustomizations, "Kustomization"), (root.releases, "release")];
    let applies: Vec<_> = applies.iter().filter(|(number, _)| *number > 0).map(|(n, noun)| count(*n, noun)).collect();
    format!("releases root {}/{}: {}, in {}", own.namespace, own.name, applies.join(" and "), own.at)
}

/// The flags of the controllers, one line for each place that states one.
fn flags(view: &View, cluster: &Cluster) -> Vec<String> {
    let followed = view.followed().and_then(|following| following.of(cluster));
    let there = matches!(followed, Some(Followed::Here(FollowedBranch { states: States::Own { .. }, .. })));
    let there = if there { " there" } else { "" };
    let mut places: BTreeMap<(&RepoPath, usize, Flag), Vec<&str>> = BTreeMap::new();
    for own in &cluster.controller_flags {
        places.entry((&own.path, own.line, own.flag)).or_default().push(own.controller);
    }
    let line = |((path, line, flag), controllers): (_, Vec<&str>)| {
        format!("{flag} for {}, at {path}:{line}{there}", controllers.join(", "))
    };
    places.into_iter().map(line).collect()
}
