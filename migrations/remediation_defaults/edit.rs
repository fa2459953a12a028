//! What each unit comes to on a tree.

use super::entry::ENABLED;
use super::id::{
    INJECT, KUSTOMIZATION_DEFAULTS, KUSTOMIZATION_OPT_OUT, OPT_IN, OPT_OUT, OWN_PATCHES, SUBTRACT,
    SUBTRACT_KUSTOMIZATION, child_id, release_id, root_id,
};
use super::roots::{Child, Root};
use super::subtract::redundant;
use super::survey::{Candidate, Found};
use super::write::{Op, write};
use super::{DISABLED, codes, finding};
use crate::plan::{Edited, Finding, Severity, Unit};

pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    let step = unit.id.step;
    let root = || found.roots.iter().position(|root| root_id(step, root) == unit.id);
    let child = || found.children.iter().find(|child| child_id(step, child) == unit.id);
    let release = || found.candidates.iter().find(|candidate| release_id(step, candidate) == unit.id);
    let ops = match step {
        KUSTOMIZATION_DEFAULTS => root().map(|number| of_stage_a(found, number)),
        INJECT => root().map(|number| of_root(found, &found.roots[number])),
        KUSTOMIZATION_OPT_OUT => child().map(|child| Ok(vec![label(found, child)])),
        OWN_PATCHES => child().map(|child| Ok(child.ops.clone())),
        SUBTRACT_KUSTOMIZATION => child().map(|child| less_of_kustomization(found, child)),
        OPT_IN => release().map(|candidate| opt_in(found, candidate)),
        OPT_OUT => release().map(|candidate| Ok(vec![label_of(found, candidate, DISABLED)])),
        SUBTRACT => release().map(|candidate| less(found, candidate)),
        _ => None,
    };
    let ops = match ops {
        Some(Ok(ops)) => ops,
        Some(Err(reason)) => return Edited::Refused(reason),
        None => {
            let message = format!("{} is not in this tree, or nothing applies it any more", unit.id.subject);
            let path = Some(unit.id.subject.path());
            return Edited::Refused(finding(Severity::Error, codes::NOT_LABELLED, path, None, message));
        }
    };
    match write(found.view, &ops, &found.settings) {
        Ok((changes, _)) if changes.is_empty() => Edited::Already,
        Ok((changes, fates)) => Edited::Changes(changes, fates),
        Err(reason) => Edited::Refused(reason),
    }
}

fn of_stage_a(found: &Found<'_>, number: usize) -> Result<Vec<Op>, Finding> {
    match &found.stage_a[number] {
        Some(problem) => Err(problem.clone()),
        None => Ok(found.ops_of_stage_a(found.view, &found.roots[number])),
    }
}

fn of_root(found: &Found<'_>, root: &Root) -> Result<Vec<Op>, Finding> {
    match &root.problem {
        Some(problem) => Err(problem.clone()),
        None if root.set.is_empty() => Ok(Vec::new()),
        None => Ok(root.ops(found.view, &found.settings)),
    }
}

fn label(found: &Found<'_>, child: &Child) -> Op {
    Op::Label { at: child.at.clone(), key: found.settings.kustomization_label(), value: DISABLED }
}

fn label_of(found: &Found<'_>, candidate: &Candidate<'_>, value: &'static str) -> Op {
    Op::Label { at: candidate.release.at.clone(), key: found.settings.label.clone(), value }
}

/// The label comes only where the root states the defaults: before that it would mean nothing, and later nobody would have looked.
fn opt_in(found: &Found<'_>, candidate: &Candidate<'_>) -> Result<Vec<Op>, Finding> {
    let pending = candidate.roots.iter().map(|number| &found.roots[*number]).find(|root| !found.is_done(root));
    match pending {
        Some(root) => {
            let message = format!("{}/{} does not state the defaults in this tree yet", root.namespace, root.name);
            let path = Some(&candidate.release.at.path);
            Err(finding(Severity::Error, codes::NOT_LABELLED, path, Some(candidate.release.line), message))
        }
        None => Ok(vec![label_of(found, candidate, ENABLED)]),
    }
}

fn less(found: &Found<'_>, candidate: &Candidate<'_>) -> Result<Vec<Op>, Finding> {
    let fields = found.redundant_in(found.view, candidate);
    let is_there = candidate.roots.iter().all(|number| found.is_done(&found.roots[*number]));
    if fields.is_empty() && !(is_there && found.gets(candidate)) {
        let message = "it does not have the defaults in this tree yet".to_owned();
        let path = Some(&candidate.release.at.path);
        return Err(finding(Severity::Error, codes::NOT_LABELLED, path, Some(candidate.release.line), message));
    }
    let at = candidate.release.at.clone();
    Ok(if fields.is_empty() { Vec::new() } else { vec![Op::Take { at, fields }] })
}

fn less_of_kustomization(found: &Found<'_>, child: &Child) -> Result<Vec<Op>, Finding> {
    let (settings, key) = (&found.settings, found.settings.kustomization_label());
    let fields = redundant(found.view, &child.at, &settings.kustomization, &key, settings);
    let at = child.at.clone();
    Ok(if fields.is_empty() { Vec::new() } else { vec![Op::Take { at, fields }] })
}
