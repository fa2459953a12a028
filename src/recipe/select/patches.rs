//! Patches as documents: strategic merge patches, and the operations of JSON patches. They stand in
//! kustomization files, in files that these name, in Flux Kustomizations and in the `postRenderers` of
//! HelmReleases.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Document, GroupKind, Where};
use crate::flux::{At, Object, Patch, Reach, Value, View, is_kustomization_file};
use crate::recipe::operation;
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node, Stream};

/// Where a patch is stated.
#[derive(Clone, Copy)]
pub struct Entry<'v> {
    /// The item of a list that states it; none, if it is a file, which several lists may name.
    item: Option<Node<'v>>,
    /// The object of Flux that has the list, if it is no kustomization file.
    owner: Option<&'v Object>,
    /// Whether it is for what a chart renders, which nobody sees here.
    renders: bool,
    /// Which document of the text it is, if its node is a text.
    document: Option<usize>,
    /// Which operation it is, if it is a JSON patch.
    operation: Option<usize>,
    /// Whether it is what the patch is for, and not the patch itself.
    is_target: bool,
}

/// A file that is a patch.
const ENTRY: Entry<'static> =
    Entry { item: None, owner: None, renders: false, document: None, operation: None, is_target: false };

impl<'v> Entry<'v> {
    /// The object of Flux that states it, if one does.
    pub fn owner(&self) -> Option<&'v Object> {
        self.owner
    }

    /// Whether it is for what a chart renders.
    pub fn renders(&self) -> bool {
        self.renders
    }

    /// Which document of the text at its node it is.
    pub fn document(&self) -> Option<usize> {
        self.document
    }

    /// Which operation of its list it is.
    pub fn operation(&self) -> Option<usize> {
        self.operation
    }

    /// Whether its node is the target of the patch.
    pub fn is_target(&self) -> bool {
        self.is_target
    }

    pub(super) fn place(&self) -> Where {
        if self.operation.is_some() { Where::Json6902 } else { Where::Patches }
    }

    /// The patch with all its operations.
    pub fn whole(&self, root: Node<'_>) -> Option<Value> {
        match self.document {
            Some(number) => Value::of(Stream::sound(root.text()?).ok()?.documents().nth(number)?),
            None => Value::of(root),
        }
    }

    pub(super) fn value(&self, root: Node<'_>) -> Option<Value> {
        let whole = self.whole(root)?;
        match self.operation {
            Some(number) => operation::lifted(whole.items().get(number)?),
            None => Some(whole),
        }
    }

    /// What it is for, if it has a target.
    fn target(&self) -> Option<Node<'v>> {
        self.item.filter(|item| item.kind() == Kind::Mapping)?.get("target")
    }
}

impl<'v> Document<'v> {
    /// The patches that a file states, or that it is.
    pub fn patches(view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let Some(file) = view.file(path) else { return Vec::new() };
        let Some(stream) = &file.stream else { return Vec::new() };
        let mut found = Vec::new();
        let mut add = |root: Node<'v>, entry: Entry<'v>| {
            let documents = parts_of(root, entry).into_iter();
            found.extend(documents.map(|entry| Document { patch: Some(entry), ..Document::at_node(view, path, root) }));
        };
        if is_kustomization_file(path) {
            let lists = stream.documents().next().into_iter();
            lists.flat_map(entries).for_each(|(item, root)| add(root, Entry { item: Some(item), ..ENTRY }));
            return found;
        }
        if is_only_patch(view, path) {
            stream.documents().for_each(|root| add(root, ENTRY));
            return found;
        }
        for object in file.objects.iter().flat_map(Object::expanded) {
            let Some(root) = view.node(&object.at) else { continue };
            let stating = Entry { owner: Some(object), ..ENTRY };
            if object.is_flux_kustomization() {
                let lists = root.get("spec").into_iter().flat_map(entries);
                lists.for_each(|(item, root)| add(root, Entry { item: Some(item), ..stating }));
            }
            if object.is_helm_release() {
                let renderers = root.at(&["spec", "postRenderers"]).into_iter().flat_map(Node::items);
                let lists = renderers.filter_map(|renderer| renderer.get("kustomize")).flat_map(entries);
                lists.for_each(|(item, root)| add(root, Entry { item: Some(item), renders: true, ..stating }));
            }
        }
        found
    }

