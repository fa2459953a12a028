//! Selectors of labels, as Kubernetes writes them: `app=x,tier notin (a, b),!old`.

use crate::flux::Value;

/// A selector of labels or annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Present(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Labels {
    /// Reads a selector; `None` if it is none.
    pub fn parse(text: &str) -> Option<Labels> {
        let mut requirements = Vec::new();
        let mut rest = text;
        while !rest.trim().is_empty() {
            // A comma in parentheses belongs to them.
            let close = rest.find('(').and_then(|open| rest.find(')').filter(|close| *close > open));
            let from = match (rest.find(','), rest.find('('), close) {
                (Some(comma), Some(open), Some(close)) if open < comma => close,
                _ => 0,
            };
            let end = rest[from..].find(',').map_or(rest.len(), |at| from + at);
            requirements.push(Requirement::parse(rest[..end].trim())?);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        (!requirements.is_empty()).then_some(Labels(requirements))
    }

    /// What it asks to be there: `key=value`, or the key alone.
    pub(super) fn wanted(&self) -> Vec<String> {
        let of = |requirement: &Requirement| match requirement {
            Requirement::Present(key) => vec![key.clone()],
            Requirement::In(key, values) => values.iter().map(|value| format!("{key}={value}")).collect(),
            Requirement::Absent(_) | Requirement::NotIn(..) => Vec::new(),
        };
        self.0.iter().flat_map(of).collect()
    }

    /// Whether it selects an object with these.
    pub fn select(&self, labels: Option<&Value>) -> bool {
        let text = |key: &str| labels.and_then(|labels| labels.text_at(&[key]));
        self.0.iter().all(|requirement| match requirement {
            Requirement::Present(key) => text(key).is_some(),
            Requirement::Absent(key) => text(key).is_none(),
            Requirement::In(key, values) => text(key).is_some_and(|text| values.iter().any(|value| value == text)),
            Requirement::NotIn(key, values) => !text(key).is_some_and(|text| values.iter().any(|value| value == text)),
        })
    }
}

impl Requirement {
    fn parse(text: &str) -> Option<Requirement> {
        if let Some(key) = text.strip_prefix('!') {
            return is_key(key).then(|| Requirement::Absent(key.to_owned()));
        }
        let set = |word: &str| {
            let (key, rest) = text.split_once(word)?;
            let values =
                rest.trim().strip_prefix('(')?.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned());
            Some((key.trim().to_owned(), values.collect::<Vec<_>>())).filter(|(key, _)| is_key(key))
        };
        if let Some((key, values)) = set(" notin ") {
            return Some(Requirement::NotIn(key, values));
        }
        if let Some((key, values)) = set(" in ") {
            return Some(Requirement::In(key, values));
        }
        let pair = |sign: &str| {
            let (key, value) = text.split_once(sign)?;
            Some((key.trim().to_owned(), vec![value.trim().to_owned()])).filter(|(key, _)| is_key(key))
        };
        if let Some((key, values)) = pair("!=") {
            return Some(Requirement::NotIn(key, values));
        }
        if let Some((key, values)) = pair("==").or_else(|| pair("=")) {
            return Some(Requirement::In(key, values));
        }
        is_key(text).then(|| Requirement::Present(text.to_owned()))
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_those_of_kubernetes() {
        let labels = Value::Mapping(vec![("a".into(), Value::string("b")), ("c".into(), Value::string("d"))]);
        let selects = |text: &str| Labels::parse(text).unwrap().select(Some(&labels));
        for text in ["a", "a=b", "a==b,c=d", "a in (x, b)", "c notin (x,y),!e", "e!=f", "e notin (f)"] {
            assert!(selects(text), "{text}");
        }
        for text in ["!a", "a=c", "a in (x,y),c", "c notin (d)", "e", "a!=b"] {
            assert!(!selects(text), "{text}");
        }
        for text in ["", "a in b", "a b", "=x"] {
            assert_eq!(Labels::parse(text), None, "{text}");
        }
        assert!(Labels::parse("!a").unwrap().select(None));
    }
}
