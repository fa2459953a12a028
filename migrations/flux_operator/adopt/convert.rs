//! What the FluxInstance has to say so that the operator makes the root and the source of today: `sync`, and a
//! patch for each field that it does not write by itself.

use super::super::find::Instance;
use super::{Problems, codes};
use crate::flux::{FluxKustomization, Value};
use crate::yaml::New;

/// The group of Flux's Kustomizations, which the target of a patch has to name: the distribution has none of
/// Kustomize.
const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// What the operator writes by itself into a Kustomization (`docs/hazards.md#f8`).
const INTERVAL: [&str; 2] = ["10m0s", "10m"];

/// Fields of a source that `sync` has, or that are its reference.
const OF_SYNC: [&str; 5] = ["url", "ref", "interval", "secretRef", "provider"];

/// `sync` of a FluxInstance, with its patches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Sync {
    /// `spec.sync`.
    pub(in super::super) stated: Value,
    /// Entries of `spec.kustomize.patches`.
    pub(in super::super) patches: Vec<Value>,
}

impl Sync {
    /// That of a root and its source, as they arrive.
    pub(super) fn of(root: &FluxKustomization, source: &Value, problems: &mut Problems<'_>) -> Sync {
        let (spec, of_root) =
            (source.get("spec").unwrap_or(&Value::Null), root.object.get("spec").unwrap_or(&Value::Null));
        let text = |path: &[&str]| spec.text_at(path).map(Value::string);
        let reference = reference(spec).unwrap_or_else(|| {
            let message = format!("GitRepository {} does not follow a branch", root.source.name);
            problems.refuse(codes::REF, message);
            Value::Null
        });
        let fields = [
            ("kind", Some(Value::string(&root.source.kind))),
            ("name", Some(Value::string(&root.source.name))),
            ("url", text(&["url"])),
            ("ref", Some(reference)),
            ("path", of_root.text_at(&["path"]).map(Value::string).or(Some(Value::string("./")))),
            ("interval", text(&["interval"])),
            ("pullSecret", text(&["secretRef", "name"])),
            ("provider", text(&["provider"])),
        ];
        let stated = Value::mapping(fields.into_iter().filter_map(|(key, value)| Some((key, value?))));
        for (what, object) in [("GitRepository", source), ("Kustomization", &root.object)] {
            let has = |key: &str| object.at(&["metadata", key]).is_some_and(|all| !all.entries().is_empty());
            if has("labels") || has("annotations") {
                problems.refuse(
                    codes::FIELD,
                    format!("the {what} has labels or annotations, which the operator would drop"),
                );
            }
        }
        let of_source = spec.entries().iter().filter(|(key, _)| !OF_SYNC.contains(&key.as_str()));
        let of_source: Vec<(&str, &Value)> = of_source.map(|(key, value)| (key.as_str(), value)).collect();
        let is_made = |key: &str, value: &Value| match key {
            "path" | "sourceRef" => true,
            "prune" => value.is_true(),
            "interval" => value.text().is_some_and(|text| INTERVAL.contains(&text)),
            _ => false,
        };
        let of_root = of_root.entries().iter().filter(|(key, value)| !is_made(key, value));
        let of_root: Vec<(&str, &Value)> = of_root.map(|(key, value)| (key.as_str(), value)).collect();
        for (key, value) in of_source.iter().chain(&of_root) {
            if *key == "suspend" && value.is_true() {
                problems.refuse(codes::FIELD, "what Flux starts with is suspended".to_owned());
            }
        }
        let patches = [
            patch(&[("kind", "GitRepository")], &of_source),
            patch(&[("group", GROUP), ("kind", "Kustomization")], &of_root),
        ];
        Sync { stated, patches: patches.into_iter().flatten().collect() }
    }
}

impl Sync {
    /// Whether a FluxInstance has this `sync`.
    pub(super) fn is_stated_by(&self, instance: &Instance) -> bool {
        instance.sync.as_ref().is_some_and(|stated| stated.same_as(&self.stated))
    }

    /// Whether it has all patches.
    pub(super) fn is_patched_by(&self, instance: &Instance) -> bool {
        let has = |patch: &Value| instance.patches.iter().any(|stated| stated.same_as(patch));
        self.patches.iter().all(has)
    }
}

/// `ref` of `sync`: the branch by its full name. A tag, a range or a commit is none.
fn reference(spec: &Value) -> Option<Value> {
    let Some(stated) = spec.get("ref") else { return Some(Value::string("refs/heads/master")) };
    let is_fixed = ["tag", "semver", "commit"].iter().any(|key| stated.get(key).is_some());
    let by_name = stated.text_at(&["name"]).filter(|name| name.starts_with("refs/heads/")).map(str::to_owned);
    let branch = || Some(format!("refs/heads/{}", stated.text_at(&["branch"])?));
    let has_other_name = stated.get("name").is_some() && by_name.is_none();
    by_name.or_else(branch).filter(|_| !is_fixed && !has_other_name).map(|name| Value::string(&name))
}

/// A patch that sets fields of `spec`. A target with a namespace would match nothing (`docs/hazards.md#f4`).
fn patch(target: &[(&str, &str)], fields: &[(&str, &Value)]) -> Option<Value> {
    let operation = |(key, value): &(&str, &Value)| {
        let path = format!("/spec/{key}");
        Value::mapping([("op", Value::string("add")), ("path", Value::string(&path)), ("value", (*value).clone())])
    };
    let text = New::from(&Value::Sequence(fields.iter().map(operation).collect())).document(&[], "\n");
    let target = Value::mapping(target.iter().map(|(key, value)| (*key, Value::string(value))));
    (!fields.is_empty()).then(|| Value::mapping([("patch", Value::string(&text)), ("target", target)]))
}
