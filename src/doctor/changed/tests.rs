//! What is new in a tree, looked at in part: it is what all rules on everything would find.

use super::{Built, Difference, files, new};
use crate::doctor::builds::Builds;
use crate::doctor::{added, everything, serious, tests};
use crate::finding::{Finding, Severity};
use crate::flux::View;
use crate::repo::{Change, Changes, Mode, RepoPath};
use crate::text::{ContentId, Splice, Splices};

const VARIABLES: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata: {HOST: a, PORT: b}\n";
const SUBSTITUTED: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: flux-system}\nspec: {path: ./web, prune: true, interval: 1h, sourceRef: {kind: GitRepository, name: home}, postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}}\n";
const NEEDY: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: plex, namespace: media}\nspec:\n  interval: 1h\n  chart: {spec: {chart: app-template, version: 4.6.2, sourceRef: {kind: HelmRepository, name: charts, namespace: flux-system}}}\n  values: {controllers: {plex: {containers: {app: {envFrom: [{secretRef: {name: plex-secret}}]}}}}}\n";
const SECRET: &str = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: plex, namespace: media}\nspec: {target: {name: plex-secret}}\n";

fn files_of(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let own = [
        ("apps/cluster.yaml", tests::cluster()),
        ("apps/kustomization.yaml", "resources: [cluster.yaml, settings.yaml, web.yaml, plex.yaml, secret.yaml]\n"),
        ("apps/settings.yaml", VARIABLES),
        ("apps/web.yaml", SUBSTITUTED),
        ("apps/plex.yaml", NEEDY),
        ("apps/secret.yaml", SECRET),
        (
            "web/page.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page, namespace: web}\ndata: {host: '${HOST}:${PORT}'}\n",
        ),
    ];
    own.into_iter().chain(more.iter().copied()).collect()
}

/// A tree, and what becomes of it when a file has other text, or none.
fn changed(path: &str, text: Option<&str>) -> (View, View) {
    let before = tests::in_memory(&files_of(&[]));
    let path = RepoPath::new(path).unwrap();
    let mut changes = Changes::new();
    let old = before.tree().read(&path).unwrap().map(|file| file.bytes.text().unwrap().to_owned());
    let change = match (old, text) {
        (Some(old), Some(text)) => {
            let all = Splice { range: 0..old.len(), with: text.to_owned() };
            Change::Edit(Splices::new(&old, vec![all]).unwrap())
        }
        (Some(old), None) => Change::Delete { of: ContentId::of(old.as_bytes()) },
        (None, text) => Change::Create { text: text.unwrap_or_default().to_owned(), mode: Mode::File },
    };
    changes.set(path, change);
    let after = before.with(&changes).unwrap();
    (before, after)
}

/// The codes that are new, each with its file. All rules on everything find the same.
fn codes(before: &View, after: &View) -> Vec<String> {
    let told = |finding: &Finding| format!("{} {}", finding.code, finding.path.as_ref().unwrap());
    let found: Vec<String> = added(before, after).iter().map(told).collect();
    let serious = |view: &View| serious(view, everything(&view.whole()));
    let mut all: Vec<String> = new(serious(before), serious(after)).iter().map(told).collect();
    all.sort();
    all.dedup();
    assert_eq!(found, all, "a part of it is not the whole");
    found
}

/// Whether rules that look at whole clusters must run.
fn has_arrivals(before: &View, after: &View) -> bool {
    let views = [before, after].map(View::with_all_files);
    let builds = views.each_ref().map(Builds::of);
    let built = |which: usize| Built { view: &views[which], builds: &builds[which] };
    let difference = Difference::of(built(0), built(1), &files(before, after));
    difference.is_none_or(|difference| difference.matters_to_clusters(built(0), built(1)))
}

#[test]
fn what_is_the_same_has_nothing_new() {
    let (before, _) = changed("apps/plex.yaml", Some(NEEDY));
    assert!(added(&before, &before).is_empty());
}

#[test]
fn comments_for_editors_are_no_difference() {
    let with = |comment: &str| format!("---\n{comment}{NEEDY}");
    let (_, first) =
        changed("apps/plex.yaml", Some(&with("# yaml-language-server: $schema=https://a.example/a.json\n")));
    let (_, second) =
        changed("apps/plex.yaml", Some(&with("# yaml-language-server: $schema=https://b.example/b.json\n")));
    let (_, other) = changed("apps/plex.yaml", Some(&with("# flux-codemod: skip\n")));
    assert!(files(&first, &second).is_empty());
    assert_eq!(files(&first, &other).len(), 1);
}

