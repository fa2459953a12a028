//! Findings: what a run reports about places in a repository, and the reason codes of these
//! reports.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::repo::RepoPath;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something could not be done.
    Error,
    /// Something that you should look at.
    Warning,
    /// Something worth knowing.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// A reason code and what it means, for `explain`. Declared by
/// [`reason_codes!`](crate::reason_codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The code itself, in kebab case. It is stable: people write it into opt-outs and dashboards.
    pub id: &'static str,
    /// What it means.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do about it.
    pub todo: &'static str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Declares reason codes: a constant `NAME: &Code` for each, and a list of them all.
///
/// ```
/// flux_codemod::reason_codes! {
///     /// The reason codes of this migration.
///     pub CODES;
///
///     BOTH_KEYS "both-keys"
///         what "The object has the old key and the new one."
///         why "Which of the two values is meant is not for a program to guess."
///         todo "Remove one of them, then run again."
/// }
/// assert_eq!(CODES, [BOTH_KEYS]);
/// ```
#[macro_export]
macro_rules! reason_codes {
    ($(#[$about:meta])* $vis:vis $all:ident; $($name:ident $id:literal what $what:literal why $why:literal todo $todo:literal)*) => {
        $(
            #[doc = $what]
            $vis const $name: &$crate::finding::Code =
                &$crate::finding::Code { id: $id, what: $what, why: $why, todo: $todo };
        )*
        $(#[$about])*
        $vis const $all: &[&$crate::finding::Code] = &[$($name),*];
    };
}

/// Something that a run reports about a place in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The reason code, which says what to do; `flux-codemod explain CODE` prints it.
    pub code: &'static Code,
    /// The file, if it is about one.
    pub path: Option<RepoPath>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What was found, with real names.
    pub message: String,
}

impl Finding {
    /// A finding without a place.
    pub fn new(severity: Severity, code: &'static Code, message: impl Into<String>) -> Finding {
        Finding { severity, code, path: None, line: None, message: message.into() }
    }

    /// Something could not be done.
    pub fn error(code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Error, code, message)
    }

    /// Something to look at first.
    pub fn warning(code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Warning, code, message)
    }

    /// Something worth knowing.
    pub fn note(code: &'static Code, message: impl Into<String>) -> Finding {
        Finding::new(Severity::Note, code, message)
    }

    /// This finding, about a place in a file.
    pub fn at(self, path: &RepoPath, line: impl Into<Option<usize>>) -> Finding {
        Finding { path: Some(path.clone()), line: line.into(), ..self }
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        self.code.todo
    }

    /// Where it is, for sorting and display: `file:line`.
    pub fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(self.line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}")))
    }
}

reason_codes! {
    /// The reason codes that the planner and `doctor` share.
    pub SHARED;

    SKIP_UNUSED "skip-unused"
        what "An opt-out skips nothing: there is nothing to change where it is, or nothing below it that it could cover."
        why "Either the change is done already, or the comment is in the wrong place and what it should keep would be changed. Before the first `---` it covers the file; above the first key of a document, the document; directly above an entry or item (without a blank line) or on its line, that entry or item."
        todo "Remove it, or move it to where it belongs."
}
