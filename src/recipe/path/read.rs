//! Reads the text of a path.

use super::{Comparison, Path, Segment, Selector, Wrong};
use crate::flux::Value;
use crate::yaml::reads_as_string;

/// Reads a path.
pub(super) fn path(text: &str) -> Result<Path, Wrong> {
    let mut reader = Reader { text, at: 0 };
    let mut segments = Vec::new();
    if reader.take("$") {
        if reader.is_done() {
            return Err(reader.wrong("the path has no steps", "name a field, such as `spec.interval`"));
        }
    } else if !reader.text.starts_with(['.', '[']) {
        segments.push(Segment::One(reader.name()?));
    }
    while !reader.is_done() {
        segments.push(reader.segment()?);
    }
    if segments.iter().filter(|segment| matches!(segment, Segment::Below(_))).count() > 1 {
        let at = text.rfind("..").unwrap_or_default();
        let (message, help) = ("a path has at most one `..`".to_owned(), "name the steps between".to_owned());
        return Err(Wrong { at, message, help });
    }
    if segments.is_empty() {
        return Err(reader.wrong("the path is empty", "name a field, such as `spec.interval`"));
    }
    Ok(Path { text: text.to_owned(), segments })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    fn take(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn wrong(&self, message: impl Into<String>, help: impl Into<String>) -> Wrong {
        Wrong { at: self.at, message: message.into(), help: help.into() }
    }

    fn segment(&mut self) -> Result<Segment, Wrong> {
        if self.take("..") {
            return Ok(Segment::Below(if self.rest().starts_with('[') { self.bracket()? } else { self.name()? }));
        }
        if self.take(".") {
            return Ok(Segment::One(self.name()?));
        }
        if self.rest().starts_with('[') {
            return Ok(Segment::One(self.bracket()?));
        }
        if self.rest().starts_with('-') {
            return Err(self.dash());
        }
        Err(self.wrong("a step begins with `.` or `[`", "write keys with other signs as `['a key']`"))
    }

    /// A name without quotes, or `*`.
    fn name(&mut self) -> Result<Selector, Wrong> {
        if self.take("*") {
            return Ok(Selector::All);
        }
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        let rest = self.rest();
        let end = rest.find(|c: char| !is_first(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
        if !rest.starts_with(is_first) {
            return Err(
                self.wrong("here a name is missing", "a name begins with a letter; others are written `['0x']`")
            );
        }
        self.at += end;
        Ok(Selector::Key(rest[..end].to_owned()))
    }

    /// A `-` in a name without quotes: the path as it has to be.
    fn dash(&self) -> Wrong {
        let is_of_key = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
        let start = self.text[..self.at].rfind(|c: char| !is_of_key(c)).map_or(0, |at| at + 1);
        let end = self.at + self.rest().find(|c: char| !is_of_key(c)).unwrap_or(self.rest().len());
        let before = self.text[..start].strip_suffix('.').unwrap_or(&self.text[..start]);
        let before = if before.is_empty() { "$" } else { before };
        let corrected = format!("{before}['{}']{}", &self.text[start..end], &self.text[end..]);
        self.wrong("a key with `-` needs brackets and quotes", format!("write `{corrected}`"))
    }

    fn bracket(&mut self) -> Result<Selector, Wrong> {
        self.take("[");
        self.blanks();
        let selector = match self.rest().chars().next() {
            Some('*') => {
                self.at += 1;
                Selector::All
            }
            Some('?') => {
                self.at += 1;
                Selector::Filter(self.filter()?)
            }
            Some('\'' | '"') => Selector::Key(self.quoted()?),
            Some(c) if c == '-' || c.is_ascii_digit() => Selector::Index(self.number()?),
            _ => return Err(self.wrong("this is no key, number, `*` or filter", "put a key in quotes: `['a key']`")),
        };
        self.blanks();
        if !self.take("]") {
            let help = "lists of keys, slices and functions are not supported";
            return Err(self.wrong("`]` is missing here", help));
        }
        Ok(selector)
    }

    fn number(&mut self) -> Result<i64, Wrong> {
        let rest = self.rest();
        let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest[..end].parse().ok().filter(|number| format!("{number}") == rest[..end]);
        let number =
            number.ok_or_else(|| self.wrong("this is no index", "write a whole number, such as `[0]` or `[-1]`"))?;
        self.at += end;
        Ok(number)
    }

    fn quoted(&mut self) -> Result<String, Wrong> {
        let mut chars = self.rest().char_indices();
        let (_, quote) = chars.next().expect("a quote was seen");
        let mut out = String::new();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + 1;
                return Ok(out);
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next().map(|(_, c)| c) {
                Some('b') => out.push('\u{8}'),
                Some('f') => out.push('\u{c}'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c) if c == quote || c == '\\' || c == '/' => out.push(c),
                Some('u') => {
                    let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    let escaped = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    out.push(
                        escaped
                            .ok_or_else(|| self.wrong("`\\u` needs four digits of a character", "write it itself"))?,
                    );
                }
                _ => return Err(self.wrong("this escape is unknown", "known: \\b \\f \\n \\r \\t \\/ \\\\ \\u0000")),
            }
        }
        Err(self.wrong("the closing quote is missing", format!("add {quote}")))
    }

    fn filter(&mut self) -> Result<Vec<Comparison>, Wrong> {
        let mut comparisons = Vec::new();
        loop {
            comparisons.push(self.comparison()?);
            self.blanks();
            if !self.take("&&") {
                break;
            }
        }
        if self.rest().starts_with("||") {
            return Err(self.wrong("`||` is not supported", "write two steps, or two conditions"));
        }
        Ok(comparisons)
    }

    fn comparison(&mut self) -> Result<Comparison, Wrong> {
        self.blanks();
        if !self.take("@") {
            return Err(self.wrong("a filter begins with `@`", "compare a field: `[?@.name == 'x']`"));
        }
        let mut keys = Vec::new();
        loop {
            let selector = match self.rest().chars().next() {
                Some('.') if !self.rest().starts_with("..") => {
                    self.at += 1;
                    self.name()?
                }
                Some('[') => self.bracket()?,
                _ => break,
            };
            let Selector::Key(key) = selector else {
                return Err(self.wrong("a filter looks at one field", "name it by its keys: `@.a.b`"));
            };
            keys.push(key);
        }
        self.blanks();
        if self.rest().starts_with('-') {
            return Err(self.wrong("a key with `-` needs brackets and quotes", "write `@['a-key']`"));
        }
        let is_equal = self.take("==");
        if !is_equal && !self.take("!=") {
            return Err(self.wrong("here `==` or `!=` is missing", "compare a field: `[?@.name == 'x']`"));
        }
        self.blanks();
        Ok(Comparison { keys, is_equal, literal: self.literal()? })
    }

    fn literal(&mut self) -> Result<Value, Wrong> {
        if self.rest().starts_with(['\'', '"']) {
            return Ok(Value::string(&self.quoted()?));
        }
        let rest = self.rest();
        let end = rest.find([' ', ']', '&']).unwrap_or(rest.len());
        let word = &rest[..end];
        let is_number = word.parse::<f64>().is_ok() && word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if !is_number && word != "true" && word != "false" || reads_as_string(word) {
            return Err(self.wrong("a field is compared with a text, a number or a boolean", "put a text in quotes"));
        }
        self.at += end;
        Ok(Value::Scalar { text: word.to_owned(), string: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_shown_with_its_place() {
        for (text, at, message) in [
            ("", 0, "here a name is missing"),
            ("$", 1, "the path has no steps"),
            ("spec.", 5, "here a name is missing"),
            ("spec.post-build", 9, "a key with `-` needs brackets and quotes"),
            ("a[0", 3, "`]` is missing here"),
            ("a[0:1]", 3, "`]` is missing here"),
            ("a['x','y']", 5, "`]` is missing here"),
            ("a[01]", 2, "this is no index"),
            ("a['x", 2, "the closing quote is missing"),
            ("a[?@.b == x]", 10, "a field is compared with a text, a number or a boolean"),
            ("a[?@.b == 'x' || @.c == 'y']", 14, "`||` is not supported"),
            ("a[?b]", 3, "a filter begins with `@`"),
            ("a[?@.b]", 6, "here `==` or `!=` is missing"),
            ("a..b..c", 4, "a path has at most one `..`"),
            ("a b", 1, "a step begins with `.` or `[`"),
        ] {
            let wrong = path(text).unwrap_err();
            assert_eq!((wrong.at, &*wrong.message), (at, message), "{text}");
        }
    }

    #[test]
    fn the_path_is_corrected() {
        let help = |text: &str| path(text).unwrap_err().help;
        assert_eq!(help("spec.values.annotation-filter.x"), "write `spec.values['annotation-filter'].x`");
        assert_eq!(help("a-b"), "write `$['a-b']`");
        assert_eq!(help("metadata.labels.x-y/z"), "write `metadata.labels['x-y/z']`");
    }

    #[test]
    fn escapes_are_those_of_the_rfc() {
        assert_eq!(
            path(r"a['it\'s']").unwrap(),
            path("a[\"it's\"]").map(|p| Path { text: r"a['it\'s']".into(), ..p }).unwrap()
        );
        assert_eq!(path(r"a['\u00e4']").unwrap().segments, path("a.ä").unwrap().segments);
        assert!(path(r"a['\x']").is_err());
    }
}
