//! Conditions about fields: `where` and `unless`.

use super::Document;
use crate::flux::Value;
use crate::recipe::path::Path;
use crate::recipe::pattern::Pattern;
use crate::recipe::place::{Part, Place};
use crate::yaml::Node;

/// A test of a field; with several hits one is enough.
#[derive(Clone, Debug)]
pub struct Test {
    /// Which field.
    pub path: Path,
    /// What is asked of it.
    pub check: Check,
    /// Whether it is asked of the object as each cluster gets it, and not of its text.
    pub arrives: bool,
}

/// What is asked of a field.
#[derive(Clone, Debug)]
pub enum Check {
    /// It has this value.
    Equals(Value),
    /// It has one of these values.
    In(Vec<Value>),
    /// It is a text that matches.
    Matches(Pattern),
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// The comment beside it, or directly above, matches.
    Comment(Pattern),
}

impl Test {
    /// Whether it holds for a value; comments are those of the document.
    pub fn holds(&self, value: &Value, document: Option<&Document<'_>>) -> bool {
        let hits = self.path.all_values(value);
        let has = |test: &dyn Fn(&Value) -> bool| hits.iter().any(|found| test(found));
        match &self.check {
            Check::Equals(wanted) => has(&|found| found.same_as(wanted)),
            Check::In(all) => has(&|found| all.iter().any(|wanted| found.same_as(wanted))),
            Check::Matches(pattern) => has(&|found| found.text().is_some_and(|text| pattern.is_match(text))),
            Check::Present => !hits.is_empty(),
            Check::Absent => hits.is_empty(),
            Check::Comment(pattern) => {
                let is_match = |text: &str| pattern.is_match(text.trim_start_matches('#').trim());
                let node = |place: &Place| node_at(document?.root, place);
                let stream = document.and_then(|document| document.view.file(document.path)?.stream.as_deref());
                let places = self.path.all_hits(value).unwrap_or_default();
                let nodes = places.iter().filter_map(node);
                let mut comments = nodes.filter_map(|node| Some((node, stream?))).flat_map(|(node, stream)| {
                    comments_of(stream, node).into_iter().map(|comment| &stream.text()[comment.range.clone()])
                });
                comments.any(is_match)
            }
        }
    }
}

/// The node at a place, aliases followed.
pub fn node_at<'s>(root: Node<'s>, place: &Place) -> Option<Node<'s>> {
    place.0.iter().try_fold(root, |node, part| match part {
        Part::Key(key) => node.get(key),
        Part::Index(index) => node.items().nth(*index),
    })
}

/// The comments of an entry: beside its value, and directly above its line.
pub fn comments_of<'s>(stream: &'s crate::yaml::Stream, node: Node<'s>) -> Vec<&'s crate::yaml::Comment> {
    let end = stream.position(node.range().end).line;
    let start = node.line();
    let is_beside = |comment: &&crate::yaml::Comment| {
        comment.trailing && comment.line == end && comment.range.start >= node.range().end
    };
    let beside = stream.comments().iter().find(is_beside);
    let mut above: Vec<_> =
        stream.comments().iter().filter(|comment| !comment.trailing && comment.line < start).collect();
    let mut line = start;
    above.reverse();
    let above = above.into_iter().take_while(|comment| {
        line -= 1;
        comment.line == line
    });
    beside.into_iter().chain(above).collect()
}
