//! Phase 2, `components`: templates that kustomizations list under `resources` become Components, and nothing else changes.
//!
//! ```yaml
//! resources:                           resources:
//!   - ./helmrelease.yaml                 - ./helmrelease.yaml
//!   - ../../../templates/volsync   →   components:
//!                                        - ../../../components/volsync
//! ```
//!
//! `template` finds the consumers, `pair` the Component that renders what a template does, `survey`
//! makes units of them, `edit` their text; `proof` builds every Flux Kustomization with and without
//! it. Semantics: `docs/components.md`; the mistakes that it makes impossible: `docs/hazards.md#c1`
//! to `docs/hazards.md#c11`.

mod about;
mod class;
pub(in crate::migrations) mod codes;
mod copy;
mod destination;
mod edit;
mod pair;
mod promote;
mod proof;
mod protect;
mod removal;
mod rename;
mod runbook;
mod settings;
mod survey;
mod switch;
mod template;
mod unit;
mod warnings;

pub use settings::{ComponentsSettings, Create, Destination};

use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Code, Edited, Finding, Meta, Migration, Severity, Survey, Unit};
use crate::repo::RepoPath;

/// The migration.
pub struct Components;

static META: Meta = Meta {
    id: "components",
    version: 1,
    phase: 2,
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
        let own: ComponentsSettings = settings.section();
        if own.renames.is_empty() && template::Templates::of(&own).are_none(view) {
            return Survey::default();
        }
        survey::survey(&survey::Found::in_view(&view.whole(), &own))
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        edit::edit(&survey::Found::in_view(&view.whole(), &settings.section()), units)
    }

    fn runbook(&self, view: &View, batch: &Batch<'_>, _: &Settings) -> Runbook {
        runbook::runbook(view, batch)
    }
}

/// A finding with one of the [`codes`] or a general one, with its advice.
fn finding(severity: Severity, code: &'static Code, path: &RepoPath, line: Option<usize>, message: String) -> Finding {
    Finding { severity, code, path: Some(path.clone()), line, message }
}
