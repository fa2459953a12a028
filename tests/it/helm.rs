//! Real Helm as judge of `charts::app_template`: values of 2.x and 3.x rendered as such, and
//! converted and rendered as 4.x, must give the same objects that name each other in the same way.
//! The chart is `tests/helm/app-template`, written from `docs/app-template.md`.

mod judge;
mod real;
mod render;
mod route_values;
mod routes;
mod rules;
mod values;
mod values_of_2;

use std::fmt::Debug;
use std::path::Path;

use crate::support::rounds::{config, rounds};
use crate::support::{corpus, vectors};
use flux_codemod::charts::app_template::{Tokens, Version};
use flux_codemod::flux::Value;
use flux_codemod::yaml::Stream;
use judge::{Case, Judged, comparable, differences, is_refused, judged, kind_and_name};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use render::{Render, render};

/// JSON is YAML, and so it takes the way that the text of a release takes.
fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

#[test]
fn the_judge_knows_the_names_that_the_chart_gave() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    let Some(older) = vectors("app-template-names-3x.jsonl") else { return };
    let (mut renders, mut wanted) = (Vec::new(), Vec::new());
    for vector in lines.lines().chain(older.lines()).map(value) {
        let text = |key: &str| vector.text_at(&[key]).unwrap().to_owned();
        let version = Version::of(&text("chart")).unwrap().to_string();
        let values = vector.get("values").unwrap().clone();
        renders.push(Render { version, release: text("release"), namespace: text("namespace"), values });
        let objects = vector.get("objects").unwrap().items().iter().map(|object| {
            let text = |n: usize| object.items()[n].text().unwrap().to_owned();
            (text(0), text(1))
        });
        let unstable = vector.get("unstable").map(Value::items).unwrap_or_default().iter().map(|object| {
            let names: Vec<&str> = object.items()[2].items().iter().filter_map(Value::text).collect();
            (object.items()[0].text().unwrap().to_owned(), names.join(" or "))
        });
        wanted.push(objects.chain(unstable).collect::<Vec<_>>());
    }
    let Some(made) = render(&renders) else { return };
    let made = made.unwrap();
    assert_eq!(made.len(), 722);
    for (number, (made, mut wanted)) in made.iter().zip(wanted).enumerate() {
        // As lists: a name that two objects have counts twice.
        let mut made: Vec<_> = made.iter().map(kind_and_name).collect();
        made.sort();
        wanted.sort();
        assert_eq!(made, wanted, "line {}", number + 1);
    }
}

/// `docs/app-template.md#values-that-4x-rejects-or-reads-differently`: what 4.x rejects, and what
/// it only misreads.
#[test]
fn the_judge_rejects_what_the_chart_rejects() {
    for (version, values, is_fine) in [
        ("3.7.3", "controllers: null, serviceAccount: {create: true, name: x}, service: {x: {nameOverride: y}}", true),
        ("4.0", "serviceAccount: {create: true}", false),
        ("4.0", "serviceAccount: {name: ''}", false),
        ("4.0", "serviceAccount: {x: {name: y}}", false),
        ("4.0", "serviceAccount: {extraServiceAccounts: {x: {}}}", false),
        ("4.0", "serviceAccount: {annotations: {}}", true),
        ("4.0", "serviceAccount: {x: {forceRename: y, staticToken: true}}", true),
        ("4.1", "controllers: {x: {enabled: false, nameOverride: y}}", false),
        ("4.1", "rbac: {roles: {x: {type: Role, rules: [], nameOverride: y}}}", false),
        ("4.1", "rawResources: null", false),
        ("4.1", "service: {x: {forceRename: a, suffix: b}}", false),
        ("4.1", "service: {x: {prefix: a, suffix: b}}", true),
        ("4.1", "rbac: {roles: {x: {type: Role}}}", false),
        ("4.1", "rbac: {bindings: {x: {type: RoleBinding, roleRef: {name: x}, subjects: []}}}", false),
        ("4.1", "rbac: {bindings: {x: {type: RoleBinding, roleRef: {identifier: x}, subjects: [{name: y}]}}}", false),
        (
            "4.1",
            "rbac: {bindings: {x: {type: RoleBinding, roleRef: {identifier: x}, subjects: [{identifier: y}]}}}",
            true,
        ),
    ] {
        let values = value(&format!("{{{values}}}"));
        let version = version.to_owned();
        let one = Render { version, release: "app".to_owned(), namespace: "media".to_owned(), values };
        let Some(made) = render(std::slice::from_ref(&one)) else { return };
        let version = &one.version;
        assert_eq!(made.is_ok(), is_fine, "{version} {:?}: {made:?}", one.values);
    }
}

