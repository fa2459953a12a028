use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::judge::judge;
use super::promotion::Branches;
use super::recipes::{self, Migrations};
use super::{Asked, Proof, Start, configuration, hint, progress};
use crate::config::Settings;
use crate::flux::View;
use crate::git::{self, Base, WorkTree};
use crate::migrations::recipes::Registry;
use crate::output::{Planned, judged_as_line};
use crate::plan::runbook::Runbook;
use crate::plan::{
    self, Batch, Finding, Judge, Known, Landed, Meta, Migration, Plan, Promotion, SelectError, Selection, Severity,
    Unit, UnitId, UnknownSelector,
};
use crate::programs::ending;
use crate::repo::{
    EntryKind, FileChange, Folder, InGit, Key, Recovered, RepoPath, Tree, WriteError, recover, write_unless,
};

/// A tree and its plan.
pub(super) struct Context {
    /// Never dropped: the program ends with it, and freeing the memory for a large tree takes a
    /// tenth of the time.
    pub(super) view: ManuallyDrop<View>,
    pub(super) migrations: Vec<&'static dyn Migration>,
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    /// What the branches of earlier clusters show.
    pub(super) promotion: Promotion,
    judge: Option<Rc<dyn Judge>>,
}

impl Context {
    /// Plans the selected migrations without a judge of builds: on the work tree, or on the commit
    /// of `--base`.
    pub(super) fn open(start: &Start, asked: &Asked) -> anyhow::Result<Context> {
        Context::open_with(start, asked, None)
    }

    /// As [`Context::open`], with the judge that the options name.
    pub(super) fn proven(start: &Start, asked: &Asked, proof: &Proof) -> anyhow::Result<Context> {
        Context::open_with(start, asked, judge(start, proof)?)
    }

    fn open_with(start: &Start, asked: &Asked, judge: Option<Rc<dyn Judge>>) -> anyhow::Result<Context> {
        let Some(base) = &asked.base else { return Ok(Context::of_work_tree(start, asked, judge)?.1) };
        let git = repository(start)?;
        let branches = Branches::of(start, &git, registry_of_commit(start, &git, asked)?, asked);
        Context::of_commit(&git.base(base)?, asked, &branches, judge)
    }

    /// Plans on the work tree, or on a directory outside of git.
    pub(super) fn of_work_tree(
        start: &Start,
        asked: &Asked,
        judge: Option<Rc<dyn Judge>>,
    ) -> anyhow::Result<(Place, Context)> {
        Context::of_files(start, asked, judge, false)
    }

    /// As [`Context::of_work_tree`], without a judge, and with what the branches of all clusters
    /// show.
    pub(super) fn everywhere(start: &Start) -> anyhow::Result<Context> {
        Ok(Context::of_files(start, &Asked::default(), None, true)?.1)
    }

    fn of_files(
        start: &Start,
        asked: &Asked,
        judge: Option<Rc<dyn Judge>>,
        everywhere: bool,
    ) -> anyhow::Result<(Place, Context)> {
        let Opened { place, settings, view } = Opened::of(start)?;
        recipes::none_ignored(&place.root, view.tree())?;
        let registry = recipes::registry(start, asked, view.tree(), &settings)?;
        let Some(git) = &place.git else {
            let migrations = recipes::with_gates(&registry, asked, || recipes::only_tree(&view));
            let planned = migrations.planned.clone();
            let mut context = Context::of(view, settings, asked, judge, migrations)?;
            if registry.recipes().iter().any(|recipe| recipe.has_gates()) {
                let message = "there is no git here, so gates of stages look at the files as they are";
                context.plan.findings.push(Finding::note(crate::recipe::codes::GATE_ON_TREE, message));
            }
            context.plan.close(&planned, &context.settings, || recipes::only_tree(&context.view));
            return Ok((place, context));
        };
        let branches = Branches::of(start, git.repository(), registry, asked);
        branches.read(&view);
        let head = git.repository().head().ok().filter(|_| is_clean(git, &view));
        head.iter().for_each(|head| branches.know_tree(head.id, &view));
        let migrations = branches.migrations(&view);
        let mut context = Context::of(view, settings, asked, judge, migrations)?;
        if let Some(head) = head {
            branches.know(head.id, &context.view, &context.plan);
        }
        branches.read(&context.view);
        context.hold(&branches, everywhere);
        Ok((place, context))
    }

