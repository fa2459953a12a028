//! What does not fit on the terminal is shown by the user's pager, as git does.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};

use crate::programs::ending;
use crate::programs::{absolute_path, on_path};

static IS_ALLOWED: AtomicBool = AtomicBool::new(false);

/// From now on there is a pager, if standard output is a terminal, unless the user wants none.
pub(super) fn allow(is_unwanted: bool) {
    IS_ALLOWED.store(!is_unwanted && io::stdout().is_terminal(), Ordering::Relaxed);
}

/// Shows a text with a pager, and gives whether that was done: not if it fits on the terminal, or
/// there is no pager.
pub(super) fn has_shown(text: &str) -> bool {
    if !IS_ALLOWED.load(Ordering::Relaxed) {
        return false;
    }
    let Some((_, terminal_size::Height(rows))) = terminal_size::terminal_size() else { return false };
    if text.lines().count() < usize::from(rows) {
        return false;
    }
    let Some(pager) = named(env::var("PAGER").ok()) else { return false };
    let is_plain = AutoStream::choice(&io::stdout()) == ColorChoice::Never;
    let text = if is_plain { strip_str(text).to_string() } else { text.to_owned() };
    // The pager decides what the keys of the terminal mean, and this program ends after it.
    ending::heeding_signals(|_| run(&pager, &text)).is_ok()
}

/// The command that a user wants as pager; `less` for those who name none.
fn named(pager: Option<String>) -> Option<String> {
    match pager.as_deref().map(str::trim) {
        None => Some("less".to_owned()),
        Some("" | "cat") => None,
        Some(command) => Some(command.to_owned()),
    }
}

/// Runs a command of the user's shell with a text as its input.
fn run(pager: &str, text: &str) -> io::Result<()> {
    let shell = on_path("sh").next().ok_or(io::ErrorKind::NotFound)?;
    let name = pager.split_whitespace().next().unwrap_or_default();
    // The shell would say that it is not there, after the text was lost.
    if !name.contains('/') && on_path(name).next().is_none() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut command = Command::new(shell);
    command.args(["-c", pager]).env("PATH", absolute_path()).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        // As git: end at once if it fits, show colors, leave the text on the terminal.
        command.env("LESS", "FRX");
    }
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Whoever has seen enough ends the pager, and the pipe is closed.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_that_shows_all_at_once_is_none() {
        assert_eq!(named(None).as_deref(), Some("less"));
        assert_eq!(named(Some(" more -d ".to_owned())).as_deref(), Some("more -d"));
        for none in ["", " ", "cat"] {
            assert_eq!(named(Some(none.to_owned())), None, "{none:?}");
        }
    }

    #[test]
    fn a_pager_gets_the_whole_text() {
        let dir = tempfile::tempdir().unwrap();
        let seen = dir.path().join("seen");
        run(&format!("cat > '{}'", seen.display()), "one\ntwo\n").unwrap();
        assert_eq!(std::fs::read_to_string(seen).unwrap(), "one\ntwo\n");
        assert_eq!(run("no-such-pager -x", "one\n").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
