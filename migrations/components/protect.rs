//! PersistentVolumeClaims that are protected from pruning before anything else changes.

use crate::flux::{Object, Value, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};
use crate::yaml::{New, Place};

/// What kustomize-controller looks at before it deletes an object that is no longer applied.
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const DISABLED: &str = "disabled";

/// Whether objects of a kind are PersistentVolumeClaims.
pub(super) fn is_claim(kind: &str) -> bool {
    kind == "PersistentVolumeClaim"
}

/// Whether Flux keeps an object that it no longer applies, because of an annotation or a label.
pub(super) fn is_protected(object: &Value) -> bool {
    ["annotations", "labels"].iter().any(|field| {
        let prune = object.text_at(&["metadata", field, PRUNE]);
        prune.is_some_and(|prune| prune.eq_ignore_ascii_case(DISABLED))
    })
}

/// Adds the annotation to a claim.
pub(super) fn protect(view: &View, claim: &Object) -> Result<Written, Finding> {
    let path = [("metadata", Place::Last), ("annotations", Place::After("name")), (PRUNE, Place::Last)];
    let mut edits = Edits::of(view);
    edits.object(&claim.at, |edit, root| edit.upsert(root, &path, &New::string(DISABLED)))?;
    edits.finish()
}
