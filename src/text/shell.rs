/// A word as a shell takes it: whatever is in it, nothing of it is run.
pub fn shell(word: &str) -> String {
    // A NUL, which no shell takes, is in no name of Kubernetes and in no path.
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |word| word.into_owned())
}
