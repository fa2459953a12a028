//! The units: what each changes, needs and touches.

use std::collections::{BTreeMap, BTreeSet};

use super::files::files_in;
use super::find::Found;
use super::pair::Counterpart;
use super::rename::Rename;
use super::template::{Consumer, Reference};
use super::{class, codes, findings, ids, made, promote, removal, warnings};
use crate::flux::Object;
use crate::plan::{Draft, Effect, Finding, Impact, Outcome, Safety, Survey, UnitId};
use crate::repo::RepoPath;

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let switched = || found.consumers.iter().filter(|consumer| !found.switched(consumer).is_empty());
    let mut drafts: Vec<Draft> = switched().map(|consumer| switch(found, consumer)).collect();
    let counterparts = switched().flat_map(|consumer| &consumer.references).filter_map(|to| found.counterpart(to).ok());
    let copies = counterparts.filter_map(|counterpart| copy(found, counterpart));
    drafts.extend(copies.map(|draft| (draft.id.clone(), draft)).collect::<BTreeMap<_, _>>().into_values());
    drafts.extend(found.claims().into_iter().map(|(id, claim)| protection(id, claim)));
    drafts.extend(promotions(found));
    drafts.extend(found.templates.iter().filter_map(|template| removal(found, template)));
    let renames: Vec<Draft> = Rename::all(found).filter_map(|renamed| rename(found, renamed, &drafts)).collect();
    let mut all = missing_renames(found, &drafts);
    drafts.extend(renames);
    for consumer in switched() {
        all.extend(findings::missing_variables(found, consumer, &found.switched(consumer)));
    }
    all.extend(commented(found).map(|(path, comment)| {
        let message = format!("a comment names {}, and stays as it is", comment.target);
        Finding::note(codes::COMMENTED, message).at(path, comment.line)
    }));
    all.extend(found.elsewhere.iter().map(|other| {
        let message = format!("{} names {}, which is a template", other.field, other.target);
        Finding::warning(codes::ELSEWHERE, message).at(&other.path, other.line)
    }));
    all.extend(warnings::replaced_lists(found));
    Survey { drafts, findings: all, ..Survey::default() }
}

/// A consumer that names Components where it named templates.
fn switch(found: &Found<'_>, consumer: &Consumer<'_>) -> Draft {
    let references = found.switched(consumer);
    let known: Vec<&Counterpart> = references.iter().filter_map(|entry| found.counterpart(entry).ok()).collect();
    let copies = known.iter().filter_map(|counterpart| ids::component(found.view, counterpart));
    let claims = known.iter().flat_map(|counterpart| found.claims_of(counterpart)).map(|(id, _)| id);
    let differences = || known.iter().flat_map(|counterpart| &counterpart.differs);
    let impact = if differences().any(|difference| difference.is_claim) {
        Impact::Data
    } else if differences().next().is_some() {
        Impact::Upgrade
    } else {
        Impact::None
    };
    let mut effects = effects(found, consumer, &known);
    effects.extend(found.effects_in_flux(consumer, &known));
    Draft {
        namespace: found.namespace_of(consumer),
        impact,
        class: (impact != Impact::None).then_some(class::CHANGES),
        needs: copies.chain(claims).collect(),
        findings: findings::of_consumer(found, consumer, &references),
        effects,
        ..Draft::new(ids::switch(consumer), title(found, consumer, &references), found.files_with_components(consumer))
    }
}

/// Which Component replaces which template, and where it is named if not in the file itself.
fn title(found: &Found<'_>, consumer: &Consumer<'_>, references: &[&Reference]) -> String {
    let pair = |reference: &&Reference| match found.counterpart(reference) {
        Ok(counterpart) => format!("{} to {}", reference.target, counterpart.dir),
        Err(_) => format!("{} stays", reference.target),
    };
    let pairs = references.iter().map(pair).collect::<Vec<_>>().join(", ");
    let named_by: BTreeSet<String> = found.named_by(consumer).iter().map(|flux| flux.full_name()).collect();
    if named_by.is_empty() {
        return pairs;
    }
    format!("{pairs}, in spec.components of {}", named_by.into_iter().collect::<Vec<_>>().join(", "))
}

