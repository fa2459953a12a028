//! Phase 4.5, `flux-operator`: from the manifests of Flux to Flux Operator and a FluxInstance.
//!
//! ```yaml
//! kind: Kustomization                    kind: FluxInstance
//! metadata:                              metadata:
//!   name: flux                             name: flux
//! spec:                                  spec:
//!   path: ./                               distribution:
//!   prune: true                              version: 2.7.5
//!   sourceRef:                               registry: ghcr.io/fluxcd
//!     kind: OCIRepository          →       components: [source-controller, ...]
//!     name: flux-manifests                 cluster:
//!   patches:                                 networkPolicy: false
//!     - patch: |                           kustomize:
//!         - op: add                          patches:
//!           ...                                - patch: |
//! ```
//!
//! The highest stake of all: a wrong order deletes controllers and CRDs, and every object of Flux with
//! them. So there are stages, each with a gate on the branch that its cluster follows: the old
//! installation is guarded, the operator comes beside it, the instance takes over, and only then the old
//! one is removed. Nothing of this is in scope unless the configuration has a section `flux-operator`.

mod adopt;
mod alerts;
mod bootstrap;
mod codes;
mod distribution;
mod edit;
mod find;
#[cfg(test)]
mod fixtures;
mod gate;
mod gotk;
mod install;
mod patches;
mod place;
mod proof;
mod renders;
mod runbook;
mod settings;
#[cfg(test)]
mod shapes_tests;
mod starts;
mod style;
mod units;
mod versions;
mod write;

pub use renders::compare_renders;
pub use settings::FluxOperatorSettings;
pub use versions::Version;

use self::find::Found;
use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, ClusterTree, Edited, Gate, Meta, Migration, Phase, Survey, Unit};

/// Where the controllers of Flux are.
const NAMESPACE: &str = "flux-system";

/// The migration.
pub struct FluxOperator;

static META: Meta = Meta {
    id: "flux-operator",
    aliases: &[],
    version: 1,
    phase: Phase::behind(4),
    summary: "Flux is installed by Flux Operator, stage by stage",
    readme: include_str!("README.md"),
    codes: &[codes::CODES, crate::migrations::sources::codes::CODES],
};

impl Migration for FluxOperator {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<FluxOperatorSettings>())
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let own: FluxOperatorSettings = settings.section();
        let all = view.whole();
        let found = Found::in_view(&all, &own);
        match own.is_stated {
            true => units::survey(&found),
            false => Survey { out_of_scope: units::not_asked_for(&found), ..Survey::default() },
        }
    }

    fn gated_steps(&self) -> &'static [&'static str] {
        &units::STEPS
    }

    fn gates(
        &self,
        units: &[&Unit],
        tree: &ClusterTree<'_>,
        earlier: &[ClusterTree<'_>],
        settings: &Settings,
    ) -> Vec<Gate> {
        gate::gates(units, tree, earlier, &settings.section())
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let all = view.whole();
        let found = Found::in_view(&all, &settings.section());
        units.iter().map(|unit| edit::edit(&found, unit)).collect()
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let all = view.whole();
        let found = Found::in_view(&all, &settings.section());
        batches.iter().map(|batch| runbook::runbook(&found, batch)).collect()
    }
}
