//! Patches of Kustomize and of Flux Kustomizations.

use std::sync::Arc;

use super::change::{Change, Outcome};
use super::fill::{Fill, Filled};
use super::selector::{Subject, Target};
use crate::flux::value::Value;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A patch: which objects it changes, and how.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The file that states it.
    pub path: RepoPath,
    /// The line where it is stated, from 1.
    pub line: usize,
    text: Arc<str>,
    target: Option<Target>,
    change: Change,
}

impl Patch {
    /// All patches of a kustomization file, in the order in which they are applied.
    pub(super) fn of_kustomization(
        path: &RepoPath,
        root: Node<'_>,
        read: &dyn Fn(&RepoPath) -> Option<String>,
    ) -> Patches {
        let dir = path.dir();
        let file = |name: &str| dir.join(name).and_then(|path| read(&path));
        let mut found = Vec::new();
        for item in root.get("patchesStrategicMerge").into_iter().flat_map(Node::items) {
            let Some(text) = item.value() else { continue };
            let text = if text.contains('\n') { Some(text.to_owned()) } else { file(text) };
            let Some(text) = text else { continue };
            let changes = match Change::read(&text) {
                // Unlike under `patches`, Kustomize takes a file of comments only for an error here.
                nothing if nothing.is_empty() => vec![Change::Unreadable],
                changes => changes,
            };
            found.extend(Patch::all_of(path, item.line(), None, changes, &text));
        }
        found.extend(Patch::listed_in(path, root.get("patches"), &file));
        found.extend(Patch::listed_in(path, root.get("patchesJson6902"), &file));
        found
    }

    /// The entries of a `patches` list: `patch` or `path`, and perhaps a `target`.
    pub(in crate::flux) fn listed_in(
        path: &RepoPath,
        list: Option<Node<'_>>,
        file: &dyn Fn(&str) -> Option<String>,
    ) -> Patches {
        let patches = |item: Node<'_>| Patch::read(path, item.line(), &Value::of(item)?, file);
        list.into_iter().flat_map(Node::items).filter_map(patches).flatten().collect()
    }

    /// The entries of `spec.patches` of a Flux Kustomization. `line` returns the line of each, by
    /// index.
    pub(in crate::flux) fn of_flux(path: &RepoPath, patches: &Value, line: impl Fn(usize) -> usize) -> Patches {
        let items = patches.items().iter().enumerate();
        items.filter_map(|(index, item)| Patch::read(path, line(index), item, &|_| None)).flatten().collect()
    }

    fn read(path: &RepoPath, line: usize, item: &Value, file: &dyn Fn(&str) -> Option<String>) -> Option<Patches> {
        let text = match (item.text_at(&["patch"]), item.text_at(&["path"])) {
            (Some(text), _) => text.to_owned(),
            (None, Some(name)) => file(name)?,
            (None, None) => return None,
        };
        let target = item.get("target").map(Target::read);
        let changes = match Change::read(&text) {
            several if several.len() > 1 && target.is_some() => vec![Change::Unreadable],
            changes => changes,
        };
        Some(Patch::all_of(path, line, target.as_ref(), changes, &text))
    }

    /// The patches of a text: without a target, each document is one for the object that it names.
    fn all_of(path: &RepoPath, line: usize, target: Option<&Target>, changes: Vec<Change>, text: &str) -> Patches {
        let text: Arc<str> = text.into();
        let patch = |change: Change| {
            Arc::new(Patch { path: path.clone(), line, target: target.cloned(), change, text: text.clone() })
        };
        changes.into_iter().map(patch).collect()
    }

    /// What `replacements` of a kustomization file fill, as patches. What a target rejects counts as
    /// selected: so more is unknown, and nothing is wrong.
    pub(super) fn of_replacements(
        path: &RepoPath,
        root: Node<'_>,
        read: &dyn Fn(&RepoPath) -> Option<String>,
    ) -> Patches {
        let patch = |Filled { select, line, fill }: Filled| {
            let (target, change, text) = (Some(Target::read(&select)), Change::Fill(fill), "replacements".into());
            Arc::new(Patch { path: path.clone(), line, target, change, text })
        };
        Fill::all_of(path, root, read).into_iter().map(patch).collect()
    }

    /// Whether it changes this object.
    pub(super) fn selects(&self, object: &Subject<'_>) -> bool {
        match (&self.target, &self.change) {
            (Some(target), _) => target.selects(object),
            (None, Change::Merge(patch)) => names(patch, object),
            (None, Change::Json(_) | Change::Fill(_) | Change::Unreadable) => false,
        }
    }

    /// Whether it may change an object, whatever name and namespace that has when it is applied.
    pub fn may_select(&self, object: &Value) -> bool {
        let text = |path: &[&str]| object.text_at(path).unwrap_or_default();
        match (&self.target, &self.change) {
            (Some(target), _) => target.may_select(text(&["kind"]), text(&["metadata", "name"])),
            (None, Change::Merge(patch)) => patch.text_at(&["kind"]) == object.text_at(&["kind"]),
            (None, Change::Unreadable) => true,
            (None, Change::Json(_) | Change::Fill(_)) => false,
        }
    }

