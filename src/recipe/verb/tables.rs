//! Verbs that act by tables: `api-version: table` and `schema-comment`.

use std::sync::Arc;

use super::{Notes, Refused, Seen};
use crate::flux::{FluxVersion, Patch, Patches, Reach, Value};
use crate::recipe::api_version::{Options, convert, follow_references, judge};
use crate::recipe::codes::{
    API_VERSION_DIFFERS, API_VERSION_FIELD, API_VERSION_HELD, API_VERSION_PATCHED, SCHEMA_UNSEEN,
};
use crate::recipe::fields;
use crate::recipe::schema_comment::{self, Settings};
use crate::recipe::select::{Document, GroupKind};
use crate::repo::RepoPath;

/// `api-version: table`: an object of Flux states the newest version that the Flux of each of its
/// clusters serves.
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

impl ToNewest {
    /// Acts on an object.
    ///
    /// # Errors
    /// If its new version cannot say what it says.
    pub(super) fn act(&self, document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
        if document.patch.is_some() {
            return self.follow(document, value, notes);
        }
        let stated = value.text_at(&["apiVersion"]).unwrap_or_default().to_owned();
        let kind = value.text_at(&["kind"]).unwrap_or_default().to_owned();
        let Some((group, version)) = stated.split_once('/') else { return Ok(Seen::state(true)) };
        let versions = fields::versions(group, &kind);
        let is_meant =
            |stated: &str, kind: &str| self.kinds.is_empty() || self.kinds.iter().any(|one| one.is(stated, kind));
        if versions.is_empty() || !is_meant(&stated, &kind) || document.is_unreached() && may_be_patch(value) {
            return Ok(Seen::state(true));
        }
        let Some(flux) = flux_of(document) else {
            if versions.last().is_some_and(|newest| newest.version != version) {
                notes.not_known.push("the Flux of a cluster that applies it is not stated".to_owned());
            }
            return Ok(Seen::state(true));
        };
        let of_all: Vec<FluxVersion> = flux.iter().map(|(_, flux)| *flux).collect();
        let Some(judged) = judge(group, &kind, version, &of_all) else { return Ok(Seen::state(true)) };
        for waits in &judged.waits {
            let (cluster, flux) = &flux[waits.flux];
            let message =
                format!("{} of {kind} waits for Flux 2.{}: {cluster} runs {flux}", waits.version, waits.minor);
            notes.remarks.push((API_VERSION_HELD, message));
        }
        let is_allowed =
            (judged.not_served_by.is_empty() || self.repair) && (!judged.lowers || !document.is_unreached());
        let to = judged.change(version).filter(|_| is_allowed).unwrap_or(version);
        if let Some(path) = (to != version).then(|| self.patched_by_version(document, &kind, version, to)).flatten() {
            let message = format!("a patch in {path} is for {version} of it, and would not find {to}");
            return Err(Refused::new(API_VERSION_PATCHED, message));
        }
        if to != version || self.summary && kind == "Alert" {
            let options = Options { flux: &of_all, summary: self.summary, is_patch: false };
            let converted = convert(value, to, &options).map_err(|why| Refused::new(API_VERSION_FIELD, why))?;
            *value = converted.value;
            notes.reviews.extend(converted.reviews.into_iter().map(|why| (API_VERSION_DIFFERS, why)));
        }
        follow_references(value, &of_all, &is_meant);
        Ok(Seen::state(true))
    }

    /// Has a patch that names an object state the version that the object takes.
    fn follow(&self, document: &Document<'_>, value: &mut Value, notes: &mut Notes) -> Result<Seen, Refused> {
        let mut objects: Vec<Document<'_>> = Vec::new();
        for object in document.named_objects() {
            if objects
                .iter()
                .all(|other| other.object.map(|object| &object.at) != object.object.map(|object| &object.at))
            {
                objects.push(object);
            }
        }
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

    /// The file of a patch on the way of a document that is for one of two versions of it alone, and does
    /// not follow it.
    fn patched_by_version(&self, document: &Document<'_>, kind: &str, version: &str, to: &str) -> Option<RepoPath> {
        let (view, object) = (document.view, document.object?);
        let name = &object.name;
        let is_of_another = |patch: &Arc<Patch>| {
            let has = |reach: &Reach| reach.patches.iter().any(|other| Arc::ptr_eq(other, patch));
            view.graph().reached().any(|(at, reaches)| *at != object.at && reaches.iter().any(has))
        };
        let follows = |patch: &Arc<Patch>| self.in_patches && !patch.has_target() && !is_of_another(patch);
        let tells_apart = |patches: &Patches, name: &str| {
            let mut all = patches.iter().filter(|patch| patch.tells_apart(kind, name, version, to));
            all.find(|patch| !follows(patch)).map(|patch| patch.path.clone())
        };
        document.reaches().find_map(|reach| {
            let files = reach.through.iter().filter_map(|path| view.kustomization(&path.dir()));
            let flux = &view.graph().kustomizations[reach.kustomization].patches;
            let mut all = files.map(|kustomization| &kustomization.patches).chain([flux, &reach.patches]);
            all.find_map(|patches| tells_apart(patches, name).or_else(|| tells_apart(patches, &reach.name)))
        })
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

/// `schema-comment`: the comment in the header of a document. Its value never changes.
pub(super) fn schema_comment(document: &Document<'_>, settings: &Settings, notes: &mut Notes) -> Seen {
    if let Some(change) = schema_change(document, settings) {
        if !change.is_seen {
            notes.reviews.push((SCHEMA_UNSEEN, format!("nobody has seen {}", change.url)));
        }
        notes.headers.push(Header { url: change.url, settings: settings.clone() });
    }
    Seen::state(true)
}

/// A comment to write in the header of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The URL in it.
    pub url: String,
    /// By which it is found again.
    pub settings: Settings,
}

/// What to write in the header of a document.
pub fn schema_change<'v>(document: &Document<'v>, settings: &Settings) -> Option<schema_comment::Change<'v>> {
    if document.object.is_some_and(|object| object.at.item.is_some()) {
        return None;
    }
    let stream = document.view.file(document.path)?.stream.as_deref()?;
    let index = stream.documents().position(|root| root.range() == document.root.range())?;
    schema_comment::change(stream, index, document.path.name(), settings, &|_| false)
}
