//! `docs/app-template.md#names` and `docs/app-template.md#what-cannot-be-kept`.

use super::*;

#[test]
fn the_full_name() {
    let long = "a".repeat(70);
    let full = |release: &str, values: &str| {
        let values = value(values);
        shown(&Chart { release, ..chart(Version::V4_1, &values) }.fullname())
    };
    for (release, values, want) in [
        ("app", "{}", "app"),
        ("app", "global: {nameOverride: pp}", "app"),
        ("app", "global: {nameOverride: zed}", "app-zed"),
        ("app", "nameOverride: zed", "app"),
        ("app", "fullnameOverride: own", "own"),
        ("app", "{fullnameOverride: own, global: {fullnameOverride: its, nameOverride: zed}}", "its"),
        ("app", "{fullnameOverride: '', global: {fullnameOverride: ~}}", "app"),
        (&long, "{}", &long[..63]),
        ("app", &format!("fullnameOverride: {}--x", "b".repeat(61)), &format!("{}-", "b".repeat(61))),
        ("app", "fullnameOverride: '{{ .Release.Name }}'", "?NotRendered"),
        ("app", "fullnameOverride: ${X}-x", "?Variable"),
        ("app", "fullnameOverride: 12", "?NotText"),
        ("app", "fullnameOverride: [x]", "?NotText"),
        ("${APP}", "{}", "?Variable"),
        ("${APP}", "fullnameOverride: own", "own"),
    ] {
        assert_eq!(full(release, values), want, "{release} {values}");
    }
}

/// Rows A and B of `docs/app-template.md#names-in-3x`.
#[test]
fn rows_a_and_b_count_their_siblings() {
    for (section, knows_primary) in [
        ("controllers", false),
        ("ingress", false),
        ("serviceMonitor", false),
        ("networkpolicies", false),
        ("service", true),
        ("route", true),
    ] {
        let of = |items: &str| names(Version::V3_7_3, &format!("{section}: {items}"));
        assert_eq!(of("{x: {}}"), ["app"]);
        assert_eq!(of("{x: {}, y: {enabled: false}, z: null, '0': text}"), ["app"]);
        assert_eq!(of("{x: {}, app: {enabled: true}}"), ["app-x", "app"]);
        assert_eq!(of("{x: {nameOverride: ov}, y: {nameOverride: app}}"), ["app-ov", "app"]);
        assert_eq!(of("{x: {nameOverride: '-'}}"), ["app--"]);
        assert_eq!(
            of("{x: {nameOverride: 'n-{{ .Release.Namespace }}'}, y: {nameOverride: '{{ .Values.z }}'}}"),
            ["app-n-media", "?Template"]
        );
        assert_eq!(of("{x: {primary: true}, y: {}}"), [if knows_primary { "app" } else { "app-x" }, "app-y"]);
        assert_eq!(of("{x: {forceRename: z}}"), ["app"], "not known here");
    }
}

/// Row C of `docs/app-template.md#names-in-3x`.
#[test]
fn row_c_always_has_its_identifier() {
    for section in ["configMaps", "secrets", "rawResources", "rbac: {roles", "rbac: {bindings"] {
        let closed = if section.contains('{') { "}" } else { "" };
        let of = |items: &str| names(Version::V3_7_3, &format!("{{{section}: {items}}}{closed}"));
        assert_eq!(of("{x: {}}"), ["app-x"]);
        assert_eq!(
            of("{x: {}, app: {}, y: {nameOverride: ov}, z: {nameOverride: app}}"),
            ["app-x", "app", "app-ov", "app"]
        );
        assert_eq!(of("{x: {forceRename: '{{ .Release.Name }}-F', nameOverride: ov}}"), ["app-F"]);
    }
    let folders = "configMapsFromFolder: {enabled: true, configMapsOverrides: {x: {}, y: {forceRename: z}}}";
    assert_eq!(names(Version::V3_7_3, folders), ["app-x", "z"]);
    assert_eq!(names(Version::V3_7_3, "configMapsFromFolder: {configMapsOverrides: {x: {}}}"), [""; 0]);
    assert_eq!(names(Version::V4_1, folders), ["?Siblings", "z"], "how many folders there are is not in the values");
}

