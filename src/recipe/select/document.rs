//! A document that selectors are asked about.

use std::borrow::Cow;
use std::sync::Arc;

use super::patches::Entry;
use super::{Answer, GroupKind, Select};
use crate::flux::{At, Generator, Name, Object, Reach, Value, View};
use crate::recipe::pattern::Patterns;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// Where documents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// In files.
    Objects,
    /// What generators of Kustomize make, and the files of YAML that they read.
    Generated,
    /// Strategic merge patches, of Kustomize and of Flux.
    Patches,
    /// Operations of JSON patches (RFC 6902).
    Json6902,
}

/// A document of a file, an item of a List, or what a generator makes.
#[derive(Clone, Copy)]
pub struct Document<'v> {
    /// The tree.
    pub view: &'v View,
    /// The file.
    pub path: &'v RepoPath,
    /// Its node.
    pub root: Node<'v>,
    /// The object, if it is one.
    pub object: Option<&'v Object>,
    /// The generator that makes it; its node is that of the generator then.
    pub generator: Option<&'v Generator>,
    /// Where it is stated, if it is a patch; its node is that of its text then, or of its content.
    pub patch: Option<Entry<'v>>,
    /// Whether a generator reads its file: then it is data of what that makes.
    pub is_data: bool,
    /// The cluster whose reaches count, if not all do.
    pub cluster: Option<&'v str>,
}

