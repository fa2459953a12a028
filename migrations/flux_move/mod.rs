//! `flux-move`: Flux Kustomizations move to the namespaces of their apps, and nothing is pruned. Sources,
//! stores and Gateways follow by the same means (`objects`).
//!
//! ```yaml
//! kind: Kustomization                   kind: Kustomization
//! metadata:                             metadata:
//!   name: plex                            name: plex
//!   namespace: flux-system         →      namespace: media
//! spec:                                 spec:
//!   targetNamespace: media                targetNamespace: media
//!   sourceRef:                            sourceRef:
//!     kind: GitRepository                   kind: GitRepository
//!     name: home                            name: home
//!                                           namespace: flux-system
//! ```
//!
//! Another namespace is another object: the old one is deleted, and deletes what it applied. So a move has
//! stages, each of which waits for the one before on the branch that the cluster follows (`gate`): guards,
//! the move with all references (`references`, `write`), and the guards go. `needs` says what the new
//! namespace has to have, `check` that nothing but names differs. Semantics:
//! `docs/flux-and-kustomize.md#identity-and-deletion`; the mistakes that are made impossible here:
//! `docs/hazards.md#n1` to `docs/hazards.md#n21`.

mod beside;
mod candidate;
mod carriers;
mod check;
mod claims;
mod codes;
mod edit;
mod find;
mod gate;
mod guard;
mod judge;
#[cfg(test)]
mod laws;
mod mentions;
mod moves;
mod named;
mod needs;
mod objects;
mod patches;
mod places;
mod references;
mod remedies;
mod repair;
mod runbook;
mod scope;
mod seconds;
mod settings;
mod style;
mod target;
#[cfg(test)]
mod tests;
mod texts;
mod tidy;
#[cfg(test)]
mod trees;
mod units;
mod watch;
mod world;
mod write;

pub use settings::{
    Decryption, FluxMoveSettings, GuardBy, Injections, Move, Name, References, Rule, Statement, Substitutions, To,
};

use self::find::Found;
use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, ClusterTree, Edited, Gate, Meta, Migration, Phase, Survey, Unit};

/// The migration.
pub struct FluxMove;

static META: Meta = Meta {
    id: "flux-move",
    aliases: &[],
    version: 1,
    phase: Phase::NONE,
    summary: "Flux Kustomizations, sources, stores and Gateways move or get other names, guarded",
    readme: include_str!("README.md"),
    codes: &[codes::CODES],
};

impl Migration for FluxMove {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn section(&self) -> Option<SectionType> {
        Some(SectionType::of::<FluxMoveSettings>())
    }

    fn survey(&self, view: &View, settings: &Settings) -> Survey {
        let own: FluxMoveSettings = settings.section();
        if !own.is_asked_for() {
            return Survey { out_of_scope: units::proposal(view), ..Survey::default() };
        }
        units::survey(&Found::in_view(&view.whole(), settings))
    }

    /// A namespace that is stated for a whole folder changes nothing in what is built.
    fn keeps_builds(&self, unit: &Unit) -> bool {
        [tidy::PARENT, tidy::INHERIT].contains(&unit.id.step)
    }

    fn gated_steps(&self) -> &'static [&'static str] {
        &[
            beside::SECOND,
            units::MOVE,
            beside::SWITCH,
            objects::SWITCH_ROOT,
            beside::FIRST_OUT,
            units::UNGUARD,
            tidy::PARENT,
            tidy::INHERIT,
            tidy::TIDY,
        ]
    }

    fn gates(&self, units: &[&Unit], tree: &ClusterTree<'_>, _: &[ClusterTree<'_>], settings: &Settings) -> Vec<Gate> {
        gate::gates(units, tree, settings)
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let all = view.whole();
        let found = Found::in_view(&all, settings);
        units.iter().map(|unit| edit::edit(&found, unit)).collect()
    }

    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook> {
        let all = view.whole();
        let found = Found::in_view(&all, settings);
        batches.iter().map(|batch| runbook::runbook(&found, batch)).collect()
    }
}
