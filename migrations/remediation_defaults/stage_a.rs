//! The units that are about defaults of Flux Kustomizations, and about what these make redundant.

use super::class;
use super::codes;
use super::entry::Form;
use super::id::{KUSTOMIZATION_DEFAULTS, KUSTOMIZATION_OPT_OUT, SUBTRACT_KUSTOMIZATION, child_id, root_id};
use super::roots::Root;
use super::say::{as_meant, goes, impact_of, paths, words};
use super::subtract::redundant;
use super::survey::Member;
use super::unit::Units;
use crate::plan::{Effect, Impact, Draft};

impl Units<'_, '_> {
    pub(super) fn kustomization_opt_out(&self, member: &Member) -> Option<Draft> {
        let child = &self.found.children[member.child];
        let able = child.roots.iter().any(|root| self.has_stage_a(*root));
        if !self.found.leaves_member(member) || !able {
            return None;
        }
        let effects = as_meant(&member.effects, false);
        // Where the defaults are there already, it gets back what it says.
        let is_there = child.roots.iter().any(|root| self.has_stage_a(*root) && !self.is_pending_a(*root));
        let title = format!("keeps {}, by a label", words(member.kept.iter().map(|kept| kept.field)));
        Some(Draft {
            class: Some(class::OPT_OUTS),
            impact: if is_there { Impact::Upgrade } else { Impact::None },
            effects,
            ..Draft::new(child_id(KUSTOMIZATION_OPT_OUT, child), title, paths(&child.at.path))
        })
    }

    pub(super) fn kustomization_defaults(&self, number: usize, root: &Root) -> Option<Draft> {
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
        Some(Draft {
            class: Some(class::KUSTOMIZATION_DEFAULTS),
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
            ..Draft::new(root_id(KUSTOMIZATION_DEFAULTS, root), title, paths(&root.at.path))
        })
    }

    pub(super) fn subtract_kustomization(&self, member: &Member) -> Option<Draft> {
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
        Some(Draft {
            class: Some(class::REDUNDANT),
            needs,
            ..Draft::new(child_id(SUBTRACT_KUSTOMIZATION, child), goes(&fields), paths(&child.at.path))
        })
    }
}
