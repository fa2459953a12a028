//! What the move to 4.x does to a cluster: workloads that must be deleted first, hooks that run,
//! claims that are deleted with a StatefulSet.

use std::collections::BTreeSet;

use super::codes;
use super::conversion::{Converted, Installation};
use crate::charts::app_template::{Cost, Section, Stop, Workload};
use crate::flux::WorkloadKind;
use crate::migrations::sources::codes::HOOK;
use crate::plan::author::hooks;
use crate::plan::{Finding, Impact};

/// An object of a release, as `kubectl` names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectName {
    /// Its kind: `deployment`.
    pub(super) kind: String,
    /// Its namespace.
    pub(super) namespace: String,
    /// Its name.
    pub(super) name: String,
}

/// What the move of a release to 4.x does to the clusters that have it.
#[derive(Clone, Debug, Default)]
pub(in crate::migrations) struct Effect {
    /// The worst of it; `None` for a release that was refused before that was known.
    pub(in crate::migrations) impact: Option<Impact>,
    /// The kinds of its workloads.
    pub(super) workloads: BTreeSet<WorkloadKind>,
    /// What must be deleted before the upgrade.
    pub(super) blocking: BTreeSet<ObjectName>,
    /// CronJobs, which need not be deleted.
    pub(super) cron_jobs: BTreeSet<ObjectName>,
    /// The claims of StatefulSets, without the number of the pod.
    pub(super) claims: BTreeSet<ObjectName>,
    /// The StatefulSets whose claims are deleted with them.
    pub(super) at_risk: BTreeSet<ObjectName>,
    /// Whether a Helm hook runs.
    pub(super) hooks: bool,
    /// Whether a post-renderer keeps the old selectors.
    pub(super) keeps_selectors: bool,
    /// What there is to report about all this.
    pub(in crate::migrations) findings: Vec<Finding>,
}

impl Effect {
    fn add(&mut self, other: Effect) {
        self.impact = self.impact.max(other.impact);
        self.blocking.extend(other.blocking);
        self.cron_jobs.extend(other.cron_jobs);
        self.claims.extend(other.claims);
        self.at_risk.extend(other.at_risk);
        self.findings.extend(other.findings);
    }
}

/// What the move of a release does.
pub(in crate::migrations) fn effect(converted: &Converted<'_>) -> Effect {
    let mut effect = Effect::default();
    let kept: BTreeSet<String> = converted.kept().into_iter().map(|kept| kept.identifier).collect();
    for installation in &converted.installations {
        let chart = installation.chart();
        for workload in chart.workloads() {
            effect.workloads.extend(workload.kind);
            // From 4.x on, labels of pods stay.
            if !installation.from.is_before_4() {
                continue;
            }
            effect.add(of_workload(converted, installation, &workload, kept.contains(&workload.identifier)));
        }
        for cost in installation.pins().map(|pins| chart.costs(pins)).unwrap_or_default() {
            effect.add(of_role(converted, installation, &cost));
        }
        if !effect.blocking.is_empty() {
            effect.findings.extend(about_uninstalling(converted, installation));
        }
    }
    for hook in hooks(converted.view, &converted.at) {
        effect.hooks = true;
        let message = format!("{hook}; the move is a Helm upgrade, which runs it");
        effect.findings.push(Finding::warning(HOOK, message).at(&converted.at.path, hook.line));
    }
    effect.keeps_selectors = !kept.is_empty();
    let restarts = effect.keeps_selectors || converted.installations.iter().any(Installation::changes_pods);
    let least = if restarts { Impact::Restart } else { Impact::Upgrade };
    let is_applied = converted.installations.iter().any(|installation| installation.reach.is_some());
    effect.impact = if is_applied { effect.impact.max(Some(least)) } else { Some(Impact::None) };
    // The clusters that have a release mostly say the same about it.
    let mut seen = BTreeSet::new();
    effect.findings.retain(|finding| seen.insert(finding.message.clone()));
    effect
}

