//! When plain text is safe.

/// Whether every parser, of YAML 1.1 or 1.2, in block or in flow style, reads this plain text as
/// exactly this string.
///
/// Stricter than YAML: what is not certain gets quotes. `3.7.3` is certain, `3.7` is a number, `no`
/// is a boolean to some parsers, `12:30` a time.
pub fn reads_as_string(text: &str) -> bool {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else { return false };
    let begins = first.is_alphanumeric()
        || matches!(first, '/' | '_' | '$')
        || text.starts_with("./")
        || text.starts_with("../");
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '/' | '-' | '+' | ':' | '$' | '@' | '~' | '^');
    let has_mapping = || text.as_bytes().windows(2).any(|pair| pair == b": ");
    begins
        && last != ' '
        && last != ':'
        && text.chars().all(plain)
        && !has_mapping()
        && !is_word(text)
        && !looks_like_a_number(text)
}

/// The words that mean null, true or false to some parser.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Numbers in any base, times, dates.
fn looks_like_a_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '_');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let lower = unsigned.to_ascii_lowercase();
    if ["0x", "0o", "0b"].iter().any(|base| {
        lower.strip_prefix(base).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit() || c == '_'))
    }) {
        return true;
    }
    let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let float =
        (digits(whole) || whole.is_empty() && !fraction.is_empty()) && (digits(fraction) || fraction.is_empty());
    let sexagesimal = unsigned.contains(':') && unsigned.split([':', '.']).all(|part| digits(part) || part.is_empty());
    let date = unsigned.get(..5).is_some_and(|year| digits(&year[..4]) && year.ends_with('-'));
    float && digits(exponent) || sexagesimal || date || matches!(lower.as_str(), ".inf" | ".nan")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_only_where_all_readers_agree() {
        for text in [
            "app-template",
            "3.7.3",
            "oci://ghcr.io/bjw-s/helm",
            "./app.yaml",
            "${APP}",
            "30m",
            "1.2.3-rc.1",
            "a b",
            "v1",
        ] {
            let expected = text != "${APP}";
            assert_eq!(reads_as_string(text), expected, "{text}");
        }
        for text in [
            "",
            " a",
            "a ",
            "no",
            "Yes",
            "n",
            "3.7",
            "37",
            "1_000",
            "0775",
            "0x1F",
            "1e3",
            "12:30:45",
            "2024-01-01",
            "~",
            "=",
            "<<",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "*a",
            "&a",
            "!a",
            "[a",
            "{a",
            "'a",
            "\"a",
            "%a",
            "@a",
            "`a",
            "#a",
            "a,b",
            "?",
            ".5",
            ".inf",
            "+1",
            "null",
            "-1.5",
            "ünï\ncode",
        ] {
            assert!(!reads_as_string(text), "{text:?}");
        }
    }
}
