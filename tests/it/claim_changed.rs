//! `doctor` beside the branch that a cluster follows: claims that it cannot take.

use crate::support::Repo;

const CLUSTER: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, prune: true, sourceRef: {kind: GitRepository, name: home}}
";

fn claim(class: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: plex, namespace: media}}\nspec: {{accessModes: \
         [ReadWriteOnce], storageClassName: {class}, resources: {{requests: {{storage: 1Gi}}}}}}\n"
    )
}

#[test]
fn doctor_sees_a_claim_that_changes_before_the_merge() {
    let repo = Repo::empty();
    repo.write("apps/cluster.yaml", CLUSTER).write("apps/claim.yaml", claim("fast"));
    let repo = repo.commit();
    let has_changed = || repo.run(&["doctor"]).stdout.contains("[claim-changed]");
    assert!(!has_changed());
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.write("apps/claim.yaml", claim("slow"));
    assert!(has_changed(), "in the files");
    repo.git(&["commit", "--quiet", "--all", "--message", "slow"]);
    assert!(has_changed(), "on a branch that no cluster follows");
    let text = format!("# flux-codemod: skip[claim-changed] deleted by hand\n---\n{}", claim("slow"));
    repo.write("apps/claim.yaml", text);
    assert!(!has_changed(), "opted out");
    repo.write("apps/claim.yaml", claim("slow"));
    repo.git(&["branch", "--force", "main", "work"]);
    assert!(!has_changed(), "the branch of the cluster has it");
}
