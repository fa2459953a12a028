//! Phase 4, `remediation-defaults`: what nearly every HelmRelease says of failed installs and upgrades is said once, at the releases root.
//!
//! ```yaml
//! # The root, which applies the Flux Kustomizations that render the HelmReleases:
//! spec:
//!   patches:
//!     - patch: |-
//!         apiVersion: kustomize.toolkit.fluxcd.io/v1
//!         kind: Kustomization
//!         metadata:
//!           name: not-used
//!         spec:
//!           patches:
//!             - patch: |-
//!                 ...
//!                 spec:
//!                   upgrade:
//!                     remediation:
//!                       retries: 3
//!               target:
//!                 group: helm.toolkit.fluxcd.io
//!                 kind: HelmRelease
//!                 labelSelector: remediation.flux.home.arpa/defaults=enabled
//!       target: ...
//!
//! # A release:                          and afterwards:
//! metadata:                             metadata:
//!   name: plex                            name: plex
//!                                         labels:
//!                                 →         remediation.flux.home.arpa/defaults: enabled
//! spec:                                 spec:
//!   interval: 30m                         interval: 30m
//!   upgrade:
//!     remediation:
//!       retries: 3
//! ```
//!
//! `fields` is the API, `set` some of its fields with values, `choose` which a root gets, `entry`
//! the text of a patch that states them, `roots` where that goes; `survey` puts all of it into a
//! trial view, `effect` says what it does there, `subtract` what is redundant then; `unit` (and
//! `stage_a`) makes units of it, `write` and `edit` their text. Semantics:
//! `docs/remediation-defaults.md`; the mistakes that it makes impossible: `docs/hazards.md#r1` to
//! `docs/hazards.md#r8`.
//!
//! What Flux would merge is not merged here. `survey` makes a view of the tree with everything
//! planned in it, and reads off that what each object becomes, and which fields arrive unchanged
//! without being stated. A field is removed only if the whole object arrives as it did, in every
//! place that applies it. What is proposed is counted over what arrives, not over texts, so that the
//! count stays the same when a part has landed. As soon as a root states defaults, these are the
//! defaults. An entry is recognised by the label that its selector asks for.

mod about;
mod choose;
mod class;
mod codes;
mod edit;
mod effect;
mod entry;
mod fields;
mod id;
mod roots;
mod runbook;
mod say;
mod set;
mod settings;
mod stage_a;
mod subtract;
mod survey;
mod template;
mod unit;
mod write;

use entry::DISABLED;
pub use set::Set;
pub use settings::{Overridden, OwnPatches, RemediationDefaultsSettings, Scope};

use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::plan::runbook::Runbook;
use crate::plan::{Batch, Code, Edited, Finding, Meta, Migration, Severity, Survey, Unit};
use crate::repo::RepoPath;

/// The migration.
pub struct RemediationDefaults;

static META: Meta = Meta {
    id: "remediation-defaults",
    version: 1,
    phase: 4,
    summary: "what nearly all releases say of failures is said once, at the root",
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
        let own = settings.section();
        let mut survey = unit::survey(&survey::Found::in_view(view, &own));
        survey.drafts.extend(template::units(view, &own));
        survey
    }

    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited> {
        let found = survey::Found::in_view(view, &settings.section());
        units.iter().map(|unit| edit::edit(&found, unit)).collect()
    }

    fn runbook(&self, view: &View, batch: &Batch<'_>, settings: &Settings) -> Runbook {
        runbook::runbook(&survey::Found::in_view(view, &settings.section()), view, batch)
    }
}

/// `namespace/name`, or the name alone where nothing gives it a namespace.
fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// A finding with one of the [`codes`] here, of sources, or a general one, with its advice.
fn finding(
    severity: Severity,
    code: &'static Code,
    path: Option<&RepoPath>,
    line: Option<usize>,
    message: String,
) -> Finding {
    Finding { severity, code, path: path.cloned(), line, message }
}
