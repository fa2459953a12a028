//! The old forms of patches, which became entries of `patches`: strategic merge patches in front of
//! those that are there, because Kustomize applied them first, and operations behind them.

use super::convert::Conversion;
use crate::flux::Value;
use crate::yaml::New;

const MERGE: &str = "patchesStrategicMerge";
const OPERATIONS: &str = "patchesJson6902";

/// What Flux did after `patches` and before the operations of a Kustomization.
const BETWEEN: [&str; 4] = ["targetNamespace", "namePrefix", "nameSuffix", "commonMetadata"];

pub(super) fn merge(work: &mut Conversion<'_>) -> Result<(), String> {
    match work.kind {
        "Kustomization" => of_kustomization(work),
        "HelmRelease" => of_release(work),
        _ => Ok(()),
    }
}

fn of_kustomization(work: &mut Conversion<'_>) -> Result<(), String> {
    let Some(spec) = work.spec() else { return Ok(()) };
    let set = |key: &&str| spec.get(key).is_some_and(|value| *value != Value::Null);
    let between = spec.get(OPERATIONS).and_then(|_| BETWEEN.into_iter().find(set));
    if become_patches(spec, "spec")? {
        work.changes.push("the old forms of patches become patches".to_owned());
    }
    if let Some(field) = between {
        work.reviews.push(format!("{OPERATIONS} were applied after spec.{field}, and patches are applied before it"));
    }
    Ok(())
}

fn of_release(work: &mut Conversion<'_>) -> Result<(), String> {
    let Some(Value::Sequence(renderers)) = work.value.at_mut(&["spec", "postRenderers"]) else { return Ok(()) };
    let mut changed = false;
    for (index, renderer) in renderers.iter_mut().enumerate() {
        if let Some(kustomize) = renderer.get_mut("kustomize") {
            changed |= become_patches(kustomize, &format!("spec.postRenderers[{index}].kustomize"))?;
        }
    }
    if changed {
        work.changes.push("the old forms of patches of postRenderers become patches".to_owned());
    }
    Ok(())
}

/// Turns the old forms in a mapping into `patches`; whether there were any.
fn become_patches(mapping: &mut Value, place: &str) -> Result<bool, String> {
    let list = |key: &str| match mapping.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Sequence(items)) => Ok(items.clone()),
        Some(_) => Err(format!("{place}.{key} is no list")),
    };
    let old: Vec<&str> = [MERGE, OPERATIONS].into_iter().filter(|key| mapping.get(key).is_some()).collect();
    let Some(first) = old.first() else { return Ok(false) };
    let mut all = Vec::new();
    for (index, patch) in list(MERGE)?.iter().enumerate() {
        all.push(merging(patch).ok_or_else(|| format!("{place}.{MERGE}[{index}] names no object by kind and name"))?);
    }
    all.extend(list("patches")?);
    for (index, item) in list(OPERATIONS)?.iter().enumerate() {
        all.push(
            operating(item).ok_or_else(|| format!("{place}.{OPERATIONS}[{index}] has no target or no operations"))?,
        );
    }
    if mapping.get("patches").is_none() && !all.is_empty() {
        mapping.rename(first, "patches");
    }
    for key in old {
        mapping.remove(key);
    }
    if !all.is_empty() {
        mapping.set("patches", Value::Sequence(all));
    }
    Ok(true)
}

/// A patch that names its object itself.
fn merging(patch: &Value) -> Option<Value> {
    patch.text_at(&["kind"])?;
    patch.text_at(&["metadata", "name"])?;
    Some(Value::Mapping(vec![("patch".to_owned(), as_text(patch))]))
}

fn operating(item: &Value) -> Option<Value> {
    let target = item.get("target").filter(|target| matches!(target, Value::Mapping(_)))?;
    let operations = item.get("patch").filter(|patch| !patch.items().is_empty())?;
    Some(Value::Mapping(vec![("target".to_owned(), target.clone()), ("patch".to_owned(), as_text(operations))]))
}

fn as_text(value: &Value) -> Value {
    Value::string(New::from(value).document(&[], "\n").trim_end())
}
