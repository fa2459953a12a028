//! Tables of addresses: a line for each, with tabs between; a line that begins with `#` is a comment.

/// The fields of the lines that have this many of them.
pub(super) fn lines<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}

/// A URL without differences that mean nothing: http or https, case, a slash at the end.
pub(super) fn normalised(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    match url.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => url,
    }
}

/// Checks what is the same for all tables: each line is read, with the date and the source in these
/// fields, and the lines are sorted and unique by their first fields.
#[cfg(test)]
pub(super) fn check<const N: usize>(table: &'static str, key: usize, date: usize, source: usize) {
    let all: Vec<[&str; N]> = lines(table).collect();
    assert_eq!(all.len(), table.lines().filter(|line| !line.starts_with('#')).count(), "every line has {N} fields");
    assert!(all.windows(2).all(|pair| pair[0][..key] < pair[1][..key]), "lines are sorted, and none is there twice");
    for line in all {
        assert!(line.iter().all(|field| !field.is_empty() && *field == field.trim()), "{line:?}");
        let is_date = line[date].len() == 10
            && line[date].char_indices().all(|(at, c)| if matches!(at, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
        assert!(is_date, "the date of {line:?}");
        assert!(line[source].starts_with("https://"), "the source of {line:?}");
    }
}
