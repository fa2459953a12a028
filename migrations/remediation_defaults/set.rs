//! A set of defaults: fields with their values.

use super::fields::Field;
use crate::flux::Value;

/// Fields of `spec` with the values that they are to have, in the order of their table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set(pub(super) Vec<(&'static Field, Value)>);

impl Set {
    /// Reads `spec` of a patch. `None` if it contains anything that the table does not have or its
    /// field does not take: what that is meant to do is not known.
    pub(super) fn of(spec: &Value, table: &'static [Field]) -> Option<Set> {
        let stated = table.iter().filter_map(|field| Some((field, spec.at(field.path)?.clone())));
        let set = Set(stated.collect());
        let fits = set.0.iter().all(|(field, value)| field.takes.fits(value));
        (fits && set.spec().same_as(spec)).then_some(set)
    }

    /// Whether it sets nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a field.
    pub(super) fn get(&self, field: &Field) -> Option<&Value> {
        self.0.iter().find(|(other, _)| *other == field).map(|(_, value)| value)
    }

    /// `spec` with these fields.
    pub(super) fn spec(&self) -> Value {
        let mut spec = Value::Mapping(Vec::new());
        for (field, value) in &self.0 {
            spec.set_at(field.path, value.clone());
        }
        spec
    }

    /// `upgrade.remediation.retries: 3`, each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(field, value)| format!("{}: {}", field.short(), value.text().unwrap_or_default())).collect()
    }

    /// Each value that more than half of the objects state, unless Flux does the same anyway, or it
    /// would make an exception of a release: such a value nearly all have to state.
    pub(super) fn agreed(specs: &[&Value], table: &'static [Field]) -> Set {
        let usual = Set::usual(specs, table);
        let agreed = stated_by(specs, table, 50).filter(|(field, value)| {
            let is_accepted = !field.is_exception(value) || usual.has(field, value);
            field.takes.fits(value) && !field.is_built_in(value) && is_accepted
        });
        Set(agreed.collect())
    }

    /// The values that would make an exception of a release, but that nearly all releases state.
    pub(super) fn usual(specs: &[&Value], table: &'static [Field]) -> Set {
        Set(stated_by(specs, table, NEARLY_ALL).filter(|(field, value)| field.is_exception(value)).collect())
    }

    /// Whether it sets a field to a value.
    pub(super) fn has(&self, field: &Field, value: &Value) -> bool {
        self.get(field) == Some(value)
    }
}

/// The percentage that counts as nearly all.
const NEARLY_ALL: usize = 80;

/// The value of each field that at least so many percent of the objects state, more than half.
fn stated_by(
    specs: &[&Value],
    table: &'static [Field],
    percent: usize,
) -> impl Iterator<Item = (&'static Field, Value)> {
    table.iter().filter_map(move |field| {
        let stated: Vec<&Value> = specs.iter().filter_map(|spec| field.stated(spec)).collect();
        let is_stated_by_enough = |value: &Value| {
            let count = stated.iter().filter(|other| **other == value).count();
            count * 2 > specs.len() && count * 100 >= specs.len() * percent
        };
        let value = stated.iter().find(|value| is_stated_by_enough(value))?;
        Some((field, (*value).clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fields::ObjectKind;
    use super::*;
    use crate::yaml::Stream;

    /// What is agreed on, and what is usual, where of ten releases this many state `spec`.
    fn of_ten(count: usize, spec: &str) -> [Vec<String>; 2] {
        let stream = Stream::parse(spec).unwrap();
        let stated = Value::of(stream.documents().next().unwrap()).unwrap();
        let silent = Value::Mapping(Vec::new());
        let specs: Vec<&Value> = (0..10).map(|index| if index < count { &stated } else { &silent }).collect();
        let table = ObjectKind::Release.table();
        [Set::agreed(&specs, table).lines(), Set::usual(&specs, table).lines()]
    }

    #[test]
    fn a_value_that_is_rarely_meant_is_agreed_on_by_nearly_all() {
        let (none, endless) = (Vec::new, || vec!["upgrade.remediation.retries: -1".to_owned()]);
        let spec = "upgrade: {remediation: {retries: -1}}";
        assert_eq!(of_ten(10, spec), [endless(), endless()]);
        assert_eq!(of_ten(8, spec), [endless(), endless()]);
        assert_eq!(of_ten(7, spec), [none(), none()]);
        // Other values need more than half, as ever.
        assert_eq!(of_ten(6, "timeout: 10m"), [vec!["timeout: 10m".to_owned()], none()]);
        assert_eq!(of_ten(5, "timeout: 10m"), [none(), none()]);
        // What Flux does anyway is no default, and if all say it, none of them is an exception.
        assert_eq!(of_ten(9, "upgrade: {crds: Skip}"), [none(), vec!["upgrade.crds: Skip".to_owned()]]);
    }
}
