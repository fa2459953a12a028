//! The change that a patch makes.

use super::fill::Fill;
use crate::flux::value::{Operation, Value};
use crate::yaml::Stream;

/// The change that a patch states.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// An object to merge in: a strategic merge patch.
    Merge(Value),
    /// Operations of a JSON patch.
    Json(Vec<Operation>),
    /// Fields to fill: a target of `replacements`.
    Fill(Fill),
    /// None of these; Kustomize would fail.
    Unreadable,
}

/// What comes of an object when a patch is applied to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The patch is applied.
    Patched,
    /// It is deleted, by `$patch: delete`.
    Deleted,
    /// The patch cannot be applied, for instance because an operation names a missing place.
    /// Kustomize fails.
    Failed,
}

impl Change {
    /// Reads the text of a patch: several strategic merge patches if it has several documents, none
    /// if it has only comments. What Kustomize cannot read (`docs/flux-and-kustomize.md#what-a-patch-does`)
    /// is not read here either.
    pub(super) fn read(text: &str) -> Vec<Change> {
        let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if text.starts_with('[') && !is_json() {
            return vec![Change::Unreadable];
        }
        let Ok(stream) = Stream::parse(text) else { return vec![Change::Unreadable] };
        let documents: Option<Vec<Value>> = stream.documents().map(Value::of).collect();
        match documents.as_deref() {
            Some([Value::Sequence(items)]) if !items.is_empty() => {
                let operations: Option<Vec<Operation>> = items.iter().map(Operation::read).collect();
                vec![operations.map_or(Change::Unreadable, Change::Json)]
            }
            Some(several) if several.iter().all(is_named) => several.iter().cloned().map(Change::Merge).collect(),
            _ => vec![Change::Unreadable],
        }
    }

    /// Applies it to an object that it selects.
    pub(super) fn apply(&self, object: &mut Value) -> Outcome {
        match self {
            Change::Merge(patch) => {
                if patch.text_at(&["$patch"]) == Some("delete") {
                    return Outcome::Deleted;
                }
                let mut patch = patch.clone();
                // Kustomize keeps kind, name and namespace of the object, whatever those of the
                // patch are.
                patch.remove("apiVersion");
                patch.remove("kind");
                if let Some(metadata) = patch.get_mut("metadata") {
                    metadata.remove("name");
                    metadata.remove("namespace");
                }
                object.merge(&patch);
                Outcome::Patched
            }
            Change::Json(operations) => {
                let mut patched = object.clone();
                if operations.iter().any(|operation| operation.apply(&mut patched).is_none()) {
                    return Outcome::Failed;
                }
                *object = patched;
                Outcome::Patched
            }
            Change::Fill(fill) => {
                fill.apply(object);
                Outcome::Patched
            }
            Change::Unreadable => Outcome::Failed,
        }
    }

    /// Whether it changes the identity of an object: something in `metadata`, or whether it exists.
    pub(super) fn changes_identity(&self) -> bool {
        match self {
            Change::Merge(patch) => {
                let metadata = patch.get("metadata").map_or(&[][..], Value::entries);
                let is_kept = |key: &str| key == "name" || key == "namespace";
                patch.get("$patch").is_some() || metadata.iter().any(|(key, _)| !is_kept(key))
            }
            Change::Json(operations) => operations.iter().any(is_of_identity),
            Change::Fill(fill) => fill.changes_identity(),
            Change::Unreadable => false,
        }
    }

    /// The part of it that changes the identity of an object: `apiVersion`, `kind`, `metadata`.
    pub(super) fn of_identity(&self) -> Change {
        match self {
            Change::Merge(patch) => {
                let identity = patch.entries().iter().filter(|(key, _)| key == "metadata" || key == "$patch");
                Change::Merge(Value::Mapping(identity.cloned().collect()))
            }
            Change::Json(operations) => {
                Change::Json(operations.iter().filter(|operation| is_of_identity(operation)).cloned().collect())
            }
            Change::Fill(fill) => Change::Fill(fill.of_identity()),
            Change::Unreadable => Change::Unreadable,
        }
    }

    /// Whether it sets or removes one of these fields of `spec`, or something in or above them.
    pub(super) fn changes_fields(&self, fields: &[&str]) -> bool {
        match self {
            Change::Merge(patch) => fields.iter().any(|field| patch.at(&["spec", field]).is_some()),
            Change::Json(operations) => operations
                .iter()
                .flat_map(|operation| [Some(&operation.path), operation.from.as_ref()])
                .flatten()
                .any(|pointer| concerns(pointer, fields)),
            Change::Fill(fill) => fill.paths().iter().any(|path| concerns(path, fields)),
            Change::Unreadable => true,
        }
    }
}

fn is_of_identity(operation: &Operation) -> bool {
    operation.path.first().is_none_or(|first| matches!(first.as_str(), "metadata" | "kind" | "apiVersion"))
}

/// Whether a JSON pointer names one of these fields of `spec`, or something in or above one.
fn concerns(pointer: &[String], fields: &[&str]) -> bool {
    match pointer {
        [] => true,
        [spec] => spec == "spec",
        [spec, field, ..] => spec == "spec" && (fields.contains(&field.as_str()) || field == "*"),
    }
}

/// Whether a strategic merge patch says which object it is.
fn is_named(document: &Value) -> bool {
    let has = |path: &[&str]| document.text_at(path).is_some_and(|text| !text.is_empty());
    has(&["kind"]) && has(&["metadata", "name"])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `kubectl kustomize` (5.8) reads each of these.
    #[test]
    fn what_kustomize_cannot_read_is_unreadable() {
        for (text, is_readable) in [
            ("{kind: A, metadata: {name: x}, spec: {y: 1}}", true),
            ("{apiVersion: v1, kind: A, spec: {y: 1}}", false),
            ("{apiVersion: v1, metadata: {name: x}}", false),
            ("{op: remove, path: /spec/y}", false),
            ("- {op: remove, path: /spec/y}", true),
            ("[{op: remove, path: /spec/y}]", false),
            ("[{\"op\": \"remove\", \"path\": \"/spec/y\"}]", true),
        ] {
            let read = Change::read(text);
            assert_eq!(read.len() == 1 && !matches!(read[0], Change::Unreadable), is_readable, "{text}");
        }
    }
}