impl<'v> Document<'v> {
    /// The objects of a file, Lists opened.
    pub fn objects(view: &'v View, path: &'v RepoPath) -> impl Iterator<Item = Document<'v>> {
        let objects = view.file(path).into_iter().flat_map(|file| &file.objects).flat_map(Object::expanded);
        objects.filter_map(move |object| {
            let root = view.node(&object.at)?;
            Some(Document { object: Some(object), ..Document::at_node(view, path, root) })
        })
    }

    /// The documents of a file that are no objects.
    pub fn others(view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let Some(file) = view.file(path) else { return Vec::new() };
        let Some(stream) = &file.stream else { return Vec::new() };
        let is_object = |number: usize| file.objects.iter().any(|object| object.at.document == number);
        let others = stream.documents().enumerate().filter(|(number, _)| !is_object(*number));
        let others: Vec<Document<'v>> = others.map(|(_, root)| Document::at_node(view, path, root)).collect();
        let is_data = others.first().is_some_and(|document| !document.makers().is_empty());
        others.into_iter().map(|document| Document { is_data, ..document }).collect()
    }

    /// What is at a node, of which nothing is known.
    pub fn at_node(view: &'v View, path: &'v RepoPath, root: Node<'v>) -> Document<'v> {
        Document { view, path, root, object: None, generator: None, patch: None, is_data: false, cluster: None }
    }

    /// This one, as one cluster applies it.
    #[must_use]
    pub fn on(self, cluster: &'v str) -> Document<'v> {
        Document { cluster: Some(cluster), ..self }
    }

    /// Its value; of what a generator makes, without data. An operation of a JSON patch is read as an
    /// object that has nothing but what it is about.
    pub fn value(&self) -> Option<Value> {
        match (self.generator, self.patch) {
            (Some(generator), _) => Some(Document::made(generator)),
            (None, Some(entry)) => entry.value(self.root),
            (None, None) => Value::of(self.root),
        }
    }

    /// Where it is.
    pub fn place(&self) -> Where {
        match (self.generator, self.patch) {
            (Some(_), _) => Where::Generated,
            (None, Some(entry)) => entry.place(),
            (None, None) if self.is_data => Where::Generated,
            (None, None) => Where::Objects,
        }
    }

    /// The place from which it is applied: what a generator makes, from its file.
    pub fn at(&self) -> Option<At> {
        match (self.object, self.generator) {
            (Some(object), _) => Some(object.at.clone()),
            (None, Some(_)) => Some(At::document(self.path, 0)),
            (None, None) => None,
        }
    }

    /// Who applies it.
    pub fn reaches(&self) -> impl Iterator<Item = &'v Reach> {
        let graph = self.view.graph();
        let (object, generator, cluster) = (self.object, self.generator, self.cluster);
        let reaches = self.at().map_or(&[][..], |at| graph.reaches(&at));
        let document = *self;
        let is_it = move |reach: &&Reach| match (object, generator) {
            (_, Some(generator)) => {
                reach.kind == generator.kind && reach.name == document.name_of_made(generator, reach)
            }
            (Some(object), None) => reach.kind == object.kind,
            (None, None) => false,
        };
        let patched: Vec<&'v Reach> = match self.patch {
            Some(_) => self.patched().into_iter().map(|(_, reach)| reach).collect(),
            None => self.reaches_of_makers(),
        };
        reaches
            .iter()
            .filter(is_it)
            .chain(patched)
            .filter(move |reach| cluster.is_none_or(|name| graph.clusters[reach.cluster].name == name))
    }

    /// The name of what a generator makes, where it arrives.
    pub(super) fn name_of_made(&self, generator: &Generator, reach: &Reach) -> String {
        let on_its_way = reach.through.iter().rev().filter_map(|path| self.view.kustomization(&path.dir()));
        let name = on_its_way.fold(generator.name.clone(), |name, kustomization| {
            format!("{}{name}{}", kustomization.prefix, kustomization.suffix)
        });
        self.view.graph().kustomizations[reach.kustomization].variables.substitute(&name)
    }

    /// Whether no cluster applies it.
    pub fn is_unreached(&self) -> bool {
        self.reaches().next().is_none()
    }

    /// Whether it is of a group and kind.
    pub fn is_of(&self, kind: &GroupKind) -> bool {
        if let Some(entry) = self.patch {
            return self.is_patch_of(entry, kind);
        }
        self.object.is_some_and(|object| kind.is(&object.api_version, &object.kind))
            || self.generator.is_some_and(|generator| kind.is("v1", generator.kind))
            || self.is_data && self.makers().iter().any(|(_, generator)| kind.is("v1", generator.kind))
    }

    /// Whether it is a HelmRelease.
    pub fn is_release(&self) -> bool {
        let is_release = |reach: &Reach| reach.kind == "HelmRelease" && reach.api_version.starts_with("helm.toolkit.");
        let patches = |entry: Entry<'_>| !entry.renders() && self.patched().iter().any(|(_, reach)| is_release(reach));
        self.object.is_some_and(Object::is_helm_release) || self.patch.is_some_and(patches)
    }

    /// The version of its API, without the group.
    pub fn api_version(&self) -> &str {
        let whole = self.object.map_or(self.generator.map_or("", |_| "v1"), |object| &object.api_version);
        whole.rsplit_once('/').map_or(whole, |(_, version)| version)
    }

    /// Its effective name and namespace.
    pub fn name<'n>(&'n self, reach: Option<&'n Reach>) -> (Cow<'n, str>, Cow<'n, str>) {
        let namespace = |namespace: Option<Name>| namespace.unwrap_or_default().as_str();
        if let Some(names) = self.names_of_patch(reach) {
            return names;
        }
        let (name, namespace): (&str, &str) = match (reach, self.object, self.generator) {
            (Some(reach), ..) => (&reach.name, namespace(reach.namespace)),
            (None, Some(object), _) => (&object.name, namespace(object.namespace)),
            (None, None, Some(generator)) => (&generator.name, generator.namespace.as_deref().unwrap_or_default()),
            (None, None, None) => ("", ""),
        };
        (Cow::Borrowed(name), Cow::Borrowed(namespace))
    }

    /// It, as a cluster gets it.
    pub fn arrived(&self, reach: &Reach) -> Option<Arc<Value>> {
        self.view.effective(&self.object?.at, reach)
    }

    /// Whether a Flux Kustomization with such a name applies it: `name`, or `namespace/name`.
    pub(super) fn is_rendered_by(&self, reach: Option<&Reach>, patterns: &Patterns) -> bool {
        let Some(reach) = reach else { return false };
        let kustomization = &self.view.graph().kustomizations[reach.kustomization];
        patterns.is_match(&kustomization.name) || patterns.is_match(&kustomization.full_name())
    }

    /// Whether it is a Flux Kustomization that applies something that is selected.
    pub(super) fn renders(&self, select: &Select) -> Answer {
        let Some(object) = self.object.filter(|object| object.is_flux_kustomization()) else {
            return Answer::No("renders");
        };
        let graph = self.view.graph();
        let mut rendered: Vec<&At> = graph.reached_by(&object.at).map(|(at, _)| at).collect();
        rendered.dedup();
        let mut documents = rendered.into_iter().filter_map(|at| {
            let (object, root) = (self.view.object(at)?, self.view.node(at)?);
            let document = Document { object: Some(object), ..Document::at_node(self.view, &at.path, root) };
            Some(select.ask(&document, &Value::of(root)?))
        });
        if documents.any(|answer| answer.is_yes()) { Answer::Yes } else { Answer::No("renders") }
    }
}
