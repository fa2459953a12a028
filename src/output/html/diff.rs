//! Diffs as blocks: what stays, and what is removed beside what is added. In one column they read as git
//! writes them, in two as editors show them.

use serde::Serialize;

use super::text::escaped;
use crate::output::diff::{DiffLine, diff_lines};
use crate::repo::FileChange;

#[derive(Serialize)]
pub(super) struct FileView {
    path: String,
    what: &'static str,
    pub(super) added: usize,
    pub(super) removed: usize,
    hunks: Vec<Hunk>,
}

#[derive(Serialize)]
struct Hunk {
    head: String,
    blocks: Vec<Block>,
}

/// Lines that stay are on both sides.
#[derive(Default, Serialize)]
struct Block {
    stays: bool,
    old: Vec<Line>,
    new: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    number: usize,
    text: String,
}

impl FileView {
    pub(super) fn of(change: &FileChange) -> FileView {
        let what = match (&change.before, &change.after) {
            (None, _) => "new",
            (_, None) => "removed",
            _ => "",
        };
        let path = escaped(change.path.as_str());
        let mut file = FileView { path, what, added: 0, removed: 0, hunks: Vec::new() };
        let (mut old, mut new) = (0, 0);
        for line in diff_lines(std::slice::from_ref(change)) {
            match &line {
                DiffLine::Header(_) | DiffLine::NoNewline(_) => {}
                DiffLine::Hunk(head) => {
                    (old, new) = starts(head);
                    file.hunks.push(Hunk { head: escaped(head), blocks: Vec::new() });
                }
                DiffLine::Same(text) => {
                    let block = file.block(|block| block.stays);
                    block.stays = true;
                    block.old.push(numbered(old, text));
                    block.new.push(numbered(new, text));
                    (old, new) = (old + 1, new + 1);
                }
                DiffLine::Removed(text) => {
                    // What is removed after something was added is another block.
                    file.block(|block| !block.stays && block.new.is_empty()).old.push(numbered(old, text));
                    (old, file.removed) = (old + 1, file.removed + 1);
                }
                DiffLine::Added(text) => {
                    file.block(|block| !block.stays).new.push(numbered(new, text));
                    (new, file.added) = (new + 1, file.added + 1);
                }
            }
        }
        file
    }

    /// The last block, if it goes on; a new one, if not.
    fn block(&mut self, goes_on: impl Fn(&Block) -> bool) -> &mut Block {
        let hunk = self.hunks.last_mut().expect("a line is in a hunk");
        if !hunk.blocks.last().is_some_and(goes_on) {
            hunk.blocks.push(Block::default());
        }
        hunk.blocks.last_mut().expect("there is one")
    }
}

fn numbered(number: usize, text: &str) -> Line {
    Line { number, text: escaped(text.get(1..).unwrap_or_default()) }
}

/// The first lines of `@@ -3,4 +5,6 @@`.
fn starts(head: &str) -> (usize, usize) {
    let number = |sign: char| {
        let after = head.split_once(sign)?.1;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    (number('-').unwrap_or(1), number('+').unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{File, Mode, RepoPath};

    #[test]
    fn what_is_removed_is_beside_what_is_added() {
        let file = |text: &str| File { bytes: text.as_bytes().into(), mode: Mode::File };
        let change = FileChange {
            path: RepoPath::new("a.yaml").unwrap(),
            before: Some(file("1\n2\n3\n4\n")),
            after: Some(file("1\nx\ny\n3\n4\nz\n")),
        };
        let view = FileView::of(&change);
        assert_eq!((view.added, view.removed, view.hunks.len()), (3, 1, 1));
        let blocks: Vec<_> =
            view.hunks[0].blocks.iter().map(|block| (block.stays, block.old.len(), block.new.len())).collect();
        assert_eq!(blocks, [(true, 1, 1), (false, 1, 2), (true, 2, 2), (false, 0, 1)]);
        let last = &view.hunks[0].blocks[3].new[0];
        assert_eq!((last.number, last.text.as_str()), (6, "z"));
    }
}
