//! Gates of recipes in git: what opens them is what the branches of clusters have.

use crate::support::Repo;

/// Two clusters on two branches, both of which apply one ConfigMap, and a recipe with two stages.
fn two_branches() -> Repo {
    let repo = Repo::empty();
    for cluster in ["edge", "main"] {
        let kustomization = |name: &str, path: &str| {
            format!(
                "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {{name: {name}, namespace: flux-system}}\n\
                 spec: {{path: ./kubernetes/{path}, interval: 1h, prune: true, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
            )
        };
        let source = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: flux-system, namespace: flux-system}}\n\
             spec: {{url: https://git.example.org/home, ref: {{branch: {cluster}}}}}\n"
        );
        let text = [source, kustomization("flux-system", cluster), kustomization("shared", "shared")].concat();
        repo.write(&format!("kubernetes/{cluster}/cluster.yaml"), text);
    }
    let shared = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: web}\ndata:\n  old: x\n";
    repo.write("kubernetes/shared/config.yaml", shared);
    let stages = "  - {name: widen, do: [{copy-key: old, to: new, at: data}]}\n  \
                  - {name: narrow, do: [{drop-key: old, if-copied: new, at: data}]}\n";
    let recipe = format!("recipe: 1\nname: steps\nsummary: s\nselect: {{kind: ConfigMap.core}}\nstages:\n{stages}");
    repo.write(".flux-codemod/recipes/steps.yaml", recipe);
    let repo = repo.commit();
    repo.git(&["branch", "edge"]);
    repo
}

/// The state of the unit of the second stage, and for which clusters it is held.
fn narrow(repo: &Repo) -> (String, Vec<String>) {
    let run = repo.run(&["plan", "steps", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
    let unit = plan["units"].as_array().unwrap().iter().find(|unit| unit["stage"] == "narrow");
    let unit = unit.unwrap_or_else(|| panic!("{plan:#}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let held = unit["held"].as_array().unwrap().iter();
    let why = |finding: &serde_json::Value| {
        let message = text(&finding["message"]);
        format!("{} {}", text(&finding["code"]), message.split(' ').next().unwrap())
    };
    (text(&unit["state"]), held.map(why).collect())
}

#[test]
fn only_what_both_branches_have_opens_a_gate() {
    let repo = two_branches();
    let both =
        |clusters: &[&str]| ("held".to_owned(), clusters.iter().map(|name| format!("gate-closed {name}")).collect());
    // Nobody plans the second stage before the first has something to follow.
    repo.run(&["apply", "steps", "--review"]);
    assert!(repo.read("kubernetes/shared/config.yaml").contains("  new: x\n"));
    assert_eq!(narrow(&repo), both(&["edge", "main"]), "what is not committed opens no gate");
    repo.git(&["commit", "--quiet", "--all", "--message", "widen"]);
    assert_eq!(narrow(&repo), both(&["edge"]), "what both clusters apply waits for both");
    repo.git(&["branch", "--force", "edge", "main"]);
    // What is left is promotion, which holds all migrations alike.
    let (_, left) = narrow(&repo);
    assert!(left.iter().all(|why| why.starts_with("held-for-cluster ")), "{left:?}");
}
