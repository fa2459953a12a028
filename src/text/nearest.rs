//! Finds the known name that is most similar to a given one.

/// The known thing whose name is most similar to a name, if one is similar enough: for "did you
/// mean".
pub fn nearest<'k, T>(name: &str, known: impl IntoIterator<Item = (&'k str, T)>) -> Option<T> {
    const LIKE: f64 = 0.8;
    let rated = known.into_iter().map(|(other, thing)| (strsim::jaro_winkler(other, name), thing));
    rated.filter(|(like, _)| *like >= LIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, thing)| thing)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_is_much_like_it_or_nothing() {
        let known = || ["clusters", "chart-ref"].map(|name| (name, name));
        assert_eq!(nearest("cluster", known()), Some("clusters"));
        assert_eq!(nearest("chartref", known()), Some("chart-ref"));
        assert_eq!(nearest("x", known()), None);
    }
}
