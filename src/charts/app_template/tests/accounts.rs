//! `docs/app-template.md#service-accounts`.

use super::*;

fn pods(version: Version, values: &str) -> Vec<String> {
    let values = value(&format!("{{controllers: {{c: {{}}}}, {values}}}"));
    chart(version, &values).pod_accounts().iter().map(|pod| shown(&pod.name)).collect()
}

#[test]
fn the_account_of_a_pod_in_3() {
    for (values, want) in [
        ("", "default"),
        ("serviceAccount: {}", "default"),
        ("serviceAccount: {create: true}", "app"),
        ("serviceAccount: {create: true, name: x}", "x"),
        ("serviceAccount: {create: false, name: x}", "x"),
        ("enforceServiceAccountCreation: true, serviceAccount: {create: false, name: x}", "default"),
        ("enforceServiceAccountCreation: true, serviceAccount: {create: true, name: x}", "x"),
        ("serviceAccount: {extraServiceAccounts: {x: {}}}", "default"),
        ("serviceAccount: {create: 'true'}", "?Switch"),
        ("serviceAccount: {name: '{{ .Release.Name }}'}", "?NotRendered"),
    ] {
        assert_eq!(pods(Version::V3_7_3, values), [want], "{values}");
    }
    let stated = "{controllers: {a: {serviceAccount: {identifier: x}}, b: {serviceAccount: {name: yy}}, c: {serviceAccount: {identifier: default}}, d: \
                  {serviceAccount: {identifier: none}}}, serviceAccount: {name: own, extraServiceAccounts: {x: {create: false}}}}";
    let values = value(stated);
    let pods: Vec<_> = chart(Version::V3_7_3, &values).pod_accounts().iter().map(|pod| shown(&pod.name)).collect();
    assert_eq!(pods, ["app-x", "yy", "own", "?Account"]);
}

#[test]
fn the_account_of_a_pod_in_4() {
    for (values, older, newer) in [
        ("", "default", "default"),
        ("serviceAccount: {x: {}}", "default", "x"),
        ("serviceAccount: {app: {}}", "default", "app"),
        ("serviceAccount: {x: {}, y: {enabled: false}}", "default", "x"),
        ("serviceAccount: {x: {}, y: {}}", "default", "?Account"),
        ("serviceAccount: {x: {}, y: {enabled: 'false'}}", "default", "?Switch"),
    ] {
        assert_eq!([pods(Version::V4_0, values), pods(Version::V4_1, values)], [[older], [newer]], "{values}");
    }
    let stated = "{controllers: {a: {serviceAccount: {identifier: x}}, b: {serviceAccount: {name: yy}}, c: {serviceAccount: {identifier: none}}}, \
                  serviceAccount: {x: {}}}";
    let values = value(stated);
    for version in [Version::V4_0, Version::V4_1] {
        let pods: Vec<_> = chart(version, &values).pod_accounts().iter().map(|pod| shown(&pod.name)).collect();
        assert_eq!(pods, ["app", "yy", "?Account"]);
    }
}

fn keyed(to: Version, tokens: Tokens, values: &str) -> (Vec<(String, Pin)>, Vec<Statement>) {
    let values = value(&format!("{{controllers: {{c: {{}}}}, {values}}}"));
    let keyed = chart(Version::V3_7_3, &values).keyed_accounts(to, tokens);
    let accounts = keyed.accounts.into_iter().map(|account| (account.identifier, account.pin));
    (accounts.collect(), keyed.controllers.into_iter().map(|(_, statement)| statement).collect())
}

#[test]
fn accounts_get_keys_and_pods_state_them() {
    let identifier = |text: &str| vec![Statement::Identifier(text.to_owned())];
    let name = |text: &str| vec![Statement::Name(text.to_owned())];
    let account = |text: &str, pin: Pin| (text.to_owned(), pin);
    for to in [Version::V4_0, Version::V4_1] {
        let of = |values| keyed(to, Tokens::Dropped, values);
        assert_eq!(of("serviceAccount: {}"), (vec![], vec![Statement::Nothing]));
        assert_eq!(of("serviceAccount: {create: true}"), (vec![account("app", Pin::Nothing)], identifier("app")));
        let named = of("serviceAccount: {create: true, name: x}");
        assert_eq!(named, (vec![account("x", Pin::ForceRename("x".to_owned()))], identifier("x")));
        assert_eq!(of("serviceAccount: {name: x}"), (vec![], name("x")));
        let extra = of("serviceAccount: {extraServiceAccounts: {x: {}}}");
        assert_eq!(extra, (vec![account("x", Pin::Suffix("x".to_owned()))], name("default")));
        let several = of("serviceAccount: {create: true, extraServiceAccounts: {x: {}}}");
        let pin = if to == Version::V4_0 { Pin::ForceRename("app".to_owned()) } else { Pin::Nothing };
        assert_eq!(several, (vec![account("app", pin), account("x", Pin::Nothing)], identifier("app")));
        let taken = of("serviceAccount: {create: true, extraServiceAccounts: {app: {}}}");
        assert_eq!(taken.0[0], account("default", Pin::ForceRename("app".to_owned())));
        assert_eq!(taken.1, identifier("default"));
        assert!(matches!(of("serviceAccount: {create: on}").1[..], [Statement::Unknown(_)]));
        let kept = keyed(to, Tokens::Kept, "serviceAccount: {create: true}");
        assert_eq!(kept, (vec![account("default", Pin::Nothing)], identifier("default")), "the token's name holds it");
    }
}

