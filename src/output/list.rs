use super::layout::count;
use super::{Layout, visible};
use crate::flux::View;
use crate::plan::{Migration, Plan, Safety};

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
    for (number, cluster) in graph.clusters.iter().enumerate() {
        let branch = cluster.branch.as_deref().map_or("no branch".to_owned(), |branch| format!("branch {branch}"));
        let flux = cluster.flux.map_or("Flux version not stated".to_owned(), |version| format!("Flux {version}"));
        let releases = view.releases().iter();
        let releases =
            releases.filter(|release| graph.reaches(&release.at).iter().any(|reach| reach.cluster == number)).count();
        let path =
            if cluster.in_tree { cluster.path.to_string() } else { format!("{} (not in this tree)", cluster.path) };
        let about = format!("follows {branch}, {flux}, {}, from {path}", count(releases, "release"));
        out.push_str(&layout.fold(&format!("  {:<10} ", visible(&cluster.name)), &about));
        out.push('\n');
    }
    let unreached = view.releases().iter().filter(|release| graph.reaches(&release.at).is_empty()).count();
    if unreached > 0 {
        let text = format!("{} that no cluster applies", count(unreached, "release"));
        out.push_str(&layout.fold(&format!("  {:<10} ", "(none)"), &text));
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
