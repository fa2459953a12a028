use std::collections::BTreeMap;

use super::layout::count;
use super::{Layout, visible};
use crate::flux::{
    Cluster, Flag, Followed, FollowedBranch, Graph, Object, Position, ReleasesRoot, SourceRef, States, View,
};
use crate::plan::{Migration, Plan, Safety, Unit, apart};
use crate::repo::RepoPath;

/// The clusters, and the roadmap: what is pending on which cluster.
pub fn list_as_text(view: &View, plan: &Plan, migrations: &[&dyn Migration], layout: &Layout) -> String {
    let mut out = String::from("clusters\n");
    clusters(view, layout, &mut out);
    out.push_str("\nroadmap\n");
    for migration in migrations {
        let meta = migration.meta();
        let head = format!("  phase {}  {}@{}  ", meta.phase, meta.id, meta.version);
        out.push_str(&layout.fold(&head, meta.summary));
        out.push('\n');
        let of_migration = plan.units.iter().filter(|unit| unit.id.migration == meta.id);
        pending(&of_migration.collect::<Vec<_>>(), &mut out);
    }
    out
}

/// How many units of each lane are pending, for review, refused or opted out. What is zero is left
/// out.
fn pending(units: &[&Unit], out: &mut String) {
    let mut lanes: BTreeMap<String, Vec<Safety>> = BTreeMap::new();
    for unit in units {
        lanes.entry(unit.lane.to_string()).or_default().push(unit.safety);
    }
    if lanes.is_empty() {
        out.push_str("    nothing to do\n");
    }
    for (lane, safeties) in lanes {
        let number = |safety: Safety| safeties.iter().filter(|other| **other == safety).count();
        let counts = [
            (number(Safety::Safe), "pending"),
            (number(Safety::Review), "to review"),
            (number(Safety::Refused), "refused"),
            (number(Safety::OptedOut), "opted out"),
        ];
        let lane = if lane == "none" { "(none)".to_owned() } else { lane };
        out.push_str(&format!("    {:<10} {}\n", visible(&lane), counts_as_text(&counts)));
    }
}

/// Numbers with what they count: `18 pending, 5 refused`. What is zero is left out.
pub(super) fn counts_as_text(counts: &[(usize, &str)]) -> String {
    let counts: Vec<_> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    counts.join(", ")
}

fn clusters(view: &View, layout: &Layout, out: &mut String) {
    let graph = view.graph();
    if graph.clusters.is_empty() {
        let none = "none found: no Flux Kustomization applies itself, and there is no FluxInstance";
        out.push_str(&layout.fold("  ", none));
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
        let roots = cluster.releases_roots.iter().map(|releases_root| root(graph, releases_root));
        for line in assumption(cluster).into_iter().chain(roots).chain(flags(view, cluster)) {
            out.push_str(&layout.fold_deeper(&" ".repeat(13), &" ".repeat(15), &line));
            out.push('\n');
        }
    }
    let number = |kind: fn(&Object) -> bool| view.unreached().filter(|object| kind(object)).count();
    let unreached =
        [(number(Object::is_helm_release), "release"), (number(Object::is_flux_kustomization), "Flux Kustomization")];
    let unreached: Vec<_> =
        unreached.iter().filter(|(number, _)| *number > 0).map(|(n, noun)| count(*n, noun)).collect();
    if !unreached.is_empty() {
        let text = format!("{} that no cluster applies", unreached.join(" and "));
        out.push_str(&layout.fold(&format!("  {:<10} ", "(none)"), &text));
        out.push('\n');
    }
    if view.followed().is_none() && graph.clusters.iter().any(|cluster| cluster.branch.is_some()) {
        let text = "this is not a git repository: what is on these branches is not known";
        out.push_str(&layout.fold("  ", text));
        out.push('\n');
    }
}

/// The branch of a cluster, which ref was used for it, and how far it is from HEAD.
fn branch(view: &View, cluster: &Cluster) -> String {
    let Some(name) = &cluster.branch else { return "no branch".to_owned() };
    match view.followed().and_then(|following| following.of(cluster)) {
        None => format!("branch {name}"),
        Some(Followed::NotHere { .. }) => format!("branch {name} (not fetched)"),
        Some(Followed::Here(FollowedBranch { reference, is_remote, position, .. })) => {
            let which = if *is_remote { reference } else { "the local branch" };
            match position {
                Position::AtHead => format!("branch {name} ({which})"),
                Position::Apart { ahead, behind } => format!("branch {name} ({which}), {}", apart(*ahead, *behind)),
                Position::Unknown => format!("branch {name} ({which}), its distance from HEAD is not known"),
            }
        }
    }
}

/// The version of Flux, and where it is stated if that is not what one would expect.
fn flux(view: &View, cluster: &Cluster) -> String {
    let version = cluster.flux.map_or("Flux version unknown".to_owned(), |version| format!("Flux {version}"));
    match view.followed().and_then(|following| following.of(cluster)) {
        None | Some(Followed::Here(FollowedBranch { states: States::TheSame, .. })) => version,
        Some(Followed::Here(FollowedBranch { states: States::Own { .. }, .. })) => format!("{version} on that branch"),
        Some(_) => format!("{version} in the checked-out files"),
    }
}

/// That the source of a cluster is this repository, if no file says so.
fn assumption(cluster: &Cluster) -> Option<String> {
    let SourceRef { kind, name, namespace } = &cluster.source;
    let namespace = namespace.as_deref().unwrap_or("flux-system");
    let text = format!("assumed: {kind} {namespace}/{name}, which no file states, is this repository");
    cluster.source_is_assumed.then_some(text)
}

fn root(graph: &Graph, root: &ReleasesRoot) -> String {
    let kustomization = &graph.kustomizations[root.kustomization];
    let applies = [(root.kustomizations, "Kustomization"), (root.releases, "release")];
    let applies: Vec<_> = applies.iter().filter(|(number, _)| *number > 0).map(|(n, noun)| count(*n, noun)).collect();
    format!("releases root {}: {}, in {}", kustomization.full_name(), applies.join(" and "), kustomization.at)
}

/// The flags of the controllers, one line for each place that states one.
fn flags(view: &View, cluster: &Cluster) -> Vec<String> {
    let followed = view.followed().and_then(|following| following.of(cluster));
    let is_there = matches!(followed, Some(Followed::Here(FollowedBranch { states: States::Own { .. }, .. })));
    let on_branch = if is_there { " on that branch" } else { "" };
    let mut places: BTreeMap<(&RepoPath, usize, Flag), Vec<&str>> = BTreeMap::new();
    for flag in &cluster.controller_flags {
        places.entry((&flag.path, flag.line, flag.flag)).or_default().push(flag.controller);
    }
    let line = |((path, line, flag), controllers): (_, Vec<&str>)| {
        format!("{flag} for {}, at {path}:{line}{on_branch}", controllers.join(", "))
    };
    places.into_iter().map(line).collect()
}