    /// Whether a recipe finds nothing to change, and is not said to be optional.
    pub(super) fn matches_nothing(&self) -> bool {
        self.plan.findings.iter().any(|finding| finding.code == crate::recipe::codes::MATCHES_NOTHING)
    }

    fn hold(&mut self, branches: &Branches<'_>, everywhere: bool) {
        self.promotion = branches.hold(&self.view, &mut self.plan, &self.settings, everywhere);
    }

    /// Plans on a commit.
    pub(super) fn of_commit(
        base: &Base,
        asked: &Asked,
        branches: &Branches<'_>,
        judge: Option<Rc<dyn Judge>>,
    ) -> anyhow::Result<Context> {
        let (settings, view) = branches.opened(base)?;
        let migrations = branches.migrations(&view);
        let mut context = Context::of(view, settings, asked, judge, migrations)?;
        branches.know(base.id, &context.view, &context.plan);
        context.hold(branches, false);
        Ok(context)
    }

    /// Plans. The judge compares what the selection reaches, or everything, if nothing is selected.
    pub(super) fn of(
        view: View,
        mut settings: Settings,
        asked: &Asked,
        judge: Option<Rc<dyn Judge>>,
        Migrations { planned: migrations, all: all_migrations }: Migrations,
    ) -> anyhow::Result<Context> {
        progress::doing("planning");
        settings.batches.one_app_each |= asked.one_app_each;
        let mut plan = match &judge {
            Some(judge) if asked.is_part() => {
                let chosen = |plan: &Plan| chosen(&view, &settings, plan, asked);
                plan::plan_reached(&view, &migrations, &settings, &**judge, &chosen)?
            }
            judge => plan::plan(&view, &migrations, &settings, judge.as_deref())?,
        };
        plan.findings.extend(configuration::findings(&settings, &view));
        plan.findings.extend(plan::about_skips(&view, &plan, &migrations, &all_migrations));
        plan.findings.retain(|finding| plan.scope.holds(finding));
        let promotion = Promotion::default();
        Ok(Context { view: ManuallyDrop::new(view), migrations, settings, plan, promotion, judge })
    }

