//! The units of this migration, step by step.

use std::collections::BTreeSet;

use super::class;
use super::about::about;
use super::entry::{ENABLED, Form};
use super::id::{
    INJECT, KUSTOMIZATION_DEFAULTS, OPT_IN, OPT_OUT, OWN_PATCHES, SUBTRACT, child_id, release_id, root_id,
};
use super::roots::{Child, Root};
use super::say::{as_meant, counts, goes, impact_of, overrides, paths, workloads};
use super::settings::Scope;
use super::survey::{Candidate, Found};
use super::{DISABLED, codes, finding};
use crate::plan::{Impact, OutOfScope, Outcome, Severity, Survey, Draft, UnitId};

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let units = Units { found };
    let mut all = Vec::new();
    for member in &found.kustomizations {
        all.extend(units.kustomization_opt_out(member));
        all.extend(units.subtract_kustomization(member));
    }
    for (number, root) in found.roots.iter().enumerate() {
        all.extend(units.kustomization_defaults(number, root));
        all.extend(units.inject(number, root));
    }
    all.extend(found.children.iter().filter_map(|child| units.own_patches(child)));
    for candidate in &found.candidates {
        all.extend(units.opt(candidate));
        all.extend(units.subtract(candidate));
    }
    Survey { drafts: all, findings: about(found), out_of_scope: out_of_scope(found) }
}

/// The releases that their label leaves out; all of them, where there is nothing that they could be given.
fn out_of_scope(found: &Found<'_>) -> OutOfScope {
    let count = found.candidates.len();
    if found.roots.iter().all(|root| root.set.is_empty()) && count > 0 {
        let what = format!("HelmReleases: {count}, which agree on no field but as Flux has it by default");
        return OutOfScope { count, what };
    }
    let count = found.candidates.iter().filter(|own| own.is_out(&found.settings)).count();
    let what = if count == 0 { String::new() } else { format!("HelmReleases: {count} left out by their label") };
    OutOfScope { count, what }
}

pub(super) struct Units<'f, 'v> {
    pub(super) found: &'f Found<'v>,
}

impl Units<'_, '_> {
    /// Whether the defaults of Flux Kustomizations come to a root, or are there.
    pub(super) fn has_stage_a(&self, number: usize) -> bool {
        self.found.has_stage_a(&self.found.roots[number]) && self.found.stage_a[number].is_none()
    }

    pub(super) fn is_pending_a(&self, number: usize) -> bool {
        let root = &self.found.roots[number];
        self.has_stage_a(number) && !self.found.ops_of_stage_a(self.found.view, root).is_empty()
    }

    fn is_pending(&self, root: &Root) -> bool {
        root.problem.is_none() && !self.found.is_done(root)
    }

    /// Whether something has to be done to a Flux Kustomization before the roots above it come.
    fn is_first(&self, child: &Child) -> bool {
        !child.ops.is_empty() && child.roots.iter().all(|number| self.found.roots[*number].problem.is_none())
    }

    fn own_patches(&self, child: &Child) -> Option<Draft> {
        let roots: Vec<&Root> = child.roots.iter().map(|number| &self.found.roots[*number]).collect();
        if !self.is_first(child) {
            return None;
        }
        let title = match child.merges {
            true => "the defaults go into its own list of patches, and its label keeps the root's patch away",
            false => "its label keeps the root's patch away from its own list of patches",
        };
        // Where a list is replaced already, it comes back.
        let is_replaced = roots.iter().any(|root| root.entries.iter().any(|entry| entry.form == Form::TwoLevels));
        Some(Draft {
            class: Some(class::OPT_OUTS),
            impact: if is_replaced { Impact::Upgrade } else { Impact::None },
            ..Draft::new(child_id(OWN_PATCHES, child), title.to_owned(), paths(&child.at.path))
        })
    }

