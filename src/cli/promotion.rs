//! What the branches of clusters show, read for the gate of promotion.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::context::{clusters, opened_commit};
use super::recipes::{Migrations, with_gates};
use super::{Asked, Start};
use crate::config::Settings;
use crate::flux::{Cluster, Followed, View};
use crate::git::{Base, CommitId, Past, Repository};
use crate::migrations::recipes::Registry;
use crate::plan::{self, ClusterTree, Finding, Live, Migration, Plan, Promotion, Standing, State, Tally, Unit, codes};
use crate::text::arguments;

/// The commits that clusters apply, each planned once in a run.
pub(super) struct Branches<'g> {
    start: &'g Start,
    git: &'g Repository,
    registry: Registry,
    asked: Asked,
    migrations: OnceCell<Migrations>,
    planned: RefCell<BTreeMap<CommitId, Planned>>,
    /// What was read last: the others have most of its files.
    read: RefCell<Option<View>>,
    /// The trees of commits that gates ask.
    trees: RefCell<BTreeMap<CommitId, Result<View, String>>>,
}

/// What there is to do in a commit, for each cluster and migration, or why that is not known.
type Planned = Rc<Result<BTreeMap<(String, &'static str), Tally>, String>>;

impl<'g> Branches<'g> {
    /// Those of a repository, for the migrations that are asked for.
    pub(super) fn of(start: &'g Start, git: &'g Repository, registry: Registry, asked: &Asked) -> Branches<'g> {
        let (planned, read, trees) = (RefCell::default(), RefCell::default(), RefCell::default());
        Branches { start, git, registry, asked: asked.clone(), migrations: OnceCell::new(), planned, read, trees }
    }

    /// The migrations of the run. The gates of their stages are asked of the branches that the
    /// clusters of this tree follow, once.
    pub(super) fn migrations(&self, view: &View) -> Migrations {
        let known = self.migrations.get_or_init(|| with_gates(&self.registry, &self.asked, || self.trees(view)));
        known.clone()
    }

    /// The trees that clusters apply, as their branches have them, and what is checked out.
    fn trees<'v>(&self, view: &'v View) -> Vec<ClusterTree<'v>> {
        let opened = |base: Result<Base, String>| {
            let base = base?;
            Ok((base.reference.clone(), self.tree(&base)?.whole()))
        };
        let tree = |cluster: Option<&'v str>, is_followed: bool, base: Result<Base, String>| match opened(base) {
            Ok((from, view)) => ClusterTree { cluster, from, is_followed, view: Ok(view) },
            Err(why) => ClusterTree { cluster, from: "its branch".to_owned(), is_followed, view: Err(why) },
        };
        let is_followed = |cluster: &Cluster| {
            let followed = view.followed().and_then(|following| following.of(cluster));
            matches!(followed, Some(Followed::Here(_)))
        };
        let clusters = view.graph().clusters.iter().filter(|cluster| cluster.in_tree);
        let of_clusters =
            clusters.map(|cluster| tree(Some(&cluster.name), is_followed(cluster), self.followed(view, cluster)));
        let head = self.git.head().map_err(|error| error.to_string());
        of_clusters.chain([tree(None, false, head)]).collect()
    }

    /// The tree of a commit, or why it cannot be read.
    fn tree(&self, base: &Base) -> Result<View, String> {
        if let Some(known) = self.trees.borrow().get(&base.id) {
            return known.clone();
        }
        let opened = self.opened(base).map(|(_, view)| view);
        let opened = opened.map_err(|error| format!("{} cannot be read: {error:#}", base.reference));
        self.trees.borrow_mut().insert(base.id, opened.clone());
        opened
    }

    /// Takes in the tree of a commit, so that it is not read again.
    pub(super) fn know_tree(&self, commit: CommitId, view: &View) {
        self.trees.borrow_mut().insert(commit, Ok(view.clone()));
    }

    /// The migrations that are planned, once [`Branches::migrations`] has asked their gates.
    fn planned_migrations(&self) -> &[&'static dyn Migration] {
        self.migrations.get().map_or(&[], |migrations| &migrations.planned)
    }

    /// The configuration and the view of a commit.
    pub(super) fn opened(&self, base: &Base) -> anyhow::Result<(Settings, View)> {
        let (settings, view) = opened_commit(self.start, self.git, base, self.read.borrow().as_ref())?;
        self.read(&view);
        Ok((settings, view))
    }

    /// Takes in what was read already.
    pub(super) fn read(&self, view: &View) {
        self.read.replace(Some(view.clone()));
    }

    /// Takes in the plan of a commit, so that it is not planned again.
    pub(super) fn know(&self, commit: CommitId, view: &View, plan: &Plan) {
        self.planned.borrow_mut().insert(commit, Rc::new(Ok(plan.tallies(&clusters(view)))));
    }

    /// Holds units of a plan back for the clusters that come before theirs, and gives what the
    /// branches of these show; those of all clusters, if `everywhere`.
    pub(super) fn hold(&self, view: &View, plan: &mut Plan, settings: &Settings, everywhere: bool) -> Promotion {
        let clusters = &view.graph().clusters;
        let mut promotion = Promotion { clusters: Vec::new(), here: here(view) };
        let is_able = |unit: &Unit| unit.state() <= State::Waits;
        let last = clusters.iter().rposition(|cluster| promotion.has(plan, &cluster.name, is_able)).unwrap_or_default();
        let soak = settings.promotion.soak;
        for (place, cluster) in clusters.iter().enumerate() {
            let is_asked = place < last || everywhere;
            let live = if is_asked { self.live(view, cluster, soak) } else { Live::Known(Standing::default()) };
            promotion.clusters.push((cluster.name.clone(), live));
        }
        plan.hold(|unit| promotion.gates(unit));
        plan.close(self.planned_migrations(), settings, || self.trees(view));
        self.note_what_proves_nothing(view, plan, &promotion);
        promotion
    }

    fn live(&self, view: &View, cluster: &Cluster, soak: Duration) -> Live {
        let standing = self.followed(view, cluster).and_then(|base| {
            let planned = self.planned(&base);
            let all = (*planned).as_ref().map_err(Clone::clone)?;
            let mut tallies = BTreeMap::new();
            for migration in self.planned_migrations() {
                let id = migration.meta().id;
                let mut tally = all.get(&(cluster.name.clone(), id)).cloned().unwrap_or_default();
                if tally.left() == 0 && !soak.is_zero() {
                    tally.soaking = self.soaking(&base, &cluster.name, id, soak)?;
                }
                tallies.insert(id, tally);
            }
            Ok(Standing { from: base.reference, tallies })
        });
        standing.map_or_else(Live::Unknown, Live::Known)
    }

    /// The commit that a cluster applies.
    fn followed(&self, view: &View, cluster: &Cluster) -> Result<Base, String> {
        let branch = cluster.branch.as_deref().unwrap_or_default();
        let fetch = |remote: Option<&str>| {
            let remote = remote.unwrap_or("origin");
            format!("its branch {branch} was not fetched; run `git fetch {}`", arguments([remote, branch]))
        };
        match view.followed().and_then(|following| following.of(cluster)) {
            Some(Followed::Here(followed)) if !followed.is_remote && self.git.has_fetched() => Err(fetch(None)),
            Some(Followed::Here(followed)) => self.git.followed(followed).map_err(|error| error.to_string()),
            Some(Followed::NotHere { remote }) => Err(fetch(remote.as_deref())),
            // Which branch it follows is not known; the one that is checked out has to do.
            None => self.git.head().map_err(|error| error.to_string()),
        }
    }

    fn planned(&self, base: &Base) -> Planned {
        if let Some(planned) = self.planned.borrow().get(&base.id) {
            return planned.clone();
        }
        let plan = || -> anyhow::Result<_> {
            let (settings, view) = self.opened(base)?;
            let plan = plan::plan(&view, self.planned_migrations(), &settings, None)?;
            Ok(plan.tallies(&clusters(&view)))
        };
        let planned = Rc::new(plan().map_err(|error| format!("{} cannot be planned: {error:#}", base.reference)));
        self.planned.borrow_mut().insert(base.id, planned.clone());
        planned
    }

    /// Since when nothing of a migration is pending on a cluster, and until when it has to run
    /// there, if that is not over: from the commit with which the last unit reached the branch.
    fn soaking(
        &self,
        base: &Base,
        cluster: &str,
        migration: &'static str,
        soak: Duration,
    ) -> Result<Option<(String, String)>, String> {
        let seconds = i64::try_from(soak.as_secs()).unwrap_or(i64::MAX);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let since = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(seconds);
        let tips = self.git.tips_since(base, since).map_err(|error| error.to_string())?;
        let is_done = |tip: &Past| -> Result<bool, String> {
            let planned = self.planned(&tip.base);
            let all = (*planned).as_ref().map_err(Clone::clone)?;
            Ok(all.get(&(cluster.to_owned(), migration)).is_none_or(|tally| tally.left() == 0))
        };
        // What was done when the time began is old enough.
        let Some(oldest) = tips.last() else { return Ok(None) };
        if is_done(oldest)? {
            return Ok(None);
        }
        // The first tip is done, the last one is not: the tip between them with which it was.
        let (mut done, mut open) = (0, tips.len() - 1);
        while done + 1 < open {
            let middle = usize::midpoint(done, open);
            if is_done(&tips[middle])? { done = middle } else { open = middle }
        }
        let landed = tips[done].time;
        Ok(Some((utc(landed), utc(landed.saturating_add(seconds)))))
    }

    /// Notes where an earlier cluster has nothing of a migration that is pending on a later one.
    fn note_what_proves_nothing(&self, view: &View, plan: &mut Plan, promotion: &Promotion) {
        let mut notes = Vec::new();
        for migration in self.planned_migrations() {
            let (id, names) = (migration.meta().id, migration.meta().names().collect::<Vec<_>>());
            let is_able = |unit: &Unit| unit.id.migration == id && unit.state() <= State::Held;
            let mut clusters = promotion.clusters.iter();
            let Some(first) = clusters.position(|(name, _)| promotion.has(plan, name, is_able)) else { continue };
            for (name, live) in &promotion.clusters[..first] {
                let Live::Known(standing) = live else { continue };
                if standing.tallies.get(id).is_none_or(|tally| !tally.units.is_empty()) {
                    continue;
                }
                let cluster = view.graph().clusters.iter().find(|cluster| cluster.name == *name);
                let base = cluster.and_then(|cluster| self.followed(view, cluster).ok());
                if base.is_none_or(|base| self.git.has_commits_of(&names, &base).unwrap_or(true)) {
                    continue;
                }
                let message = format!(
                    "{name} has nothing of {id}, and {} has no commit of it: it proves nothing for {}",
                    standing.from, promotion.clusters[first].0
                );
                notes.push(Finding::note(codes::NOTHING_TO_PROVE, message));
            }
        }
        plan.findings.extend(notes);
    }
}

/// The clusters that apply this tree once it is merged.
fn here(view: &View) -> BTreeSet<String> {
    let clusters: Vec<&Cluster> = view.graph().clusters.iter().collect();
    let away = view.followed().map(|following| following.not_reading(&clusters)).unwrap_or_default();
    let is_here = |cluster: &&Cluster| !away.iter().any(|other| other.name == cluster.name);
    clusters.into_iter().filter(is_here).map(|cluster| cluster.name.clone()).collect()
}

/// A time in UTC, to the minute: `2026-11-28 18:30 UTC`.
pub(super) fn utc(seconds: i64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let text = humantime::format_rfc3339_seconds(time).to_string();
    format!("{} UTC", text.replace('T', " ").get(..16).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_are_shown_to_the_minute() {
        assert_eq!(utc(1_700_000_000), "2023-11-14 22:13 UTC");
    }
}
