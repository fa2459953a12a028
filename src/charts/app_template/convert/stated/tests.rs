//! `docs/app-template.md#from-2x`, rule by rule.

use crate::charts::app_template::{Chart, Matter, Tokens, Version};
use crate::flux::Value;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

/// Values of 2.x as values of 4.1, and what there is to say, each as `path: message`; not about names.
fn converted(values: &str) -> (Value, Vec<String>) {
    let values = value(values);
    let chart = Chart { version: Version::V2, release: "app", namespace: "media", values: &values };
    let conversion = chart.conversion(Version::V4_1, Tokens::Dropped);
    let applied = conversion.applied(&values);
    assert_eq!(conversion.applied(&applied), applied, "twice is once");
    let said = conversion.doubts.iter().map(|doubt| format!("{}: {}", doubt.at.join("."), doubt.matter)).collect();
    (applied, said)
}

/// The image that the schema asks for.
const IMAGE: &str = "image: {repository: r, tag: t}";
/// A container without probes, and a controller with nothing by default but this.
const QUIET: &str = "probes: {liveness: {enabled: false}, readiness: {enabled: false}, startup: {enabled: false}}";

/// Values with a complete controller `main`, and no Service by default.
fn with_main(values: &str) -> String {
    format!(
        "{{controllers: {{main: {{containers: {{main: {{{IMAGE}}}}}}}}}, service: {{main: {{enabled: false}}}}, {values}}}"
    )
}

/// A section of what becomes of values.
#[track_caller]
fn becomes(before: &str, section: &str, after: &str) {
    let (applied, said) = converted(before);
    let is_open = |said: &&String| said.contains("3.x and 4.x") || said.contains("depends on the version");
    assert_eq!(said.iter().find(is_open), None, "{before}");
    assert_eq!(applied.get(section), Some(&value(after)), "{before}");
}

#[track_caller]
fn says(before: &str, said: &str) {
    let (_, all) = converted(before);
    assert!(all.iter().any(|one| one.contains(said)), "{all:#?} does not say {said}");
}

#[test]
fn a_typical_release_states_what_it_had_by_default() {
    let (applied, said) = converted(&format!(
        "{{controllers: {{main: {{containers: {{main: {{{IMAGE}}}}}}}}}, service: {{main: {{ports: {{http: {{port: 80}}}}}}}}, \
         ingress: {{main: {{enabled: true, primary: true, className: nginx, hosts: [{{host: h, paths: [{{path: /, service: {{name: main, port: http}}}}]}}]}}}}, \
         persistence: {{config: {{enabled: true}}, tmp: {{type: emptyDir}}}}}}"
    ));
    let want = format!(
        "{{defaultPodOptions: {{enableServiceLinks: true}}, controllers: {{main: {{containers: {{main: {{{IMAGE}, probes: {{liveness: {{enabled: true}}, readiness: {{enabled: true}}, \
         startup: {{enabled: true, spec: {{failureThreshold: 30, periodSeconds: 5}}}}}}}}}}}}}}, \
         service: {{main: {{controller: main, ports: {{http: {{port: 80}}}}}}}}, \
         ingress: {{main: {{enabled: true, className: nginx, hosts: [{{host: h, paths: [{{path: /, service: {{identifier: main, port: http}}}}]}}]}}}}, \
         persistence: {{config: {{enabled: true, suffix: config, accessMode: ReadWriteOnce, size: 1Gi}}, tmp: {{type: emptyDir}}}}}}"
    );
    assert_eq!(applied, value(&want));
    assert_eq!(
        said,
        [
            "service.main.controller: 2.x has the Service `main` lead to the controller `main`, in later versions it states its controller",
            "ingress.main.primary: no version makes anything of it; it is removed",
            "controllers.main.containers.main.probes.liveness: 2.x asks by default",
            "controllers.main.containers.main.probes.readiness: 2.x asks by default",
            "controllers.main.containers.main.probes.startup: 2.x asks by default",
            "defaultPodOptions: 2.x gives pods variables for each Service of their namespace, later versions do not",
            "persistence.config.accessMode: it is the default of 2.x",
            "persistence.config.size: it is the default of 2.x",
        ]
    );
}

