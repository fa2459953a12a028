//! `docs/app-template.md#keeping-a-name` and `docs/app-template.md#references`.

use super::*;

/// What keeps each name, in the order of the objects, for 4.0.x and 4.1+; and they are kept.
fn pins(values: &str) -> [Vec<Pin>; 2] {
    let values = value(values);
    [Version::V4_0, Version::V4_1].map(|to| {
        let pins = chart(Version::V3_7_3, &values).pins(to, Tokens::Dropped);
        let applied = pins.applied(&values);
        let after = chart(to, &applied).objects();
        for pinned in pins.objects.iter().filter(|pinned| pinned.pin.keeps() && pinned.object.name.is_ok()) {
            let same =
                after.iter().filter(|object| object.kind == pinned.object.kind && object.name == pinned.object.name);
            assert_eq!(same.count(), 1, "{pinned:?}");
        }
        pins.objects.into_iter().map(|pinned| pinned.pin).collect()
    })
}

fn both(values: &str) -> Vec<Pin> {
    let [older, newer] = pins(values);
    assert_eq!(older, newer);
    newer
}

fn suffix(text: &str) -> Pin {
    Pin::Suffix(text.to_owned())
}

fn forced(text: &str) -> Pin {
    Pin::ForceRename(text.to_owned())
}

#[test]
fn single_ones_that_3_suffixes() {
    for section in ["persistence: {x: {}}", "configMaps: {x: {}}", "secrets: {x: {}}", "rawResources: {x: {kind: W}}"] {
        assert_eq!(both(section), [suffix("x")], "{section}");
    }
    assert_eq!(both("rbac: {roles: {x: {}}, bindings: {x: {}}}"), [suffix("x"), suffix("x")]);
    // Claims are pinned in any case: what others there will be must not matter to them.
    assert_eq!(pins("persistence: {app: {}}"), [vec![forced("app")], vec![Pin::Nothing]]);
    assert_eq!(both("persistence: {x: {}, y: {}}"), [suffix("x"), suffix("y")]);
    assert_eq!(both("configMaps: {x: {}, y: {}}"), [Pin::Nothing, Pin::Nothing]);
    // The token that 3.x makes beside it is gone, and so the Secret is alone.
    assert_eq!(both("{secrets: {x: {}}, serviceAccount: {create: true}}"), [suffix("x"), Pin::Dropped, Pin::Nothing]);
}

#[test]
fn claims_with_name_override() {
    assert_eq!(both("persistence: {x: {nameOverride: '-'}}"), [forced("app")]);
    assert_eq!(both("persistence: {x: {nameOverride: '-'}, y: {}}"), [forced("app"), suffix("y")]);
    assert_eq!(both("persistence: {x: {nameOverride: ov}}"), [suffix("ov")]);
    assert_eq!(both("persistence: {x: {nameOverride: ov}, z: {nameOverride: z}}"), [forced("app-ov"), suffix("z")]);
}

#[test]
fn name_override_primary_and_names_in_names() {
    for section in ["controllers", "service", "ingress", "route", "serviceMonitor", "networkpolicies", "configMaps"] {
        assert_eq!(both(&format!("{section}: {{x: {{nameOverride: ov}}}}")), [suffix("ov")], "{section}");
        assert_eq!(
            both(&format!("{section}: {{x: {{nameOverride: ov}}, y: {{}}}}")),
            [forced("app-ov"), Pin::Nothing],
            "{section}"
        );
        let [older, newer] = pins(&format!("{section}: {{x: {{}}, app: {{}}}}"));
        assert_eq!((older, newer), (vec![Pin::Nothing, forced("app")], vec![Pin::Nothing, Pin::Nothing]), "{section}");
    }
    assert_eq!(both("service: {x: {primary: true}, y: {}}"), [forced("app"), Pin::Nothing]);
    assert_eq!(both("{fullnameOverride: app-x, service: {x: {}, y: {}}}"), [forced("app-x-x"), Pin::Nothing]);
    assert_eq!(both("configMaps: {x: {forceRename: other}}"), [forced("other")]);
    assert_eq!(both("configMaps: {x: {forceRename: '{{ .Release.Name }}'}}"), [Pin::Nothing]);
    assert_eq!(both("controllers: {x: {forceRename: ignored, suffix: ignored}}"), [Pin::Nothing]);
}

