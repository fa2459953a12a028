//! A plan for the eye: one page of HTML that opens without a network and without scripts.
//!
//! What is shown is collected here as data; `report.html` gives it its place, `report.css` its looks. All
//! text is escaped by the template engine. The script only filters, folds and copies: without it,
//! everything is there.

mod diff;
mod graph;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use self::diff::FileView;
use self::graph::GraphView;
use self::text::escaped;
use super::Planned;
use super::excerpt::around;
use super::journey::Place;
use crate::plan::runbook::{Runbook, Step};
use crate::plan::{Batch, Finding, Impact, Layer, Meta, Phase, Severity, State, Unit};

const TEMPLATE: &str = include_str!("report.html");
const UNIT: &str = include_str!("unit.html");
const FINDING: &str = include_str!("finding.html");
const CSS: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// What is shown beside the plan.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'r> {
    /// The name of the repository.
    pub repository: &'r str,
    /// The command that makes the report.
    pub command: &'r str,
    /// What each batch changes, on the tree below it.
    pub layers: &'r [Layer<'r>],
    /// The steps around each batch.
    pub runbooks: &'r [(&'static Meta, Runbook)],
    /// Where the branch of each batch is, if that is known.
    pub places: &'r [Option<Place>],
    /// What was merged on each cluster, the newest first.
    pub merged: &'r [Vec<Merged>],
}

/// A batch that was merged, as its commit says.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Its name.
    pub batch: String,
    /// Its migration, as it was called then.
    pub migration: String,
    /// The subjects of its units.
    pub units: BTreeSet<String>,
    /// Its commit.
    pub commit: String,
    /// When its commit was made.
    pub time: String,
}

#[derive(Serialize)]
struct Report<'r> {
    repository: &'r str,
    command: &'r str,
    totals: String,
    judged: Option<String>,
    clusters: Vec<ClusterView>,
    roadmap: Vec<RoadmapRow>,
    impacts: Vec<String>,
    matrix: Vec<MatrixRow>,
    batches: Vec<BatchView>,
    merged: Vec<MergedOn>,
    others: Vec<OtherView>,
    findings: Vec<FindingView>,
    notes: usize,
    graph: GraphView,
    css: &'static str,
    script: &'static str,
}

#[derive(Serialize)]
struct ClusterView {
    name: String,
    about: String,
}

#[derive(Serialize)]
struct RoadmapRow {
    phase: Phase,
    id: String,
    summary: String,
    cells: Vec<RoadmapCell>,
}

/// A migration on a cluster.
#[derive(Serialize)]
struct RoadmapCell {
    states: Vec<Count>,
    all: usize,
}

#[derive(Serialize)]
struct Count {
    name: String,
    class: String,
    number: usize,
}

#[derive(Serialize)]
struct MatrixRow {
    name: String,
    cells: Vec<usize>,
}

#[derive(Serialize)]
struct BatchView {
    id: String,
    name: String,
    lane: String,
    migration: String,
    impact: String,
    branch: String,
    place: Option<&'static str>,
    units: Vec<UnitView>,
    files: Vec<FileView>,
    added: usize,
    removed: usize,
    runbook: Option<RunbookView>,
    reaches: String,
}

/// What was merged on a cluster.
#[derive(Serialize)]
struct MergedOn {
    cluster: String,
    batches: Vec<MergedView>,
}

#[derive(Serialize)]
struct MergedView {
    name: String,
    migration: String,
    commit: String,
    time: String,
    units: Vec<String>,
}

#[derive(Serialize)]
struct UnitView {
    name: String,
    title: String,
    state: String,
    impact: String,
    workloads: String,
    path: String,
    findings: Vec<FindingView>,
    effects: Vec<EffectView>,
}

/// Units in a state in which they are in no batch.
#[derive(Serialize)]
struct OtherView {
    state: String,
    class: String,
    units: Vec<UnitView>,
}

#[derive(Serialize)]
struct EffectView {
    object: String,
    field: String,
    before: String,
    after: String,
    outcome: String,
}

#[derive(Clone, Serialize)]
struct FindingView {
    severity: String,
    code: String,
    place: String,
    message: String,
    help: String,
    /// The line that it is about, with those around it.
    lines: Vec<LineView>,
}

#[derive(Clone, Serialize)]
struct LineView {
    number: usize,
    text: String,
    is_it: bool,
}

#[derive(Serialize)]
struct RunbookView {
    what: String,
    parts: Vec<RunbookPart>,
}

#[derive(Serialize)]
struct RunbookPart {
    name: &'static str,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct StepView {
    what: String,
    commands: Vec<String>,
}

