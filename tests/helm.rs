//! Real Helm as judge of `charts::app_template`: values of 3.x rendered as 3.x, and converted and rendered as 4.x, must give the same objects
//! that name each other in the same way. The chart is `tests/helm/app-template`, written from the specification.

#[path = "support/helm.rs"]
mod helm;
#[path = "support/app_template.rs"]
mod random;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use flux_codemod::charts::app_template::{Chart, Tokens, Version};
use flux_codemod::flux::{Value, View};
use flux_codemod::repo::{Folder, Tree};
use flux_codemod::yaml::Stream;
use helm::{Render, render};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;
use support::{corpus, vectors};

/// The versions to which is converted; 4.6.2 is to names what 4.1.1 is ([`Version::of`]).
const TARGETS: [(Version, &str); 2] = [(Version::V4_0, "4.0"), (Version::V4_1, "4.1")];

/// JSON is YAML, and so it takes the way that the text of a release takes.
fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn text<'j>(object: &'j Json, pointer: &str) -> &'j str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

fn kind_and_name(object: &Json) -> (String, String) {
    (text(object, "/kind").to_owned(), text(object, "/metadata/name").to_owned())
}

#[test]
fn the_judge_knows_the_names_that_the_chart_gave() {
    let Some(lines) = vectors("app-template-names.jsonl") else { return };
    let (mut renders, mut wanted) = (Vec::new(), Vec::new());
    for vector in lines.lines().map(value) {
        let text = |key: &str| vector.text_at(&[key]).unwrap().to_owned();
        let version = match text("chart").as_str() {
            "3.7.3" => "3.7",
            "4.0.1" => "4.0",
            "4.1.1" => "4.1",
            other => panic!("{other}"),
        };
        let values = vector.get("values").unwrap().clone();
        renders.push(Render { version, release: text("release"), namespace: text("namespace"), values });
        let objects = vector.get("objects").unwrap().items().iter().map(|object| {
            let text = |n: usize| object.items()[n].text().unwrap().to_owned();
            (text(0), text(1))
        });
        wanted.push(objects.collect::<Vec<_>>());
    }
    let Some(made) = render(&renders) else { return };
    let made = made.unwrap();
    assert_eq!(made.len(), 450);
    for (number, (made, mut wanted)) in made.iter().zip(wanted).enumerate() {
        // As lists: a name that two objects have counts twice.
        let mut made: Vec<_> = made.iter().map(kind_and_name).collect();
        made.sort();
        wanted.sort();
        assert_eq!(made, wanted, "line {}", number + 1);
    }
}

/// Section 2: what 4.x rejects, and what it only misreads.
#[test]
fn the_judge_rejects_what_the_chart_rejects() {
    for (version, values, is_fine) in [
        ("3.7", "controllers: null, serviceAccount: {create: true, name: x}, service: {x: {nameOverride: y}}", true),
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
        let one = Render { version, release: "app".to_owned(), namespace: "media".to_owned(), values };
        let Some(made) = render(std::slice::from_ref(&one)) else { return };
        assert_eq!(made.is_ok(), is_fine, "{version} {:?}: {made:?}", one.values);
    }
}

/// An object by its section and identifier, with all that it says.
type Objects = BTreeMap<(String, String), Json>;

/// The objects of a release as they can be compared across the majors: tokens only if they are kept, accounts by their name, the label of controllers under one name.
fn comparable(objects: &[Json], tokens: Tokens) -> Objects {
    let is_kept = |object: &&Json| tokens == Tokens::Kept || object.pointer("/metadata/labels/token").is_none();
    let kept = objects.iter().filter(is_kept);
    kept.map(|object| {
        let (section, mut id) = (text(object, "/metadata/labels/section"), text(object, "/metadata/labels/id"));
        if section == "serviceAccount" {
            id = text(object, "/metadata/name");
        }
        let key = (section.to_owned(), id.to_owned());
        let mut object = object.clone();
        object["metadata"].as_object_mut().unwrap().remove("labels");
        (key, renamed(object))
    })
    .collect()
}

fn renamed(json: Json) -> Json {
    match json {
        Json::Object(entries) => {
            let name = |key: String| {
                if key == "app.kubernetes.io/component" { "app.kubernetes.io/controller".into() } else { key }
            };
            entries.into_iter().map(|(key, value)| (name(key), renamed(value))).collect()
        }
        Json::Array(items) => items.into_iter().map(renamed).collect(),
        other => other,
    }
}

