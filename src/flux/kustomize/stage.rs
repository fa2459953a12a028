//! One thing that a build does to an object, as data that can be compared.

use std::sync::Arc;

use crate::flux::value::Value;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// One thing that a build does to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A patch is applied; this is its text.
    Patch(Arc<str>),
    /// The namespace is set.
    Namespace(String),
    /// Fields of a kustomization file that change all objects so far.
    Fields {
        /// The file, if the meaning of its fields depends on where it is.
        by: Option<RepoPath>,
        /// The fields.
        fields: Vec<(String, Value)>,
    },
}

/// Fields that add objects or do nothing to them, and fields that have stages of their own.
const NO_STAGE: [&str; 15] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "sortOptions",
    "namespace",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "$schema",
];

/// Fields that mean the same in every file.
const SAME_ANYWHERE: [&str; 7] =
    ["namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations", "images", "replicas"];

impl Stage {
    /// What the fields of a kustomization file do to all objects so far, without namespace and
    /// patches.
    pub(super) fn of_fields(path: &RepoPath, root: Node<'_>) -> Option<Arc<Stage>> {
        let file = Value::of(root)?;
        let changing =
            file.entries().iter().filter(|(key, value)| !NO_STAGE.contains(&key.as_str()) && *value != Value::Null);
        let fields: Vec<(String, Value)> = changing.cloned().collect();
        let same_anywhere = fields.iter().all(|(key, _)| SAME_ANYWHERE.contains(&key.as_str()));
        let by = (!same_anywhere).then(|| path.clone());
        (!fields.is_empty()).then(|| Arc::new(Stage::Fields { by, fields }))
    }
}
