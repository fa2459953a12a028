use std::fmt;

use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// Where an object stands: a document of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file.
    pub path: RepoPath,
    /// Which of its documents, from 0. Good within one view only: never kept in a plan.
    pub document: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)
    }
}

/// A Kubernetes object, as the file states it: nothing here is effective yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where it stands.
    pub at: At,
    /// The line where its document's content begins, from 1.
    pub line: usize,
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`; empty where it has none.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
}

impl Object {
    /// The objects of a stream: documents with `apiVersion` and `kind`.
    pub(super) fn find(path: &RepoPath, stream: &Stream) -> Vec<Object> {
        let documents = stream.documents().enumerate();
        documents.filter_map(|(document, root)| Object::of(At { path: path.clone(), document }, root)).collect()
    }

    fn of(at: At, root: Node<'_>) -> Option<Object> {
        Some(Object {
            at,
            line: root.line(),
            api_version: root.text_at(&["apiVersion"])?.to_owned(),
            kind: root.text_at(&["kind"])?.to_owned(),
            name: root.text_at(&["metadata", "name"]).unwrap_or_default().to_owned(),
            namespace: root.text_at(&["metadata", "namespace"]).map(str::to_owned),
        })
    }

    /// Whether it is of this group and kind, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.api_version.split_once('/').is_some_and(|(of, _)| of == group)
    }

    /// Whether it is a HelmRelease of Flux.
    pub fn is_helm_release(&self) -> bool {
        self.is("helm.toolkit.fluxcd.io", "HelmRelease")
    }

    /// Whether it is a Flux Kustomization (not one of Kustomize).
    pub fn is_flux_kustomization(&self) -> bool {
        self.is("kustomize.toolkit.fluxcd.io", "Kustomization")
    }

    /// Whether it is a source object of this kind.
    pub fn is_source(&self, kind: &str) -> bool {
        self.is("source.toolkit.fluxcd.io", kind)
    }

    /// Whether Kubernetes keeps it outside of namespaces. Kustomize knows only the built-in kinds, and so does this.
    pub fn is_cluster_scoped(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "APIService"
                | "CSIDriver"
                | "CSINode"
                | "CertificateSigningRequest"
                | "ClusterRole"
                | "ClusterRoleBinding"
                | "ComponentStatus"
                | "CustomResourceDefinition"
                | "FlowSchema"
                | "IngressClass"
                | "MutatingWebhookConfiguration"
                | "Namespace"
                | "Node"
                | "PersistentVolume"
                | "PodSecurityPolicy"
                | "PriorityClass"
                | "PriorityLevelConfiguration"
                | "RuntimeClass"
                | "StorageClass"
                | "ValidatingAdmissionPolicy"
                | "ValidatingAdmissionPolicyBinding"
                | "ValidatingWebhookConfiguration"
                | "VolumeAttachment"
        )
    }
}