    fn inject(&self, number: usize, root: &Root) -> Option<Draft> {
        let found = self.found;
        if root.set.is_empty() || found.is_done(root) {
            return None;
        }
        let mut needs: BTreeSet<UnitId> = BTreeSet::new();
        if self.is_pending_a(number) {
            needs.insert(root_id(KUSTOMIZATION_DEFAULTS, root));
        }
        // Of those below it, and of itself, where it hangs below another root.
        let first = |child: &&Child| child.roots.contains(&number) || child.at == root.at;
        let children = found.children.iter().filter(first).filter(|child| self.is_first(child));
        needs.extend(children.map(|child| child_id(OWN_PATCHES, child)));
        let members: Vec<&Candidate<'_>> =
            found.candidates.iter().filter(|own| own.roots.contains(&number) && !own.is_out(&found.settings)).collect();
        let opt_out = found.settings.scope == Scope::OptOut;
        let (mut effects, mut findings) = (Vec::new(), Vec::new());
        for own in &members {
            let leaves = found.leaves(own);
            if opt_out && leaves {
                needs.insert(release_id(OPT_OUT, own));
            }
            // Of those that are not in yet, only what stays as it is belongs here.
            let is_in = opt_out || own.label.as_deref() == Some(ENABLED);
            if is_in || leaves {
                effects.extend(as_meant(&own.effects, !leaves));
            }
            if is_in && !leaves {
                findings.extend(overrides(own));
            }
        }
        if !root.entries.iter().all(|entry| entry.form == Form::Kustomizations) {
            let changes = effects.iter().filter(|effect| effect.outcome == Outcome::Changes);
            let releases: BTreeSet<&str> = changes.map(|effect| effect.object.as_str()).collect();
            if !releases.is_empty() {
                let names = releases.into_iter().collect::<Vec<_>>().join(", ");
                let line = found.view.object(&root.at).map(|object| object.line);
                let message = format!("what holds changes for {names}");
                findings.push(finding(Severity::Warning, codes::RELIES, Some(&root.at.path), line, message));
            }
        }
        findings.extend(counts(&members, found));
        if let Some(problem) = &root.problem {
            findings = vec![problem.clone()];
            effects.clear();
            needs.clear();
        }
        let forms = root.forms.iter().map(|form| match form {
            Form::TwoLevels => "by the Flux Kustomizations below it",
            _ => "directly",
        });
        let title = format!(
            "defaults of its releases, {}: {}",
            forms.collect::<Vec<_>>().join(" and "),
            root.set.lines().join(", ")
        );
        let paste = root.problem.as_ref().and_then(|problem| {
            let forms: &[Form] = match problem.code {
                // Nothing is to be pasted where it would do harm, or nothing.
                codes::TOO_MANY | codes::FIELD_NOT_IN_FLUX | codes::WOULD_REPLACE => return None,
                // Into the list that the other patch sets.
                codes::PATCHES_SET => &[Form::OneLevel],
                _ => &root.forms,
            };
            let wanted = forms.iter().map(|form| root.wanted(found.view, *form, root.set.clone()));
            let text: String = wanted.map(|wanted| wanted.to_paste(&found.settings)).collect();
            Some(match problem.code {
                codes::PATCHES_SET => {
                    format!("# Into the list that the other patch sets, not into that of the root:\n{text}")
                }
                _ => text,
            })
        });
        Some(Draft {
            class: Some(class::RELEASE_DEFAULTS),
            impact: if root.problem.is_some() { Impact::None } else { impact_of(&effects) },
            needs,
            findings,
            effects,
            paste,
            ..Draft::new(root_id(INJECT, root), title, paths(&root.at.path))
        })
    }

    /// The label of a release: in, if the scope is opt-in and it says nothing otherwise; out, if the scope is opt-out and it does.
    fn opt(&self, candidate: &Candidate<'_>) -> Option<Draft> {
        let found = self.found;
        let leaves = found.leaves(candidate);
        let is_able = candidate.roots.iter().all(|number| found.roots[*number].problem.is_none());
        if candidate.label.is_some() || candidate.roots.is_empty() || !is_able {
            return None;
        }
        let key = &found.settings.label;
        let (step, title) = match (found.settings.scope, leaves) {
            (Scope::OptIn, false) => (OPT_IN, format!("gets the defaults, by the label {key}: {ENABLED}")),
            (Scope::OptOut, true) => (OPT_OUT, format!("stays as it is, by the label {key}: {DISABLED}")),
            _ => return None,
        };
        let effects = as_meant(&candidate.effects, !leaves);
        let mut findings = if leaves { Vec::new() } else { overrides(candidate) };
        if let Some(problem) = &candidate.problem {
            findings = vec![problem.clone()];
        }
        let needs = if step == OPT_IN { self.before(candidate) } else { BTreeSet::new() };
        // Where the defaults are there already, it gets back what it says.
        let is_back = step == OPT_OUT && candidate.roots.iter().any(|number| found.is_done(&found.roots[*number]));
        let impact = match step {
            OPT_OUT if is_back => Impact::Upgrade,
            OPT_OUT => Impact::None,
            _ => impact_of(&effects),
        };
        Some(Draft {
            also: candidate.also.clone(),
            impact,
            workloads: if step == OPT_IN { workloads(found.view, candidate) } else { BTreeSet::new() },
            class: (step == OPT_OUT).then_some(class::OPT_OUTS),
            needs,
            findings,
            effects,
            ..Draft::new(release_id(step, candidate), title, paths(&candidate.release.at.path))
        })
    }

    /// What has to be there before a release can have the defaults.
    fn before(&self, candidate: &Candidate<'_>) -> BTreeSet<UnitId> {
        let found = self.found;
        let roots = candidate.roots.iter().map(|number| &found.roots[*number]).filter(|root| self.is_pending(root));
        let mut needs: BTreeSet<UnitId> = roots.map(|root| root_id(INJECT, root)).collect();
        let reaches = found.view.graph().reaches(&candidate.release.at);
        let applies = |child: &&Child| reaches.iter().any(|reach| child.numbers.contains(&reach.kustomization));
        let children = found.children.iter().filter(|child| self.is_first(child)).filter(applies);
        needs.extend(children.map(|child| child_id(OWN_PATCHES, child)));
        needs
    }

    fn subtract(&self, candidate: &Candidate<'_>) -> Option<Draft> {
        let found = self.found;
        if !found.gets(candidate) {
            return None;
        }
        let fields = found.redundant_in(&found.trial, candidate);
        if fields.is_empty() {
            return None;
        }
        let mut needs = self.before(candidate);
        if found.settings.scope == Scope::OptIn && candidate.label.is_none() {
            needs.insert(release_id(OPT_IN, candidate));
        }
        Some(Draft {
            also: candidate.also.clone(),
            class: Some(class::REDUNDANT),
            needs,
            ..Draft::new(release_id(SUBTRACT, candidate), goes(&fields), paths(&candidate.release.at.path))
        })
    }
}