#[test]
fn how_flux_applies_something_is_no_arrival() {
    for (path, text) in [
        ("apps/plex.yaml", NEEDY.replace("interval: 1h", "interval: 2h\n  upgrade: {remediation: {retries: 3}}")),
        // Another version, and another form of the values: the release makes the same.
        ("apps/plex.yaml", NEEDY.replace("4.6.2", "4.6.3")),
        ("apps/plex.yaml", NEEDY.replace("plex-secret}}]", "plex-secret, optional: false}}]")),
        ("apps/web.yaml", SUBSTITUTED.replace("interval: 1h", "interval: 2h, wait: true")),
        ("apps/cluster.yaml", tests::cluster().replace("type: oci,", "type: oci, interval: 2h,")),
    ] {
        let (before, after) = changed(path, Some(&text));
        assert!(!has_arrivals(&before, &after), "{text}");
        assert_eq!(codes(&before, &after), [""; 0]);
    }
    for (path, text) in [
        ("apps/plex.yaml", Some(NEEDY.replace("plex-secret", "other"))),
        ("apps/plex.yaml", Some(NEEDY.replace("4.6.2", "5.0.0"))),
        ("apps/plex.yaml", Some(NEEDY.replace("name: plex,", "name: emby,"))),
        ("apps/web.yaml", Some(SUBSTITUTED.replace("./web", "./other"))),
        ("apps/secret.yaml", None),
        ("web/more.yaml", Some(SECRET.to_owned())),
    ] {
        let (before, after) = changed(path, text.as_deref());
        assert!(has_arrivals(&before, &after), "{path} {text:?}");
    }
}

/// What is wrong is in a file that is the same.
#[test]
fn what_others_need_is_gone() {
    let (before, after) = changed("apps/secret.yaml", None);
    assert_eq!(codes(&before, &after), ["listed-missing apps/kustomization.yaml", "pod-input-missing apps/plex.yaml"]);
    let (before, after) = changed("apps/settings.yaml", Some(&VARIABLES.replace(", PORT: b", "")));
    assert_eq!(codes(&before, &after), ["variable-without-value web/page.yaml"]);
    let (before, after) = changed("apps/cluster.yaml", Some(&tests::cluster().replace("name: charts", "name: other")));
    assert_eq!(codes(&before, &after), ["source-ref-missing apps/plex.yaml"]);
}

#[test]
fn an_object_that_is_changed_is_wrong_itself() {
    let (before, after) = changed("apps/plex.yaml", Some(&NEEDY.replace("plex-secret", "other")));
    assert_eq!(codes(&before, &after), ["pod-input-missing apps/plex.yaml"]);
    let (before, after) = changed(
        "web/more.yaml",
        Some("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a, namespace: web}\n"),
    );
    assert_eq!(codes(&before, &after), ["claim-not-protected web/more.yaml"]);
}

fn finding(severity: Severity, message: &str) -> Finding {
    Finding { severity, ..Finding::error(crate::doctor::codes::LISTED_MISSING, message) }
}

#[test]
fn a_warning_that_is_told_otherwise_is_not_new() {
    let messages = |before: &[&str], after: &[&str], severity| -> Vec<String> {
        let all = |messages: &[&str]| messages.iter().map(|message| finding(severity, message)).collect();
        new(all(before), all(after)).into_iter().map(|finding| finding.message).collect()
    };
    assert_eq!(messages(&["a at x:3"], &["a at x:14"], Severity::Error), [""; 0], "its line is another one");
    assert_eq!(messages(&["16 claims: a", "b"], &["17 claims: a, b"], Severity::Warning), [""; 0]);
    assert_eq!(messages(&["no x in a, b: y"], &["no x in a: y", "no x in b: y"], Severity::Warning), [""; 0]);
    assert_eq!(messages(&["a"], &["a", "b"], Severity::Warning), ["b"]);
    assert_eq!(messages(&["a"], &["b"], Severity::Error), ["b"], "each error counts");
    assert_eq!(messages(&["a"], &["a", "a"], Severity::Error), ["a"]);
}
