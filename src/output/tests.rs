//! What the tests of the formats share.

use crate::plan::{Code, Finding, Severity};
use crate::repo::RepoPath;

pub(super) const CODES: &[Code] = &[
    Code { id: "a-code", what: "A.", why: "Because a.", todo: "Do a." },
    Code { id: "unused", what: "U.", why: "Because u.", todo: "Do u." },
    Code { id: "b-code", what: "B.", why: "Because b.", todo: "Mend it: 100%." },
];

/// Findings whose names try to leave the place where they are written.
pub(super) fn hostile() -> Vec<Finding> {
    vec![
        Finding {
            severity: Severity::Error,
            code: "b-code",
            path: Some(RepoPath::new("apps/a::b,% ü#?.yaml").unwrap()),
            line: Some(7),
            message: "`a\nb::c%0A, ü` is odd at x.yaml:7".into(),
            help: "Mend it: 100%.".into(),
        },
        Finding {
            severity: Severity::Note,
            code: "a-code",
            path: None,
            line: None,
            message: "about all of it".into(),
            help: String::new(),
        },
    ]
}
