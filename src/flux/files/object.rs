//! Kubernetes objects as files state them.

use std::fmt;

use super::name::Name;
use super::pairs::Pairs;
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node, Stream};

/// Where an object is: a document of a file, or an item of a List in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file.
    pub path: RepoPath,
    /// The index of the document in the file. It holds for one view only: a plan never keeps it.
    pub document: usize,
    /// The index of the item, if the object is in a List.
    pub item: Option<usize>,
}

impl At {
    /// A document of a file.
    pub fn document(path: &RepoPath, document: usize) -> At {
        At { path: path.clone(), document, item: None }
    }

    /// The node of the object.
    pub fn node<'s>(&self, stream: &'s Stream) -> Option<Node<'s>> {
        let root = stream.document(self.document)?;
        match self.item {
            Some(index) => root.get("items")?.items().nth(index),
            None => Some(root),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)
    }
}

/// The group of an `apiVersion`; empty for the core group.
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// A Kubernetes object as its file states it: no patch is applied, no variable filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where it is.
    pub at: At,
    /// The line on which its content begins, from 1.
    pub line: usize,
    /// `apiVersion`.
    pub api_version: Name,
    /// `kind`.
    pub kind: Name,
    /// `metadata.name`; empty if there is none.
    pub name: Name,
    /// `metadata.namespace`.
    pub namespace: Option<Name>,
    /// `metadata.labels`.
    pub labels: Pairs,
    /// `metadata.annotations`.
    pub annotations: Pairs,
    /// Its items, if it is a List: Kustomize takes these in its place.
    pub items: Box<[Object]>,
}

impl Object {
    /// The objects of a stream: documents with `apiVersion` and `kind`.
    pub(super) fn find(path: &RepoPath, stream: &Stream) -> Box<[Object]> {
        let documents = stream.documents().enumerate();
        documents.filter_map(|(document, root)| Object::of(At::document(path, document), root)).collect()
    }

    fn of(at: At, root: Node<'_>) -> Option<Object> {
        let kind = root.text_at(&["kind"])?;
        let list = root.get("items").filter(|items| kind.ends_with("List") && items.kind() == Kind::Sequence);
        let items = list.into_iter().flat_map(Node::items).enumerate();
        Some(Object {
            items: items.filter_map(|(index, item)| Object::of(At { item: Some(index), ..at.clone() }, item)).collect(),
            at,
            line: root.line(),
            api_version: Name::of(root.text_at(&["apiVersion"])?),
            kind: Name::of(kind),
            name: Name::of(root.text_at(&["metadata", "name"]).unwrap_or_default()),
            namespace: root.text_at(&["metadata", "namespace"]).map(Name::of),
            labels: Pairs::read(root.at(&["metadata", "labels"])),
            annotations: Pairs::read(root.at(&["metadata", "annotations"])),
        })
    }

    /// What Kustomize takes in its place: the items of a List, or else the object itself.
    pub fn expanded(&self) -> &[Object] {
        if self.items.is_empty() { std::slice::from_ref(self) } else { &self.items }
    }

    /// Whether Kustomize refuses it, because it has no name. Of a List it takes the items.
    pub fn is_nameless(&self) -> bool {
        self.name.is_empty() && !self.kind.ends_with("List")
    }

    /// Whether another is the same but for lines.
    pub(in crate::flux) fn is_like(&self, other: &Object) -> bool {
        let without_lines = |object: &Object| Object { line: 0, items: Box::default(), ..object.clone() };
        let same_items = || self.items.iter().zip(&other.items).all(|(item, other)| item.is_like(other));
        without_lines(self) == without_lines(other) && self.items.len() == other.items.len() && same_items()
    }

    /// Whether it is of this group and kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.api_version.split_once('/').is_some_and(|(of, _)| of == group)
    }

    /// Whether it is a HelmRelease of Flux.
    pub fn is_helm_release(&self) -> bool {
        self.is("helm.toolkit.fluxcd.io", "HelmRelease")
    }

    /// Whether it is a Kustomization of Flux, not of Kustomize.
    pub fn is_flux_kustomization(&self) -> bool {
        self.is("kustomize.toolkit.fluxcd.io", "Kustomization")
    }

    /// Whether it is a source of Flux of this kind.
    pub fn is_source(&self, kind: &str) -> bool {
        self.is("source.toolkit.fluxcd.io", kind)
    }

    /// Whether Kustomize takes it for an object without namespace.
    pub fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.api_version, &self.kind)
    }
}

/// Whether Kustomize 5.5 knows a kind to be cluster-scoped. It knows only built-in kinds, and not
/// all of those: any other gets a namespace.
fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kinds: &[&str] = match group {
        "" => &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
        "admissionregistration.k8s.io" => &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "apiextensions.k8s.io" => &["CustomResourceDefinition"],
        "apiregistration.k8s.io" => &["APIService"],
        "certificates.k8s.io" => &["CertificateSigningRequest"],
        "networking.k8s.io" => &["IngressClass"],
        "node.k8s.io" => &["RuntimeClass"],
        "policy" => &["PodSecurityPolicy"],
        "rbac.authorization.k8s.io" => &["ClusterRole", "ClusterRoleBinding"],
        "scheduling.k8s.io" => &["PriorityClass"],
        "storage.k8s.io" => &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        _ => &[],
    };
    kinds.contains(&kind)
}

/// Whether `namePrefix` and `nameSuffix` do not change the name of a kind.
pub(in crate::flux) fn keeps_its_name(api_version: &str, kind: &str) -> bool {
    kind == "CustomResourceDefinition"
        || kind == "Namespace"
        || kind == "APIService" && api_version.starts_with("apiregistration.k8s.io/")
}
