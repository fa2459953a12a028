//! The units of this migration, step by step.

use std::collections::BTreeSet;

use super::about::about;
use super::entry::{ENABLED, Form};
use super::fields::Field;
use super::roots::{Child, Root};
use super::settings::Scope;
use super::subtract::redundant;
use super::survey::{Candidate, Found, Member};
use super::{DISABLED, codes, finding, full_name};
use crate::charts::app_template::{Chart, WorkloadKind};
use crate::flux::View;
use crate::plan::{
    Class, Effect, Finding, Impact, Lane, OutOfScope, Outcome, Safety, Severity, Subject, Survey, Unit, UnitId,
};
use crate::repo::RepoPath;

/// Stage A: the label of a Flux Kustomization that says otherwise.
pub(super) const KUSTOMIZATION_OPT_OUT: &str = "kustomization-opt-out";
/// Stage A: defaults of Flux Kustomizations.
pub(super) const KUSTOMIZATION_DEFAULTS: &str = "kustomization-defaults";
/// Stage B: a Flux Kustomization with a list of patches of its own.
pub(super) const OWN_PATCHES: &str = "own-patches";
/// Stage B: the label of a release that says otherwise.
pub(super) const OPT_OUT: &str = "opt-out";
/// Stage B: defaults of releases.
pub(super) const INJECT: &str = "inject";
/// Stage B: the label of a release that gets the defaults.
pub(super) const OPT_IN: &str = "opt-in";
/// Stage C: fields of a release go.
pub(super) const SUBTRACT: &str = "subtract";
/// Stage C: fields of a Flux Kustomization go.
pub(super) const SUBTRACT_KUSTOMIZATION: &str = "subtract-kustomization";

fn id(step: &'static str, subject: Subject) -> UnitId {
    UnitId { migration: "remediation-defaults", step, subject }
}

pub(super) fn kustomization(step: &'static str, namespace: &str, name: &str, path: &RepoPath) -> UnitId {
    let (kind, namespace, name) = ("Kustomization".to_owned(), namespace.to_owned(), name.to_owned());
    id(step, Subject::Object { kind, namespace, name, path: path.clone() })
}

pub(super) fn root_id(step: &'static str, root: &Root) -> UnitId {
    kustomization(step, &root.namespace, &root.name, &root.at.path)
}

pub(super) fn child_id(step: &'static str, child: &Child) -> UnitId {
    kustomization(step, &child.namespace, &child.name, &child.at.path)
}

pub(super) fn release_id(step: &'static str, candidate: &Candidate<'_>) -> UnitId {
    let (namespace, name) = (candidate.namespace.clone(), candidate.name.clone());
    id(step, Subject::Release { namespace, name, path: candidate.release.at.path.clone() })
}

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
    Survey { units: all, findings: about(found), out_of_scope: out_of_scope(found) }
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

struct Units<'f, 'v> {
    found: &'f Found<'v>,
}

impl Units<'_, '_> {
    fn lane(&self, numbers: impl IntoIterator<Item = usize>) -> Lane {
        let clusters = &self.found.view.graph().clusters;
        Lane(numbers.into_iter().map(|number| clusters[number].name.clone()).collect())
    }

    fn lane_of(&self, child: &Child) -> Lane {
        self.lane(child.numbers.iter().map(|number| self.found.view.graph().kustomizations[*number].cluster))
    }

    /// Whether the defaults of Flux Kustomizations come to a root, or are there.
    fn has_stage_a(&self, number: usize) -> bool {
        self.found.has_stage_a(&self.found.roots[number]) && self.found.stage_a[number].is_none()
    }

    fn is_pending_a(&self, number: usize) -> bool {
        let root = &self.found.roots[number];
        self.has_stage_a(number) && !self.found.ops_of_stage_a(self.found.view, root).is_empty()
    }

    fn is_pending(&self, root: &Root) -> bool {
        root.problem.is_none() && !self.found.is_done(root)
    }

    fn kustomization_opt_out(&self, member: &Member) -> Option<Unit> {
        let child = &self.found.children[member.child];
        let able = child.roots.iter().any(|root| self.has_stage_a(*root));
        if !self.found.leaves_member(member) || !able {
            return None;
        }
        let effects = as_meant(&member.effects, false);
        // Where the defaults are there already, it gets back what it says.
        let is_there = child.roots.iter().any(|root| self.has_stage_a(*root) && !self.is_pending_a(*root));
        let title = format!("keeps {}, by a label", words(member.kept.iter().map(|kept| kept.field)));
        Some(Unit {
            lane: self.lane_of(child),
            class: Some(Class::OptOuts),
            impact: if is_there { Impact::Upgrade } else { Impact::None },
            effects,
            ..Unit::new(child_id(KUSTOMIZATION_OPT_OUT, child), title, paths(&child.at.path))
        })
    }