/// What real Helm made of accounts of 3.7 with the templates of the chart itself (the same
/// templates give the accounts and tokens of all vectors of 3.6, 3.7 and 4.0). Each object with the
/// account that its pods use, or that a token is for.
#[test]
fn the_judge_knows_accounts_that_share_a_key() {
    for (accounts, controllers, want) in [
        (
            "create: true, extraServiceAccounts: {default: {name: n2}, main: {name: n2}}",
            "c: {}, d: {serviceAccount: {identifier: default}}, m: {serviceAccount: {identifier: main}}",
            "ServiceAccount app, ServiceAccount n2, ServiceAccount n2, Secret app-default-sa-token n2, \
             Secret app-main-sa-token n2, Deployment app-c app, Deployment app-d app, Deployment app-m n2",
        ),
        (
            "create: true, extraServiceAccounts: {default: {}}",
            "d: {serviceAccount: {identifier: default}}",
            "ServiceAccount app, ServiceAccount app, Secret app-default-sa-token app, Deployment app app",
        ),
        (
            "create: true, name: own, extraServiceAccounts: {default: {}}",
            "d: {serviceAccount: {identifier: default}}",
            "ServiceAccount own, ServiceAccount app, Secret app-default-sa-token app, Deployment app own",
        ),
        (
            "create: false, extraServiceAccounts: {default: {}}",
            "c: {}",
            "ServiceAccount app, Secret app-default-sa-token app, Deployment app default",
        ),
        (
            "name: x, extraServiceAccounts: {default: {name: n2}}",
            "c: {}",
            "ServiceAccount n2, Secret app-default-sa-token n2, Deployment app x",
        ),
        (
            "create: true, extraServiceAccounts: {default: {create: false, name: n2}, main: {create: false}}",
            "m: {serviceAccount: {identifier: main}}",
            "ServiceAccount app, Secret app-default-sa-token app, Deployment app app-main",
        ),
    ] {
        // The chart puts the token in the place of the Secret.
        let secrets = "secrets: {default-sa-token: {forceRename: x}}";
        let values = value(&format!("{{serviceAccount: {{{accounts}}}, controllers: {{{controllers}}}, {secrets}}}"));
        let one =
            Render { version: "3.7.3".to_owned(), release: "app".to_owned(), namespace: "media".to_owned(), values };
        let Some(made) = render(std::slice::from_ref(&one)) else { return };
        let made = made.unwrap();
        let objects = made[0].iter().map(|object| {
            let (kind, name) = kind_and_name(object);
            let mut places = ["/account", "/spec/template/spec/serviceAccountName"].into_iter();
            let account = places.find_map(|place| object.pointer(place)?.as_str());
            account.map_or(format!("{kind} {name}"), |account| format!("{kind} {name} {account}"))
        });
        let mut objects: Vec<_> = objects.collect();
        let mut want: Vec<_> = want.split(", ").collect();
        objects.sort();
        want.sort_unstable();
        assert_eq!(objects, want, "{accounts}");
    }
}

