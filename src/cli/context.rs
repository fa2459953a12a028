use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::judge::judge;
use super::{Asked, Proof, Start, configuration, hint};
use crate::config::Settings;
use crate::flux::View;
use crate::git::{self, Base, WorkTree};
use crate::migrations;
use crate::plan::runbook::Runbook;
use crate::plan::{self, Batch, Judge, Landed, Meta, Migration, Plan, Selection, There, Unit, UnitId};
use crate::repo::{FileChange, Folder, RepoPath, Tree, recover};

/// What there is to do in a tree.
pub(super) struct Context {
    /// Never dropped: the program ends with it, and taking apart what it knows of a large tree takes a tenth of the time.
    pub(super) view: ManuallyDrop<View>,
    pub(super) migrations: Vec<&'static dyn Migration>,
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    judge: Option<Rc<dyn Judge>>,
}

impl Context {
    /// Plans what is asked for, without a judge of builds: on the work tree, or on the commit that `--base` names.
    pub(super) fn open(start: &Start, asked: &Asked) -> anyhow::Result<Context> {
        Context::open_with(start, asked, None)
    }

    /// As [`Context::open`], with builds proven by what is asked for.
    pub(super) fn proven(start: &Start, asked: &Asked, proof: &Proof) -> anyhow::Result<Context> {
        Context::open_with(start, asked, judge(start, proof)?)
    }

    fn open_with(start: &Start, asked: &Asked, judge: Option<Rc<dyn Judge>>) -> anyhow::Result<Context> {
        let Some(base) = &asked.base else { return Ok(Context::of_work_tree(start, &asked.migrations, judge)?.1) };
        let git = repository(start)?;
        Context::of_commit(start, &git, &git.base(base)?, &asked.migrations, judge)
    }

    /// Plans on the work tree, or on a folder that is in no git repository.
    pub(super) fn of_work_tree(
        start: &Start,
        asked: &[String],
        judge: Option<Rc<dyn Judge>>,
    ) -> anyhow::Result<(Place, Context)> {
        let Understood { place, settings, view } = Understood::open(start)?;
        Ok((place, Context::of(view, settings, asked, judge)?))
    }

    /// Plans on a commit.
    pub(super) fn of_commit(
        start: &Start,
        git: &git::Repository,
        base: &Base,
        asked: &[String],
        judge: Option<Rc<dyn Judge>>,
    ) -> anyhow::Result<Context> {
        let (settings, view) = understood_commit(start, git, base)?;
        Context::of(view, settings, asked, judge)
    }

    fn of(view: View, settings: Settings, asked: &[String], judge: Option<Rc<dyn Judge>>) -> anyhow::Result<Context> {
        let all = migrations::all();
        let is_asked = |id: &str| asked.is_empty() || asked.iter().any(|name| name == id);
        let migrations: Vec<_> = all.iter().copied().filter(|migration| is_asked(migration.meta().id)).collect();
        let mut plan = plan::plan(&view, &migrations, &settings, judge.as_deref())?;
        plan.findings.extend(configuration::findings(&settings, &view));
        plan.findings.extend(plan::about_skips(&view, &plan, &migrations, &all));
        Ok(Context { view: ManuallyDrop::new(view), migrations, settings, plan, judge })
    }

