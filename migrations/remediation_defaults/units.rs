//! The drafts of this migration, step by step.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::Exception;
use super::entry::{DISABLED, ENABLED, Form};
use super::fields::{Field, ObjectKind};
use super::find::{Found, Member};
use super::roots::{Child, Defaults, Root};
use super::settings::Scope;
use super::subtract::redundant;
use super::{META, class, codes, findings, template};
use crate::plan::author::workloads;
use crate::plan::{Draft, Effect, Finding, Impact, OutOfScope, Outcome, Subject, Survey, UnitId};

// The steps; README.md says what they do.
pub(super) const KUSTOMIZATION_OPT_OUT: &str = "kustomization-opt-out";
pub(super) const KUSTOMIZATION_DEFAULTS: &str = "kustomization-defaults";
pub(super) const OWN_PATCHES: &str = "own-patches";
pub(super) const OPT_OUT: &str = "opt-out";
pub(super) const INJECT: &str = "inject";
pub(super) const OPT_IN: &str = "opt-in";
pub(super) const SUBTRACT: &str = "subtract";
pub(super) const SUBTRACT_KUSTOMIZATION: &str = "subtract-kustomization";

/// The steps of each kind of objects: defaults at the root, labels, the removal of fields.
const STATE_STEPS: [&str; 2] = [INJECT, KUSTOMIZATION_DEFAULTS];
const OPT_OUT_STEPS: [&str; 2] = [OPT_OUT, KUSTOMIZATION_OPT_OUT];
const REMOVAL_STEPS: [&str; 2] = [SUBTRACT, SUBTRACT_KUSTOMIZATION];

/// The name of a unit.
pub(super) fn id(step: &'static str, subject: &Subject) -> UnitId {
    UnitId::new(&META, step, subject.clone())
}

pub(super) fn survey(found: &Found<'_>) -> Survey {
    let members = found.members.iter();
    let mut drafts: Vec<Draft> =
        members.flat_map(|member| found.label_draft(member).into_iter().chain(found.removal_draft(member))).collect();
    for (index, root) in found.roots.iter().enumerate() {
        drafts.extend(ObjectKind::ALL.into_iter().filter_map(|kind| found.defaults_draft(kind, index, root)));
    }
    drafts.extend(found.children.iter().filter_map(|child| found.own_patches_draft(child)));
    drafts.extend(template::drafts(found.view, &found.settings));
    Survey { drafts, findings: findings::all(found), out_of_scope: out_of_scope(found), ..Survey::default() }
}

/// The releases that their label leaves out; all of them, where there are no defaults to give.
fn out_of_scope(found: &Found<'_>) -> OutOfScope {
    let releases = found.members.iter().filter(|member| member.kind == ObjectKind::Release);
    let all = releases.clone().count();
    if all > 0 && found.roots.iter().all(|root| root.of(ObjectKind::Release).set.is_empty()) {
        let what = format!("HelmReleases: {all}: no non-default setting is shared by a majority");
        return OutOfScope { count: all, what };
    }
    let count = releases.filter(|member| found.is_out(member)).count();
    let what = if count == 0 { String::new() } else { format!("HelmReleases: {count} left out by their label") };
    OutOfScope { count, what }
}