    /// Selects units of the plan.
    pub(super) fn select(&self, asked: &Asked) -> anyhow::Result<Selection<'_>> {
        let selected = select(&self.view, &self.settings, &self.plan, asked);
        selected.map_err(|error| match unreadable(&self.view, &error) {
            Some(why) => anyhow::anyhow!("{why}"),
            None => error.into(),
        })
    }

    /// The names of the clusters, in the order of promotion.
    pub(super) fn clusters(&self) -> Vec<String> {
        clusters(&self.view)
    }

    /// The batches of the selected units that would be written.
    pub(super) fn batches<'p>(&self, asked: &Asked, selection: &Selection<'p>) -> anyhow::Result<Vec<Batch<'p>>> {
        let lanes = asked.selectors().lanes(&self.clusters());
        Ok(plan::batches(&selection.chosen, &lanes, &self.settings.batches)?)
    }

    /// The findings about the repository; of the notes, only those about files that a part of the plan
    /// is about, if a part is asked for.
    pub(super) fn findings_for(&self, asked: &Asked, selection: &Selection<'_>) -> Vec<&Finding> {
        let touched: BTreeSet<&RepoPath> =
            selection.states().flat_map(|(unit, _)| unit.touches.iter().chain([unit.id.subject.path()])).collect();
        let is_about = |finding: &&Finding| {
            let is_touched = || finding.path.as_ref().is_none_or(|path| touched.contains(path));
            !asked.is_part() || finding.severity != Severity::Note || is_touched()
        };
        self.plan.findings.iter().filter(is_about).collect()
    }

    /// What is shown of the plan.
    pub(super) fn planned<'p>(
        &'p self,
        selection: &'p Selection<'p>,
        batches: &'p [Batch<'p>],
        findings: &'p [&'p Finding],
    ) -> Planned<'p> {
        Planned { view: &self.view, plan: &self.plan, selection, batches, migrations: &self.migrations, findings }
    }

    /// The migration of a batch.
    pub(super) fn migration(&self, batch: &Batch<'_>) -> &'static dyn Migration {
        let mut all = self.migrations.iter();
        all.find(|migration| migration.meta().id == batch.migration)
            .copied()
            .expect("the migration of a batch was planned")
    }

    /// For each batch its migration and the steps around its merge, on a tree with the changes of
    /// earlier migrations that it needs.
    pub(super) fn runbooks(&self, batches: &[&Batch<'_>]) -> anyhow::Result<Vec<(&'static Meta, Runbook)>> {
        // Most need nothing of earlier migrations, so that they have one tree.
        let mut alike: BTreeMap<(&str, BTreeSet<&UnitId>), Vec<usize>> = BTreeMap::new();
        let all = self.plan.by_id();
        for (number, batch) in batches.iter().enumerate().filter(|(_, batch)| !batch.lane.clusters.is_empty()) {
            alike.entry((batch.migration, earlier(batch, &all))).or_default().push(number);
        }
        let mut found: Vec<Runbook> = batches.iter().map(|_| Runbook::of_no_cluster()).collect();
        for ((_, earlier), numbers) in alike {
            let before: Vec<&Unit> = self.plan.units.iter().filter(|unit| earlier.contains(&unit.id)).collect();
            let landed = if before.is_empty() {
                None
            } else {
                Some(plan::land(&self.view, &before, &self.migrations, &self.settings)?.complete()?)
            };
            let view = landed.as_ref().map_or(&*self.view, |landed| &landed.view);
            let alike: Vec<&Batch<'_>> = numbers.iter().map(|number| batches[*number]).collect();
            let runbooks = self.migration(alike[0]).runbooks(view, &alike, &self.settings);
            for (number, runbook) in numbers.into_iter().zip(runbooks) {
                found[number] = match self.kubectl_context(batches[number]) {
                    Some(context) => runbook.in_context(context),
                    None => runbook,
                };
            }
        }
        Ok(batches.iter().zip(found).map(|(batch, runbook)| (self.migration(batch).meta(), runbook)).collect())
    }

    /// The verdict on the builds that units touch, in a line, if a program compared them.
    pub(super) fn builds_of<'u>(&self, units: impl IntoIterator<Item = &'u &'u Unit>) -> Option<String> {
        let judged = self.plan.judged.as_ref()?.touched_by(units.into_iter().map(|unit| &unit.id));
        (judged.by.is_some() && !judged.builds.is_empty()).then(|| judged_as_line(&judged))
    }

    /// The context of kubectl that the configuration has for the only cluster of a batch.
    fn kubectl_context(&self, batch: &Batch<'_>) -> Option<&str> {
        let mut clusters = batch.lane.clusters.iter();
        let (name, None) = (clusters.next()?, clusters.next()) else { return None };
        self.settings.clusters.iter().find(|cluster| cluster.name == *name)?.context.as_deref()
    }

    /// Lets the judge compare what some of the units change together, unless that was done when
    /// they were planned.
    pub(super) fn prove(&self, some: &[&Unit]) -> anyhow::Result<()> {
        let Some(judge) = &self.judge else { return Ok(()) };
        Ok(plan::prove(&self.view, &self.plan, some, &self.migrations, &self.settings, &**judge)?)
    }

    /// Lands the selected units and returns the changed files, those that others need first.
    pub(super) fn land(&self, selection: &Selection<'_>) -> anyhow::Result<(Landed, Vec<FileChange>)> {
        self.prove(&selection.chosen)?;
        let landed = plan::land(&self.view, &selection.chosen, &self.migrations, &self.settings)?.complete()?;
        let rank = |path: &RepoPath| selection.chosen.iter().position(|unit| unit.touches.contains(path));
        let mut changes = landed.view.tree().changed_files()?;
        // New files first: whatever names a file is written after it.
        changes.sort_by_key(|change| (change.before.is_some(), rank(&change.path), change.path.clone()));
        Ok((landed, changes))
    }

    /// Reports on standard error which of the selected units are not written.
    pub(super) fn report_skipped(&self, selection: &Selection<'_>) {
        match selection.to_review.len() {
            0 => {}
            1 => hint("note: 1 unit to review is skipped; `flux-codemod plan -v` shows why, --review includes it"),
            several => hint(&format!(
                "note: {several} units to review are skipped; `flux-codemod plan -v` shows why, --review includes them"
            )),
        }
        let by_stage = selection.held.iter().filter(|unit| !unit.closed_gates.is_empty()).count();
        if by_stage > 0 {
            let units = if by_stage == 1 { "1 unit is".to_owned() } else { format!("{by_stage} units are") };
            hint(&format!(
                "note: {units} held until the gate of a stage opens; `flux-codemod plan -v` shows what it waits for"
            ));
        }
        match selection.held.len() - by_stage {
            0 => {}
            1 => hint(
                "note: 1 unit waits for an earlier cluster; `flux-codemod plan -v` shows why, --no-gate includes it",
            ),
            several => hint(&format!(
                "note: {several} units wait for an earlier cluster; `flux-codemod plan -v` shows why, --no-gate includes them"
            )),
        }
        match selection.refused.len() {
            0 => {}
            1 => hint("note: 1 unit is refused; `flux-codemod plan -v` shows why"),
            several => hint(&format!("note: {several} units are refused; `flux-codemod plan -v` shows why")),
        }
        for broken in self.plan.findings.iter().filter(|finding| finding.code == plan::codes::BROKEN_YAML) {
            hint(&format!("warning: {} is skipped: {}", broken.place().unwrap_or_default(), broken.message));
        }
    }
}

