//! `list`: the clusters, and the roadmap.

mod json;
mod row;

use std::collections::{BTreeMap, BTreeSet};

pub use self::json::{ListDocument, list_as_json};
use self::row::{Row, Why};
use super::layout::count;
use super::{Layout, visible};
use crate::flux::{
    Cluster, Flag, Followed, FollowedBranch, Graph, Object, Position, ReleasesRoot, SourceRef, States, View,
};
use crate::plan::{Migration, Phase, Plan, Promotion, Selection, State, apart};
use crate::repo::RepoPath;

/// The clusters, and the roadmap: what is pending on which cluster. `unused` are built-in recipes that
/// are not part of it.
pub fn list_as_text(
    view: &View,
    plan: &Plan,
    selection: &Selection<'_>,
    promotion: &Promotion,
    migrations: &[&dyn Migration],
    unused: &[&str],
    layout: &Layout,
) -> String {
    let mut out = format!("{}\n", layout.heading("clusters"));
    clusters(view, layout, &mut out);
    out.push_str(&format!("\n{}\n", layout.heading("roadmap")));
    let rows = |migration: &&dyn Migration| {
        let id = migration.meta().id;
        let of_migration: Vec<_> = selection.states().filter(|(unit, _)| unit.id.migration == id).collect();
        Row::all(&of_migration, id, promotion, view.graph().clusters.len())
    };
    let rows: Vec<Vec<Row>> = migrations.iter().map(rows).collect();
    let shared = shared(&rows);
    for (migration, rows) in migrations.iter().zip(&rows) {
        let meta = migration.meta();
        let phase = if meta.phase == Phase::NONE { "in between".to_owned() } else { format!("phase {}", meta.phase) };
        let head = format!("  {phase}  {}@{}  ", meta.id, meta.version);
        out.push_str(&layout.fold(&head, meta.summary));
        out.push('\n');
        if rows.is_empty() {
            out.push_str("    nothing to do\n");
        }
        for row in rows {
            let why = row.why().filter(|why| !shared.contains_key(why));
            let why = why.map(|why| why.behind_counts()).unwrap_or_default();
            let head = format!("    {:<10} ", visible(&row.lane));
            out.push_str(&layout.fold_deeper(&head, &" ".repeat(15), &format!("{}{why}", row.shown())));
            out.push('\n');
        }
        if let Some(left) = plan.out_of_scope.get(meta.id).filter(|left| left.count > 0) {
            out.push_str(&layout.fold("    ", &format!("out of scope: {}", left.what)));
            out.push('\n');
        }
    }
    for (why, lanes) in shared {
        let lanes: Vec<_> = lanes.into_iter().map(visible).collect();
        out.push_str(&layout.fold("  ", &why.of(&lanes.join(", "))));
        out.push('\n');
    }
    if !unused.is_empty() {
        let text = format!("built-in recipes, run when you name them: {}", unused.join(", "));
        out.push_str(&layout.fold("  ", &text));
        out.push('\n');
    }
    out
}

/// The reasons of several rows, with their lanes: they are told once, behind all rows.
fn shared(rows: &[Vec<Row>]) -> BTreeMap<Why<'_>, BTreeSet<&str>> {
    let mut all: BTreeMap<Why<'_>, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for row in rows.iter().flatten() {
        if let Some(why) = row.why() {
            let (count, lanes) = all.entry(why).or_default();
            *count += 1;
            lanes.insert(&row.lane);
        }
    }
    all.into_iter().filter(|(_, (count, _))| *count > 1).map(|(why, (_, lanes))| (why, lanes)).collect()
}

/// How many units are in each state: `18 pending, 5 refused`. What is zero is left out.
pub(super) fn states_as_text(states: &BTreeMap<State, usize>) -> String {
    let counts: Vec<(usize, String)> = states.iter().map(|(state, number)| (*number, state.to_string())).collect();
    counts_as_text(&counts.iter().map(|(number, what)| (*number, what.as_str())).collect::<Vec<_>>())
}

/// Numbers with what they count: `18 pending, 5 refused`. What is zero is left out.
pub fn counts_as_text(counts: &[(usize, &str)]) -> String {
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
