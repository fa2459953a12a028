mod routes;

use super::*;
use crate::flux::Value;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

/// The flaws of release `app` at a version, each as `place: what`.
fn flaws(version: &str, values: &str) -> Vec<String> {
    let values = value(values);
    let release = Deployed::of(version, "app", "media", &values).unwrap();
    release.flaws().iter().map(|flaw| format!("{}: {}", flaw.at.join("."), flaw.matter)).collect()
}

#[track_caller]
fn fine(versions: &[&str], values: &str) {
    for version in versions {
        assert_eq!(flaws(version, values), [""; 0], "{version}: {values}");
    }
}

#[test]
fn versions_that_are_not_certain_are_not_judged() {
    let values = value("{}");
    for version in ["4.x", "^4.0.0", "6.0.0", "2.4.0", "3.6.1", "latest", "${VERSION}", "5.0.0-rc.1"] {
        assert!(Deployed::of(version, "app", "media", &values).is_none(), "{version}");
    }
    fine(&["3.7.3"], "{controllers: {c: {serviceAccount: {identifier: gone}}}, serviceAccount: {create: true}}");
}

#[test]
fn an_account_that_no_pod_uses() {
    let silent = "{controllers: {c: {}}, serviceAccount: {x: {}}}";
    let unused =
        |account: &str, used: &str| format!("serviceAccount.{account}: no pod uses the account app: they use {used}");
    assert_eq!(flaws("4.0.1", silent), [unused("x", "default")]);
    assert_eq!(flaws("4.6.2", silent), [unused("x", "x")], "its identifier, not its name");
    assert_eq!(flaws("5.0.0", silent), [unused("x", "x")]);
    fine(&["5.0.1", "5.2.0"], silent);
    fine(&["4.1.0", "5.0.0"], "{controllers: {c: {}}, serviceAccount: {app: {}}}");
    let two = "{controllers: {c: {serviceAccount: {identifier: x}}}, serviceAccount: {x: {}, y: {}}}";
    for version in ["4.0.1", "4.1.0", "5.1.0"] {
        let want = "serviceAccount.y: no pod uses the account app-y: they use app-x";
        assert_eq!(flaws(version, two), [want], "{version}");
    }
    let all = ["4.0.1", "4.6.2", "5.0.0", "5.1.0"];
    for values in [
        // Who uses it is not certain.
        "{controllers: {c: {serviceAccount: {name: '${ACCOUNT}'}}}, serviceAccount: {x: {}}}",
        "{controllers: {'${APP}': {}}, serviceAccount: {x: {}}}",
        "{controllers: {c: {enabled: 'true'}}, serviceAccount: {x: {}}}",
        "{controllers: {c: {enabled: false}}, serviceAccount: {x: {}}}",
        "{serviceAccount: {x: {}}}",
        // It is for something else.
        "{controllers: {c: {}}, serviceAccount: {x: {staticToken: true}}}",
        "{controllers: {c: {}}, serviceAccount: {x: {}}, rawResources: {r: {manifest: {spec: {serviceAccountName: app}}}}}",
        "{controllers: {c: {serviceAccount: {name: app}}}, serviceAccount: {x: {}}}",
        "{controllers: {c: {}}, serviceAccount: {x: {enabled: false}}}",
        "{controllers: {c: {}}, serviceAccount: {}}",
        "{controllers: {c: {}}}",
    ] {
        fine(&all, values);
    }
}

#[test]
fn of_several_accounts_a_controller_has_to_name_one() {
    let values = "{controllers: {c: {}}, serviceAccount: {x: {}, y: {}}}";
    assert_eq!(flaws("4.6.2", values), ["controllers.c: there are several accounts, and it names none of them"]);
}

