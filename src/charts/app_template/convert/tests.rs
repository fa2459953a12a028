//! Names, values and accounts of `docs/app-template.md`, and the hazards of values
//! (`docs/hazards.md`, V1 to V9), one by one.

use super::*;
use crate::charts::app_template::Chart;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn chart(values: &Value) -> Chart<'_> {
    Chart { version: Version::V3_7_3, release: "app", namespace: "media", values }
}

/// The values, converted, which must be converted for good; and what there is to say, each as
/// `path: message`.
fn converted(to: Version, values: &str) -> (Value, Vec<String>) {
    let values = value(values);
    let conversion = chart(&values).conversion(to, Tokens::Dropped);
    let applied = conversion.applied(&values);
    assert_eq!(conversion.applied(&applied), applied, "twice is once");
    let doubts = conversion.doubts.iter().map(|doubt| format!("{}: {}", doubt.at.join("."), doubt.matter)).collect();
    (applied, doubts)
}

fn becomes(before: &str, after: &str) {
    for to in [Version::V4_0, Version::V4_1] {
        let (applied, doubts) = converted(to, before);
        assert_eq!(applied, value(after), "{before}");
        // Order counts in what is read, too.
        assert_eq!(format!("{applied:?}"), format!("{:?}", value(after)), "{before}");
        let doubts = doubts.iter().filter(|doubt| !doubt.ends_with("with a static token is removed"));
        assert_eq!(doubts.collect::<Vec<_>>(), [""; 0], "{before}");
    }
}

fn doubts(values: &str) -> Vec<String> {
    converted(Version::V4_1, values).1
}

/// `docs/hazards.md#v1`, `docs/hazards.md#v2`.
#[test]
fn claims_and_config_maps_keep_their_names() {
    becomes(
        "{persistence: {config: {enabled: true, size: 1Gi}, tmp: {type: emptyDir}, other: {existingClaim: x}}}",
        "{persistence: {config: {enabled: true, suffix: config, size: 1Gi}, tmp: {type: emptyDir}, other: {existingClaim: x}}}",
    );
    becomes(
        "{configMaps: {cfg: {data: {}}}, secrets: {key: {}}, controllers: {app: {containers: {app: {envFrom: [{secretRef: {name: app-key}}]}}}}}",
        "{configMaps: {cfg: {suffix: cfg, data: {}}}, secrets: {key: {suffix: key}}, controllers: {app: {containers: {app: {envFrom: [{secretRef: {name: app-key}}]}}}}}",
    );
    // In the place of what names it in 3.x.
    becomes(
        "{persistence: {config: {size: 1Gi, nameOverride: data, retain: true}, a: {nameOverride: '-'}}}",
        "{persistence: {config: {size: 1Gi, forceRename: app-data, retain: true}, a: {forceRename: app}}}",
    );
    becomes("{service: {a: {primary: true}, b: {}}}", "{service: {a: {forceRename: app, primary: true}, b: {}}}");
    assert_eq!(
        doubts("{persistence: {config: {nameOverride: Data}}}"),
        ["persistence.config: the volume of claim app-Data would be lost: 4.x cannot give it that name"]
    );
}

#[test]
fn what_is_disabled_keeps_its_name_for_the_day_that_it_is_not() {
    becomes(
        "{service: {a: {enabled: false, nameOverride: ov}, b: {enabled: false, suffix: x}}, secrets: {s: {enabled: false, forceRename: f}}}",
        "{service: {a: {enabled: false, forceRename: app-ov}, b: {enabled: false}}, secrets: {s: {enabled: false, forceRename: f}}}",
    );
}

/// `docs/hazards.md#v3`, `docs/hazards.md#v4`, `docs/hazards.md#v5`.
#[test]
fn accounts_get_keys_and_controllers_name_them() {
    becomes(
        "{controllers: {app: {containers: {}}}, serviceAccount: {create: true, name: app}, persistence: {}}",
        "{controllers: {app: {containers: {}, serviceAccount: {identifier: app}}}, serviceAccount: {app: {}}, persistence: {}}",
    );
    becomes(
        "{controllers: {a: {serviceAccount: {name: x}}, b: {}}, serviceAccount: {create: true, annotations: {k: v}}}",
        "{controllers: {a: {serviceAccount: {name: x}}, b: {serviceAccount: {identifier: app}}}, serviceAccount: {app: {annotations: {k: v}}}}",
    );
    becomes("{controllers: {a: {}}, serviceAccount: {create: false}}", "{controllers: {a: {}}}");
    becomes(
        "{controllers: {a: {}}, serviceAccount: {create: false, name: x}}",
        "{controllers: {a: {serviceAccount: {name: x}}}}",
    );
    assert_eq!(
        doubts("{controllers: {a: {}}, serviceAccount: {create: 'true'}}"),
        [
            "serviceAccount.default: it is unknown whether 3.x creates it, and so whether there is a name to keep",
            "controllers.a: its service account in 3.x is unknown (neither true nor false to every YAML reader: `serviceAccount.create`)",
        ]
    );
    let dropped = "{controllers: {a: {}}, serviceAccount: {create: true, extraServiceAccounts: {x: {}}}}";
    let values = value(dropped);
    let doubts = chart(&values).conversion(Version::V4_1, Tokens::Dropped).doubts;
    let tokens = doubts.iter().filter(|doubt| matches!(doubt.matter, Matter::TokenDropped { .. })).count();
    assert_eq!((tokens, doubts.len()), (2, 2), "{doubts:?}");
    assert_eq!(chart(&values).conversion(Version::V4_1, Tokens::Kept).doubts, []);
}