/// Whether the chart would have failed on something in an object.
fn is_refused(object: &Json) -> bool {
    match object {
        Json::String(text) => text.starts_with('!'),
        Json::Array(items) => items.iter().any(is_refused),
        Json::Object(entries) => entries.values().any(is_refused),
        _ => false,
    }
}

/// A release of 3.x, for the judge.
#[derive(Clone, Debug)]
struct Case {
    /// Where it comes from.
    of: String,
    release: String,
    namespace: String,
    values: Value,
    tokens: Tokens,
}

impl Case {
    fn chart(&self) -> Chart<'_> {
        Chart { version: Version::V3_7, release: &self.release, namespace: &self.namespace, values: &self.values }
    }

    fn converted(&self, to: Version) -> Value {
        self.chart().conversion(to, self.tokens).applied(&self.values)
    }

    /// The release as 3.7, and converted as each of the targets.
    fn renders(&self) -> Vec<Render> {
        let of = |version, values| Render {
            version,
            release: self.release.clone(),
            namespace: self.namespace.clone(),
            values,
        };
        let then = TARGETS.map(|(to, version)| of(version, self.converted(to)));
        [of("3.7", self.values.clone())].into_iter().chain(then).collect()
    }

    /// What is wrong with what Helm made of these renders, and how many objects could be compared: not those on which 3.x fails.
    fn wrong(&self, made: &[Vec<Json>]) -> (usize, Vec<String>) {
        let mut wrong = Vec::new();
        for (number, made) in made.iter().enumerate() {
            let version = if number == 0 { Version::V3_7 } else { TARGETS[number - 1].0 };
            let values = if number == 0 { self.values.clone() } else { self.converted(version) };
            // The model of this crate, for which the judge was called.
            let chart = Chart { version, values: &values, ..self.chart() };
            let ours: BTreeSet<(String, String)> = chart
                .objects()
                .into_iter()
                .map(|object| {
                    (object.kind.unwrap_or_default(), object.name.unwrap_or_else(|unknown| unknown.to_string()))
                })
                .collect();
            let helms: BTreeSet<_> = made.iter().map(kind_and_name).collect();
            let differ = ours.symmetric_difference(&helms);
            wrong.extend(differ.map(|object| format!("{version:?}: ours and Helm's differ by {object:?}")));
            for pod in chart.pod_accounts() {
                let key = |object: &&Json| {
                    text(object, "/metadata/labels/section") == "controllers"
                        && text(object, "/metadata/labels/id") == pod.controller
                };
                let path = "/spec/template/spec/serviceAccountName";
                let object = made
                    .iter()
                    .find(key)
                    .map(|object| text(object, path).to_owned() + text(object, &format!("/spec/jobTemplate{path}")));
                let named = object.as_ref().filter(|name| !name.starts_with('!'));
                if pod.name.as_ref().ok() != named {
                    wrong.push(format!("{version:?}: {pod:?} is {object:?} to Helm"));
                }
            }
        }
        let before = comparable(&made[0], self.tokens);
        let fails: BTreeSet<_> = before.iter().filter(|(_, object)| is_refused(object)).map(|(key, _)| key).collect();
        for ((_, version), made) in TARGETS.iter().zip(&made[1..]) {
            let after = comparable(made, self.tokens);
            for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>().difference(&fails) {
                let (then, now) = (before.get(*key), after.get(*key));
                if then != now {
                    let told = |object: Option<&Json>| object.map_or("nothing".to_owned(), Json::to_string);
                    wrong.push(format!("{version} {key:?}:\n    3.7 {}\n    now {}", told(then), told(now)));
                }
            }
        }
        (before.len() - fails.len(), wrong)
    }
}

/// How the judge found some releases: how many objects it compared, and what is wrong with which release.
struct Verdict {
    compared: usize,
    wrong: Vec<(usize, Vec<String>)>,
}

/// `None` without Helm.
fn judged(cases: &[Case]) -> Option<Verdict> {
    let each = 1 + TARGETS.len();
    let renders: Vec<Render> = cases.iter().flat_map(Case::renders).collect();
    let made = match render(&renders)? {
        Ok(made) => made,
        // One that Helm rejects holds up all: it is looked for.
        Err(_) if cases.len() > 1 => {
            let (first, second) = cases.split_at(cases.len() / 2);
            let (first_verdict, second_verdict) = (judged(first)?, judged(second)?);
            let mut wrong = first_verdict.wrong;
            wrong.extend(second_verdict.wrong.into_iter().map(|(number, what)| (number + first.len(), what)));
            return Some(Verdict { compared: first_verdict.compared + second_verdict.compared, wrong });
        }
        Err(why) => return Some(Verdict { compared: 0, wrong: vec![(0, vec![format!("Helm says: {why}")])] }),
    };
    let found: Vec<_> = cases.iter().zip(made.chunks(each)).map(|(case, made)| case.wrong(made)).collect();
    let compared = found.iter().map(|(compared, _)| compared).sum();
    let wrong = found.into_iter().map(|(_, wrong)| wrong).enumerate().filter(|(_, wrong)| !wrong.is_empty());
    Some(Verdict { compared, wrong: wrong.collect() })
}

