use std::sync::{Arc, OnceLock};

use crate::repo::RepoPath;
use crate::yaml::{Kind, Node, Stream};

/// A patch of Kustomize or of a Flux Kustomization, as far as migrations must know of it: whom it may change, and what.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The file that states it.
    pub path: RepoPath,
    /// The line where it is stated, from 1.
    pub line: usize,
    /// The patch itself.
    text: Arc<str>,
    target: Option<Target>,
    /// What was read from it, for all copies of it.
    read: Arc<Read>,
}

/// A patch is parsed when it is looked into, once.
#[derive(Debug, Default)]
struct Read {
    stream: OnceLock<Option<Stream>>,
    nested: OnceLock<Vec<Patch>>,
}

#[derive(Clone, Debug, Default)]
struct Target {
    kind: Option<String>,
    name: Option<String>,
}

impl Patch {
    /// All patches of a kustomization file, those in files of their own included.
    pub(super) fn of_kustomization(
        path: &RepoPath,
        root: Node<'_>,
        read: &dyn Fn(&RepoPath) -> Option<String>,
    ) -> Vec<Patch> {
        let dir = path.dir();
        let file = |name: &str| dir.join(name).and_then(|path| read(&path));
        let mut found = Patch::listed_in(path, root.get("patches"), &file);
        found.extend(Patch::listed_in(path, root.get("patchesJson6902"), &file));
        for item in root.get("patchesStrategicMerge").into_iter().flat_map(Node::items) {
            let Some(text) = item.value() else { continue };
            let text = if text.contains('\n') { Some(text.to_owned()) } else { file(text) };
            found.extend(text.map(|text| Patch {
                path: path.clone(),
                line: item.line(),
                text: text.into(),
                target: None,
                read: Arc::default(),
            }));
        }
        found
    }

    /// The entries of a `patches` list: `patch` or `path`, and perhaps a `target`.
    pub(super) fn listed_in(
        path: &RepoPath,
        list: Option<Node<'_>>,
        file: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<Patch> {
        let patch = |item: Node<'_>| {
            let text = match (item.text_at(&["patch"]), item.text_at(&["path"])) {
                (Some(text), _) => text.to_owned(),
                (None, Some(name)) => file(name)?,
                (None, None) => return None,
            };
            let target = item.get("target").map(|target| Target {
                kind: target.text_at(&["kind"]).map(str::to_owned),
                name: target.text_at(&["name"]).map(str::to_owned),
            });
            Some(Patch { path: path.clone(), line: item.line(), text: text.into(), target, read: Arc::default() })
        };
        list.into_iter().flat_map(Node::items).filter_map(patch).collect()
    }

    fn stream(&self) -> Option<&Stream> {
        self.read.stream.get_or_init(|| Stream::parse(self.text.clone()).ok()).as_ref()
    }

    /// Whether it may change an object of this kind and name. Errs towards yes: targets are regular expressions and may have selectors.
    pub fn may_change(&self, kind: &str, name: &str) -> bool {
        if let Some(target) = &self.target {
            return may_match(target.kind.as_deref(), kind) && may_match(target.name.as_deref(), name);
        }
        let Some(stream) = self.stream() else { return true };
        stream.documents().any(|root| {
            root.kind() != Kind::Mapping
                || root.text_at(&["kind"]) == Some(kind)
                    && root.text_at(&["metadata", "name"]).is_none_or(|own| own == name)
        })
    }

    /// Whether it says anything about one of these fields of `spec`, as a merge or as JSON operations.
    pub fn says_something_of(&self, fields: &[&str]) -> bool {
        let Some(stream) = self.stream() else { return true };
        stream.documents().any(|root| match root.kind() {
            Kind::Mapping => fields.iter().any(|field| root.at(&["spec", field]).is_some()),
            Kind::Sequence => root.items().any(|operation| {
                let mut pointers = ["path", "from"].iter().filter_map(|key| operation.text_at(&[key]));
                pointers.any(|pointer| hits(pointer, fields))
            }),
            Kind::Scalar => false,
        })
    }

    /// The patches that this patch puts into the `spec.patches` of Flux Kustomizations: the second level.
    pub fn nested(&self) -> &[Patch] {
        self.read.nested.get_or_init(|| self.read_nested())
    }

    fn read_nested(&self) -> Vec<Patch> {
        let Some(stream) = self.stream() else { return Vec::new() };
        let mut found = Vec::new();
        for root in stream.documents() {
            let lists = root.at(&["spec", "patches"]).into_iter().chain(root.items().filter_map(|operation| {
                let pointer = operation.text_at(&["path"])?;
                operation.get("value").filter(|_| pointer.starts_with("/spec/patches"))
            }));
            for list in lists {
                let patches = Patch::listed_in(&self.path, Some(list), &|_| None);
                found.extend(patches.into_iter().map(|patch| Patch { line: self.line, ..patch }));
            }
        }
        found
    }
}

/// A pattern of letters, digits and dashes matches itself; anything else may match anything.
fn may_match(pattern: Option<&str>, text: &str) -> bool {
    match pattern {
        Some(pattern) if pattern.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => pattern == text,
        _ => true,
    }
}

/// Whether a JSON pointer names one of these fields of `spec`, something in it, or something above it.
fn hits(pointer: &str, fields: &[&str]) -> bool {
    let mut parts = pointer.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some("spec"), Some(field)) => fields.contains(&field),
        (Some("spec") | Some("") | None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patches(kustomization: &str) -> Vec<Patch> {
        let stream = Stream::parse(kustomization).unwrap();
        let root = stream.documents().next().unwrap();
        Patch::of_kustomization(&RepoPath::new("k/kustomization.yaml").unwrap(), root, &|_| None)
    }

    #[test]
    fn whom_and_what() {
        let merge =
            &patches("patches:\n- patch: |\n    kind: HelmRelease\n    metadata: {name: a}\n    spec: {chart: {}}\n")
                [0];
        assert!(merge.may_change("HelmRelease", "a") && !merge.may_change("HelmRelease", "b"));
        assert!(merge.says_something_of(&["chart"]) && !merge.says_something_of(&["chartRef"]));

        let json = &patches(
            "patches:\n- patch: |\n    - {op: add, path: /spec/chart/spec/version, value: 1}\n  target: {kind: HelmRelease, name: x.*}\n",
        )[0];
        assert!(json.may_change("HelmRelease", "anything") && !json.may_change("Deployment", "x"));
        assert!(json.says_something_of(&["chart"]) && !json.says_something_of(&["values"]));
        let whole =
            &patches("patches:\n- patch: '[{op: replace, path: /spec, value: {}}]'\n  target: {kind: HelmRelease}\n")
                [0];
        assert!(whole.says_something_of(&["chart"]));
    }

    #[test]
    fn the_second_level_is_found() {
        let outer = &patches(
            "patches:\n- patch: |\n    kind: Kustomization\n    metadata: {name: not-used}\n    spec:\n      patches:\n      - patch: |\n          spec: {chart: {}}\n        target: {kind: HelmRelease}\n  target: {kind: Kustomization}\n",
        )[0];
        assert!(outer.may_change("Kustomization", "any"));
        let inner = outer.nested();
        assert!(inner[0].may_change("HelmRelease", "any") && inner[0].says_something_of(&["chart"]));
    }
}