/// The names of the clusters of a tree, in the order of promotion.
pub(super) fn clusters(view: &View) -> Vec<String> {
    view.graph().clusters.iter().map(|cluster| cluster.name.clone()).collect()
}

/// The names of all releases, as clusters apply them and as their files have them.
pub(super) fn releases(view: &View) -> BTreeSet<String> {
    let names = view.releases().iter().flat_map(|release| {
        let reaches = view.graph().reaches(&release.at).iter();
        let reached = reaches.map(|reach| format!("{}/{}", reach.namespace.as_deref().unwrap_or_default(), reach.name));
        reached.chain([release.name.to_string()]).collect::<Vec<_>>()
    });
    names.collect()
}

/// Selects units of a plan.
fn select<'p>(view: &View, settings: &Settings, plan: &'p Plan, asked: &Asked) -> Result<Selection<'p>, SelectError> {
    let clusters = clusters(view);
    let releases: Vec<String> = releases(view).into_iter().collect();
    let known = Known { clusters: &clusters, releases: &releases, batches: &settings.batches };
    asked.selectors().select(plan, &known)
}

/// The units that are written of what is selected, with and without those to review. What cannot be
/// selected is reported when the command selects.
fn chosen(view: &View, settings: &Settings, plan: &Plan, asked: &Asked) -> BTreeSet<UnitId> {
    let reviewed = Asked { review: true, ..asked.clone() };
    let selections = [asked, &reviewed].map(|asked| select(view, settings, plan, asked));
    selections.into_iter().flatten().flat_map(|selection| selection.chosen).map(|unit| unit.id.clone()).collect()
}

/// The broken file that may hold a release or namespace which is not found, in the place of a guess
/// at another name.
fn unreadable(view: &View, error: &SelectError) -> Option<String> {
    let (what, name) = match error {
        SelectError::Unknown(UnknownSelector::Release { name, .. }) => ("release", name),
        SelectError::Unknown(UnknownSelector::Namespace { name, .. }) => ("namespace", name),
        _ => return None,
    };
    let (_, word) = name.rsplit_once('/').unwrap_or(("", name));
    let view = view.whole();
    let broken = view.files().filter_map(|(path, file)| Some((path, file.broken.as_ref()?)));
    let mut holding = broken.filter(|(path, _)| {
        let in_path = path.as_str().split('/').any(|part| part.split('.').any(|part| part == word));
        let text = view.tree().read(path).ok().flatten();
        let text = text.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
        in_path || text.lines().any(|line| line.split([' ', ':', '"', '\'']).any(|part| part == word))
    });
    let (path, broken) = holding.next()?;
    Some(format!(
        "no {what} `{name}` is found, but {path}:{} is not valid YAML ({}), and names it; fix that file, then run again",
        broken.line, broken.message
    ))
}

