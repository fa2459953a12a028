//! `gateway-routes`: when Ingresses are cut, and what real Kustomize builds at each stage.

use std::collections::BTreeMap;

use crate::kubectl::kustomize;
use crate::support::{Repo, root};
use serde::Deserialize;
use serde_yaml::Value;

fn beside() -> Repo {
    Repo::copy_of(&root().join("golden/gateway-routes-beside/before"))
}

/// What a run would remove of Ingresses.
fn cuts(diff: &str) -> Vec<&str> {
    let is_cut = |line: &&str| ["-    ingress:", "-kind: Ingress"].iter().any(|begin| line.starts_with(begin));
    diff.lines().filter(is_cut).collect()
}

/// All of a migration, with everything that can be insisted on.
fn diff(repo: &Repo) -> String {
    repo.run_gated(&["diff", "gateway-routes", "--review", "--no-gate"]).stdout
}

fn apply(repo: &Repo) {
    let run = repo.run_gated(&["apply", "gateway-routes", "--review", "--no-gate", "--yes", "--here"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn cuts_wait_for_the_branch() {
    let repo = beside().commit();
    assert_eq!(cuts(&diff(&repo)), [""; 0], "no route is there");
    apply(&repo);
    assert_eq!(diff(&repo), "", "routes are in the files, and not on the branch");
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.git(&["commit", "--quiet", "--all", "--message", "routes"]);
    assert_eq!(diff(&repo), "", "they are on another branch");
    let made = repo.run_gated(&["branch", "gateway-routes", "--review", "--no-gate"]);
    assert!(!repo.git(&["branch"]).contains("cuts"), "{}", made.stdout);
    let plan = repo.run_gated(&["plan", "gateway-routes", "-v"]).stdout;
    assert!(plan.contains("its route is not there yet"), "{plan}");
    repo.git(&["branch", "--force", "main", "work"]);
    assert_eq!(cuts(&diff(&repo)).len(), 7, "{}", diff(&repo));
}

/// Routes are on the branch, and external-dns is as it says here: nothing is cut before it reads them.
fn waits_for_external_dns(repo: Repo, dns: &str) {
    let repo = repo.commit();
    apply(&repo);
    repo.write("network/external-dns.yaml", dns);
    repo.git(&["commit", "--quiet", "--all", "--message", "routes alone"]);
    let diff_now = diff(&repo);
    assert_eq!(cuts(&diff_now), [""; 0]);
    assert!(diff_now.contains("gateway-httproute"), "{diff_now}");
    apply(&repo);
    repo.git(&["commit", "--quiet", "--all", "--message", "external-dns"]);
    assert_ne!(cuts(&diff(&repo)), [""; 0], "the routes are there to be cut for");
}

#[test]
fn cuts_wait_for_external_dns() {
    let repo = beside();
    let dns = repo.read("network/external-dns.yaml");
    waits_for_external_dns(repo, &dns);
}

#[test]
fn cuts_wait_for_an_external_dns_with_the_sources_of_its_chart() {
    let repo = beside();
    let dns = repo.read("network/external-dns.yaml");
    let silent: Vec<_> = dns.lines().filter(|line| !line.contains("sources:")).collect();
    assert_eq!(silent.len() + 1, dns.lines().count());
    let silent = silent.join("\n") + "\n";
    // IngressRoutes have no record then, so that their routes get none.
    repo.write("network/external-dns.yaml", &silent);
    waits_for_external_dns(repo, &silent);
}

#[test]
fn cuts_wait_for_external_dns_where_a_gateway_is_only_stated() {
    let repo = beside();
    let dns = repo.read("network/external-dns.yaml");
    let list = repo.read("network/kustomization.yaml");
    repo.write("network/kustomization.yaml", list.replace("  - gateways.yaml\n", ""));
    std::fs::remove_file(repo.path().join("network/gateways.yaml")).unwrap();
    let stated = repo.read(".flux-codemod.yaml");
    let with_section = stated.replace("gateway: network/", "section: https\n      gateway: network/");
    repo.write(".flux-codemod.yaml", &with_section);
    waits_for_external_dns(repo, &dns);
}

#[test]
fn routes_come_behind_their_gateway_and_nothing_is_cut_without_it() {
    let repo = Repo::copy_of(&root().join("golden/gateway-routes-create/before")).commit();
    let safe = repo.run_gated(&["diff", "gateway-routes"]).stdout;
    assert!(
        safe.contains("plain.example.org") && !safe.contains("www.other.net"),
        "its Gateway is to be reviewed: {safe}"
    );
    let one = repo.run_gated(&["diff", "gateway-routes", "--path", "apps/inside.yaml"]).stdout;
    assert!(one.contains("+++ b/network/gateway-internal.yaml"), "the Gateway comes along: {one}");
    apply(&repo);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", "routes"]);
    assert_eq!(cuts(&diff(&repo)).len(), 3, "{}", diff(&repo));
    // The Gateway is gone again, and so is what took the routes.
    repo.git(&["rm", "--quiet", "network/gateway-internal.yaml"]);
    let list = repo.read("network/kustomization.yaml");
    repo.write("network/kustomization.yaml", list.replace("  - ./gateway-internal.yaml\n", ""));
    repo.git(&["commit", "--quiet", "--all", "--message", "no Gateway"]);
    let diff_now = diff(&repo);
    assert!(diff_now.contains("+++ b/network/gateway-internal.yaml"), "{diff_now}");
    assert_eq!(cuts(&diff_now).len(), 1, "only what the other Gateway takes: {diff_now}");
}

#[test]
fn without_git_nothing_is_cut_in_the_run_that_writes_routes() {
    let repo = beside();
    let diff = diff(&repo);
    assert!(diff.contains("+    route:"), "{diff}");
    assert_eq!(cuts(&diff), [""; 0]);
}

/// Kind and name of each object that a directory builds.
fn built(repo: &Repo, dir: &str) -> Option<BTreeMap<(String, String), Value>> {
    let text = kustomize(&repo.path().join(dir))?.unwrap();
    let object = |document| Value::deserialize(document).unwrap();
    let named = |object: Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        ((text(&object["kind"]), text(&object["metadata"]["name"])), object)
    };
    Some(serde_yaml::Deserializer::from_str(&text).map(object).map(named).collect())
}

fn values(object: &mut Value, key: &str) -> Option<Value> {
    object.get_mut("spec")?.get_mut("values")?.as_mapping_mut()?.remove(key)
}

#[test]
fn kustomize_builds_what_is_meant_at_each_stage() {
    let repo = beside().commit();
    let Some(before) = built(&repo, "apps") else { return };
    apply(&repo);
    let both = built(&repo, "apps").unwrap();
    let is_route = |(kind, _): &(String, String)| kind == "HTTPRoute";
    assert_eq!(both.keys().filter(|key| is_route(key)).count(), 4);
    for (key, object) in both.iter().filter(|(key, _)| !is_route(key)) {
        let (mut was, mut is) = (before[key].clone(), object.clone());
        values(&mut was, "route");
        values(&mut is, "route");
        assert_eq!(was, is, "{key:?}");
    }
    assert!(before.keys().all(|key| both.contains_key(key)));

    repo.git(&["commit", "--quiet", "--all", "--message", "routes"]);
    apply(&repo);
    let after = built(&repo, "apps").unwrap();
    for (key, object) in &both {
        if key.0.starts_with("Ingress") {
            assert!(!after.contains_key(key), "{key:?}");
            continue;
        }
        let (mut was, mut is) = (object.clone(), after[key].clone());
        let ingresses = values(&mut is, "ingress");
        let is_left = ingresses.is_some_and(|left| left.get("app").is_some() || left.get("web").is_some());
        assert!(!is_left, "{key:?}");
        values(&mut was, "ingress");
        // Annotations that speak have moved.
        for object in [&mut was, &mut is] {
            let routes =
                object.get_mut("spec").and_then(|spec| spec.get_mut("values")).and_then(|of| of.get_mut("route"));
            for (_, route) in routes.and_then(Value::as_mapping_mut).into_iter().flatten() {
                route.as_mapping_mut().unwrap().remove("annotations");
            }
        }
        assert_eq!(was, is, "{key:?}");
    }
    assert_eq!(after.len(), both.keys().filter(|key| !key.0.starts_with("Ingress")).count());
}

#[test]
fn leftovers_wait_for_the_branch() {
    let repo = Repo::copy_of(&root().join("golden/gateway-routes-leftovers/before"));
    let list = repo.read("apps/kustomization.yaml");
    repo.write(
        "apps/old.yaml",
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: old}\nspec: {}\n",
    );
    repo.write("apps/kustomization.yaml", list.replace("resources:\n", "resources:\n  - ./old.yaml\n"));
    let repo = repo.commit();
    let removed = |diff: &str| {
        ["--- a/network/compress.yaml", "+++ b/apps/wiki-httproute.yaml", "-    sources:"]
            .map(|begin| diff.contains(begin))
    };
    assert_eq!(removed(&diff(&repo)), [false, false, true], "an IngressRoute is there: {}", diff(&repo));
    assert!(diff(&repo).contains(r#"+    sources: ["crd", "traefik-proxy", "gateway-httproute"]"#));
    repo.write("apps/kustomization.yaml", &list);
    std::fs::remove_file(repo.path().join("apps/old.yaml")).unwrap();
    assert_eq!(removed(&diff(&repo)), [false, false, false], "it is on the branch of the cluster");
    let plan = repo.run_gated(&["plan", "gateway-routes", "-v"]).stdout;
    assert!(plan.contains("it is still in use there"), "{plan}");
    repo.git(&["commit", "--quiet", "--all", "--message", "cut"]);
    assert_eq!(removed(&diff(&repo)), [true, true, true], "{}", diff(&repo));
}

#[test]
fn routes_wait_for_their_policy() {
    let repo = Repo::copy_of(&root().join("golden/gateway-routes-policy/before")).commit();
    let includes = |diff: &str| diff.matches("+  - ../../components/forward-auth").count();
    let routes = |diff: &str| diff.matches("+kind: HTTPRoute").count() + diff.matches("+    route:").count();
    let list = repo.read("network/kustomization.yaml");
    repo.write("network/kustomization.yaml", list.replace("  - ./grant.yaml\n", ""));
    assert_eq!(diff(&repo), "", "without a grant the policy asks nobody, and lets in everybody (G16)");
    repo.write("network/kustomization.yaml", &list);
    let first = diff(&repo);
    assert_eq!((includes(&first), routes(&first)), (2, 0), "{first}");
    let one = repo.run_gated(&["diff", "gateway-routes", "--review", "--no-gate", "--path", "apps/wiki"]).stdout;
    assert_eq!((includes(&one), routes(&one)), (1, 0), "{one}");
    let made = repo.run_gated(&["branch", "gateway-routes", "--review", "--no-gate"]);
    assert!(repo.git(&["branch"]).contains("12-policies"), "{}", made.stdout);
    assert!(!repo.git(&["branch"]).contains("35-routes"), "{}", made.stdout);
    apply(&repo);
    assert_eq!(diff(&repo), "", "the policies are in the files, and not on the branch");
    repo.git(&["commit", "--quiet", "--all", "--message", "policies"]);
    let second = diff(&repo);
    assert_eq!((includes(&second), routes(&second)), (0, 2), "{second}");
    apply(&repo);
    repo.git(&["commit", "--quiet", "--all", "--message", "routes"]);
    assert_eq!(cuts(&diff(&repo)).len(), 2, "{}", diff(&repo));
    // Whoever takes the policy away keeps what is written from being cut.
    repo.write(
        "components/forward-auth/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
    );
    repo.git(&["commit", "--quiet", "--all", "--message", "no policy"]);
    assert_eq!(cuts(&diff(&repo)), [""; 0], "{}", diff(&repo));
}

/// `docs/hazards.md#g20`.
#[test]
fn a_swap_waits_for_all_but_its_route() {
    let repo = Repo::copy_of(&root().join("golden/gateway-routes-at-once/before"));
    let reads = repo.read("network/external-dns.yaml");
    repo.write("network/external-dns.yaml", reads.replace(", \"gateway-httproute\"", ""));
    assert_eq!(cuts(&diff(&repo)), [""; 0], "without git nobody knows what the cluster has");
    let repo = repo.commit();
    let first = diff(&repo);
    assert!(first.contains("gateway-httproute"), "{first}");
    assert_eq!(cuts(&first), [""; 0], "external-dns does not read routes");
    repo.write("network/external-dns.yaml", &reads);
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.git(&["commit", "--quiet", "--all", "--message", "external-dns"]);
    assert_eq!(cuts(&diff(&repo)), [""; 0], "it reads them on another branch");
    repo.git(&["branch", "--force", "main", "work"]);
    let all = diff(&repo);
    assert_eq!(cuts(&all).len(), 5, "{all}");
    let safe = repo.run_gated(&["diff", "gateway-routes"]).stdout;
    assert_eq!(cuts(&safe), [""; 0], "somebody has to look: {safe}");
    let made = repo.run_gated(&["branch", "gateway-routes", "--review", "--no-gate"]);
    assert!(repo.git(&["branch"]).contains("66-swaps"), "{}", made.stdout);
    // The Gateway is gone from the branch, and not from the files.
    let list = repo.read("network/kustomization.yaml");
    repo.write("network/kustomization.yaml", list.replace("  - ./gateways.yaml\n", ""));
    repo.git(&["commit", "--quiet", "--all", "--message", "no Gateways"]);
    repo.git(&["branch", "--force", "main", "work"]);
    repo.write("network/kustomization.yaml", &list);
    assert_eq!(cuts(&diff(&repo)), [""; 0], "what the routes need is not there");
}
