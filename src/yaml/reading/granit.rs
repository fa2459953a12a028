//! The first reading: the nodes of granit-parser, aliases expanded.

use super::{BUDGET, DEPTH, Data};
use crate::yaml::Stream;
use crate::yaml::node::{Content, Notation};
use crate::yaml::nodes::Id;

/// The data of the documents of a parsed stream.
///
/// # Errors
/// A sentence, if aliases expand to more than the budget.
pub(in crate::yaml) fn read(stream: &Stream) -> Result<Vec<Data>, String> {
    let mut reader = Reader { stream, left: BUDGET, open: Vec::new() };
    stream.roots.iter().map(|root| reader.node(*root)).collect()
}

struct Reader<'s> {
    stream: &'s Stream,
    left: usize,
    /// The nodes that are being read: an alias to one of them is a cycle.
    open: Vec<Id>,
}

impl Reader<'_> {
    fn node(&mut self, id: Id) -> Result<Data, String> {
        self.left = self.left.checked_sub(1).ok_or("its aliases expand to too much")?;
        if self.open.len() > DEPTH {
            return Err("it nests too deep, aliases expanded".into());
        }
        let stored = self.stream.nodes.get(id);
        let tag = stored.tag().map(str::to_owned);
        match stored.content {
            Content::Scalar { notation, .. } => {
                let kind = if notation == Notation::Plain { "plain" } else { "quoted" };
                Ok(Data::Scalar {
                    text: self.stream.nodes.text(id, self.stream.text()).unwrap_or_default().to_owned(),
                    kind,
                    tag,
                })
            }
            Content::Alias { target } if self.open.contains(&target) => Err("an alias that contains itself".into()),
            Content::Alias { target } => self.node(target),
            Content::Sequence { items, .. } => {
                self.open.push(id);
                let items = items.map(|item| self.node(item)).collect::<Result<_, _>>()?;
                self.open.pop();
                Ok(Data::Sequence { items, tag })
            }
            Content::Mapping { entries, .. } => {
                self.open.push(id);
                let entries = entries
                    .map(|(key, value)| Ok((self.node(key)?, self.node(value)?)))
                    .collect::<Result<_, String>>()?;
                self.open.pop();
                Ok(Data::Mapping { entries, tag })
            }
        }
    }
}
