//! A set of defaults: fields with their values.

use std::collections::BTreeMap;

use super::fields::Field;
use crate::flux::Value;
use crate::yaml::New;

/// Fields of `spec` with the values that they are to have, in the order of their table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set(pub(super) Vec<(&'static Field, Value)>);

impl Set {
    /// Reads `spec` of a patch. `None` where it holds something that the table has not, or that its field does not take: nobody knows what
    /// it is meant to do.
    pub(super) fn of(spec: &Value, table: &'static [Field]) -> Option<Set> {
        let mut found = Vec::new();
        scalars(spec, &mut Vec::new(), &mut found)?;
        let mut set = Vec::new();
        for (path, value) in found {
            let (number, field) = table.iter().enumerate().find(|(_, field)| field.path == path)?;
            let Value::Scalar { text, string } = &value else { return None };
            if !field.takes.fits(text, !string) {
                return None;
            }
            set.push((number, (field, value)));
        }
        set.sort_by_key(|(number, _)| *number);
        Some(Set(set.into_iter().map(|(_, entry)| entry).collect()))
    }

    /// Whether it sets nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that it has for a field.
    pub(super) fn get(&self, field: &Field) -> Option<&Value> {
        self.0.iter().find(|(own, _)| *own == field).map(|(_, value)| value)
    }

    /// `spec` as it is written.
    pub(super) fn spec(&self) -> New {
        let mut spec = Value::Mapping(Vec::new());
        for (field, value) in &self.0 {
            put(&mut spec, field.path, value);
        }
        New::from(&spec)
    }

    /// For people: `upgrade.remediation.retries: 3`, each.
    pub(super) fn lines(&self) -> Vec<String> {
        let line =
            |(field, value): &(&Field, Value)| format!("{}: {}", field.short(), value.text().unwrap_or_default());
        self.0.iter().map(line).collect()
    }

    /// Each scalar on which more than half of those agree who were asked, if it is not Flux's own default anyway.
    pub(super) fn agreed<'s>(specs: impl Iterator<Item = &'s Value>, table: &'static [Field]) -> Set {
        let mut counts: Vec<BTreeMap<(String, bool), usize>> = vec![BTreeMap::new(); table.len()];
        let mut asked = 0;
        for spec in specs {
            asked += 1;
            for (number, field) in table.iter().enumerate() {
                if let Some(Value::Scalar { text, string }) = field.stated(spec) {
                    *counts[number].entry((text.clone(), *string)).or_default() += 1;
                }
            }
        }
        let mut agreed = Vec::new();
        for (field, counts) in table.iter().zip(counts) {
            let Some(((text, string), _)) = counts.into_iter().find(|(_, count)| count * 2 > asked) else { continue };
            let value = Value::Scalar { text, string };
            let fits = value.text().is_some_and(|text| field.takes.fits(text, !string));
            // What makes an exception of a release is no default for others.
            if fits && !field.is_built_in(&value) && !field.is_exception(&value) {
                agreed.push((field, value));
            }
        }
        Set(agreed)
    }
}

/// The scalars below a node, each with its way; `None` where there is anything else.
fn scalars(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) -> Option<()> {
    match value {
        Value::Mapping(entries) => entries.iter().try_for_each(|(key, value)| {
            path.push(key.clone());
            let done = scalars(value, path, found);
            path.pop();
            done
        }),
        Value::Scalar { .. } => {
            found.push((path.clone(), value.clone()));
            Some(())
        }
        Value::Sequence(_) | Value::Null => None,
    }
}

fn put(into: &mut Value, path: &[&str], value: &Value) {
    match path {
        [] => {}
        [last] => into.set(last, value.clone()),
        [first, rest @ ..] => {
            if into.get(first).is_none() {
                into.set(first, Value::Mapping(Vec::new()));
            }
            put(into.get_mut(first).expect("it was put there"), rest, value);
        }
    }
}

/// Whether two objects say the same: the order of keys says nothing.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Mapping(one), Value::Mapping(other)) => {
            let has =
                |(key, value): &(String, Value)| other.iter().any(|(own, theirs)| own == key && same(value, theirs));
            one.len() == other.len() && one.iter().all(has)
        }
        (Value::Sequence(one), Value::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::remediation_defaults::fields::HELM_RELEASE;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    #[test]
    fn only_known_fields_are_defaults() {
        let set =
            Set::of(&value("{upgrade: {cleanupOnFail: true}, install: {remediation: {retries: 3}}}"), HELM_RELEASE);
        assert_eq!(set.unwrap().lines(), ["install.remediation.retries: 3", "upgrade.cleanupOnFail: true"]);
        for wrong in [
            "{install: {rollback: {cleanupOnFail: true}}}",
            "{upgrade: {remediation: {retries: '3'}}}",
            "{upgrade: {crds: Replace}}",
            "{upgrade: {remediation: null}}",
            "{values: {a: 1}}",
        ] {
            assert_eq!(Set::of(&value(wrong), HELM_RELEASE), None, "{wrong}");
        }
    }

    #[test]
    fn the_majority_decides_and_flux_own_defaults_are_none() {
        let specs: Vec<Value> = [
            "{upgrade: {remediation: {retries: 3, strategy: rollback}}}",
            "{upgrade: {remediation: {retries: 3, strategy: rollback}, crds: Skip}}",
            "{upgrade: {remediation: {retries: 5, strategy: rollback}, cleanupOnFail: true}}",
            "{upgrade: {cleanupOnFail: true, remediation: {retries: 3}}}",
        ]
        .map(value)
        .into();
        let agreed = Set::agreed(specs.iter(), HELM_RELEASE);
        assert_eq!(agreed.lines(), ["upgrade.remediation.retries: 3"], "half is not more than half");
    }

    #[test]
    fn the_order_of_keys_says_nothing() {
        assert!(same(&value("{a: {x: 1, y: 2}, b: [1, 2]}"), &value("{b: [1, 2], a: {y: 2, x: 1}}")));
        assert!(!same(&value("{a: [1, 2]}"), &value("{a: [2, 1]}")));
        assert!(!same(&value("{a: 1}"), &value("{a: '1'}")));
        assert!(!same(&value("{a: {}}"), &value("{}")));
    }
}
