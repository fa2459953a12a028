//! Questions on a terminal. Answers come from a reader and questions are written to a writer, so that
//! tests need no terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use super::{layout_of, progress};
use crate::output::Layout;

/// Something that one can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The letter that is typed, in lower case.
    pub(super) key: char,
    /// The whole word, which is understood as well.
    pub(super) word: &'static str,
    /// What it does, for `?`.
    pub(super) about: &'static str,
}

impl Choice {
    pub(super) const fn new(key: char, word: &'static str, about: &'static str) -> Choice {
        Choice { key, word, about }
    }
}

/// Where questions are asked.
pub(super) struct Asking<'t> {
    answers: Box<dyn BufRead + 't>,
    out: Box<dyn Write + 't>,
    layout: Layout,
}

impl<'t> Asking<'t> {
    /// The terminal: answers from standard input, questions to standard error, because standard
    /// output is the result. `None` if there is no terminal on both sides.
    pub(super) fn on_terminal() -> Option<Asking<'static>> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let answers = Box::new(io::stdin().lock());
        if io::stderr().is_terminal() {
            return Some(Asking { answers, out: Box::new(anstream::stderr()), layout: layout_of(&io::stderr()) });
        }
        // Standard error may be kept in a file.
        let is_seen = io::stdout().is_terminal();
        is_seen.then(|| Asking { answers, out: Box::new(anstream::stdout()), layout: layout_of(&io::stdout()) })
    }

    /// Answers from a reader, questions to a writer.
    #[cfg(test)]
    pub(super) fn of(answers: impl BufRead + 't, out: impl Write + 't) -> Asking<'t> {
        Asking { answers: Box::new(answers), out: Box::new(out), layout: Layout::for_terminal(None) }
    }

    /// Shows a paragraph, folded and escaped.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        let folded = self.layout.fold("", text);
        self.show(&format!("{folded}\n"))
    }

    /// Shows a text as it is. What of it comes from the repository is escaped already.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        progress::end();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Asks until the answer is one of the choices, and gives its key. An empty answer is `default`, if
    /// there is one. `?` and whatever is not understood lists the choices. At the end of the input, as
    /// after Ctrl-D, there is no answer: `None`.
    ///
    /// # Errors
    /// If the question cannot be written, or the answer cannot be read.
    pub(super) fn choose(
        &mut self,
        question: &str,
        choices: &[Choice],
        default: Option<char>,
    ) -> io::Result<Option<char>> {
        loop {
            self.show(&format!("{question} "))?;
            let mut line = Vec::new();
            if self.answers.read_until(b'\n', &mut line)? == 0 {
                self.show("\n")?;
                return Ok(None);
            }
            let answer = String::from_utf8_lossy(&line).trim().to_lowercase();
            if answer.is_empty() && default.is_some() {
                return Ok(default);
            }
            let is_it = |choice: &&Choice| answer == choice.word || answer == choice.key.to_string();
            if let Some(choice) = choices.iter().find(is_it) {
                return Ok(Some(choice.key));
            }
            for choice in choices {
                self.show(&format!("{} - {}\n", choice.key, choice.about))?;
            }
            self.show("? - this list\n")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: [Choice; 2] = [Choice::new('y', "yes", "do it"), Choice::new('d', "diff", "look at it")];

    fn asked(answers: &[u8], default: Option<char>) -> (Option<char>, String) {
        let mut out = Vec::new();
        let answer = Asking::of(answers, &mut out).choose("Go on? [y/d]", &CHOICES, default).unwrap();
        (answer, String::from_utf8(out).unwrap())
    }

    #[test]
    fn letters_and_words_are_answers_in_any_case() {
        for (answers, key) in [("y\n", 'y'), ("YES\r\n", 'y'), (" diff \n", 'd'), ("D", 'd')] {
            assert_eq!(asked(answers.as_bytes(), None).0, Some(key), "{answers:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_asked_again() {
        let (answer, shown) = asked(b"?\nyess\n\xff\n\ny\n", None);
        assert_eq!(answer, Some('y'));
        assert_eq!(shown.matches("Go on?").count(), 5);
        assert!(shown.contains("y - do it\nd - look at it\n? - this list\n"), "{shown}");
    }

    #[test]
    fn an_empty_answer_is_the_default_and_no_answer_is_none() {
        assert_eq!(asked(b"\n", Some('n')).0, Some('n'));
        assert_eq!(asked(b"", Some('y')).0, None, "the end of the input agrees to nothing");
        assert_eq!(asked(b"what\n", Some('y')).0, None);
    }
}