    /// Takes what is asked for out of the plan.
    pub(super) fn select(&self, asked: &Asked) -> anyhow::Result<Selection<'_>> {
        let clusters = self.clusters();
        let releases = self.view.releases().iter();
        let names = releases.flat_map(|release| {
            let reaches = self.view.graph().reaches(&release.at).iter();
            let reached =
                reaches.map(|reach| format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name));
            reached.chain([release.name.clone()]).collect::<Vec<_>>()
        });
        let known: BTreeSet<String> = names.collect();
        let releases: Vec<String> = known.into_iter().collect();
        let there = There { clusters: &clusters, releases: &releases, batches: &self.settings.batches };
        Ok(asked.selectors().select(&self.plan, &there)?)
    }

    /// The names of the clusters, in the order of promotion.
    pub(super) fn clusters(&self) -> Vec<String> {
        self.view.graph().clusters.iter().map(|cluster| cluster.name.clone()).collect()
    }

    /// The batches of what is chosen.
    pub(super) fn batches<'p>(&self, asked: &Asked, selection: &Selection<'p>) -> anyhow::Result<Vec<Batch<'p>>> {
        let lanes = asked.selectors().lanes(&self.clusters());
        Ok(plan::batches(&selection.chosen, &lanes, &self.settings.batches)?)
    }

    /// The migration of a batch.
    pub(super) fn migration(&self, batch: &Batch<'_>) -> &'static dyn Migration {
        let mut all = self.migrations.iter();
        all.find(|own| own.meta().id == batch.migration).copied().expect("a batch is of a migration that was planned")
    }

    /// The migration of a batch, and the steps around its landing, on a tree where that of earlier migrations has landed which it needs.
    pub(super) fn runbook(&self, batch: &Batch<'_>) -> anyhow::Result<(&'static Meta, Runbook)> {
        let mut needed: BTreeSet<&UnitId> = BTreeSet::new();
        let mut open: Vec<&Unit> = batch.units.clone();
        while let Some(unit) = open.pop() {
            open.extend(unit.needs.iter().filter(|need| needed.insert(need)).filter_map(|need| self.plan.unit(need)));
        }
        let is_before = |unit: &&Unit| needed.contains(&unit.id) && unit.id.migration != batch.migration;
        let before: Vec<&Unit> = self.plan.units.iter().filter(is_before).collect();
        let landed = if before.is_empty() {
            None
        } else {
            Some(plan::land(&self.view, &before, &self.migrations, &self.settings)?.complete()?)
        };
        let view = landed.as_ref().map_or(&*self.view, |landed| &landed.view);
        let migration = self.migration(batch);
        Ok((migration.meta(), migration.runbook(view, batch, &self.settings)))
    }

    /// Has the judge compare what some of the units change together, where that was not judged when they were planned.
    pub(super) fn prove(&self, some: &[&Unit]) -> anyhow::Result<()> {
        let Some(judge) = &self.judge else { return Ok(()) };
        Ok(plan::prove(&self.view, &self.plan, some, &self.migrations, &self.settings, &**judge)?)
    }

    /// Lands what is chosen, and gives the files that change, those of needs first.
    pub(super) fn land(&self, selection: &Selection<'_>) -> anyhow::Result<(Landed, Vec<FileChange>)> {
        self.prove(&selection.chosen)?;
        let landed = plan::land(&self.view, &selection.chosen, &self.migrations, &self.settings)?.complete()?;
        let rank = |path: &RepoPath| selection.chosen.iter().position(|unit| unit.touches.contains(path));
        let mut changes = landed.view.tree().changed_files()?;
        // New files first: nothing that names one is ever without it.
        changes.sort_by_key(|change| (change.before.is_some(), rank(&change.path), change.path.clone()));
        Ok((landed, changes))
    }

    /// Tells on standard error what of that which was asked for stays undone.
    pub(super) fn tell_what_stays(&self, selection: &Selection<'_>) {
        let count = |units: usize, what: &str| {
            if units == 1 { format!("1 unit {what}") } else { format!("{units} units {what}") }
        };
        if !selection.to_review.is_empty() {
            let units = count(selection.to_review.len(), "to review");
            hint(&format!("note: {units} left out; `flux-codemod plan` says why, --review takes them"));
        }
        if !selection.refused.is_empty() {
            let units = count(selection.refused.len(), "refused");
            hint(&format!("note: {units}; `flux-codemod plan` says why"));
        }
        for broken in self.plan.findings.iter().filter(|finding| finding.code == plan::codes::BROKEN_YAML) {
            hint(&format!("warning: {} is left out: {}", broken.place().unwrap_or_default(), broken.message));
        }
    }
}

/// The git repository around the directory where a command starts, bare ones included.
pub(super) fn repository(start: &Start) -> anyhow::Result<git::Repository> {
    refuse_if_not_there(&start.dir)?;
    let found = git::Repository::around(&start.dir)?;
    found.with_context(|| format!("{} is in no git repository, so there are no branches", start.dir.display()))
}

