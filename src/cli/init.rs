use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, bail};

use super::context::{Place, refuse_if_not_flux};
use super::{Outcome, Start, configuration, hint};
use crate::config;
use crate::flux::View;

/// `init`: writes what the tree shows and the defaults, with comments. Never over a file that is there.
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
                "{shown} is there already and is left as it is; remove it first, or write another with --config FILE"
            );
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be written")),
    }
    hint(&format!("{shown} is written; it says what holds without it: read it, change it, commit it"));
    Ok(Outcome::Clean)
}