/// What changes in a consumer's objects where a Component differs from its template.
fn effects(found: &Found<'_>, consumer: &Consumer<'_>, counterparts: &[&Counterpart]) -> Vec<Effect> {
    let graph = found.view.graph();
    let clusters = found.appliers_of(consumer).map(|id| &*graph.clusters[graph.kustomizations[id].cluster].name);
    let mut effects = Vec::new();
    for cluster in clusters.collect::<BTreeSet<&str>>() {
        for difference in counterparts.iter().flat_map(|counterpart| &counterpart.differs) {
            let absent = || "absent".to_owned();
            effects.extend(difference.fields.iter().map(|field| Effect {
                cluster: cluster.to_owned(),
                object: difference.object.clone(),
                field: field.field.clone(),
                before: field.before.clone().unwrap_or_else(absent),
                after: field.after.clone().unwrap_or_else(absent),
                outcome: Outcome::Changes,
            }));
        }
    }
    effects
}

/// A Component that is made of a template.
fn copy(found: &Found<'_>, counterpart: &Counterpart) -> Option<Draft> {
    let (id, template) = (ids::component(found.view, counterpart)?, counterpart.made_from.as_ref()?);
    let touches = made::files(found.view, template, &counterpart.dir);
    let needs = found.claims_of(counterpart).map(|(id, _)| id).collect();
    Some(Draft { needs, ..Draft::new(id, format!("new, a copy of {template}"), touches) })
}

/// A claim that is protected from pruning.
fn protection(id: UnitId, claim: &Object) -> Draft {
    let path = &claim.at.path;
    let title = format!("in {}: gets kustomize.toolkit.fluxcd.io/prune: disabled", path.dir());
    Draft { impact: Impact::Upgrade, class: Some(class::CLAIMS), ..Draft::new(id, title, [path.clone()]) }
}

/// Templates that become Components where they are, each with its consumers.
fn promotions(found: &Found<'_>) -> Vec<Draft> {
    let promoted = found.counterparts.values().flatten().filter(|counterpart| counterpart.in_place);
    let dirs: BTreeSet<&RepoPath> = promoted.map(|counterpart| &counterpart.dir).collect();
    dirs.into_iter().map(|dir| promotion(found, dir)).collect()
}

fn promotion(found: &Found<'_>, dir: &RepoPath) -> Draft {
    let kustomization = found.view.kustomization(dir).expect("what becomes a Component has a kustomization");
    let counterpart = found.counterparts[dir].as_ref().expect("it becomes one itself");
    let consumers = found.promoted_with(dir);
    let with = if consumers.len() == 1 { "consumer".to_owned() } else { format!("{} consumers", consumers.len()) };
    let (title, touches) = (format!("becomes a Component here, with its {with}"), [kustomization.path.clone()]);
    let mut draft = Draft::new(ids::promotion(found.view, dir), title, touches);
    draft.class = Some(class::PROMOTIONS);
    draft.findings = promote::obstacles(found, dir);
    draft.needs.extend(found.claims_of(counterpart).map(|(id, _)| id));
    for (consumer, references) in &consumers {
        draft.findings.extend(findings::of_consumer(found, consumer, references));
        draft.touches.extend(found.files_with_components(consumer));
        draft.effects.extend(found.effects_in_flux(consumer, &[counterpart]));
        // The unit that switches its other entries comes first, whatever is selected.
        if !found.switched(consumer).is_empty() {
            draft.needs.insert(ids::switch(consumer));
        }
    }
    for (consumer, references) in &consumers {
        draft.findings.extend(findings::missing_variables(found, consumer, references));
    }
    draft
}

