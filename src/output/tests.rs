//! What the tests of the formats share.

use crate::plan::{Code, Finding};
use crate::repo::RepoPath;

const A_CODE: &Code = &Code { id: "a-code", what: "A.", why: "Because a.", todo: "Do a." };
const B_CODE: &Code = &Code { id: "b-code", what: "B.", why: "Because b.", todo: "Fix it: 100%." };

/// Findings whose names try to leave the place where they are written.
pub(super) fn hostile() -> Vec<Finding> {
    vec![
        Finding::error(B_CODE, "`a\nb::c%0A, ü` is odd at x.yaml:7")
            .at(&RepoPath::new("apps/a::b,% ü#?.yaml").unwrap(), 7),
        Finding::note(A_CODE, "about all of it"),
    ]
}
