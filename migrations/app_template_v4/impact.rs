//! What the step to 4.x does to the cluster: workloads that must be deleted first, hooks that run, who waits.

use std::collections::BTreeSet;

use super::codes;
use super::conversion::{Converted, Place, finding, values_of};
use crate::charts::app_template::{Cost, Hook, Section, Stop, Workload, hooks};
use crate::flux::WorkloadKind;
use crate::flux::{At, View};
use crate::migrations::sources::codes::HOOK;
use crate::plan::{Finding, Impact, Severity};

/// A workload of a release, where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// Its kind, as `kubectl` takes it: `deployment`.
    pub(crate) kind: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
}

/// What a release comes to on its way to 4.x.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effect {
    /// The most that happens.
    pub(crate) impact: Option<Impact>,
    /// The kinds of its workloads.
    pub(crate) workloads: BTreeSet<WorkloadKind>,
    /// Those that must be deleted first.
    pub(crate) stopped: BTreeSet<Named>,
    /// CronJobs, of which none must.
    pub(crate) cron_jobs: BTreeSet<Named>,
    /// The claims that StatefulSets made, which stay: their name up to the number of the pod.
    pub(crate) claims: BTreeSet<Named>,
    /// The StatefulSets with which the claims go that they made.
    pub(crate) at_risk: BTreeSet<Named>,
    /// Whether a hook runs.
    pub(crate) hooks: bool,
    /// Whether a post-renderer keeps selectors.
    pub(crate) keeps_selectors: bool,
    /// What there is to say of all this.
    pub(crate) findings: Vec<Finding>,
}

pub(crate) fn effect(view: &View, at: &At, converted: &Converted<'_>) -> Effect {
    let mut effect = Effect::default();
    let kept: BTreeSet<String> = converted.kept().into_iter().map(|kept| kept.identifier).collect();
    let mut said = BTreeSet::new();
    for place in &converted.places {
        let chart = place.chart();
        let workloads = chart.workloads();
        effect.workloads.extend(workloads.iter().filter_map(|workload| workload.kind));
        for workload in &workloads {
            effect.take(about_workload(view, at, place, workload, kept.contains(&workload.identifier)), &mut said);
        }
        for cost in chart.costs(&place.conversion.pins) {
            effect.take(about_role(view, at, place, &cost), &mut said);
        }
        if !effect.stopped.is_empty() {
            effect.say(about_uninstalling(view, at, place), &mut said);
        }
    }
    let hooks = values_of(view, at).into_iter().flat_map(hooks).filter(Hook::runs_on_changes);
    for hook in hooks {
        effect.hooks = true;
        let message = format!("{hook}; this move is an upgrade");
        effect.say([finding(Severity::Warning, HOOK, at, Some(hook.line), message)], &mut said);
    }
    effect.keeps_selectors = !kept.is_empty();
    let applied = converted.places.iter().any(|place| place.reach.is_some());
    effect.impact = match effect.impact {
        _ if !applied => Some(Impact::None),
        None if !kept.is_empty() => Some(Impact::Restart),
        None => Some(Impact::Upgrade),
        some => some,
    };
    effect
}

impl Effect {
    fn say(&mut self, findings: impl IntoIterator<Item = Finding>, said: &mut BTreeSet<String>) {
        self.findings.extend(findings.into_iter().filter(|own| said.insert(own.message.clone())));
    }

    fn take(&mut self, other: Effect, said: &mut BTreeSet<String>) {
        self.impact = self.impact.max(other.impact);
        self.stopped.extend(other.stopped);
        self.cron_jobs.extend(other.cron_jobs);
        self.claims.extend(other.claims);
        self.at_risk.extend(other.at_risk);
        self.say(other.findings, said);
    }
}