#[test]
fn what_is_disabled_goes() {
    let (applied, said) = converted(&with_main(
        "ingress: {main: {hosts: []}, other: {enabled: false}}, persistence: {config: {existingClaim: x}, data: {enabled: false}, \
         cache: {type: emptyDir}}, route: {main: {enabled: false}}",
    ));
    assert_eq!(applied.get("service"), None);
    assert_eq!((applied.get("ingress"), applied.get("route")), (None, None));
    assert_eq!(applied.get("persistence"), Some(&value("{cache: {type: emptyDir}}")));
    assert!(said.contains(&"persistence.config: 2.x has it disabled; it is removed".to_owned()), "{said:#?}");
    assert!(said.contains(&"ingress.other: it is disabled; it is removed".to_owned()), "{said:#?}");
    // No port to ask.
    assert_eq!(applied.at(&["controllers", "main", "containers", "main", "probes"]), None);
    says(
        "{controllers: {main: {enabled: false}}, service: {main: {enabled: '${X}'}}}",
        "service.main: whether it is enabled",
    );
}

#[test]
fn what_is_there_by_default_and_not_complete_is_not_known() {
    for (values, said) in [
        ("{}", "controllers: 2.x has `main` here"),
        (
            &*format!(
                "{{controllers: {{other: {{containers: {{main: {{{IMAGE}}}}}}}}}, service: {{main: {{enabled: false}}}}}}"
            ),
            "controllers: 2.x",
        ),
        ("{controllers: {main: {enabled: false}}}", "service: 2.x has `main` here"),
        (
            &format!(
                "{{controllers: {{main: {{containers: {{app: {{{IMAGE}}}}}}}}}, service: {{main: {{enabled: false}}}}}}"
            ),
            "controllers.main.containers: 2.x has a container `main` here",
        ),
        (
            "{controllers: {main: {enabled: false}}, service: {main: {ports: {web: {port: 80}}}}}",
            "service.main.ports: 2.x has a port `http` here",
        ),
    ] {
        says(values, said);
    }
    let (_, said) = converted(&format!(
        "{{controllers: {{main: {{containers: {{main: {{enabled: false}}, app: {{{IMAGE}}}}}}}}}, service: {{main: {{ports: {{http: {{enabled: false}}, \
         web: {{port: 80}}}}}}}}}}"
    ));
    assert!(said.iter().all(|said| !said.contains("2.x has a")), "{said:#?}");
}

#[test]
fn names_are_those_of_2() {
    let values = value(&format!(
        "{{controllers: {{main: {{containers: {{main: {{{IMAGE}, {QUIET}}}}}}}, worker: {{containers: {{app: {{{IMAGE}}}}}}}}}, \
         service: {{main: {{ports: {{http: {{port: 80}}}}}}, metrics: {{controller: worker, ports: {{http: {{port: 81}}}}}}, \
         app: {{controller: main, nameOverride: app, ports: {{http: {{port: 82}}}}}}}}, \
         ingress: {{web: {{hosts: [{{host: h, paths: [{{path: /, service: {{name: metrics}}}}]}}]}}}}, \
         serviceMonitor: {{main: {{enabled: true}}}}, networkpolicies: {{main: {{enabled: true}}}}, \
         persistence: {{app: {{accessMode: ReadWriteOnce, size: 1Gi}}}}, configMaps: {{config: {{enabled: true, data: {{a: b}}}}}}}}"
    ));
    let chart = Chart { version: Version::V2, release: "app", namespace: "media", values: &values };
    let stated = chart.stated();
    let names = |chart: &Chart<'_>| -> Vec<String> {
        let objects = chart.objects().into_iter();
        objects.map(|object| format!("{} {}", object.kind.unwrap(), object.name.unwrap())).collect()
    };
    let of_2 = names(&Chart { values: &stated, ..chart });
    assert_eq!(
        of_2,
        [
            "Deployment app",
            "Deployment app-worker",
            "Service app",
            "Service app-metrics",
            "Service app-app",
            "Ingress app-web",
            "ServiceMonitor app",
            "NetworkPolicy app",
            "PersistentVolumeClaim app-app",
            "ConfigMap app-config",
        ]
    );
    for to in [Version::V4_0, Version::V4_1] {
        let conversion = chart.conversion(to, Tokens::Dropped);
        let applied = conversion.applied(&values);
        let then = Chart { version: to, values: &applied, ..chart };
        assert_eq!(names(&then), of_2, "{to}");
        let is_error =
            |matter: &Matter| matches!(matter, Matter::Rejected(_) | Matter::OpenIn2(_) | Matter::NameOpen(_));
        assert!(!conversion.doubts.iter().any(|doubt| is_error(&doubt.matter)), "{:#?}", conversion.doubts);
        assert_eq!(then.rejected(), []);
    }
}

