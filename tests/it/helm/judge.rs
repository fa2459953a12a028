//! What Helm makes of a release in 3.x and, converted, in 4.x, compared with each other and with
//! what this crate says of it.

use std::collections::{BTreeMap, BTreeSet};

use flux_codemod::charts::app_template::{Chart, Matter, Name, Tokens, Version, Why};
use flux_codemod::flux::Value;
use serde_json::Value as Json;

use super::render::{Render, render};

/// The versions to which is converted; 4.6.2 is to names what 4.1.1 is ([`Version::of`]).
pub(super) const TARGETS: [Version; 2] = [Version::V4_0, Version::V4_1];

/// A version as the judge has it.
pub(super) fn tag(version: Version) -> String {
    if version == Version::V2 { "2.6.0".to_owned() } else { version.to_string() }
}

fn text<'j>(object: &'j Json, pointer: &str) -> &'j str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

pub(super) fn kind_and_name(object: &Json) -> (String, String) {
    (text(object, "/kind").to_owned(), text(object, "/metadata/name").to_owned())
}

/// An object by its section and identifier, with all that it says.
pub(super) type Objects = BTreeMap<(String, String), Json>;

/// The objects of a release as they can be compared across the majors: tokens only if they are
/// kept, accounts by their name, the label of controllers under one name.
pub(super) fn comparable(objects: &[Json], tokens: Tokens) -> Objects {
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
                if ["app.kubernetes.io/component", "common.bjw-s.dev/controller"].contains(&&*key) {
                    "app.kubernetes.io/controller".into()
                } else {
                    key
                }
            };
            entries.into_iter().map(|(key, value)| (name(key), renamed(value))).collect()
        }
        Json::Array(items) => items.into_iter().map(renamed).collect(),
        other => other,
    }
}

/// Whether the chart would have failed on something in an object.
pub(super) fn is_refused(object: &Json) -> bool {
    match object {
        Json::String(text) => text.starts_with('!'),
        Json::Array(items) => items.iter().any(is_refused),
        Json::Object(entries) => entries.values().any(is_refused),
        _ => false,
    }
}

/// Whether an Ingress has a backend without a port, which no API server takes.
fn has_no_port(object: &Json) -> bool {
    object.to_string().contains(r#""port":{"number":null}"#)
}

/// A release that Helm renders in several ways, to be compared with each other.
pub(super) trait Judged: Clone {
    /// What Helm renders.
    fn renders(&self) -> Vec<Render>;

    /// How many objects could be compared in what Helm made of these renders, and what is wrong.
    fn wrong(&self, made: &[Vec<Json>]) -> (usize, Vec<String>);

    /// The release, for those who look into what is wrong.
    fn told(&self) -> String;
}

/// A release of 2.x or 3.x, for the judge.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Where it comes from.
    pub of: String,
    /// The version that it is on.
    pub version: Version,
    pub release: String,
    pub namespace: String,
    pub values: Value,
    pub tokens: Tokens,
}

impl Case {
    pub(super) fn chart(&self) -> Chart<'_> {
        Chart { version: self.version, release: &self.release, namespace: &self.namespace, values: &self.values }
    }

    /// Its values as those of a version of 4.x.
    pub(super) fn converted(&self, to: Version) -> Value {
        self.chart().conversion(to, self.tokens).applied(&self.values)
    }

    /// Whether no two of its objects have one name: such a release is refused (`name-clash`), and which of the
    /// two is in force depends on the order in which Helm applies them.
    pub(super) fn has_no_clash(&self) -> bool {
        let doubts = self.chart().conversion(Version::V4_1, self.tokens).doubts;
        !doubts.iter().any(|doubt| matches!(doubt.matter, Matter::Clash { .. }))
    }

    /// Whether values of 2.x are known, and fit the schema of 3.x.
    pub(super) fn is_converted(&self) -> bool {
        let doubts = self.chart().conversion(Version::V4_1, self.tokens).doubts;
        !doubts.iter().any(|doubt| matches!(doubt.matter, Matter::OpenIn2(_) | Matter::Rejected(_)))
    }

    /// The objects whose names nothing can keep: of routes that are drawn at random, and of
    /// policies that share one.
    fn given_up(&self, before: &Objects) -> BTreeSet<(String, String)> {
        let policies = || before.iter().filter(|((section, _), _)| section == "networkpolicies");
        let is_given_up = |((section, _), object): &(&(String, String), &Json)| {
            let name = text(object, "/metadata/name");
            let shares = || policies().filter(|(_, other)| text(other, "/metadata/name") == name).count() > 1;
            name.contains(" or ") || self.version < Version::v3(2, 0) && section == "networkpolicies" && shares()
        };
        before.iter().filter(is_given_up).map(|(key, _)| key.clone()).collect()
    }

    /// The items of which the conversion says that 4.x fails on them.
    fn dead(&self) -> BTreeSet<(String, String)> {
        let doubts = self.chart().conversion(Version::V4_1, self.tokens).doubts;
        let dead = doubts.into_iter().filter(|doubt| matches!(doubt.matter, Matter::DeadIdentifier { .. }));
        dead.filter_map(|doubt| Some((doubt.at.first()?.clone(), doubt.at.get(1)?.clone()))).collect()
    }
}