/// A tree, read and understood, before anything is planned.
pub(super) struct Understood {
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) view: View,
}

impl Understood {
    /// Opens the repository around a directory, with its configuration and the branches that its clusters follow.
    pub(super) fn open(start: &Start) -> anyhow::Result<Understood> {
        let (place, tree) = Place::open(&start.dir)?;
        let settings = configuration::of_place(start, &place, &tree)?;
        let view = View::with_clusters(tree, configuration::given(&settings))?;
        refuse_if_not_flux(&place.root, place.git.is_some(), &view)?;
        let view = match &place.git {
            Some(git) => git.repository().follow(view)?,
            None => view,
        };
        configuration::check(&settings, &view)?;
        Ok(Understood { place, settings, view })
    }
}

/// A commit, read and understood.
pub(super) fn understood_commit(start: &Start, git: &git::Repository, base: &Base) -> anyhow::Result<(Settings, View)> {
    let tree = git.tree(base)?;
    let settings = configuration::of_tree(start, &tree)?;
    let view = View::with_clusters(tree, configuration::given(&settings))?;
    refuse_if_not_flux(git.place(), true, &view)?;
    let view = git.follow_from(view, base);
    configuration::check(&settings, &view)?;
    Ok((settings, view))
}

/// Where files are read and written.
pub(super) struct Place {
    pub(super) root: PathBuf,
    /// Where `apply` keeps its journal; `None` outside of git.
    pub(super) journal: Option<PathBuf>,
    pub(super) git: Option<WorkTree>,
}

impl Place {
    /// Opens the repository around a directory, and its files. What an interrupted run left is rolled back first.
    pub(super) fn open(dir: &Path) -> anyhow::Result<(Place, Tree)> {
        refuse_if_not_there(dir)?;
        let git = WorkTree::around(dir)?;
        let root = git.as_ref().map_or_else(|| dir.to_owned(), |git| git.root().to_owned());
        let journal = git.as_ref().map(WorkTree::journal);
        if let Some(recovered) = journal.as_deref().map(|journal| recover(&root, journal)).transpose()?.flatten() {
            let files: Vec<_> = recovered.files.iter().map(ToString::to_string).collect();
            let done = match files.as_slice() {
                [] => "no file had been written yet".to_owned(),
                [one] => format!("1 file put back: {one}"),
                several => format!("{} files put back: {}", several.len(), several.join(", ")),
            };
            hint(&format!("note: an earlier run was interrupted while it wrote; it is rolled back ({done})"));
        }
        let folder = match &git {
            Some(git) => git.files()?,
            None => Folder::plain(&root).with_context(|| format!("{} cannot be read", root.display()))?,
        };
        Ok((Place { root, journal, git }, Tree::of(Arc::new(folder))))
    }
}

fn refuse_if_not_there(dir: &Path) -> anyhow::Result<()> {
    if !dir.is_dir() {
        let what = if dir.exists() { "is no directory" } else { "is not there" };
        bail!("{} {what}; name the repository that Flux reads with -C DIR", dir.display());
    }
    Ok(())
}

/// A mistaken directory is better told at once than found clean.
pub(super) fn refuse_if_not_flux(root: &Path, git: bool, view: &View) -> anyhow::Result<()> {
    let objects = || view.files().flat_map(|(_, file)| &file.objects);
    let is_flux = |object: &crate::flux::Object| {
        object.api_version.split('/').next().is_some_and(|group| group.ends_with(".fluxcd.io"))
    };
    if objects().any(is_flux) {
        return Ok(());
    }
    let view = view.whole();
    let files = view.files().count();
    let kind = if git { "git repository" } else { "directory (no git repository)" };
    let seen = if files == 0 { "no YAML files" } else { "no Flux objects in its YAML files" };
    let broken = view.files().filter(|(_, file)| file.broken.is_some()).count();
    let broken = if broken > 0 { format!(" ({broken} of them cannot be read)") } else { String::new() };
    bail!(
        "the {kind} {} has {seen}{broken}; name the repository that Flux reads with -C DIR",
        root.display().to_string().trim_end_matches('/')
    )
}
