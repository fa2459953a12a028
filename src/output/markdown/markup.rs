//! Texts of a repository in Markdown, where nothing of them is markup.

use crate::output::escape::{APART, numbers_an_issue, without_old_commands};
use crate::output::visible;

/// A text in which nothing is markup, except that text in backticks is code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let part = |(number, part): (usize, &&str)| {
        if number.is_multiple_of(2) || part.is_empty() { plain(part) } else { code(part) }
    };
    parts.iter().enumerate().map(part).collect()
}

/// A text in which nothing is markup, no link is made and nobody is mentioned.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if numbers_an_issue(&out, c) {
            out.push(APART);
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // GitHub looks for names, numbers and addresses in the text, after entities.
            '@' | '#' => out.extend([c, APART]),
            '$' => out.push_str("<span>$</span>"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    for (link, broken) in [("://", ":\u{200b}//"), ("www.", "www\u{200b}."), ("WWW.", "WWW\u{200b}.")] {
        out = out.replace(link, broken);
    }
    out
}

/// A text as code in a line.
pub(super) fn code(text: &str) -> String {
    // Markdown is printed in logs, too.
    let text = without_old_commands(&visible(text), "##\u{200b}[");
    let fence = "`".repeat(longest_run(&text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A text as code in a table, in which a bar would end the cell.
pub(super) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Commands as a code block.
pub(super) fn fenced(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}console\n{}\n{fence}", lines.join("\n"))
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_repository_is_markup() {
        assert_eq!(plain("a <b> @me #1 [x](y) *z*"), "a &lt;b&gt; @\u{200b}me #\u{200b}1 \\[x\\](y) \\*z\\*");
        assert_eq!(plain("see https://x.org\nnext"), "see https:\u{200b}//x.org\\\\nnext");
        assert_eq!(
            plain("a@b.example www.x GH-1 $x$"),
            "a@\u{200b}b.example www\u{200b}.x GH-\u{200b}1 <span>$</span>x<span>$</span>"
        );
        assert_eq!(code("##[x]"), "`##\u{200b}[x]`");
        assert_eq!(prose("with `wait: <x>` it *is*"), "with `wait: <x>` it \\*is\\*");
        assert_eq!(prose("an odd ` <b>"), "an odd \\` &lt;b&gt;");
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(cell("a|b\u{202e}"), "`a\\|b\\u{202e}`");
        assert_eq!(fenced(&["echo ```".into()]), "````console\necho ```\n````");
    }
}
