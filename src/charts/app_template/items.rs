//! Reading values as the chart does, and where readers differ, not at all.

use super::name::{Unknown, Why};
use crate::flux::Value;

/// A switch. `None` where it is not certain: `null`, which Helm's versions treat differently; text
/// such as `"false"`, which a template takes for true and the chart's schema rejects; `off`, which
/// only some readers take for false.
pub(super) fn switch(value: Option<&Value>, absent: bool) -> Option<bool> {
    match value {
        None => Some(absent),
        Some(Value::Scalar { text, string: false }) => match text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        },
        Some(_) => None,
    }
}

/// A text that counts: absent, `null` and `""` are nothing to a template.
pub(super) fn text<'v>(values: &'v Value, key: &str) -> Result<Option<&'v str>, Unknown> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Scalar { text, string: true }) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(Value::Scalar { text, .. }) => {
            // A variable is text before it is replaced, and may be nothing afterwards.
            let why = if text.contains("${") { Why::Variable } else { Why::NotText };
            Err(Unknown::new(text, why))
        }
        Some(_) => Err(Unknown::new(key, Why::NotText)),
    }
}

/// A text that the chart takes as it is, without rendering it.
pub(super) fn literal<'v>(values: &'v Value, key: &str) -> Result<Option<&'v str>, Unknown> {
    text(values, key)?.map(as_it_is).transpose()
}

/// The text itself, unless there is something in it that would have to be replaced.
pub(super) fn as_it_is(text: &str) -> Result<&str, Unknown> {
    match () {
        () if text.contains("${") => Err(Unknown::new(text, Why::Variable)),
        () if text.contains("{{") => Err(Unknown::new(text, Why::NotRendered)),
        () => Ok(text),
    }
}

/// An entry of a section that is not certainly disabled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'v> {
    pub(super) identifier: &'v str,
    pub(super) values: &'v Value,
    /// Whether it is certainly there.
    pub(super) is_certain: bool,
}

impl<'v> Item<'v> {
    /// The identifier, which the chart takes as it is, of an item that is there.
    pub(super) fn identifier(&self) -> Result<&'v str, Unknown> {
        if self.is_certain { as_it_is(self.identifier) } else { Err(Unknown::new(self.identifier, Why::Switch)) }
    }
}

/// The entries of a section for which `is_there` does not say no. What is no mapping is no entry to
/// the chart.
pub(super) fn items_that<'v>(section: Option<&'v Value>, is_there: impl Fn(&Value) -> Option<bool>) -> Vec<Item<'v>> {
    let entries = section.map(Value::entries).unwrap_or_default().iter();
    let entries = entries.filter(|(_, values)| matches!(values, Value::Mapping(_)));
    let items = entries.filter_map(|(identifier, values)| {
        let is_certain = match is_there(values) {
            Some(false) => return None,
            is_there => is_there.is_some(),
        };
        Some(Item { identifier, values, is_certain })
    });
    items.collect()
}

/// The enabled entries of a section: `enabled` is absent or true (`docs/app-template.md#names`).
pub(super) fn enabled(section: Option<&Value>) -> Vec<Item<'_>> {
    items_that(section, |values| switch(values.get("enabled"), true))
}

/// The claims that the chart makes: enabled, of type persistentVolumeClaim or none, without
/// existingClaim (row D of `docs/app-template.md#names-in-3x`).
pub(super) fn claims(persistence: Option<&Value>) -> Vec<Item<'_>> {
    items_that(persistence, |values| {
        let is_claim = match text(values, "type") {
            Ok(kind) => {
                as_it_is(kind.unwrap_or("persistentVolumeClaim")).ok().map(|kind| kind == "persistentVolumeClaim")
            }
            Err(_) => None,
        };
        let is_made = match text(values, "existingClaim") {
            // A variable may be nothing in the end, and then the chart makes a claim.
            Ok(claim) if !claim.is_some_and(|claim| claim.starts_with("${")) => Some(claim.is_none()),
            _ => None,
        };
        all([switch(values.get("enabled"), true), is_claim, is_made])
    })
}

/// Whether all hold: one that does not settles it.
fn all<const N: usize>(facts: [Option<bool>; N]) -> Option<bool> {
    if facts.contains(&Some(false)) {
        Some(false)
    } else {
        facts.into_iter().all(|fact| fact.is_some()).then_some(true)
    }
}

/// Whether there is more than one.
pub(super) fn several(items: &[Item<'_>]) -> Option<bool> {
    let certain = items.iter().filter(|item| item.is_certain).count();
    match (certain > 1, items.len() > 1) {
        (true, _) => Some(true),
        (_, false) => Some(false),
        _ => None,
    }
}
