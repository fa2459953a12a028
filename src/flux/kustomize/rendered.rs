//! An object in a build.

use std::ops::Deref;
use std::sync::Arc;

use super::change::Outcome;
use super::generator::{Content, Generator, Made};
use super::kustomization::NamespaceTransformer;
use super::patch::{Patch, Patches};
use super::selector::Subject;
use super::stage::Stage;
use crate::flux::files::{At, Name, Object, Pairs, keeps_its_name};
use crate::flux::value::Value;
use crate::repo::{RepoPath, Tree};

/// An object as it comes out of a build.
///
/// Every build of a directory above holds it once more, most often unchanged: what it is, is shared.
#[derive(Clone, Debug)]
pub struct Rendered {
    identity: Arc<RenderedIdentity>,
    /// The kustomization files that it came through, the outermost first.
    pub through: Vec<RepoPath>,
    /// The patches that change it, if it is a HelmRelease, a Flux Kustomization or the source of one.
    pub patches: Patches,
    /// What was done to it, if the build notes that.
    pub(in crate::flux) stages: Vec<Arc<Stage>>,
}

/// What a rendered object is.
#[derive(Clone, Debug)]
pub struct RenderedIdentity {
    /// Where it is; for a generated one, the kustomization file that generates it.
    pub at: At,
    /// Its `apiVersion`.
    pub api_version: Name,
    /// Its kind.
    pub kind: Name,
    /// Its name, with prefixes and suffixes.
    pub name: Name,
    /// Its namespace, if it has one.
    pub namespace: Option<Name>,
    /// Its labels.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
    /// The generators that make it, if it is not in a file.
    pub(super) made: Option<Arc<Made>>,
    /// What these make, once the build is finished.
    pub(in crate::flux) content: Option<Arc<Content>>,
    /// Its name before anything changed it, if that is another.
    original_name: Option<Name>,
    /// Its namespace before anything changed it.
    original_namespace: Option<Name>,
    cluster_scoped: bool,
}

impl Deref for Rendered {
    type Target = RenderedIdentity;

    fn deref(&self) -> &RenderedIdentity {
        &self.identity
    }
}

impl Rendered {
    pub(super) fn of(object: &Object) -> Rendered {
        Rendered::new(RenderedIdentity {
            at: object.at.clone(),
            api_version: object.api_version,
            kind: object.kind,
            name: object.name,
            namespace: object.namespace,
            labels: object.labels.clone(),
            annotations: object.annotations.clone(),
            made: None,
            content: None,
            original_name: None,
            original_namespace: object.namespace,
            cluster_scoped: object.is_cluster_scoped(),
        })
    }

    /// What a generator of a kustomization file makes.
    pub(super) fn generated(file: &RepoPath, generator: &Arc<Generator>) -> Rendered {
        Rendered::new(RenderedIdentity {
            at: At::document(file, 0),
            api_version: Name::of("v1"),
            kind: Name::of(generator.kind),
            name: Name::of(&generator.name),
            namespace: generator.namespace.as_deref().map(Name::of),
            labels: generator.labels.clone(),
            annotations: generator.annotations.clone(),
            made: Some(Arc::new(Made::by(&file.dir(), generator))),
            content: None,
            original_name: None,
            original_namespace: generator.namespace.as_deref().map(Name::of),
            cluster_scoped: false,
        })
    }

    fn new(identity: RenderedIdentity) -> Rendered {
        Rendered { identity: Arc::new(identity), through: Vec::new(), patches: Vec::new(), stages: Vec::new() }
    }

    /// What it is, to be changed here and in no other build.
    fn own(&mut self) -> &mut RenderedIdentity {
        Arc::make_mut(&mut self.identity)
    }

    /// The texts that generators put into it; `None` for an object of a file.
    pub fn generated_texts(&self) -> Option<Vec<&str>> {
        self.content.as_ref().map(|content| content.texts())
    }

    /// Whether generators make it, and no file states it.
    pub(in crate::flux) fn is_generated(&self) -> bool {
        self.made.is_some()
    }

    /// The files that its generators read.
    pub(in crate::flux) fn generated_from(&self) -> Vec<RepoPath> {
        self.made.as_ref().map_or(Vec::new(), |made| made.files())
    }

    /// Whether its name gets the hash of its content as a suffix.
    pub(super) fn has_hash(&self) -> bool {
        self.made.as_ref().is_some_and(|made| made.is_hashed())
    }

