//! What real Kustomize builds before and after.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_yaml::Value;

use super::apply;
use crate::kubectl::kustomize;
use crate::support::{Repo, root};

/// Kind, namespace and name of each object that a directory builds.
pub(super) fn built(repo: &Path, dir: &str) -> Option<BTreeMap<(String, String, String), Value>> {
    let text = kustomize(&repo.join(dir))?.unwrap();
    let object = |document| Value::deserialize(document).unwrap();
    let named = |object: Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        ((text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"])), object)
    };
    Some(serde_yaml::Deserializer::from_str(&text).map(object).map(named).collect())
}

/// The Flux Kustomizations and Alerts of a build, with all that they name under the full new name.
fn renamed(mut object: Value, to: &dyn Fn(&str, &str) -> String) -> Value {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let own = text(&object["metadata"]["namespace"]).unwrap_or_default();
    let name = text(&object["metadata"]["name"]).unwrap_or_default();
    if object["kind"] != "Kustomization" {
        return object;
    }
    object["metadata"]["namespace"] = to(&own, &name).into();
    let spec = &mut object["spec"];
    // The guard of one stage is gone in the next.
    spec.as_mapping_mut().map(|spec| spec.remove("deletionPolicy"));
    let source = text(&spec["sourceRef"]["namespace"]).unwrap_or_else(|| own.clone());
    spec["sourceRef"]["namespace"] = source.into();
    for check in spec.get_mut("healthChecks").and_then(Value::as_sequence_mut).into_iter().flatten() {
        let (namespace, name) =
            (text(&check["namespace"]).unwrap_or_default(), text(&check["name"]).unwrap_or_default());
        check["namespace"] = to(&namespace, &name).into();
    }
    for item in spec.get_mut("dependsOn").and_then(Value::as_sequence_mut).into_iter().flatten() {
        let namespace = text(item.get("namespace").unwrap_or(&Value::Null)).unwrap_or_else(|| own.clone());
        item["namespace"] = to(&namespace, item["name"].as_str().unwrap()).into();
    }
    object
}

/// Sees that what a directory builds is the same but for names, and gives the number of moves.
pub(super) fn same_but_for_names(
    dir: &str,
    before: &Path,
    after: &Path,
    moved: &BTreeMap<String, String>,
) -> Option<usize> {
    let (was, is) = (built(before, dir)?, built(after, dir)?);
    let to = |namespace: &str, name: &str| match moved.get(name).filter(|_| namespace == "flux-system") {
        Some(to) => to.clone(),
        None => namespace.to_owned(),
    };
    let same = |namespace: &str, _: &str| namespace.to_owned();
    let mut count = 0;
    let mut expected = BTreeMap::new();
    for ((kind, namespace, name), object) in was {
        let now = if kind == "Kustomization" { to(&namespace, &name) } else { namespace.clone() };
        count += usize::from(now != namespace);
        // The namespace of an Alert's entry by name is compared in the golden case.
        let object = if kind == "Alert" { Value::Null } else { renamed(object, &to) };
        expected.insert((kind, now, name), object);
    }
    let found: BTreeMap<_, _> = is
        .into_iter()
        .map(|(key, object)| {
            let object = if key.0 == "Alert" { Value::Null } else { renamed(object, &same) };
            (key, object)
        })
        .collect();
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{dir}");
    for (key, object) in &expected {
        assert_eq!(object, &found[key], "{dir}: {key:?}");
    }
    Some(count)
}

#[test]
fn kustomize_builds_the_same_but_for_names() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-live/before")).commit();
    let before = Repo::copy_of(repo.path());
    apply(&repo);
    let moved = [("plex", "media"), ("hooks", "media"), ("web", "network"), ("store", "network")];
    let moved = moved.map(|(name, to)| (name.to_owned(), to.to_owned())).into();
    if let Some(count) = same_but_for_names("apps", before.path(), repo.path(), &moved) {
        assert_eq!(count, 4);
    }
}

/// What a parent's `namespace:` has moved stays where it is, and what depended on nothing does not any more.
#[test]
fn repairs_leave_builds_as_they_are() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-repair/before")).commit();
    let before = Repo::copy_of(repo.path());
    let doctor = |repo: &Repo| {
        let doctor = repo.run_gated(&["doctor", "--format", "json"]).stdout;
        ["depends-on-missing", "namespace-overridden"].map(|code| doctor.matches(&format!("\"{code}\"")).count())
    };
    let was = doctor(&repo);
    apply(&repo);
    let is = doctor(&repo);
    assert!(was[0] > is[0] && is == [1, 0], "{was:?}, then {is:?}");
    let (Some(was), Some(is)) = (built(before.path(), "apps"), built(repo.path(), "apps")) else { return };
    let rest = |(key, mut object): ((String, String, String), Value)| {
        // One is guarded before it moves.
        for field in ["dependsOn", "deletionPolicy"] {
            object.get_mut("spec").and_then(Value::as_mapping_mut).and_then(|spec| spec.remove(field));
        }
        (key, object)
    };
    let [was, is] = [was, is].map(|objects| objects.into_iter().map(rest).collect::<BTreeMap<_, _>>());
    assert_eq!(was, is);
}

/// A merge that matches nothing fails the build: each follows the object that it is for.
#[test]
fn patches_by_name_follow() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-merges/before")).commit();
    let before = Repo::copy_of(repo.path());
    apply(&repo);
    let timeout = |repo: &Repo, dir: &str, namespace: &str, name: &str| {
        let key = ("Kustomization".to_owned(), namespace.to_owned(), name.to_owned());
        Some(built(repo.path(), dir)?[&key]["spec"]["timeout"].clone())
    };
    for (dir, [was, old], [is, new]) in [
        ("apps/media", ["flux-system", "radarr"], ["media", "movies"]),
        ("apps/network", ["flux-system", "web"], ["network", "web"]),
    ] {
        let (Some(before), Some(after)) = (timeout(&before, dir, was, old), timeout(&repo, dir, is, new)) else {
            return;
        };
        assert!(before == after && before.is_string(), "{dir}: {before:?}, then {after:?}");
    }
}

/// Lines that repeat what their kustomization states are no part of what is built.
#[test]
fn lines_that_a_folder_states_change_no_build() {
    let repo = Repo::copy_of(&root().join("golden/flux-move-lines/before")).commit();
    let before = Repo::copy_of(repo.path());
    apply(&repo);
    assert!(!repo.read("apps/media/ks.yaml").contains("namespace: &ns"));
    assert_eq!(built(before.path(), "apps"), built(repo.path(), "apps"));
}
