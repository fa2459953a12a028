//! Phase 4, `remediation-defaults`: the settings for failed installs and upgrades that most
//! HelmReleases repeat move into one patch at the releases root.
//!
//! README.md shows what is written. Semantics: `docs/remediation-defaults.md`; the mistakes that
//! are made impossible here: `docs/hazards.md#r1` to `docs/hazards.md#r8`.
//!
//! What Flux would merge is not merged here. `find` makes a view of the tree with everything
//! planned in it, and reads off that what each object becomes (`effect`) and which fields arrive
//! unchanged without being stated (`subtract`). What is proposed is counted over what arrives, so
//! that the count stays the same when some of it has landed. As soon as a root states defaults,
//! these are the defaults.

mod choose;
mod class;
mod codes;
mod edit;
mod effect;
mod entry;
mod fields;
mod find;
mod findings;
mod roots;
mod runbook;
mod set;
mod settings;
mod subtract;
mod template;
mod units;

pub use set::Set;
pub use settings::{Overridden, OwnPatches, Scope, Settings as RemediationDefaultsSettings};

use crate::config::{SectionType, Settings};
use crate::flux::{View, on_all_cores};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Phase, Survey, Unit};
use find::Found;

/// The migration.
pub struct RemediationDefaults;

static META: Meta = Meta {
    id: "remediation-defaults",
    aliases: &[],
    version: 1,
    phase: Phase::of(4),
    summary: "install/upgrade remediation settings move into one patch at the root Kustomization",
    readme: include_str!("README.md"),
    codes: &[codes::CODES],
};

impl Migration for RemediationDefaults {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<RemediationDefaultsSettings>())
    }

    fn keeps_builds(&self, unit: &Unit) -> bool {
        unit.class == Some(class::REDUNDANT)
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        units::survey(&Found::in_view(view, settings.section()))
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let found = Found::in_view(view, settings.section());
        on_all_cores(units, |unit| edit::edit(&found, unit))
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let found = Found::in_view(view, settings.section());
        batches.iter().map(|batch| runbook::runbook(&found, batch)).collect()
    }
}
