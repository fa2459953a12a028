//! What there is to report about a consumer.

use std::collections::{BTreeMap, BTreeSet};

use super::find::Found;
use super::pair::changes_others;
use super::template::{Consumer, Reference};
use super::{codes, warnings};
use crate::flux::At;
use crate::plan::Finding;

/// Why a consumer cannot be switched, and why you should look at it first.
pub(super) fn of_consumer(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
    let (view, kustomization) = (found.view, consumer.kustomization);
    let path = &kustomization.path;
    let mut findings = Vec::new();
    let root = view.node(&At::document(path, 0));
    if root.is_some_and(|root| root.get("bases").is_some()) {
        let message = "`bases` is deprecated, and not edited: move its entries to `resources` first";
        let line = references.first().map_or(1, |reference| reference.line);
        findings.push(Finding::error(codes::USES_BASES, message).at(path, line));
    }
    let named_by = found.named_by(consumer);
    let mut lines = BTreeMap::new();
    for reference in references {
        let mut report = |finding: Finding| findings.push(finding.at(path, reference.line));
        let counterpart = match found.counterpart(reference) {
            Ok(counterpart) => counterpart,
            Err((code, message)) => {
                report(Finding::error(code, message));
                continue;
            }
        };
        let dir = &counterpart.dir;
        if named_by.iter().any(|flux| flux.components.contains(dir)) {
            report(Finding::error(codes::TWICE, format!("spec.components names {dir} already")));
        }
        let mut listed = kustomization.components.iter();
        let listed = listed.find(|entry| view.resolve(kustomization, &entry.text).as_ref() == Some(dir));
        let listed = listed.map(|entry| entry.line);
        if let Some(other) = lines.insert(dir, reference.line).or(listed) {
            let message = format!("{} and line {other} lead to the same Component: {dir}", reference.text);
            report(Finding::error(codes::TWICE, message));
        }
        if !counterpart.differs.is_empty() {
            let objects: Vec<&str> = counterpart.differs.iter().map(|difference| &*difference.object).collect();
            let message = format!("{dir} differs from {} in {}", reference.target, objects.join(", "));
            report(Finding::warning(codes::DIFFERS, message));
        }
        if view.kustomization(dir).is_some_and(|component| changes_others(view, component)) {
            let message = format!("{dir} changes objects, also the other ones of this kustomization");
            report(Finding::warning(codes::TRANSFORMS, message));
        }
    }
    findings.extend(warnings::moved_claims(found, consumer, references));
    findings
}

/// The variables that the Components of a consumer use and that a Flux Kustomization does not give.
pub(super) fn missing_variables(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> Vec<Finding> {
    let graph = found.view.graph();
    let mut findings = Vec::new();
    for reference in references {
        let Ok(counterpart) = found.counterpart(reference) else { continue };
        for flux in found.appliers_of(consumer).map(|id| &graph.kustomizations[id]) {
            // Without variables nothing is substituted; those of absent sources are unknown.
            if !flux.variables.any || !flux.variables.elsewhere.is_empty() {
                continue;
            }
            let missing: BTreeSet<String> =
                counterpart.texts.iter().flat_map(|text| flux.variables.missing_in(text)).collect();
            if !missing.is_empty() {
                let names = missing.into_iter().collect::<Vec<_>>().join(", ");
                let message = format!("{} uses {names}, which {} does not give", counterpart.dir, flux.full_name());
                let finding = Finding::warning(codes::VARIABLE, message);
                findings.push(finding.at(&consumer.kustomization.path, reference.line));
            }
        }
    }
    findings
}
