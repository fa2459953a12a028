//! The kustomization file of a directory.

use std::sync::Arc;

use super::generator::Generator;
use super::patch::{Patch, Patches};
use super::stage::Stage;
use crate::flux::files::{Name, Pairs};
use crate::flux::value::Value;
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node, Stream};

/// One entry of a list in a kustomization file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As it is written.
    pub text: Name,
    /// Its line, from 1.
    pub line: usize,
}

impl Listed {
    /// Whether it is outside of the repository: a URL or a git address.
    pub fn is_remote(&self) -> bool {
        self.text.contains("://")
            || self.text.contains("?ref=")
            || self.text.starts_with("git@")
            || self.text.starts_with("github.com/")
    }

    /// Whether it is an object written into the list itself, as in `transformers`.
    fn is_inline(&self) -> bool {
        self.text.contains('\n')
    }
}

/// A `kustomization.yaml`: a Kustomization or a Component of Kustomize.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// The file.
    pub path: RepoPath,
    /// `kind`, if it is stated.
    pub kind: Option<Listed>,
    /// `apiVersion`, if it is stated.
    pub api_version: Option<Listed>,
    /// Whether it is a Component.
    pub component: bool,
    /// `resources`, and the older `bases`.
    pub resources: Box<[Listed]>,
    /// `configMapGenerator` and `secretGenerator`.
    pub generators: Box<[Arc<Generator>]>,
    /// `components`.
    pub components: Box<[Listed]>,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `namePrefix`.
    pub prefix: Name,
    /// `nameSuffix`.
    pub suffix: Name,
    /// `labels` and `commonLabels`, as labels of the objects themselves.
    pub labels: Pairs,
    /// `commonAnnotations`.
    pub annotations: Pairs,
    /// The patches of all three fields for them.
    pub patches: Patches,
    /// What `replacements` fill.
    pub(super) replacements: Patches,
    /// The NamespaceTransformers that are written into `transformers`.
    pub namespaces: Box<[NamespaceTransformer]>,
    /// `configurations`.
    pub configurations: Box<[Listed]>,
    /// All other files that it reads: patches, and files of generators.
    pub inputs: Box<[Listed]>,
    /// Fields that change objects and are not modelled, with their lines.
    pub unmodelled: Box<[Listed]>,
    /// All fields that change objects, except namespace and patches.
    pub stage: Option<Arc<Stage>>,
}

/// A builtin NamespaceTransformer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceTransformer {
    /// The namespace.
    pub namespace: String,
    /// Only for objects without namespace.
    pub unset_only: bool,
}

/// Fields that change which objects there are or what they are called, and are not modelled.
const UNMODELLED: [&str; 5] = ["replacements", "helmCharts", "helmChartInflationGenerator", "generators", "vars"];

impl Kustomization {
    /// The files of [`Kustomization::inputs`].
    pub fn input_paths(&self) -> impl Iterator<Item = RepoPath> {
        let dir = self.dir();
        self.inputs.iter().filter_map(move |input| dir.join(&input.text))
    }