#[test]
fn what_cannot_be_kept_or_is_unknown() {
    assert_eq!(both("rbac: {roles: {Upper: {}}}"), [Pin::Impossible]);
    // What only Helm can render, 4.x renders, too.
    assert_eq!(both("service: {x: {nameOverride: '{{ .Values.y }}'}}"), [Pin::Suffix("{{ .Values.y }}".to_owned())]);
    let several = both("service: {x: {nameOverride: '{{ .Values.y }}'}, y: {}}");
    assert_eq!(several, [forced("app-{{ .Values.y }}"), Pin::Nothing]);
    assert_eq!(both("configMaps: {x: {forceRename: 'a-{{ .Values.y }}'}}"), [forced("a-{{ .Values.y }}")]);
    // But there, 3.x renders nothing.
    assert!(
        matches!(&both("persistence: {x: {nameOverride: '{{ .Values.y }}'}}")[..], [Pin::Unknown(unknown)] if unknown.text == "{{ .Values.y }}")
    );
    // The number of siblings is open, but a claim's name does not depend on it in 3.x, and
    // forceRename does not in 4.x.
    assert!(
        matches!(&both("persistence: {x: {enabled: 'false'}, y: {}}")[..], [Pin::Unknown(_), Pin::ForceRename(name)] if name == "app-y")
    );
}

#[test]
fn references_are_literal_or_by_identifier() {
    let values = value(
        "{controllers: {app: {serviceAccount: {name: sa}, containers: {app: {envFrom: [{configMapRef: {identifier: env}}, {secretRef: {name: \
         '{{ .Release.Name }}-s'}}, {secret: s}, {configMap: other}], env: {X: {valueFrom: {secretKeyRef: {name: app-s, key: k}}}}}}}}, configMaps: {env: \
         {}}, secrets: {s: {}}, persistence: {a: {type: configMap, name: app-env, advancedMounts: {app: {}}}, b: {existingClaim: c}}, service: \
         {web: {controller: app}}, ingress: {i: {hosts: [{paths: [{service: {identifier: web}}]}], tls: [{secretName: t}]}}, route: {r: \
         {rules: [{backendRefs: [{name: web}, {name: app}]}]}}, serviceMonitor: {m: {serviceName: app}}, rbac: {bindings: {b: {roleRef: \
         {kind: Role, name: x}, subjects: [{identifier: default}]}}}}",
    );
    let found = |version| {
        let chart = chart(version, &values);
        let objects = chart.objects();
        let line = |reference: Reference| {
            let target = reference.target(&objects).map(|object| shown(&object.name)).unwrap_or_default();
            let to = match &reference.to {
                Referent::Name(name) => shown(name),
                Referent::Identifier(_, identifier) => format!("#{identifier}"),
            };
            format!("{} {to} {target}", reference.path.join("."))
        };
        chart.references().into_iter().map(line).collect::<Vec<_>>()
    };
    let three = [
        "controllers.app.containers.app.envFrom.2.secret #s app-s",
        "controllers.app.containers.app.envFrom.3.configMap other ",
        "controllers.app.containers.app.envFrom.0.configMapRef.identifier #env app-env",
        "controllers.app.containers.app.envFrom.1.secretRef.name app-s app-s",
        "controllers.app.containers.app.env.X.valueFrom.secretKeyRef.name app-s app-s",
        "persistence.b.existingClaim c ",
        "ingress.i.tls.0.secretName t ",
        "controllers.app.serviceAccount.name sa ",
        "persistence.a.name app-env app-env",
        "persistence.a.advancedMounts.app #app app",
        "service.web.controller #app app",
        "serviceMonitor.m.serviceName app app",
        "ingress.i.hosts.0.paths.0.service.identifier #web app",
        "route.r.rules.0.backendRefs.0.name #web app",
        "route.r.rules.0.backendRefs.1.name app app",
        "rbac.bindings.b.roleRef.name x ",
        "rbac.bindings.b.subjects.0.identifier #default ",
    ];
    let mut ours = found(Version::V3_7_3);
    // The short forms are found where their list is.
    ours.sort();
    let mut want = three.map(str::to_owned);
    want.sort();
    assert_eq!(ours, want);
    let dead = "route.r.rules.0.backendRefs.0.name web ".to_owned();
    assert!(found(Version::V4_1).contains(&dead), "4.x takes the name literally: a dead backend");
}