    /// Whether it may be for objects of a kind and name, in one of two API versions alone. Without a
    /// target, Kustomize finds an object by its version, too, and fails where it finds none.
    pub fn tells_apart(&self, kind: &str, name: &str, version: &str, other: &str) -> bool {
        match (&self.target, &self.change) {
            (Some(target), _) => target.may_select(kind, name) && target.tells_apart(version, other),
            (None, Change::Merge(patch)) => {
                let stated = patch.text_at(&["apiVersion"]).and_then(|stated| stated.rsplit_once('/'));
                self.is_for_named(kind, name) && stated.is_some_and(|(_, stated)| stated == version || stated == other)
            }
            (None, Change::Json(_) | Change::Fill(_) | Change::Unreadable) => false,
        }
    }

    /// The API version that its target states, if that is the only one which it selects.
    pub fn target_version(&self) -> Option<&str> {
        self.target.as_ref()?.version()
    }

    /// The patches of an entry of a list, such as `spec.patches` has: several, if its text has several
    /// documents. `None` if it has no text.
    pub fn of_entry(path: &RepoPath, line: usize, entry: &Value) -> Option<Patches> {
        Patch::read(path, line, entry, &|_| None)
    }

    /// Whether it changes an object that nothing else has changed.
    pub fn selects_value(&self, object: &Value) -> bool {
        let text = |path: &[&str]| object.text_at(path).unwrap_or_default();
        let name = text(&["metadata", "name"]);
        let namespace = object.text_at(&["metadata", "namespace"]);
        let pairs = |key: &str| {
            let entries = object.at(&["metadata", key]).map_or(&[][..], Value::entries).iter();
            entries.filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect()
        };
        self.selects(&Subject {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            names: [name, name],
            namespaces: [namespace, namespace],
            labels: &pairs("labels"),
            annotations: &pairs("annotations"),
        })
    }

    /// Whether it deletes what it selects.
    pub fn deletes(&self) -> bool {
        matches!(&self.change, Change::Merge(patch) if patch.text_at(&["$patch"]) == Some("delete"))
    }

    /// Whether it has a target.
    pub fn has_target(&self) -> bool {
        self.target.is_some()
    }

    /// The label that an object needs for its target to select it no more, if its label selector leaves
    /// some out: `("example.org/patch", "disabled")` for `example.org/patch notin (disabled)`.
    pub fn let_out_by(&self) -> Option<(String, String)> {
        self.target.as_ref()?.let_out_by()
    }

    /// The text of the patch.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it may be for objects of a kind and name, in any namespace.
    pub fn is_for_named(&self, kind: &str, name: &str) -> bool {
        match (&self.target, &self.change) {
            (Some(target), _) => target.may_select(kind, name),
            (None, Change::Merge(patch)) => {
                patch.text_at(&["kind"]) == Some(kind) && patch.text_at(&["metadata", "name"]) == Some(name)
            }
            (None, Change::Json(_) | Change::Fill(_) | Change::Unreadable) => false,
        }
    }

    /// Whether it is only for objects of this kind of Flux.
    pub fn is_only_for(&self, kind: &str) -> bool {
        match (&self.target, &self.change) {
            (Some(target), _) => target.names_flux_kind(kind),
            (None, Change::Merge(patch)) => {
                let version = patch.text_at(&["apiVersion"]).unwrap_or_default();
                patch.text_at(&["kind"]) == Some(kind) && version.contains(".toolkit.fluxcd.io/")
            }
            (None, Change::Json(_) | Change::Fill(_) | Change::Unreadable) => false,
        }
    }

    /// Applies it to an object that it selects.
    pub fn apply(&self, object: &mut Value) -> Outcome {
        self.change.apply(object)
    }

    /// Whether it changes the identity of an object: something in `metadata`, or whether it exists.
    pub(super) fn changes_identity(&self) -> bool {
        self.change.changes_identity()
    }

    /// The part of it that changes the identity of an object: `apiVersion`, `kind`, `metadata`.
    pub(super) fn of_identity(&self) -> Patch {
        Patch { change: self.change.of_identity(), target: None, ..self.clone() }
    }

    /// Whether it sets or removes one of these fields of `spec`, or something in or above them.
    pub fn changes_fields(&self, fields: &[&str]) -> bool {
        self.change.changes_fields(fields)
    }

    /// Whether its target selects by a label of this name, with any value.
    pub fn asks_for_label(&self, key: &str) -> bool {
        self.target.as_ref().is_some_and(|target| target.asks_for_label(key))
    }

    /// What it merges in, if it is a strategic merge patch.
    pub fn merges(&self) -> Option<&Value> {
        match &self.change {
            Change::Merge(value) => Some(value),
            Change::Json(_) | Change::Fill(_) | Change::Unreadable => None,
        }
    }

    /// The change that it makes.
    pub(super) fn change(&self) -> &Change {
        &self.change
    }

    /// Whether its target selects by labels or annotations, which objects may get later.
    pub fn selects_by_labels(&self) -> bool {
        self.target.as_ref().is_some_and(Target::selects_by_labels)
    }