/// The page.
///
/// # Errors
/// If the template cannot be filled, which is a mistake in this program.
pub fn plan_as_html(planned: &Planned<'_>, beside: &Beside<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, template) in [("report.html", TEMPLATE), ("unit", UNIT), ("finding", FINDING)] {
        environment.add_template(name, template)?;
    }
    environment.get_template("report.html")?.render(report(planned, beside))
}

fn report<'r>(planned: &Planned<'_>, beside: &Beside<'r>) -> Report<'r> {
    let Planned { view, plan, selection, batches, migrations, findings } = *planned;
    let clusters: Vec<&str> = view.graph().clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let states: Vec<(&Unit, State)> = selection.states().collect();
    let roadmap = migrations.iter().map(|migration| {
        let meta = migration.meta();
        let cell = |(number, cluster): (usize, &&str)| {
            let here = states.iter().filter(|(unit, _)| unit.id.migration == meta.id && reaches(unit, cluster));
            let merged = beside.merged.get(number).map_or(&[][..], Vec::as_slice);
            RoadmapCell::of(meta, here.map(|(unit, state)| (*unit, *state)), merged)
        };
        let cells = clusters.iter().enumerate().map(cell).collect();
        RoadmapRow { phase: meta.phase, id: meta.id.to_owned(), summary: meta.summary.to_owned(), cells }
    });
    let impacts = [Impact::None, Impact::Reconcile, Impact::Upgrade, Impact::Restart, Impact::Recreate, Impact::Data];
    let matrix = clusters.iter().map(|cluster| {
        let of = |impact: &Impact| {
            let units = batches.iter().flat_map(|batch| &batch.units);
            units.filter(|unit| unit.impact == *impact && reaches(unit, cluster)).count()
        };
        MatrixRow { name: (*cluster).to_owned(), cells: impacts.iter().map(of).collect() }
    });
    let batch_views = batches.iter().enumerate().map(|(number, batch)| {
        let changes = beside.layers.get(number).map_or(&[][..], |layer| &layer.changes);
        let files: Vec<FileView> = changes.iter().map(FileView::of).collect();
        let runbook = beside.runbooks.get(number).map(|(_, runbook)| RunbookView::of(runbook));
        let place = beside.places.get(number).copied().flatten().map(Place::word);
        BatchView { place, ..BatchView::of(planned, number, batch, files, runbook) }
    });
    let merged = clusters.iter().zip(beside.merged).filter(|(_, batches)| !batches.is_empty());
    let merged = merged.map(|(cluster, batches)| MergedOn {
        cluster: shown(cluster),
        batches: batches.iter().map(MergedView::of).collect(),
    });
    let others = [State::Review, State::Held, State::Waits, State::Refused, State::OptedOut].map(|state| OtherView {
        state: state.to_string(),
        class: class(state),
        units: states
            .iter()
            .filter(|(_, found)| *found == state)
            .map(|(unit, state)| UnitView::of(planned, unit, *state))
            .collect(),
    });
    Report {
        repository: beside.repository,
        command: beside.command,
        totals: planned.totals(),
        judged: plan.judged.as_ref().map(super::judged::judged_as_line),
        clusters: view.graph().clusters.iter().map(ClusterView::of).collect(),
        roadmap: roadmap.collect(),
        impacts: impacts.iter().map(ToString::to_string).collect(),
        matrix: matrix.collect(),
        batches: batch_views.collect(),
        merged: merged.collect(),
        others: others.into_iter().filter(|other| !other.units.is_empty()).collect(),
        findings: findings.iter().map(|finding| FindingView::of(planned, finding)).collect(),
        notes: findings.iter().filter(|finding| finding.severity == Severity::Note).count(),
        graph: GraphView::of(view, batches),
        css: CSS,
        script: SCRIPT,
    }
}

fn reaches(unit: &Unit, cluster: &str) -> bool {
    unit.lane.clusters.contains(cluster)
}

fn class(state: State) -> String {
    state.to_string().replace(' ', "-")
}

impl RoadmapCell {
    /// A migration on a cluster: its units there by state, and those that were merged and are done.
    fn of<'p>(meta: &Meta, units: impl Iterator<Item = (&'p Unit, State)>, merged: &[Merged]) -> RoadmapCell {
        let mut counts: BTreeMap<State, usize> = BTreeMap::new();
        let mut left = BTreeSet::new();
        for (unit, state) in units {
            *counts.entry(state).or_default() += 1;
            left.insert(unit.id.subject.to_string());
        }
        let of_it = merged.iter().filter(|batch| meta.is_called(&batch.migration));
        let done: BTreeSet<&String> =
            of_it.flat_map(|batch| &batch.units).filter(|unit| !left.contains(*unit)).collect();
        let merged = Count { name: "merged".to_owned(), class: "merged".to_owned(), number: done.len() };
        let states: Vec<Count> = [merged]
            .into_iter()
            .chain(counts.into_iter().map(|(state, number)| Count {
                name: state.to_string(),
                class: class(state),
                number,
            }))
            .filter(|count| count.number > 0)
            .collect();
        RoadmapCell { all: states.iter().map(|count| count.number).sum(), states }
    }
}

