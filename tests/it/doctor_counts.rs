//! What `doctor` finds on haynes-ops, rule by rule, beside what the specification counted there by hand.

use serde_json::Value;

use crate::support::{Repo, corpus_tree};

/// The two trees of the specification.
const BEFORE: &str = "haynes-ops/before";
const HEAD: &str = "haynes-ops-2026-08/main";

/// What a rule finds in the cluster `main` of a tree.
struct Row {
    rule: &'static str,
    tree: &'static str,
    /// What the specification counts.
    specified: &'static str,
    /// What `doctor` counts, as [`counted`] says.
    counted: &'static str,
    /// Why these are two numbers; empty if they are one.
    why: &'static str,
}

const fn same(rule: &'static str, tree: &'static str, counted: &'static str) -> Row {
    Row { rule, tree, specified: counted, counted, why: "" }
}

const fn other(
    rule: &'static str,
    tree: &'static str,
    [specified, counted]: [&'static str; 2],
    why: &'static str,
) -> Row {
    Row { rule, tree, specified, counted, why }
}

const TABLE: &[Row] = &[
    same("dns-prefix-lost", BEFORE, "0"),
    same("dns-prefix-lost", HEAD, "0"),
    same("dns-prefix-early", BEFORE, "0"),
    same("dns-prefix-early", HEAD, "0"),
    same("token-not-mounted", HEAD, "0"),
    same("variable-without-value", BEFORE, "0"),
    same("variable-without-value", HEAD, "0"),
    same("claim-changed", BEFORE, "0"),
    same("claim-changed", HEAD, "0"),
    same("unwatched", BEFORE, "1 of 90 Kustomizations"),
    same("unwatched", HEAD, "6 of 115 HelmReleases, 121 of 133 Kustomizations"),
    same("watches-nothing", BEFORE, "0"),
    same("watches-nothing", HEAD, "0"),
    same("reference-not-in-namespace", BEFORE, "0"),
    same("reference-not-in-namespace", HEAD, "0"),
    same("decryption-missing", BEFORE, "0"),
    same("decryption-missing", HEAD, "0"),
    other(
        "decryption-needless",
        BEFORE,
        ["84", "83"],
        "of 88 that state it 4 need it; dragonfly lists a file of another repository, which may be encrypted, so the rule \
         is silent about it, as the specification asks",
    ),
    same("decryption-needless", HEAD, "0"),
    same("health-checks-ignored", BEFORE, "6"),
    other(
        "health-checks-ignored",
        HEAD,
        ["8", "9"],
        "nine files state `wait: true` and healthChecks, and no healthCheckExprs: reflector, openebs, gasha01-rbd, two \
         each of external-dns, traefik and cloudflare-tunnel",
    ),
    same("health-check-kind", BEFORE, "4 notes"),
    same("health-check-kind", HEAD, "4 notes"),
    other(
        "wait-from-graph",
        BEFORE,
        ["68 wait, 42 idle, 6 unchecked", "68 wait, 41 idle, 6 unchecked"],
        "k8tz waits and builds an Issuer: the rule is silent about it, as the specification asks",
    ),
    other(
        "wait-from-graph",
        HEAD,
        ["107 wait, 68 idle, 7 unchecked", "107 wait, 67 idle, 7 unchecked"],
        "k8tz waits and builds an Issuer: the rule is silent about it, as the specification asks",
    ),
    same("flux-instance-unprotected", BEFORE, "0"),
    same("flux-instance-unprotected", HEAD, "0"),
    other(
        "namespace-overridden",
        BEFORE,
        ["0", "3"],
        "the files of three state a namespace that a kustomization above sets otherwise: certificates (flux-system), \
         cloudflare-ddns and cloudflare-ddns-www (networking)",
    ),
    same("namespace-overridden", HEAD, "0"),
    same("guard-left", BEFORE, "0"),
    same("guard-left", HEAD, "0"),
    other(
        "chart-home",
        BEFORE,
        ["1", "2"],
        "beside traefik, 34 releases take app-template from ghcr.io/bjw-s/helm, where nothing is added any more: the table \
         has that address since, with its date and source",
    ),
    same("chart-home", HEAD, "0"),
    same("identity-changed", BEFORE, "0"),
    same("identity-changed", HEAD, "0"),
];

/// The findings of a tree that are about the cluster `main`.
fn findings(repo: &Repo) -> Vec<Value> {
    let run = repo.run(&["doctor", "--format", "json"]);
    let all: Value = serde_json::from_str(&run.stdout).unwrap();
    let of_main = |finding: &&Value| !finding["path"].as_str().unwrap_or_default().starts_with("kubernetes/edge/");
    all["findings"].as_array().unwrap().iter().filter(of_main).cloned().collect()
}

/// The numbers in a message.
fn numbers(message: &str) -> Vec<&str> {
    message.split(|sign: char| !sign.is_ascii_digit()).filter(|number| !number.is_empty()).collect()
}

/// How often a rule fires; of those that count themselves, what they say.
fn counted(rule: &str, findings: &[Value]) -> String {
    let of_rule: Vec<&Value> = findings.iter().filter(|finding| finding["code"] == rule).collect();
    let messages = || of_rule.iter().map(|finding| finding["message"].as_str().unwrap());
    match rule {
        "unwatched" => {
            let told = |message: &str| {
                let kind = if message.contains("HelmReleases") { "HelmReleases" } else { "Kustomizations" };
                format!("{} of {} {kind}", numbers(message)[0], numbers(message)[1])
            };
            let mut told: Vec<String> = messages().map(told).collect();
            told.sort_by_key(|text| !text.contains("HelmReleases"));
            told.join(", ")
        }
        "wait-from-graph" => messages()
            .map(|message| {
                let all = numbers(message);
                format!("{} wait, {} idle, {} unchecked", all[0], all[2], all[3])
            })
            .collect(),
        // One that a patch gives it to many counts these.
        "decryption-needless" => {
            let count = |message: &str| numbers(message).first().map_or(1, |number| number.parse().unwrap());
            messages().map(count).sum::<usize>().to_string()
        }
        "health-check-kind" => {
            let notes = of_rule.iter().filter(|finding| finding["severity"] == "note").count();
            assert_eq!(notes, of_rule.len(), "with wait they are ignored");
            format!("{notes} notes")
        }
        _ => of_rule.len().to_string(),
    }
}

#[test]
fn haynes_ops_has_what_is_specified_but_for_what_has_a_reason() {
    for tree in [BEFORE, HEAD] {
        let Some(from) = corpus_tree(tree) else { return };
        let findings = findings(&Repo::copy_of(&from).commit());
        for row in TABLE.iter().filter(|row| row.tree == tree) {
            assert_eq!(counted(row.rule, &findings), row.counted, "{} in {tree}", row.rule);
            assert_eq!(row.specified == row.counted, row.why.is_empty(), "{} in {tree} needs a reason", row.rule);
        }
    }
}

/// The chart from which on the prefix is another one: both controllers would delete all records.
#[test]
fn haynes_ops_loses_its_names_with_external_dns_1_22() {
    for (tree, of_today, keys, files) in [(BEFORE, "1.20.0", 39, 33), (HEAD, "1.21.1", 68, 60)] {
        let Some(from) = corpus_tree(tree) else { return };
        let repo = Repo::copy_of(&from);
        for controller in ["cloudflare", "unifi"] {
            let path = format!("kubernetes/main/apps/network/external-dns/{controller}/helmrelease.yaml");
            let text = repo.read(&path);
            let (today, then) = (format!("version: {of_today}"), "version: 1.22.0");
            assert!(text.contains(&today), "{text}");
            repo.write(&path, text.replace(&today, then));
        }
        let found = findings(&repo.commit());
        let lost: Vec<&Value> = found.iter().filter(|finding| finding["code"] == "dns-prefix-lost").collect();
        assert_eq!(lost.len(), 2, "{lost:#?}");
        for finding in lost {
            assert_eq!(finding["severity"], "error");
            let message = finding["message"].as_str().unwrap();
            // The specification counts two more, which are on edge: that has no external-dns.
            let counted = format!("{keys} in {files} files have external-dns.alpha.kubernetes.io/");
            assert!(message.contains(&counted) && message.contains("policy sync"), "{message}");
        }
    }
}
