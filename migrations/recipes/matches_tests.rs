//! How documents are found, and what is said where none is.

use std::collections::BTreeSet;

use super::{Gates, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Plan, plan};
use crate::recipe::language::{Known, read};
use crate::repo::Memory;

const CLUSTER: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://git.example.org/home}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: home, namespace: flux-system}
spec: {path: ./kubernetes, prune: true, interval: 1h, sourceRef: {kind: GitRepository, name: home}}
";

fn planned(select: &str, step: &str) -> Plan {
    let text = format!("recipe: 1\nname: r\nsummary: s\nselect: {select}\ndo: [{step}]\n");
    let recipe = read("r.yaml", &text, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
    let migration = RecipeMigration::new(recipe, Origin::BuiltIn, None, BTreeSet::new()).with_gates(Gates::open());
    let release = |name: &str, interval: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\n  namespace: media\n  \
             labels: {{example.org/app: {name}}}\nspec:\n  interval: {interval}\n  \
             chart: {{spec: {{chart: app-template, version: 4.1.0}}}}\n"
        )
    };
    let (plex, radarr, sonarr) = (release("plex", "30m"), release("radarr", "1h"), release("sonarr", "1h"));
    let files = [
        ("kubernetes/cluster.yaml", CLUSTER),
        ("kubernetes/apps/plex.yaml", &plex),
        ("kubernetes/apps/radarr.yaml", &radarr),
        ("kubernetes/apps/sonarr.yaml", &sonarr),
    ];
    let view = View::of(Memory::tree(files)).unwrap();
    plan(&view, &[&migration], &Settings::default(), None).unwrap()
}

const RELEASE: &str = "HelmRelease.helm.toolkit.fluxcd.io";

#[test]
fn a_plan_says_how_documents_were_found() {
    let funnel = |more: &str| {
        let plan = planned(&format!("{{kind: {RELEASE}{more}}}"), "{set: spec.interval, to: 1h}");
        plan.funnels["r"].iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(funnel(""), "3 HelmReleases, 1 to change");
    assert_eq!(
        funnel(", file: kubernetes/apps/*r.yaml, where: [{path: spec.interval, equals: 1h}], name: radarr"),
        "3 HelmReleases, 2 by `file`, 1 by `name`, 0 to change"
    );
    assert_eq!(
        funnel(", chart: {name: app-template, version: '>=4.0.0'}, unless: [{path: spec.interval, equals: 1h}]"),
        "3 HelmReleases, 1 by `unless`, 1 to change"
    );
}

#[test]
fn what_leaves_nothing_is_named_with_what_is_near() {
    let message = |select: &str, step: &str| {
        let findings = planned(select, step).findings.into_iter();
        let message =
            findings.filter(|finding| finding.code.id == "recipe-matches-nothing").map(|finding| finding.message);
        message.collect::<Vec<_>>().join("\n")
    };
    let set = "{set: spec.interval, to: 2h}";
    for (condition, why) in [
        ("name: [plx, '!radarr']", "`name` leaves nothing; did you mean `plex`?"),
        ("namespace: meda", "`namespace` leaves nothing; did you mean `media`?"),
        ("labels: example.org/app=sonar", "`labels` leaves nothing; did you mean `example.org/app=sonarr`?"),
        ("labels: exmple.org/app", "`labels` leaves nothing; did you mean `example.org/app`?"),
        ("file: kubernetes/app/*.yaml", "`file` leaves nothing; did you mean `kubernetes/apps/plex.yaml`?"),
        ("chart: app-tempalte", "`chart` leaves nothing; did you mean `app-template`?"),
        ("cluster: clutser", "`cluster` leaves nothing; did you mean `cluster`?"),
        ("rendered-by: hom", "`rendered-by` leaves nothing; did you mean `home`?"),
        ("where: [{path: spec.intervall, equals: 1h}]", "`where` leaves nothing; did you mean `spec.interval`?"),
        ("where: [{path: spec.interval, equals: 5m}]", "`where` leaves nothing; there is `1h`, `30m`"),
        (
            "where: [{path: spec.chart.spec.vers, present: true}]",
            "`where` leaves nothing; did you mean `spec.chart.spec.version`?",
        ),
        ("api-version: v3", "`api-version` leaves nothing"),
    ] {
        let found = message(&format!("{{kind: {RELEASE}, {condition}}}"), set);
        let name = condition.split(':').next().unwrap();
        assert_eq!(found, format!("r selects nothing: 3 HelmReleases, 0 by `{name}`; {why}"), "{condition}");
    }
    let found = message("{kind: HelmRelaese.helm.toolkit.fluxcd.io}", set);
    assert_eq!(found, format!("r selects nothing: 0 HelmRelaeses; `kind` leaves nothing; did you mean `{RELEASE}`?"));

    let seen = |word: &str| format!("`{word}` of r has seen neither what it changes nor its result: 3 HelmReleases");
    let select = format!("{{kind: {RELEASE}}}");
    for (step, want) in [
        ("{set: spec.intervall, to: 2h}", format!("{}; did you mean `spec.interval`?", seen("set spec.intervall"))),
        (
            "{rename-key: 'exmple.org/*', to: 'x/<1>', at: metadata.labels}",
            format!("{}; did you mean `example.org/app`?", seen("rename-key metadata.labels")),
        ),
        (
            "{set: spec.interval, to: 2h, select: {name: sonar}}",
            format!("{}; `name` leaves nothing; did you mean `sonarr`?", seen("set spec.interval")),
        ),
    ] {
        assert_eq!(message(&select, step), want, "{step}");
    }
}
