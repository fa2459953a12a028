//! Patterns over texts: `*` any run without a line break, `?` one character, `\` escapes. A pattern
//! matches the whole text; a regular expression (`regex:`) any part of it. What `*` or a group
//! matched is a capture.

use regex::{Regex, RegexBuilder};

/// How large a compiled pattern may be: linear time is only quick where the program is small.
const SIZE_LIMIT: usize = 256 * 1024;
/// How long the text of a pattern may be.
const LENGTH_LIMIT: usize = 1024;

/// A pattern over texts.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
    longest_literal: String,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Pattern {
    /// Reads a pattern with `*` and `?`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let mut regex = String::from(r"\A");
        let (mut literal, mut longest) = (String::new(), String::new());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let wildcard = match c {
                '*' => r"([^\n\r]*)",
                '?' => "(?s:.)",
                _ => "",
            };
            if !wildcard.is_empty() {
                regex.push_str(wildcard);
                keep_longer(&mut longest, &mut literal);
                continue;
            }
            let c = if c == '\\' { chars.next().ok_or("it ends with `\\`")? } else { c };
            literal.push(c);
            regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        }
        keep_longer(&mut longest, &mut literal);
        regex.push_str(r"\z");
        Pattern::compiled(text, &regex, longest)
    }

    /// Reads a regular expression.
    ///
    /// # Errors
    /// Why it is none.
    pub fn regex(text: &str) -> Result<Pattern, String> {
        Pattern::compiled(text, text, String::new())
    }

    fn compiled(text: &str, regex: &str, longest_literal: String) -> Result<Pattern, String> {
        if text.len() > LENGTH_LIMIT {
            return Err(format!("it is longer than {LENGTH_LIMIT} bytes"));
        }
        let compiled = RegexBuilder::new(regex).size_limit(SIZE_LIMIT).build();
        let regex = compiled.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().trim().to_owned(),
        })?;
        Ok(Pattern { text: text.to_owned(), regex, longest_literal })
    }

    /// A text as a pattern that matches this text alone.
    pub fn escaped(text: &str) -> String {
        text.chars().flat_map(|c| "*?\\".contains(c).then_some('\\').into_iter().chain([c])).collect()
    }

    /// Whether it matches.
    pub fn is_match(&self, text: &str) -> bool {
        // Most texts are told by what they do not have.
        text.contains(&self.longest_literal) && self.regex.is_match(text)
    }

    /// What `*` or the groups of a regular expression match, in order; `None` if it does not match.
    pub fn captures(&self, text: &str) -> Option<Vec<String>> {
        if !text.contains(&self.longest_literal) {
            return None;
        }
        let captures = self.regex.captures(text)?;
        Some(captures.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect())
    }

    /// How many captures it has.
    pub fn count(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// Its longest part without `*` and `?`: a text that has not got it does not match. Empty for a
    /// regular expression.
    pub fn longest_literal(&self) -> &str {
        &self.longest_literal
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn keep_longer(longest: &mut String, literal: &mut String) {
    let literal = std::mem::take(literal);
    if literal.len() > longest.len() {
        *longest = literal;
    }
}

/// Puts captures in the place of `<1>` to `<9>`; one that is not there stays as it is.
pub fn with_captures(text: &str, captures: &[String]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let number = rest[1..].chars().next().and_then(|c| c.to_digit(10)).filter(|_| rest[2..].starts_with('>'));
        match number.and_then(|number| captures.get((number as usize).checked_sub(1)?)) {
            Some(capture) => {
                out.push_str(capture);
                rest = &rest[3..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// Several patterns: one of those without `!` matches (if there is any), and none of those with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    any: Vec<Pattern>,
    none: Vec<Pattern>,
}

impl Patterns {
    /// Those of which one has to match.
    pub fn wanted(&self) -> &[Pattern] {
        &self.any
    }

    /// Reads patterns, each perhaps with `!` in front.
    ///
    /// # Errors
    /// The index of the first that is none, and why.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Patterns, (usize, String)> {
        let mut patterns = Patterns { any: Vec::new(), none: Vec::new() };
        for (index, text) in texts.into_iter().enumerate() {
            let (list, text) = match text.strip_prefix('!') {
                Some(rest) => (&mut patterns.none, rest),
                None => (&mut patterns.any, text),
            };
            list.push(Pattern::parse(text).map_err(|why| (index, why))?);
        }
        Ok(patterns)
    }

    /// Whether they match.
    pub fn is_match(&self, text: &str) -> bool {
        (self.any.is_empty() || self.any.iter().any(|pattern| pattern.is_match(text)))
            && !self.none.iter().any(|pattern| pattern.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(pattern: &str, text: &str) -> Option<Vec<String>> {
        Pattern::parse(pattern).unwrap().captures(text)
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(captures("old/*", "old/hostname"), one("hostname"));
        assert_eq!(captures("old/*", "is old/hostname"), None);
        assert_eq!(captures("*", "two\nlines"), None, "`*` stops at the end of a line");
        assert_eq!(captures("a?c", "abc"), Some(vec![]));
        assert_eq!(captures("a?c", "ac"), None);
        assert_eq!(captures(r"a\*c", "a*c"), Some(vec![]));
        assert_eq!(captures(r"a\*c", "abc"), None);
        assert_eq!(captures("*/x/*", "a/x/b/x/c"), Some(vec!["a/x/b".to_owned(), "c".to_owned()]));
        assert_eq!(captures("a.b[c]", "a.b[c]"), Some(vec![]), "other signs mean themselves");
        assert!(Pattern::parse(r"a\").is_err());
        assert!(Pattern::parse(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn any_text_can_be_escaped() {
        for text in ["*", "a?b", r"\", "external-dns.alpha.kubernetes.io/"] {
            assert!(Pattern::parse(&Pattern::escaped(text)).unwrap().is_match(text), "{text}");
        }
        assert!(!Pattern::parse(&Pattern::escaped("*")).unwrap().is_match("x"));
    }

    #[test]
    fn a_regular_expression_matches_a_part_and_stays_small() {
        assert_eq!(Pattern::regex(r"(\d+)m").unwrap().captures("in 30m"), Some(vec!["30".to_owned()]));
        assert!(Pattern::regex("(").is_err());
        assert!(Pattern::regex(r"\w{900}{90}").is_err());
        assert!(Pattern::regex("(?=x)").is_err(), "there is no look-around");
    }

    #[test]
    fn captures_are_put_in_once() {
        let captures = ["<2>".to_owned(), "b".to_owned()];
        assert_eq!(with_captures("new/<1>-<2>", &captures), "new/<2>-b");
        assert_eq!(with_captures("<3> < <x> <", &captures), "<3> < <x> <");
    }

    #[test]
    fn a_list_excludes() {
        let patterns = |texts: &[&str]| Patterns::parse(texts.iter().copied()).unwrap();
        assert!(patterns(&["*", "!b"]).is_match("a") && !patterns(&["*", "!b"]).is_match("b"));
        assert!(patterns(&["!b"]).is_match("a"), "everything but b");
        assert!(!patterns(&["a", "c"]).is_match("b"));
    }

    #[test]
    fn the_longest_literal_is_in_all_that_matches() {
        let literal = |text: &str| Pattern::parse(text).unwrap().longest_literal().to_owned();
        assert_eq!(literal("a*bcd?e"), "bcd");
        assert_eq!(literal(r"\*x*"), "*x");
        assert_eq!(literal("*"), "");
    }
}
