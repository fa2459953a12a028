//! Random values of app-template 2.x, with all that it has by default, stated or not.

use proptest::prelude::*;

use super::values::{Dice, IDS, diced};

const IMAGE: &str = "image: {repository: r, tag: t}, ";
/// What a claim has to have.
const CLAIM: &str = "accessMode: ReadWriteOnce, size: 2Gi, ";
/// Names of environment, rendered by the chart.
const FROM: &str = "envFrom: [{secretRef: {name: '{{ .Release.Name }}-secret'}}, {configMapRef: {name: app-config}}], ";

/// A release's name and its values, as YAML.
pub(super) fn values() -> impl Strategy<Value = (String, String)> {
    diced(of_2)
}

fn naming(dice: &mut Dice) -> String {
    let text = dice.of(&["", "", "", "", "enabled: false, ", "enabled: true, "]).to_owned();
    let name = dice.of(&["", "", "", "", "", "nameOverride: ov, ", "nameOverride: app, ", "nameOverride: main, "]);
    text + name + &dice.maybe(8, "annotations: {a: 'x {{ y }}', d: e}")
}

fn probe(dice: &mut Dice) -> &'static str {
    dice.of(&[
        "",
        "{enabled: false}",
        "{enabled: true}",
        "{type: HTTP, path: /live}",
        "{type: AUTO}",
        "{custom: true, spec: {exec: {command: [x]}}}",
        "{enabled: true, port: 81, spec: {periodSeconds: 7}}",
    ])
}

fn container(dice: &mut Dice) -> String {
    let order = dice.of(&["", "", "", "order: 2, ", "order: 10, ", "order: 1, "]);
    let mut probes = String::new();
    for name in ["liveness", "readiness", "startup"] {
        let probe = probe(dice);
        if !probe.is_empty() {
            probes += &format!("{name}: {probe}, ");
        }
    }
    let probes = if probes.is_empty() { probes } else { format!("probes: {{{probes}}}, ") };
    let from = dice.of(&["", "", FROM]);
    format!("{{{IMAGE}{order}{probes}{from}{}}}", dice.maybe(9, "enabled: false"))
}

fn controller(dice: &mut Dice, main: bool) -> String {
    let kind = dice.of(&["", "", "type: deployment, ", "type: statefulset, ", "type: daemonset, "]);
    let cron = if main { "type: cronjob, " } else { "type: cronjob, cronjob: {schedule: '@daily'}, " };
    let kind = if dice.below(6) == 1 { cron } else { kind };
    let mut containers = String::new();
    for name in if main { ["main", "app", "zed"] } else { ["app", "main", "zed"] } {
        if containers.is_empty() || dice.below(4) == 1 {
            containers += &format!("{name}: {}, ", container(dice));
        }
    }
    let mut first = String::new();
    for name in ["init-b", "init-a", "init-c"] {
        if dice.below(4) == 1 {
            first += &format!("{name}: {}, ", container(dice).replace("order: 1,", "order: 3,"));
        }
    }
    let first = if first.is_empty() { first } else { format!("initContainers: {{{first}}}, ") };
    let links = dice.maybe(8, "pod: {enableServiceLinks: false}");
    format!("{}{kind}{links}{first}containers: {{{containers}}}", naming(dice).replace("enabled: false, ", ""))
}

fn volume(dice: &mut Dice) -> String {
    let text = match dice.below(7) {
        0..3 => format!("type: persistentVolumeClaim, {CLAIM}"),
        3 => CLAIM.to_owned(),
        4 => "existingClaim: data, size: 1Gi, retain: true, ".to_owned(),
        5 => "type: configMap, name: '{{ .Release.Name }}-config', ".to_owned(),
        _ => "type: emptyDir, ".to_owned(),
    };
    let mounts = format!("advancedMounts: {{{}: {{}}}}", dice.of(&IDS));
    naming(dice) + &text + &dice.maybe(5, &mounts)
}

fn ports(dice: &mut Dice, main: bool) -> String {
    let other = dice.of(&["", "", "web: {port: 81}", "web: {port: 81, primary: true}", "web: {enabled: false}"]);
    match dice.below(if main { 8 } else { 1 }) {
        7 => "http: {enabled: false}, web: {port: 82}".to_owned(),
        _ => format!(
            "http: {{port: {}}}, {other}",
            dice.of(&["80", "8080", "80, targetPort: 9090", "80, nodePort: 30080"])
        ),
    }
}

