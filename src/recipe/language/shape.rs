//! What known fields can have, so that a value of another type is a mistake of the recipe.

use crate::flux::Value;

/// Whether a value may be what a known field has.
pub(super) fn is_possible(path: &str, value: &Value) -> bool {
    let Some(shape) = FIELDS.iter().find(|(name, _)| *name == path).map(|(_, shape)| shape) else { return true };
    match (shape, value) {
        (Shape::Flag, Value::Scalar { text, string: false }) => text == "true" || text == "false",
        (Shape::Text, Value::Scalar { .. })
        | (Shape::List, Value::Sequence(_))
        | (Shape::Mapping, Value::Mapping(_)) => true,
        _ => false,
    }
}

enum Shape {
    Flag,
    Text,
    List,
    Mapping,
}

/// Fields that all objects, or several kinds of Flux, have with one meaning.
const FIELDS: [(&str, Shape); 14] = [
    ("metadata.name", Shape::Text),
    ("metadata.namespace", Shape::Text),
    ("metadata.labels", Shape::Mapping),
    ("metadata.annotations", Shape::Mapping),
    ("spec.prune", Shape::Flag),
    ("spec.wait", Shape::Flag),
    ("spec.force", Shape::Flag),
    ("spec.suspend", Shape::Flag),
    ("spec.interval", Shape::Text),
    ("spec.timeout", Shape::Text),
    ("spec.retryInterval", Shape::Text),
    ("spec.components", Shape::List),
    ("spec.dependsOn", Shape::List),
    ("spec.postBuild", Shape::Mapping),
];
