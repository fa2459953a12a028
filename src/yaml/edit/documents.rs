//! Documents of a stream: one more behind another, one less.

use super::Edit;
use crate::text::Splice;
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
        range.ok_or_else(|| self.unsupported(root, "this stream cannot be divided into its documents"))
    }
}