/// Every way in which two accounts can share something, with what looks them up, as both versions
/// render it.
#[test]
fn accounts_that_share_a_key_or_a_name_stay_what_they_are() {
    let looked_up = "controllers: {c: {}, d: {serviceAccount: {identifier: default}}, m: {serviceAccount: {identifier: main}}}, \
                     rbac: {bindings: {app: {type: RoleBinding, roleRef: {kind: Role, name: x}, subjects: [{identifier: default}, \
                     {identifier: main}]}}}, secrets: {default-sa-token: {}, s: {}}";
    let mut cases = Vec::new();
    for own in ["create: true", "create: false", "create: true, name: n2", "create: true, name: default", "name: main"]
    {
        for extra in [
            "default: {name: n2}, main: {name: n2}",
            "default: {}, main: {}",
            "main: {name: app}, app: {}",
            "default: {create: false}, main: {}",
        ] {
            for tokens in [Tokens::Kept, Tokens::Dropped] {
                let values = format!("{{serviceAccount: {{{own}, extraServiceAccounts: {{{extra}}}}}, {looked_up}}}");
                cases.push(Case { tokens, ..case(("app".to_owned(), values)) });
            }
        }
    }
    let Some(verdict) = judged(&cases) else { return };
    let wrong: Vec<_> = verdict.wrong.iter().map(|(number, what)| (&cases[*number].of, what)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(verdict.compared > cases.len() * 6, "{}", verdict.compared);
}

fn case((release, values): (String, String)) -> Case {
    // One or the other, as the values have it.
    let tokens = if values.len() % 2 == 0 { Tokens::Kept } else { Tokens::Dropped };
    let (of, namespace, values) = (values.clone(), "media".to_owned(), value(&values));
    Case { of, version: Version::V3_7_3, release, namespace, values, tokens }
}

/// The same, on one of all versions of 3.x.
fn case_of_3((release, values): (String, String)) -> Case {
    let version = Version::all_of_3().nth(values.len() / 2 % 20).expect("there are 20 of them");
    // 3.0.0 and 3.0.1 render no names.
    let is_literal = version < Version::v3(0, 2);
    let values =
        if is_literal { values.replace("nameOverride: '{{ .Release.Name }}'", "nameOverride: ov") } else { values };
    let values = if is_literal {
        values.replace("nameOverride: 'n-{{- .Release.Namespace }}'", "nameOverride: nn")
    } else {
        values
    };
    Case { version, ..case((release, values)) }
}

#[test]
fn random_values_of_every_3_stay_what_they_are_in_4() {
    let strategy = values::values().prop_map(case_of_3).prop_filter("no names clash", Case::has_no_clash);
    stay_what_they_are(strategy, rounds(150, 3000) as usize);
}

#[test]
fn random_values_of_2_stay_what_they_are_in_4() {
    let of_2 = |values| Case { version: Version::V2, ..case(values) };
    let strategy = values_of_2::values().prop_map(of_2).prop_filter("it is converted", Case::is_converted);
    stay_what_they_are(strategy, rounds(150, 3000) as usize);
}

fn stay_what_they_are(strategy: impl Strategy<Value = Case>, count: usize) {
    let Some((_, compared)) = nothing_goes_wrong(strategy, count) else { return };
    println!("{count} releases, {compared} objects compared");
    assert!(compared > count * 5, "{compared}");
}

/// Random releases of which Helm finds nothing wrong, and how many objects it compared. `None`
/// without Helm.
fn nothing_goes_wrong<C: Judged + Debug>(strategy: impl Strategy<Value = C>, count: usize) -> Option<(Vec<C>, usize)> {
    let mut runner = TestRunner::new(config(0));
    let mut trees: Vec<_> = (0..count).map(|_| strategy.new_tree(&mut runner).expect("there are values")).collect();
    let cases: Vec<C> = trees.iter().map(ValueTree::current).collect();
    let verdict = judged(&cases)?;
    let Some((number, _)) = verdict.wrong.first() else { return Some((cases, verdict.compared)) };
    // The smallest values that go wrong, within a number of steps.
    let tree = &mut trees[*number];
    let mut smallest = cases[*number].clone();
    let mut goes_on = tree.simplify();
    for _ in 0..150 {
        if !goes_on {
            break;
        }
        let case = tree.current();
        let is_wrong = judged(std::slice::from_ref(&case)).is_some_and(|verdict| !verdict.wrong.is_empty());
        goes_on = if is_wrong { tree.simplify() } else { tree.complicate() };
        if is_wrong {
            smallest = case;
        }
    }
    let what = judged(std::slice::from_ref(&smallest)).map(|verdict| verdict.wrong);
    panic!("{} of {count} go wrong; {}:\n{what:#?}", verdict.wrong.len(), smallest.told());
}

/// `docs/hazards.md#v1`, `#v2`, `#v4`, `#v5` and `#v7`: the judge sees each of them where values go
/// to 4.x as they are, and none once they are converted.
#[test]
fn what_goes_wrong_unconverted_is_seen() {
    let values = [
        "persistence: {config: {type: persistentVolumeClaim}}, controllers: {app: {}}",
        "configMaps: {config: {data: {a: b}}}",
        "secrets: {env: {stringData: {a: b}}}, controllers: {app: {containers: {app: {envFrom: [{secretRef: {name: app-env}}]}}}}",
        "serviceAccount: {create: true}, controllers: {app: {}}",
        "serviceAccount: {name: other}, controllers: {app: {}}",
        "service: {web: {controller: app}}, route: {a: {rules: [{backendRefs: [{name: web}]}]}}",
        "service: {a: {primary: true}, b: {}}",
        "rbac: {bindings: {a: {type: RoleBinding, roleRef: {kind: Role, name: x}, subjects: [{identifier: default}]}}}",
    ];
    let cases = values.map(|values| case(("app".to_owned(), format!("{{{values}}}"))));
    let Some(verdict) = judged(&cases) else { return };
    assert!(verdict.wrong.is_empty(), "{:#?}", verdict.wrong);
    for case in &cases {
        let as_it_is = |render: Render| Render { values: case.values.clone(), ..render };
        for render_as in case.renders().into_iter().map(as_it_is).skip(1) {
            let before = Render { version: case.version.to_string(), ..render_as.clone() };
            let before = render(std::slice::from_ref(&before)).unwrap().unwrap();
            let is_lost = match render(std::slice::from_ref(&render_as)).unwrap() {
                Err(_) => true,
                Ok(after) => comparable(&before[0], case.tokens) != comparable(&after[0], case.tokens),
            };
            assert!(is_lost, "{} {}", render_as.version, case.of);
        }
    }
}

/// The releases of app-template in a tree, of a version or a major version.
fn releases(dir: &Path, major: &str) -> Vec<Case> {
    let of_major = real::releases(dir).into_iter().filter(|release| release.version.starts_with(major));
    let cases = of_major.filter_map(|release| {
        let (version, tokens) = (Version::of(&release.version)?, Tokens::Dropped);
        let real::Release { at: of, name, namespace, values, .. } = release;
        Some(Case { of, version, release: name, namespace, values, tokens })
    });
    cases.collect()
}

#[test]
fn real_releases_stay_what_they_are_in_4() {
    let Some(corpus) = corpus() else { return };
    let mut all = 0;
    let mut wrong = Vec::new();
    for tree in ["haynes-ops", "bjw-s-home-ops", "billimek-k8s-gitops", "onedr0p-home-ops"] {
        let cases = releases(&corpus.join(tree).join("before"), "3.");
        let Some(verdict) = judged(&cases) else { return };
        println!("{tree}: {} releases, {} objects compared", cases.len(), verdict.compared);
        all += verdict.compared;
        wrong
            .extend(verdict.wrong.into_iter().map(|(number, what)| format!("{tree} {}:\n{what:#?}", cases[number].of)));
    }
    assert!(all > 300, "{all}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What owners wrote themselves is taken by the real 4.x, so the judge must take it, too. All of
/// them kept what 3.7 made, and so does what is converted here; where that is written in another
/// way is shown.
#[test]
fn owners_and_ours_agree() {
    let Some(corpus) = corpus() else { return };
    let (mut compared, mut same) = (0, 0);
    for tree in ["bjw-s-home-ops", "billimek-k8s-gitops"] {
        let before = releases(&corpus.join(tree).join("before"), "3.7.");
        // Both moved to 4.0.1.
        let after = releases(&corpus.join(tree).join("after"), "4.0.");
        let is_same = |then: &Case, now: &Case| then.of == now.of && then.release == now.release;
        let pairs: Vec<_> =
            after.iter().filter_map(|now| Some((before.iter().find(|then| is_same(then, now))?, now))).collect();
        let renders = pairs.iter().flat_map(|(then, now)| {
            let render = |version: Version, case: &Case, values| Render {
                version: version.to_string(),
                release: case.release.clone(),
                namespace: case.namespace.clone(),
                values,
            };
            [render(then.version, then, then.values.clone()), render(Version::V4_0, now, now.values.clone())]
        });
        let Some(made) = render(&renders.collect::<Vec<_>>()) else { return };
        for ((then, now), made) in pairs.iter().zip(made.unwrap().chunks(2)) {
            assert!(!made[1].iter().any(is_refused), "{tree} {}: {:#?}", now.of, made[1]);
            let [was, is] = [&made[0], &made[1]].map(|made| comparable(made, Tokens::Dropped));
            assert_eq!(was, is, "{tree} {}", now.of);
            let mut found = Vec::new();
            differences(Some(&then.converted(Version::V4_0)), Some(&now.values), "", &mut found);
            compared += 1;
            same += usize::from(found.is_empty());
            if !found.is_empty() {
                println!("{tree} {}:\n  {}", now.of, found.join("\n  "));
            }
        }
    }
    println!("{compared} releases, {same} of which their owners converted to the same values");
    assert!(compared >= 60 && same >= 30, "{compared} {same}");
}