#[test]
fn identifiers_of_nothing() {
    for (values, want) in [
        (
            "{controllers: {c: {serviceAccount: {identifier: x}}}, serviceAccount: {y: {enabled: false}}}",
            "controllers.c.serviceAccount.identifier: serviceAccount has no enabled entry x",
        ),
        (
            "{service: {s: {}}, route: {r: {rules: [{backendRefs: [{identifier: gone}]}]}}}",
            "route.r.rules.0.backendRefs.0.identifier: service has no enabled entry gone",
        ),
        (
            "{service: {s: {}}, serviceMonitor: {m: {service: {identifier: gone}}}}",
            "serviceMonitor.m.service.identifier: service has no enabled entry gone",
        ),
        (
            "{service: {s: {enabled: false}}, ingress: {i: {hosts: [{paths: [{service: {identifier: s}}]}]}}}",
            "ingress.i.hosts.0.paths.0.service.identifier: service has no enabled entry s",
        ),
        (
            "{controllers: {c: {}}, service: {s: {controller: d}}}",
            "service.s.controller: controllers has no enabled entry d",
        ),
        (
            "{controllers: {c: {}}, persistence: {p: {type: emptyDir, advancedMounts: {d: {app: []}}}}}",
            "persistence.p.advancedMounts.d: controllers has no enabled entry d",
        ),
        (
            "{controllers: {c: {containers: {a: {envFrom: [{secretRef: {identifier: x}}]}}}}, secrets: {y: {}}}",
            "controllers.c.containers.a.envFrom.0.secretRef.identifier: secrets has no enabled entry x",
        ),
        (
            "{persistence: {p: {type: configMap, identifier: x}}}",
            "persistence.p.identifier: configMaps has no enabled entry x",
        ),
    ] {
        for version in ["4.0.1", "4.6.2", "5.1.0"] {
            assert_eq!(flaws(version, values), [want], "{version}");
        }
    }
    for values in [
        "{service: {'${APP}': {}}, route: {r: {rules: [{backendRefs: [{identifier: app}]}]}}}",
        "{service: {s: {}}, route: {r: {enabled: false, rules: [{backendRefs: [{identifier: gone}]}]}}}",
        "{service: {s: {}}, route: {r: {rules: [{backendRefs: [{identifier: '{{ .Values.x }}'}]}]}}}",
        "{service: {s: {}}, route: {r: {rules: [{backendRefs: [{identifier: s}]}]}}}",
        "{configMapsFromFolder: {enabled: true}, persistence: {p: {type: configMap, identifier: x}}}",
        "{controllers: {c: {enabled: false, containers: {a: {envFrom: [{secretRef: {identifier: x}}]}}}}}",
        "{rawResources: {r: {manifest: {spec: {secretRef: {identifier: x}}}}}}",
    ] {
        fine(&["4.0.1", "4.6.2", "5.1.0"], values);
    }
}

#[test]
fn services_that_are_called_otherwise() {
    let all = ["4.0.1", "4.6.2", "5.1.0"];
    let backend = |name: &str| {
        format!(
            "{{controllers: {{c: {{}}}}, service: {{s: {{}}}}, route: {{r: {{rules: [{{backendRefs: [{name}]}}]}}}}}}"
        )
    };
    let at = "route.r.rules.0.backendRefs.0.name: there is no Service";
    for version in all {
        let want = format!("{at} s; the one with this identifier is called app");
        assert_eq!(flaws(version, &backend("{name: s, port: 80}")), [want]);
        assert_eq!(flaws(version, &backend("{name: other, port: 80}")), [format!("{at} other")]);
    }
    for name in [
        "{name: app, port: 80}",
        "{name: '{{ .Release.Name }}', port: 80}",
        "{name: s, namespace: x}",
        "{name: s, kind: Other}",
    ] {
        fine(&all, &backend(name));
    }
    let monitor = |more: &str| format!("{{service: {{s: {{}}}}, serviceMonitor: {{m: {{{more}}}}}}}");
    for version in all {
        let want = "serviceMonitor.m.serviceName: the release has no Service app-s";
        assert_eq!(flaws(version, &monitor("serviceName: app-s")), [want]);
    }
    for more in ["serviceName: app", "serviceName: x, selector: {matchLabels: {a: b}}", "serviceName: '${X}'"] {
        fine(&all, &monitor(more));
    }
}

#[test]
fn forms_of_an_older_version() {
    let account = "{serviceAccount: {create: true, name: x}}";
    for version in ["4.0.1", "5.1.0"] {
        let want = ["create", "name"]
            .map(|key| format!("serviceAccount.{key}: each key of serviceAccount must be an account with a mapping"));
        assert_eq!(flaws(version, account), want, "{version}");
        assert_eq!(flaws(version, "{service: {s: {nameOverride: x}}}").len(), 1);
        assert_eq!(flaws(version, "{serviceAccount: {extraServiceAccounts: {x: {create: true}}}}").len(), 1);
        let ignored = "enforceServiceAccountCreation: enforceServiceAccountCreation is of 3.x, and ignored";
        assert_eq!(flaws(version, "{enforceServiceAccountCreation: true}"), [ignored]);
    }
    let raw = "{rawResources: {r: {apiVersion: v1, kind: ConfigMap, spec: {data: {a: b}}}}}";
    assert_eq!(flaws("5.0.1", raw), ["rawResources.r: the object is not under manifest, as 5.x has it"]);
    fine(&["4.0.1", "4.6.2"], raw);
    fine(&["5.0.1"], "{rawResources: {r: {manifest: {apiVersion: v1, kind: ConfigMap, data: {a: b}}}}}");
    let values = value(account);
    let unchecked = Deployed { checks_schema: false, ..Deployed::of("4.6.2", "app", "media", &values).unwrap() };
    assert_eq!(unchecked.flaws(), []);
}

