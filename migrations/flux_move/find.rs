//! What a tree has for this migration, found again on every tree.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{Candidate, candidates};
use super::claims::unprotected;
use super::guard::{ORPHAN_SINCE, is_orphan, keeps, marks};
use super::needs::{Needs, needs};
use super::objects::Objects;
use super::references::{Moving, Naming, Puts, puts};
use super::repair::Repairs;
use super::seconds::Seconds;
use super::settings::{FluxMoveSettings, GuardBy};
use super::style::Style;
use super::tidy::Tidy;
use super::watch::{Watch, watches};
use super::world::World;
use super::write::write;
use crate::config::Settings;
use crate::flux::{At, ById, ClusterId, FluxKustomization, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};

/// What is found in a tree.
pub(super) struct Found<'v> {
    /// A whole view.
    pub(super) view: &'v View,
    pub(super) settings: FluxMoveSettings,
    /// With more direct dependents a move is alone in its batch.
    pub(super) alone_above: usize,
    pub(super) candidates: Vec<Candidate>,
    pub(super) seconds: Seconds,
    styles: ById<ClusterId, Style>,
    world: OnceCell<World<'v>>,
    naming: OnceCell<Naming<'v>>,
    guarded: OnceCell<Vec<Guarded<'v>>>,
    repairs: OnceCell<Repairs<'v>>,
    tidy: OnceCell<Tidy<'v>>,
    objects: OnceCell<Objects<'v>>,
}

/// A Flux Kustomization that has moved, and still has its guard.
pub(super) struct Guarded<'v> {
    pub(super) at: &'v At,
    pub(super) one: &'v FluxKustomization,
}

