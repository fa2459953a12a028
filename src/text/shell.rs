//! Quotes words for commands that are shown to the user.

/// A word quoted for a shell, so that nothing in it is run.
pub fn shell(word: &str) -> String {
    // A NUL cannot be quoted, but no path and no name of Kubernetes contains one.
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |word| word.into_owned())
}
