//! `api-version: table`: an object of Flux states the newest version that the Flux of each of its
//! clusters serves.

use super::{Notes, Refused, Seen};
use crate::flux::{FluxVersion, Value};
use crate::recipe::api_version::{Judged, Options, convert, follow_references, judge};
use crate::recipe::codes::{API_VERSION_DIFFERS, API_VERSION_FIELD, API_VERSION_HELD, API_VERSION_PATCHED};
use crate::recipe::fields;
use crate::recipe::select::{Document, GroupKind};

/// The verb.
#[derive(Clone, Debug, Default)]
pub struct ToNewest {
    /// Only objects of these; all of Flux, if there are none.
    pub kinds: Vec<GroupKind>,
    /// Whether a version that a cluster does not serve is repaired.
    pub repair: bool,
    /// Whether `summary` of Alerts moves to `eventMetadata`.
    pub summary: bool,
    /// Whether patches that name an object follow it.
    pub in_patches: bool,
}

/// An object of Flux, and the version for it.
pub(super) struct Raised {
    /// The version that it states.
    pub(super) from: String,
    /// The version that it is to state; the same, if it stays.
    pub(super) to: String,
    flux: Vec<(String, FluxVersion)>,
    judged: Judged,
}

impl ToNewest {
    /// Acts on an object, a patch, or what a patch is for.
    ///
    /// # Errors
    /// If its new version cannot say what it says.
    pub(super) fn act(&self, document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
        let seen = Ok(Seen::state(true));
        match document.patch {
            Some(entry) if entry.is_target() => {
                self.follow_with_target(document, value);
                return seen;
            }
            Some(_) => return self.follow(document, value, notes),
            None => {}
        }
        let Some(Raised { from, to, flux, judged }) = self.raised(document, value, notes) else { return seen };
        let kind = value.text_at(&["kind"]).unwrap_or_default().to_owned();
        let of_all: Vec<FluxVersion> = flux.iter().map(|(_, flux)| *flux).collect();
        for waits in &judged.waits {
            let (cluster, flux) = &flux[waits.flux];
            let message =
                format!("{} of {kind} waits for Flux 2.{}: {cluster} runs {flux}", waits.version, waits.minor);
            notes.remarks.push((API_VERSION_HELD, message));
        }
        if let Some(path) = (to != from).then(|| self.left_behind(document, &from, &to)).flatten() {
            let message = format!("a patch in {path} is for {from} of it, and would not find {to}");
            return Err(Refused::new(API_VERSION_PATCHED, message));
        }
        if to != from || self.summary && kind == "Alert" {
            let options = Options { flux: &of_all, summary: self.summary, is_patch: false };
            let converted = convert(value, &to, &options).map_err(|why| Refused::new(API_VERSION_FIELD, why))?;
            *value = converted.value;
            notes.reviews.extend(converted.reviews.into_iter().map(|why| (API_VERSION_DIFFERS, why)));
        }
        follow_references(value, &of_all, &|stated: &str, kind: &str| self.is_about(stated, kind));
        seen
    }

    fn is_about(&self, stated: &str, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|one| one.is(stated, kind))
    }

    /// The version that an object is to state; `None` of what is no object of Flux that is asked for, and
    /// where no version is certain.
    pub(super) fn raised(&self, document: &Document<'_>, value: &Value, notes: &mut Notes) -> Option<Raised> {
        let stated = value.text_at(&["apiVersion"]).unwrap_or_default();
        let kind = value.text_at(&["kind"]).unwrap_or_default();
        let (group, version) = stated.split_once('/')?;
        let versions = fields::versions(group, kind);
        if versions.is_empty() || !self.is_about(stated, kind) || document.is_unreached() && may_be_patch(value) {
            return None;
        }
        let Some(flux) = flux_of(document) else {
            if versions.last().is_some_and(|newest| newest.version != version) {
                notes.not_known.push("the Flux of a cluster that applies it is not stated".to_owned());
            }
            return None;
        };
        let of_all: Vec<FluxVersion> = flux.iter().map(|(_, flux)| *flux).collect();
        let judged = judge(group, kind, version, &of_all)?;
        let is_allowed =
            (judged.not_served_by.is_empty() || self.repair) && (!judged.lowers || !document.is_unreached());
        let to = judged.change(version).filter(|_| is_allowed).unwrap_or(version).to_owned();
        Some(Raised { from: version.to_owned(), to, flux, judged })
    }

    /// Has a patch that names an object state the version that the object takes.
    fn follow(&self, document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
        let objects = document.named_objects();
        let Some(first) = objects.first() else { return Ok(Seen::state(true)) };
        let stated = value.text_at(&["apiVersion"]).unwrap_or_default().to_owned();
        let mut wanted = first.value().unwrap_or(Value::Null);
        let before = wanted.clone();
        // What is in the way of the object is said of the object.
        if self.act(first, &mut wanted, &mut Notes::default()).is_err() || wanted == before {
            return Ok(Seen::state(true));
        }
        let api_version = wanted.text_at(&["apiVersion"]).unwrap_or_default();
        if stated == api_version || before.text_at(&["apiVersion"]) == Some(api_version) {
            return Ok(Seen::state(true));
        }
        let Some((_, to)) = api_version.split_once('/') else { return Ok(Seen::state(true)) };
        if objects.len() > 1 {
            let message = format!("the patch names {} objects, which land apart: split it", objects.len());
            return Err(Refused::new(API_VERSION_PATCHED, message));
        }
        let flux: Vec<FluxVersion> = flux_of(first).into_iter().flatten().map(|(_, flux)| flux).collect();
        let options = Options { flux: &flux, summary: self.summary, is_patch: true };
        let converted = convert(value, to, &options).map_err(|why| Refused::new(API_VERSION_FIELD, why))?;
        *value = converted.value;
        notes.reviews.extend(converted.reviews.into_iter().map(|why| (API_VERSION_DIFFERS, why)));
        Ok(Seen::state(true))
    }
}

/// The Flux of each cluster that applies a document, or, if none does, of all in the tree. `None`
/// if one of them is not known.
fn flux_of(document: &Document<'_>) -> Option<Vec<(String, FluxVersion)>> {
    let graph = document.view.graph();
    let mut all: Vec<(String, FluxVersion)> = Vec::new();
    if document.is_unreached() {
        for cluster in graph.clusters.iter() {
            all.push((cluster.name.clone(), cluster.flux?));
        }
    }
    for reach in document.reaches() {
        let cluster = &graph.clusters[reach.cluster];
        let is_elsewhere = graph.kustomizations[reach.kustomization].remote_cluster().is_some();
        all.push((cluster.name.clone(), cluster.flux.filter(|_| !is_elsewhere)?));
    }
    all.dedup();
    Some(all).filter(|all| !all.is_empty())
}

/// Whether what no cluster applies may be the file of a patch: it lacks what an object must have.
fn may_be_patch(value: &Value) -> bool {
    fields::of_object(value).is_none_or(|fields| !fields.lacking(value).is_empty())
}
