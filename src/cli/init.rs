use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, bail};

use super::context::{Place, refuse_if_not_flux};
use super::{Outcome, Start, configuration, hint};
use crate::config;
use crate::flux::View;

/// `init`: writes the current settings with comments. An existing file is never overwritten.
pub(super) fn run(start: &Start) -> anyhow::Result<Outcome> {
    let (repository, tree) = Place::open(&start.dir)?;
    let view = View::of(tree)?;
    refuse_if_not_flux(&repository.root, repository.git.is_some(), &view)?;
    let text = config::template(&configuration::found(&view), &configuration::sections());
    let file = start.config().unwrap_or_else(|| repository.root.join(config::FILE));
    let shown = if start.config.is_some() { file.display().to_string() } else { config::FILE.to_owned() };
    let mut open = OpenOptions::new();
    match open.write(true).create_new(true).open(&file) {
        Ok(mut out) => {
            out.write_all(text.as_bytes()).with_context(|| format!("{shown} cannot be written"))?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!(
                "{shown} already exists and was not changed; remove it first, or write another file with --config FILE"
            );
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be written")),
    }
    hint(&format!("wrote {shown} with the current settings; review, edit and commit it"));
    Ok(Outcome::Clean)
}