/// The migrations and recipes of the commit that is planned first: those hold for all branches of a
/// run.
pub(super) fn registry_of_commit(start: &Start, git: &git::Repository, asked: &Asked) -> anyhow::Result<Registry> {
    let base = match &asked.base {
        Some(base) => git.base(base)?,
        None => git.head()?,
    };
    registry_at(start, git, asked, &base)
}

/// The migrations and recipes of a commit.
pub(super) fn registry_at(
    start: &Start,
    git: &git::Repository,
    asked: &Asked,
    base: &Base,
) -> anyhow::Result<Registry> {
    let tree = git.tree(base)?;
    let settings = configuration::of_tree(start, &tree)?;
    recipes::registry(start, asked, &tree, &settings)
}

/// The units of earlier migrations that a batch needs.
fn earlier<'p>(batch: &Batch<'p>, all: &BTreeMap<&'p UnitId, &'p Unit>) -> BTreeSet<&'p UnitId> {
    let mut needed: BTreeSet<&UnitId> = BTreeSet::new();
    let mut open: Vec<&Unit> = batch.units.clone();
    while let Some(unit) = open.pop() {
        open.extend(unit.needs.iter().filter(|need| needed.insert(need)).filter_map(|need| all.get(need)));
    }
    needed.into_iter().filter(|id| id.migration != batch.migration && all.contains_key(id)).collect()
}

/// The git repository around the directory where a command starts, bare ones included.
pub(super) fn repository(start: &Start) -> anyhow::Result<git::Repository> {
    refuse_if_not_there(&start.dir)?;
    let found = git::Repository::around(&start.dir)?;
    found.with_context(|| format!("{} is not in a git repository, so there are no branches", start.dir.display()))
}

/// A repository before anything is planned.
pub(super) struct Opened {
    pub(super) place: Place,
    pub(super) settings: Settings,
    pub(super) view: View,
}

impl Opened {
    /// Opens the repository around a directory, with its configuration and the branches that its
    /// clusters follow.
    pub(super) fn of(start: &Start) -> anyhow::Result<Opened> {
        progress::doing("reading the files");
        let (place, tree) = Place::open(&start.dir)?;
        let settings = configuration::of_place(start, &place, &tree)?;
        let urls = place.git.as_ref().map(|git| git.repository().urls()).unwrap_or_default();
        let view = View::with_given(tree, configuration::given(&settings, urls))?;
        refuse_if_not_flux(&place.root, place.git.is_some(), &view)?;
        let view = match &place.git {
            Some(git) => git.repository().follow(view)?,
            None => view,
        };
        configuration::check(&settings, &view)?;
        Ok(Opened { place, settings, view })
    }
}

/// The configuration and the view of a commit. Files that it has in common with a view that is
/// known are not read again.
pub(super) fn opened_commit(
    start: &Start,
    git: &git::Repository,
    base: &Base,
    known: Option<&View>,
) -> anyhow::Result<(Settings, View)> {
    progress::doing("reading the files");
    let tree = git.tree(base)?;
    let settings = configuration::of_tree(start, &tree)?;
    let given = configuration::given(&settings, git.urls());
    let view = match known {
        Some(known) => View::like_with_given(tree, known, given)?,
        None => View::with_given(tree, given)?,
    };
    refuse_if_not_flux(git.place(), true, &view)?;
    let view = git.follow_from(view, base);
    configuration::check(&settings, &view)?;
    Ok((settings, view))
}

/// Whether the work tree, of which the view is, is as the commit at HEAD has it.
pub(super) fn is_clean(git: &WorkTree, view: &View) -> bool {
    let files = view.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
    git.is_clean(&files.map(|(path, _)| path).collect::<Vec<_>>())
}

/// Where files are read and written.
pub(super) struct Place {
    pub(super) root: PathBuf,
    pub(super) git: Option<WorkTree>,
    /// What is in the place of a journal and does not count. Nothing is written until it is gone.
    foreign: Option<WriteError>,
}

