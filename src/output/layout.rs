use std::fmt;

use anstyle::{AnsiColor, Style};

use super::visible;
use crate::plan::{Impact, Severity};

/// How wide text may be, how it is folded, and whether it has colors.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns.
    pub width: usize,
    /// Whether it is for a terminal that shows colors.
    pub colors: bool,
}

impl Layout {
    /// The layout for a terminal of this width. Without a terminal it has 80 columns, so that files
    /// and pipes get the same text everywhere.
    pub fn for_terminal(columns: Option<usize>) -> Layout {
        const DEFAULT: usize = 80;
        Layout { width: columns.map_or(DEFAULT, |columns| columns.clamp(40, 120)), colors: false }
    }

    /// A heading.
    pub fn heading(&self, text: impl fmt::Display) -> String {
        self.styled(Style::new().bold(), text)
    }

    /// An impact, in as many columns as the longest one: red if something is lost or down.
    pub fn impact(&self, impact: Impact) -> String {
        let style = match impact {
            Impact::Data | Impact::Recreate => AnsiColor::Red.on_default().bold(),
            Impact::Restart => AnsiColor::Yellow.on_default(),
            Impact::None | Impact::Reconcile | Impact::Upgrade => Style::new(),
        };
        self.styled(style, format!("{impact:<9}"))
    }

    /// A text that begins with a severity, which gets its color.
    pub fn severity(&self, severity: Severity, text: &str) -> String {
        let style = match severity {
            Severity::Error => AnsiColor::Red.on_default().bold(),
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Note => AnsiColor::Cyan.on_default(),
        };
        let word = severity.to_string();
        match text.split_once(&word) {
            Some((before, after)) => format!("{before}{}{after}", self.styled(style, word)),
            None => text.to_owned(),
        }
    }

    /// What went wrong or is in the way.
    pub fn alarming(&self, text: impl fmt::Display) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }

    fn styled(&self, style: Style, text: impl fmt::Display) -> String {
        if self.colors { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// Folds a text, its first line behind `first` and the others behind blanks of the same width.
    /// Long words are not broken, so that paths can be copied.
    pub fn fold(&self, first: &str, text: &str) -> String {
        self.fold_deeper(first, &" ".repeat(textwrap::core::display_width(first)), text)
    }

    /// Folds a text, its first line behind `first` and the others behind `rest`.
    pub fn fold_deeper(&self, first: &str, rest: &str, text: &str) -> String {
        let options = textwrap::Options::new(self.width)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .initial_indent(first)
            .subsequent_indent(rest);
        textwrap::fill(&visible(text), options)
    }
}

/// A number and its noun: `1 release`, `2 releases`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number of batches: `1 batch`, `12 batches`.
pub(super) fn batches(number: usize) -> String {
    if number == 1 { "1 batch".to_owned() } else { format!("{number} batches") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_behind_its_first_word_and_keeps_long_words() {
        let layout = Layout { width: 20, colors: false };
        assert_eq!(layout.fold("a: ", "one two three four five"), "a: one two three\n   four five");
        assert_eq!(layout.fold("", "x kubernetes/main/apps/media/plex"), "x\nkubernetes/main/apps/media/plex");
    }
}