    fn kustomization_defaults(&self, number: usize, root: &Root) -> Option<Unit> {
        let found = self.found;
        if !found.has_stage_a(root) || found.ops_of_stage_a(found.view, root).is_empty() {
            return None;
        }
        let below = |member: &&Member| found.children[member.child].roots.contains(&number) && !member.is_out;
        let members: Vec<&Member> = found.kustomizations.iter().filter(below).collect();
        let kept = members.iter().filter(|member| found.leaves_member(member));
        let needs = kept.map(|member| child_id(KUSTOMIZATION_OPT_OUT, &found.children[member.child])).collect();
        let effects: Vec<Effect> =
            members.iter().flat_map(|member| as_meant(&member.effects, !found.leaves_member(member))).collect();
        let problem = found.stage_a[number].clone();
        let title = format!(
            "defaults of {} Flux Kustomizations: {}",
            members.len(),
            found.settings.kustomization.lines().join(", ")
        );
        Some(Unit {
            lane: self.lane(root.clusters.iter().copied()),
            class: Some(Class::KustomizationDefaults),
            safety: if problem.is_some() { Safety::Refused } else { Safety::Safe },
            impact: impact_of(&effects),
            paste: problem.as_ref().filter(|own| ![codes::TOO_MANY, codes::FIELD_NOT_IN_FLUX].contains(&own.code)).map(
                |_| {
                    root.wanted(found.view, Form::Kustomizations, found.settings.kustomization.clone())
                        .to_paste(&found.settings)
                },
            ),
            findings: problem.into_iter().collect(),
            needs,
            effects,
            ..Unit::new(root_id(KUSTOMIZATION_DEFAULTS, root), title, paths(&root.at.path))
        })
    }

    /// Whether something has to be done to a Flux Kustomization before the roots above it come.
    fn is_first(&self, child: &Child) -> bool {
        !child.ops.is_empty() && child.roots.iter().all(|number| self.found.roots[*number].problem.is_none())
    }

    fn own_patches(&self, child: &Child) -> Option<Unit> {
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
        Some(Unit {
            lane: self.lane_of(child),
            class: Some(Class::OptOuts),
            impact: if is_replaced { Impact::Upgrade } else { Impact::None },
            ..Unit::new(child_id(OWN_PATCHES, child), title.to_owned(), paths(&child.at.path))
        })
    }

