use std::collections::BTreeMap;
use std::ops::Range;

use super::{Edit, Error, Problem, Splice};
use crate::yaml::emit::Layout;
use crate::yaml::node::{Content, Id, Style};

impl Edit<'_> {
    /// Looks after the anchors in a range that is to go: one that is used outside is refused, or moves to its first remaining use.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`]; [`Problem::Unsupported`] where the node cannot be written out at the place of that use.
    pub(super) fn settle_anchors_in(&mut self, range: &Range<usize>) -> Result<(), Error> {
        let inside = |id: Id| {
            let start = self.stream.nodes[id].whole().start;
            range.contains(&start)
        };
        let mut first_uses: BTreeMap<Id, Id> = BTreeMap::new();
        for (user, other) in self.stream.nodes.iter().enumerate() {
            if let Content::Alias { target } = other.content
                && inside(target)
                && !inside(user)
            {
                first_uses.entry(target).or_insert(user);
            }
        }
        let mut moves = Vec::new();
        for (id, user) in first_uses {
            let (stored, used) = (&self.stream.nodes[id], &self.stream.nodes[user]);
            if !self.move_anchors {
                let anchor = stored.anchor.as_deref().unwrap_or_default().to_owned();
                let used_at = self.stream.position(used.span.start).line;
                return Err(self.stream.error(stored.whole(), Problem::AnchorInUse { anchor, used_at }));
            }
            moves.push((id, self.written_out(id, user)?));
        }
        for (id, splice) in moves {
            // The comments inside go with the range, and come again with the copy.
            let comments = self.stream.comments_in(&self.stream.nodes[id].span);
            self.added.extend(comments.map(|comment| self.stream.text()[comment.range.clone()].to_owned()));
            self.splices.push(splice);
        }
        Ok(())
    }

    /// Refuses what would change a node that an alias repeats. A node that is set as a whole gives its anchor up, which is settled elsewhere.
    ///
    /// # Errors
    /// [`Problem::AnchorInUse`].
    pub(super) fn refuse_if_repeated(&self, id: Id, is_set: bool) -> Result<(), Error> {
        let first = if is_set { self.stream.nodes[id].parent } else { Some(id) };
        for above in std::iter::successors(first, |id| self.stream.nodes[*id].parent) {
            let stored = &self.stream.nodes[above];
            let Some(anchor) = &stored.anchor else { continue };
            let is_use = |content: &Content| matches!(content, Content::Alias { target } if *target == above);
            if let Some(used) = self.stream.nodes.iter().find(|other| is_use(&other.content)) {
                let used_at = self.stream.position(used.span.start).line;
                let problem = Problem::AnchorInUse { anchor: anchor.to_string(), used_at };
                return Err(self.stream.error(stored.whole(), problem));
            }
        }
        Ok(())
    }

    /// What puts an anchored node, anchor and all, in the place of an alias. Its text is copied, never printed; lines of a block are shifted
    /// to where the alias stands.
    fn written_out(&self, id: Id, user: Id) -> Result<Splice, Error> {
        let (stored, used) = (&self.stream.nodes[id], &self.stream.nodes[user]);
        let text = self.stream.text();
        let properties = stored.properties.as_ref().map_or("", |properties| &text[properties.clone()]);
        let copy = &text[stored.span.clone()];
        if !copy.contains('\n') {
            let with = format!("{properties} {copy}").trim_end().to_owned();
            return Ok(Splice { range: used.span.clone(), with });
        }
        let block = matches!(
            stored.content,
            Content::Mapping { style: Style::Block, .. } | Content::Sequence { style: Style::Block, .. }
        );
        let node = self.node(id);
        if !block || !self.stream.begins_its_line(stored.span.start) {
            return Err(self.unsupported(node, "moving an anchor of a scalar or flow collection of several lines"));
        }
        let holder = used.parent.map(|parent| (&self.stream.nodes[parent].content, parent));
        let column = match holder {
            Some((Content::Sequence { style: Style::Block, .. }, _)) => {
                self.stream.column(self.stream.dash_before(used.span.start)) + 2
            }
            Some((Content::Mapping { style: Style::Block, entries }, _)) => {
                let own = entries.iter().find(|(_, value)| *value == user);
                let Some((key, _)) = own else {
                    return Err(self.unsupported(node, "moving an anchor of a collection to a key"));
                };
                let layout = Layout::near(self.stream, used.span.start);
                self.stream.column(self.whole(*key).start) + layout.step
            }
            _ => return Err(self.unsupported(node, "moving an anchor of a block into a flow collection")),
        };
        let ending = self.stream.lines().ending(text, used.span.start);
        let shifted = shift(copy, self.stream.column(stored.span.start), column);
        let with = format!("{properties}{ending}{}{shifted}", " ".repeat(column));
        Ok(Splice { range: used.span.clone(), with })
    }
}

/// The lines of a block, the first without its indentation, with the others moved from one column to another.
fn shift(block: &str, from: usize, to: usize) -> String {
    let mut out = String::new();
    for (number, line) in block.split_inclusive('\n').enumerate() {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        if number > 0 && !line.trim().is_empty() {
            // Comments may stand less deep than what they are in.
            out.push_str(&" ".repeat((blanks + to).saturating_sub(from)));
            out.push_str(&line[blanks..]);
        } else {
            out.push_str(line);
        }
    }
    out
}
