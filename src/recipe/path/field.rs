//! Fields of differences, which are texts, and the paths that may have them.

use super::{Segment, Selector};

/// Whether a field may be a place of a path, lie in one, or contain one.
pub(super) fn may_name(segments: &[Segment], field: &str) -> bool {
    let (Some((first, rest)), false) = (segments.split_first(), field.is_empty()) else { return true };
    let goes_on = |field: &str| field.is_empty() || field.starts_with(['.', '[']);
    // What is left of a field after its first step, however that is read.
    let index = field.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let text = field.strip_prefix('.').unwrap_or(field);
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).filter(|at| *at > 0);
    let after_keys = ends.map(|at| &text[at..]).filter(|left| goes_on(left));
    let any: Vec<&str> = match index {
        Some((_, left)) => vec![left],
        None => after_keys.collect(),
    };
    let selected = |selector: &Selector| -> Vec<&str> {
        match (selector, index) {
            (Selector::Key(key), None) => {
                text.strip_prefix(key.as_str()).filter(|left| goes_on(left)).into_iter().collect()
            }
            (Selector::Index(at), Some((number, left))) if *at < 0 || number == at.to_string() => vec![left],
            (Selector::Key(_), Some(_)) | (Selector::Index(_), _) => Vec::new(),
            (Selector::All | Selector::Filter(_), _) => any.clone(),
        }
    };
    match first {
        Segment::One(selector) => selected(selector).into_iter().any(|left| may_name(rest, left)),
        Segment::Below(selector) => {
            selected(selector).into_iter().any(|left| may_name(rest, left))
                || any.iter().any(|left| may_name(segments, left))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::path::Path;

    #[test]
    fn fields_of_differences_are_at_paths() {
        for (path, fields) in [
            ("spec.interval", &["spec.interval", "spec", "spec.interval.x", ""][..]),
            ("metadata.annotations['a.io/b']", &["metadata.annotations.a.io/b", "metadata.annotations"]),
            ("spec.values..tag", &["spec.values.a.b[0].tag", "spec.values.tag"]),
            ("spec..args[*]", &["spec.x[1].args[0]", "spec.x[1].args"]),
            ("spec.l[0].n", &["spec.l[0].n"]),
            ("spec.l[?@.k == 'v'].n", &["spec.l[3].n", "spec.l"]),
        ] {
            let path = Path::parse(path).unwrap();
            fields.iter().for_each(|field| assert!(path.may_name(field), "{} {field}", path.text()));
        }
        for (path, field) in [
            ("spec.interval", "spec.intervals"),
            ("spec.interval", "spec.timeout"),
            ("spec.interval", "metadata"),
            ("spec.l[0].n", "spec.l[1].n"),
            ("spec.values..tag", "spec.interval"),
            ("metadata.annotations['a.io/b']", "metadata.annotations.a.io/c"),
        ] {
            assert!(!Path::parse(path).unwrap().may_name(field), "{path} {field}");
        }
    }
}
