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
    /// would make an exception of a release.
    pub(super) fn agreed(specs: &[&Value], table: &'static [Field]) -> Set {
        let agreed = table.iter().filter_map(|field| {
            let stated: Vec<&Value> = specs.iter().filter_map(|spec| field.stated(spec)).collect();
            let is_most = |value: &Value| stated.iter().filter(|other| **other == value).count() * 2 > specs.len();
            let value = stated.iter().find(|value| is_most(value))?;
            let is_default = field.takes.fits(value) && !field.is_built_in(value) && !field.is_exception(value);
            is_default.then(|| (field, (*value).clone()))
        });
        Set(agreed.collect())
    }
}
