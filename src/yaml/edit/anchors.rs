use std::ops::Range;

use super::{Edit, Error, Problem, Splice};
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
        let nodes = || self.stream.nodes.iter().enumerate();
        let mut moves = Vec::new();
        for (id, stored) in nodes().filter(|(id, stored)| stored.anchor.is_some() && inside(*id)) {
            let uses = nodes().filter(|(_, other)| matches!(other.content, Content::Alias { target } if target == id));
            let Some((user, used)) = uses.into_iter().find(|(user, _)| !inside(*user)) else { continue };
            if !self.move_anchors {
                let anchor = stored.anchor.as_deref().unwrap_or_default().to_owned();
                let used_at = self.stream.position(used.span.start).line;
                return Err(self.stream.error(stored.whole(), Problem::AnchorInUse { anchor, used_at }));
            }
            moves.push(self.written_out(id, user)?);
        }
        self.splices.extend(moves);
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

    /// What puts an anchored node, anchor and all, in the place of an alias. Its text is copied, never printed.
    fn written_out(&self, id: Id, user: Id) -> Result<Splice, Error> {
        let (stored, used) = (&self.stream.nodes[id], &self.stream.nodes[user]);
        let text = self.stream.text();
        let on_one_line = self.stream.lines().number(stored.span.start) == self.stream.lines().number(stored.span.end);
        let block = matches!(
            stored.content,
            Content::Mapping { style: Style::Block, .. } | Content::Sequence { style: Style::Block, .. }
        );
        if block || !on_one_line {
            let node = self.node(id);
            return Err(self.unsupported(node, "moving an anchor of a node that takes several lines"));
        }
        let properties = stored.properties.as_ref().map_or("", |properties| &text[properties.clone()]);
        let with = format!("{properties} {}", &text[stored.span.clone()]);
        Ok(Splice { range: used.span.clone(), with: with.trim_end().to_owned() })
    }
}
