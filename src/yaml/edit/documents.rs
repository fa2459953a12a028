//! Documents of a stream: one more behind another, one less.

use super::{Edit, line_breaks};
use crate::text::{Splice, Splices};
use crate::yaml::comments::{Fate, written};
use crate::yaml::emit::New;
use crate::yaml::error::{Error, Problem};
use crate::yaml::node::Node;
use crate::yaml::operation::{Operation, Path, What};

impl<'s> Edit<'s> {
    /// Adds a document behind the one of which this is the root, with comments above its content.
    /// Give comments without `#`, which is added. Several behind one are in the order of the calls.
    ///
    /// # Errors
    /// If the document cannot be told from others of the stream, or ends within a block scalar.
    pub fn insert_document(&mut self, behind: Node<'s>, comments: &[&str], document: &New) -> Result<(), Error> {
        let (index, range) = self.document_of(behind)?;
        let text = self.stream.text();
        let ending = self.stream.lines().ending(text, range.end).to_owned();
        let is_ended = text[..range.end].ends_with('\n');
        if !is_ended && self.stream.ends_in_block(behind.id) {
            let what = "adding a document after a block scalar without a line break at its end";
            return Err(self.stream.error(self.whole(behind.id), Problem::Unsupported(what)));
        }
        let before = if is_ended { String::new() } else { ending.clone() };
        let with = format!("---{ending}{}", document.document(comments, &ending));
        self.added.extend(comments.iter().map(|comment| written(comment)).chain(document.comments()));
        let place = range.end..range.end;
        match self.splices.iter_mut().find(|there| there.range == place) {
            Some(there) => there.with.push_str(&with),
            None => self.splices.push(Splice { range: place, with: before + &with }),
        }
        self.operations.push(Operation {
            document: index,
            path: Path::new(),
            what: What::InsertDocument(document.clone()),
        });
        Ok(())
    }

    /// Adds the document of which this is the root once more behind itself, with its comments, and with
    /// changes to the copy alone. Those are of this document: what they insert or remove elsewhere is
    /// refused.
    ///
    /// # Errors
    /// If the document cannot be told from others of the stream, or if a change cannot be made.
    pub fn repeat_document(
        &mut self,
        root: Node<'s>,
        change: impl FnOnce(&mut Edit<'s>, Node<'s>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (index, range) = self.document_of(root)?;
        let (stream, text) = (self.stream, self.stream.text());
        let mut copy = Edit { move_anchors: self.move_anchors, in_order: self.in_order, ..Edit::of(stream) };
        change(&mut copy, root)?;
        copy.cut_flow()?;
        line_breaks::keep(stream, &mut copy.splices);
        let is_inside = |splice: &Splice| range.start <= splice.range.start && splice.range.end <= range.end;
        if !copy.splices.iter().all(is_inside) || copy.operations.iter().any(|of| of.document != index) {
            return Err(self.unsupported(root, "changing another document than the one that is repeated"));
        }
        if !text[range.clone()].ends_with('\n') {
            return Err(self.unsupported(root, "repeating a document without a line break at its end"));
        }
        let moved = |splice: Splice| Splice {
            range: splice.range.start - range.start..splice.range.end - range.start,
            with: splice.with,
        };
        let old = &text[range.clone()];
        let changed = Splices::new(old, copy.splices.into_iter().map(moved).collect());
        let changed = changed.and_then(|splices| splices.apply(old));
        let changed = changed.map_err(|_| stream.error(root.range(), Problem::Overlap))?;
        let marker = if changed.starts_with("---") { "" } else { "---" };
        let ending = if marker.is_empty() { "" } else { stream.lines().ending(text, range.end) };
        let with = format!("{marker}{ending}{changed}");
        // Every comment of the document is there twice, but for those that the copy loses.
        let gone: Vec<_> = copy.fates.iter().filter(|fate| !fate.fate.is_kept()).map(|fate| &fate.range).collect();
        let kept = stream.comments_in(&range).filter(|comment| !gone.contains(&&comment.range));
        self.added.extend(kept.map(|comment| text[comment.range.clone()].to_owned()));
        self.added.extend(copy.added);
        self.splices.push(Splice { range: range.end..range.end, with });
        self.operations.push(Operation {
            document: index,
            path: Path::new(),
            what: What::RepeatDocument(copy.operations),
        });
        Ok(())
    }

    /// Removes the document of which this is the root, with everything up to the next one. `fate`
    /// must drop each comment in it.
    ///
    /// # Errors
    /// If the document cannot be told from others of the stream, or is the only one.
    pub fn remove_document(&mut self, root: Node<'s>, fate: impl Fn(&str) -> Fate) -> Result<(), Error> {
        let (index, range) = self.document_of(root)?;
        if self.stream.roots.len() == 1 {
            return Err(self.unsupported(root, "removing the only document: delete the file"));
        }
        self.take_comments(&range, false, fate)?;
        self.splices.push(Splice { range, with: String::new() });
        self.operations.push(Operation { document: index, path: Path::new(), what: What::RemoveDocument });
        Ok(())
    }

    /// The number of a document, and its part of the text.
    fn document_of(&self, root: Node<'s>) -> Result<(usize, std::ops::Range<usize>), Error> {
        let index = self.stream.roots.iter().position(|own| *own == root.id);
        let range = index.and_then(|index| Some((index, self.stream.range_of_document(index)?)));
        // What stands before the first `---` is about the file.
        let range = range.map(|(index, part)| {
            let markers = self
                .stream
                .markers
                .iter()
                .filter(|marker| part.contains(marker) && **marker < self.whole(root.id).start);
            (index, markers.max().copied().unwrap_or(part.start)..part.end)
        });
        range.ok_or_else(|| self.unsupported(root, "this stream cannot be divided into its documents"))
    }
}
