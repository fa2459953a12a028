//! What a patch does to the objects that it selects.

use crate::flux::value::{Operation, Value};
use crate::yaml::Stream;

/// The change that a patch states.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Objects to merge in: strategic merge patches.
    Merge(Vec<Value>),
    /// Operations of a JSON patch.
    Json(Vec<Operation>),
    /// Text that is neither; Kustomize would fail on it.
    Unreadable,
}

/// What a patch does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is another than before, or the same.
    Patched,
    /// `$patch: delete`.
    Deleted,
    /// A JSON operation does not fit; Kustomize fails here.
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

    /// Applies it to an object that it selects, or to the head of one: operations on what the head lacks are none of its business.
    pub(super) fn apply(&self, object: &mut Value) -> Outcome {
        match self {
            Change::Merge(patches) => {
                for patch in patches {
                    if patch.text_at(&["$patch"]) == Some("delete") {
                        return Outcome::Deleted;
                    }
                    let mut patch = patch.clone();
                    // Kustomize keeps what an object is and what it is called, whatever the patch calls itself.
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

    /// Whether it changes what an object is called, or its labels: anything in `metadata`, or whether it is there at all.
    pub(super) fn touches_head(&self) -> bool {
        match self {
            Change::Merge(patches) => patches.iter().any(|patch| {
                let metadata = patch.get("metadata").map_or(&[][..], Value::entries);
                patch.get("$patch").is_some() || metadata.iter().any(|(key, _)| key != "name")
            }),
            Change::Json(operations) => operations.iter().any(touches_head),
            Change::Unreadable => false,
        }
    }

    /// The part of it that is about the head of an object: `apiVersion`, `kind`, `metadata`.
    pub(super) fn of_head(&self) -> Change {
        match self {
            Change::Merge(patches) => Change::Merge(
                patches
                    .iter()
                    .map(|patch| {
                        let head = patch.entries().iter().filter(|(key, _)| key == "metadata" || key == "$patch");
                        Value::Mapping(head.cloned().collect())
                    })
                    .collect(),
            ),
            Change::Json(operations) => {
                Change::Json(operations.iter().filter(|operation| touches_head(operation)).cloned().collect())
            }
            Change::Unreadable => Change::Unreadable,
        }
    }

    /// Whether it says anything about one of these fields of `spec`, as a merge or as JSON operations.
    pub(super) fn says_something_of(&self, fields: &[&str]) -> bool {
        match self {
            Change::Merge(patches) => {
                patches.iter().any(|patch| fields.iter().any(|field| patch.at(&["spec", field]).is_some()))
            }
            Change::Json(operations) => operations
                .iter()
                .flat_map(|operation| [Some(&operation.path), operation.from.as_ref()])
                .flatten()
                .any(|pointer| hits(pointer, fields)),
            Change::Unreadable => true,
        }
    }
}

fn touches_head(operation: &Operation) -> bool {
    operation.path.first().is_none_or(|first| matches!(first.as_str(), "metadata" | "kind" | "apiVersion"))
}

/// Whether a JSON pointer names one of these fields of `spec`, something in it, or something above it.
fn hits(pointer: &[String], fields: &[&str]) -> bool {
    match pointer {
        [] => true,
        [spec] => spec == "spec",
        [spec, field, ..] => spec == "spec" && fields.contains(&field.as_str()),
    }
}
