//! Marks of guards: comments above a field that is only there while a Flux object moves,
//! `# flux-codemod: guard[flux-move] was prune true`.
//!
//! A guard keeps what a Flux object applies when the object is deleted. The mark says who put it
//! there, and which field had which value before.

use super::skip::MARK;
use crate::yaml::{Comment, Node, Stream};

/// The mark of a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard<'s> {
    /// The comment.
    pub comment: &'s Comment,
    /// The migration that put it there.
    pub by: &'s str,
    /// The field of `spec` that says how it was.
    pub field: &'s str,
    /// The value of that field before.
    pub was: &'s str,
    /// The field of `spec` below the mark.
    pub on: &'s str,
}

impl<'s> Guard<'s> {
    /// The text of a mark, without `#`.
    pub fn mark(by: &str, field: &str, was: &str) -> String {
        format!("{MARK}: guard[{by}] was {field} {was}")
    }

    /// The marks above fields of the `spec` of an object, by line.
    pub fn all_of(stream: &'s Stream, root: Node<'s>) -> Vec<Guard<'s>> {
        if !stream.text().contains("guard[") {
            return Vec::new();
        }
        let Some(spec) = root.get("spec") else { return Vec::new() };
        let field_on = |line: usize| spec.entries().map(|(key, _)| key).find(|key| key.line() == line);
        let guard = |comment: &'s Comment| {
            let (by, field, was) = read(&stream.text()[comment.range.clone()])?;
            let on = field_on(comment.line + 1).filter(|_| !comment.trailing)?.text()?;
            Some(Guard { comment, by, field, was, on })
        };
        stream.comments().iter().filter_map(guard).collect()
    }
}

/// Migration, field and value of a comment that is a mark.
fn read(comment: &str) -> Option<(&str, &str, &str)> {
    let rest = comment.trim_start_matches('#').trim_start().strip_prefix(MARK)?.trim_start().strip_prefix(':')?;
    let (by, rest) = rest.trim_start().strip_prefix("guard[")?.split_once(']')?;
    let (field, was) = rest.trim().strip_prefix("was ")?.trim_start().split_once(' ')?;
    Some((by.trim(), field, was.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_above_a_field_of_spec() {
        let mark = Guard::mark("flux-move", "prune", "true");
        let text = format!(
            "# {mark}\nkind: Kustomization\nspec:\n  prune: true\n  # {mark}\n  deletionPolicy: Orphan # {mark}\n"
        );
        let stream = Stream::parse(&*text).unwrap();
        let guards = Guard::all_of(&stream, stream.document(0).unwrap());
        let [guard] = &guards[..] else { panic!("one") };
        assert_eq!((guard.by, guard.field, guard.was, guard.on), ("flux-move", "prune", "true", "deletionPolicy"));
        assert_eq!(guard.comment.line, 5);
        for other in ["# flux-codemod: guard[a] was prune", "# guard[a] was prune true", "# flux-codemod: guard[a]"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