impl MergedView {
    fn of(batch: &Merged) -> MergedView {
        MergedView {
            name: shown(&batch.batch),
            migration: shown(&batch.migration),
            commit: shown(&batch.commit),
            time: shown(&batch.time),
            units: batch.units.iter().map(|unit| shown(unit)).collect(),
        }
    }
}

/// Text of the repository, with what does not show made visible.
fn shown(text: &str) -> String {
    escaped(text)
}

impl ClusterView {
    fn of(cluster: &crate::flux::Cluster) -> ClusterView {
        let branch = cluster.branch.as_deref().map(|branch| format!("follows {}", shown(branch)));
        let flux = cluster.flux.map(|flux| format!("Flux {flux}"));
        let path = format!("from {}", shown(cluster.path.as_str()));
        let about: Vec<String> = branch.into_iter().chain(flux).chain([path]).collect();
        ClusterView { name: shown(&cluster.name), about: about.join(", ") }
    }
}

impl BatchView {
    fn of(
        planned: &Planned<'_>,
        number: usize,
        batch: &Batch<'_>,
        files: Vec<FileView>,
        runbook: Option<RunbookView>,
    ) -> BatchView {
        let worst = batch.units.iter().map(|unit| unit.impact).max().unwrap_or(Impact::None);
        let reached: BTreeSet<String> = batch.units.iter().flat_map(|unit| graph::reached_by(unit)).collect();
        BatchView {
            id: format!("batch-{}", number + 1),
            name: shown(&batch.name()),
            lane: shown(&batch.lane.to_string()),
            migration: batch.migration.to_owned(),
            impact: worst.to_string(),
            branch: shown(&batch.branch()),
            place: None,
            units: batch.units.iter().map(|unit| UnitView::of(planned, unit, State::Pending)).collect(),
            added: files.iter().map(|file| file.added).sum(),
            removed: files.iter().map(|file| file.removed).sum(),
            files,
            runbook,
            reaches: reached.into_iter().collect::<Vec<_>>().join(" "),
        }
    }
}

impl UnitView {
    fn of(planned: &Planned<'_>, unit: &Unit, state: State) -> UnitView {
        let findings = unit.findings.iter().chain(&unit.held);
        UnitView {
            name: shown(&super::plan::name(unit)),
            title: shown(&unit.title),
            state: state.to_string(),
            impact: unit.impact.to_string(),
            workloads: unit.workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            path: shown(unit.id.subject.path().as_str()),
            findings: findings.map(|finding| FindingView::of(planned, finding)).collect(),
            effects: unit.effects.iter().map(EffectView::of).collect(),
        }
    }
}

impl EffectView {
    fn of(effect: &crate::plan::Effect) -> EffectView {
        EffectView {
            object: shown(&format!("{} on {}", effect.object, effect.cluster)),
            field: shown(&effect.field),
            before: shown(&effect.before),
            after: shown(&effect.after),
            outcome: effect.outcome.to_string(),
        }
    }
}

impl FindingView {
    fn of(planned: &Planned<'_>, finding: &Finding) -> FindingView {
        let place = match (&finding.path, finding.line) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path.to_string(),
            _ => String::new(),
        };
        FindingView {
            severity: finding.severity.to_string(),
            code: finding.code.id.to_owned(),
            place: shown(&place),
            message: shown(&finding.message),
            help: finding.code.todo.to_owned(),
            lines: LineView::around(planned, finding),
        }
    }
}

impl LineView {
    /// The line of a finding, with one before and one after it.
    fn around(planned: &Planned<'_>, finding: &Finding) -> Vec<LineView> {
        let lines = around(planned.view, finding).into_iter();
        lines
            .map(|(number, text)| LineView { number, text: shown(text), is_it: finding.line == Some(number) })
            .collect()
    }
}

impl RunbookView {
    fn of(runbook: &Runbook) -> RunbookView {
        let part = |name, steps: &[Step]| RunbookPart { name, steps: steps.iter().map(StepView::of).collect() };
        let parts =
            [part("Before the merge", &runbook.before), part("After it", &runbook.after), part("Back", &runbook.back)];
        let parts = parts.into_iter().filter(|part| !part.steps.is_empty()).collect();
        RunbookView { what: shown(&runbook.what), parts }
    }
}

impl StepView {
    fn of(step: &Step) -> StepView {
        StepView { what: shown(&step.what), commands: step.commands.iter().map(|command| shown(command)).collect() }
    }
}
