//! What an object is once it is patched and its variables are filled in.

use std::sync::Arc;

use crate::flux::files::Pairs;
use crate::flux::kustomize::Patch;
use crate::flux::value::{Value, Variables};
use crate::yaml::Node;

/// An object as it arrives in a cluster: patched, with name and namespace of its build, and with
/// variables filled in.
pub(in crate::flux) fn effective(
    root: Node<'_>,
    patches: &[Arc<Patch>],
    identity: Option<(&str, Option<&str>)>,
    variables: &Variables,
) -> Option<Value> {
    let mut object = built(root, patches, identity)?;
    if variables.any && !excludes_substitution(&object) {
        object.map_text(&|text| variables.substitute(text));
    }
    Some(object)
}

/// An object before variables are filled in.
pub(in crate::flux) fn built(
    root: Node<'_>,
    patches: &[Arc<Patch>],
    identity: Option<(&str, Option<&str>)>,
) -> Option<Value> {
    let mut object = Value::of(root)?;
    for patch in patches {
        patch.apply(&mut object);
    }
    if let Some((name, namespace)) = identity {
        let mut metadata = object.get("metadata").cloned().unwrap_or(Value::Null);
        metadata.set("name", Value::string(name));
        if let Some(namespace) = namespace {
            metadata.set("namespace", Value::string(namespace));
        }
        object.set("metadata", metadata);
    }
    Some(object)
}

/// The label or annotation by which an object excludes itself from substitution, with `disabled`.
pub const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Whether a label or an annotation switches something off, as `kustomize-controller` reads them.
pub fn is_disabled(key: &str, labels_and_annotations: [&Pairs; 2]) -> bool {
    labels_and_annotations.iter().any(|pairs| pairs.get(key).is_some_and(|value| value == "disabled"))
}

/// Whether the labels and annotations of an object keep it when Flux prunes: kustomize-controller deletes
/// none of which one of them says so (`docs/flux-and-kustomize.md#identity-and-deletion`).
pub fn survives_pruning(labels_and_annotations: [&Pairs; 2]) -> bool {
    const KEEPING: [(&str, &str); 3] = [("prune", "disabled"), ("reconcile", "disabled"), ("ssa", "Ignore")];
    let says = |key: &str, word: &str| {
        let key = format!("kustomize.toolkit.fluxcd.io/{key}");
        labels_and_annotations.iter().any(|pairs| pairs.get(&key).is_some_and(|value| value.eq_ignore_ascii_case(word)))
    };
    KEEPING.iter().any(|(key, word)| says(key, word))
}

/// Whether an object excludes itself from substitution.
pub fn excludes_substitution(object: &Value) -> bool {
    ["labels", "annotations"].iter().any(|key| object.text_at(&["metadata", key, SUBSTITUTE]) == Some("disabled"))
}
