//! The lines that findings are about, with the place marked, as compilers show them.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Layout, visible_line};
use crate::flux::View;
use crate::plan::{Finding, Severity};

/// How many places of one reason code are shown with their line. The others have only the place: they
/// look the same.
const FEW: usize = 3;

/// The lines of one tree, for the findings about it.
pub(super) struct Excerpts<'v> {
    view: &'v View,
    shown: BTreeMap<&'static str, usize>,
    /// The place of the last one: several findings about it in a row have one excerpt.
    last: Option<String>,
}

impl<'v> Excerpts<'v> {
    pub(super) fn of(view: &'v View) -> Excerpts<'v> {
        Excerpts { view, shown: BTreeMap::new(), last: None }
    }

    /// The line of a finding behind its number, marked. Nothing for a finding without a line, for one
    /// whose line may hold a secret, for one about a whole object, whose first line says nothing, and for
    /// what was shown often enough.
    pub(super) fn next(&mut self, finding: &Finding, indent: &str, layout: &Layout) -> String {
        let Some((number, line)) = place(self.view, finding) else { return String::new() };
        let is_again = self.last == finding.place();
        self.last = finding.place();
        if is_again || line.starts_with("apiVersion:") {
            return String::new();
        }
        let shown = self.shown.entry(finding.code.id).or_default();
        *shown += 1;
        if *shown > FEW { String::new() } else { marked(finding.severity, number, line, indent, layout) }
    }
}

/// The line of a finding, and its number.
fn place<'v>(view: &'v View, finding: &Finding) -> Option<(usize, &'v str)> {
    let (path, number) = (finding.path.as_ref()?, finding.line?);
    let line = view.file(path)?.shown_line(number)?;
    Some((number, line)).filter(|(_, line)| !line.trim().is_empty())
}

fn marked(severity: Severity, number: usize, line: &str, indent: &str, layout: &Layout) -> String {
    let line = visible_line(line);
    let before = indent.len() + number.to_string().len() + " | ".len();
    let line = shortened(line.trim_end(), layout.width.saturating_sub(before));
    let start = line.len() - line.trim_start().len();
    let snippet = Snippet::source(&*line).line_start(number);
    let snippet = snippet.annotation(AnnotationKind::Primary.span(start..line.len()));
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let renderer = if layout.colors { Renderer::styled() } else { Renderer::plain() };
    // What is too long is shortened already.
    let text = renderer.term_width(1000).render(&[Group::with_level(level).element(snippet)]);
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

/// A line in at most so many columns. Tabs are shown as four blanks.
fn shortened(line: &str, columns: usize) -> String {
    let line = line.replace('\t', "    ");
    if textwrap::core::display_width(&line) <= columns {
        return line;
    }
    let mut short = String::new();
    for c in line.chars() {
        short.push(c);
        if textwrap::core::display_width(&short) >= columns {
            short.pop();
            break;
        }
    }
    short + "…"
}

/// The line of a finding with one before and one after it, each with its number.
pub(super) fn around<'v>(view: &'v View, finding: &Finding) -> Vec<(usize, &'v str)> {
    let Some((number, _)) = place(view, finding) else { return Vec::new() };
    let file = finding.path.as_ref().and_then(|path| view.file(path));
    let line = |number| Some((number, file?.shown_line(number)?));
    (number - 1..=number + 1).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::codes;
    use crate::repo::{Memory, RepoPath};

    const TEXT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \u{202e}x # \u{fc}\n\ndata: {}\n";

    fn view() -> View {
        View::of(Memory::tree([("a.yaml", TEXT)])).unwrap().whole()
    }

    fn finding(line: usize) -> Finding {
        Finding::warning(codes::BROKEN_YAML, "m").at(&RepoPath::new("a.yaml").unwrap(), line)
    }

    fn shown(line: usize, layout: Layout) -> String {
        Excerpts::of(&view()).next(&finding(line), "    ", &layout)
    }

    const PLAIN: Layout = Layout { width: 80, colors: false };

    #[test]
    fn the_line_is_marked_and_nothing_hidden_stays_so() {
        let line = "  name: \\u{202e}x # ü";
        let marks = "^".repeat(line.chars().count() - 2);
        assert_eq!(shown(4, PLAIN), format!("      |\n    4 | {line}\n      |   {marks}\n"));
        let colored = shown(4, Layout { colors: true, ..PLAIN });
        assert!(colored.contains("\u{1b}["), "{colored:?}");
        assert_eq!(shown(5, PLAIN), "", "nothing is on that line");
        assert_eq!(shown(9, PLAIN), "");
    }

    #[test]
    fn long_lines_are_shortened() {
        for line in shown(4, Layout { width: 24, colors: false }).lines() {
            assert!(textwrap::core::display_width(line) <= 24, "{line}");
        }
        assert_eq!(shortened("日本語\tx", 8), "日本語 …");
        assert_eq!(shortened("日本語x", 7), "日本語x");
    }

    #[test]
    fn what_fires_often_is_shown_a_few_times() {
        let view = view();
        let mut excerpts = Excerpts::of(&view);
        let mut is_shown = |line| !excerpts.next(&finding(line), "", &PLAIN).is_empty();
        assert_eq!([2, 3, 3, 1, 4, 6].map(&mut is_shown), [true, true, false, false, true, false]);
    }

    #[test]
    fn lines_beside_it_end_with_the_file() {
        assert_eq!(around(&view(), &finding(1)), [(1, "apiVersion: v1"), (2, "kind: ConfigMap")]);
        assert_eq!(around(&view(), &finding(6)), [(5, ""), (6, "data: {}")]);
        assert_eq!(around(&view(), &finding(9)), []);
    }
}