    /// Whether it is a list of operations (RFC 6902), which fails if a place that it names is
    /// missing.
    pub fn is_operations(&self) -> bool {
        matches!(self.change, Change::Json(_))
    }

    /// Whether Kustomize can parse it.
    pub fn is_readable(&self) -> bool {
        !matches!(self.change, Change::Unreadable)
    }
}

/// Whether a strategic merge patch without target is for an object: by group, kind, name and
/// namespace.
fn names(patch: &Value, object: &Subject<'_>) -> bool {
    let group = |api_version: &str| api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let namespace = patch.text_at(&["metadata", "namespace"]).unwrap_or("default");
    patch.text_at(&["kind"]) == Some(object.kind)
        && patch.text_at(&["apiVersion"]).map(group) == Some(group(object.api_version))
        && patch.text_at(&["metadata", "name"]).is_some_and(|name| object.names.contains(&name))
        && object.namespaces.iter().any(|other| other.unwrap_or("default") == namespace)
}

/// Patches, shared by all objects that they change.
pub type Patches = Vec<Arc<Patch>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::files::Pairs;
    use crate::yaml::Stream;

    fn patches(kustomization: &str) -> Patches {
        let stream = Stream::parse(kustomization).unwrap();
        let root = stream.documents().next().unwrap();
        Patch::of_kustomization(&RepoPath::new("k/kustomization.yaml").unwrap(), root, &|_| None)
    }

    fn selects(patch: &Patch, kind: &str, name: &str) -> bool {
        patch.selects(&Subject {
            api_version: "helm.toolkit.fluxcd.io/v2",
            kind,
            names: [name, name],
            namespaces: [None, None],
            labels: &Pairs::default(),
            annotations: &Pairs::default(),
        })
    }

    #[test]
    fn a_patch_selects_objects_and_changes_fields() {
        let merge = &patches(
            "patches:\n- patch: |\n    apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    metadata: {name: a}\n    spec: {chart: {}}\n",
        )[0];
        assert!(selects(merge, "HelmRelease", "a") && !selects(merge, "HelmRelease", "b"));
        assert!(merge.changes_fields(&["chart"]) && !merge.changes_fields(&["chartRef"]));

        let json = &patches(
            "patches:\n- patch: |\n    - {op: add, path: /spec/chart/spec/version, value: 1}\n  target: {kind: HelmRelease, name: x.*}\n",
        )[0];
        assert!(selects(json, "HelmRelease", "xy") && !selects(json, "HelmRelease", "y"));
        assert!(!selects(json, "Deployment", "x"));
        assert!(json.changes_fields(&["chart"]) && !json.changes_fields(&["values"]));
        let whole =
            &patches("patches:\n- patch: '- {op: replace, path: /spec, value: {}}'\n  target: {kind: HelmRelease}\n")
                [0];
        assert!(whole.changes_fields(&["chart"]));
    }

    #[test]
    fn labels_that_let_out() {
        for (selector, expected) in [
            ("example.org/off notin (true)", Some(("example.org/off", "true"))),
            ("example.org/off notin (yes, true)", Some(("example.org/off", "yes"))),
            ("off != true", Some(("off", "true"))),
            ("!example.org/plain", Some(("example.org/plain", "true"))),
            ("on in (true)", None),
            ("on=true", None),
        ] {
            let patch = format!(
                "patches:\n- patch: '- {{op: remove, path: /spec/x}}'\n  target: {{labelSelector: '{selector}'}}\n"
            );
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(patches(&patch)[0].let_out_by(), expected, "{selector}");
        }
    }

    #[test]
    fn an_object_keeps_its_name_in_a_merge_and_may_lose_it_in_a_json_patch() {
        let read = |text: &str| Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
        let object = read("{kind: A, metadata: {name: a}, spec: {x: 1}}");
        let mut patched = object.clone();
        let merge = &patches(
            "patches:\n- patch: |\n    kind: B\n    metadata: {name: not-used, labels: {l: m}}\n    spec: {y: 2}\n  target: {kind: A}\n",
        )[0];
        assert_eq!(merge.apply(&mut patched), Outcome::Patched);
        assert_eq!(patched, read("{kind: A, metadata: {name: a, labels: {l: m}}, spec: {x: 1, y: 2}}"));

        let json = &patches(
            "patches:\n- patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"b\"}, {\"op\": \"remove\", \"path\": \"/spec/x\"}]'\n  target: {kind: A}\n",
        )[0];
        assert!(json.changes_identity());
        let mut patched = object.clone();
        assert_eq!(json.apply(&mut patched), Outcome::Patched);
        assert_eq!(patched.text_at(&["metadata", "name"]), Some("b"));
        let mut identity = read("{kind: A, metadata: {name: a}}");
        assert_eq!(json.apply(&mut identity), Outcome::Failed, "there is no spec");
        assert_eq!(json.of_identity().apply(&mut identity), Outcome::Patched);

        let delete =
            &patches("patches:\n- patch: '{$patch: delete, kind: A, metadata: {name: x}}'\n  target: {kind: A}\n")[0];
        assert_eq!(delete.apply(&mut patched), Outcome::Deleted);
    }
}
