//! Phase 3, `app-template`: releases of app-template move from 3.x to 4.x; names are kept.
//!
//! ```yaml
//! spec:                                spec:
//!   chartRef:                            chartRef:
//!     kind: OCIRepository                  kind: OCIRepository
//!     name: app-template-3-7-3             name: app-template-4-6-2
//!     namespace: flux-system               namespace: flux-system
//!   values:                              values:
//!     controllers:                         controllers:
//!       app:                                 app:
//!         containers: ...           →          containers: ...
//!                                              serviceAccount:
//!                                                identifier: app
//!     serviceAccount:                      serviceAccount:
//!       create: true                         app: {}
//!     persistence:                         persistence:
//!       data:                                data:
//!         size: 10Gi                           suffix: data
//!                                              size: 10Gi
//! ```
//!
//! With a target of 5.x, releases on 4.x move as well, and what 4.x does by itself is stated. With
//! `from: 2`, releases on 2.x move as well, and what 2.x has by default is stated first.
//!
//! `charts::app_template` knows what the chart makes of values and how values of 3.x become values
//! of 4.x. This folder decides where a release gets 4.x from, what is written, and what that does
//! to the cluster. Semantics: `docs/app-template.md`; the mistakes that it makes impossible:
//! `docs/hazards.md#s1`, `docs/hazards.md#s11`, `docs/hazards.md#s13`, `docs/hazards.md#s14`,
//! `docs/hazards.md#v1` to `docs/hazards.md#v13`.

mod age;
mod carriers;
pub(in crate::migrations) mod codes;
pub(in crate::migrations) mod conversion;
pub(in crate::migrations) mod edit;
pub(in crate::migrations) mod evidence;
mod find;
pub(in crate::migrations) mod impact;
mod in_5;
pub(in crate::migrations) mod references;
mod release;
mod removal;
pub(in crate::migrations) mod runbook;
mod schema;
mod seconds;
mod settings;
mod source;
mod units;
mod versions;

pub use settings::{AppTemplateSettings, Mode, Oldest, OnChart, Selectors};

use self::find::Found;
use super::chart_ref::ChartRefSettings;
use crate::charts::homes::APP_TEMPLATE;
use crate::config::{SectionType, Settings};
use crate::flux::{View, on_all_cores};
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Phase, Survey, Unit};

/// The migration.
pub struct AppTemplate;

static META: Meta = Meta {
    id: "app-template",
    aliases: &["app-template-v4"],
    version: 3,
    phase: Phase::of(3),
    summary: "app-template moves from 3.x to 4.x, names and accounts kept",
    readme: include_str!("README.md"),
    codes: &[codes::CODES, super::sources::codes::CODES],
};

/// What a tree has for this migration. Where `chart-ref` takes releases to a version, the others do
/// not follow them: how many have moved must not matter.
fn found<'v>(view: &'v View, settings: &Settings) -> Found<'v> {
    let own: AppTemplateSettings = settings.section();
    let chart_ref: ChartRefSettings = settings.section();
    let is_moving = chart_ref.charts.iter().any(|chart| chart.name == APP_TEMPLATE && chart.target.is_some());
    Found::in_view(view, if is_moving { own } else { own.with_target_of(&find::versions(view)) })
}

impl Migration for AppTemplate {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<AppTemplateSettings>().also_called(META.aliases))
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let mut found = found(view, settings);
        found.add_references();
        units::survey(&found)
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let found = found(view, settings);
        on_all_cores(units, |unit| edit::edit(&found, unit))
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let found = found(view, settings);
        batches.iter().map(|batch| runbook::runbook(&found, batch)).collect()
    }
}
