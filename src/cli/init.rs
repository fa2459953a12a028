use anyhow::bail;
use clap::Args;

use super::context::{Place, refuse_if_not_flux};
use super::new_file::written;
use super::{Outcome, Start, configuration, hint, page};
use crate::config;
use crate::flux::View;
use crate::migrations;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Print the JSON Schema of the configuration, and write nothing
    #[arg(long)]
    schema: bool,
}

/// Where editors find the schema, from the directory of the configuration.
const SCHEMA_FILE: &str = ".flux-codemod/config-1.schema.json";

/// `init`: writes the current settings with comments, and the schema that they name. Nothing is
/// overwritten.
pub(super) fn run(start: &Start, args: &InitArgs) -> anyhow::Result<Outcome> {
    let schema = config::schema(&configuration::all_sections());
    if args.schema {
        page(&schema)?;
        return Ok(Outcome::Clean);
    }
    let (repository, tree) = Place::open(&start.dir)?;
    let view = View::of(tree)?;
    refuse_if_not_flux(&repository.root, repository.git.is_some(), &view)?;
    let proposed = |key: &str| migrations::all().iter().find(|one| one.meta().id == key)?.proposal(&view);
    let settings = config::template(&configuration::found(&view), &configuration::sections(), proposed);
    let text = format!("# yaml-language-server: $schema={SCHEMA_FILE}\n{settings}");
    let file = start.config().unwrap_or_else(|| repository.root.join(config::FILE));
    let shown = if start.config.is_some() { file.display().to_string() } else { config::FILE.to_owned() };
    if !written(&file, &shown, &text)? {
        bail!("{shown} already exists and was not changed; remove it first, or write another file with --config FILE");
    }
    let schema_file = file.with_file_name(SCHEMA_FILE);
    let is_new = written(&schema_file, SCHEMA_FILE, &schema)?;
    let schema_is = if is_new { format!(", and for editors {SCHEMA_FILE}") } else { String::new() };
    hint(&format!("wrote {shown} with the current settings{schema_is}; review, edit and commit"));
    if !is_new && std::fs::read_to_string(schema_file).is_ok_and(|stored| stored != schema) {
        hint(&format!(
            "note: {SCHEMA_FILE} is of another version; `flux-codemod init --schema > {SCHEMA_FILE}` updates it"
        ));
    }
    Ok(Outcome::Clean)
}