/// Sections with an item that is there by default: it is disabled, or complete.
fn with_main(dice: &mut Dice, mut item: impl FnMut(&mut Dice, bool) -> String) -> String {
    dice.turn();
    let main =
        if dice.below(5) == 1 { "enabled: false".to_owned() } else { item(dice, true).replace("enabled: false, ", "") };
    let others = dice.entries(|dice| item(dice, false));
    let others = others.replace("main: {", "second: {");
    format!("main: {{{main}}}, {others}")
}

fn of_2(dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut add = |name: &str, entries: String| text += &format!("{name}: {{{entries}}}, ");
    dice.turn();
    let main = if dice.below(6) == 1 { "enabled: false".to_owned() } else { controller(dice, true) };
    dice.turn();
    let others: String = ["app", "web-ui", "server"]
        .map(|id| if dice.below(4) == 1 { format!("{id}: {{{}}}, ", controller(dice, false)) } else { String::new() })
        .concat();
    add("controllers", format!("main: {{{main}}}, {others}"));
    add(
        "service",
        with_main(dice, |dice, main| {
            let primary = if main { "" } else { dice.of(&["", "", "primary: true, "]) };
            let controller = if main { String::new() } else { format!("controller: {}, ", dice.of(&IDS)) };
            let kind = dice.of(&["", "", "type: LoadBalancer, ", "type: NodePort, "]);
            format!("{}{primary}{controller}{kind}ports: {{{}}}", naming(dice), ports(dice, main))
        }),
    );
    add(
        "ingress",
        dice.entries(|dice| {
            let port = dice.of(&["", ", port: http", ", port: 81"]);
            let name = dice.of(&["main", "app", "elsewhere"]);
            let service = format!("{{name: {name}{port}}}");
            format!(
                "{}{}hosts: [{{host: h, paths: [{{path: /, service: {service}}}]}}]",
                naming(dice),
                dice.maybe(4, "primary: true")
            )
        }),
    );
    add(
        "route",
        dice.entries(|dice| {
            let name = dice.of(&["main", "app", "elsewhere"]);
            let rules = format!("rules: [{{backendRefs: [{{name: {name}, port: 80}}]}}]");
            format!("{}{}", naming(dice), dice.of(&["", &rules, &rules, &rules]))
        })
        // Only the route `main` has rules by default.
        .replace(", }", ", rules: []}"),
    );
    add(
        "serviceMonitor",
        dice.entries(|dice| {
            let of = dice.of(&[
                "serviceName: '{{ .Release.Name }}', endpoints: []",
                "selector: {matchLabels: {a: b}}, endpoints: [{port: web}]",
            ]);
            format!("{}{of}", naming(dice))
        })
        .replace("main: {enabled: true, serviceName: '{{ .Release.Name }}', endpoints: []}", "main: {enabled: true}"),
    );
    add(
        "networkpolicies",
        dice.entries(|dice| {
            let of = dice.of(&["controller: main, ", "podSelector: {}, "]);
            let rules = dice.of(&["rules: {ingress: [{}], egress: []}", "rules: {egress: [{}]}"]);
            format!("{}{of}{rules}", naming(dice))
        }),
    );
    add("persistence", dice.entries(volume));
    add("configMaps", dice.entries(|dice| naming(dice) + "data: {a: b}"));
    add("secrets", dice.entries(|dice| naming(dice) + "stringData: {a: b}"));
    dice.turn();
    text += dice.of(&[
        "",
        "",
        "fullnameOverride: topfull, ",
        "global: {fullnameOverride: over-server}, ",
        "global: {nameOverride: zed}, ",
    ]);
    text += dice.of(&[
        "",
        "",
        "defaultPodOptions: {hostNetwork: true}, ",
        "defaultPodOptions: {enableServiceLinks: false}, ",
    ]);
    text += dice.of(&["", "", "rbac: {roles: {a: {rules: []}}}, ", "rawResources: {a: {apiVersion: v1, kind: X}}, "]);
    text += dice.of(&["", "", "serviceAccount: {create: true}, ", "serviceAccount: {create: true, name: own}, "]);
    format!("{{{text}}}")
}