impl Found<'_> {
    /// Whether a Flux Kustomization has to be changed before the roots above it.
    fn comes_first(&self, child: &Child) -> bool {
        let is_able = |root: &usize| self.roots[*root].of(ObjectKind::Release).problem.is_none();
        !child.ops.is_empty() && child.roots.iter().all(is_able)
    }

    /// The units of such Flux Kustomizations.
    fn first(&self, is_meant: impl Fn(&Child) -> bool) -> impl Iterator<Item = UnitId> {
        let children = self.children.iter().filter(move |child| self.comes_first(child) && is_meant(child));
        children.map(|child| id(OWN_PATCHES, &child.subject))
    }

    fn own_patches_draft(&self, child: &Child) -> Option<Draft> {
        if !self.comes_first(child) {
            return None;
        }
        let label = "its own spec.patches are kept: a label excludes it from the root's patch";
        let title =
            if child.merges { format!("{label}, and the defaults are added to them") } else { label.to_owned() };
        // A list that is replaced already takes effect again.
        let mut entries = child.roots.iter().flat_map(|root| &self.roots[*root].entries);
        let is_replaced = entries.any(|entry| entry.form == Form::TwoLevels);
        Some(Draft {
            class: Some(class::OPT_OUTS),
            impact: if is_replaced { Impact::Reconcile } else { Impact::None },
            ..Draft::new(id(OWN_PATCHES, &child.subject), title, [child.at.path.clone()])
        })
    }

    /// The defaults of one kind of objects, at a root.
    fn defaults_draft(&self, kind: ObjectKind, index: usize, root: &Root) -> Option<Draft> {
        let Defaults { set, pending, problem } = root.of(kind);
        if set.is_empty() || pending.is_empty() {
            return None;
        }
        let for_whom = root.forms_for(kind).into_iter().map(|form| match form {
            Form::TwoLevels => "releases of the Kustomizations below it",
            Form::OneLevel => "its releases",
            Form::Kustomizations => "the Kustomizations below it",
        });
        let for_whom = for_whom.collect::<Vec<_>>().join(" and ");
        let title = format!("defaults for {for_whom}: {}", set.lines().join(", "));
        let is_release = kind == ObjectKind::Release;
        let draft = Draft {
            class: Some(if is_release { class::RELEASE_DEFAULTS } else { class::KUSTOMIZATION_DEFAULTS }),
            ..Draft::new(id(STATE_STEPS[kind as usize], &root.subject), title, [root.at.path.clone()])
        };
        if let Some(problem) = problem {
            return Some(Draft { findings: vec![problem.clone()], paste: self.paste(kind, root, problem), ..draft });
        }
        let members = self.members.iter().filter(|member| member.kind == kind && member.roots.contains(&index));
        let members: Vec<&Member> = members.filter(|member| !self.is_out(member)).collect();
        let is_opt_out = self.settings.scope_of(kind) == Scope::OptOut;
        let (mut needs, mut effects, mut findings) = (BTreeSet::new(), Vec::new(), Vec::new());
        for member in &members {
            let stays_out = self.stays_out(member);
            if is_opt_out && stays_out {
                needs.insert(id(OPT_OUT_STEPS[kind as usize], &member.subject));
            }
            // Of those that have no label yet, only exceptions belong here.
            let has_defaults = is_opt_out || member.label.as_deref() == Some(ENABLED);
            if has_defaults || stays_out {
                effects.extend(as_planned(&member.effects, !stays_out));
            }
            if is_release && has_defaults && !stays_out {
                findings.extend(to_review(member));
            }
        }
        if is_release {
            if root.of(ObjectKind::Kustomization).is_pending() {
                needs.insert(id(KUSTOMIZATION_DEFAULTS, &root.subject));
            }
            // Of those below it, and of itself, where it is below another root.
            needs.extend(self.first(|child| child.roots.contains(&index) || child.at == root.at));
            findings.extend(self.relying(root, &effects));
            findings.extend(self.counts(&members));
        }
        Some(Draft { impact: impact_of(&effects), needs, findings, effects, ..draft })
    }

    /// The releases that have the defaults of a root already and get others.
    fn relying(&self, root: &Root, effects: &[Effect]) -> Option<Finding> {
        let changes = effects.iter().filter(|effect| effect.outcome == Outcome::Changes);
        let names: BTreeSet<&str> = changes.map(|effect| effect.object.as_str()).collect();
        let is_known = root.entries.iter().any(|entry| entry.form != Form::Kustomizations);
        let message = format!("values in force change for {}", names.iter().copied().collect::<Vec<_>>().join(", "));
        (is_known && !names.is_empty()).then(|| Finding::warning(codes::RELIES, message).at(&root.at.path, root.line))
    }

    /// How many releases of each cluster have each default already, change, or stay as they are.
    fn counts(&self, members: &[&Member]) -> Vec<Finding> {
        let table = ObjectKind::Release.table();
        let mut counts: BTreeMap<(String, usize), [usize; 3]> = BTreeMap::new();
        for effect in members.iter().flat_map(|member| as_planned(&member.effects, !self.stays_out(member))) {
            let field = table.iter().position(|field| field.name() == effect.field).expect("effects are of its fields");
            if self.roots.iter().any(|root| root.of(ObjectKind::Release).set.get(&table[field]).is_some()) {
                counts.entry((effect.cluster, field)).or_default()[effect.outcome as usize] += 1;
            }
        }
        let note = |((cluster, field), [same, changes, kept]): ((String, usize), [usize; 3])| {
            let counts = format!("{same} have it already, {changes} change, {kept} stay as they are");
            Finding::note(codes::COUNTS, format!("{} on {cluster}: {counts}", table[field].name()))
        };
        counts.into_iter().map(note).collect()
    }

    /// What you could paste where a root is refused; nothing where that would do harm.
    fn paste(&self, kind: ObjectKind, root: &Root, problem: &Finding) -> Option<String> {
        if [codes::TOO_MANY, codes::FIELD_NOT_IN_FLUX, codes::WOULD_REPLACE].contains(&problem.code) {
            return None;
        }
        let text = |forms: Vec<Form>| -> String {
            forms.into_iter().map(|form| root.wanted(kind, form).to_paste(&self.settings)).collect()
        };
        Some(if kind == ObjectKind::Release && problem.code == codes::PATCHES_SET {
            let where_to = "# Into the list that the other patch sets, not into that of the root:";
            format!("{where_to}\n{}", text(vec![Form::OneLevel]))
        } else {
            text(root.forms_for(kind))
        })
    }

    /// The label of an object: of exceptions if the scope is opt-out, else of all others.
    fn label_draft(&self, member: &Member) -> Option<Draft> {
        let is_in = self.settings.scope_of(member.kind) == Scope::OptIn;
        if member.label.is_some() || !self.is_able(member) || is_in == self.stays_out(member) {
            return None;
        }
        let key = self.settings.label_of(member.kind);
        let (step, title) = if is_in {
            (OPT_IN, format!("gets the defaults, by the label {key}: {ENABLED}"))
        } else {
            let fields = fields(member.exceptions.iter().map(|exception| exception.field));
            (OPT_OUT_STEPS[member.kind as usize], format!("keeps {fields}, by the label {key}: {DISABLED}"))
        };
        let findings = match &member.problem {
            Some(problem) => vec![problem.clone()],
            None if is_in => to_review(member),
            None => Vec::new(),
        };
        let draft = Draft {
            also: member.also.clone(),
            findings,
            effects: as_planned(&member.effects, is_in),
            ..Draft::new(id(step, &member.subject), title, [member.at.path.clone()])
        };
        Some(if is_in {
            let (impact, workloads) = (impact_of(&draft.effects), workloads(self.view, &member.at));
            Draft { impact, workloads, needs: self.before(member), ..draft }
        } else {
            // Where the defaults are there already, what it states takes effect again.
            let is_back = self.roots_of(member).any(|root| root.of(member.kind).pending.is_empty());
            let impact = if is_back { Impact::Reconcile } else { Impact::None };
            Draft { impact, class: Some(class::OPT_OUTS), ..draft }
        })
    }

    /// What has to be there before an object can have the defaults.
    fn before(&self, member: &Member) -> BTreeSet<UnitId> {
        let roots = self.roots_of(member).filter(|root| root.of(member.kind).is_pending());
        let mut needs: BTreeSet<UnitId> =
            roots.map(|root| id(STATE_STEPS[member.kind as usize], &root.subject)).collect();
        if member.kind == ObjectKind::Release {
            let reaches = self.view.graph().reaches(&member.at);
            needs.extend(self.first(|child| reaches.iter().any(|reach| child.ids.contains(&reach.kustomization))));
        }
        needs
    }

    /// The fields of an object that repeat the defaults.
    fn removal_draft(&self, member: &Member) -> Option<Draft> {
        let redundant = if self.gets_defaults(member) { redundant(self, &self.trial, member) } else { Vec::new() };
        if redundant.is_empty() {
            return None;
        }
        let mut needs = self.before(member);
        if self.settings.scope_of(member.kind) == Scope::OptIn && member.label.is_none() {
            needs.insert(id(OPT_IN, &member.subject));
        }
        let title = format!("removes {}: same as the defaults", fields(redundant.into_iter()));
        Some(Draft {
            also: member.also.clone(),
            class: Some(class::REDUNDANT),
            needs,
            ..Draft::new(id(REMOVAL_STEPS[member.kind as usize], &member.subject), title, [member.at.path.clone()])
        })
    }
}

