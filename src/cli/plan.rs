use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::branch::phase::Phase;
use super::context::Context;
use super::next::{merged, places};
use super::promotion::utc;
use super::{Asked, Outcome, Proof, Start, json, layout, page, progress};
use crate::flux::{Arrival, Cluster, View};
use crate::git::{Landed, Repository, WorkTree};
use crate::migrations::flux_operator::compare_renders;
use crate::output::{
    Around, Beside, Layout, Merged, Planned, batch_as_markdown, for_log, plan_as_html, plan_as_json, plan_as_text,
    plan_in_short, visible,
};
use crate::plan::{self, Batch, Finding, Lane, Unit, UnitId};
use crate::text::shell;

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the plan to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show every unit. What is selected by release, path or batch is always shown like this
    #[arg(short, long)]
    verbose: bool,
    /// With `--format markdown`: what each body is about [default: batch]
    #[arg(long, value_name = "WHAT")]
    per: Option<PerBody>,
    /// Exit with 1 if something is pending, for review or refused, or if a recipe matches nothing
    #[arg(long)]
    exit_code: bool,
    /// For `flux-operator`: compare two renders that you made, of what is installed and of the FluxInstance
    #[arg(long, value_name = "TODAY,INSTANCE")]
    renders: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// What reaches which cluster; with -v every unit
    Text,
    /// JSON, described by docs/schema/plan-1.json
    Json,
    /// The body of a pull request for each batch
    Markdown,
    /// A page to look at: one file that needs no network
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PerBody {
    /// One batch
    Batch,
    /// One phase of the roadmap, as `branch --per phase` makes it
    Phase,
}

pub(super) fn run(start: &Start, args: &PlanArgs, is_quiet: bool) -> anyhow::Result<Outcome> {
    if args.per.is_some() && args.format != Format::Markdown {
        bail!("--per is for the bodies of pull requests; add --format markdown");
    }
    let asked = args.asked.resolved();
    let mut context = Context::proven(start, &asked, &args.proof)?;
    if let Some(renders) = &args.renders {
        context.plan.findings.extend(compared(start, renders)?);
    }
    let selection = context.select(&asked)?;
    let is_verbose = args.verbose || [&asked.release, &asked.path, &asked.batch].iter().any(|names| !names.is_empty());
    let layout = if args.output.is_some() { Layout::for_terminal(None) } else { layout() };
    let batches = context.batches(&asked, &selection)?;
    let findings = context.findings_for(&asked, &selection);
    let planned = context.planned(&selection, &batches, &findings);
    let text = match args.format {
        Format::Text if is_quiet => format!("{}\n", planned.totals()),
        Format::Text if is_verbose => for_log(&plan_as_text(&planned, &layout)).into_owned(),
        Format::Text => for_log(&plan_in_short(&planned, &layout)).into_owned(),
        Format::Markdown if args.per == Some(PerBody::Phase) => {
            let clusters = if asked.cluster.is_empty() { context.clusters() } else { asked.cluster.clone() };
            let phases = Phase::all(&context, &clusters, &batches);
            let options = asked.options(&asked.cluster);
            let bodies = phases.iter().map(|phase| phase.body(&context, &options));
            bodies.collect::<anyhow::Result<Vec<_>>>()?.join("\n---\n\n")
        }
        Format::Markdown => markdown(&context, &asked, &batches)?,
        Format::Json => json(&plan_as_json(&planned))?,
        Format::Html => html(start, &context, &planned, &asked)?,
    };
    match &args.output {
        Some(file) => {
            let file = start.dir.join(file);
            std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        None => page(&text)?,
    }
    Ok(Outcome::pending_if(args.exit_code && (context.matches_nothing() || !selection.is_clean())))
}

/// What two renders of Flux differ in: `today.yaml,instance.yaml`.
fn compared(start: &Start, renders: &str) -> anyhow::Result<Vec<Finding>> {
    let Some((today, instance)) = renders.split_once(',') else {
        bail!("--renders takes two files: `--renders today.yaml,instance.yaml`");
    };
    let read = |file: &str| {
        let path = start.dir.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("the render {} cannot be read", path.display()))
    };
    Ok(compare_renders(&read(today)?, &read(instance)?))
}

/// The report: what each batch changes on the tree below it, and the steps around its merge.
fn html(start: &Start, context: &Context, planned: &Planned<'_>, asked: &Asked) -> anyhow::Result<String> {
    progress::doing("writing the report");
    let layers = plan::stacked(&context.view, planned.batches, &context.migrations, &context.settings)?;
    let runbooks = context.runbooks(&planned.batches.iter().collect::<Vec<_>>())?;
    let migrations: String = asked.migrations.iter().map(|name| format!(" {name}")).collect();
    let base = asked.base.as_ref().map(|base| format!(" --base {}", shell(base))).unwrap_or_default();
    let command = format!("flux-codemod plan{migrations}{base}{} --format html", asked.options(&asked.cluster));
    let git = WorkTree::around(&start.dir)?;
    let repository = name_of(start, git.as_ref());
    let git = git.as_ref().map(WorkTree::repository);
    let places = git.map(|git| places(git, &context.view, planned.batches)).transpose()?;
    let merged = git.map(|git| merged_on(git, &context.view)).transpose()?;
    let beside = Beside {
        repository: &repository,
        command: &command,
        layers: &layers,
        runbooks: &runbooks,
        places: &places.unwrap_or_default(),
        merged: &merged.unwrap_or_default(),
    };
    Ok(plan_as_html(planned, &beside)?)
}

