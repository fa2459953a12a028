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

/// Control characters, and the format characters that reorder or hide text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
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
    }
}
