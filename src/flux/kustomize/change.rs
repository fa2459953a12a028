//! The change that a patch makes.

use crate::flux::value::{Operation, Value};
use crate::yaml::Stream;

/// The change that a patch states.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Objects to merge in: strategic merge patches.
    Merge(Vec<Value>),
    /// Operations of a JSON patch.
    Json(Vec<Operation>),
    /// Neither of these; Kustomize would fail.
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
    /// Reads the text of a patch.
    pub(super) fn read(text: &str) -> Change {
        let Ok(stream) = Stream::parse(text) else { return Change::Unreadable };
        let Some(documents) = stream.documents().map(Value::of).collect::<Option<Vec<_>>>() else {
            return Change::Unreadable;
        };
        match documents.as_slice() {
            [list @ Value::Sequence(items)] => {
                let operations = list.items().iter().map(Operation::read).collect::<Option<Vec<_>>>();
                operations.filter(|_| !items.is_empty()).map_or(Change::Unreadable, Change::Json)
            }
            several if !several.is_empty() && several.iter().all(|one| matches!(one, Value::Mapping(_))) => {
                Change::Merge(documents)
            }
            _ => Change::Unreadable,
        }
    }

    /// Applies it to an object that it selects.
    pub(super) fn apply(&self, object: &mut Value) -> Outcome {
        match self {
            Change::Merge(patches) => {
                for patch in patches {
                    if patch.text_at(&["$patch"]) == Some("delete") {
                        return Outcome::Deleted;
                    }
                    let mut patch = patch.clone();
                    // Kustomize keeps kind and name of the object, whatever those of the patch are.
                    patch.remove("apiVersion");
                    patch.remove("kind");
                    if let Some(metadata) = patch.get_mut("metadata") {
                        metadata.remove("name");
                    }
                    object.merge(&patch);
                }
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
            Change::Unreadable => Outcome::Failed,
        }
    }

    /// Whether it changes the identity of an object: something in `metadata`, or whether it exists.
    pub(super) fn changes_identity(&self) -> bool {
        match self {
            Change::Merge(patches) => patches.iter().any(|patch| {
                let metadata = patch.get("metadata").map_or(&[][..], Value::entries);
                patch.get("$patch").is_some() || metadata.iter().any(|(key, _)| key != "name")
            }),
            Change::Json(operations) => operations.iter().any(is_of_identity),
            Change::Unreadable => false,
        }
    }

    /// The part of it that changes the identity of an object: `apiVersion`, `kind`, `metadata`.
    pub(super) fn of_identity(&self) -> Change {
        match self {
            Change::Merge(patches) => Change::Merge(
                patches
                    .iter()
                    .map(|patch| {
                        let identity = patch.entries().iter().filter(|(key, _)| key == "metadata" || key == "$patch");
                        Value::Mapping(identity.cloned().collect())
                    })
                    .collect(),
            ),
            Change::Json(operations) => {
                Change::Json(operations.iter().filter(|operation| is_of_identity(operation)).cloned().collect())
            }
            Change::Unreadable => Change::Unreadable,
        }
    }

    /// Whether it sets or removes one of these fields of `spec`, or something in or above them.
    pub(super) fn changes_fields(&self, fields: &[&str]) -> bool {
        match self {
            Change::Merge(patches) => {
                patches.iter().any(|patch| fields.iter().any(|field| patch.at(&["spec", field]).is_some()))
            }
            Change::Json(operations) => operations
                .iter()
                .flat_map(|operation| [Some(&operation.path), operation.from.as_ref()])
                .flatten()
                .any(|pointer| concerns(pointer, fields)),
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
        [spec, field, ..] => spec == "spec" && fields.contains(&field.as_str()),
    }
}