#[test]
fn order_becomes_dependence() {
    let order = |kind: &str, containers: &str| {
        format!(
            "{{controllers: {{main: {{enabled: false}}, x: {{containers: {{app: {{{IMAGE}}}}}, {kind}: {{{containers}}}}}}}, service: null}}"
        )
    };
    for (before, after) in [
        // As the keys sort.
        ("a: {order: 1, I}, b: {order: 2, I}", "a: {I}, b: {I}"),
        ("b: {order: 1, I}, a: {order: 2, I}", "b: {I}, a: {dependsOn: b, I}"),
        // As text: 10 comes before 2.
        ("a: {order: 2, I}, b: {order: 10, I}", "a: {dependsOn: b, I}, b: {I}"),
        ("c: {I}, b: {I}, a: {order: 999, I}", "c: {dependsOn: b, I}, b: {I}, a: {dependsOn: c, I}"),
        ("a: {order: 1, dependsOn: b, I}, b: {order: 0, I}", "a: {dependsOn: b, I}, b: {I}"),
    ] {
        let [before, after] =
            [before, after].map(|containers| order("initContainers", &containers.replace('I', IMAGE)));
        let (applied, said) = converted(&before);
        let [ours, want] =
            [&applied, &value(&after)].map(|all| all.at(&["controllers", "x", "initContainers"]).cloned());
        assert_eq!(ours, want, "{said:#?}");
    }
    says(
        &order("initContainers", &"a: {order: 1, dependsOn: b, I}, b: {order: 2, I}".replace('I', IMAGE)),
        "controllers.x.initContainers: `dependsOn` and `order`",
    );
    // The container `main` of the controller `main` is the first by default.
    let main = format!(
        "{{controllers: {{main: {{containers: {{main: {{{IMAGE}}}, app: {{{IMAGE}}}}}}}}}, service: {{main: {{enabled: false}}}}}}"
    );
    let want = format!("{{main: {{containers: {{main: {{{IMAGE}}}, app: {{dependsOn: main, {IMAGE}}}}}}}}}");
    becomes(&main, "controllers", &want);
}

#[test]
fn probes_are_on_where_there_is_a_port_to_ask() {
    let probes = |probes: &str, service: &str| {
        format!(
            "{{controllers: {{main: {{containers: {{main: {{{IMAGE}, probes: {{{probes}}}}}}}}}}}, service: {{main: {service}}}}}"
        )
    };
    let port = "{ports: {http: {port: 80}}}";
    for (before, service, after) in [
        (
            "liveness: {enabled: false}, readiness: {type: HTTP, path: /}",
            port,
            "liveness: {enabled: false}, readiness: {enabled: true, type: HTTP, path: /}, \
             startup: {enabled: true, spec: {failureThreshold: 30, periodSeconds: 5}}",
        ),
        (
            "liveness: {custom: true, spec: {exec: {command: [x]}}}, startup: {spec: {periodSeconds: 9}}",
            port,
            "liveness: {enabled: true, custom: true, spec: {exec: {command: [x]}}}, startup: {enabled: true, spec: {periodSeconds: 9, \
             failureThreshold: 30}}, readiness: {enabled: true}",
        ),
        (
            "liveness: {custom: true, spec: {exec: {command: [x]}}}, readiness: {type: HTTP}",
            "{enabled: false}",
            "liveness: {enabled: true, custom: true, spec: {exec: {command: [x]}}}, readiness: {type: HTTP}",
        ),
    ] {
        let want = format!("{{main: {{containers: {{main: {{{IMAGE}, probes: {{{after}}}}}}}}}}}");
        becomes(&probes(before, service), "controllers", &want);
    }
    becomes(
        &probes("liveness: {type: AUTO}, readiness: {enabled: false}", "{ports: {http: {port: 80}, b: {port: 81}}}"),
        "service",
        "{main: {controller: main, ports: {http: {port: 80, primary: true, protocol: HTTP}, b: {port: 81}}}}",
    );
}

