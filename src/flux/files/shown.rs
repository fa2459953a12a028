//! Which lines of a file may be shown: none that may hold a secret.

use std::ops::Range;

use super::{Barred, FileView};
use crate::yaml::{Kind, Node};

/// How deep mappings are looked at; the parser takes no deeper ones.
const DEPTH: usize = 200;

impl FileView {
    /// A line, from 1. `None` where it may hold a secret: in encrypted files, in what a Secret holds,
    /// and where one is generated or patched.
    pub fn shown_line(&self, number: usize) -> Option<&str> {
        if let Some(broken) = self.broken.as_ref().filter(|broken| broken.line == number) {
            return broken.text.as_deref();
        }
        let stream = self.stream.as_ref().filter(|_| self.barred != Some(Barred::Encrypted))?;
        let range = stream.line(number)?;
        let line = &stream.text()[range.clone()];
        let is_secret = is_encrypted(line) || stream.documents().any(|root| holds_secret(root, &range, DEPTH));
        (!is_secret).then_some(line)
    }
}

/// A line of a file that is not YAML; `None` if a Secret may be in that file.
pub(super) fn line_of_broken(text: &str, number: usize) -> Option<String> {
    let is_secret = is_encrypted(text) || ["Secret", "secretGenerator", "sops"].iter().any(|word| text.contains(word));
    text.lines().nth(number.checked_sub(1)?).filter(|_| !is_secret).map(str::to_owned)
}

/// SOPS and age leave these marks.
fn is_encrypted(text: &str) -> bool {
    text.contains("ENC[") || text.contains("BEGIN AGE ENCRYPTED FILE")
}

fn holds_secret(node: Node<'_>, line: &Range<usize>, depth: usize) -> bool {
    let overlaps = |range: &Range<usize>| range.start <= line.end && line.start <= range.end;
    if node.is_alias() || depth == 0 || !overlaps(&node.range()) {
        return false;
    }
    if node.kind() == Kind::Scalar {
        let is_patch_of_secret = |text: &str| ["Secret", "stringData", "/data"].iter().any(|word| text.contains(word));
        return node.source().contains('\n') && node.text().is_some_and(is_patch_of_secret);
    }
    // A reference to one has a kind and a name, and neither of these.
    let is_whole = ["apiVersion", "metadata", "data", "stringData"].iter().any(|key| node.own_entry(key).is_some());
    let is_secret = is_whole && node.text_at(&["kind"]) == Some("Secret");
    let mut entries = node.entries().filter(|(key, value)| overlaps(&(key.range().start..value.range().end)));
    entries.any(|(key, value)| match key.text() {
        Some("apiVersion" | "kind" | "type") if is_secret => false,
        // Annotations may hold what was applied last.
        Some("metadata") if is_secret => value.own_entry("annotations").is_some(),
        Some("secretGenerator") => true,
        _ => is_secret || holds_secret(value, line, depth - 1),
    }) || node.items().any(|item| holds_secret(item, line, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RepoPath;

    /// The numbers of the lines that are shown.
    fn shown(text: &str) -> Vec<usize> {
        let file = FileView::read(&RepoPath::new("a.yaml").unwrap(), &text.into(), false);
        (1..=text.lines().count() + 1).filter(|number| file.shown_line(*number).is_some()).collect()
    }

    #[test]
    fn what_a_secret_holds_is_never_shown() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ntype: Opaque\n";
        assert_eq!(shown(&format!("{secret}stringData:\n  b: c\ndata: {{d: e}}\n")), [1, 2, 3, 4, 5]);
        assert_eq!(shown(&format!("{secret}---\na: 1\n---\n{secret}immutable: true\n")).len(), 13);
        let annotated = secret.replace("  name: a\n", "  name: a\n  annotations: {last: 'b: c'}\n");
        assert_eq!(shown(&annotated), [1, 2, 6]);
        let list = "kind: List\nitems:\n- kind: Secret\n  data:\n    a: b\n- kind: ConfigMap\n  data:\n    a: b\n";
        assert_eq!(shown(list), [1, 2, 3, 6, 7, 8]);
        assert_eq!(shown("{kind: Secret, data: {a: b}}\n"), [0; 0]);
    }

    #[test]
    fn nor_what_makes_or_changes_one() {
        assert_eq!(shown("resources: [a]\nsecretGenerator:\n- name: a\n  literals: [b=c]\n"), [1]);
        let patch = "patches:\n- patch: |\n    kind: Secret\n    data: {a: b}\n  target: {kind: Secret, name: a}\n";
        assert_eq!(shown(patch), [1, 5]);
        let patch = patch.replace("kind: Secret\n    data: {a: b}", "- {op: add, path: /data/a,\n       value: b}");
        assert_eq!(shown(&patch), [1, 5]);
        let references = "spec:\n  valuesFrom:\n  - kind: Secret\n    name: a\n    valuesKey: b\n";
        assert_eq!(shown(references).len(), 5, "a reference is none");
        assert_eq!(shown("kind: ConfigMap\ndata:\n  a: |\n    b\n").len(), 4);
    }

    #[test]
    fn nor_what_is_encrypted() {
        assert_eq!(shown("a: ENC[AES256_GCM,data:x]\nb: 1\nsops:\n  mac: ENC[x]\n"), [0; 0]);
        assert_eq!(shown("a: ENC[AES256_GCM,data:x]\nb: 1\n"), [2]);
    }

    #[test]
    fn a_broken_file_shows_where_unless_it_may_hold_one() {
        assert_eq!(shown("a: 1\nb: [\n").len(), 1);
        assert_eq!(shown("kind: Secret\nb: [\n"), [0; 0]);
    }
}
