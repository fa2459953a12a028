//! `health-signals`: who hears of it, and who waits for it, when something fails.
//!
//! ```yaml
//! kind: Alert                              kind: Alert
//! metadata:                                metadata:
//!   name: alert-manager                      name: alert-manager
//!   namespace: media                 →       namespace: media
//! spec:                                    spec:
//!   eventSources:                            eventSources:
//!     - kind: HelmRelease                      - kind: HelmRelease
//!       name: "*"                                name: "*"
//!                                              - kind: Kustomization
//!                                                name: "*"
//! ```
//!
//! A Flux Kustomization without `wait` is Ready while what it applies fails. That is well where an Alert says
//! so, and where nothing depends on it. So: Alerts get the entries that they lack, what others depend on
//! gets health checks, and what nothing depends on waits no longer. All of it is read off the tree; no
//! Provider and no address is made up. Nothing of this is in scope unless the configuration has a section
//! `health-signals`.
//!
//! It is no recipe, because each of the three is decided by the graph: which namespaces have objects that
//! no Alert names, what depends on what, and which releases a Flux Kustomization builds.

mod alerts;
mod checks;
mod codes;
mod edit;
mod find;
mod runbook;
mod settings;
#[cfg(test)]
mod tests;
mod units;

pub use settings::HealthSignalsSettings;

use self::find::Found;
use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Phase, Survey, Unit};

/// The migration.
pub struct HealthSignals;

static META: Meta = Meta {
    id: "health-signals",
    aliases: &[],
    version: 1,
    phase: Phase::NONE,
    summary: "Alerts and health checks for what nobody hears of when it fails",
    readme: include_str!("README.md"),
    codes: &[codes::CODES],
};

impl Migration for HealthSignals {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<HealthSignalsSettings>())
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let own: HealthSignalsSettings = settings.section();
        match own.is_stated {
            true => units::survey(&Found::in_view(&view.whole(), &own)),
            false => Survey { out_of_scope: units::not_asked_for(view), ..Survey::default() },
        }
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let all = view.whole();
        let found = Found::in_view(&all, &settings.section());
        units.iter().map(|unit| edit::edit(&found, unit)).collect()
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], _: &Settings) -> Vec<Runbook> {
        batches.iter().map(|batch| runbook::runbook(view, batch)).collect()
    }
}
