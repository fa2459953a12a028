//! Texts that are YAML for one parser and not for another: what Flux and Kustomize (go-yaml) would
//! refuse, or read as another document.

use std::sync::Arc;

use super::error::{Error, Problem};
use super::keys::Keys;
use super::node::Content;
use super::nodes::Id;
use super::reading::{DEPTH, granit, libyaml, say_the_same};
use super::stream::Stream;

/// How many nodes aliases may add to those of the text: real files add hundreds.
const REPEATED: u64 = 100_000;

/// What ends a line for YAML 1.1, and not for YAML 1.2.
const LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

impl Stream {
    /// Reads a text that Flux and Kustomize read, too, and as the same document.
    ///
    /// # Errors
    /// As [`Stream::parse`]; also for a key that is twice in one mapping, an alias inside the value
    /// that it repeats, aliases that expand to too much, and characters that only some
    /// parsers take for line breaks, where that makes a difference.
    pub fn sound(text: impl Into<Arc<str>>) -> Result<Stream, Error> {
        let mut stream = Stream::parse(text)?;
        stream.check_aliases()?;
        stream.check_keys()?;
        stream.has_keys_once = true;
        stream.check_line_breaks()?;
        Ok(stream)
    }

    fn broken(&self, id: Id, what: &str) -> Error {
        self.error(self.nodes.get(id).whole(), Problem::Syntax(what.to_owned()))
    }

    /// Nodes come in the order of the text, so what an alias stands for is complete before it, or
    /// it contains the alias.
    fn check_aliases(&self) -> Result<(), Error> {
        if !self.nodes.iter().any(|node| matches!(node.content, Content::Alias { .. })) {
            return Ok(());
        }
        // How large and how deep each node is; none for those that are not complete.
        let mut sizes: Vec<Option<(u64, usize)>> = vec![None; self.nodes.len()];
        for root in &self.roots {
            let mut waiting = vec![(*root, false)];
            while let Some((id, is_entered)) = waiting.pop() {
                let children: Vec<Id> = match self.nodes.get(id).content {
                    Content::Scalar { .. } => Vec::new(),
                    Content::Alias { target } => {
                        let what = "an alias is inside the value that it repeats, which no parser can read";
                        sizes[id as usize] = Some(sizes[target as usize].ok_or_else(|| self.broken(id, what))?);
                        continue;
                    }
                    Content::Sequence { items, .. } => items.collect(),
                    Content::Mapping { entries, .. } => entries.flat_map(|(key, value)| [key, value]).collect(),
                };
                if !is_entered {
                    waiting.push((id, true));
                    waiting.extend(children.iter().rev().map(|child| (*child, false)));
                    continue;
                }
                let known = children.iter().filter_map(|child| sizes[*child as usize]);
                let (size, depth) = known.fold((1, 0), |(sum, deepest), (size, depth)| {
                    (u64::saturating_add(sum, size), usize::max(deepest, depth))
                });
                if size > REPEATED + self.nodes.len() as u64 || depth >= DEPTH {
                    return Err(self.broken(id, "its aliases expand to more than 100,000 nodes, or nest too deep"));
                }
                sizes[id as usize] = Some((size, depth + 1));
            }
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), Error> {
        let text = |id: Id| self.nodes.text(id, &self.text);
        for node in self.nodes.iter() {
            let Content::Mapping { entries, .. } = node.content else { continue };
            let mut seen = Keys::default();
            let mut keys = entries.filter_map(|(key, _)| Some((key, text(key)?)));
            if let Some((key, text)) = keys.find(|(_, text)| !seen.are_without(text)) {
                return Err(self.error(self.nodes.get(key).whole(), Problem::DuplicateKey(text.to_owned())));
            }
        }
        Ok(())
    }

    fn check_line_breaks(&self) -> Result<(), Error> {
        // Most texts are of ASCII, which is seen at once, and has none of them.
        let at = if self.text.is_ascii() { None } else { self.text.find(LINE_BREAKS) };
        let Some(at) = at else { return Ok(()) };
        let same = match (granit::read(self), libyaml::read(&self.text)) {
            (Ok(ours), Ok(theirs)) => say_the_same(&ours, &theirs),
            _ => false,
        };
        let found = self.text[at..].chars().next().map_or(0, u32::from);
        let what = format!("U+{found:04X} ends a line for some parsers, and not for others");
        if same { Ok(()) } else { Err(self.error(at..at, Problem::ParsersDisagree(what))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        Stream::sound(text).err().map(|error| error.problem.code())
    }

    #[test]
    fn aliases_come_to_an_end() {
        for text in ["x: &x [*x]\n", "&a\n- *a\n", "a: &a {b: {c: [*a]}}\n", "a: &a\n  <<: *a\n"] {
            assert_eq!(code(text), Some("broken-yaml"), "{text}");
        }
        for text in ["a: &a {b: 1}\nc: *a\n", "a: &a 1\nb: [*a, *a]\n", "- &a {x: &b 1, y: *b}\n- <<: *a\n"] {
            assert_eq!(code(text), None, "{text}");
        }
        let list = |level: usize| vec![format!("*a{level}"); 9].join(", ");
        let bomb: String = (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", list(level - 1))).collect();
        assert_eq!(code(&format!("a0: &a0 [x, x]\n{bomb}")), Some("broken-yaml"));
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        let chain: String =
            (1..150).map(|level| format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1)).collect();
        assert_eq!(code(&format!("a0: &a0 x\n{chain}")), Some("broken-yaml"));
    }

    #[test]
    fn keys_are_there_once() {
        for text in ["a: 1\nb: 2\na: 3\n", "a: {b: 1, b: 1}\n", "- {<<: {a: 1}, <<: {b: 1}}\n", "a: 1\n'a': 2\n"] {
            assert_eq!(code(text), Some("duplicate-key"), "{text}");
        }
        assert_eq!(code("a: {a: {a: 1}}\nb: [{a: 1}, {a: 2}]\n---\na: 1\n"), None);
    }

    #[test]
    fn line_breaks_of_some_parsers() {
        for text in ["a: 1 # c\u{85}b: 2\n", "a: 1 # c\u{2028}b: 2\n", "a: 1 # c\u{2029}b: 2\n"] {
            assert_eq!(code(text), Some("parsers-disagree"), "{text:?}");
        }
        assert_eq!(code("a: 1 # caf\u{e9} \u{1f600}\n"), None);
    }
}