    /// What the patches of a file are for, where they say it by a target with a version.
    pub fn targets(view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let Some(file) = view.file(path) else { return Vec::new() };
        let lists: Vec<(Option<&Object>, Node<'v>)> = if is_kustomization_file(path) {
            let root = file.stream.iter().filter_map(|stream| stream.documents().next());
            root.map(|root| (None, root)).collect()
        } else {
            let objects =
                file.objects.iter().flat_map(Object::expanded).filter(|object| object.is_flux_kustomization());
            objects.filter_map(|object| Some((Some(object), view.node(&object.at)?.get("spec")?))).collect()
        };
        let items = lists.into_iter().flat_map(|(owner, mapping)| {
            let items = ["patches", "patchesJson6902"].into_iter().filter_map(move |key| mapping.get(key));
            let items = items.flat_map(Node::items);
            items.map(move |item| Entry { item: Some(item), owner, is_target: true, ..ENTRY })
        });
        let targets = items.filter_map(|entry| {
            let root = entry.target().filter(|target| target.text_at(&["version"]).is_some())?;
            Some(Document { patch: Some(entry), ..Document::at_node(view, path, root) })
        });
        targets.collect()
    }

    /// What it changes as a patch: the objects that clusters apply, each by its place. Of a patch of
    /// what a chart renders, the release.
    pub fn patched(&self) -> Vec<(&'v At, &'v Reach)> {
        let Some(entry) = self.patch else { return Vec::new() };
        let graph = self.view.graph();
        if let Some(owner) = entry.owner.filter(|_| entry.renders) {
            return graph.reaches(&owner.at).iter().map(|reach| (&owner.at, reach)).collect();
        }
        let whole = entry.whole(self.root);
        // Of several documents of a text, each is a patch.
        let is_this =
            |patch: &Patch| entry.is_target || patch.merges().is_none_or(|merges| Some(merges) == whole.as_ref());
        let mut patches: Vec<(By<'v>, Arc<Patch>)> = self.stated(entry);
        patches.retain(|(_, patch)| is_this(patch));
        if patches.is_empty() {
            return Vec::new();
        }
        let mut changed: Vec<(&'v At, &'v Reach)> = Vec::new();
        for (by, patch) in &patches {
            let passing: Vec<(&At, &Reach)> = match by {
                By::File(path) => graph.reached_through(path).collect(),
                By::Flux(owner) => graph.reached_by(owner).collect(),
            };
            let is_for =
                |at: &At, reach: &Reach| self.view.object(at).is_some_and(|object| is_for(patch, object, reach));
            changed.extend(passing.into_iter().filter(|(at, reach)| is_for(at, reach)));
        }
        changed.sort_by_key(|(at, reach)| (*at, std::ptr::from_ref(*reach)));
        changed.dedup_by_key(|(_, reach)| std::ptr::from_ref(*reach));
        changed
    }

    /// The files of Kustomize that name a file as a patch, each with the line.
    fn named_by(&self) -> Vec<(&'v RepoPath, usize)> {
        let mut found = Vec::new();
        for kustomization in self.view.readers(self.path) {
            let Some(root) = self.view.node(&At::document(&kustomization.path, 0)) else { continue };
            let is_it = |name: &str| kustomization.dir().join(name).as_ref() == Some(self.path);
            let list = |key: &str| root.get(key).into_iter().flat_map(Node::items);
            let by_path = list("patches").chain(list("patchesJson6902"));
            let by_path = by_path.filter(|item| item.text_at(&["path"]).is_some_and(is_it));
            let merges = list("patchesStrategicMerge").filter(|item| item.value().is_some_and(is_it));
            found.extend(by_path.chain(merges).map(|item| (&kustomization.path, item.line())));
        }
        found
    }

    /// As what it is applied, and by whom.
    fn stated(&self, entry: Entry<'v>) -> Vec<(By<'v>, Arc<Patch>)> {
        let of_file = |path: &'v RepoPath, line: usize| {
            let kustomization = self.view.kustomization(&path.dir());
            let patches = kustomization.into_iter().flat_map(|kustomization| &kustomization.patches);
            let here = patches.filter(move |patch| patch.path == *path && patch.line == line);
            here.map(move |patch| (By::File(path), patch.clone()))
        };
        match (entry.item, entry.owner) {
            (None, _) => self.named_by().into_iter().flat_map(|(path, line)| of_file(path, line)).collect(),
            (Some(item), None) => of_file(self.path, item.line()).collect(),
            (Some(item), Some(owner)) => {
                let stated = match Value::of(item) {
                    // The oldest form has the patch itself in its list.
                    Some(patch) if patch.get("patch").is_none() => {
                        Value::mapping([("patch", Value::string(&patch.to_flow()))])
                    }
                    Some(Value::Mapping(entries)) => {
                        let text = |(key, value): (String, Value)| match value {
                            Value::Sequence(_) if key == "patch" => (key, Value::string(&value.to_flow())),
                            value => (key, value),
                        };
                        Value::Mapping(entries.into_iter().map(text).collect())
                    }
                    _ => return Vec::new(),
                };
                let patches = Patch::of_entry(self.path, item.line(), &stated).unwrap_or_default();
                patches.into_iter().map(|patch| (By::Flux(&owner.at), patch)).collect()
            }
        }
    }

