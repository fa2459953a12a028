use std::borrow::Cow;
use std::fmt::Write;

/// A text with everything escaped that could move a cursor, ring a bell, end a line or change the
/// direction of writing.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, is_hidden)
}

/// A line of a file for a terminal: as [`visible`], but tabs are kept.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    escape(text, |c| c != '\t' && is_hidden(c))
}

fn escape(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&hide) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if hide(c) => out.push_str("\\n"),
            '\r' if hide(c) => out.push_str("\\r"),
            '\t' if hide(c) => out.push_str("\\t"),
            c if hide(c) && (c as u32) < 0x100 => drop(write!(out, "\\x{:02x}", c as u32)),
            c if hide(c) => drop(write!(out, "\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text for a log in which no line is a workflow command of GitHub: a runner obeys lines that
/// begin with `::`, after blanks, and `##[` anywhere in a line.
pub fn for_log(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let line = |line: &str| if is_command(line) { line.replacen("::", "\\x3a:", 1) } else { line.to_owned() };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    Cow::Owned(without_old_commands(&lines.join("\n"), "#\\x23["))
}

/// A text with something else in the place of each `##[`.
pub(super) fn without_old_commands(text: &str, instead: &str) -> String {
    text.replace("##[", instead)
}

/// Keeps what is before it and after it from being one word, and is not seen.
pub(super) const APART: char = '\u{200b}';

/// Whether what comes after a text makes the number of an issue of it: `GH-` and a digit.
pub(super) fn numbers_an_issue(text: &str, next: char) -> bool {
    let Some(before) = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at)) else { return false };
    next.is_ascii_digit() && before.1.eq_ignore_ascii_case("gh-") && !before.0.ends_with(char::is_alphanumeric)
}

/// JSON in which everything hidden is written as an escape, which means the same: it may be printed
/// on a terminal, or stand in a log.
pub fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // The line breaks of the layout. Those in texts are escaped already.
        if c == '\n' || !is_hidden(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    without_old_commands(&out, "#\\u0023[")
}

/// Control characters, and characters that cannot be seen: those that change the direction of
/// writing, fillers, and what Unicode calls default ignorable. The selectors of emoji stay.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_reaches_a_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\nc\r\td"), "a\\x1b[31mb\\nc\\r\\td");
        assert_eq!(visible("\u{202e}x\u{9b}y"), "\\u{202e}x\\x9by");
        assert_eq!(visible("ü 🎈 日本"), "ü 🎈 日本");
        assert_eq!(visible_line("\ta\u{1b}"), "\ta\\x1b");
        for hidden in "\u{ad}\u{61c}\u{180e}\u{200e}\u{2067}\u{3164}\u{fff9}\u{e0001}\u{7f}\u{85}\u{2800}".chars() {
            assert!(visible(&hidden.to_string()).is_ascii(), "{hidden:?}");
        }
    }

    #[test]
    fn a_log_has_no_workflow_commands() {
        assert_eq!(for_log("a\n  ::error::x\n::add-mask::1 ::"), "a\n  \\x3a:error::x\n\\x3a:add-mask::1 ::");
        assert_eq!(for_log("\u{3000}::x\nb ##[error]x"), "\u{3000}\\x3a:x\nb #\\x23[error]x");
        assert!(matches!(for_log("a ::error:: # [x]\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_the_same_and_shows_all() {
        let text = "\u{9b}31m \u{202e} \u{7f} \u{e0001} ##[x] ü \n".to_owned();
        let json = escaped_json(&serde_json::to_string_pretty(&[&text]).unwrap());
        assert!(json.contains("\\u009b31m \\u202e \\u007f \\udb40\\udc01 #\\u0023[x] ü \\n"), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }
}
