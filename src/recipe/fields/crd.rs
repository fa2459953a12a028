//! Kinds as CustomResourceDefinitions state them (`apiextensions.k8s.io/v1`, which is all that
//! Kubernetes serves since 1.22).

use super::schema;
use super::table::{Kind, Version};
use crate::flux::Value;

/// The group of what defines kinds.
pub(super) const GROUP: &str = "apiextensions.k8s.io";
/// The kind of what does.
pub(super) const KIND: &str = "CustomResourceDefinition";

/// The kind that an object defines; `None` if it is no definition of one.
pub(super) fn kind(object: &Value) -> Option<Kind> {
    let is_one = object.text_at(&["kind"]) == Some(KIND)
        && object.text_at(&["apiVersion"]).is_some_and(|stated| stated.split('/').next() == Some(GROUP));
    let spec = object.get("spec").filter(|_| is_one)?;
    let version = |version: &Value| {
        let schema = version.at(&["schema", "openAPIV3Schema"]);
        let root = schema.map(schema::root).unwrap_or_default();
        Some(Version { name: version.text_at(&["name"])?.to_owned(), served: None, root })
    };
    Some(Kind {
        group: spec.text_at(&["group"])?.to_owned(),
        name: spec.text_at(&["names", "kind"])?.to_owned(),
        versions: spec.get("versions").map_or(&[][..], Value::items).iter().filter_map(version).collect(),
    })
}