#[test]
fn defaults_of_items_that_are_enabled_are_stated() {
    let service = "service: {main: {ports: {http: {port: 80}}}}";
    let main = format!("controllers: {{main: {{containers: {{main: {{{IMAGE}, {QUIET}}}}}}}}}, {service}");
    for (values, section, after) in [
        (
            "serviceMonitor: {main: {enabled: true}}",
            "serviceMonitor",
            "{main: {enabled: true, serviceName: '{{ .Release.Name }}', endpoints: [{port: http, scheme: http, path: /metrics, interval: 1m, \
             scrapeTimeout: 10s}]}}",
        ),
        (
            "serviceMonitor: {main: {enabled: true, selector: {matchLabels: {a: b}}, endpoints: []}}",
            "serviceMonitor",
            "{main: {enabled: true, selector: {matchLabels: {a: b}}, endpoints: []}}",
        ),
        (
            "route: {main: {enabled: true, hostnames: [h]}}",
            "route",
            "{main: {enabled: true, hostnames: [h], rules: [{backendRefs: [{identifier: main}], matches: [{path: {type: PathPrefix, value: /}}]}]}}",
        ),
        (
            "networkpolicies: {main: {enabled: true, rules: {egress: []}}}",
            "networkpolicies",
            "{main: {enabled: true, controller: main, rules: {egress: [], ingress: [{}]}, policyTypes: [Ingress, Egress]}}",
        ),
        (
            "persistence: {config: {enabled: true, existingClaim: x, size: 1Gi, retain: true}}",
            "persistence",
            "{config: {enabled: true, existingClaim: x}}",
        ),
        (
            "persistence: {config: {enabled: true, type: nfs, server: s, path: /p}}",
            "persistence",
            "{config: {enabled: true, type: nfs, server: s, path: /p}}",
        ),
        (
            "defaultPodOptions: {hostNetwork: true}",
            "defaultPodOptions",
            "{enableServiceLinks: true, hostNetwork: true}",
        ),
        ("defaultPodOptions: {enableServiceLinks: false}", "defaultPodOptions", "{enableServiceLinks: false}"),
    ] {
        becomes(&format!("{{{main}, {values}}}"), section, after);
    }
    let cron = format!(
        "{{controllers: {{main: {{type: cronjob, containers: {{main: {{{IMAGE}}}}}}}}}, service: {{main: {{enabled: false}}}}}}"
    );
    let want = format!(
        "{{main: {{type: cronjob, containers: {{main: {{{IMAGE}}}}}, cronjob: {{schedule: '*/20 * * * *'}}}}}}"
    );
    becomes(&cron, "controllers", &want);
}

#[test]
fn what_the_schema_rejects_is_named() {
    for (values, said) in [
        (
            "persistence: {data: {mountPath: /x, accessMode: ReadWriteOnce, size: 1Gi}}",
            "persistence.data.mountPath: 3.x and 4.x know no such key",
        ),
        ("persistence: {data: {size: 1Gi}}", "persistence.data: 3.x and 4.x ask for `accessMode`"),
        ("persistence: {data: {type: pvc}}", "persistence.data: 3.x and 4.x know no volume of this type"),
        (
            "persistence: {data: {type: emptyDir, globalMounts: [{path: /a, mode: 1}]}}",
            "persistence.data.globalMounts.0.mode: 3.x",
        ),
        ("ingress: {a: {ingressClassName: x, hosts: []}}", "ingress.a.ingressClassName: 3.x"),
        (
            "ingress: {a: {hosts: [{host: h, paths: [{path: /}]}]}}",
            "ingress.a.hosts.0.paths.0: 3.x and 4.x ask for `service`",
        ),
        ("secrets: {a: {data: {x: y}}}", "secrets.a.data: 3.x"),
        (
            "controllers: {main: {enabled: false}, x: {type: deployment, statefulset: {}, containers: {}}}",
            "controllers.x.statefulset: 3.x",
        ),
        (
            "controllers: {main: {enabled: false}, x: {containers: {a: {image: {repository: r}}}}}",
            "controllers.x.containers.a.image: 3.x and 4.x ask for `tag`",
        ),
        (
            "controllers: {main: {enabled: false}, x: {containers: {a: {env: {A: null}}}}}",
            "controllers.x.containers.a.env.A: it must not be null",
        ),
    ] {
        says(&format!("{{service: null, {values}}}"), said);
    }
    says(&with_main("serviceAccount: {name: other}"), "serviceAccount.name: whether pods have this account");
}

#[test]
fn zero_is_a_number_and_text_is_no_template() {
    let (applied, said) = converted(&format!(
        "{{controllers: {{main: {{revisionHistoryLimit: 0, annotations: {{a: '{{{{x}}}}'}}, containers: {{main: {{{IMAGE}, {QUIET}}}}}}}}}, \
         service: {{main: {{type: LoadBalancer, ports: {{http: {{port: 80, nodePort: 30080}}}}}}}}, rbac: {{roles: {{a: {{rules: []}}}}}}}}"
    ));
    assert_eq!(applied.at(&["controllers", "main", "revisionHistoryLimit"]), Some(&value("0")));
    assert_eq!(applied.text_at(&["controllers", "main", "annotations", "a"]), Some("{{`{{x}}`}}"));
    assert_eq!(applied.at(&["service", "main", "ports", "http"]), Some(&value("{port: 80}")));
    assert_eq!(applied.get("rbac"), None);
    assert!(said.iter().any(|said| said.contains("rbac: 2.x ignores it")), "{said:#?}");
}
