use super::visible;

/// How wide text may be, and how it is folded.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns.
    pub width: usize,
}

impl Layout {
    /// The layout for a terminal of this width. Without a terminal it has 80 columns, so that files
    /// and pipes get the same text everywhere.
    pub fn for_terminal(columns: Option<usize>) -> Layout {
        const DEFAULT: usize = 80;
        Layout { width: columns.map_or(DEFAULT, |columns| columns.clamp(40, 120)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_behind_its_first_word_and_keeps_long_words() {
        let layout = Layout { width: 20 };
        assert_eq!(layout.fold("a: ", "one two three four five"), "a: one two three\n   four five");
        assert_eq!(layout.fold("", "x kubernetes/main/apps/media/plex"), "x\nkubernetes/main/apps/media/plex");
    }
}
