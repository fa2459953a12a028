//! Keeps line breaks in files that mix `\n` and `\r\n`.

use crate::text::Splice;
use crate::yaml::Stream;

/// Each line keeps its line break: a line whose end is cut off together with lines below it does
/// not get the line break of the last one.
pub(super) fn keep(stream: &Stream, splices: &mut [Splice]) {
    let text = stream.text();
    let starts: Vec<_> = splices.iter().map(|splice| splice.range.start).collect();
    for splice in splices {
        let range = splice.range.clone();
        let whole_lines = splice.with.is_empty() && stream.lines().start(range.start) == range.start;
        if whole_lines || splice.with.contains('\n') || !text[range.clone()].contains('\n') {
            continue;
        }
        let (first, last) = (stream.line_break(range.start), stream.line_break(range.end));
        let ends_its_line = stream.line_end(range.end) == range.end && !last.is_empty();
        let taken = starts.iter().any(|start| (range.end..range.end + last.len()).contains(start));
        if ends_its_line && first != last && !taken {
            splice.range.end += last.len();
            splice.with.push_str(first);
        }
    }
}