    /// Whether this is its name, now or in its file.
    pub(in crate::flux) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.original_name() == name
    }

    /// What `namespace` of a kustomization or `targetNamespace` does to it. A Namespace is renamed.
    pub(super) fn set_namespace(&mut self, namespace: &str) {
        if (self.api_version.as_str(), self.kind.as_str()) == ("v1", "Namespace") {
            self.set_name(namespace);
        }
        self.move_to(namespace);
    }

    /// What a NamespaceTransformer does to it.
    pub(super) fn transform_namespace(&mut self, transformer: &NamespaceTransformer) {
        let keeps_its_own = transformer.unset_only && self.namespace.is_some();
        if !keeps_its_own {
            self.move_to(&transformer.namespace);
        }
    }

    fn move_to(&mut self, namespace: &str) {
        if !self.cluster_scoped && self.namespace.as_deref() != Some(namespace) {
            self.own().namespace = Some(Name::of(namespace));
        }
    }

    fn set_name(&mut self, name: &str) {
        if self.name != *name {
            let own = self.own();
            let before = std::mem::replace(&mut own.name, Name::of(name));
            own.original_name.get_or_insert(before);
        }
    }

    fn original_name(&self) -> &str {
        self.original_name.unwrap_or(self.name).as_str()
    }

    /// The labels and annotations that the fields of a kustomization add.
    pub(super) fn add_metadata(&mut self, labels: &Pairs, annotations: &Pairs) {
        if !labels.is_empty() || !annotations.is_empty() {
            let own = self.own();
            (own.labels, own.annotations) = (own.labels.with(labels), own.annotations.with(annotations));
        }
    }

    /// Adds what one more generator makes to what generators make of it already.
    pub(super) fn also_made(&mut self, dir: &RepoPath, generator: &Arc<Generator>) {
        if let Some(made) = &mut self.own().made {
            Arc::make_mut(made).also_by(dir, generator);
        }
    }

    /// What `namePrefix` and `nameSuffix` do to it.
    pub(super) fn rename(&mut self, prefix: &str, suffix: &str) {
        let changes = !prefix.is_empty() || !suffix.is_empty();
        if changes && !keeps_its_name(&self.api_version, &self.kind) {
            self.set_name(&format!("{prefix}{}{suffix}", self.name));
        }
    }

    /// Whether a patch changes it.
    pub(super) fn is_selected_by(&self, patch: &Patch) -> bool {
        patch.selects(&Subject {
            api_version: &self.api_version,
            kind: &self.kind,
            names: [self.original_name(), &self.name],
            namespaces: [self.original_namespace.as_deref(), self.namespace.as_deref()],
            labels: &self.labels,
            annotations: &self.annotations,
        })
    }

    /// Applies the part of a patch that changes its identity, and says whether it still exists
    /// then.
    pub(super) fn survives(&mut self, patch: &Patch) -> bool {
        let mut identity = self.identity();
        match patch.apply(&mut identity) {
            Outcome::Deleted => return false,
            Outcome::Failed => return true,
            Outcome::Patched => {}
        }
        let text = |path: &[&str]| identity.text_at(path);
        let pairs = |key: &str| {
            let entries = identity.at(&["metadata", key]).map_or(&[][..], Value::entries);
            entries.iter().filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect()
        };
        self.set_name(text(&["metadata", "name"]).unwrap_or_default());
        let own = self.own();
        own.namespace = text(&["metadata", "namespace"]).map(Name::of);
        own.labels = pairs("labels");
        own.annotations = pairs("annotations");
        true
    }

    /// `apiVersion`, `kind` and `metadata`, as they are now.
    fn identity(&self) -> Value {
        let mapping = |pairs: &Pairs| {
            Value::Mapping(pairs.iter().map(|(key, value)| (key.to_owned(), Value::string(value))).collect())
        };
        let mut metadata = vec![("name".to_owned(), Value::string(&self.name))];
        metadata.extend(self.namespace.as_ref().map(|namespace| ("namespace".to_owned(), Value::string(namespace))));
        for (key, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !pairs.is_empty() {
                metadata.push((key.to_owned(), mapping(pairs)));
            }
        }
        Value::Mapping(vec![
            ("apiVersion".to_owned(), Value::string(&self.api_version)),
            ("kind".to_owned(), Value::string(&self.kind)),
            ("metadata".to_owned(), Value::Mapping(metadata)),
        ])
    }

    /// Runs once at the end of a build: a generated object gets its content and, if so, the hash in
    /// its name.
    pub(in crate::flux) fn finish(&mut self, tree: &Tree) {
        let Some(content) = self.made.as_ref().and_then(|made| made.content(tree)) else { return };
        if self.has_hash() {
            self.set_name(&format!("{}-{}", self.name, content.hash()));
        }
        self.own().content = Some(Arc::new(content));
    }
}
