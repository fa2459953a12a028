//! Gateways, stage by stage: a second one has another address.

use super::objects::{enacted, same_but_for};
use super::{apply, commit, diff};
use crate::support::{Repo, root, unfolded};

fn repo() -> Repo {
    Repo::copy_of(&root().join("golden/flux-move-gateways/before")).commit()
}

#[test]
fn gateways_move_stage_by_stage() {
    let repo = repo();
    let before = Repo::copy_of(repo.path());
    let routes = |repo: &Repo| {
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        let codes = ["route-parent-unknown", "route-section-unknown", "route-not-admitted", "grant-missing"];
        codes.map(|code| doctor.matches(&format!("\"{code}\"")).count())
    };
    assert_eq!(routes(&repo), [0; 4]);
    let stages = enacted(&repo);
    assert!((3..6).contains(&stages), "{stages}");
    assert_eq!(routes(&repo), [0; 4]);
    for (path, text) in repo.files() {
        let text = String::from_utf8_lossy(&text).into_owned();
        let old = ["name: external", "name: guests", "name: old", "\"--gateway-name=guests\"", "--gateway-name=guests"];
        let words = |line: &str| line.split(" #").next().map(|line| line.trim().trim_start_matches("- ").to_owned());
        let left = text.lines().filter_map(words).find(|line| old.contains(&&**line));
        assert!(left.is_none() || path.starts_with(".git"), "{}: {left:?}", path.display());
    }
    let plex = repo.read("apps/media/plex.yaml");
    assert!(
        plex.contains("- name: public # the world\n            namespace: network\n            sectionName: https"),
        "{plex}"
    );
    assert!(plex.contains("{name: lan, namespace: network, sectionName: https}"), "{plex}");
    // A route beside its Gateway names the namespace where that went.
    let redirect = repo.read("apps/network/routes.yaml");
    assert!(
        redirect.contains(
            "- name: lan # the same namespace\n      sectionName: https\n    - name: edge\n      namespace: edge"
        ),
        "{redirect}"
    );
    assert!(repo.read("apps/network/external-dns.yaml").contains("- \"--gateway-name=visitors\" # only theirs"));
    // Those of another namespace and of Istio are others.
    assert!(repo.read("apps/media/internal.yaml").contains("parentRefs:\n    - name: internal\n"));
    let checks = repo.read("flux/apps.yaml");
    assert!(checks.contains("name: lan # of the house") && checks.contains("name: internal\n"), "{checks}");
    let network = "network";
    let names =
        [("Gateway", [network, "external"], [network, "public"]), ("Gateway", [network, "edge"], ["edge", "edge"])];
    // The second ones of these are there already.
    let gone = [("Gateway", network, "internal"), ("Gateway", network, "guests"), ("Gateway", network, "old")];
    same_but_for(&repo, &before, "apps", &names, &gone);
}

/// Each policy of a Gateway is for the second one before a route goes there, and for the first one until that goes.
#[test]
fn a_gateway_is_never_without_its_policies() {
    let repo = repo();
    apply(&repo);
    let path = "apps/network/policies.yaml";
    let policies = repo.read(path);
    assert!(
        policies.contains("name: external # asks for a password")
            && policies.contains("name: public\n      sectionName: https")
    );
    assert!(!repo.read("apps/media/plex.yaml").contains("name: public"));
    // By hand, it is taken out again: no route follows, and nothing is removed.
    let added =
        "    - group: gateway.networking.k8s.io\n      kind: Gateway\n      name: public\n      sectionName: https\n";
    repo.write(path, policies.replace(added, ""));
    commit(&repo, "no login");
    let left = diff(&repo);
    assert!(!left.contains("+          - name: public") && left.contains("+      name: public"), "{left}");
    let plan = unfolded(&repo.run_gated(&["plan", "flux-move", "-v", "--review", "--no-gate"]).stdout);
    assert!(plan.contains("SecurityPolicy network/login does not name network/public yet"), "{plan}");
    // With it, they do; and the first one keeps its own until it goes.
    apply(&repo);
    commit(&repo, "login");
    apply(&repo);
    assert!(repo.read("apps/media/plex.yaml").contains("- name: public # the world"));
    assert!(repo.read(path).contains("name: external # asks for a password"));
    commit(&repo, "routes");
    apply(&repo);
    assert!(!repo.read(path).contains("external") && !repo.read("apps/network/gateways.yaml").contains("external"));
}

