//! Comments about a whole document, and changes inside of a comment.

use std::ops::Range;

use super::{Edit, Error, Node, Problem, Splice};
use crate::yaml::comments::{Comment, CommentFate, Fate, written};

impl<'s> Edit<'s> {
    /// Puts a comment into the header of a document, given its root: on the line after its `---`,
    /// or on the first line of a file without, before all other comments there. Give the text
    /// without `#`, which is added.
    ///
    /// # Errors
    /// If the content begins on the line of `---`, or the text has several lines.
    pub fn add_header_comment(&mut self, document: Node<'s>, text: &str) -> Result<(), Error> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(self.unsupported(document, "a comment of several lines in the header of a document"));
        }
        let stream = self.stream;
        let at = match stream.marker(document) {
            Some(marker) => stream.lines().line(stream.text(), marker).end,
            None => stream.line_start(stream.header(document).start),
        };
        if at > document.range().start || !stream.text()[..at].is_empty() && stream.line_start(at) != at {
            return Err(self.unsupported(document, "a comment in a header whose document begins on the line of `---`"));
        }
        let ending = stream.lines().ending(stream.text(), at).to_owned();
        let comment = written(text);
        self.splices.push(Splice { range: at..at, with: format!("{comment}{ending}") });
        self.added.push(comment);
        Ok(())
    }

    /// Replaces a part of a comment by another text on the same line.
    ///
    /// # Errors
    /// If the part is not in the comment, or the text contains a character that ends a comment.
    pub fn replace_in_comment(&mut self, comment: &Comment, part: Range<usize>, with: &str) -> Result<(), Error> {
        let is_inside = comment.range.start < part.start && part.end <= comment.range.end && part.start <= part.end;
        if !is_inside || with.chars().any(|c| c.is_control() && c != '\t') {
            let problem = Problem::Unsupported("replacing a part of a comment by several lines");
            return Err(self.stream.error(comment.range.clone(), problem));
        }
        let text = self.stream.text();
        let new = format!("{}{with}{}", &text[comment.range.start..part.start], &text[part.end..comment.range.end]);
        self.has_another_text(comment);
        self.added.push(new);
        self.splices.push(Splice { range: part, with: with.to_owned() });
        Ok(())
    }

    /// Takes out a comment that is alone on its line, with the line; another one that this edit adds
    /// says the same.
    ///
    /// # Errors
    /// If something else is on its line.
    pub fn take_out_comment(&mut self, comment: &Comment) -> Result<(), Error> {
        if comment.trailing {
            let problem = Problem::Unsupported("taking out a comment with something else on its line");
            return Err(self.stream.error(comment.range.clone(), problem));
        }
        let start = self.stream.line_start(comment.range.start);
        let end = self.stream.lines().line(self.stream.text(), comment.range.start).end;
        self.has_another_text(comment);
        self.splices.push(Splice { range: start..end, with: String::new() });
        Ok(())
    }

    fn has_another_text(&mut self, comment: &Comment) {
        let (text, range) = (self.stream.text()[comment.range.clone()].to_owned(), comment.range.clone());
        self.fates.push(CommentFate { text, line: comment.line, range, fate: Fate::Rewritten });
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Edit, Stream};

    fn added(text: &str, document: usize) -> String {
        let stream = Stream::parse(text).unwrap();
        let mut edit = Edit::of(&stream);
        let added = edit.add_header_comment(stream.document(document).unwrap(), "new").and_then(|()| edit.finish());
        match added {
            Ok(edited) => edited.splices.apply(text).unwrap(),
            Err(error) => format!("error {}", error.problem.code()),
        }
    }

    #[test]
    fn a_comment_comes_into_the_header() {
        for (text, document, want) in [
            ("k: v\n", 0, "# new\nk: v\n"),
            ("# a\nk: v\n", 0, "# new\n# a\nk: v\n"),
            ("# a\n---\n# b\nk: v\n", 0, "# a\n---\n# new\n# b\nk: v\n"),
            ("--- # a\nk: v\n", 0, "--- # a\n# new\nk: v\n"),
            ("k: v\n# a\n---\nk: v\n", 1, "k: v\n# a\n---\n# new\nk: v\n"),
            ("k: v\n# a\n---\nk: v\n", 0, "# new\nk: v\n# a\n---\nk: v\n"),
            ("---\r\nk: v\r\n", 0, "---\r\n# new\r\nk: v\r\n"),
            ("\u{feff}k: v\n", 0, "\u{feff}# new\nk: v\n"),
            ("k: v\n...\n# a\n---\nk: v\n", 1, "k: v\n...\n# a\n---\n# new\nk: v\n"),
            ("%YAML 1.2\n---\nk: v\n", 0, "%YAML 1.2\n---\n# new\nk: v\n"),
            ("- k: v\n", 0, "# new\n- k: v\n"),
            ("--- {k: v}\n", 0, "error unsupported-yaml"),
            ("--- !tag\nk: v\n", 0, "error unsupported-yaml"),
        ] {
            assert_eq!(added(text, document), want, "{text:?}");
        }
    }

    #[test]
    fn comments_change_and_go_and_nothing_else() {
        let text = "#  a: one\nk:\n  # two\n  x: y\n";
        let stream = Stream::parse(text).unwrap();
        let [one, two] = stream.comments() else { panic!("two comments") };
        let mut edit = Edit::of(&stream);
        edit.replace_in_comment(one, 6..9, "three").unwrap();
        edit.take_out_comment(two).unwrap();
        let edited = edit.finish().unwrap();
        assert_eq!(edited.splices.apply(text).unwrap(), "#  a: three\nk:\n  x: y\n");
        assert_eq!(edited.comments.len(), 2);

        let mut edit = Edit::of(&stream);
        assert!(edit.replace_in_comment(one, 6..9, "a\nb: c").is_err(), "a comment ends at the line");
        assert!(edit.replace_in_comment(one, 0..3, "x").is_err(), "`#` stays");
        let trailing = Stream::parse("k: v # a\n").unwrap();
        assert!(Edit::of(&trailing).take_out_comment(&trailing.comments()[0]).is_err());
    }
}