/// Row D of `docs/app-template.md#names-in-3x`.
#[test]
fn row_d_claims() {
    let of = |items: &str| names(Version::V3_7_3, &format!("persistence: {items}"));
    assert_eq!(of("{x: {}}"), ["app-x"]);
    assert_eq!(of("{app: {type: persistentVolumeClaim}}"), ["app"]);
    assert_eq!(
        of("{x: {nameOverride: '-'}, y: {nameOverride: ov}, z: {nameOverride: app}}"),
        ["app", "app-ov", "app-app"]
    );
    assert_eq!(of("{x: {nameOverride: '{{ .Release.Name }}'}}"), ["?NotRendered"]);
    assert_eq!(of("{x: {type: emptyDir}, y: {existingClaim: z}, z: {enabled: false}}"), [""; 0]);
    assert_eq!(of("{x: {existingClaim: ''}, y: {existingClaim: ~}}"), ["app-x", "app-y"]);
    assert_eq!(of("{x: {existingClaim: '${CLAIM}'}, y: {type: '${TYPE}'}}"), ["?Switch", "?Switch"]);
}

/// Rows E and F of `docs/app-template.md#names-in-3x`.
#[test]
fn rows_e_and_f_accounts_and_claim_templates() {
    let of = |values: &str| names(Version::V3_7_3, &format!("serviceAccount: {values}"));
    assert_eq!(of("{}"), [""; 0]);
    assert_eq!(of("{create: true}"), ["app-default-sa-token", "app"]);
    assert_eq!(of("{create: true, name: x}"), ["app-default-sa-token", "x"]);
    assert_eq!(
        of("{name: x, extraServiceAccounts: {y: {}, z: {name: nn, create: true}, off: {create: false}}}"),
        ["app-y-sa-token", "app-z-sa-token", "app-y", "nn"]
    );
    assert_eq!(of("{create: 'true'}"), ["?Switch", "?Switch"]);
    let own = names(Version::V3_7_3, "{serviceAccount: {create: true}, secrets: {default-sa-token: {forceRename: x}}}");
    assert_eq!(own, ["app-default-sa-token", "app"], "the chart puts its own in the place");

    let values = value(
        "controllers: {x: {type: statefulset, statefulset: {volumeClaimTemplates: [{name: data}], persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}}}",
    );
    for version in MAJORS {
        let workload = chart(version, &values).workloads().remove(0);
        assert_eq!((shown(&workload.claim_templates[0].name), workload.loses_claims), ("data".to_owned(), true));
    }
}

#[test]
fn the_one_rule_of_4() {
    let sections = [
        "controllers",
        "ingress",
        "serviceMonitor",
        "networkpolicies",
        "service",
        "route",
        "configMaps",
        "secrets",
        "rawResources",
        "persistence",
        "serviceAccount",
    ];
    for section in sections {
        for version in [Version::V4_0, Version::V4_1] {
            let of = |items: &str| names(version, &format!("{{{section}: {items}, fullnameOverride: my-App}}"));
            assert_eq!(of("{x: {}}"), ["my-app"]);
            assert_eq!(of("{x: {primary: true}, y: {}}"), ["my-app-x", "my-app-y"]);
            assert_eq!(of("{x: {forceRename: 'X-{{ .Release.Name }}', suffix: s}, App: {}}"), ["x-app", "my-app"]);
            assert_eq!(of("{x: {prefix: p}}"), ["p-my-app"]);
            assert_eq!(of("{x: {prefix: my-App}}"), ["my-app"]);
            assert_eq!(of("{x: {suffix: s}}"), ["my-app-s"]);
            assert_eq!(of("{x: {suffix: App}}"), ["my-app"]);
            assert_eq!(
                of("{x: {suffix: x}, y: {prefix: p, suffix: '{{ .Release.Name }}'}}"),
                ["my-app-x", "p-my-app-y-app"]
            );
            assert_eq!(of("{x: {}, y: {enabled: false}}"), ["my-app"]);
            let same = if version == Version::V4_0 { "my-app-my-app" } else { "my-app" };
            assert_eq!(of("{x: {}, my-App: {}}"), ["my-app-x", same]);
        }
    }
    assert_eq!(
        names(Version::V4_1, "{global: {alwaysAppendIdentifierToResourceName: true}, service: {x: {}}}"),
        ["app-x"]
    );
    assert_eq!(
        names(Version::V4_0, "{global: {alwaysAppendIdentifierToResourceName: true}, service: {x: {}}}"),
        ["app"]
    );
    assert_eq!(
        names(Version::V4_1, "{global: {alwaysAppendIdentifierToResourceName: 'true'}, service: {x: {}}}"),
        ["?Switch"]
    );
}