fn fields(fields: impl Iterator<Item = &'static Field>) -> String {
    fields.map(Field::short).collect::<Vec<_>>().join(", ")
}

fn impact_of(effects: &[Effect]) -> Impact {
    let changes = effects.iter().any(|effect| effect.outcome == Outcome::Changes);
    if changes { Impact::Reconcile } else { Impact::None }
}

/// The effects once a unit has landed: an object gets all defaults, or keeps everything.
fn as_planned(effects: &[Effect], gets_defaults: bool) -> Vec<Effect> {
    let outcome = if gets_defaults { Outcome::Changes } else { Outcome::Kept };
    let planned = |effect: &Effect| match effect.outcome {
        Outcome::Same => effect.clone(),
        Outcome::Changes | Outcome::Kept => Effect { outcome, ..effect.clone() },
    };
    effects.iter().map(planned).collect()
}

/// The values that a release states, and the defaults override; and what Kustomize drops from a
/// release that a patch changes for the first time.
fn to_review(member: &Member) -> Vec<Finding> {
    let warning = |exception: &Exception| {
        let Exception { field, value, default, .. } = exception;
        let default = default.as_ref()?;
        let message =
            format!("{} states {}: {value}; the default {default} overrides it", member.subject, field.short());
        Some(Finding::warning(codes::OVERRIDES, message).at(&member.at.path, exception.line))
    };
    let dropped = |(field, line): &(String, usize)| {
        let message = format!("{} has no value for {field}, so the patch removes the field", member.subject);
        Finding::warning(codes::EMPTY_DROPPED, message).at(&member.at.path, *line)
    };
    let unusual = |(field, default): &(&Field, String)| {
        let message = format!("{} does not state {}, and would get {default}", member.subject, field.short());
        Finding::warning(codes::UNUSUAL, message).at(&member.at.path, member.line)
    };
    let of_others = member.emptied.iter().map(dropped).chain(member.unusual.iter().map(unusual));
    member.exceptions.iter().filter_map(warning).chain(of_others).collect()
}
