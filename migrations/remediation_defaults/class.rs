//! The classes of batches that only this migration has.

use crate::plan::{Apart, Class};

/// Labels that keep the defaults away from objects.
pub(super) const OPT_OUTS: Class = Class::new(16, "opt-outs", "opt-outs", "object").apart_from(Apart::Dependents);
/// Defaults of Flux Kustomizations.
pub(super) const KUSTOMIZATION_DEFAULTS: Class =
    Class::new(17, "kustomization-defaults", "defaults of Kustomizations", "root").apart_from(Apart::Dependents);
/// Defaults of HelmReleases.
pub(super) const RELEASE_DEFAULTS: Class =
    Class::new(19, "release-defaults", "defaults of releases", "root").apart_from(Apart::Dependents);
/// Fields that repeat the defaults.
pub(super) const REDUNDANT: Class = Class::new(60, "redundant", "redundant fields", "object").apart_from(Apart::Needs);
