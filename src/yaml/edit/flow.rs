//! The geometry of flow collections: children with commas between them, on one line or several.

use std::collections::BTreeSet;
use std::ops::Range;

use super::slots::Slots;
use crate::text::Splice;
use crate::yaml::emit::Layout;

/// Children to remove; each but the first begins on the line where the one before it ends.
type Group = Range<usize>;

impl Slots<'_> {
    /// What is cut out to remove these children, which are not all of them: each with one comma,
    /// with its lines if nothing else is on them, and with the comments above those. A comma after
    /// the last child stays if there was one.
    pub(super) fn flow_removal(&self, removed: &BTreeSet<usize>) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut rest = removed.iter().copied().peekable();
        while let Some(first) = rest.next() {
            let mut end = first + 1;
            while rest.next_if_eq(&end).is_some() {
                end += 1;
            }
            self.remove_run(first..end, &mut ranges);
        }
        ranges
    }

    /// Adjacent children, with none between them that stays.
    fn remove_run(&self, run: Range<usize>, ranges: &mut Vec<Range<usize>>) {
        let from = ranges.len();
        let mut first = run.start;
        while first < run.end {
            let mut end = first + 1;
            while end < run.end && self.on_one_line(end - 1) {
                end += 1;
            }
            ranges.push(self.remove_group(&(first..end)));
            first = end;
        }
        // One of the commas around the run stays, if something is before it, and something or a
        // comma after it.
        let commas = (run.start.saturating_sub(1)..run.end).filter_map(|child| self.comma_behind(child));
        let left: Vec<_> = commas.filter(|at| !ranges[from..].iter().any(|range| range.contains(at))).collect();
        let is_needed = run.start > 0 && (run.end < self.len() || self.comma_behind(self.len() - 1).is_some());
        ranges.extend(left.into_iter().skip(usize::from(is_needed)).map(|comma| comma..comma + 1));
    }

    fn remove_group(&self, group: &Group) -> Range<usize> {
        let (stream, text) = (self.stream, self.stream.text());
        let (start, end) = (self.child(group.start).start, self.child(group.end - 1).end);
        if group.start > 0 && self.on_one_line(group.start - 1) {
            return self.end_with_blank(group.start - 1)..end;
        }
        let comma = self.comma_on_line(group.end - 1);
        let end = comma.map_or(end, |comma| comma + 1);
        let content_end = stream.line_content_end(end);
        let alone = stream.begins_its_line(start) && stream.ends_with(end, content_end);
        match stream.lines().next(content_end).filter(|_| alone) {
            Some(next) => stream.start_with_comments_above(start)..next,
            None if comma.is_some() => start..end + blanks(&text[end..]),
            None => start..end,
        }
    }

    /// The splices that put a new child before the one at `at`, or after the last.
    pub(super) fn flow_insertion(&self, at: usize, layout: &Layout, text: &str) -> Vec<Splice> {
        let stream = self.stream;
        let sibling = self.child(at.saturating_sub(1));
        let own_lines = stream.begins_its_line(sibling.start);
        let indentation = " ".repeat(stream.column(sibling.start));
        let insert = |at: usize, with: String| Splice { range: at..at, with };
        if at == 0 && own_lines {
            let above = stream.start_with_comments_above(sibling.start);
            return vec![insert(above, format!("{indentation}{text},{}", layout.ending))];
        }
        if at == 0 {
            return vec![insert(sibling.start, format!("{text}, "))];
        }
        let comma = self.comma_on_line(at - 1);
        let end = comma.map_or(sibling.end, |comma| comma + 1);
        let content_end = stream.line_content_end(end);
        let alone = own_lines && stream.ends_with(end, content_end);
        let line_end = stream.line_end(content_end);
        let line = |text: &str| format!("{}{indentation}{text}", layout.ending);
        // Some parsers read `a:,` as a key of two characters.
        let blank = if self.ends_in_colon(at - 1) { " " } else { "" };
        match (alone, comma) {
            (true, Some(_)) => vec![insert(line_end, line(&format!("{text},")))],
            (true, None) if self.comma_behind(at - 1).is_some() => vec![insert(line_end, line(&format!(", {text}")))],
            (true, None) if line_end == sibling.end => vec![insert(line_end, format!("{blank},{}", line(text)))],
            (true, None) => vec![insert(sibling.end, format!("{blank},")), insert(line_end, line(text))],
            (false, _) => {
                let value_end = self.end_with_blank(at - 1);
                let blank = if value_end == sibling.end { blank } else { "" };
                vec![insert(value_end, format!("{blank}, {text}"))]
            }
        }
    }

    /// Whether the child after this one begins on the line where it ends.
    fn on_one_line(&self, at: usize) -> bool {
        let lines = self.stream.lines();
        lines.number(self.child(at).end) == lines.number(self.child(at + 1).start)
    }

    /// The comma after a child, past blanks, line breaks and comments.
    fn comma_behind(&self, at: usize) -> Option<usize> {
        let text = self.stream.text();
        let mut end = self.child(at).end;
        loop {
            end += text[end..].len() - text[end..].trim_start().len();
            match self.stream.comments_in(&(end..text.len())).next().filter(|comment| comment.range.start == end) {
                Some(comment) => end = comment.range.end,
                None => return text[end..].starts_with(',').then_some(end),
            }
        }
    }

    /// The comma after a child, if it is on the line where the child ends.
    fn comma_on_line(&self, at: usize) -> Option<usize> {
        let end = self.child(at).end;
        let comma = end + blanks(&self.stream.text()[end..]);
        self.stream.text()[comma..].starts_with(',').then_some(comma)
    }

    /// Where a child ends. If nothing follows its colon, the blanks that separate it from a comma
    /// are included.
    fn end_with_blank(&self, at: usize) -> usize {
        let end = self.child(at).end;
        if self.ends_in_colon(at) { end + blanks(&self.stream.text()[end..]) } else { end }
    }

    fn ends_in_colon(&self, at: usize) -> bool {
        let child = self.child(at);
        self.stream.nodes.get(self.last(at)).span.is_empty() && self.stream.text()[child].ends_with(':')
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}