/// Found by chance: two of its accounts are called `default`, and two have one name.
#[test]
fn accounts_of_one_key_are_kept_and_of_one_name_refused() {
    let rbac = |role: &str, subjects: &str| {
        format!(
            "rbac: {{roles: {{main: {{{role}type: Role, rules: []}}}}, bindings: {{app: {{type: RoleBinding, roleRef: \
             {{identifier: main}}, subjects: [{subjects}]}}}}}}"
        )
    };
    let before = rbac("", "{identifier: default}, {identifier: main}");
    let found = format!(
        "{{{before}, serviceAccount: {{create: true, extraServiceAccounts: {{default: {{name: n2}}, main: {{name: n2}}}}}}}}"
    );
    let found = doubts(&found);
    let errors: Vec<_> = found.iter().filter(|doubt| !doubt.ends_with("with a static token is removed")).collect();
    assert_eq!(errors, [": two objects would have the name ServiceAccount n2"]);

    let extra = "extraServiceAccounts: {default: {name: n2}, main: {name: n3}}";
    let after = rbac("suffix: main, ", "{identifier: own}, {identifier: main}");
    becomes(
        &format!("{{{before}, serviceAccount: {{create: true, name: own, {extra}}}}}"),
        &format!(
            "{{{after}, serviceAccount: {{own: {{forceRename: own}}, default: {{forceRename: n2}}, main: {{forceRename: n3}}}}}}"
        ),
    );
}

/// In 3.x the token takes the place of the entry; when the token is dropped, the Secret of the
/// entry stays away.
#[test]
fn a_secret_that_a_token_replaced_stays_away() {
    becomes(
        "{serviceAccount: {create: true}, secrets: {default-sa-token: {stringData: {a: b}}}}",
        "{serviceAccount: {app: {}}, secrets: {default-sa-token: {enabled: false, stringData: {a: b}}}}",
    );
    becomes(
        "{serviceAccount: {create: true}, secrets: {default-sa-token: {stringData: {a: b}, enabled: true, forceRename: x}, x-sa-token: {}}}",
        "{serviceAccount: {app: {}}, secrets: {default-sa-token: {stringData: {a: b}, enabled: false}, x-sa-token: {suffix: x-sa-token}}}",
    );
}

/// `docs/hazards.md#v7`.
#[test]
fn backends_that_are_identifiers_say_so() {
    becomes(
        "{service: {web: {}, api: {}}, route: {r: {rules: [{backendRefs: [{name: web, port: 80}, {name: app, port: 80}, {identifier: api}]}]}}}",
        "{service: {web: {}, api: {}}, route: {r: {rules: [{backendRefs: [{identifier: web, port: 80}, {name: app, port: 80}, {identifier: api}]}]}}}",
    );
    assert_eq!(
        doubts("{service: {web: {enabled: false}}, ingress: {i: {hosts: [{paths: [{service: {identifier: web}}]}]}}}"),
        ["ingress.i.hosts.0.paths.0.service.identifier: service has no enabled entry `web`"]
    );
}

/// `docs/hazards.md#v8`.
#[test]
fn roles_and_bindings_are_complete_or_refused() {
    becomes(
        "{rbac: {roles: {app: {rules: []}}, bindings: {app: {enabled: true, roleRef: {identifier: app}, subjects: [{kind: User, name: me, namespace: x}]}}}}",
        "{rbac: {roles: {app: {type: Role, rules: []}}, bindings: {app: {enabled: true, type: RoleBinding, roleRef: {identifier: app}, subjects: [{kind: User, name: me, namespace: x}]}}}}",
    );
    assert_eq!(
        doubts(
            "{rbac: {roles: {app: {}}, bindings: {app: {roleRef: {name: view}, subjects: [{name: x}]}, app-b: {}}}}"
        ),
        [
            "rbac.roles.app: a role needs rules",
            "rbac.bindings.app.roleRef: a roleRef needs an identifier, or name and kind",
            "rbac.bindings.app.subjects.0: a subject needs an identifier, or name, kind and namespace",
            "rbac.bindings.app-b: a binding needs roleRef",
            "rbac.bindings.app-b: a binding needs subjects",
        ]
    );
    assert_eq!(doubts("{rbac: {roles: {Upper: {rules: []}}}}"), ["rbac.roles.Upper: Role app-Upper becomes app"]);
}

