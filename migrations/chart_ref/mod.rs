//! Phase 3, `chart-ref`: HelmReleases move from `spec.chart` to `spec.chartRef`, the version kept
//! unless a target is configured.
//!
//! ```yaml
//! spec:                              spec:
//!   chart:                             chartRef:
//!     spec:                              kind: OCIRepository
//!       chart: app-template              name: app-template-3-7-3
//!       version: 3.7.3           →       namespace: flux-system
//!       sourceRef:
//!         kind: HelmRepository
//!         name: bjw-s
//!         namespace: flux-system
//! ```
//!
//! Each release gets a source: one that all share (`shared`), one in its namespace (`namespace`),
//! or one beside it (`per_app`); `home` says which. `address` says where the chart lives and in
//! which version, `used` where the tree takes it from already, `values` what a new version asks of values, `removal` which HelmRepositories are
//! removed. Semantics: `docs/chart-ref.md`; the mistakes that it prevents: `docs/hazards.md#s1` to
//! `docs/hazards.md#s16`.

mod address;
mod apart;
mod candidate;
mod chart_settings;
mod codes;
mod edit;
mod find;
mod findings;
mod home;
mod namespace;
mod origin;
mod per_app;
mod reference;
mod removal;
mod runbook;
mod settings;
mod shared;
mod source;
mod units;
mod used;
mod values;
mod want;

pub use chart_settings::{ChartSettings, Strategy};
pub use settings::ChartRefSettings;

use crate::config::{SectionType, Settings};
use crate::flux::{View, on_all_cores};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Phase, Survey, Unit};

/// The migration.
pub struct ChartRef;

pub(super) static META: Meta = Meta {
    id: "chart-ref",
    aliases: &[],
    version: 3,
    phase: Phase::of(3),
    summary: "HelmReleases reference their chart by spec.chartRef, version kept",
    readme: include_str!("README.md"),
    codes: &[codes::CODES, super::sources::codes::CODES],
};

impl Migration for ChartRef {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<ChartRefSettings>())
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let mut found = in_view(view, settings);
        found.add_references(view);
        units::survey(&found, view)
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let found = in_view(view, settings);
        on_all_cores(units, |unit| edit::edit(&found, view, unit))
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let found = in_view(view, settings);
        batches.iter().map(|batch| runbook::runbook(&found, view, batch)).collect()
    }
}

fn in_view<'v>(view: &'v View, settings: &Settings) -> find::Found<'v> {
    find::Found::in_view(view, &settings.section(), &settings.section())
}
