//! Templates that become Components where they stand: in one unit with all consumers, for neither builds without the other.

use std::collections::BTreeSet;

use super::class;
use super::copy::component_edit;
use super::survey::Found;
use super::switch::move_entries;
use super::template::{Consumer, Reference};
use super::unit::{consumer_id, promotion_id};
use super::{codes, finding};
use crate::plan::author::Written;
use crate::plan::{Finding, Severity, Draft};
use crate::repo::{Change, RepoPath};

/// The consumers of a template, each with its entries for it.
pub(super) fn consumers_of<'f, 'v>(
    found: &'f Found<'v>,
    template: &RepoPath,
) -> Vec<(&'f Consumer<'v>, Vec<&'f Reference>)> {
    // Another template that renders the same takes this one as its Component.
    let is_of = |own: &&Reference| found.counterpart(own).is_ok_and(|own| own.in_place && own.dir == *template);
    let all = found.consumers.iter().map(|own| (own, own.references.iter().filter(is_of).collect::<Vec<_>>()));
    all.filter(|(_, references)| !references.is_empty()).collect()
}

/// One unit for each template.
pub(super) fn units(found: &Found<'_>) -> Vec<Draft> {
    let counterparts = found.counterparts.values().filter_map(|own| own.as_ref().ok());
    let dirs: BTreeSet<&RepoPath> = counterparts.filter(|own| own.in_place).map(|own| &own.dir).collect();
    let mut units = Vec::new();
    for dir in dirs {
        let own = found.view.kustomization(dir).expect("what becomes a Component has a kustomization");
        let id = promotion_id(found.view, dir);
        let counterpart = found.counterparts[dir].as_ref().expect("it is its own");
        let (mut findings, mut needs, mut effects) = (about(found, dir), BTreeSet::new(), Vec::new());
        let mut touches = BTreeSet::from([own.path.clone()]);
        let consumers = consumers_of(found, dir);
        for (consumer, references) in &consumers {
            findings.extend(found.about(consumer, references));
            let path = &consumer.kustomization.path;
            touches.insert(path.clone());
            touches.extend(found.named_by(consumer).iter().map(|own| own.at.path.clone()));
            effects.extend(found.in_flux(consumer, &[counterpart]));
            // What the consumer is switched to comes before, whatever lands first.
            if !found.switched(consumer).is_empty() {
                needs.insert(consumer_id(consumer));
            }
        }
        for (consumer, references) in &consumers {
            findings.extend(found.missing_variables(consumer, references));
        }
        needs.extend(found.protections(counterpart));
        let title = match consumers.len() {
            1 => "becomes a Component here, with its consumer".to_owned(),
            number => format!("becomes a Component here, with its {number} consumers"),
        };
        let class = Some(class::PROMOTIONS);
        units.push(Draft { class, needs, findings, effects, ..Draft::new(id, title, touches) });
    }
    units
}

/// What stands in the way: whoever else names the template would not build any more.
fn about(found: &Found<'_>, dir: &RepoPath) -> Vec<Finding> {
    let others = found.elsewhere.iter().filter(|own| own.target == *dir).map(|own| {
        let message = format!("{} names {dir}, and would not build with a Component there", own.field);
        finding(Severity::Error, codes::ELSEWHERE, &own.path, Some(own.line), message)
    });
    let templates = found.among_themselves.get(dir).into_iter().flatten().map(|path| {
        let message = format!("the template lists {dir}, and would not build with a Component there");
        finding(Severity::Error, codes::ELSEWHERE, path, None, message)
    });
    others.chain(templates).collect()
}

/// The text of all of it.
pub(super) fn promote(found: &Found<'_>, dir: &RepoPath) -> Result<Written, Finding> {
    if let Some(reason) = about(found, dir).into_iter().next() {
        return Err(reason);
    }
    let own = found.view.kustomization(dir).expect("what becomes a Component has a kustomization");
    let (mut changes, comments) = move_entries(found, &consumers_of(found, dir))?;
    changes.set(own.path.clone(), Change::Edit(component_edit(found.view, own)?));
    Ok((changes, comments))
}