/// Without --review nothing of a Gateway is written at any stage; every unit says that the address changes.
#[test]
fn no_option_makes_a_gateway_safe() {
    let repo = repo();
    let mut seen = 0;
    for _ in 0..6 {
        for options in [&["--no-gate"][..], &["--object", "Gateway/network/public"], &[]] {
            let diff = repo.run_gated(&[&["diff", "flux-move"], options].concat()).stdout;
            assert_eq!(diff, "", "{options:?}");
        }
        let plan = repo.run_gated(&["plan", "flux-move", "--review", "--no-gate", "--format", "json"]).stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        for unit in plan["units"].as_array().unwrap() {
            let says = unit["findings"].as_array().unwrap().iter().any(|one| one["code"] == "gateway-changes-address");
            assert!(unit["safety"] == "review" && says, "{unit}");
            seen += 1;
        }
        apply(&repo);
        if repo.git(&["diff"]).is_empty() {
            break;
        }
        commit(&repo, "a stage");
    }
    assert!(seen > 15, "{seen}");
}

/// external-dns has had another prefix since 0.22.
#[test]
fn annotations_of_external_dns_have_either_prefix() {
    for prefix in ["external-dns.alpha.kubernetes.io", "external-dns.kubernetes.io"] {
        let repo = repo();
        let path = "apps/network/by-hand.yaml";
        let key = "external-dns.alpha.kubernetes.io/target";
        repo.write(path, repo.read(path).replace(key, &format!("{prefix}/target")));
        let path = "apps/network/gateways.yaml";
        let named = format!("  name: external\n  annotations: {{{prefix}/hostname: www.example.org}}\n");
        let gateways = repo.read(path);
        assert!(gateways.contains("  name: external\n"));
        repo.write(path, gateways.replacen("  name: external\n", &named, 1));
        commit(&repo, "another prefix");
        let plan = unfolded(&repo.run_gated(&["plan", "flux-move", "-v", "--review", "--no-gate"]).stdout);
        let published = format!("routes are published under internal.example.org ({prefix}/target)");
        let twice = format!("Gateway network/external has `{prefix}/hostname: www.example.org`, and two cannot");
        assert!(plan.contains(&published) && plan.contains(&twice), "{plan}");
    }
}

/// A name that only patches decide, and variables of external-dns, keep it where it is.
#[test]
fn what_is_not_followed_keeps_a_gateway() {
    for (path, from, to, why) in [
        (
            "apps/media/kustomization.yaml",
            "resources:",
            "patches:\n  - target: {kind: HTTPRoute, name: films}\n    patch: |\n      - op: replace\n        path: /spec/parentRefs/0\n        \
             value: {name: external, namespace: network}\nresources:",
            "a patch may change which Gateway HTTPRoute media/films names",
        ),
        (
            "apps/network/external-dns.yaml",
            "    sources:",
            "    env:\n      - name: EXTERNAL_DNS_GATEWAY_NAME\n        value: external\n    sources:",
            "may read the routes of network/guests alone, and how is not followed",
        ),
        (
            "apps/network/policies.yaml",
            "gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy",
            "example.org/v1\nkind: SecurityPolicy",
            "SecurityPolicy network/login is for network/external, and is not known to be for two",
        ),
    ] {
        let repo = repo();
        repo.write(path, repo.read(path).replacen(from, to, 1));
        commit(&repo, "another way");
        let plan = unfolded(&repo.run_gated(&["plan", "flux-move", "-v", "--review", "--no-gate"]).stdout);
        assert!(plan.contains(why), "{path}: {plan}");
    }
}
