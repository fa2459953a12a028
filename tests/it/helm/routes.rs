//! Real Helm as judge of what entries of `ingress` become: with the routes beside the Ingresses,
//! and after the cut. First of all its chart makes what the real one made of the vectors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flux_codemod::charts::app_template::{NotServed, Serving};
use flux_codemod::flux::Value;
use serde_json::Value as Json;

use super::judge::{Judged, is_refused, judged};
use super::render::{Render, render};
use super::rules::{Rule, items, nameless, of_kind, rules_of_ingresses, rules_of_routes};
use super::{nothing_goes_wrong, real, route_values, value};
use crate::route_vectors::{beside, cells, not_routed, without_ingresses};
use crate::support::rounds::rounds;
use crate::support::{corpus, vectors};
use proptest::strategy::Strategy;

/// Trees with releases of app-template that have Ingresses or routes.
const TREES: [&str; 5] = [
    "haynes-ops/before",
    "haynes-ops-2026-08/main",
    "billimek-k8s-gitops/before",
    "billimek-k8s-gitops/after",
    "bjw-s-home-ops/after",
];

/// Rules of a line of the vectors, those of Ingresses without the name of the object.
fn rules_of_line(line: &Json, key: &str) -> Option<Vec<Rule>> {
    let rules = line.get(key)?.as_array()?.iter();
    let mut rules: Vec<Rule> = rules.map(|rule| items(rule, "").iter().map(Json::to_string).collect()).collect();
    rules.sort();
    Some(rules)
}

#[test]
fn the_judge_knows_what_ingresses_and_routes_served() {
    let Some(lines) = vectors("gateway-routes.jsonl") else { return };
    let (mut wrong, mut judged, mut failed) = (Vec::new(), 0, 0);
    let (mut renders, mut wanted) = (Vec::new(), Vec::new());
    for text in lines.lines() {
        let (line, values): (Json, Value) = (serde_json::from_str(text).unwrap(), value(text));
        let at = |key: &str| line[key].as_str().unwrap().to_owned();
        for side in ["before", "after"] {
            let Some(values) = values.get(side).cloned() else { continue };
            let of = format!("{} {} {side}", at("id"), at("chart"));
            let one = Render { version: at("chart"), release: at("release"), namespace: at("namespace"), values };
            if line.get(format!("{side}_fails")).is_some() {
                let Some(made) = render(std::slice::from_ref(&one)) else { return };
                failed += 1;
                let is_made = made.is_ok_and(|made| !made[0].iter().any(is_refused));
                wrong.extend(is_made.then(|| format!("{of}: it renders")));
                continue;
            }
            renders.push(one);
            let routes = if side == "before" { "routes_before" } else { "route" };
            let ingresses = rules_of_line(&line, "ingress").filter(|_| side == "before");
            wanted.push((of, ingresses, rules_of_line(&line, routes)));
        }
    }
    let Some(made) = render(&renders) else { return };
    for (made, (of, ingresses, routes)) in made.unwrap().iter().zip(wanted) {
        let found = [nameless(rules_of_ingresses(made)), rules_of_routes(made)];
        for (found, wanted) in found.into_iter().zip([ingresses, routes]) {
            let Some(wanted) = wanted else { continue };
            judged += 1;
            let is_right = found == wanted && !made.iter().any(is_refused);
            wrong.extend((!is_right).then(|| format!("{of}:\n  made {found:?}\n  wanted {wanted:?}")));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged >= 320 && failed == 12, "{judged} {failed}");
}

/// A release whose entries of `ingress` become routes, or do not.
#[derive(Clone, Debug)]
struct Case {
    version: String,
    release: String,
    namespace: String,
    /// Where it comes from.
    of: String,
    values: Value,
}

impl Case {
    fn serving(&self) -> Serving<'_> {
        Serving::of(&self.version, &self.release, &self.namespace, &self.values).unwrap()
    }

    /// The values with the routes beside the Ingresses, or the code of the refusal.
    fn beside(&self) -> Result<Value, String> {
        beside(&self.serving(), &self.values)
    }

    /// Where our reading of the values and Helm's differ.
    fn read_differently(&self, made: &[Json]) -> Vec<String> {
        let serving = self.serving();
        let of_ingresses = (serving.ingress_rules(), rules_of_ingresses(made), "Ingress");
        let of_routes = (serving.route_rules(), rules_of_routes(made), "HTTPRoute");
        let mut wrong = Vec::new();
        for (ours, helms, kind) in [of_ingresses, of_routes] {
            let fails = of_kind(made, kind).any(is_refused);
            let is_same = match &ours {
                Err(NotServed::Fails(_)) => fails,
                // The crate may say less than Helm does.
                Err(NotServed::Open(_)) => true,
                Ok(rules) => {
                    let mut rules: Vec<Rule> = rules.iter().map(|served| cells(served, true)).collect();
                    rules.sort();
                    !fails && rules == helms
                }
            };
            wrong.extend((!is_same).then(|| format!("{kind}: ours {ours:?}\n    Helm's {helms:?}")));
        }
        wrong
    }
}

/// The objects of a render, each as text.
fn objects(made: &[Json], is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let wanted = made.iter().filter(|object| is_wanted(object["kind"].as_str().unwrap_or_default()));
    let told = wanted.map(|object| {
        let mut object = object.clone();
        // Which render it is of.
        object["metadata"]["labels"].as_object_mut().unwrap().remove("render");
        object.to_string()
    });
    told.collect()
}

