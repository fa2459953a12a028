//! Takes a comment away.

use super::{Edit, Error, Problem, Splice};
use crate::yaml::comments::{Comment, CommentFate, Fate};

impl<'s> Edit<'s> {
    /// Removes a comment, with its line if it has one of its own, else with the blanks before it.
    /// Give the reason, which is reported.
    ///
    /// # Errors
    /// If the same edit removes it otherwise.
    pub fn remove_comment(&mut self, comment: &Comment, because: &str) -> Result<(), Error> {
        let text = self.stream.text();
        let range = if comment.trailing {
            let before = text[..comment.range.start].trim_end_matches([' ', '\t']).len();
            before..comment.range.end
        } else {
            self.stream.lines().line(text, comment.range.start)
        };
        if self.fates.iter().any(|fate| fate.range == comment.range) {
            return Err(self.stream.error(comment.range.clone(), Problem::Overlap));
        }
        self.fates.push(CommentFate {
            text: text[comment.range.clone()].to_owned(),
            line: comment.line,
            range: comment.range.clone(),
            fate: Fate::Dropped(because.to_owned()),
        });
        self.splices.push(Splice { range, with: String::new() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Edit, Stream};

    #[test]
    fn only_the_comment_is_gone() {
        for (text, number, want) in [
            ("a: 1 # one\nb: 2\n", 0, "a: 1\nb: 2\n"),
            ("# one\na: 1\n", 0, "a: 1\n"),
            ("a:\n  # one\n  b: 2   # two\n", 1, "a:\n  # one\n  b: 2\n"),
            ("a: 1 # one\r\nb: 2\r\n", 0, "a: 1\r\nb: 2\r\n"),
            ("a: 1 # one", 0, "a: 1"),
        ] {
            let stream = Stream::parse(text).unwrap();
            let mut edit = Edit::of(&stream);
            edit.remove_comment(&stream.comments()[number], "it is done").unwrap();
            let edited = edit.finish().unwrap();
            assert_eq!(edited.splices.apply(text).unwrap(), want);
            assert_eq!(edited.comments.len(), 1);
        }
    }
}
