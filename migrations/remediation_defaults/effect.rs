//! What defaults do to an object: each field now and then, and what the object says otherwise.

use super::fields::Field;
use super::full_name;
use super::roots::Root;
use super::set::Set;
use super::write::{line_of, own_node};
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::plan::{Effect, Outcome};

/// An object that says otherwise than the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The field.
    pub(super) field: &'static Field,
    /// What the object is called where it says so: one file may be several.
    pub(super) of: String,
    /// Its line in the file of the object, from 1.
    pub(super) line: Option<usize>,
    /// What the object says.
    pub(super) own: String,
    /// What the defaults would make of it; `None` where they say nothing of the field, and the object is an exception by what it says.
    pub(super) then: Option<String>,
}

/// An object before and on the trial.
pub(super) struct Side<'s> {
    pub(super) view: &'s View,
    pub(super) trial: &'s View,
    pub(super) at: &'s At,
    /// The key of the label that the patches in question ask for.
    pub(super) key: &'s str,
    pub(super) table: &'static [Field],
}

static NONE: Value = Value::Null;

fn spec(object: &Value) -> &Value {
    object.get("spec").unwrap_or(&NONE)
}

/// Whether a patch that asks for a label reaches an object.
pub(super) fn is_covered(reach: &Reach, key: &str) -> bool {
    reach.patches.iter().any(|patch| patch.asks_for_label(key))
}

/// An object as it arrives where such patches are left away.
pub(super) fn without(view: &View, at: &At, reach: &Reach, key: &str) -> Option<Value> {
    let patches = reach.patches.iter().filter(|patch| !patch.asks_for_label(key)).cloned().collect();
    view.effective(at, &Reach { patches, ..reach.clone() })
}

impl<'s> Side<'s> {
    /// The places that apply it, as they are now and on the trial, of which the patches in question reach it on the trial.
    fn places(&self) -> impl Iterator<Item = (&'s Reach, &'s Reach)> {
        let now = self.view.graph().reaches(self.at);
        let then = self.trial.graph().reaches(self.at);
        let same = now.len() == then.len();
        let places = now.iter().zip(then).filter(move |_| same);
        let key = self.key;
        places.filter(move |(_, then)| is_covered(then, key))
    }

    /// These places as they are now.
    pub(super) fn covered(&self) -> impl Iterator<Item = &'s Reach> {
        self.places().map(|(now, _)| now)
    }
}

/// All of an object that neither a label nor the fields of a table say.
pub(super) fn rest(mut object: Value, key: &str, table: &[Field]) -> Value {
    take_out(&mut object, &["metadata", "labels", key]);
    for field in table {
        let path: Vec<&str> = std::iter::once("spec").chain(field.path.iter().copied()).collect();
        take_out(&mut object, &path);
    }
    object
}

/// Takes a field out, and what is empty then.
fn take_out(value: &mut Value, path: &[&str]) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        value.remove(first);
        return;
    }
    let Some(own) = value.get_mut(first) else { return };
    take_out(own, rest);
    if matches!(own, Value::Mapping(entries) if entries.is_empty()) {
        value.remove(first);
    }
}

/// Each field that the defaults set or change, in each place.
pub(super) fn effects<'a>(side: &Side<'_>, set: &dyn Fn(&Reach) -> Option<&'a Set>) -> Vec<Effect> {
    let mut found = Vec::new();
    for (now, then) in side.places() {
        let Some(set) = set(now).filter(|set| !set.is_empty()) else { continue };
        let (Some(before), Some(after)) = (side.view.effective(side.at, now), side.trial.effective(side.at, then))
        else {
            continue;
        };
        let Some(own) = without(side.view, side.at, now, side.key) else { continue };
        let cluster = side.view.graph().clusters[now.cluster].name.clone();
        let namespace = now.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let object = format!("{} {namespace}{}", now.kind, now.name);
        for field in side.table {
            let (before, after) = (field.holds(spec(&before), side.table), field.holds(spec(&after), side.table));
            let default = set.get(field);
            let is_same = before.value == after.value;
            if is_same && default.is_none() {
                continue;
            }
            let says = field.stated(spec(&own));
            let outcome = match (default, says) {
                _ if is_same => Outcome::Same,
                (Some(default), Some(says)) if says != default => Outcome::Kept,
                _ => Outcome::Changes,
            };
            let (before, after) = (before.shown(), after.shown());
            found.push(Effect {
                cluster: cluster.clone(),
                object: object.clone(),
                field: field.name(),
                before,
                after,
                outcome,
            });
        }
    }
    found
}

/// What an object says otherwise than the defaults, each field once.
pub(super) fn kept<'a>(side: &Side<'_>, set: &dyn Fn(&Reach) -> Option<&'a Set>) -> Vec<Kept> {
    let mut found: Vec<Kept> = Vec::new();
    for (now, _) in side.places() {
        let Some(set) = set(now).filter(|set| !set.is_empty()) else { continue };
        let Some(own) = without(side.view, side.at, now, side.key) else { continue };
        for field in side.table {
            let Some(says) = field.stated(spec(&own)) else { continue };
            let then = match set.get(field) {
                Some(default) if default == says => continue,
                Some(default) => default.text().map(str::to_owned),
                None if field.is_exception(says) => None,
                None => continue,
            };
            // Where a patch says it, the file does not.
            let in_file = side.view.node(side.at).and_then(|root| own_node(root, field)).and_then(Value::of);
            let line = line_of(side.view, side.at, field).filter(|_| in_file.as_ref() == Some(says));
            let namespace = now.namespace.as_deref().unwrap_or_default();
            let of = full_name(namespace, &now.name);
            let kept = Kept { field, of, line, own: shown(field, says), then };
            if !found.contains(&kept) {
                found.push(kept);
            }
        }
    }
    found
}

/// A value for people: text where the field takes something else is in quotes.
fn shown(field: &Field, value: &Value) -> String {
    match value {
        Value::Scalar { text, string: true } if !field.takes.fits(text, false) => format!("\"{text}\""),
        other => other.text().unwrap_or("a mapping").to_owned(),
    }
}

/// What the releases of the roots say, once for each place that applies one: the cluster, and `spec` with all patches in it.
pub(super) fn stated_specs(view: &View, roots: &[Root]) -> Vec<(ClusterId, Value)> {
    let releases = view.releases().iter().flat_map(|release| {
        let reaches = view.graph().reaches(&release.at).iter();
        reaches.map(move |reach| (&release.at, reach))
    });
    let covered = releases.filter(|(_, reach)| roots.iter().any(|root| root.covers(reach, view)));
    covered.filter_map(|(at, reach)| Some((reach.cluster, spec(&view.effective(at, reach)?).clone()))).collect()
}