/// The removal of a template that only switched consumers name, and whose place a Component takes.
fn removal(found: &Found<'_>, template: &RepoPath) -> Option<Draft> {
    let removal::Before { consumers, templates } = removal::before(found, template)?;
    let title = match consumers.len() {
        0 => "removed: nothing names it".to_owned(),
        1 => "removed after 1 consumer has migrated".to_owned(),
        count => format!("removed after {count} consumers have migrated"),
    };
    let counterpart = found.counterparts.get(template)?.as_ref().ok()?;
    let mut needs: BTreeSet<UnitId> = templates.iter().map(|other| ids::removal(found.view, other)).collect();
    needs.extend(ids::component(found.view, counterpart));
    if counterpart.in_place {
        needs.insert(ids::promotion(found.view, &counterpart.dir));
    } else {
        needs.extend(consumers.into_iter().map(ids::switch));
    }
    let mut findings = removal::on_other_branches(found.view, template);
    findings.extend(commented(found).filter(|(_, comment)| comment.target.is_in(template)).map(|(path, comment)| {
        let message = format!("a comment names {template}, which is removed");
        Finding::note(codes::COMMENTED, message).at(path, comment.line)
    }));
    let id = ids::removal(found.view, template);
    Some(Draft { needs, findings, ..Draft::new(id, title, files_in(found.view, template)) })
}

/// The comments that name templates, each with its file.
fn commented<'f>(found: &'f Found<'_>) -> impl Iterator<Item = (&'f RepoPath, &'f Reference)> {
    let of_one =
        |consumer: &'f Consumer<'_>| consumer.commented.iter().map(|comment| (&consumer.kustomization.path, comment));
    found.consumers.iter().flat_map(of_one)
}

/// A directory that is renamed, if it is there. `others` are the other units.
fn rename(found: &Found<'_>, rename: Rename<'_>, others: &[Draft]) -> Option<Draft> {
    let (view, Rename { from, to, .. }) = (found.view, rename);
    if !view.tree().holds(from) {
        return None;
    }
    let mut touches = rename.touched();
    let is_outside = |path: &&RepoPath| !path.is_in(from) && !path.is_in(to);
    let naming: BTreeSet<RepoPath> = touches.iter().filter(is_outside).cloned().collect();
    // Consumers that do not name it yet, but will.
    let will_name_it = |consumer: &&Consumer<'_>| {
        let mut counterparts = found.switched(consumer).into_iter().filter_map(|entry| found.counterpart(entry).ok());
        counterparts.any(|counterpart| counterpart.dir.is_in(from))
    };
    let consumers: Vec<&Consumer<'_>> = found.consumers.iter().filter(will_name_it).collect();
    touches.extend(consumers.iter().flat_map(|consumer| found.files_with_components(consumer)));
    let switches: BTreeSet<UnitId> = consumers.into_iter().map(ids::switch).collect();
    // Whatever else writes the old name, or into the directory, comes first.
    let comes_first = |unit: &&Draft| {
        let writes = unit.touches.iter().any(|path| path.is_in(from) || naming.contains(path));
        unit.safety() != Safety::Refused && (writes || switches.contains(&unit.id))
    };
    let mut findings = rename.obstacles();
    findings.extend(rename.mentions(&naming));
    Some(Draft {
        needs: others.iter().filter(comes_first).map(|unit| unit.id.clone()).collect(),
        findings,
        effects: rename.effects(),
        class: Some(class::RENAMES),
        ..Draft::new(ids::rename(view, from), format!("renamed to {to}, with everything that names it"), touches)
    })
}

/// Renames of directories that no unit makes, and that are there by neither name.
fn missing_renames(found: &Found<'_>, others: &[Draft]) -> Vec<Finding> {
    let is_missing = |rename: &Rename<'_>| {
        let made = others.iter().flat_map(|unit| &unit.touches).any(|path| path.is_in(rename.to));
        !made && [rename.from, rename.to].into_iter().all(|dir| !found.view.tree().holds(dir))
    };
    let message = |Rename { from, to, .. }| format!("neither {from} nor {to} exists");
    let missing = Rename::all(found).filter(is_missing).map(message);
    missing.map(|message| Finding::warning(codes::RENAME_NOT_FOUND, message)).collect()
}
