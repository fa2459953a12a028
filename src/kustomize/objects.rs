//! The output of Kustomize as data: a set of objects, whatever their order and layout.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_yaml::{Deserializer, Mapping, Value};

use crate::plan::{Differing, How};

/// apiVersion, kind, namespace and name.
type Identity = (String, String, String, String);

/// Objects by identity. Kustomize prints none twice, except those without a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Objects(BTreeMap<Identity, Vec<Value>>);

impl Objects {
    /// Reads the output of Kustomize.
    ///
    /// # Errors
    /// What is wrong with it, if it is not a stream of objects.
    pub(super) fn read(text: &str) -> Result<Objects, &'static str> {
        let mut objects = Objects::default();
        for document in Deserializer::from_str(text) {
            // The message of the parser would quote the output.
            let object = Value::deserialize(document).map_err(|_| "its output is not valid YAML")?;
            if object.is_null() {
                continue;
            }
            let text = |path: &[&str]| {
                let found = path.iter().try_fold(&object, |value, key| value.get(key));
                found.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let id =
                (text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]));
            if id.0.is_empty() || id.1.is_empty() {
                return Err("its output has an object without apiVersion or kind");
            }
            objects.0.entry(id).or_default().push(object);
        }
        Ok(objects)
    }

    /// Adds the labels and annotations of `spec.commonMetadata` to all of them, as Flux does after
    /// the build.
    pub(super) fn add_metadata(&mut self, flux_kustomization: &crate::flux::Value) {
        for key in ["labels", "annotations"] {
            let added = flux_kustomization.at(&["spec", "commonMetadata", key]).map_or(&[][..], |all| all.entries());
            for object in self.0.values_mut().flatten().filter(|_| !added.is_empty()) {
                let Some(metadata) = object.get_mut("metadata").and_then(Value::as_mapping_mut) else { continue };
                let labels = metadata.entry(key.into()).or_insert_with(|| Mapping::new().into());
                let Some(present) = labels.as_mapping_mut() else { continue };
                for (name, value) in added {
                    present.insert(name.as_str().into(), value.text().unwrap_or_default().into());
                }
            }
        }
    }
}

/// Flux Kustomizations, by namespace and name.
pub(super) type Names = BTreeSet<(String, String)>;

/// How two builds differ, by object. If a Flux Kustomization is itself built on both sides, it does
/// not count from where it is built.
pub(super) fn differences(before: &Objects, after: &Objects, built: &Names) -> Vec<Differing> {
    let all: BTreeSet<&Identity> = before.0.keys().chain(after.0.keys()).collect();
    let how = |id: &Identity| match (before.0.get(id), after.0.get(id)) {
        (Some(_), None) => Some(How::Gone),
        (None, Some(_)) => Some(How::New),
        (old, new) => {
            let is_built = is_flux_kustomization(id) && built.contains(&(id.2.clone(), id.3.clone()));
            let same = match is_built {
                true => is_same(&without_way(old?), &without_way(new?)),
                false => is_same(old?, new?),
            };
            (!same).then_some(How::Changed)
        }
    };
    let shown = |(_, kind, namespace, name): &Identity| match namespace.is_empty() {
        true => format!("{kind} {name}"),
        false => format!("{kind} {namespace}/{name}"),
    };
    all.into_iter().filter_map(|id| Some(Differing { object: shown(id), how: how(id)? })).collect()
}

fn is_flux_kustomization((api_version, kind, ..): &Identity) -> bool {
    kind == "Kustomization" && api_version.starts_with("kustomize.toolkit.fluxcd.io/")
}

/// Flux Kustomizations without the fields that only say from where they are built.
fn without_way(objects: &[Value]) -> Vec<Value> {
    let mut objects = objects.to_vec();
    for spec in objects.iter_mut().filter_map(|object| object.get_mut("spec")?.as_mapping_mut()) {
        for key in ["path", "components", "ignoreMissingComponents"] {
            spec.remove(key);
        }
    }
    objects
}

fn is_same(old: &[Value], new: &[Value]) -> bool {
    old.len() == new.len()
        && old.iter().all(|object| new.contains(object))
        && new.iter().all(|object| old.contains(object))
}
