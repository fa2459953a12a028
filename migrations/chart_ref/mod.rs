//! Phase 3, `chart-ref`: HelmReleases move from `spec.chart` to `spec.chartRef`, the version kept.
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
//! Strategy `shared`: one OCIRepository in `flux-system` for each URL and version, reused or written, which every release that it serves
//! needs. Semantics: specification `chart-ref.md`; the mistakes that it makes impossible: `hazards.md`, S2 to S6, S8, S10, S12, S14.

pub(in crate::migrations) mod codes;
mod release;
mod runbook;
mod settings;
mod source;
mod survey;
mod unit;

pub use settings::ChartRefSettings;

use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Survey, Unit};

/// The migration.
pub struct ChartRef;

static META: Meta = Meta {
    id: "chart-ref",
    version: 1,
    phase: 3,
    summary: "HelmReleases reference their chart by spec.chartRef, version kept",
    readme: include_str!("README.md"),
    codes: codes::ALL,
};

impl Migration for ChartRef {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<ChartRefSettings>())
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        unit::survey(&survey::Found::in_view(view, &settings.section()), view)
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let found = survey::Found::in_view(view, &settings.section());
        units.iter().map(|unit| unit::edit(&found, view, unit)).collect()
    }

    fn runbook(&self, view: &View, batch: &Batch<'_>, settings: &Settings) -> Runbook {
        runbook::runbook(&survey::Found::in_view(view, &settings.section()), view, batch)
    }
}
