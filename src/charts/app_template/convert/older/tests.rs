//! `docs/app-template.md#older-3x`, rule by rule.

use crate::charts::app_template::{Chart, Tokens, Version};
use crate::flux::Value;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

/// Values of an older version, converted to 4.1, and what there is to say, each as `path: message`.
fn converted_with(from: (u8, u8), values: &str, tokens: Tokens) -> (Value, Vec<String>) {
    let values = value(values);
    let chart = Chart { version: Version::v3(from.0, from.1), release: "app", namespace: "media", values: &values };
    let conversion = chart.conversion(Version::V4_1, tokens);
    let applied = conversion.applied(&values);
    assert_eq!(conversion.applied(&applied), applied, "twice is once");
    let doubts = conversion.doubts.iter().map(|doubt| format!("{}: {}", doubt.at.join("."), doubt.matter)).collect();
    (applied, doubts)
}

#[track_caller]
fn becomes(from: (u8, u8), before: &str, after: &str, said: &[&str]) {
    let (applied, doubts) = converted_with(from, before, Tokens::Dropped);
    assert_eq!(applied, value(after), "{from:?}");
    assert_eq!(doubts.len(), said.len(), "{doubts:#?}");
    for (doubt, said) in doubts.iter().zip(said) {
        assert!(doubt.contains(said), "{doubt} does not say {said}");
    }
}

#[track_caller]
fn stays(from: (u8, u8), values: &str) {
    becomes(from, values, values, &[]);
}

#[test]
fn keys_that_did_nothing_are_removed() {
    let raw = "{rawResources: {x: {apiVersion: v1, kind: ConfigMap}}}";
    becomes((3, 0), raw, "{rawResources: {x: {suffix: x, apiVersion: v1, kind: ConfigMap}}}", &[]);
    becomes((2, 1), raw, "{}", &["rawResources: 3.2.1 ignores it, 3.3.0 and later act on it"]);
    let rbac = "{rbac: {roles: {r: {type: Role, rules: []}}}}";
    becomes((5, 0), rbac, "{rbac: {roles: {r: {suffix: r, type: Role, rules: []}}}}", &[]);
    becomes((4, 0), rbac, "{}", &["rbac: 3.4.0 ignores it, 3.5.0"]);
    let global = "{global: {propagateGlobalMetadataToPods: true}, configMapsFromFolder: {enabled: true, basePath: x}}";
    becomes((5, 1), global, "{configMapsFromFolder: {basePath: x}}", &["3.6.0 and later", "3.7.0 and later"]);
    becomes((1, 0), "{networkPolicy: {a: {}}}", "{}", &["networkPolicy: no version"]);
    let node_port = "{service: {a: {type: LoadBalancer, ports: {b: {port: 1, nodePort: 2}}}}}";
    becomes(
        (2, 1),
        node_port,
        "{service: {a: {type: LoadBalancer, ports: {b: {port: 1}}}}}",
        &["service.a.ports.b.nodePort"],
    );
    stays((3, 0), node_port);
    stays((2, 1), "{service: {a: {type: NodePort, ports: {b: {port: 1, nodePort: 2}}}}}");
}

#[test]
fn zero_is_nothing_until_3_1() {
    let zeros = "{controllers: {a: {revisionHistoryLimit: 0, cronjob: {schedule: x, backoffLimit: 0}, job: {backoffLimit: 0}, containers: {c: {probes: {liveness: \
                 {enabled: true, port: 1, spec: {initialDelaySeconds: 0, failureThreshold: 0}}, startup: {custom: true, spec: {failureThreshold: 0}}}}}}}}";
    let after = "{controllers: {a: {cronjob: {schedule: x}, containers: {c: {probes: {liveness: \
                 {enabled: true, port: 1, spec: {initialDelaySeconds: 0}}, startup: {custom: true, spec: {failureThreshold: 0}}}}}}}}";
    becomes(
        (0, 4),
        zeros,
        after,
        &["revisionHistoryLimit: 3.0.4 takes 0", "cronjob.backoffLimit", "job.backoffLimit", "failureThreshold"],
    );
    stays((1, 0), zeros);
}

