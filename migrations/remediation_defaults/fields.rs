//! The fields of Flux's API that defaults may set: those of which it is known what is in force where
//! they are absent.

use crate::flux::{FluxVersion, Value};
pub(super) use crate::recipe::fields::defaults::{Absent, Field, Takes};
use crate::recipe::fields::defaults::{HELM_RELEASE, KUSTOMIZATION};

/// The kind of the objects that get defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    /// HelmReleases.
    Release,
    /// Flux Kustomizations.
    Kustomization,
}

impl ObjectKind {
    /// Both kinds.
    pub(super) const ALL: [ObjectKind; 2] = [ObjectKind::Release, ObjectKind::Kustomization];

    /// The fields that its defaults may set.
    pub(super) fn table(self) -> &'static [Field] {
        match self {
            ObjectKind::Release => HELM_RELEASE,
            ObjectKind::Kustomization => KUSTOMIZATION,
        }
    }
}

impl Field {
    /// `spec.upgrade.remediation.retries`.
    pub(super) fn name(&self) -> String {
        format!("spec.{}", self.short())
    }

    /// `upgrade.remediation.retries`.
    pub(super) fn short(&self) -> String {
        self.path.join(".")
    }

    /// The value in force in an object, as it is shown: Flux's defaults are marked.
    pub(super) fn shown(&self, spec: &Value, table: &[Field]) -> String {
        let mark = if self.stated(spec).is_some() { "" } else { " (Flux's default)" };
        self.in_force(spec, table) + mark
    }

    /// Whether Flux does this anyway, whatever else an object states.
    pub(super) fn is_built_in(&self, value: &Value) -> bool {
        matches!((self.absent, value.text()), (Absent::Is(text), Some(stated)) if text == stated)
    }

    /// Whether a release with this value is an exception on purpose: CRDs are left alone, retries
    /// are endless, an uninstall is the remediation, or hooks are disabled. It gets no defaults,
    /// whichever fields they set (`docs/hazards.md#r5`).
    pub(super) fn is_exception(&self, value: &Value) -> bool {
        match (self.path.last(), value.text()) {
            (Some(&"crds"), Some("Skip")) | (Some(&"strategy"), Some("uninstall")) => true,
            (Some(&"disableHooks"), _) => value.is_true(),
            (Some(&"retries"), Some(text)) => text.starts_with('-'),
            _ => false,
        }
    }

    /// Why it cannot be set with a version of Flux; `None` where it can.
    pub(super) fn lacking(&self, flux: Option<FluxVersion>) -> Option<String> {
        let Some(flux) = flux else {
            let is_new = self.since > 0 || self.until.is_some();
            return is_new.then(|| "its version of Flux is not known".to_owned());
        };
        if !flux.is_at_least(self.since) {
            return Some(format!("it runs Flux {flux}, and the field came with 2.{}", self.since));
        }
        let until = self.until.filter(|minor| flux.is_at_least(*minor))?;
        Some(format!("it runs Flux {flux}, where the field does nothing (from 2.{until} on)"))
    }
}