fn case((release, values): (String, String)) -> Case {
    // One or the other, as the values have it.
    let tokens = if values.len() % 2 == 0 { Tokens::Kept } else { Tokens::Dropped };
    Case { of: values.clone(), release, namespace: "media".to_owned(), values: value(&values), tokens }
}

#[test]
fn random_values_of_3_stay_what_they_are_in_4() {
    let count = std::env::var("FLUX_CODEMOD_RENDERS").map_or(300, |count| count.parse().expect("a number"));
    let mut runner = TestRunner::default();
    let strategy = random::values().prop_map(case);
    let mut trees: Vec<_> = (0..count).map(|_| strategy.new_tree(&mut runner).expect("there are values")).collect();
    let cases: Vec<Case> = trees.iter().map(ValueTree::current).collect();
    let Some(verdict) = judged(&cases) else { return };
    println!("{count} releases, {} objects compared", verdict.compared);
    assert!(verdict.compared > count * 5, "{}", verdict.compared);
    let Some((number, _)) = verdict.wrong.first() else { return };
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
    panic!(
        "{} of {count} go wrong; release {}, values {}:\n{what:#?}",
        verdict.wrong.len(),
        smallest.release,
        smallest.of
    );
}

/// Hazards V1, V2, V4, V5 and V7: the judge sees each of them where values go to 4.x as they are, and none once they are converted.
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
            let before = Render { version: "3.7", ..render_as.clone() };
            let before = render(std::slice::from_ref(&before)).unwrap().unwrap();
            let is_lost = match render(std::slice::from_ref(&render_as)).unwrap() {
                Err(_) => true,
                Ok(after) => comparable(&before[0], case.tokens) != comparable(&after[0], case.tokens),
            };
            assert!(is_lost, "{} {}", render_as.version, case.of);
        }
    }
}

/// The releases of app-template in a tree, whatever 3.x they run: as their clusters have them; those that none reaches, as their files say.
fn releases(dir: &Path) -> Vec<Case> {
    let view = View::of(Tree::of(Arc::new(Folder::plain(dir).unwrap()))).unwrap();
    let mut cases = Vec::new();
    for release in view.releases() {
        let Some(node) = view.node(&release.at) else { continue };
        let chart = node.at(&["spec", "chart", "spec"]);
        let is_3 = chart.is_some_and(|chart| {
            let starts = chart.text_at(&["version"]).is_some_and(|version| version.starts_with("3."));
            starts && chart.text_at(&["chart"]) == Some("app-template")
        });
        if !is_3 {
            continue;
        }
        let installed = view.graph().reaches(&release.at).iter().find_map(|reach| view.installed(&release.at, reach));
        let (name, namespace, object) = match installed {
            Some(installed) => (installed.release, installed.namespace, installed.object),
            None => {
                let name = node.text_at(&["metadata", "name"]).unwrap_or_default();
                (name.to_owned(), "ns".to_owned(), Value::of(node).unwrap())
            }
        };
        let values = object.at(&["spec", "values"]).cloned().unwrap_or(Value::Null);
        cases.push(Case { of: release.at.to_string(), release: name, namespace, values, tokens: Tokens::Dropped });
    }
    cases
}

#[test]
fn real_releases_stay_what_they_are_in_4() {
    let Some(corpus) = corpus() else { return };
    let mut all = 0;
    let mut wrong = Vec::new();
    for tree in ["haynes-ops", "bjw-s-home-ops", "billimek-k8s-gitops", "onedr0p-home-ops"] {
        let cases = releases(&corpus.join(tree).join("before"));
        let Some(verdict) = judged(&cases) else { return };
        println!("{tree}: {} releases, {} objects compared", cases.len(), verdict.compared);
        all += verdict.compared;
        wrong
            .extend(verdict.wrong.into_iter().map(|(number, what)| format!("{tree} {}:\n{what:#?}", cases[number].of)));
    }
    assert!(all > 300, "{all}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
