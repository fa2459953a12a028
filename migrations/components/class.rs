//! The classes of batches that only this migration has.

use crate::plan::{Apart, Class};

/// PersistentVolumeClaims that are annotated first, so that Flux does not delete them.
pub(super) const CLAIMS: Class = Class::new(12, "claims", "claims", "claim").apart_from(Apart::Dependents);
/// Templates that become Components together with all their consumers.
pub(super) const PROMOTIONS: Class = Class::new(18, "promotions", "promotions", "Component");
/// Kustomization files that build something else afterwards, on purpose.
pub(super) const CHANGES: Class = Class::new(50, "changes", "changes on purpose", "consumer");
/// Directories that are renamed.
pub(super) const RENAMES: Class = Class::new(80, "renames", "renames", "rename");
