//! Files in the user's editor.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::programs::{ending, on_path};

/// A directory for files that are edited. It does not outlive the program.
struct Desk(PathBuf);

impl Drop for Desk {
    fn drop(&mut self) {
        ending::remove(&self.0);
    }
}

/// Opens texts in the editor, each under its file name, and gives them as they are saved.
pub(super) fn edit(texts: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let words = words(|name| std::env::var(name).ok())?;
    let (program, arguments) = words.split_first().context("the editor has no name")?;
    ending::watch();
    let make = || Ok(tempfile::Builder::new().prefix("flux-codemod-edit-").tempdir()?.keep());
    let desk = Desk(ending::enlist(make).context("a temporary directory cannot be created")?);
    let mut files = Vec::new();
    for (number, (name, text)) in texts.iter().enumerate() {
        // Several files can have one name.
        let dir = desk.0.join((number + 1).to_string());
        let file = dir.join(name);
        std::fs::create_dir(&dir).and_then(|()| std::fs::write(&file, text)).context("a file cannot be prepared")?;
        files.push(file);
    }
    let started = Command::new(path_of(program)?).args(arguments).args(&files).status();
    let status = started.with_context(|| format!("the editor {program} cannot be started"))?;
    if !status.success() {
        bail!("the editor {program} failed ({status})");
    }
    let read = |file: &PathBuf| std::fs::read_to_string(file).context("an edited file cannot be read");
    files.iter().map(read).collect()
}

/// The words of the editor's command, as git finds it, but for its configuration, which a repository
/// can set.
fn words(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Vec<String>> {
    let set = ["GIT_EDITOR", "VISUAL", "EDITOR"].into_iter().filter_map(variable);
    let command = set.into_iter().find(|command| !command.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    shlex::split(&command).with_context(|| format!("`{command}` cannot be read as a command; set EDITOR"))
}

/// The program: a path, or a name on the PATH.
fn path_of(program: &str) -> io::Result<PathBuf> {
    if program.contains('/') {
        return std::path::absolute(program);
    }
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{program} is not on the PATH; set EDITOR"));
    on_path(program).next().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_editor_is_the_one_of_git() {
        let of = |set: &[(&str, &str)]| {
            words(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())).unwrap()
        };
        assert_eq!(of(&[]), ["vi"]);
        assert_eq!(of(&[("EDITOR", "nano"), ("VISUAL", "code --wait"), ("GIT_EDITOR", " ")]), ["code", "--wait"]);
        assert_eq!(of(&[("GIT_EDITOR", "'my editor' -x")]), ["my editor", "-x"]);
    }
}
