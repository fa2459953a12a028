use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;

/// Writes a file that is not there, and the directories above it. Gives `false` if something is there
/// already, which then stays as it is. `shown` is its name in messages.
pub(super) fn written(path: &Path, shown: &str, text: &str) -> anyhow::Result<bool> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut out) => out.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
    .with_context(|| format!("{shown} cannot be written"))
}