    fn inject(&self, number: usize, root: &Root) -> Option<Unit> {
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
            Some(wanted.map(|wanted| wanted.to_paste(&found.settings)).collect())
        });
        Some(Unit {
            lane: self.lane(root.clusters.iter().copied()),
            class: Some(Class::ReleaseDefaults),
            safety: safety(root.problem.is_none(), &findings),
            impact: if root.problem.is_some() { Impact::None } else { impact_of(&effects) },
            needs,
            findings,
            effects,
            paste,
            ..Unit::new(root_id(INJECT, root), title, paths(&root.at.path))
        })
    }

    /// The label of a release: in, if the scope is opt-in and it says nothing otherwise; out, if the scope is opt-out and it does.
    fn opt(&self, candidate: &Candidate<'_>) -> Option<Unit> {
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
        Some(Unit {
            also: candidate.also.clone(),
            lane: Lane(candidate.clusters.clone()),
            safety: safety(candidate.problem.is_none(), &findings),
            impact,
            workloads: if step == OPT_IN { workloads(found.view, candidate) } else { BTreeSet::new() },
            class: (step == OPT_OUT).then_some(Class::OptOuts),
            needs,
            findings,
            effects,
            ..Unit::new(release_id(step, candidate), title, paths(&candidate.release.at.path))
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

    fn subtract(&self, candidate: &Candidate<'_>) -> Option<Unit> {
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
        Some(Unit {
            also: candidate.also.clone(),
            lane: Lane(candidate.clusters.clone()),
            class: Some(Class::Redundant),
            needs,
            ..Unit::new(release_id(SUBTRACT, candidate), goes(&fields), paths(&candidate.release.at.path))
        })
    }

    fn subtract_kustomization(&self, member: &Member) -> Option<Unit> {
        let found = self.found;
        let child = &found.children[member.child];
        if member.is_out || found.leaves_member(member) || !child.roots.iter().all(|root| self.has_stage_a(*root)) {
            return None;
        }
        let (settings, key) = (&found.settings, found.settings.kustomization_label());
        let fields = redundant(&found.trial, &child.at, &settings.kustomization, &key, settings);
        if fields.is_empty() {
            return None;
        }
        let pending = child.roots.iter().filter(|root| self.is_pending_a(**root));
        let needs = pending.map(|root| root_id(KUSTOMIZATION_DEFAULTS, &found.roots[*root])).collect();
        Some(Unit {
            lane: self.lane_of(child),
            class: Some(Class::Redundant),
            needs,
            ..Unit::new(child_id(SUBTRACT_KUSTOMIZATION, child), goes(&fields), paths(&child.at.path))
        })
    }
}

fn paths(path: &RepoPath) -> BTreeSet<RepoPath> {
    BTreeSet::from([path.clone()])
}

fn words(fields: impl Iterator<Item = &'static Field>) -> String {
    fields.map(Field::short).collect::<Vec<_>>().join(", ")
}

fn goes(fields: &[&'static Field]) -> String {
    let verb = if fields.len() == 1 { "goes" } else { "go" };
    format!("{} {verb}: the defaults say the same", words(fields.iter().copied()))
}

fn safety(is_able: bool, findings: &[Finding]) -> Safety {
    match is_able {
        false => Safety::Refused,
        true if findings.iter().any(|finding| finding.severity == Severity::Warning) => Safety::Review,
        true => Safety::Safe,
    }
}

fn impact_of(effects: &[Effect]) -> Impact {
    let changes = effects.iter().any(|effect| effect.outcome == Outcome::Changes);
    if changes { Impact::Upgrade } else { Impact::None }
}

/// Effects as they are once a unit has landed: what is kept is so only where the object stays out.
fn as_meant(effects: &[Effect], is_in: bool) -> Vec<Effect> {
    let one = |effect: &Effect| match effect.outcome {
        Outcome::Kept if is_in => Effect { outcome: Outcome::Changes, ..effect.clone() },
        // A release that is left out keeps all it has.
        Outcome::Changes if !is_in => Effect { outcome: Outcome::Kept, ..effect.clone() },
        _ => effect.clone(),
    };
    effects.iter().map(one).collect()
}

/// What a release says itself, and the defaults change all the same.
fn overrides(candidate: &Candidate<'_>) -> Vec<Finding> {
    let at = &candidate.release.at.path;
    let one = |kept: &super::effect::Kept| {
        let then = kept.then.as_ref()?;
        let message = format!(
            "HelmRelease {} says {}: {}, the defaults make it {then}",
            full_name(&candidate.namespace, &candidate.name),
            kept.field.short(),
            kept.own
        );
        Some(finding(Severity::Warning, codes::OVERRIDES, Some(at), kept.line, message))
    };
    candidate.kept.iter().filter_map(one).collect()
}

/// How many releases of each cluster each default leaves the same, changes, or is kept from.
fn counts(members: &[&Candidate<'_>], found: &Found<'_>) -> Vec<Finding> {
    let mut lines: Vec<(String, String, [usize; 3])> = Vec::new();
    let is_default = |field: &str| {
        let mut sets = found.roots.iter().map(|root| &root.set);
        sets.any(|set| set.0.iter().any(|(own, _)| own.name() == field))
    };
    for own in members {
        for effect in as_meant(&own.effects, !found.leaves(own)).into_iter().filter(|own| is_default(&own.field)) {
            let number = match effect.outcome {
                Outcome::Same => 0,
                Outcome::Changes => 1,
                Outcome::Kept => 2,
            };
            let is_it = |line: &&mut (String, String, _)| line.0 == effect.cluster && line.1 == effect.field;
            match lines.iter_mut().find(is_it) {
                Some((_, _, counts)) => counts[number] += 1,
                None => {
                    let mut counts = [0; 3];
                    counts[number] += 1;
                    lines.push((effect.cluster.clone(), effect.field.clone(), counts));
                }
            }
        }
    }
    let order = |field: &str| super::fields::HELM_RELEASE.iter().position(|own| own.name() == field);
    lines.sort_by_key(|(cluster, field, _)| (cluster.clone(), order(field)));
    let line = |(cluster, field, [same, changes, kept]): (String, String, [usize; 3])| {
        let message = format!("{field} on {cluster}: {same} say so already, {changes} change, {kept} stay as they are");
        finding(Severity::Note, codes::COUNTS, None, None, message)
    };
    lines.into_iter().map(line).collect()
}

/// The kinds of the workloads of a release, where they are known.
fn workloads(view: &View, candidate: &Candidate<'_>) -> BTreeSet<WorkloadKind> {
    let reaches = view.graph().reaches(&candidate.release.at).iter();
    let installed = reaches.filter_map(|reach| view.installed(&candidate.release.at, reach));
    let of = |installed: crate::flux::Installed| {
        let chart = Chart::installed(view, &installed)?;
        Some(chart.workloads().into_iter().filter_map(|own| own.kind).collect::<Vec<_>>())
    };
    installed.filter_map(of).flatten().collect()
}
