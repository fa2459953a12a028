//! The lines of a text: offsets to lines and columns, and line breaks.

use std::ops::Range;

/// A place in a text, as an editor shows it: line and column, both from 1, the column in
/// characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// Where the lines of a text begin. Lines end at `\n` alone: a lone `\r` does not end a line, as in
/// git.
#[derive(Clone, Debug)]
pub struct Lines(Starts);

/// Offsets from 0, as small as they can be: a tree has millions of lines.
#[derive(Clone, Debug)]
enum Starts {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Lines {
    /// Finds the lines of a text. What is behind its first 4 GiB counts as part of the last line.
    pub fn of(text: &str) -> Lines {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Lines(if u16::try_from(text.len()).is_ok() {
            Starts::Narrow(starts.map_while(|start| u16::try_from(start).ok()).collect())
        } else {
            Starts::Wide(starts.map_while(|start| u32::try_from(start).ok()).collect())
        })
    }

    /// Where a line begins, by its number from 0.
    fn get(&self, number: usize) -> Option<usize> {
        match &self.0 {
            Starts::Narrow(starts) => starts.get(number).map(|start| (*start).into()),
            Starts::Wide(starts) => starts.get(number).map(|start| *start as usize),
        }
    }

    /// The number of the line, from 0, that holds the byte at `offset`.
    pub fn number(&self, offset: usize) -> usize {
        let behind = match &self.0 {
            Starts::Narrow(starts) => starts.partition_point(|start| usize::from(*start) <= offset),
            Starts::Wide(starts) => starts.partition_point(|start| *start as usize <= offset),
        };
        behind - 1
    }

    /// Where the line that holds `offset` begins.
    pub fn start(&self, offset: usize) -> usize {
        self.get(self.number(offset)).expect("the number of a line")
    }

    /// Where the line after the one that holds `offset` begins, or `None` where the text has no
    /// further line break.
    pub fn next(&self, offset: usize) -> Option<usize> {
        self.get(self.number(offset) + 1)
    }

    /// The whole line that holds `offset`, its line break included.
    pub fn line(&self, text: &str, offset: usize) -> Range<usize> {
        self.start(offset)..self.next(offset).unwrap_or(text.len())
    }

    /// The line with a number, from 0, its line break included. What is behind the last line break is a
    /// line only if it is something.
    pub fn nth(&self, text: &str, number: usize) -> Option<Range<usize>> {
        let start = self.get(number)?;
        let line = self.line(text, start);
        (!line.is_empty()).then_some(line)
    }

    /// The place of a byte, to show to the user.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let start = self.start(offset);
        Position { line: self.number(offset) + 1, column: text[start..offset].chars().count() + 1 }
    }

    /// The line break that ends the line at `offset`; if that line has none, that of the line
    /// before it; `\n` in a text of one line.
    pub fn ending<'t>(&self, text: &'t str, offset: usize) -> &'t str {
        let line = self.line(text, offset);
        let start = line.start;
        match ending_of(&text[line]) {
            "" if start > 0 => ending_of(&text[self.line(text, start - 1)]),
            "" => "\n",
            ending => ending,
        }
    }
}

fn ending_of(line: &str) -> &str {
    if line.ends_with("\r\n") {
        "\r\n"
    } else if line.ends_with('\n') {
        "\n"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "a: ü\nb: x";
        let lines = Lines::of(text);
        assert_eq!(lines.position(text, 9), Position { line: 2, column: 4 });
        assert_eq!(lines.position(text, 5), Position { line: 1, column: 5 });
    }

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in ["", "a", "a\n", "a\r\nb\n\n", "\n", "a\rb\n c"] {
            let lines = Lines::of(text);
            let all: Vec<_> = (0..9).map_while(|number| lines.nth(text, number)).map(|line| &text[line]).collect();
            assert_eq!(all, text.split_inclusive('\n').collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn lines_are_the_same_in_long_texts() {
        for length in [65_535, 65_536] {
            let text = format!("{}\na\n", "x".repeat(length - 3));
            let lines = Lines::of(&text);
            assert_eq!(
                (lines.number(length - 2), lines.start(length - 1), lines.next(length - 1)),
                (1, length - 2, Some(length))
            );
            assert_eq!((lines.nth(&text, 1), lines.nth(&text, 2)), (Some(length - 2..length), None), "{length}");
        }
    }

    #[test]
    fn each_line_keeps_its_own_ending() {
        let text = "a\r\nb\nc";
        let lines = Lines::of(text);
        assert_eq!(lines.ending(text, 0), "\r\n");
        assert_eq!(lines.ending(text, 3), "\n");
        assert_eq!(lines.ending(text, 5), "\n", "the last line follows the one before it");
        assert_eq!(Lines::of("x").ending("x", 0), "\n");
    }
}