    /// Reads the first document of a kustomization file. `read` returns the text of patch files.
    pub(in crate::flux) fn read(
        path: &RepoPath,
        stream: &Stream,
        read: &dyn Fn(&RepoPath) -> Option<String>,
    ) -> Kustomization {
        let Some(root) = stream.documents().next() else {
            return Kustomization { path: path.clone(), ..Kustomization::default() };
        };
        let line = |key: &str| {
            let value = root.get(key)?;
            Some(Listed { text: Name::of(value.value()?), line: value.line() })
        };
        let text = |key: &str| root.text_at(&[key]).map(Name::of);
        let kind = line("kind");
        let mut resources = listed(root, "resources");
        resources.extend(listed(root, "bases"));
        let generators = Generator::all_of(root);
        let mut inputs = patch_files(root);
        inputs.extend(generators.iter().flat_map(|generator| {
            generator.inputs().map(|text| Listed { text: Name::of(text), line: generator.line })
        }));
        let mut unmodelled: Vec<Listed> = UNMODELLED
            .iter()
            .filter_map(|key| root.get(key).map(|value| Listed { text: Name::of(key), line: value.line() }))
            .collect();
        let mut namespaces = Vec::new();
        for transformer in listed(root, "transformers") {
            match NamespaceTransformer::read(&transformer) {
                Some(transformer) => namespaces.push(transformer),
                None => unmodelled.push(Listed { text: Name::of("transformers"), line: transformer.line }),
            }
        }
        unmodelled.extend(changes_identity(root));
        Kustomization {
            path: path.clone(),
            component: kind.as_ref().is_some_and(|kind| kind.text == "Component"),
            kind,
            api_version: line("apiVersion"),
            resources: resources.into(),
            generators: generators.into(),
            components: listed(root, "components").into(),
            namespace: root.text_at(&["namespace"]).map(str::to_owned),
            prefix: text("namePrefix").unwrap_or_default(),
            suffix: text("nameSuffix").unwrap_or_default(),
            labels: labels(root),
            annotations: Pairs::read(root.get("commonAnnotations")),
            patches: Patch::of_kustomization(path, root, read),
            replacements: Patch::of_replacements(path, root, read),
            namespaces: namespaces.into(),
            configurations: listed(root, "configurations").into(),
            inputs: inputs.into(),
            unmodelled: unmodelled.into(),
            stage: Stage::of_fields(path, root),
        }
    }

    /// The directory to which its paths are relative.
    pub fn dir(&self) -> RepoPath {
        self.path.dir()
    }
}

impl NamespaceTransformer {
    fn read(transformer: &Listed) -> Option<NamespaceTransformer> {
        if !transformer.is_inline() {
            return None;
        }
        let stream = Stream::parse(&*transformer.text).ok()?;
        let mut documents = stream.documents();
        let (root, None) = (documents.next()?, documents.next()) else { return None };
        let is_plain = root.text_at(&["apiVersion"]) == Some("builtin")
            && root.text_at(&["kind"]) == Some("NamespaceTransformer")
            && root.get("fieldSpecs").is_none();
        let namespace = root.text_at(&["metadata", "namespace"]).filter(|_| is_plain)?.to_owned();
        Some(NamespaceTransformer { namespace, unset_only: root.get("unsetOnly").is_some_and(Node::is_true) })
    }
}

fn listed(root: Node<'_>, key: &str) -> Vec<Listed> {
    let items = root.get(key).into_iter().flat_map(Node::items);
    items.filter_map(|item| Some(Listed { text: Name::of(item.value()?), line: item.line() })).collect()
}

fn labels(root: Node<'_>) -> Pairs {
    let groups = root.get("labels").into_iter().flat_map(Node::items);
    groups.fold(Pairs::read(root.get("commonLabels")), |all, group| all.with(&Pairs::read(group.get("pairs"))))
}

/// The files of patches and replacements.
fn patch_files(root: Node<'_>) -> Vec<Listed> {
    let by_path = ["patches", "patchesJson6902", "replacements"].into_iter().flat_map(|key| {
        let items = root.get(key).into_iter().flat_map(Node::items);
        items.filter_map(|item| Some(Listed { text: Name::of(item.text_at(&["path"])?), line: item.line() }))
    });
    let merges = listed(root, "patchesStrategicMerge").into_iter().filter(|entry| !entry.is_inline());
    by_path.chain(merges).collect()
}

/// Patches that may change kind or name: rare, and not modelled.
fn changes_identity(root: Node<'_>) -> impl Iterator<Item = Listed> {
    let items = root.get("patches").into_iter().flat_map(Node::items);
    items.filter_map(|item| {
        let options = item.get("options").filter(|options| options.kind() == Kind::Mapping)?;
        let allows = |key: &str| options.get(key).is_some_and(Node::is_true);
        let text = Name::of("patches with allowNameChange or allowKindChange");
        (allows("allowNameChange") || allows("allowKindChange")).then(|| Listed { text, line: item.line() })
    })
}

/// Whether a file of `configurations` does not change which objects there are and what they are
/// called.
pub(super) fn only_names_references(configuration: &Value) -> bool {
    configuration.entries().iter().all(|(key, _)| matches!(key.as_str(), "nameReference" | "varReference" | "images"))
}
