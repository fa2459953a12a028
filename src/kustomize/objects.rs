//! The output of Kustomize as data: a set of objects, whatever their order and layout.
//!
//! Of what is in an object only a seal is kept ([`Key::seal`]), which shows whether two are the same
//! and nothing else: a build may hold Secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_yaml::{Deserializer, Mapping, Value};

use super::canonical::canonical;
use crate::flux::group_of;
use crate::plan::{Differing, How};
use crate::repo::Key;

/// apiVersion, kind, namespace and name.
type Identity = (String, String, String, String);

/// Objects by identity. Kustomize prints none twice, except those without a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(Identity, Seals)>", into = "Vec<(Identity, Seals)>")]
pub(super) struct Objects(BTreeMap<Identity, Seals>);

/// The seals of all objects with one identity, sorted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seals {
    /// Of all that they hold.
    whole: Vec<String>,
    /// Of Flux Kustomizations without the fields that only say from where they are built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without_way: Vec<String>,
}

/// What Flux adds to all objects after the build, by `spec.commonMetadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
}

impl From<Vec<(Identity, Seals)>> for Objects {
    fn from(list: Vec<(Identity, Seals)>) -> Objects {
        Objects(list.into_iter().collect())
    }
}

impl From<Objects> for Vec<(Identity, Seals)> {
    fn from(objects: Objects) -> Vec<(Identity, Seals)> {
        objects.0.into_iter().collect()
    }
}

impl Objects {
    /// Reads the output of Kustomize, and adds what Flux adds.
    ///
    /// # Errors
    /// What is wrong with it, if it is not a stream of objects.
    pub(super) fn read(text: &str, added: &Metadata, key: &Key) -> Result<Objects, &'static str> {
        let mut objects = Objects::default();
        for document in Deserializer::from_str(text) {
            // The message of the parser would quote the output.
            let mut object = Value::deserialize(document).map_err(|_| "its output is not valid YAML")?;
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
            added.add_to(&mut object);
            let is_flux = is_flux(&known(&id));
            let seals = objects.0.entry(id).or_default();
            seals.whole.push(key.seal(canonical(&object)));
            if is_flux {
                drop_way(&mut object);
                seals.without_way.push(key.seal(canonical(&object)));
            }
        }
        for seals in objects.0.values_mut() {
            seals.whole.sort();
            seals.without_way.sort();
        }
        Ok(objects)
    }
}

impl Metadata {
    /// What a Flux Kustomization states.
    pub(super) fn of(flux_kustomization: &crate::flux::Value) -> Metadata {
        let stated = |key: &str| {
            let all = flux_kustomization.at(&["spec", "commonMetadata", key]).map_or(&[][..], |all| all.entries());
            let entry = |(name, value): &(_, crate::flux::Value)| {
                let name: &String = name;
                (name.clone(), value.text().unwrap_or_default().to_owned())
            };
            all.iter().map(entry).collect()
        };
        Metadata { labels: stated("labels"), annotations: stated("annotations") }
    }

    fn add_to(&self, object: &mut Value) {
        for (key, added) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            let metadata = object.get_mut("metadata").and_then(Value::as_mapping_mut);
            let Some(metadata) = metadata.filter(|_| !added.is_empty()) else { continue };
            let present = metadata.entry(key.into()).or_insert_with(|| Mapping::new().into());
            let Some(present) = present.as_mapping_mut() else { continue };
            for (name, value) in added {
                present.insert(name.as_str().into(), value.as_str().into());
            }
        }
    }
}

/// Flux Kustomizations, by namespace and name.
pub(super) type Names = BTreeSet<(String, String)>;

/// As what an object is known, whatever its version: group, kind, namespace and name.
pub(super) type Known = (String, String, String, String);

fn known((api_version, kind, namespace, name): &Identity) -> Known {
    (group_of(api_version).to_owned(), kind.clone(), namespace.clone(), name.clone())
}

/// An object, as it is shown.
pub(super) fn shown((_, kind, namespace, name): &Known) -> String {
    match namespace.is_empty() {
        true => format!("{kind} {name}"),
        false => format!("{kind} {namespace}/{name}"),
    }
}

/// How two builds differ, by object. If a Flux Kustomization is itself built on both sides, it does
/// not count from where it is built.
pub(super) fn differences(before: &Objects, after: &Objects, built: &Names) -> Vec<Differing> {
    let differing = |(id, (api_version, how)): (Known, (String, How))| Differing {
        object: shown(&id),
        api_version,
        how,
        fields: Vec::new(),
    };
    differing_ids(before, after, built).into_iter().map(differing).collect()
}

/// Which objects differ in two builds, with their version and what happened to them.
pub(super) fn differing_ids(before: &Objects, after: &Objects, built: &Names) -> BTreeMap<Known, (String, How)> {
    let by_name = |objects: &Objects| -> BTreeMap<Known, (String, Seals)> {
        let mut all: BTreeMap<Known, (String, Seals)> = BTreeMap::new();
        for (id, seals) in &objects.0 {
            let (api_version, there) = all.entry(known(id)).or_default();
            api_version.clone_from(&id.0);
            there.whole.extend(seals.whole.iter().cloned());
            there.without_way.extend(seals.without_way.iter().cloned());
        }
        all
    };
    let (before, after) = (by_name(before), by_name(after));
    let all: BTreeSet<&Known> = before.keys().chain(after.keys()).collect();
    let differing = |id: &Known| {
        let (old, new) = (before.get(id), after.get(id));
        let how = match (old, new) {
            (Some(_), None) => How::Gone,
            (None, _) => How::New,
            (Some((_, old)), Some((_, new))) => {
                let is_built = is_flux(id) && built.contains(&(id.2.clone(), id.3.clone()));
                let same = if is_built { old.without_way == new.without_way } else { old.whole == new.whole };
                (!same).then_some(How::Changed)?
            }
        };
        let api_version = new.or(old).map(|(api_version, _)| api_version.clone()).unwrap_or_default();
        Some((id.clone(), (api_version, how)))
    };
    all.into_iter().filter_map(differing).collect()
}

/// Whether it is a Flux Kustomization.
pub(super) fn is_flux((group, kind, ..): &Known) -> bool {
    kind == "Kustomization" && group == "kustomize.toolkit.fluxcd.io"
}

/// The fields of a Flux Kustomization that only say from where it is built.
pub(super) const WAY: [&str; 3] = ["path", "components", "ignoreMissingComponents"];

/// Drops the fields of a Flux Kustomization that only say from where it is built.
fn drop_way(object: &mut Value) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_mapping_mut) else { return };
    for key in WAY {
        spec.remove(key);
    }
}
