//! Quotes words for commands that are shown to the user.

/// Arguments of a command, each quoted. One that begins with `-` is no option: they stand behind
/// `--` then.
pub fn arguments<'w>(words: impl IntoIterator<Item = &'w str> + Clone) -> String {
    let is_option = words.clone().into_iter().any(|word| word.starts_with('-'));
    is_option.then(|| "--".to_owned()).into_iter().chain(words.into_iter().map(shell)).collect::<Vec<_>>().join(" ")
}

/// A word quoted for a shell, so that nothing in it is run.
pub fn shell(word: &str) -> String {
    // A NUL cannot be quoted, but no path and no name of Kubernetes contains one.
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |word| word.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_options() {
        assert_eq!(arguments(["origin", "a b"]), "origin 'a b'");
        assert_eq!(arguments(["origin", "--upload-pack=x"]), "-- origin '--upload-pack=x'");
    }
}
