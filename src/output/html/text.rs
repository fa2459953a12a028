//! Text of the repository on a page.

/// Text with what does not show, or turns its neighbours around, as `\u{202e}`. Whether it is markup is for
/// the template engine to see to.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        out.push_str(&super::super::visible_line(line));
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_does_not_show_is_shown() {
        assert_eq!(escaped("a\u{202e}b\nc"), "a\\u{202e}b\nc");
    }
}