#[test]
fn braces_that_were_text_stay_text() {
    let ingress = "{ingress: {a: {annotations: {x: '{{HOMEPAGE_VAR_X}}', y: plain}}}}";
    let escaped = "{ingress: {a: {annotations: {x: '{{`{{HOMEPAGE_VAR_X}}`}}', y: plain}}}}";
    becomes((1, 0), ingress, escaped, &["ingress.a.annotations.x: its braces are text in 3.1.0"]);
    stays((2, 0), ingress);
    // Pods have them as they are, in every version; what is global was a template all along.
    stays((0, 4), "{controllers: {a: {pod: {annotations: {x: '{{ y }}'}}}}, global: {annotations: {x: '{{ y }}'}}}");
    let rbac =
        |label: &str| format!("{{rbac: {{roles: {{app: {{type: Role, rules: [], labels: {{x: '{label}'}}}}}}}}}}");
    becomes((7, 3), &rbac("{{ x }}"), &rbac("{{`{{ x }}`}}"), &["rbac.roles.app.labels.x"]);
    let affinity = |text: &str| format!("{{defaultPodOptions: {{affinity: {{a: [{{b: '{text}'}}]}}}}}}");
    becomes((6, 1), &affinity("{{ x }}"), &affinity("{{`{{ x }}`}}"), &["defaultPodOptions.affinity.a.0.b"]);
    stays((7, 0), &affinity("{{ x }}"));
}

#[test]
fn labels_that_are_null_go_and_others_that_are_no_text_are_refused() {
    becomes(
        (4, 0),
        "{service: {a: {labels: {x: ~, y: z}, annotations: {x: ~}}}}",
        "{service: {a: {labels: {y: z}}}}",
        &["null", "null"],
    );
    let number = "{service: {a: {labels: {x: 1}}}}";
    becomes((1, 0), number, number, &["service.a.labels.x: it is no text"]);
}

#[test]
fn a_route_keeps_its_name_where_it_has_one() {
    let one = |enabled: &str, key: &str| format!("{{route: {{x: {{{enabled}{key}hostnames: []}}}}}}");
    becomes((7, 2), &one("", ""), &one("", "suffix: x, "), &[]);
    stays((7, 2), &one("enabled: true, ", ""));
    stays((7, 3), &one("", ""));
    becomes(
        (6, 1),
        "{route: {x: {enabled: true}, y: {}}}",
        "{route: {x: {enabled: true, forceRename: app}, y: {}}}",
        &[],
    );
    let random = "{route: {x: {enabled: true}, y: {enabled: true}, z: {}}}";
    becomes(
        (6, 1),
        random,
        random,
        &[
            "route.x: HTTPRoute app or app-x: 3.x draws its name at random on every render; in 4.x it is app-x",
            "route.y: HTTPRoute app or app-y",
        ],
    );
}

#[test]
fn policies_that_share_a_name_get_their_own() {
    let two = "{networkpolicies: {a: {}, b: {}}}";
    becomes(
        (1, 0),
        two,
        two,
        &["networkpolicies.a: NetworkPolicy app is the name of others, too", "in 4.x it is app-b"],
    );
    stays((2, 0), two);
    stays((1, 0), "{networkpolicies: {a: {}}}");
    becomes(
        (1, 0),
        "{networkpolicies: {a: {}, b: {nameOverride: c}}}",
        "{networkpolicies: {a: {forceRename: app}, b: {forceRename: app-c}}}",
        &[],
    );
}

#[test]
fn a_claim_that_pods_do_not_mount_is_for_review() {
    let claim = "{persistence: {app: {size: 1Gi}}}";
    becomes((3, 2), claim, claim, &["3.x makes claim app, and pods mount claim app-app"]);
    stays((4, 0), claim);
    stays((3, 2), "{persistence: {app: {existingClaim: x}}}");
}

#[test]
fn accounts_of_before_3_5_keep_their_names() {
    let values = "{controllers: {c: {}}, serviceAccount: {create: true, name: x}}";
    let kept = "{controllers: {c: {serviceAccount: {identifier: x}}}, serviceAccount: {x: {forceRename: x}}}";
    becomes((4, 0), values, kept, &["Secret app-sa-token with a static token is removed"]);
    // In 3.5.0 the name of an account that is made elsewhere does nothing.
    let elsewhere = "{controllers: {c: {}}, serviceAccount: {create: false, name: x}}";
    becomes((5, 0), elsewhere, "{controllers: {c: {}}}", &[]);
    becomes((5, 1), elsewhere, "{controllers: {c: {serviceAccount: {name: x}}}}", &[]);
    // What controllers state does nothing yet.
    becomes(
        (4, 0),
        "{controllers: {c: {serviceAccount: {name: x}}}}",
        "{controllers: {c: {serviceAccount: {name: default}}}}",
        &[],
    );
    let (applied, doubts) = converted_with((4, 0), "{secrets: {s: {}}, serviceAccount: {create: true}}", Tokens::Kept);
    assert_eq!(doubts, [""; 0]);
    let token = "sa-token: {suffix: sa-token, type: kubernetes.io/service-account-token, annotations: \
                 {kubernetes.io/service-account.name: app}, stringData: {}}";
    let token = token.replace("suffix: sa-token, ", "");
    assert_eq!(applied, value(&format!("{{secrets: {{s: {{}}, {token}}}, serviceAccount: {{default: {{}}}}}}")));
}

