//! Which Flux Kustomizations wait, and for whom: those that something depends on should, the others
//! hold up their parent for nothing.

use super::builds::Builds;
use super::codes::WAITS;
use super::finding;
use super::owners::line;
use crate::finding::{Finding, Severity};
use crate::flux::{ClusterId, FluxKustomization, KustomizationId, Rendered, View};

/// Kinds that others need without saying so.
const NEEDED: [&str; 5] = ["CustomResourceDefinition", "ClusterSecretStore", "SecretStore", "ClusterIssuer", "Issuer"];

/// One finding for each cluster where the two do not agree, with counts alone: which ones they are is in
/// the graph of `dependsOn`.
pub(super) fn findings(view: &View, builds: &Builds) -> Vec<Finding> {
    view.graph().clusters.ids().filter_map(|cluster| of_cluster(view, builds, cluster)).collect()
}

fn of_cluster(view: &View, builds: &Builds, cluster: ClusterId) -> Option<Finding> {
    let graph = view.graph();
    let here: Vec<(KustomizationId, &FluxKustomization)> =
        graph.kustomizations.entries().filter(|(_, flux)| flux.cluster == cluster).collect();
    let has_dependents = |id: KustomizationId| !graph.direct_dependents(id).is_empty();
    let is_needed = |object: &Rendered| NEEDED.contains(&object.kind.as_str());
    let waiting: Vec<KustomizationId> = here.iter().filter(|(_, flux)| flux.wait).map(|(id, _)| *id).collect();
    let idle = waiting.iter().filter(|id| !has_dependents(**id) && !builds.by(**id).iter().any(is_needed)).count();
    let lacks_check = |(id, flux): &&(KustomizationId, &FluxKustomization)| has_dependents(*id) && !flux.waits();
    let unchecked: Vec<KustomizationId> = here.iter().filter(lacks_check).map(|(id, _)| *id).collect();
    // With a check, these would wait for what waits for them: `health-signals` refuses them.
    let built = |id| builds.by(id);
    let cannot = |id: &&KustomizationId| {
        let waits_for_all = view.applied_releases(**id, builds.by(**id)).is_empty();
        view.check_deadlock(**id, &built, waits_for_all).is_some()
    };
    let deadlocks = unchecked.iter().filter(cannot).count();
    let unchecked = unchecked.len();
    if idle == 0 && unchecked == deadlocks {
        return None;
    }
    // What counts nothing is left out.
    let some = |number: usize, text: String| if number == 0 { String::new() } else { text };
    let cannot = some(deadlocks, format!(", and {deadlocks} of these cannot: with a check it would wait for itself"));
    let idle_ones = some(idle, format!("; nothing depends on {idle} of these"));
    let unchecked_ones = some(unchecked, format!("; others depend on {unchecked} that check nothing{cannot}"));
    let at = &graph.clusters[cluster].stated_at;
    let message = format!(
        "cluster {}: {} of {} Flux Kustomizations wait{idle_ones}{unchecked_ones}",
        graph.clusters[cluster].name,
        waiting.len(),
        here.len()
    );
    Some(finding(Severity::Note, WAITS, &at.path, line(view, at), message))
}

#[cfg(test)]
mod tests {
    use crate::doctor::tests::found;

    const CODE: &str = "wait-from-graph";

    fn kustomization(name: &str, more: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
             flux-system}}\nspec: {{path: ./{name}, prune: true, sourceRef: {{kind: GitRepository, name: home}}{more}}}\n---\n"
        )
    }

    #[test]
    fn who_waits_for_nobody() {
        let objects = [
            kustomization("store", ""),
            kustomization("waits", ", wait: true, dependsOn: [{name: store}]"),
            kustomization("crds", ", wait: true"),
        ];
        let crds = "//- crds/crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n";
        let text = format!("//- apps/all.yaml\n{}{crds}", objects.concat());
        let expected = "apps/cluster.yaml: cluster cluster: 2 of 4 Flux Kustomizations wait; nothing depends on 1 of these; others depend on 1 that \
                        check nothing";
        assert_eq!(found(CODE, &text), [expected]);
        // With a check, it would wait for what waits for it.
        let child = format!("//- home/child.yaml\n{}", kustomization("child", ", dependsOn: [{name: home}]"));
        let deadlock = format!("//- apps/all.yaml\n{}{child}", kustomization("home", ""));
        assert_eq!(found(CODE, &deadlock), [""; 0]);
        let agreed = [kustomization("store", ", wait: true"), kustomization("idle", ", dependsOn: [{name: store}]")];
        assert_eq!(found(CODE, &format!("//- apps/all.yaml\n{}", agreed.concat())), [""; 0]);
    }
}