#[test]
fn what_4_counts() {
    let claims = "persistence: {x: {}, y: {existingClaim: z}, e: {type: emptyDir}, off: {enabled: false}}";
    assert_eq!(names(Version::V4_1, claims), ["app"]);
    let tokens = "{secrets: {x: {}}, serviceAccount: {y: {staticToken: true}, z: {}}}";
    assert_eq!(names(Version::V4_1, tokens), ["app-x", "app-y-sa-token", "app-y", "app-z"]);
    assert_eq!(names(Version::V4_1, "serviceAccount: {y: {staticToken: true}}"), ["app-y-sa-token", "app"]);
}

#[test]
fn a_switch_that_readers_differ_on_leaves_names_open() {
    for off in ["'false'", "off", "~", "${ON:=true}", "0", "[]"] {
        for version in MAJORS {
            assert_eq!(
                names(version, &format!("service:\n  x:\n    enabled: {off}\n  y: {{}}\n")),
                ["?Switch", "?Siblings"],
                "{off}"
            );
            let three = format!("service:\n  x:\n    enabled: {off}\n  y: {{}}\n  z: {{}}\n");
            assert_eq!(names(version, &three), ["?Switch", "app-y", "app-z"], "there are two at least");
        }
    }
    assert_eq!(names(Version::V3_7_3, "service: {x: {primary: 'yes'}, y: {}}"), ["?Switch", "app-y"]);
    assert_eq!(names(Version::V4_1, "service: {'${X}': {}, '{{ x }}': {}}"), ["?Variable", "?NotRendered"]);
}

#[test]
fn kinds() {
    let values = value(
        "{controllers: {a: {}, b: {type: cronjob}, c: {type: x}}, route: {a: {}, b: {kind: TCPRoute}}, rawResources: {a: {kind: Widget}, b: \
         {manifest: {kind: Gadget}}, c: {kind: '{{ x }}'}}, rbac: {roles: {a: {type: ClusterRole}}, bindings: {a: {type: ClusterRoleBinding}}}}",
    );
    for version in MAJORS {
        let objects = chart(version, &values).objects();
        let kinds: Vec<_> = objects.iter().map(|object| object.kind.as_deref().unwrap_or("?")).collect();
        let want = [
            "Deployment",
            "CronJob",
            "?",
            "HTTPRoute",
            "TCPRoute",
            "Widget",
            "Gadget",
            "?",
            "ClusterRole",
            "ClusterRoleBinding",
        ];
        assert_eq!(kinds, want);
    }
}

/// Aliases and merge keys are those of the text; a patched object has none.
#[test]
fn names_are_the_same_however_the_values_are_written() {
    let written = "\
x: &x {nameOverride: ov}
service: {a: *x, b: {<<: *x, primary: true}, c: &c {}}
ingress: {<<: {a: {}, b: *c}}
";
    let plain = "{service: {a: {nameOverride: ov}, b: {nameOverride: ov}, c: {}}, ingress: {a: {}, b: {}}}";
    assert_eq!(names(Version::V3_7_3, written), names(Version::V3_7_3, plain));
    assert_eq!(names(Version::V3_7_3, plain), ["app-ov", "app-ov", "app-c", "app-a", "app-b"]);
}

#[test]
fn each_workload_has_its_immutable_field() {
    let values = value(
        "{controllers: {a: {}, b: {type: daemonset}, c: {type: statefulset}, d: {type: job}, e: {type: job, annotations: {helm.sh/hook: \
         pre-upgrade}}, f: {type: cronjob}, g: {type: x}, h: {enabled: false}}, service: {x: {controller: a}, y: {controller: f}, z: \
         {controller: a, type: ExternalName}}, persistence: {data: {nameOverride: Data}}, rbac: {roles: {r: {type: Role, forceRename: Upper}}, \
         bindings: {b: {type: RoleBinding, roleRef: {identifier: r}}}}}",
    );
    let chart = chart(Version::V3_7_3, &values);
    let stops: Vec<_> = chart.workloads().into_iter().map(|workload| (workload.identifier, workload.stop)).collect();
    let want = [
        ("a", Stop::Selector),
        ("b", Stop::Selector),
        ("c", Stop::Spec),
        ("d", Stop::Template),
        ("e", Stop::Nothing),
        ("f", Stop::Nothing),
        ("g", Stop::Unknown),
    ];
    assert_eq!(stops, want.map(|(identifier, stop)| (identifier.to_owned(), stop)));
    let costs = chart.costs(&chart.pins(Version::V4_1, Tokens::Dropped));
    let name = |name: &str| Ok(name.to_owned());
    assert_eq!(
        costs,
        [
            Cost::Claim { name: name("app-Data"), then: Some(name("app")) },
            Cost::RoleRef { binding: name("app-b"), role: name("Upper") },
            Cost::NoEndpoints { service: name("app-x"), controllers: vec!["a".to_owned()] },
        ]
    );
}
