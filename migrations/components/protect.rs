//! Claims that are kept from being pruned before anything else moves: a change of their own, to be reconciled first.

use crate::flux::{Object, Value, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::Finding;
use crate::repo::{Change, Changes};
use crate::yaml::{Edit, Error, New, Place};

/// What kustomize-controller looks at before it deletes an object that is no longer applied.
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const DISABLED: &str = "disabled";

/// Whether Flux leaves an object alone that it no longer applies. A label says it as well as an annotation.
pub(super) fn is_kept(object: &Value) -> bool {
    ["annotations", "labels"].iter().any(|place| {
        let said = object.text_at(&["metadata", place, PRUNE]);
        said.is_some_and(|said| said.eq_ignore_ascii_case(DISABLED))
    })
}

/// Adds the annotation to a claim.
pub(super) fn protect(view: &View, claim: &Object) -> Result<Written, Finding> {
    let path = &claim.at.path;
    let stream = view.file(path).and_then(|file| file.stream.as_ref()).expect("its objects were read");
    let root = view.node(&claim.at).expect("the object was read");
    let written = || -> Result<_, Error> {
        let mut edit = Edit::of(stream);
        let (_, metadata) = root.own_entry("metadata").expect("an object that has a name has metadata");
        let annotations = metadata.own_entry("annotations").map(|(_, value)| value);
        match annotations.and_then(|own| own.own_entry(PRUNE)) {
            Some((_, said)) => edit.set_scalar(said, DISABLED)?,
            None => {
                let word = New::string(DISABLED);
                match annotations.filter(|own| !own.is_null()) {
                    Some(own) => edit.insert_entry(own, Place::Last, PRUNE, &word)?,
                    None => {
                        let new = New::mapping([(PRUNE, word)]);
                        match annotations {
                            Some(empty) => edit.set(empty, &new, |_| crate::yaml::Fate::Moved)?,
                            None => edit.insert_entry(metadata, Place::After("name"), "annotations", &new)?,
                        }
                    }
                }
            }
        }
        edit.finish()
    };
    let edited = written().map_err(|error| refused_edit(path, &error))?;
    let mut changes = Changes::new();
    changes.set(path.clone(), Change::Edit(edited.splices));
    Ok((changes, edited.comments.into_iter().map(|comment| (path.clone(), comment)).collect()))
}