impl Judged for Case {
    /// The release as it is, and converted as each of the targets.
    fn renders(&self) -> Vec<Render> {
        let of = |version: Version, values| Render {
            version: tag(version),
            release: self.release.clone(),
            namespace: self.namespace.clone(),
            values,
        };
        let then = TARGETS.map(|to| of(to, self.converted(to)));
        [of(self.version, self.values.clone())].into_iter().chain(then).collect()
    }

    /// Not compared is that on which 3.x or the API server fails, and that of which it is said that
    /// 4.x does.
    fn wrong(&self, made: &[Vec<Json>]) -> (usize, Vec<String>) {
        let mut wrong = Vec::new();
        for (number, made) in made.iter().enumerate() {
            let version = if number == 0 { self.version } else { TARGETS[number - 1] };
            let values = if number == 0 { self.chart().stated() } else { self.converted(version) };
            // The model of this crate, for which the judge was called.
            let chart = Chart { version, values: &values, ..self.chart() };
            let ours: BTreeSet<(String, String)> = chart
                .objects()
                .into_iter()
                .map(|object| (object.kind.unwrap_or_default(), shown(object.name)))
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
        let never_was = |(_, object): &(_, &Json)| is_refused(object) || has_no_port(object);
        let fails: BTreeSet<_> = before.iter().filter(never_was).map(|(key, _)| key).collect();
        let (given_up, dead) = (self.given_up(&before), self.dead());
        for (version, made) in TARGETS.iter().zip(&made[1..]) {
            let after = comparable(made, self.tokens);
            for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>().difference(&fails) {
                let nameless = |object: &Json| {
                    let mut object = object.clone();
                    if given_up.contains(key) {
                        object["metadata"].as_object_mut().unwrap().remove("name");
                    }
                    object
                };
                if dead.contains(key) && after.get(key).is_some_and(is_refused) {
                    continue;
                }
                let [then, now] = [&before, &after].map(|objects| objects.get(*key).map(nameless));
                if then != now {
                    let told = |object: Option<Json>| object.map_or("nothing".to_owned(), |object| object.to_string());
                    let was = self.version;
                    wrong.push(format!("{version} {key:?}:\n    {was} {}\n    now {}", told(then), told(now)));
                }
            }
        }
        (before.len() - fails.len(), wrong)
    }

    fn told(&self) -> String {
        format!("{}, release {}, values {}", self.version, self.release, self.of)
    }
}

/// A name, or the names that it may be.
fn shown(name: Name) -> String {
    name.unwrap_or_else(|unknown| if unknown.why == Why::Random { unknown.text } else { unknown.to_string() })
}

/// How the judge found some releases: how many objects it compared, and what is wrong with which
/// release.
pub(super) struct Verdict {
    pub compared: usize,
    pub wrong: Vec<(usize, Vec<String>)>,
}

/// `None` without Helm.
pub(super) fn judged<C: Judged>(cases: &[C]) -> Option<Verdict> {
    let renders: Vec<Vec<Render>> = cases.iter().map(C::renders).collect();
    let mut made = match render(&renders.concat())? {
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
    let of_case = |(case, renders): (&C, &Vec<Render>)| case.wrong(&made.drain(..renders.len()).collect::<Vec<_>>());
    let found: Vec<_> = cases.iter().zip(&renders).map(of_case).collect();
    let compared = found.iter().map(|(compared, _)| compared).sum();
    let wrong = found.into_iter().map(|(_, wrong)| wrong).enumerate().filter(|(_, wrong)| !wrong.is_empty());
    Some(Verdict { compared, wrong: wrong.collect() })
}

/// Where two values differ: the keys, and what each says.
pub(super) fn differences(ours: Option<&Value>, theirs: Option<&Value>, path: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Some(ours @ Value::Mapping(_)), Some(theirs @ Value::Mapping(_))) => {
            let keys = ours.entries().iter().chain(theirs.entries()).map(|(key, _)| key).collect::<BTreeSet<_>>();
            keys.into_iter()
                .for_each(|key| differences(ours.get(key), theirs.get(key), &format!("{path}.{key}"), found));
        }
        (Some(Value::Sequence(ours)), Some(Value::Sequence(theirs))) if ours.len() == theirs.len() => {
            let items = ours.iter().zip(theirs).enumerate();
            items.for_each(|(n, (ours, theirs))| differences(Some(ours), Some(theirs), &format!("{path}[{n}]"), found));
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: ours {ours:?}, theirs {theirs:?}")),
    }
}
