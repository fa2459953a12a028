//! The units: the stages of each cluster.

use std::collections::BTreeSet;

use super::META;
use super::alerts;
use super::bootstrap;
use super::codes;
use super::find::{Found, Standing};
use super::install::{Install, Old};
use super::place::{Listing, listing};
use super::proof;
use super::settings::Stated;
use super::starts::{self, SYNC, SYNC_GUARD, SYNC_OUT};
use super::write::{INSTANCE, OPERATOR, Writer};
use crate::flux::{Object, View};
use crate::plan::author::{never_changed, subject, subject_of_flux};
use crate::plan::{Apart, Class, Draft, Finding, Impact, OutOfScope, REMOVE, Subject, Survey, UnitId};
use crate::repo::RepoPath;

/// Stage A: the old installation deletes nothing when it is removed.
pub(super) const GUARD: &str = "guard";
/// Stage B: Flux Operator.
pub(super) const OPERATOR_STEP: &str = "operator";
/// Stage C: the FluxInstance.
pub(super) const INSTANCE_STEP: &str = "instance";
/// Stage F: Alerts see the FluxInstance.
pub(super) const ALERT: &str = "alert";

/// All stages, in order; the old installation is removed in [`REMOVE`]. The last three are those of
/// `sync: adopt`.
pub(super) const STEPS: [&str; 8] = [GUARD, OPERATOR_STEP, INSTANCE_STEP, REMOVE, ALERT, SYNC_GUARD, SYNC, SYNC_OUT];

const GUARDS: Class = Class::new(13, "guards", "guards", "guard").apart_from(Apart::Dependents);
const ALERTS: Class = Class::new(16, "alerts", "Alerts", "alert").apart_from(Apart::Needs);
const INSTANCES: Class = Class::new(88, "instance", "FluxInstances", "instance").apart_from(Apart::Needs);
const OPERATORS: Class = Class::SOURCES.apart_from(Apart::Dependents);

/// What is left alone where the configuration has no section for it.
pub(super) fn not_asked_for(found: &Found<'_>) -> OutOfScope {
    let count = found.clusters.iter().filter(|standing| standing.install.is_some()).count();
    let what = if count > 0 { format!("installations of Flux: {count}: not configured") } else { String::new() };
    OutOfScope { count, what }
}

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let mut survey = Survey::default();
    for standing in &found.clusters {
        if let Some((at, reason)) = &standing.in_the_way {
            let object = found.view.object(at);
            let Some(object) = object else { continue };
            let id = UnitId::new(&META, GUARD, subject(found.view, object));
            let draft = Draft::new(id, "Flux stays as it is installed", [at.path.clone()]);
            survey.drafts.push(Draft { findings: vec![reason.clone()], ..draft });
            continue;
        }
        let stages = standing.install.as_ref().map(|install| Stages { found, standing, install }.drafts());
        let stages = stages.unwrap_or_default();
        let coming = stages.iter().find(|draft| draft.id.step == INSTANCE_STEP).map(|draft| draft.id.clone());
        if coming.is_some() || standing.has_instance(None) {
            let alerts = alerts::watching(found.view, standing.cluster);
            survey.drafts.extend(alerts.into_iter().map(|alert| alert_draft(found, alert, coming.clone())));
            survey.findings.extend(alerts::commented(found.view, standing.cluster));
        }
        survey.drafts.extend(stages);
        survey.drafts.extend(starts::drafts(found, standing));
    }
    survey.drafts.extend(bootstrap::applied(found.view).map(|(file, reason)| {
        let id = UnitId::new(&META, GUARD, Subject::consumer(&file.path));
        Draft { findings: vec![reason], ..Draft::new(id, "Flux stays as it is installed", [file.path.clone()]) }
    }));
    survey.findings.extend(bootstrap::listed(found));
    survey
}

/// The stages of a cluster that has an old installation.
pub(super) struct Stages<'f, 'v> {
    pub(super) found: &'f Found<'v>,
    pub(super) standing: &'f Standing<'v>,
    pub(super) install: &'f Install<'v>,
}

