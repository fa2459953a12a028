use super::patch::Patch;
use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// The names under which Kustomize looks for its file.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One entry of a list in a kustomization file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As it is written.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

impl Listed {
    /// Whether it lies outside of the repository: a URL or a git address.
    pub fn is_remote(&self) -> bool {
        self.text.contains("://")
            || self.text.contains("?ref=")
            || self.text.starts_with("git@")
            || self.text.starts_with("github.com/")
    }
}

/// A `kustomization.yaml`: a Kustomization or a Component of Kustomize.
#[derive(Clone, Debug, Default)]
pub struct Kustomization {
    /// The file.
    pub path: RepoPath,
    /// Whether it is a Component.
    pub component: bool,
    /// `resources`, and `bases` of old.
    pub resources: Vec<Listed>,
    /// `components`.
    pub components: Vec<Listed>,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `namePrefix`.
    pub prefix: String,
    /// `nameSuffix`.
    pub suffix: String,
    /// The patches of all three fields that Kustomize has for them.
    pub patches: Vec<Patch>,
    /// Fields that change objects in a way that is not modelled here, with their lines.
    pub unmodelled: Vec<Listed>,
}

/// What changes which objects there are, or what they are called, and is not modelled.
const UNMODELLED: [&str; 6] = ["replacements", "helmCharts", "generators", "transformers", "vars", "configurations"];

impl Kustomization {
    /// Whether a file of this name is one.
    pub fn is_named_so(path: &RepoPath) -> bool {
        NAMES.contains(&path.name())
    }

    /// The names under which a directory can have one, in the order in which Kustomize looks.
    pub fn candidates(dir: &RepoPath) -> impl Iterator<Item = RepoPath> {
        NAMES.into_iter().filter_map(|name| dir.join(name))
    }

    /// Reads the first document of a kustomization file. `read` gives the text of patch files.
    pub(super) fn read(path: &RepoPath, stream: &Stream, read: &dyn Fn(&RepoPath) -> Option<String>) -> Kustomization {
        let Some(root) = stream.documents().next() else {
            return Kustomization { path: path.clone(), ..Kustomization::default() };
        };
        let text = |key: &str| root.text_at(&[key]).map(str::to_owned);
        let mut resources = listed(root, "resources");
        resources.extend(listed(root, "bases"));
        let unmodelled = UNMODELLED
            .iter()
            .filter_map(|key| root.get(key).map(|value| Listed { text: (*key).to_owned(), line: value.line() }))
            .collect();
        Kustomization {
            path: path.clone(),
            component: text("kind").as_deref() == Some("Component"),
            resources,
            components: listed(root, "components"),
            namespace: text("namespace"),
            prefix: text("namePrefix").unwrap_or_default(),
            suffix: text("nameSuffix").unwrap_or_default(),
            patches: Patch::of_kustomization(path, root, read),
            unmodelled,
        }
    }

    /// The directory that its relative paths start from.
    pub fn dir(&self) -> RepoPath {
        self.path.dir()
    }
}

fn listed(root: Node<'_>, key: &str) -> Vec<Listed> {
    let items = root.get(key).into_iter().flat_map(Node::items);
    items.filter_map(|item| Some(Listed { text: item.value()?.to_owned(), line: item.line() })).collect()
}