#[test]
fn selectors_of_labels_that_no_pod_has() {
    let all = ["4.0.1", "4.6.2", "5.1.0"];
    let spread = |labels: &str, more: &str| {
        let selector = format!("labelSelector: {{matchLabels: {{{labels}}}}}");
        format!(
            "{{controllers: {{c: {{}}}}, defaultPodOptions: {{topologySpreadConstraints: [{{{selector}}}]{more}}}}}"
        )
    };
    let at = "defaultPodOptions.topologySpreadConstraints.0.labelSelector: no pod has the label";
    for version in all {
        let old = spread("app.kubernetes.io/component: c", "");
        assert_eq!(flaws(version, &old), [format!("{at} app.kubernetes.io/component=c")]);
        let gone = spread("app.kubernetes.io/name: app, app.kubernetes.io/controller: main", "");
        assert_eq!(flaws(version, &gone), [format!("{at} app.kubernetes.io/controller=main")]);
    }
    let component = "app.kubernetes.io/component: c";
    for values in [
        spread(component, ", labels: {app.kubernetes.io/component: c}"),
        spread("app.kubernetes.io/name: other, app.kubernetes.io/component: c", ""),
        spread("app.kubernetes.io/controller: c, app.kubernetes.io/name: app", ""),
        spread("app.kubernetes.io/controller: '{{ .Release.Name }}-${X}'", ""),
        // Whose pods they are is not certain.
        format!("{{networkpolicies: {{n: {{podSelector: {{matchLabels: {{{component}}}}}}}}}}}"),
        format!(
            "{{networkpolicies: {{n: {{rules: {{ingress: [{{from: [{{namespaceSelector: {{}}, podSelector: \
             {{matchLabels: {{app.kubernetes.io/name: app, {component}}}}}}}]}}]}}}}}}}}"
        ),
    ] {
        fine(&all, &values);
    }
    let policy = format!(
        "{{networkpolicies: {{n: {{podSelector: {{matchLabels: {{app.kubernetes.io/instance: app, {component}}}}}}}}}}}"
    );
    assert_eq!(flaws("4.6.2", &policy).len(), 1);
    let service = format!("{{service: {{s: {{extraSelectorLabels: {{{component}}}}}}}}}");
    assert_eq!(flaws("4.6.2", &service).len(), 1);
    let values = value(&policy);
    let changed = Deployed { is_changed_later: true, ..Deployed::of("4.6.2", "app", "media", &values).unwrap() };
    assert_eq!(changed.flaws(), []);
}

#[test]
fn what_pods_need_and_what_is_optional() {
    let values = value(
        "controllers:\n  c:\n    containers:\n      a:\n        envFrom: [{secretRef: {name: one}}, {configMapRef: {name: two, optional: true}}, {secret: three}]\n        \
         env: {X: {valueFrom: {secretKeyRef: {name: '{{ .Release.Name }}-four', key: k}}}, Y: {valueFrom: {configMapKeyRef: {name: five, key: k, optional: true}}}}\n      \
         off: {enabled: false, envFrom: [{secretRef: {name: no}}]}\n  off: {enabled: false, containers: {a: {envFrom: [{secretRef: {name: no}}]}}}\n\
         persistence:\n  v: {type: secret, name: six}\n  w: {type: configMap, name: seven, advancedMounts: {off: {a: [{path: /x}]}}}\n  x: {enabled: false, type: secret, name: no}\n\
         ingress: {i: {tls: [{secretName: tls}]}}\n",
    );
    for version in ["3.7.3", "4.6.2", "5.1.0"] {
        let release = Deployed::of(version, "app", "media", &values).unwrap();
        let mut names: Vec<_> =
            release.pod_inputs().into_iter().map(|input| format!("{} {}", input.kind, input.name)).collect();
        names.sort();
        assert_eq!(names, ["Secret app-four", "Secret one", "Secret six", "Secret three"]);
        assert!(release.may_make("tls") && !release.may_make("one"));
    }
}