fn of_workload(
    converted: &Converted<'_>,
    installation: &Installation<'_>,
    workload: &Workload,
    keeps_selector: bool,
) -> Effect {
    let mut effect = Effect::default();
    // A name that is unknown refuses the conversion.
    let Ok(name) = &workload.name else { return effect };
    let kind = workload.kind.map_or("workload".to_owned(), |kind| kind.to_string());
    let object = object(installation, &kind, name);
    if workload.kind == Some(WorkloadKind::CronJob) {
        effect.cron_jobs.insert(object.clone());
    }
    let field = match workload.stop {
        Stop::Nothing => return effect,
        Stop::Selector if keeps_selector => return effect,
        Stop::Selector => "spec.selector changes",
        Stop::Spec => "spec.selector changes, and most of a StatefulSet's spec is immutable",
        Stop::Template => "spec.selector and spec.template change",
        Stop::Unknown => "the chart does not know its kind",
    };
    let services = match services_behind(installation, workload).as_slice() {
        [] => String::new(),
        [service] => format!("; until then Service {service} has no endpoints"),
        services => format!("; until then Services {} have no endpoints", services.join(", ")),
    };
    // What no cluster applies may have no namespace.
    let full = format!("{}/{name}", object.namespace);
    let full = full.trim_start_matches('/');
    let message = format!("{kind} {full} must be deleted and recreated: {field}{services}");
    let line = converted.line_of(&["controllers", &workload.identifier]);
    effect.findings.push(Finding::note(codes::IMMUTABLE, message).at(&converted.at.path, line));
    effect.impact = Some(Impact::Recreate);
    effect.blocking.insert(object.clone());
    if workload.claim_templates.is_empty() {
        return effect;
    }
    let claim = |template: &Option<String>| format!("{}-{name}", template.as_deref().unwrap_or("(unknown)"));
    let templates = workload.claim_templates.iter().map(|template| template.name.clone().ok());
    let claims: Vec<String> = templates.map(|template| claim(&template)).collect();
    let listed = claims.iter().map(|claim| format!("{claim}-0")).collect::<Vec<_>>().join(", ");
    effect.claims = claims.iter().map(|claim| self::object(installation, "persistentvolumeclaim", claim)).collect();
    let finding = if workload.loses_claims {
        effect.impact = Some(Impact::Data);
        effect.at_risk.insert(object);
        let policy = ["controllers", &workload.identifier, "statefulset", "persistentVolumeClaimRetentionPolicy"];
        let message = format!("the claims of StatefulSet {full} ({listed}, ...) are deleted with it");
        Finding::warning(codes::CLAIMS_DELETED, message).at(&converted.at.path, converted.line_of(&policy))
    } else {
        let message = format!("the claims of StatefulSet {full} ({listed}, ...) stay when it is deleted");
        Finding::note(codes::CLAIM_TEMPLATES, message).at(&converted.at.path, line)
    };
    effect.findings.push(finding);
    effect
}

fn object(installation: &Installation<'_>, kind: &str, name: &str) -> ObjectName {
    ObjectName { kind: kind.to_lowercase(), namespace: installation.namespace.clone(), name: name.to_owned() }
}

/// The Services that may select pods of this workload. They select by the new label as soon as the
/// upgrade begins, and the pods that run have the old one.
fn services_behind(installation: &Installation<'_>, workload: &Workload) -> Vec<String> {
    let costs = installation.pins().map(|pins| installation.chart().costs(pins)).unwrap_or_default().into_iter();
    let services = costs.filter_map(|cost| match cost {
        Cost::NoEndpoints { service, controllers } if controllers.contains(&workload.identifier) => service.ok(),
        _ => None,
    });
    services.collect()
}

/// What a binding of a renamed role costs. The conversion reports lost claims.
fn of_role(converted: &Converted<'_>, installation: &Installation<'_>, cost: &Cost) -> Effect {
    let mut effect = Effect::default();
    let Cost::RoleRef { binding: Ok(binding), role: Ok(role) } = cost else { return effect };
    let objects = installation.chart().objects();
    let is_it = |section, name: &_| section == Section::Bindings && *name == Ok(binding.clone());
    let kind = objects.into_iter().find(|object| is_it(object.section, &object.name)).and_then(|object| object.kind);
    let kind = kind.unwrap_or_else(|| "RoleBinding".to_owned());
    let message = format!(
        "{kind} {binding} must be deleted and recreated: its roleRef is immutable, and the role {role} gets another name"
    );
    let line = converted.line_of(&["rbac", "bindings"]);
    effect.findings.push(Finding::warning(codes::ROLE_REF, message).at(&converted.at.path, line));
    effect.impact = Some(Impact::Recreate);
    effect.blocking.insert(object(installation, &kind, binding));
    effect
}

fn about_uninstalling(converted: &Converted<'_>, installation: &Installation<'_>) -> Option<Finding> {
    const STRATEGY: [&str; 4] = ["spec", "upgrade", "remediation", "strategy"];
    if installation.object.text_at(&STRATEGY)? != "uninstall" {
        return None;
    }
    let line = converted.view.node(&converted.at).and_then(|root| root.at(&STRATEGY)).map_or(1, |node| node.line());
    let message = "upgrade.remediation.strategy is uninstall, and the upgrade fails until the workloads are deleted";
    Some(Finding::warning(codes::UNINSTALLS, message).at(&converted.at.path, line))
}