impl<'v> Stages<'_, 'v> {
    fn view(&self) -> &'v View {
        self.found.view
    }

    fn guard_id(&self) -> UnitId {
        UnitId::new(&META, GUARD, old_subject(self.install))
    }

    fn operator_id(&self, flux: &RepoPath) -> UnitId {
        UnitId::new(&META, OPERATOR_STEP, Subject::object("Kustomization", &self.install.namespace, OPERATOR, flux))
    }

    fn instance_id(&self, flux: &RepoPath) -> UnitId {
        UnitId::new(&META, INSTANCE_STEP, Subject::object("Kustomization", &self.install.namespace, INSTANCE, flux))
    }

    /// The drafts of the stages that are to come. What is refused is refused once, with the first.
    fn drafts(&self) -> Vec<Draft> {
        let (view, install) = (self.view(), self.install);
        let mut problems = install.problems.clone();
        let place = listing(view, install.cluster, &install.namespace, &self.found.settings);
        problems.extend(place.as_ref().err().cloned());
        problems.extend(proof::other_owners(view, install));
        let listing = match place {
            Ok(listing) if problems.is_empty() => listing,
            _ => {
                let draft =
                    Draft::new(self.guard_id(), "Flux stays as it is installed", [install.old.place().0.clone()]);
                return vec![Draft { findings: problems, ..draft }];
            }
        };
        let writer = Writer::of(view, install, &listing, &self.found.settings);
        let (operator, instance) = (writer.operator_files(), writer.instance_files());
        let mut drafts = Vec::new();
        if !self.standing.is_guarded() {
            drafts.push(self.guard());
        }
        if self.standing.operator.is_none() {
            drafts.push(self.operator(&listing, operator.all(&listing), &operator.flux));
        }
        // One that is there and suspended is never written again.
        if self.standing.instance.is_none() {
            let needs = drafts.iter().map(|draft: &Draft| draft.id.clone()).collect();
            drafts.push(Draft { needs, ..self.instance(&listing, instance.all(&listing), &instance.flux) });
        }
        let needs: BTreeSet<UnitId> = drafts.iter().map(|draft| draft.id.clone()).collect();
        drafts.push(Draft { needs, ..self.removal() });
        drafts
    }

    fn guard(&self) -> Draft {
        let title = "the old installation deletes nothing when it is removed".to_owned();
        let draft = Draft::new(self.guard_id(), title, [self.install.old.place().0.clone()]);
        let listed = self.install.listed.clone();
        Draft { impact: Impact::Reconcile, class: Some(GUARDS), findings: listed, ..self.in_namespace(draft) }
    }

    fn in_namespace(&self, draft: Draft) -> Draft {
        Draft { namespace: Some(self.install.namespace.clone()), ..draft }
    }

    fn operator(&self, listing: &Listing, files: Vec<RepoPath>, flux: &RepoPath) -> Draft {
        let version = self.found.settings.operator;
        let title = format!("Flux Operator {version} beside it (its web server listens on port 9080 by default)");
        let findings = self.taken(&files, listing);
        let draft = Draft::new(self.operator_id(flux), title, files);
        Draft { impact: Impact::Upgrade, class: Some(OPERATORS), findings, ..self.in_namespace(draft) }
    }

    fn instance(&self, listing: &Listing, files: Vec<RepoPath>, flux: &RepoPath) -> Draft {
        let install = self.install;
        let version = install.version.map(|version| version.to_string()).unwrap_or_default();
        let (carried, all) = (install.entries().len(), install.carried.count);
        let policy = if install.network_policy() { "with" } else { "without" };
        let by = match self.found.settings.instance {
            Stated::Manifest => String::new(),
            Stated::Chart => format!(" by its chart {}", self.found.settings.operator),
        };
        let title = format!(
            "FluxInstance {version} takes over{by}: {} controllers, {carried} of {all} patches carried, {policy} \
             NetworkPolicies",
            install.components.len()
        );
        let mut findings = self.taken(&files, listing);
        findings.extend(proof::namespace_ignored(self.view(), install));
        findings.extend(proof::selectors(self.view(), install));
        if !install.orphaned.is_empty() {
            let message = format!("not in the FluxInstance, and left running: {}", install.orphaned.join(", "));
            findings.push(Finding::warning(codes::ORPHANED, message).at(install.old.place().0, None));
        }
        let message =
            "not rendered here: `flux-operator build instance` and `kubectl diff` show the objects (see the runbook)";
        findings.push(Finding::note(codes::NOT_RENDERED, message).at(install.old.place().0, None));
        let draft = Draft::new(self.instance_id(flux), title, files);
        let reads = [install.old.place().0.clone()].into();
        Draft { impact: Impact::Restart, class: Some(INSTANCES), findings, reads, ..self.in_namespace(draft) }
    }

    /// Why files cannot be created.
    fn taken(&self, files: &[RepoPath], listing: &Listing) -> Vec<Finding> {
        let is_there = |path: &&RepoPath| **path != listing.file && self.view().tree().entry(path).is_some();
        let taken = files.iter().find(is_there).map(|path| {
            let message = format!("there is a file {path} already");
            Finding::error(crate::migrations::sources::codes::NAME_TAKEN, message).at(path, None)
        });
        let barred = never_changed(self.view(), files.iter().filter(|path| self.view().tree().entry(path).is_some()));
        taken.or(barred).into_iter().collect()
    }

    fn removal(&self) -> Draft {
        let id = UnitId::new(&META, REMOVE, old_subject(self.install));
        let (title, touches) = match &self.install.old {
            Old::Oci { flux, source } => {
                let lists = [&flux.at.path, &source.path].map(|path| self.view().listed_in(path));
                let title = format!(
                    "{} and {} are removed: the operator has what they installed",
                    flux.full_name(),
                    flux.source.name
                );
                (
                    title,
                    lists.into_iter().flatten().chain([flux.at.path.clone(), source.path.clone()]).collect::<Vec<_>>(),
                )
            }
            Old::Gotk { file, kustomization, .. } => {
                let title = format!("{} is removed: the operator has what it installed", file.name());
                (title, vec![file.clone(), kustomization.clone()])
            }
        };
        let findings = self.removal_findings();
        let draft = Draft::new(id, title, touches);
        Draft { impact: Impact::Reconcile, class: Some(Class::REMOVALS), findings, ..self.in_namespace(draft) }
    }

    /// What the FluxInstance that is there leaves out.
    fn removal_findings(&self) -> Vec<Finding> {
        let Some(instance) = &self.standing.instance else { return Vec::new() };
        let today = self.install.components.iter().chain(&self.install.orphaned);
        let left: Vec<&str> = today.filter(|name| !instance.components.contains(name)).map(String::as_str).collect();
        if left.is_empty() {
            return Vec::new();
        }
        let message = format!("not in the FluxInstance, and left running: {}", left.join(", "));
        vec![Finding::warning(codes::ORPHANED, message).at(&instance.at.path, None)]
    }
}

