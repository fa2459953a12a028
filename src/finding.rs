//! What a run has to say about places in a repository, and the codes by which it says so.

use crate::repo::RepoPath;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something could not be done.
    Error,
    /// Something that a person should look at.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Something that a run has to say about a place in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The stable reason code; `flux-codemod explain CODE` tells more.
    pub code: &'static str,
    /// The file; `None` where it is about none.
    pub path: Option<RepoPath>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What was found, with real names.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl Finding {
    /// Where it is, for sorting and showing: `file:line`.
    pub fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(self.line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}")))
    }
}

/// A reason code and what it means, for `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code itself, in kebab case.
    pub id: &'static str,
    /// What it says.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do about it.
    pub todo: &'static str,
}

/// What is said of an opt-out that skips nothing: by `plan`, of migrations, and by `doctor`, of its own codes.
pub const SKIP_UNUSED: Code = Code {
    id: "skip-unused",
    what: "An opt-out skips nothing: its migration has nothing to do there, or it stands above nothing.",
    why: "It is done, or misplaced, and then what it was to keep would be changed. It covers the file when it stands before the \
          first `---`, a document above its first key, an entry or item directly above it (no blank line between) or on its line.",
    todo: "Take it away, or put it where it belongs.",
};

/// What to do about a code, as the one of these says that has its name; nothing where none has.
pub fn help_among<'c>(codes: impl IntoIterator<Item = &'c Code>, id: &str) -> String {
    codes.into_iter().find(|code| code.id == id).map_or("", |code| code.todo).to_owned()
}
