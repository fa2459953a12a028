use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::context::Context;
use super::{Asked, Outcome, Proof, Start, json, layout, print};
use crate::output::{batch_as_markdown, for_log, plan_as_json, plan_as_text};
use crate::plan::{Batch, Selection};

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Batches, units, refusals and findings
    Text,
    /// JSON, described by docs/schema/plan-1.json
    Json,
    /// The body of a pull request for each batch
    Markdown,
}

pub(super) fn run(start: &Start, args: &PlanArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.resolved();
    let context = Context::proven(start, &asked, &args.proof)?;
    let selection = context.select(&asked)?;
    let text = shown(&context, &asked, &selection, args.format)?;
    match &args.output {
        Some(file) => {
            let file = start.dir.join(file);
            std::fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        None => print(&text)?,
    }
    Ok(Outcome::pending_if(!selection.is_clean()))
}

/// The plan in an output format.
pub(super) fn shown(
    context: &Context,
    asked: &Asked,
    selection: &Selection<'_>,
    format: Format,
) -> anyhow::Result<String> {
    let batches = context.batches(asked, selection)?;
    let Context { view, plan, migrations, .. } = context;
    Ok(match format {
        Format::Text => for_log(&plan_as_text(view, plan, selection, &batches, migrations, &layout())).into_owned(),
        Format::Markdown => markdown(context, asked, &batches)?,
        Format::Json => json(&plan_as_json(view, plan, selection, &batches, migrations))?,
    })
}

/// The bodies of pull requests: of the selected batches, without those that are only needed by
/// them.
fn markdown(context: &Context, asked: &Asked, batches: &[Batch<'_>]) -> anyhow::Result<String> {
    let is_asked = |batch: &&Batch<'_>| asked.batch.is_empty() || asked.batch.iter().any(|name| batch.is_called(name));
    let batches: Vec<&Batch<'_>> = batches.iter().filter(is_asked).collect();
    let runbooks = batches.iter().zip(context.runbooks(&batches)?);
    let bodies = runbooks.map(|(batch, (meta, runbook))| batch_as_markdown(batch, meta, &runbook));
    Ok(bodies.collect::<Vec<_>>().join("\n---\n\n"))
}
