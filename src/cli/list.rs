use clap::{Args, ValueEnum};

use super::context::Context;
use super::{Asked, Outcome, Start, json, layout, next_step, page_text, print};
use crate::migrations::recipes::LIBRARY;
use crate::output::{list_as_json, list_as_text};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Clusters, and what is pending on which
    Text,
    /// JSON, described by docs/schema/list-1.json
    Json,
}

/// `list`: always clean, because it only shows.
pub(super) fn run(start: &Start, args: &ListArgs) -> anyhow::Result<Outcome> {
    let context = Context::everywhere(start)?;
    let selection = context.select(&Asked::default())?;
    let Context { view, plan, promotion, migrations, .. } = &context;
    match args.format {
        Format::Text => {
            let is_unused = |name: &&str| !migrations.iter().any(|migration| migration.meta().id == *name);
            let unused: Vec<&str> = LIBRARY.iter().map(|(name, _)| *name).filter(is_unused).collect();
            page_text(&list_as_text(view, plan, &selection, promotion, migrations, &unused, &layout()))?;
            if !selection.is_clean() {
                next_step("Next: `flux-codemod plan` shows what would be done");
            }
        }
        Format::Json => print(&json(&list_as_json(view, plan, &selection, promotion, migrations))?)?,
    }
    Ok(Outcome::Clean)
}