    /// Whether it is a patch of objects of a kind.
    pub(super) fn is_patch_of(&self, entry: Entry<'v>, kind: &GroupKind) -> bool {
        let Some(target) = entry.target() else {
            let value = entry.whole(self.root);
            let stated = |key: &str| value.as_ref().and_then(|value| value.text_at(&[key])).unwrap_or_default();
            // A file says it itself, or those do that name it.
            let by_name = || entry.item.is_none() && self.patched().iter().any(|(_, reach)| is_of(kind, reach));
            return kind.is(stated("apiVersion"), stated("kind")) || by_name();
        };
        let patched = if entry.renders { Vec::new() } else { self.patched() };
        if !patched.is_empty() {
            return patched.iter().any(|(_, reach)| is_of(kind, reach));
        }
        target.text_at(&["kind"]) == Some(&kind.kind)
            && target.text_at(&["group"]).is_none_or(|group| group == kind.group)
    }

    /// Whether a patch changes an object of one of some kinds, as a cluster applies it.
    pub(super) fn is_patch_of_reach(&self, kinds: &[GroupKind], reach: Option<&Reach>) -> bool {
        let Some(reach) = reach.filter(|_| self.patch.is_some_and(|entry| !entry.renders)) else { return true };
        kinds.is_empty() || kinds.iter().any(|kind| is_of(kind, reach))
    }

    /// The name and namespace that a patch states, where no object that it changes has them.
    pub(super) fn names_of_patch<'n>(&self, reach: Option<&'n Reach>) -> Option<(Cow<'n, str>, Cow<'n, str>)>
    where
        'v: 'n,
    {
        let entry = self.patch.filter(|entry| entry.renders || reach.is_none())?;
        if let Some(target) = entry.target() {
            let text = |key: &str| Cow::Borrowed(target.text_at(&[key]).unwrap_or_default());
            return Some((text("name"), text("namespace")));
        }
        let value = entry.whole(self.root)?;
        let text = |key: &str| Cow::Owned(value.text_at(&["metadata", key]).unwrap_or_default().to_owned());
        Some((text("name"), text("namespace")))
    }

    /// The objects that a strategic merge patch names itself, because it has no target.
    pub fn named_objects(&self) -> Vec<Document<'v>> {
        let is_by_name = |entry: &Entry<'v>| {
            let is_targeted = entry.target().is_some() || entry.item.is_none() && self.is_named_with_target();
            entry.operation.is_none() && !entry.renders && !is_targeted
        };
        if self.patch.filter(is_by_name).is_none() {
            return Vec::new();
        }
        self.objects_patched()
    }

    /// The objects that it changes as a patch, each once.
    pub fn objects_patched(&self) -> Vec<Document<'v>> {
        let mut all: Vec<&'v At> = self.patched().into_iter().map(|(at, _)| at).collect();
        all.dedup();
        let document = |at: &'v At| {
            let (object, root) = (self.view.object(at)?, self.view.node(at)?);
            Some(Document { object: Some(object), ..Document::at_node(self.view, &at.path, root) })
        };
        all.into_iter().filter_map(document).collect()
    }

    /// Whether it states a patch, or what that is for.
    pub fn states(&self, patch: &Patch) -> bool {
        let line = self.patch.and_then(|entry| entry.item).map(|item| item.line());
        patch.path == *self.path && Some(patch.line) == line
    }

    /// Whether a list that names the file of a patch says what it is for.
    fn is_named_with_target(&self) -> bool {
        let patches = |path: &RepoPath| {
            self.view.kustomization(&path.dir()).into_iter().flat_map(|kustomization| &kustomization.patches)
        };
        let mut named = self.named_by().into_iter();
        named.any(|(path, line)| patches(path).any(|patch| patch.line == line && patch.has_target()))
    }

    /// The object that a patch changes, as a cluster applies it.
    pub(super) fn patched_object(&self, reach: &Reach) -> Option<Document<'v>> {
        self.patch.filter(|entry| !entry.renders)?;
        let (at, _) = self.patched().into_iter().find(|(_, other)| std::ptr::eq(*other, reach))?;
        let (object, root) = (self.view.object(at)?, self.view.node(at)?);
        Some(Document { object: Some(object), cluster: self.cluster, ..Document::at_node(self.view, &at.path, root) })
    }
}

