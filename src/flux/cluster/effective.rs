//! What an object is once patches and variables are put in.

use std::sync::Arc;

use crate::flux::kustomize::Patch;
use crate::flux::value::{Value, Variables};
use crate::yaml::Node;

/// An object as it arrives in the cluster: patched, named and substituted.
pub(in crate::flux) fn effective(
    root: Node<'_>,
    patches: &[Arc<Patch>],
    called: Option<(&str, Option<&str>)>,
    variables: &Variables,
) -> Option<Value> {
    let mut object = Value::of(root)?;
    for patch in patches {
        patch.apply(&mut object);
    }
    if let Some((name, namespace)) = called {
        let mut metadata = object.get("metadata").cloned().unwrap_or(Value::Null);
        metadata.set("name", Value::string(name));
        if let Some(namespace) = namespace {
            metadata.set("namespace", Value::string(namespace));
        }
        object.set("metadata", metadata);
    }
    if variables.any && !is_left_alone(&object) {
        object.map_text(&|text| variables.put_into(text));
    }
    Some(object)
}

/// Whether an object asks Flux not to substitute anything in it.
fn is_left_alone(object: &Value) -> bool {
    const DISABLED: &str = "kustomize.toolkit.fluxcd.io/substitute";
    ["labels", "annotations"].iter().any(|key| object.text_at(&["metadata", key, DISABLED]) == Some("disabled"))
}