impl<'v> Found<'v> {
    /// `view` is a whole one.
    pub(super) fn in_view(view: &'v View, settings: &Settings) -> Found<'v> {
        Found::with(view, settings.section(), settings.batches.alone_above)
    }

    /// The same of another view.
    pub(super) fn of_other<'o>(&self, view: &'o View) -> Found<'o> {
        Found::with(view, self.settings.clone(), self.alone_above)
    }

    fn with(view: &'v View, settings: FluxMoveSettings, alone_above: usize) -> Found<'v> {
        let styles = view.graph().clusters.ids().map(|cluster| Style::of(view, cluster, &settings)).collect();
        let candidates = candidates(view, &settings);
        let seconds = Seconds::of(view, &candidates, settings.second_above.unwrap_or(alone_above));
        let (world, naming, guarded, repairs, tidy, objects) = Default::default();
        Found {
            view,
            settings,
            alone_above,
            candidates,
            seconds,
            styles,
            world,
            naming,
            guarded,
            repairs,
            tidy,
            objects,
        }
    }

    /// How namespaces are written in a cluster.
    pub(super) fn style(&self, cluster: ClusterId) -> Style {
        self.styles[cluster]
    }

    /// What the clusters build, worked out once.
    pub(super) fn world(&self) -> &World<'v> {
        self.world.get_or_init(|| World::of(self.view))
    }

    /// The candidates that move, each with its new namespace.
    pub(super) fn movers(&self) -> impl Iterator<Item = (&Candidate, &str)> {
        self.candidates.iter().filter_map(|candidate| Some((candidate, candidate.to()?)))
    }

    /// What is a candidate in one of its clusters.
    pub(super) fn instances(&self, candidate: &Candidate) -> impl Iterator<Item = &'v FluxKustomization> {
        let kustomizations = &self.view.graph().kustomizations;
        candidate.ids.iter().map(|id| &kustomizations[*id])
    }

    /// Whether nothing of what a candidate applies is deleted with it.
    pub(super) fn is_guarded(&self, candidate: &Candidate) -> bool {
        self.instances(candidate).all(|one| keeps(one, self.knows_policies(one)))
    }

    /// Whether the Flux of its cluster reads `deletionPolicy`; where its version is not known, only the
    /// configuration says so.
    fn knows_policies(&self, one: &FluxKustomization) -> bool {
        let flux = self.view.graph().clusters[one.cluster].flux;
        flux.map_or(self.settings.guard == GuardBy::Orphan, |flux| flux.is_at_least(ORPHAN_SINCE))
    }

    /// Whether its guard is `deletionPolicy: Orphan`.
    pub(super) fn guards_by_orphan(&self, candidate: &Candidate) -> bool {
        let clusters = self.instances(candidate).map(|one| &self.view.graph().clusters[one.cluster]);
        is_orphan(self.settings.guard, clusters)
    }

    /// What a candidate needs in its new namespace.
    pub(super) fn needs(&self, candidate: &Candidate, to: &str) -> Needs {
        needs(self.world(), &self.settings, candidate, to)
    }

    /// The claims of a candidate that pruning could delete.
    pub(super) fn claims(&self, candidate: &Candidate) -> BTreeSet<At> {
        match self.settings.protect_claims {
            true => unprotected(self.world(), &candidate.ids),
            false => BTreeSet::new(),
        }
    }

    /// The Alerts and Receivers that would lose sight of candidates.
    pub(super) fn watches(&self) -> Vec<Watch<'v>> {
        let movers: Vec<_> = self.movers().collect();
        watches(self.view, &movers)
    }

    /// What states another namespace than the one in which it is.
    pub(super) fn repairs(&self) -> &Repairs<'v> {
        self.repairs.get_or_init(|| Repairs::of(self))
    }

    /// What is left to do once all has moved.
    pub(super) fn tidy(&self) -> &Tidy<'v> {
        self.tidy.get_or_init(|| Tidy::of(self))
    }

    /// The sources and stores that move.
    pub(super) fn objects(&self) -> &Objects<'v> {
        self.objects.get_or_init(|| Objects::of(self))
    }

    /// Those that have moved, and still have a guard.
    pub(super) fn guarded(&self) -> &[Guarded<'v>] {
        self.guarded.get_or_init(|| self.find_guarded())
    }

    fn find_guarded(&self) -> Vec<Guarded<'v>> {
        let view = self.view;
        let stays: BTreeSet<&At> = self.candidates.iter().map(|candidate| &candidate.at).collect();
        let mut found: BTreeMap<&'v At, &'v FluxKustomization> = BTreeMap::new();
        let is_done = |one: &&FluxKustomization| {
            !stays.contains(&one.at) && !self.seconds.has_first(&one.at) && self.settings.leads_to(one)
        };
        for one in view.graph().kustomizations.iter().filter(is_done) {
            let stream = view.file(&one.at.path).and_then(|file| file.stream.as_deref());
            let has_mark = |stream| view.node(&one.at).is_some_and(|root| !marks(stream, root).is_empty());
            if stream.is_some_and(has_mark) {
                found.entry(&one.at).or_insert(one);
            }
        }
        found.into_iter().map(|(at, one)| Guarded { at, one }).collect()
    }

    /// Has some candidates move at once. Where there is a second object, it is named instead of the first.
    pub(super) fn moving<'c>(&self, movers: impl IntoIterator<Item = (&'c Candidate, &'c str)>) -> Moving {
        let mut moving = Moving::default();
        for (candidate, to) in movers {
            match self.seconds.of_first(candidate) {
                Some(_) => moving.rename(self.view, candidate, to),
                None => moving.add(self.view, candidate, to),
            }
        }
        moving
    }

    /// Has one candidate move, or be there once more. It names second objects where there are any.
    pub(super) fn moving_alone(&self, candidate: &Candidate, to: &str) -> Moving {
        let mut moving = Moving::default();
        moving.add(self.view, candidate, to);
        for (other, to) in self.movers().filter(|(other, _)| self.seconds.of_first(other).is_some()) {
            moving.rename_in_moved(self.view, other, to);
        }
        moving
    }

    /// What is written so that all that names some candidates names those of another namespace.
    ///
    /// # Errors
    /// If a reference to one of them cannot be followed.
    pub(super) fn renamed<'c>(
        &self,
        firsts: impl IntoIterator<Item = (&'c Candidate, &'c str)>,
    ) -> Result<Puts, Finding> {
        let mut moving = Moving::default();
        firsts.into_iter().for_each(|(candidate, to)| moving.rename(self.view, candidate, to));
        self.puts(&moving)
    }

    /// What is written so that they do.
    ///
    /// # Errors
    /// If a reference to one of them cannot be followed.
    pub(super) fn puts(&self, moving: &Moving) -> Result<Puts, Finding> {
        puts(self.view, moving, self.naming.get_or_init(|| Naming::of(self.view)), &self.styles)
    }

    /// The text of that.
    ///
    /// # Errors
    /// If a text does not allow it.
    pub(super) fn written(&self, puts: &Puts) -> Result<Written, Finding> {
        let mut edits = Edits::of(self.view);
        for (at, puts) in puts {
            edits.object(at, |edit, root| write(edit, root, puts))?;
        }
        edits.finish()
    }
}
