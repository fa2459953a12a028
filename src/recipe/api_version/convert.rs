//! An object in another API version.

use std::borrow::Cow;

use super::{automation, durations, patches, values_files};
use crate::flux::{FluxVersion, Value};
use crate::recipe::fields::{self, Fields};

/// What decides on a conversion beside the object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// The Flux of each cluster that applies it.
    pub flux: &'o [FluxVersion],
    /// Whether `summary` of an Alert moves to `eventMetadata`.
    pub summary: bool,
    /// Whether this is a patch, which has only some of the fields of an object.
    pub is_patch: bool,
}

/// An object in another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// Its new value.
    pub value: Value,
    /// What changes beside the version, in a few words each.
    pub changes: Vec<String>,
    /// Why a person should look at it first.
    pub reviews: Vec<String>,
}

/// What a rule makes of an object. Rules change `value`, which has the new version already.
pub(super) struct Conversion<'c> {
    pub(super) value: Value,
    pub(super) kind: &'c str,
    pub(super) from: &'c str,
    pub(super) to: &'c str,
    pub(super) changes: Vec<String>,
    pub(super) reviews: Vec<String>,
}

impl Conversion<'_> {
    pub(super) fn spec(&mut self) -> Option<&mut Value> {
        self.value.get_mut("spec")
    }

    /// Whether it leaves the beta versions.
    pub(super) fn leaves_beta(&self) -> bool {
        self.from.contains("beta") && !self.to.contains("beta")
    }
}

/// The fields that must be there in the new version, and that old versions did not ask for, or that
/// objects of old versions lacked all the same.
const NEWLY_REQUIRED: &[(&str, &str)] = &[
    ("Kustomization", "spec.kubeConfig.secretRef"),
    ("GitRepository", "spec.verify.secretRef"),
    ("Alert", "spec.eventSources[].kind"),
    ("Receiver", "spec.resources[].kind"),
    ("Receiver", "spec.secretRef"),
];

/// Fields that had no effect in beta versions and are not in the newest one.
const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    ("Kustomization", &["validation"]),
    ("GitRepository", &["gitImplementation", "accessFrom"]),
    ("HelmChart", &["accessFrom"]),
    ("Bucket", &["accessFrom"]),
];

/// An object of Flux, stated in another version. The version that it has already is allowed, too:
/// some things are to be said of objects that stay.
///
/// # Errors
/// A sentence, if it cannot be stated in that version without a loss or a guess.
pub fn convert(object: &Value, to: &str, options: &Options<'_>) -> Result<Converted, String> {
    let stated = object.text_at(&["apiVersion"]).and_then(|stated| stated.split_once('/'));
    let (Some((group, from)), Some(kind)) = (stated, object.text_at(&["kind"])) else {
        return Err("it states no API version and kind".to_owned());
    };
    let Some(target) = fields::of(group, kind, to) else {
        return Err(format!("{kind} {to} of {group} is in no table"));
    };
    let mut value = object.clone();
    if from != to {
        value.set("apiVersion", Value::string(&format!("{group}/{to}")));
    }
    let mut work = Conversion { value, kind, from, to, changes: Vec::new(), reviews: Vec::new() };
    if work.leaves_beta() {
        without_effect(&mut work);
        values_files::merge(&mut work)?;
        patches::merge(&mut work)?;
    }
    notification(&mut work, options)?;
    automation::review(&mut work, options);
    if from != to {
        durations::check(&work.value, kind, &target)?;
        check_fields(object, &work.value, fields::of(group, kind, from), target, options)?;
    }
    let Conversion { value, changes, reviews, .. } = work;
    Ok(Converted { value, changes, reviews })
}

fn without_effect(work: &mut Conversion<'_>) {
    let kind = work.kind;
    for (_, names) in WITHOUT_EFFECT.iter().filter(|(of, _)| *of == kind) {
        for name in *names {
            if work.spec().is_some_and(|spec| spec.remove(name)) {
                work.changes.push(format!("spec.{name} is removed: it had no effect"));
            }
        }
    }
}

/// `summary` of an Alert and `interval` of a Provider, which notification-controller before 1.2.3
/// did not have in v1beta3: that of Flux 2.2.0.
fn notification(work: &mut Conversion<'_>, options: &Options<'_>) -> Result<(), String> {
    let name = match work.kind {
        "Alert" => "summary",
        "Provider" => "interval",
        _ => return Ok(()),
    };
    if work.to != "v1beta3" || work.value.at(&["spec", name]).is_none() {
        return Ok(());
    }
    if name == "summary" && options.summary {
        return to_event_metadata(work);
    }
    if work.from == work.to {
        return Ok(());
    }
    let of_2_2 =
        |patch: Option<u32>| options.flux.iter().any(|flux| (flux.major, flux.minor) == (2, 2) && flux.patch == patch);
    if of_2_2(Some(0)) {
        return Err(format!("{} {} has no field spec.{name} in Flux 2.2.0", work.kind, work.to));
    }
    if of_2_2(None) {
        let why = format!("{} {} has no field spec.{name} in Flux 2.2.0, only in later ones", work.kind, work.to);
        work.reviews.push(why);
    }
    Ok(())
}

fn to_event_metadata(work: &mut Conversion<'_>) -> Result<(), String> {
    const PLACE: [&str; 3] = ["spec", "eventMetadata", "summary"];
    let summary = work.value.at(&["spec", "summary"]).cloned().unwrap_or(Value::Null);
    match work.value.at(&PLACE) {
        Some(other) if *other != summary => {
            return Err("spec.summary and spec.eventMetadata.summary say different things".to_owned());
        }
        Some(_) => drop(work.spec().is_some_and(|spec| spec.remove("summary"))),
        None if work.value.at(&PLACE[..2]).is_some() => {
            work.value.set_at(&PLACE, summary);
            work.value.remove_at(&["spec", "summary"]);
        }
        None => {
            let Some(spec) = work.spec() else { return Ok(()) };
            spec.rename("summary", "eventMetadata");
            spec.set("eventMetadata", Value::Mapping(vec![("summary".to_owned(), summary)]));
        }
    }
    work.changes.push("spec.summary moves to spec.eventMetadata".to_owned());
    Ok(())
}

/// Sees that the new version has all fields, and that the object has all that it requires.
fn check_fields(
    before: &Value,
    after: &Value,
    source: Option<Fields>,
    target: Fields,
    options: &Options<'_>,
) -> Result<(), String> {
    let unknown_before = source.map(|source| source.unknown(before)).unwrap_or_default();
    if let Some(field) = target.unknown(after).into_iter().find(|field| !unknown_before.contains(field)) {
        return Err(format!("{target} has no field {field}"));
    }
    if options.is_patch {
        return Ok(());
    }
    let lacking_before = source.map(|source| source.lacking(before)).unwrap_or_default();
    let kind = after.text_at(&["kind"]).unwrap_or_default();
    let is_listed = |field: &str| NEWLY_REQUIRED.contains(&(kind, &*without_indices(field)));
    let mut lacking = target.lacking(after).into_iter();
    match lacking.find(|field| is_listed(field) || !lacking_before.contains(field)) {
        Some(field) => Err(format!("{target} requires {field}, and it is not there")),
        None => Ok(()),
    }
}

/// `spec.resources[].kind` for `spec.resources[3].kind`.
fn without_indices(field: &str) -> Cow<'_, str> {
    if !field.contains('[') {
        return Cow::Borrowed(field);
    }
    Cow::Owned(field.chars().filter(|c| !c.is_ascii_digit()).collect())
}