/// Who applies a patch.
#[derive(Clone, Copy)]
enum By<'v> {
    File(&'v RepoPath),
    Flux(&'v At),
}

/// Whether a file is a patch, and no cluster applies it as an object.
pub fn is_only_patch(view: &View, path: &RepoPath) -> bool {
    let objects = || view.file(path).into_iter().flat_map(|file| &file.objects).flat_map(Object::expanded);
    view.patch_files().contains(path) && objects().all(|object| view.graph().reaches(&object.at).is_empty())
}

/// The patches in the lists of a mapping: each item, and the node of the patch itself.
fn entries<'v>(mapping: Node<'v>) -> Vec<(Node<'v>, Node<'v>)> {
    let list = |key: &str| mapping.get(key).into_iter().flat_map(Node::items).collect::<Vec<_>>();
    let merges = list("patchesStrategicMerge").into_iter().map(|item| (item, item));
    // A text on one line names a file.
    let merges =
        merges.filter(|(item, _)| item.kind() != Kind::Scalar || item.text().is_some_and(|text| text.contains('\n')));
    let patches = list("patches").into_iter().chain(list("patchesJson6902"));
    merges.chain(patches.filter_map(|item| Some((item, item.get("patch")?)))).collect()
}

/// A patch, document by document and operation by operation.
fn parts_of<'v>(root: Node<'v>, entry: Entry<'v>) -> Vec<Entry<'v>> {
    let of = |value: Value, entry: Entry<'v>| match value {
        Value::Sequence(items) => (0..items.len()).map(|number| Entry { operation: Some(number), ..entry }).collect(),
        Value::Mapping(_) => vec![entry],
        Value::Scalar { .. } | Value::Null => Vec::new(),
    };
    match root.kind() {
        Kind::Scalar => {
            let text = root.text().unwrap_or_default();
            let Ok(stream) = Stream::sound(text) else { return Vec::new() };
            let documents = stream.documents().map(Value::of).enumerate();
            let documents = documents.filter_map(|(number, value)| Some((number, value?)));
            documents.flat_map(|(number, value)| of(value, Entry { document: Some(number), ..entry })).collect()
        }
        _ => Value::of(root).map(|value| of(value, entry)).unwrap_or_default(),
    }
}

fn is_of(kind: &GroupKind, reach: &Reach) -> bool {
    kind.is(&reach.api_version, &reach.kind)
}

/// Whether a patch changes an object, as a cluster applies it.
fn is_for(patch: &Patch, object: &Object, reach: &Reach) -> bool {
    let is_same = |other: &Arc<Patch>| {
        other.path == patch.path
            && other.line == patch.line
            && other.text() == patch.text()
            && other.merges() == patch.merges()
    };
    let is_named = || patch.is_for_named(&reach.kind, &object.name) || patch.is_for_named(&reach.kind, &reach.name);
    // Of these, it is known which patches change them.
    let is_followed = object.is_helm_release() || object.is_flux_kustomization();
    reach.patches.iter().any(is_same) || !is_followed && is_named()
}
