//! Phase 2, `components`: templates that kustomizations list under `resources` become Components,
//! and nothing else changes.
//!
//! ```yaml
//! resources:                           resources:
//!   - ./helmrelease.yaml                 - ./helmrelease.yaml
//!   - ../../../templates/volsync   →   components:
//!                                        - ../../../components/volsync
//! ```
//!
//! `template` finds the consumers, `pair` the Component that renders the same as a template; `find`
//! has both. `units` makes units of them, `edit` their text; `proof` builds every Flux
//! Kustomization with and without it. Semantics: `docs/components.md`; the mistakes that it makes
//! impossible: `docs/hazards.md#c1` to `docs/hazards.md#c11`.

mod class;
pub(in crate::migrations) mod codes;
mod copy;
mod destination;
mod edit;
mod files;
mod find;
mod findings;
mod ids;
mod made;
mod pair;
mod promote;
mod proof;
mod protect;
mod removal;
mod rename;
mod runbook;
mod settings;
mod switch;
mod template;
mod units;
mod warnings;

pub use settings::{ComponentsSettings, Create, Destination};

use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Edited, Meta, Migration, Phase, Survey, Unit};

/// The migration.
pub struct Components;

static META: Meta = Meta {
    id: "components",
    aliases: &[],
    version: 1,
    phase: Phase::of(2),
    summary: "templates become Components, builds stay the same",
    readme: include_str!("README.md"),
    codes: &[codes::CODES],
};

impl Migration for Components {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<ComponentsSettings>())
    }

    fn keeps_builds(&self, _: &Unit) -> bool {
        true
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let settings: ComponentsSettings = settings.section();
        if settings.renames.is_empty() && template::Templates::of(&settings).are_none(view) {
            return Survey::default();
        }
        units::survey(&find::Found::in_view(&view.whole(), &settings))
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        edit::edit(&find::Found::in_view(&view.whole(), &settings.section()), units)
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], _: &Settings) -> Vec<Runbook> {
        batches.iter().map(|batch| runbook::runbook(view, batch)).collect()
    }
}
