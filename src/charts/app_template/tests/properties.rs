//! For random values of 3.x: what was pinned is there in 4.x, for every object.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::restore::pin;
use super::*;
use crate::rounds::{config, rounds};

const IDS: [&str; 8] = ["app", "main", "web-ui", "server", "foo-server", "config", "0", "default"];
const RELEASES: [&str; 4] =
    ["app", "foo-server", "my-media-app", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bcd"];
const NAMES: [&str; 10] =
    ["", "", "", "", "ov", "-", "app", "{{ .Release.Name }}", "n-{{- .Release.Namespace }}", "config"];
const SECTIONS: [&str; 12] = [
    "controllers",
    "service",
    "ingress",
    "route",
    "serviceMonitor",
    "networkpolicies",
    "persistence",
    "configMaps",
    "secrets",
    "rawResources",
    "roles",
    "bindings",
];
const EXTRA: [&str; 8] = [
    "",
    "create: false",
    "name: n2",
    "create: true",
    "name: app",
    "name: default",
    "name: literal, create: false",
    "name: n3",
];

/// An entry: identifier, whether it is enabled, its two names, whether it is primary, its account.
type Entry = (usize, u8, usize, usize, bool, usize);

fn entry() -> impl Strategy<Value = Entry> {
    (0..IDS.len(), 0..5u8, 0..NAMES.len(), 0..NAMES.len(), any::<bool>(), 0..8usize)
}

fn entries(section: &str, entries: &[Entry]) -> String {
    let mut seen = Vec::new();
    let mut text = String::new();
    for &(id, enabled, name, forced, primary, account) in entries {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        // The identifiers of tokens, which take the place of what is there.
        let identifier = match (section, IDS[id]) {
            ("secrets", "0") => "default-sa-token",
            ("secrets", "server") => "main-sa-token",
            (_, identifier) => identifier,
        };
        text += &format!("'{identifier}': {{");
        if enabled < 2 {
            text += &format!("enabled: {}, ", enabled == 1);
        }
        let renders = !(section == "persistence" && NAMES[name].contains('{'));
        if !NAMES[name].is_empty() && renders {
            text += &format!("nameOverride: '{}', ", NAMES[name]);
        }
        if !NAMES[forced].is_empty() {
            text += &format!("forceRename: 'f-{}', ", NAMES[forced]);
        }
        if primary {
            text += "primary: true, ";
        }
        match (section, account) {
            ("controllers", 0) => text += "serviceAccount: {identifier: default}, ",
            ("controllers", 1) => text += "serviceAccount: {identifier: main}, ",
            ("controllers", 2) => text += "serviceAccount: {name: other}, ",
            ("controllers", 3) => text += "type: statefulset, ",
            ("roles", _) => text += "rules: [{verbs: [get]}], ",
            ("bindings", 0..4) => {
                text += "roleRef: {identifier: main}, subjects: [{identifier: default}, {identifier: main}], ";
            }
            ("bindings", _) => {
                text += "roleRef: {kind: Role, name: x}, subjects: [{kind: User, name: me, namespace: ''}], "
            }
            ("route", _) => {
                let names = ["app", "main", "{{ .Release.Name }}", "web-ui"];
                text += &format!("rules: [{{backendRefs: [{{name: '{}', port: 80}}]}}], ", names[account % 4]);
            }
            ("networkpolicies", 0..4) => {
                text += "podSelector: {matchLabels: {app.kubernetes.io/component: main}}, ";
            }
            ("persistence", 0) => text += "existingClaim: x, ",
            ("persistence", 1) => text += "type: emptyDir, ",
            ("rawResources", _) => text += "kind: Widget, ",
            _ => {}
        }
        text += "}, ";
    }
    text
}

prop_compose! {
    fn values()(
        sections in vec(vec(entry(), 0..4), SECTIONS.len()),
        (full, own, always) in (0..4usize, 0..4usize, any::<bool>()),
        (create, name, enforces) in (any::<bool>(), 0..6usize, any::<bool>()),
        extra in vec((0..IDS.len(), 0..8usize), 0..4),
    ) -> String {
        let mut text = "{".to_owned();
        let mut rbac = String::new();
        for (section, list) in SECTIONS.iter().zip(&sections) {
            let part = format!("{section}: {{{}}}, ", entries(section, list));
            if matches!(*section, "roles" | "bindings") { rbac += &part } else { text += &part }
        }
        text += &format!("rbac: {{{rbac}}}, global: {{alwaysAppendIdentifierToResourceName: {always}, ");
        text += ["", "", "nameOverride: zed", "fullnameOverride: over-server"][full];
        text += "}, ";
        text += ["", "", "fullnameOverride: topfull, ", "nameOverride: dead, "][own];
        text += &format!("enforceServiceAccountCreation: {enforces}, serviceAccount: {{create: {create}, ");
        text += ["", "", "name: literal, ", "name: default, ", "name: web-ui, ", "name: n2, "][name];
        text += "labels: {of: its-own}, extraServiceAccounts: {";
        let mut seen = Vec::new();
        for (id, how) in extra {
            if !seen.contains(&id) {
                seen.push(id);
                let identifier = IDS[id];
                text += &format!("'{identifier}': {{labels: {{of: '{identifier}'}}, {}}}, ", EXTRA[how]);
            }
        }
        text + "}}}"
    }
}

fn named(objects: &[Object], tokens: Tokens) -> Vec<(String, String)> {
    let kept = objects.iter().filter(|object| tokens == Tokens::Kept || object.section != Section::Tokens);
    let mut names: Vec<_> = kept.map(|object| (object.kind.clone().unwrap(), object.name.clone().unwrap())).collect();
    names.sort();
    names
}

/// Every name and account of values of 3.x is there in 4.x, and nothing that 4.x rejects.
fn is_kept(text: &str, release: &str, to: Version, tokens: Tokens) -> Result<(), TestCaseError> {
    let values = value(text);
    let before = Chart { release, ..chart(Version::V3_7_3, &values) };
    let pins = before.pins(to, tokens);
    let applied = pins.applied(&values);
    let after = Chart { version: to, values: &applied, ..before };
    let objects = before.objects();

    prop_assert_eq!(named(&objects, tokens), named(&after.objects(), tokens));
    for pinned in &pins.objects {
        let is_dropped = pinned.object.section == Section::Tokens && tokens == Tokens::Dropped;
        prop_assert_eq!(is_dropped, pinned.pin == Pin::Dropped);
        prop_assert!(!matches!(pinned.pin, Pin::Impossible | Pin::Unknown(_)), "{:?}", pinned);
    }
    let kept: Vec<Object> =
        objects.into_iter().filter(|object| object.section != Section::Tokens || tokens == Tokens::Kept).collect();
    let mut clashing: Vec<_> =
        clashes(&kept).into_iter().map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect();
    clashing.sort();
    prop_assert_eq!(pins.clashes(before.release, before.namespace, &values), clashing, "names stay unique");

    // Pods, and subjects, keep their accounts, where 3.x is known.
    for (then, now) in before.pod_accounts().into_iter().zip(after.pod_accounts()) {
        prop_assert_eq!(&then.controller, &now.controller);
        prop_assert!(then.name.is_err() || then == now, "{:?} {:?}", then, now);
    }
    for subject in &pins.accounts.subjects {
        let now = match &subject.now {
            Statement::Identifier(identifier) => after.account_of(identifier),
            Statement::Name(name) => Ok(name.clone()),
            Statement::Unknown(unknown) => Err(unknown.clone()),
            Statement::Nothing => unreachable!(),
        };
        prop_assert_eq!(before.account_of(&subject.was), now);
    }

    // Each account has its key, and its labels and its token stay with it.
    for account in &pins.accounts.accounts {
        let extra = ["serviceAccount", "extraServiceAccounts", &account.was];
        let was = values.at(if account.is_extra { &extra } else { &extra[..1] }).unwrap();
        let now = applied.at(&["serviceAccount", &account.identifier]).unwrap();
        prop_assert_eq!(was.get("labels"), now.get("labels"), "{:?}", account);
        prop_assert_eq!(after.account_of(&account.identifier), account.name.clone());
        let shares =
            !account.is_extra && values.at(&extra).is_some_and(|extra| extra.text_at(&["create"]) != Some("false"));
        let has_token = tokens == Tokens::Kept && !shares;
        prop_assert_eq!(now.get("staticToken").is_some(), has_token, "{:?}", account);
    }

    // The whole conversion: the same names, and nothing that 4.x rejects.
    let conversion = before.conversion(to, tokens);
    let converted = conversion.applied(&values);
    let then = Chart { version: to, values: &converted, ..before };
    prop_assert_eq!(&conversion.pins, &pins);
    prop_assert_eq!(then.objects(), after.objects());
    prop_assert_eq!(then.pod_accounts(), after.pod_accounts());
    prop_assert_eq!(&then.rejected(), &[]);
    prop_assert_eq!(&conversion.applied(&converted), &converted, "twice is once");
    let dead = |chart: &Chart<'_>| {
        let is_dead = |reference: &&Reference| {
            let is_service = matches!(reference.to, Referent::Identifier(Section::Service, _));
            is_service && reference.target(&chart.objects()).is_none()
        };
        chart.references().iter().filter(is_dead).count()
    };
    prop_assert_eq!(dead(&before), dead(&then), "no backend dies");

    // Twice is once, and what is pinned already is pinned the same way again.
    prop_assert_eq!(&pins.applied(&applied), &applied);
    for pinned in &pins.objects {
        if !matches!(pinned.object.section, Section::Tokens | Section::ServiceAccount) {
            prop_assert_eq!(
                &pin(&after, pinned.object.section, &pinned.object.identifier, &pinned.object.name),
                &pinned.pin
            );
        }
    }
    Ok(())
}

