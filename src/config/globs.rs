//! Lists of globs from the root of the repository.

use globset::{Glob, GlobBuilder};

use super::keys::{INVALID_VALUE, Keys};
use crate::yaml::Node;

/// The text of a glob without what makes no difference. One that leaves the repository is a mistake.
pub(super) fn tidy<'t>(keys: &mut Keys<'_, '_>, text: &'t str, node: Node<'_>, example: &str) -> Option<&'t str> {
    let tidy = text.trim_start_matches("./").trim_end_matches('/');
    if tidy.is_empty() || tidy.starts_with('/') || tidy.split('/').any(|part| part == "..") {
        let help = format!("write a glob from the root of the repository, such as {example}");
        keys.mistake(INVALID_VALUE, node, format!("`{text}` is not a path inside the repository"), help);
        return None;
    }
    Some(tidy)
}

/// A glob whose `*` stops at `/`. `text` is how the file has it.
pub(super) fn glob(keys: &mut Keys<'_, '_>, pattern: &str, text: &str, node: Node<'_>) -> Option<Glob> {
    match GlobBuilder::new(pattern).literal_separator(true).build() {
        Ok(glob) => Some(glob),
        Err(error) => {
            let message = format!("`{text}` is not a valid glob: {}", error.kind());
            keys.mistake(INVALID_VALUE, node, message, "correct it, or put brackets and braces behind a `\\`");
            None
        }
    }
}
