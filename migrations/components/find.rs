//! What this migration finds in a tree.

use std::collections::{BTreeMap, BTreeSet};

use super::ids;
use super::pair::{Counterpart, Lacking, counterparts};
use super::settings::ComponentsSettings;
use super::template::{Consumer, Elsewhere, Reference, Templates};
use crate::flux::{Kustomization, KustomizationId, Object, View};
use crate::plan::UnitId;
use crate::repo::RepoPath;

/// What there is in a tree for this migration. Found again on every tree: no unit carries it.
pub(super) struct Found<'v> {
    /// The tree: a [`View::whole`].
    pub(super) view: &'v View,
    pub(super) settings: &'v ComponentsSettings,
    pub(super) consumers: Vec<Consumer<'v>>,
    /// What names templates and is no consumer.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// The Components for what consumers list and for all other templates, by directory or file.
    pub(super) counterparts: BTreeMap<RepoPath, Result<Counterpart, Lacking>>,
    /// Templates that other templates list, with the kustomization files of these.
    pub(super) among_themselves: BTreeMap<RepoPath, BTreeSet<RepoPath>>,
    /// All templates: directories with the file of a Kustomization, and files in none of them.
    pub(super) templates: BTreeSet<RepoPath>,
    /// What clusters apply of the consumers, by the consumer's file.
    applied: BTreeMap<RepoPath, Applied<'v>>,
}

/// What clusters apply of a consumer.
#[derive(Default)]
struct Applied<'v> {
    by: BTreeSet<KustomizationId>,
    namespaces: BTreeSet<&'v str>,
}

impl<'v> Found<'v> {
    /// `view` is a [`View::whole`].
    pub(super) fn in_view(view: &'v View, settings: &'v ComponentsSettings) -> Found<'v> {
        let templates = Templates::of(settings);
        let consumers = templates.consumers(view);
        let dirs = view.kustomizations().filter(|kustomization| !kustomization.component).map(Kustomization::dir);
        let dirs = dirs.filter(|dir| templates.root_of(dir).is_some());
        let all: BTreeSet<RepoPath> = dirs.chain(templates.lone_files(view).cloned()).collect();
        let listed = consumers.iter().flat_map(|consumer| &consumer.references);
        let listed: BTreeSet<RepoPath> = listed.map(|reference| reference.target.clone()).collect();
        let paths = consumers.iter().map(|consumer| consumer.kustomization.path.clone());
        let mut applied: BTreeMap<_, Applied<'_>> = paths.map(|path| (path, Applied::default())).collect();
        for reach in view.graph().reached().flat_map(|(_, reaches)| reaches) {
            for path in &reach.through {
                if let Some(applied) = applied.get_mut(path) {
                    applied.by.insert(reach.kustomization);
                    applied.namespaces.extend(reach.namespace.as_deref());
                }
            }
        }
        Found {
            elsewhere: templates.elsewhere(view),
            among_themselves: templates.among_themselves(view),
            counterparts: counterparts(view, settings, &listed, &all),
            templates: all,
            consumers,
            applied,
            settings,
            view,
        }
    }

    /// The Component for what a consumer lists.
    pub(super) fn counterpart(&self, reference: &Reference) -> Result<&Counterpart, &Lacking> {
        self.counterparts[&reference.target].as_ref()
    }

    /// The Flux Kustomizations that build what a consumer lists.
    pub(super) fn appliers_of(&self, consumer: &Consumer<'_>) -> impl Iterator<Item = KustomizationId> {
        self.applied[&consumer.kustomization.path].by.iter().copied()
    }

    /// The namespace of everything that a consumer lists, if it is one.
    pub(super) fn namespace_of(&self, consumer: &Consumer<'_>) -> Option<String> {
        let mut all = self.applied[&consumer.kustomization.path].namespaces.iter();
        all.next().filter(|_| all.next().is_none()).map(|namespace| (*namespace).to_owned())
    }

    /// The entries that the unit of a consumer switches: not those of Components made in place.
    pub(super) fn switched<'c>(&self, consumer: &'c Consumer<'_>) -> Vec<&'c Reference> {
        let is_promoted = |reference: &Reference| self.counterpart(reference).is_ok_and(|new| new.in_place);
        consumer.references.iter().filter(|reference| !is_promoted(reference)).collect()
    }

    /// The consumers of a template that becomes a Component in place, each with its entries for it.
    pub(super) fn promoted_with(&self, template: &RepoPath) -> Vec<(&Consumer<'v>, Vec<&Reference>)> {
        // Another template that renders the same takes this one as its Component.
        let leads_there =
            |reference: &&Reference| self.counterpart(reference).is_ok_and(|new| new.in_place && new.dir == *template);
        let all = self.consumers.iter().map(|consumer| {
            let references = consumer.references.iter().filter(leads_there);
            (consumer, references.collect::<Vec<_>>())
        });
        all.filter(|(_, references)| !references.is_empty()).collect()
    }

    /// The claims to protect before anything else, with the units that do it.
    pub(super) fn claims(&self) -> BTreeMap<UnitId, &'v Object> {
        let listed = self.consumers.iter().flat_map(|consumer| &consumer.references);
        let counterparts = listed.filter_map(|reference| self.counterpart(reference).ok());
        counterparts.flat_map(|counterpart| self.claims_of(counterpart)).collect()
    }

    /// The claims of a template and its Component to protect, with the units that do it.
    pub(super) fn claims_of(&self, counterpart: &Counterpart) -> impl Iterator<Item = (UnitId, &'v Object)> {
        let claims = counterpart.claims.iter().filter(|_| self.settings.protect_claims);
        claims.filter_map(|at| self.view.object(at)).map(|claim| (ids::protection(claim), claim))
    }
}
