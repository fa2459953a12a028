//! Where the text of a patch is: an entry of a list in a kustomization file, a Flux Kustomization or a FluxInstance; or
//! an entry of a list that such a patch has in its own text.

use super::references::Step;
use crate::flux::{At, Patch, Value, View};
use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// Lists of patches: of kustomization files, of Flux Kustomizations, of FluxInstances, and of the values of their
/// chart.
const LISTS: [&[&str]; 7] = [
    &["patches"],
    &["patchesJson6902"],
    &["patchesStrategicMerge"],
    &["spec", "patches"],
    &["spec", "kustomize", "patches"],
    &["spec", "values", "instance", "kustomize", "patches"],
    &["instance", "kustomize", "patches"],
];

/// A mapping of a patch: its target, or the metadata of what it merges.
pub(super) struct Place {
    /// The document.
    pub(super) at: At,
    /// The way to the mapping, or to the text that has it.
    pub(super) way: Vec<Step>,
    /// The document in that text, and the way to the mapping there.
    pub(super) within: Option<(usize, Vec<Step>)>,
    /// The mapping.
    pub(super) mapping: Value,
}

/// The target of a patch.
pub(super) fn target_of(view: &View, patch: &Patch) -> Option<Place> {
    let (at, way, item) = item_at(view, patch)?;
    let with = |step: Step| way.iter().cloned().chain([step]).collect::<Vec<_>>();
    let text = item.get("patch").and_then(Node::text);
    if text.is_none_or(|text| text == patch.text()) {
        let mapping = Value::of(item.get("target")?)?;
        return Some(Place { at, way: with(Step::Key("target")), within: None, mapping });
    }
    let (document, inner, entry) = entry_of(text?, patch)?;
    let inner = inner.into_iter().chain([Step::Key("target")]).collect();
    let mapping = entry.get("target")?.clone();
    Some(Place { at, way: with(Step::Key("patch")), within: Some((document, inner)), mapping })
}

/// The metadata of a strategic merge patch without a target.
pub(super) fn metadata_of(view: &View, patch: &Patch) -> Option<Place> {
    let (at, way, item) = item_at(view, patch)?;
    let metadata = || vec![Step::Key("metadata")];
    let mapping = patch.merges()?.get("metadata")?.clone();
    let file = item.get("path").and_then(Node::text).or_else(|| item.text().filter(|text| !text.contains('\n')));
    if let Some(file) = file {
        let path = at.path.dir().join(file).and_then(|path| view.tree().follow(&path))?;
        let stream = view.file(&path)?.stream.as_deref()?;
        let at = At::document(&path, document_of(stream, patch)?);
        return Some(Place { at, way: metadata(), within: None, mapping });
    }
    let (way, text) = match item.get("patch") {
        Some(text) => (way.iter().cloned().chain([Step::Key("patch")]).collect(), text.text()?),
        None => (way, item.text()?),
    };
    if text != patch.text() {
        return None;
    }
    let document = document_of(&Stream::parse(text).ok()?, patch)?;
    Some(Place { at, way, within: Some((document, metadata())), mapping })
}

/// The entry of a list that stands where a patch says.
fn item_at<'v>(view: &'v View, patch: &Patch) -> Option<(At, Vec<Step>, Node<'v>)> {
    let path: &RepoPath = &patch.path;
    let stream = view.file(path)?.stream.as_deref()?;
    for (document, root) in stream.documents().enumerate() {
        for way in LISTS {
            let mut items = root.at(way).into_iter().flat_map(Node::items).enumerate();
            if let Some((number, item)) = items.find(|(_, item)| item.line() == patch.line) {
                let steps = way.iter().map(|key| Step::Key(key)).chain([Step::Item(number)]);
                return Some((At::document(path, document), steps.collect(), item));
            }
        }
    }
    None
}

/// The document that a patch merges; `None` if there are several.
fn document_of(stream: &Stream, patch: &Patch) -> Option<usize> {
    let patch = patch.merges()?;
    let is_it = |root: &Node<'_>| Value::of(*root).is_some_and(|value| value.same_as(patch));
    let mut all = stream.documents().enumerate().filter(|(_, root)| is_it(root)).map(|(number, _)| number);
    all.next().filter(|_| all.next().is_none())
}

/// The entry of a list of patches that a text sets, which has a text of its own: by operations or by a merge. `None`
/// if several have.
fn entry_of(text: &str, patch: &Patch) -> Option<(usize, Vec<Step>, Value)> {
    let stream = Stream::parse(text).ok()?;
    let mut found = Vec::new();
    for (document, root) in stream.documents().enumerate() {
        let value = Value::of(root)?;
        let merged = value.at(&["spec", "patches"]).map_or(&[][..], Value::items).iter().enumerate();
        for (number, entry) in merged {
            found.push((document, vec![Step::Key("spec"), Step::Key("patches"), Step::Item(number)], entry.clone()));
        }
        for (number, operation) in value.items().iter().enumerate() {
            let Some(value) = operation.get("value") else { continue };
            let way = vec![Step::Item(number), Step::Key("value")];
            match operation.text_at(&["path"]) {
                Some("/spec/patches") => {
                    let entries = value.items().iter().enumerate();
                    let with = |number| way.iter().cloned().chain([Step::Item(number)]).collect::<Vec<_>>();
                    found.extend(entries.map(|(number, entry)| (document, with(number), entry.clone())));
                }
                Some(path) if path.starts_with("/spec/patches/") => found.push((document, way, value.clone())),
                _ => {}
            }
        }
    }
    found.retain(|(_, _, entry)| entry.text_at(&["patch"]) == Some(patch.text()));
    let entry = found.pop();
    entry.filter(|_| found.is_empty())
}
