//! In which fields the objects of two builds differ, once Flux has filled in variables.
//!
//! Only what is printed now can be compared so: of earlier builds nothing is kept but seals
//! (`objects`).

use std::collections::{BTreeMap, BTreeSet};

use super::builds::Printed;
use super::objects::{Known, Names, WAY, is_flux, shown};
use crate::flux::{Value, Variables, excludes_substitution, group_of};
use crate::plan::{Differing, How};
use crate::yaml::Stream;

/// The objects of a build as a cluster gets them; `None` if they cannot be read.
pub(super) type Applied = BTreeMap<Known, Vec<Value>>;

/// Reads what Kustomize printed, and fills in the variables that are known. If it is known which objects
/// may differ, no others are read.
pub(super) fn applied(printed: &Printed, variables: &Variables, only: Option<&BTreeSet<Known>>) -> Option<Applied> {
    let known_of = |object: &Value| -> Known {
        let text = |path: &[&str]| object.text_at(path).unwrap_or_default().to_owned();
        let group = group_of(object.text_at(&["apiVersion"]).unwrap_or_default());
        (group.to_owned(), text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]))
    };
    // Kustomize prints documents one after the other, and lines of texts are indented.
    let may_be = |document: &&str| {
        let mut wanted = only.into_iter().flatten();
        only.is_none() || wanted.any(|(_, kind, _, name)| document.contains(kind) && document.contains(name))
    };
    let mut all = Applied::new();
    for document in printed.text.split("\n---\n").filter(may_be) {
        let stream = Stream::parse(document).ok()?;
        for root in stream.documents() {
            let mut object = Value::of(root)?;
            if object == Value::Null || only.is_some_and(|only| !only.contains(&known_of(&object))) {
                continue;
            }
            for (key, added) in [("labels", &printed.added.labels), ("annotations", &printed.added.annotations)] {
                for (name, value) in added {
                    object.set_at(&["metadata", key, name], Value::string(value));
                }
            }
            if variables.any && !excludes_substitution(&object) {
                object.map_text(&|text| variables.substitute(text));
            }
            all.entry(known_of(&object)).or_default().push(object);
        }
    }
    Some(all)
}

/// A Flux Kustomization without what only says from where it is built.
fn without_way(kustomization: &Value) -> Value {
    let mut rest = kustomization.clone();
    WAY.iter().for_each(|key| rest.remove_at(&["spec", key]));
    rest
}

/// How two builds differ, by object and field. If a Flux Kustomization is itself built on both sides, it
/// does not count from where it is built.
pub(super) fn differences(before: &Applied, after: &Applied, built: &Names) -> Vec<Differing> {
    let all: BTreeSet<&Known> = before.keys().chain(after.keys()).collect();
    let none = Vec::new();
    let differing = |id: &Known| {
        let (old, new) = (before.get(id).unwrap_or(&none), after.get(id).unwrap_or(&none));
        let is_built = is_flux(id) && built.contains(&(id.2.clone(), id.3.clone()));
        let how = match (old.len(), new.len()) {
            (old, new) if old == new => How::Changed,
            (old, new) if old < new => How::New,
            _ => How::Gone,
        };
        let mut fields = Vec::new();
        for (old, new) in old.iter().zip(new) {
            fields.extend(match is_built {
                true => without_way(old).differences(&without_way(new)),
                false => old.differences(new),
            });
        }
        if how == How::Changed && fields.is_empty() {
            return None;
        }
        let api_version = new.first().or(old.first())?.text_at(&["apiVersion"])?.to_owned();
        Some(Differing { object: shown(id), api_version, how, fields })
    };
    all.into_iter().filter_map(differing).collect()
}