impl Place {
    /// Opens the repository around a directory, and its files. An interrupted run is rolled back
    /// first.
    pub(super) fn open(dir: &Path) -> anyhow::Result<(Place, Tree)> {
        refuse_if_not_there(dir)?;
        let git = WorkTree::around(dir)?;
        let root = git.as_ref().map_or_else(|| dir.to_owned(), |git| git.root().to_owned());
        let mut place = Place { root, git, foreign: None };
        place.recover()?;
        let folder = match &place.git {
            Some(git) => git.files()?,
            None => {
                let folder = Folder::plain(&place.root);
                folder.with_context(|| format!("{} cannot be read", place.root.display()))?
            }
        };
        Ok((place, Tree::of(Arc::new(folder))))
    }

    fn recover(&mut self) -> anyhow::Result<()> {
        let Some(git) = &self.git else { return Ok(()) };
        let recovered = recover(&self.root, in_git(git, &|| key(&self.root, git)));
        let (recovered, notes) = match recovered {
            Ok(recovered) => recovered,
            // To look at the files is safe, whatever lies there.
            Err(foreign @ WriteError::Foreign(_)) => {
                hint(&format!("warning: {foreign}"));
                self.foreign = Some(foreign);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let listed = |files: &[RepoPath]| files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match recovered {
            Recovered::Nothing => {}
            Recovered::RolledBack { files, kept } => {
                let done = match files.len() {
                    0 => "no file was written yet".to_owned(),
                    1 => format!("1 file restored: {}", listed(&files)),
                    several => format!("{several} files restored: {}", listed(&files)),
                };
                hint(&format!("note: an earlier run was interrupted while writing; it was rolled back ({done})"));
                if !kept.is_empty() {
                    hint(&format!("note: what was committed or staged since stays as it is: {}", listed(&kept)));
                }
            }
            Recovered::Kept => hint(
                "note: an earlier run was interrupted after it had written all files; they were committed or staged since, so they stay",
            ),
        }
        notes.iter().for_each(|note| hint(note));
        Ok(())
    }

    /// Writes changes. Gives what is to be told although all was written.
    pub(super) fn write(&self, changes: &[FileChange]) -> anyhow::Result<Vec<String>> {
        if let Some(foreign) = &self.foreign {
            bail!("{foreign}");
        }
        let write = |git| ending::heeding_signals(|is_to_stop| write_unless(&self.root, git, changes, is_to_stop));
        let Some(git) = &self.git else { return Ok(write(None)?) };
        let key = key(&self.root, git);
        if let Err(why) = &key {
            hint(&format!("note: {why}, so if this run is interrupted, the next one cannot roll it back"));
        }
        Ok(write(Some(in_git(git, &|| key.clone())))?)
    }
}

fn in_git<'g>(git: &'g WorkTree, key: &'g dyn Fn() -> Result<Key, String>) -> InGit<'g> {
    InGit { git: git.git_dir(), common: git.common_dir(), key, recorded: git }
}

/// The key of this user, which is no key if it lies where a repository could bring its own.
fn key(root: &Path, git: &WorkTree) -> Result<Key, String> {
    Key::of_user(&[root, git.git_dir(), git.common_dir()])
}

fn refuse_if_not_there(dir: &Path) -> anyhow::Result<()> {
    if !dir.is_dir() {
        let what = if dir.exists() { "is not a directory" } else { "does not exist" };
        bail!("{} {what}; use -C DIR to name the repository that Flux reads", dir.display());
    }
    Ok(())
}

/// Refuses a directory without Flux objects: otherwise a wrong directory would be reported as
/// clean.
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
    let kind = if git { "git repository" } else { "directory (not a git repository)" };
    let seen = if files == 0 { "no YAML files" } else { "no Flux objects in its YAML files" };
    let broken = view.files().filter(|(_, file)| file.broken.is_some()).count();
    let broken = if broken > 0 { format!(" ({broken} of them are not valid)") } else { String::new() };
    bail!(
        "the {kind} {} has {seen}{broken}; use -C DIR to name the repository that Flux reads",
        root.display().to_string().trim_end_matches('/')
    )
}