/// As real Helm renders it with the templates of the chart.
#[test]
fn an_extra_account_may_be_called_default_too() {
    for (accounts, objects, pod) in [
        (
            "{create: true, extraServiceAccounts: {default: {name: n2}}}",
            ["app-default-sa-token", "app", "n2"].as_slice(),
            "app",
        ),
        ("{create: true, name: x, extraServiceAccounts: {default: {}}}", &["app-default-sa-token", "x", "app"], "x"),
        ("{create: true, extraServiceAccounts: {default: {}}}", &["app-default-sa-token", "app", "app"], "app"),
        ("{create: false, extraServiceAccounts: {default: {}}}", &["app-default-sa-token", "app"], "default"),
        ("{name: x, extraServiceAccounts: {default: {name: n2}}}", &["app-default-sa-token", "n2"], "x"),
        ("{create: true, extraServiceAccounts: {default: {create: false}}}", &["app-default-sa-token", "app"], "app"),
    ] {
        let values = format!("serviceAccount: {accounts}");
        assert_eq!(names(Version::V3_7_3, &format!("{{{values}}}")), objects, "{accounts}");
        assert_eq!(pods(Version::V3_7_3, &values), [pod], "{accounts}");
        let controllers = "controllers: {c: {}}, d: {serviceAccount: {identifier: default}}";
        let values = value(&format!("{{{controllers}, {values}}}"));
        assert_eq!(chart(Version::V3_7_3, &values).account_of("default"), Ok(pod.to_owned()), "{accounts}");
    }
}

#[test]
fn two_accounts_called_default_get_two_keys() {
    let of = |tokens, accounts: &str| {
        let values = value(&format!(
            "{{controllers: {{c: {{}}}}, rbac: {{bindings: {{b: {{subjects: [{{identifier: default}}]}}}}}}, serviceAccount: {accounts}}}"
        ));
        let applied = chart(Version::V3_7_3, &values).pins(Version::V4_1, tokens).applied(&values);
        let subjects = applied.at(&["rbac", "bindings", "b", "subjects"]).unwrap();
        assert_eq!(subjects.items()[0], *applied.at(&["controllers", "c", "serviceAccount"]).unwrap());
        (
            subjects.items()[0].text_at(&["identifier"]).unwrap().to_owned(),
            applied.get("serviceAccount").unwrap().clone(),
        )
    };
    let accounts = "{create: true, labels: {a: b}, extraServiceAccounts: {default: {name: n2, labels: {c: d}}}}";
    let dropped = "{app: {labels: {a: b}}, default: {forceRename: n2, labels: {c: d}}}";
    assert_eq!(of(Tokens::Dropped, accounts), ("app".to_owned(), value(dropped)));
    // The only token that 3.x makes is that of the extra account.
    let kept = "{app: {labels: {a: b}}, default: {forceRename: n2, labels: {c: d}, staticToken: true}}";
    assert_eq!(of(Tokens::Kept, accounts), ("app".to_owned(), value(kept)));
    let taken = "{create: true, extraServiceAccounts: {default: {name: n2}, app: {name: n3}}}";
    let numbered = "{default-2: {forceRename: app}, default: {forceRename: n2}, app: {forceRename: n3}}";
    assert_eq!(of(Tokens::Dropped, taken), ("default-2".to_owned(), value(numbered)));
}

#[test]
fn subjects_keep_their_account() {
    let bindings =
        "rbac: {bindings: {b: {subjects: [{kind: User, name: me}, {identifier: default}, {identifier: x}]}}}";
    for (accounts, want) in [
        ("{create: true, extraServiceAccounts: {x: {}}}", ["identifier app", "identifier x"]),
        ("{create: false, extraServiceAccounts: {x: {create: false}}}", ["name default", "name app-x"]),
        ("{create: false, name: own, extraServiceAccounts: {x: {name: nn}}}", ["name own", "identifier x"]),
    ] {
        let values = value(&format!("{{{bindings}, serviceAccount: {accounts}}}"));
        let chart = chart(Version::V3_7_3, &values);
        let keyed = chart.keyed_accounts(Version::V4_1, Tokens::Dropped);
        let shown = keyed.subjects.iter().map(|subject| match &subject.now {
            Statement::Identifier(text) => format!("identifier {text}"),
            Statement::Name(text) => format!("name {text}"),
            other => format!("{other:?}"),
        });
        assert_eq!(shown.collect::<Vec<_>>(), want, "{accounts}");
    }
    let values = value(&format!("{{{bindings}, serviceAccount: {{name: own}}}}"));
    let pins = chart(Version::V3_7_3, &values).pins(Version::V4_1, Tokens::Dropped);
    let subjects = pins.applied(&values).at(&["rbac", "bindings", "b", "subjects"]).cloned();
    let want = "[{kind: User, name: me}, {kind: ServiceAccount, name: own, namespace: '{{ .Release.Namespace }}'}, {identifier: x}]";
    assert_eq!(subjects, Some(value(want)), "what is unknown stays");
}

#[test]
fn labels_and_annotations_stay_with_the_account() {
    let values = value(
        "{controllers: {c: {}}, enforceServiceAccountCreation: true, serviceAccount: {create: true, annotations: {a: b}, extraServiceAccounts: {x: \
         {labels: {c: d}}}}}",
    );
    let pins = chart(Version::V3_7_3, &values).pins(Version::V4_1, Tokens::Kept);
    let want = "{controllers: {c: {serviceAccount: {identifier: default}}}, serviceAccount: {default: {forceRename: app, annotations: {a: b}, staticToken: \
                true}, x: {labels: {c: d}, staticToken: true}}}";
    assert_eq!(pins.applied(&values), value(want));
}