/// `docs/hazards.md#v9`: what names a service of a monitor stays.
#[test]
fn the_service_of_a_monitor_is_never_dropped() {
    becomes(
        "{service: {web: {}, api: {}}, serviceMonitor: {m: {serviceName: app-api, endpoints: []}}}",
        "{service: {web: {}, api: {}}, serviceMonitor: {m: {serviceName: app-api, endpoints: []}}}",
    );
}

/// `docs/hazards.md#v6`, inside the values.
#[test]
fn selectors_on_the_component_follow() {
    let spread = |label: &str, more: &str| {
        format!(
            "{{controllers: {{main: {{}}}}, defaultPodOptions: {{topologySpreadConstraints: [{{labelSelector: {{matchLabels: {{{label}: main{more}}}}}}}]}}}}"
        )
    };
    becomes(&spread(COMPONENT, ""), &spread(CONTROLLER, ""));
    let named = ", app.kubernetes.io/name: '{{ .Release.Name }}'";
    let affinity = |text: String| text.replace("topologySpreadConstraints", "affinity");
    becomes(&affinity(spread(COMPONENT, named)), &affinity(spread(CONTROLLER, named)));
    let expression = |label: &str| {
        format!(
            "{{controllers: {{main: {{pod: {{affinity: {{a: {{labelSelector: {{matchExpressions: [{{key: {label}, operator: In, values: [main]}}]}}}}}}}}}}}}}}"
        )
    };
    becomes(&expression(COMPONENT), &expression(CONTROLLER));
    // A service's own selector, and a policy's.
    becomes(
        &format!("{{controllers: {{main: {{}}}}, service: {{s: {{extraSelectorLabels: {{{COMPONENT}: main}}}}}}}}"),
        &format!("{{controllers: {{main: {{}}}}, service: {{s: {{extraSelectorLabels: {{{CONTROLLER}: main}}}}}}}}"),
    );
    // Labels that are set are no selectors.
    becomes(
        &format!("{{controllers: {{main: {{pod: {{labels: {{{COMPONENT}: main}}}}}}}}}}"),
        &format!("{{controllers: {{main: {{pod: {{labels: {{{COMPONENT}: main}}}}}}}}}}"),
    );
    let others = ["web", "main, app.kubernetes.io/instance: db"];
    for other in others {
        let text =
            format!("{{controllers: {{main: {{}}}}, x: {{podSelector: {{matchLabels: {{{COMPONENT}: {other}}}}}}}}}");
        let (applied, doubts) = converted(Version::V4_1, &text);
        assert_eq!(applied, value(&text), "nothing of others is touched");
        assert_eq!(doubts, ["x.podSelector: it selects by app.kubernetes.io/component, which pods of 4.x do not have"]);
    }
    assert_eq!(doubts(&format!("{{controllers: {{main: {{args: ['-l={COMPONENT}=main']}}}}}}")).len(), 1);
}

#[test]
fn what_is_null_or_empty_is_removed() {
    becomes("{controllers: {app: {}}, service: ~, persistence:}", "{controllers: {app: {}}}");
    let (applied, doubts) = converted(
        Version::V4_1,
        "{defaultPodOptions: {securityContext: {runAsUser: 1}}, controllers: {app: {pod: {securityContext: {}, dnsConfig: {}}}, b: {pod: {securityContext: {}}}}}",
    );
    let want =
        "{defaultPodOptions: {securityContext: {runAsUser: 1}}, controllers: {app: {pod: {dnsConfig: {}}}, b: {}}}";
    assert_eq!((applied, doubts.len()), (value(want), 2));
    becomes("{enforceServiceAccountCreation: true, controllers: {app: {}}}", "{controllers: {app: {}}}");
}

#[test]
fn what_4_rejects_is_known() {
    let rejected = |values: &str| {
        let values = value(values);
        let found = Chart { version: Version::V4_1, ..chart(&values) }.rejected();
        found.iter().map(|rejected| rejected.at.join(".")).collect::<Vec<_>>()
    };
    for (values, at) in [
        ("{service: {a: {enabled: false, nameOverride: x}}}", "service.a.nameOverride"),
        ("{service: {a: {forceRename: x, suffix: y}}}", "service.a.forceRename"),
        ("{serviceAccount: {create: true}}", "serviceAccount.create"),
        ("{serviceAccount: {name: ''}}", "serviceAccount.name"),
        ("{serviceAccount: {x: {name: x}}}", "serviceAccount.x.name"),
        ("{serviceAccount: {extraServiceAccounts: {x: {create: true}}}}", "serviceAccount.extraServiceAccounts.x"),
        ("{configMaps: ~}", "configMaps"),
        ("{enforceServiceAccountCreation: false}", "enforceServiceAccountCreation"),
    ] {
        assert_eq!(rejected(values), [at], "{values}");
    }
    assert_eq!(rejected("{serviceAccount: {x: {staticToken: true, labels: {}}}}"), [""; 0]);
}
