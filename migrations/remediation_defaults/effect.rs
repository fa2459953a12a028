//! What defaults do to an object: each field before and after, and where it states another value.

use std::sync::Arc;

use super::fields::{Field, ObjectKind};
use super::find::Member;
use super::roots::Root;
use super::set::Set;
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::plan::{Effect, Outcome};
use crate::yaml::{Kind, Node};

/// A value that makes an exception of an object: it is not the default, or rarely an accident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exception {
    /// The field.
    pub(super) field: &'static Field,
    /// The name of the object where it states the value: one file may be several objects.
    pub(super) name: String,
    /// The line of the field in the object's file, from 1; `None` if the value is from elsewhere.
    pub(super) line: Option<usize>,
    /// The value.
    pub(super) value: String,
    /// The default; `None` if the defaults do not set the field.
    pub(super) default: Option<String>,
}

fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&Value::Null)
}

/// Whether a patch that asks for a label reaches an object.
pub(super) fn is_covered(reach: &Reach, label: &str) -> bool {
    reach.patches.iter().any(|patch| patch.asks_for_label(label))
}

/// An object without the fields that defaults may set, and without its label.
pub(super) fn rest(object: &Value, label: &str, kind: ObjectKind) -> Value {
    let mut object = object.clone();
    object.remove_at(&["metadata", "labels", label]);
    for field in kind.table() {
        object.remove_at(&[&["spec"], field.path].concat());
    }
    object
}

/// Where an object states a field itself, not by an alias or a merge: the key and the value.
pub(super) fn stated_in_file<'v>(root: Node<'v>, field: &Field) -> Option<(Node<'v>, Node<'v>)> {
    let mut entry = root.own_entry("spec")?;
    for key in field.path {
        entry = entry.1.own_entry(key).filter(|_| !entry.1.is_alias())?;
    }
    (!entry.1.is_alias()).then_some(entry)
}

/// Finds out what the defaults do to an object, on a trial with all of them in it: which roots
/// reach it, each field that they set or change, and where it states another value. `usual` are
/// values that make no exception of it.
pub(super) fn look_at(member: &mut Member, view: &View, trial: &View, roots: &[Root], label: &str, usual: &Set) {
    let (now, then) = (view.graph().reaches(&member.at), trial.graph().reaches(&member.at));
    if now.len() != then.len() {
        return;
    }
    for (now, then) in now.iter().zip(then).filter(|(_, then)| is_covered(then, label)) {
        let Some(index) = roots.iter().position(|root| root.covers(member.kind, now, view)) else { continue };
        member.roots.insert(index);
        let set = &roots[index].of(member.kind).set;
        if set.is_empty() {
            continue;
        }
        let stated = without_defaults(view, &member.at, now, label);
        let (before, after) = (view.effective(&member.at, now), trial.effective(&member.at, then));
        let (Some(stated), Some(before), Some(after)) = (stated, before, after) else { continue };
        let is_merged = |reach: &Reach| reach.patches.iter().any(|patch| patch.merges().is_some());
        if !is_merged(now) && is_merged(then) && member.emptied.is_empty() {
            let root = view.node(&member.at);
            root.into_iter().for_each(|root| emptied(root, String::new(), &mut member.emptied));
        }
        let namespace = now.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let name = format!("{namespace}{}", now.name);
        let table = member.kind.table();
        for field in table {
            let (value, default) = (field.stated(spec(&stated)), set.get(field));
            let differs = default.is_some_and(|default| value.is_some_and(|value| value != default));
            let is_same = field.in_force(spec(&before), table) == field.in_force(spec(&after), table);
            if !is_same || default.is_some() {
                member.effects.push(Effect {
                    cluster: view.graph().clusters[now.cluster].name.clone(),
                    object: format!("{} {name}", now.kind),
                    field: field.name(),
                    before: field.shown(spec(&before), table),
                    after: field.shown(spec(&after), table),
                    outcome: match is_same {
                        true => Outcome::Same,
                        false if differs => Outcome::Kept,
                        false => Outcome::Changes,
                    },
                });
            }
            let is_rare = |value: &Value| field.is_exception(value) && !usual.has(field, value);
            let is_new = default.filter(|default| value.is_none() && !is_same && field.is_exception(default));
            member.unusual.extend(is_new.map(|default| (field, shown(field, default))));
            let Some(value) = value.filter(|value| differs || default.is_none() && is_rare(value)) else {
                continue;
            };
            // Where a patch sets the value, the file does not.
            let in_file = view.node(&member.at).and_then(|root| stated_in_file(root, field));
            let line = in_file.filter(|(_, node)| Value::of(*node).as_ref() == Some(value)).map(|(key, _)| key.line());
            let default = default.and_then(Value::text).map(str::to_owned);
            let exception = Exception { field, name: name.clone(), line, value: shown(field, value), default };
            if !member.exceptions.contains(&exception) {
                member.exceptions.push(exception);
            }
        }
    }
}

/// An object as it arrives without the defaults, also where they are there already.
fn without_defaults(view: &View, at: &At, reach: &Reach, label: &str) -> Option<Arc<Value>> {
    let patches = reach.patches.iter().filter(|patch| !patch.asks_for_label(label)).cloned().collect();
    view.effective(at, &Reach { patches, ..reach.clone() })
}

/// Whether an object states another value than a default of the root above it, whatever its label.
pub(super) fn disagrees(member: &Member, view: &View, roots: &[Root], label: &str) -> bool {
    view.graph().reaches(&member.at).iter().any(|reach| {
        let root = roots.iter().find(|root| root.covers(member.kind, reach, view));
        let stated = root.and_then(|_| without_defaults(view, &member.at, reach, label));
        let (Some(root), Some(stated)) = (root, stated) else { return false };
        let mut defaults = root.of(member.kind).set.0.iter();
        defaults.any(|(field, default)| field.stated(spec(&stated)).is_some_and(|value| value != default))
    })
}

/// The fields of an object that have no value at all (`key:`), each with its line. Kustomize drops
/// them from whatever a strategic merge patch changes; `null` and `~` stay
/// (`docs/flux-and-kustomize.md#what-a-patch-does`).
fn emptied(node: Node<'_>, path: String, found: &mut Vec<(String, usize)>) {
    for (key, value) in node.entries() {
        let separator = if path.is_empty() { "" } else { "." };
        let field = format!("{path}{separator}{}", key.text().unwrap_or_default());
        if value.kind() == Kind::Mapping {
            emptied(value, field, found);
        } else if value.is_null() && !value.is_alias() && value.source().trim().is_empty() {
            found.push((field, key.line()));
        }
    }
}

/// A value as it is shown: in quotes if it is text where the field takes something else.
fn shown(field: &Field, value: &Value) -> String {
    match value {
        Value::Scalar { text, string: true } if !field.takes.fits(value) => format!("\"{text}\""),
        other => other.text().unwrap_or("a mapping").to_owned(),
    }
}

/// `spec` of the releases of some roots as it arrives in each place, with the cluster.
pub(super) fn stated_specs(view: &View, roots: &[Root]) -> Vec<(ClusterId, Value)> {
    let releases = view.releases().iter().flat_map(|release| {
        let reaches = view.graph().reaches(&release.at).iter();
        reaches.map(move |reach| (&release.at, reach))
    });
    let covered = releases.filter(|(_, reach)| roots.iter().any(|root| root.covers(ObjectKind::Release, reach, view)));
    covered.filter_map(|(at, reach)| Some((reach.cluster, spec(&*view.effective(at, reach)?).clone()))).collect()
}