/// Accounts that share a key, a name, or the identifier of their token. The first was found by
/// chance.
const FOUND: [&str; 9] = [
    "serviceAccount: {create: true, extraServiceAccounts: {default: {name: n2}, main: {name: n2}}}, rbac: {bindings: {app: {roleRef: {identifier: main}, \
     subjects: [{identifier: default}, {identifier: main}]}}}",
    "serviceAccount: {create: true, extraServiceAccounts: {default: {name: n2}}}, controllers: {c: {serviceAccount: {identifier: default}}}",
    "serviceAccount: {create: true, extraServiceAccounts: {default: {}}}, controllers: {c: {}}",
    "serviceAccount: {create: false, extraServiceAccounts: {default: {}}}, controllers: {c: {}, d: {serviceAccount: {identifier: default}}}",
    "serviceAccount: {create: true, labels: {a: b}, name: default, extraServiceAccounts: {default: {labels: {c: d}}}}, controllers: {c: {}}",
    "serviceAccount: {create: true, extraServiceAccounts: {default: {name: n2}, app: {name: n3}, foo-server: {}}}, controllers: {c: {}}",
    "serviceAccount: {create: true, extraServiceAccounts: {default: {create: false, name: n2}}}, controllers: {c: {}}",
    "serviceAccount: {create: true, name: n2, extraServiceAccounts: {main: {name: n2}}}, controllers: {c: {serviceAccount: {identifier: main}}}",
    "serviceAccount: {create: true}, secrets: {default-sa-token: {forceRename: x}, s: {}}",
];

#[test]
fn accounts_that_share_a_key_or_a_name_are_kept() {
    for values in FOUND {
        for release in RELEASES {
            for to in [Version::V4_0, Version::V4_1] {
                for tokens in [Tokens::Kept, Tokens::Dropped] {
                    let kept = is_kept(&format!("{{{values}}}"), release, to, tokens);
                    assert!(kept.is_ok(), "{release} {to:?} {tokens:?} {values}: {kept:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(config(rounds(600, 20_000)))]

    #[test]
    fn every_name_and_account_of_3_is_there_in_4(text in values(), release in 0..RELEASES.len(), to in 0..3usize, keeps in any::<bool>()) {
        let to = Version::of(["4.0.1", "4.1.1", "4.6.2"][to]).unwrap();
        let tokens = if keeps { Tokens::Kept } else { Tokens::Dropped };
        is_kept(&text, RELEASES[release], to, tokens)?;
    }
}