/// What was merged on each cluster: batches that change it.
fn merged_on(git: &Repository, view: &View) -> anyhow::Result<Vec<Vec<Merged>>> {
    let changes = |landed: &Landed, cluster: &Cluster| {
        let lane = &landed.claim.lane;
        lane == Lane::SHARED || Lane::named(lane).contains(&cluster.name.as_str())
    };
    let shown = |Landed { claim, commit, time }: Landed| Merged {
        batch: claim.batch,
        migration: claim.migration,
        units: claim.units,
        commit: commit.short(),
        time: utc(time),
    };
    let clusters = view.graph().clusters.iter().zip(merged(git, view)?);
    let of = |(cluster, landed): (&Cluster, Vec<Landed>)| {
        landed.into_iter().filter(|landed| changes(landed, cluster)).map(shown).collect()
    };
    Ok(clusters.map(of).collect())
}

/// The name of the directory that the repository is in.
fn name_of(start: &Start, git: Option<&WorkTree>) -> String {
    let root = git.map(|git| git.root().to_owned());
    let root = root.or_else(|| start.dir.canonicalize().ok()).unwrap_or_default();
    root.file_name().map(|name| visible(&name.to_string_lossy()).into_owned()).unwrap_or_default()
}

/// The bodies of pull requests: of the selected batches, without those that are only needed by
/// them.
pub(super) fn markdown(context: &Context, asked: &Asked, batches: &[Batch<'_>]) -> anyhow::Result<String> {
    let is_asked = |batch: &&Batch<'_>| asked.batch.is_empty() || asked.batch.iter().any(|name| batch.is_called(name));
    let batches: Vec<&Batch<'_>> = batches.iter().filter(is_asked).collect();
    let everything =
        Asked { batch: Vec::new(), release: Vec::new(), namespace: Vec::new(), path: Vec::new(), ..asked.clone() };
    let selection = context.select(&everything)?;
    let all = context.batches(&everything, &selection)?;
    let runbooks = batches.iter().zip(context.runbooks(&batches)?);
    let bodies = runbooks
        .map(|(batch, (meta, runbook))| batch_as_markdown(batch, meta, &runbook, &around(context, asked, batch, &all)));
    Ok(bodies.collect::<Vec<_>>().join("\n---\n\n"))
}

/// What is around a batch: the batches of its lane, the builds that it changes, and the command that
/// makes it.
fn around(context: &Context, asked: &Asked, batch: &Batch<'_>, all: &[Batch<'_>]) -> Around {
    let of_lane: Vec<&Batch<'_>> = all.iter().filter(|other| other.lane == batch.lane).collect();
    let place = of_lane.iter().position(|other| other.name() == batch.name() && other.migration == batch.migration);
    let migrations = context.migrations.iter().map(|migration| migration.meta().id).collect::<Vec<_>>().join(" ");
    let lane: Vec<String> = batch.lane.clusters.iter().cloned().collect();
    let made_by = format!("flux-codemod branch {migrations}{}", asked.options(&lane));
    let clusters = context.clusters();
    let last = clusters.iter().rposition(|name| batch.lane.clusters.contains(name));
    let next = last.map(|last| clusters[last + 1..].to_vec()).unwrap_or_default();
    Around {
        position: place.map(|place| (place + 1, of_lane.len())),
        below: place.and_then(|place| place.checked_sub(1)).map(|below| of_lane[below].branch()),
        builds: context.builds_of(&batch.units),
        arrivals: arrivals(context, batch),
        made_by,
        next,
    }
}

/// What the clusters of a batch get differently once it is merged, on a tree with all that it needs.
/// Nothing, if it cannot land alone: then `branch` says why.
fn arrivals(context: &Context, batch: &Batch<'_>) -> Vec<Arrival> {
    let all = context.plan.by_id();
    let own: BTreeSet<&UnitId> = batch.units.iter().map(|unit| &unit.id).collect();
    let mut needed: BTreeSet<&UnitId> = BTreeSet::new();
    let mut open: Vec<&Unit> = batch.units.clone();
    while let Some(unit) = open.pop() {
        open.extend(unit.needs.iter().filter_map(|id| all.get(id)).filter(|need| needed.insert(&need.id)));
    }
    let before: Vec<&Unit> =
        context.plan.units.iter().filter(|unit| needed.contains(&unit.id) && !own.contains(&unit.id)).collect();
    let land = |view, units: &[&Unit]| {
        let landed = plan::land(view, &plan::ordered(units)?, &context.migrations, &context.settings)?;
        landed.complete()
    };
    let Ok(before) = land(&context.view, &before) else { return Vec::new() };
    let Ok(after) = land(&before.view, &batch.units) else { return Vec::new() };
    before.view.arrives_differently(&after.view, &batch.lane.clusters)
}