fn old_subject(install: &Install<'_>) -> Subject {
    match &install.old {
        Old::Oci { flux, .. } => subject_of_flux(flux),
        Old::Gotk { kustomization, .. } => Subject::consumer(kustomization),
    }
}

fn alert_draft(found: &Found<'_>, alert: &Object, instance: Option<UnitId>) -> Draft {
    let id = UnitId::new(&META, ALERT, subject(found.view, alert));
    let draft = Draft::new(id, "it sees the FluxInstance, too", [alert.at.path.clone()]);
    Draft { impact: Impact::Reconcile, class: Some(ALERTS), needs: instance.into_iter().collect(), ..draft }
}

/// The stages of the cluster that a unit is of.
pub(super) fn stages_of<'f, 'v>(found: &'f Found<'v>, unit: &Draft) -> Option<Stages<'f, 'v>> {
    found.clusters.iter().find_map(|standing| {
        let stages = Stages { found, standing, install: standing.install.as_ref()? };
        let is_old = old_subject(stages.install) == unit.id.subject;
        let listing = || listing(found.view, standing.cluster, &stages.install.namespace, &found.settings).ok();
        let is_listed = || listing().is_some_and(|listing| unit.id.subject.path().is_in(&listing.dir()));
        (is_old || is_listed()).then_some(stages)
    })
}