fn about_workload(view: &View, at: &At, place: &Place<'_>, workload: &Workload, is_kept: bool) -> Effect {
    let mut effect = Effect::default();
    let line = line_of(view, at, &["controllers", &workload.identifier]);
    let kind = workload.kind.map_or("workload".to_owned(), |kind| kind.to_string());
    // What cannot be told is a doubt of the conversion.
    let Ok(name) = &workload.name else { return effect };
    let namespace = &place.namespace;
    // Nothing gives one to what no cluster applies.
    let full = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
    let named = |kind: &str, name: &str| Named {
        kind: kind.to_lowercase(),
        namespace: namespace.clone(),
        name: name.to_owned(),
    };
    if workload.kind == Some(WorkloadKind::CronJob) {
        effect.cron_jobs.insert(named(&kind, name));
    }
    let field = match workload.stop {
        Stop::Nothing => return effect,
        Stop::Selector if is_kept => return effect,
        Stop::Selector => "spec.selector changes",
        Stop::Spec => "most of its spec may not change, and its selector does",
        Stop::Template => "spec.selector and spec.template change",
        Stop::Unknown => "its kind is not one that the chart knows",
    };
    effect.impact = Some(Impact::Recreate);
    effect.stopped.insert(named(&kind, name));
    let services = services_behind(place, workload);
    let meanwhile = match services.as_slice() {
        [] => String::new(),
        [one] => format!("; until then Service {one} has no endpoints"),
        several => format!("; until then Services {} have no endpoints", several.join(", ")),
    };
    let message = format!("{kind} {full} must be deleted and made anew: {field}{meanwhile}");
    effect.findings.push(finding(Severity::Note, codes::IMMUTABLE, at, Some(line), message));
    if !workload.claim_templates.is_empty() {
        let claims: Vec<String> = workload
            .claim_templates
            .iter()
            .map(|claim| format!("{}-{name}", claim.name.as_deref().unwrap_or("(unknown)")))
            .collect();
        let listed = claims.iter().map(|claim| format!("{claim}-0")).collect::<Vec<_>>().join(", ");
        effect.claims.extend(claims.iter().map(|claim| named("persistentvolumeclaim", claim)));
        let (severity, code, message, line) = if workload.loses_claims {
            effect.impact = Some(Impact::Data);
            effect.at_risk.insert(named(&kind, name));
            let message = format!("the claims of StatefulSet {full} ({listed}, ...) are deleted with it");
            let policy = ["controllers", &workload.identifier, "statefulset", "persistentVolumeClaimRetentionPolicy"];
            let line = line_of(view, at, &policy);
            (Severity::Warning, codes::CLAIMS_GO, message, line)
        } else {
            let message = format!("the claims of StatefulSet {full} ({listed}, ...) stay when it is deleted");
            (Severity::Note, codes::CLAIM_TEMPLATES, message, line)
        };
        effect.findings.push(finding(severity, code, at, Some(line), message));
    }
    effect
}

/// The Services that may have this workload behind them: their selector has the new label at once, the pods that run have the old one.
fn services_behind(place: &Place<'_>, workload: &Workload) -> Vec<String> {
    let costs = place.chart().costs(&place.conversion.pins).into_iter();
    let services = costs.filter_map(|cost| match cost {
        Cost::NoEndpoints { service, controllers } if controllers.contains(&workload.identifier) => service.ok(),
        _ => None,
    });
    services.collect()
}

/// Claims are doubts of the conversion, and Services go with their workloads.
fn about_role(view: &View, at: &At, place: &Place<'_>, cost: &Cost) -> Effect {
    let mut effect = Effect::default();
    let Cost::RoleRef { binding: Ok(binding), role: Ok(role) } = cost else { return effect };
    let objects = place.chart().objects();
    let own = objects.iter().find(|object| object.section == Section::Bindings && object.name.as_ref() == Ok(binding));
    let kind = own.and_then(|object| object.kind.clone()).unwrap_or_else(|| "RoleBinding".to_owned());
    let message = format!(
        "{kind} {binding} must be deleted and made anew: its roleRef is immutable, and role {role} gets another name"
    );
    let line = line_of(view, at, &["rbac", "bindings"]);
    effect.impact = Some(Impact::Recreate);
    effect.stopped.insert(Named {
        kind: kind.to_lowercase(),
        namespace: place.namespace.clone(),
        name: binding.clone(),
    });
    effect.findings.push(finding(Severity::Warning, codes::ROLE_REF, at, Some(line), message));
    effect
}

fn about_uninstalling(view: &View, at: &At, place: &Place<'_>) -> Option<Finding> {
    let strategy = place.object.text_at(&["spec", "upgrade", "remediation", "strategy"])?;
    let line = view.node(at).and_then(|root| root.at(&["spec", "upgrade", "remediation", "strategy"]));
    let line = line.map_or(1, |node| node.line());
    let message =
        "upgrade.remediation.strategy is uninstall, and the upgrade fails while a workload is in its way".to_owned();
    (strategy == "uninstall").then(|| finding(Severity::Warning, codes::UNINSTALLS, at, Some(line), message))
}

/// The line of the deepest of these keys of the values that stands in the text.
fn line_of(view: &View, at: &At, path: &[&str]) -> usize {
    let mut line = view.object(at).map_or(1, |object| object.line);
    let Some(mut node) = values_of(view, at) else { return line };
    for key in path {
        let Some((own, value)) = node.own_entry(key) else { break };
        (line, node) = (own.line(), value);
    }
    line
}