#[test]
fn ports_that_were_overruled_go_and_random_ones_are_for_review() {
    let route = |ports: &str, key: &str, backend: &str| {
        format!(
            "{{service: {{web: {{ports: {ports}}}}}, route: {{app: {{rules: [{{backendRefs: [{{{key}: web{backend}}}]}}]}}}}}}"
        )
    };
    let two = "{a: {port: 80, primary: true}, b: {port: 81}}";
    becomes(
        (6, 1),
        &route(two, "name", ", port: 81"),
        &route(two, "identifier", ""),
        &["port: 3.6.1 uses port 80 of service web"],
    );
    becomes((6, 1), &route(two, "name", ", port: 80"), &route(two, "identifier", ", port: 80"), &[]);
    becomes((7, 3), &route(two, "name", ", port: 81"), &route(two, "identifier", ", port: 81"), &[]);
    let open = "{a: {port: 80}, b: {port: 81}}";
    becomes(
        (6, 1),
        &route(open, "name", ", port: 80"),
        &route(open, "identifier", ", port: 80"),
        &["service.web: 3.6.1 draws its default port at random (a, b)"],
    );
    becomes((7, 2), &route(open, "name", ", port: 81"), &route(open, "identifier", ""), &["uses port 80"]);
    let probe = |probe: &str| {
        format!(
            "{{controllers: {{app: {{containers: {{app: {{probes: {{liveness: {{enabled: true{probe}}}}}}}}}}}}}, service: {{web: {{controller: app, ports: {open}}}}}}}"
        )
    };
    becomes((6, 1), &probe(""), &probe(""), &["service.web"]);
    for fixed in [", port: 80", ", custom: true", ", enabled: false"] {
        if !fixed.contains("enabled") {
            stays((6, 1), &probe(fixed));
        }
    }
    stays((7, 2), &probe(""));
}

#[test]
fn what_later_versions_reject_is_refused() {
    for (from, values, said) in [
        ((0, 4), "{serviceMonitor: {a: {selector: {matchLabels: [x]}}}}", "a mapping for matchLabels"),
        ((4, 0), "{configMaps: {app: {data: {}}}}", "no ConfigMap without data"),
        ((6, 0), "{ingress: {a: {defaultBackend: x}}}", "a mapping for the default backend"),
        ((0, 2), "{service: {a: {controller: x}}}", "controllers has no enabled entry `x`"),
    ] {
        let (_, doubts) = converted_with(from, values, Tokens::Dropped);
        assert!(doubts.iter().any(|doubt| doubt.contains(said)), "{values} {doubts:?}");
    }
    for (from, values) in [((1, 0), "{serviceMonitor: {a: {}}}"), ((3, 0), "{service: {a: {controller: x}}}")] {
        stays(from, values);
    }
    becomes((6, 0), "{}", "{}", &["hostUsers"]);
    becomes((0, 4), "{serviceMonitor: {a: {}}}", "{serviceMonitor: {a: {}}}", &["jobLabel"]);
}

#[test]
fn of_several_primary_ports_the_last_one_is_used() {
    let route = |port: &str| {
        format!(
            "{{service: {{a: {{ports: {{http: {{port: 80, primary: true}}, web: {{port: 81, primary: true}}}}}}}}, \
             route: {{r: {{suffix: r, rules: [{{backendRefs: [{{identifier: a{port}}}]}}]}}}}}}"
        )
    };
    let before = |port: &str| route(port).replace("suffix: r, ", "").replace("identifier", "name");
    becomes((6, 1), &before(", port: 80"), &route(""), &["3.6.1 uses port 81 of service a whatever it says"]);
    becomes((6, 1), &before(", port: 81"), &route(", port: 81"), &[]);
}