/// A rule of an Ingress as one of a route, and any without the name of its object.
fn as_of_routes(rules: Vec<Rule>) -> BTreeSet<Rule> {
    let of_route = |mut rule: Rule| {
        if rule[2] != "\"Exact\"" {
            rule[2] = "\"PathPrefix\"".to_owned();
        }
        rule
    };
    nameless(rules).into_iter().map(of_route).collect()
}

impl Judged for Case {
    /// As it is; with the routes; and without the Ingresses.
    fn renders(&self) -> Vec<Render> {
        let of = |values| Render {
            version: self.version.clone(),
            release: self.release.clone(),
            namespace: self.namespace.clone(),
            values,
        };
        let mut stages = vec![self.values.clone()];
        stages.extend(self.beside().into_iter().flat_map(|beside| [beside.clone(), without_ingresses(&beside)]));
        stages.into_iter().map(of).collect()
    }

    fn wrong(&self, made: &[Vec<Json>]) -> (usize, Vec<String>) {
        let mut wrong = self.read_differently(&made[0]);
        let [before, beside, cut] = made else { return (0, wrong) };
        let mut see = |is_right: bool, what: &str, found: &dyn std::fmt::Debug| {
            wrong.extend((!is_right).then(|| format!("{what}: {found:#?}")));
        };
        let refused: Vec<_> = made.iter().flatten().filter(|object| is_refused(object)).collect();
        see(refused.is_empty(), "the chart fails", &refused);
        let [was, all, is] = [before, beside, cut].map(|made| objects(made, |_| true));
        let lost: Vec<_> = was.difference(&all).collect();
        see(lost.is_empty(), "not there, or different, with the routes beside", &lost);
        let routes = objects(beside, |kind| kind == "HTTPRoute");
        let more: Vec<_> = all.difference(&was).filter(|object| !routes.contains(*object)).collect();
        see(more.is_empty(), "there with the routes, and no route", &more);
        let others = objects(beside, |kind| kind != "Ingress");
        let changed: Vec<_> = is.symmetric_difference(&others).collect();
        see(changed.is_empty(), "the cut does more than to remove Ingresses", &changed);
        let names: Vec<_> = of_kind(beside, "HTTPRoute").map(|route| route["metadata"]["name"].to_string()).collect();
        let different: BTreeSet<_> = names.iter().collect();
        see(names.len() == different.len(), "two routes have one name", &names);
        let mut wanted = as_of_routes(rules_of_ingresses(before));
        wanted.extend(nameless(rules_of_routes(before)));
        let found: BTreeSet<Rule> = nameless(rules_of_routes(cut)).into_iter().collect();
        let differ: Vec<_> = wanted.symmetric_difference(&found).collect();
        see(differ.is_empty(), "rules that routes have and Ingresses do not, or the other way round", &differ);
        (all.len(), wrong)
    }

    fn told(&self) -> String {
        format!("{}, release {}, values {}", self.version, self.release, self.of)
    }
}

#[test]
fn random_ingresses_are_served_by_their_routes() {
    let case = |(release, (version, of)): (String, (&str, String))| {
        let (version, namespace, values) = (version.to_owned(), "media".to_owned(), value(&of));
        Case { version, release, namespace, of, values }
    };
    let count = rounds(400, 4000) as usize;
    let Some((cases, compared)) = nothing_goes_wrong(route_values::values().prop_map(case), count) else { return };
    let became = became(&cases);
    println!("{count} releases, {compared} objects compared; {became:?}");
    assert!(became["converted"] * 3 >= count, "{became:?}");
}

/// What releases became: how many of them were converted, or refused for a reason.
fn became(cases: &[Case]) -> BTreeMap<String, usize> {
    let mut became = BTreeMap::new();
    for case in cases {
        let what = match case.serving().routed(&case.values) {
            Ok(routed) if routed.routes.is_empty() => "nothing to do".to_owned(),
            Ok(_) => "converted".to_owned(),
            Err(not) => not_routed(&not),
        };
        *became.entry(what).or_default() += 1;
    }
    became
}

/// The releases of app-template in a tree of which it is known what they serve.
fn releases(dir: &Path) -> Vec<Case> {
    let cases = real::releases(dir).into_iter().filter_map(|release| {
        let real::Release { at: of, version, name, namespace, values } = release;
        Serving::of(&version, &name, &namespace, &values)?;
        // What 5.x serves is what 4.6.1 does.
        let version = if version.starts_with('5') { "4.6.1".to_owned() } else { version };
        Some(Case { version, release: name, namespace, of, values })
    });
    cases.collect()
}

#[test]
fn ingresses_of_real_releases_are_served_by_their_routes() {
    let Some(corpus) = corpus() else { return };
    let (mut wrong, mut converted) = (Vec::new(), 0);
    for tree in TREES {
        let cases = releases(&corpus.join(tree));
        let Some(verdict) = judged(&cases) else { return };
        let became = became(&cases);
        println!("{tree}: {} releases, {} objects compared; {became:?}", cases.len(), verdict.compared);
        converted += became.get("converted").copied().unwrap_or_default();
        let of_tree = verdict.wrong.into_iter();
        wrong.extend(of_tree.map(|(number, what)| format!("{tree} {}:\n{what:#?}", cases[number].of)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(converted >= 70, "{converted}");
}
