//! Placeholders: `<name>` stands for a parameter, `<1>` to `<9>` for what a pattern matched. What
//! was put in is not read again.

use crate::flux::Value;
use crate::recipe::model::Param;
use crate::recipe::pattern::Pattern;

/// A placeholder without a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub(super) String);

/// A text with the values of parameters in it. Only texts and numbers can be part of a text.
pub(super) fn text(text: &str, params: &[Param]) -> Result<String, Unknown> {
    filled(text, params, |value| value.to_owned())
}

/// The same for a pattern: what is put in matches itself alone.
pub(super) fn pattern(text: &str, params: &[Param]) -> Result<String, Unknown> {
    filled(text, params, Pattern::escaped)
}

/// A value with parameters in its texts. A text that is a placeholder as a whole has the type of
/// the parameter.
pub(super) fn value(value: &Value, params: &[Param]) -> Result<Value, Unknown> {
    Ok(match value {
        // Without quotes, `<x>` is no text to every reader.
        Value::Scalar { text: whole, .. } if whole.contains('<') => match whole_placeholder(whole) {
            Some(name) if named(name, params).is_some() => named(name, params).cloned().unwrap_or(Value::Null),
            _ => Value::string(&text(whole, params)?),
        },
        Value::Sequence(items) => {
            Value::Sequence(items.iter().map(|item| self::value(item, params)).collect::<Result<_, _>>()?)
        }
        Value::Mapping(entries) => {
            let entry = |(key, child): &(String, Value)| Ok((text(key, params)?, self::value(child, params)?));
            Value::Mapping(entries.iter().map(entry).collect::<Result<_, Unknown>>()?)
        }
        other => other.clone(),
    })
}

fn named<'p>(name: &str, params: &'p [Param]) -> Option<&'p Value> {
    params.iter().find(|param| param.name == name).map(|param| &param.value)
}

/// The name in a text that is one placeholder.
fn whole_placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix('<')?.strip_suffix('>')?;
    is_name(name).then_some(name)
}

/// Whether it is the name of a parameter: a comparison such as `<v1` is none.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn filled(text: &str, params: &[Param], put: impl Fn(&str) -> String) -> Result<String, Unknown> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, after) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('\\') {
            out.push_str(before);
            out.push('<');
            rest = &after[1..];
            continue;
        }
        out.push_str(before);
        let name = after[1..].split_once('>').map(|(name, _)| name).filter(|name| is_name(name));
        match name {
            Some(name) => {
                let value = named(name, params).and_then(Value::text).ok_or_else(|| Unknown(name.to_owned()))?;
                out.push_str(&put(value));
                rest = &after[name.len() + 2..];
            }
            None => {
                out.push('<');
                rest = &after[1..];
            }
        }
    }
    Ok(out + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Vec<Param> {
        let param = |name: &str, value: Value| Param { name: name.to_owned(), about: None, value, is_given: false };
        let list = Value::Sequence(vec![Value::string("x")]);
        vec![param("old", Value::string("a*<new>")), param("new", Value::string("b")), param("list", list)]
    }

    #[test]
    fn what_is_put_in_is_not_read_again() {
        assert_eq!(text("<old>/<1> <v1 >=0.2 <0.3 <new>", &params()).unwrap(), "a*<new>/<1> <v1 >=0.2 <0.3 b");
        assert_eq!(text(r"\<old> ${X} {{ y }}", &params()).unwrap(), "<old> ${X} {{ y }}");
        assert_eq!(text("<oldd>", &params()), Err(Unknown("oldd".to_owned())));
        assert_eq!(text("is <list>", &params()), Err(Unknown("list".to_owned())), "a list is no part of a text");
        assert_eq!(pattern("<old>*", &params()).unwrap(), r"a\*<new>*");
    }

    #[test]
    fn a_whole_value_has_the_type_of_the_parameter() {
        let filled = value(&Value::string("<list>"), &params()).unwrap();
        assert_eq!(filled.items().len(), 1);
        let in_list = value(&Value::Sequence(vec![Value::string("<new>s")]), &params()).unwrap();
        assert_eq!(in_list.items()[0].text(), Some("bs"));
    }
}
