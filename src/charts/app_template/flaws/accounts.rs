//! Accounts that no pod uses (`docs/app-template.md#service-accounts`).

use std::collections::BTreeSet;

use super::{Flaw, Matter, flaw};
use crate::charts::app_template::items::{Item, enabled, switch};
use crate::charts::app_template::name::{Name, Why};
use crate::charts::app_template::{Deployed, Section};
use crate::flux::Value;

pub(super) fn flaws(release: &Deployed<'_>) -> Vec<Flaw> {
    let chart = &release.chart;
    let controllers = enabled(chart.section(Section::Controllers));
    let items = enabled(chart.section(Section::ServiceAccount));
    let is_certain = |items: &[Item<'_>]| items.iter().all(|item| item.identifier().is_ok());
    if controllers.is_empty() || !is_certain(&controllers) || !is_certain(&items) {
        return Vec::new();
    }
    let accounts = chart.accounts();
    let only: Option<&Name> = match accounts.as_slice() {
        [one] => Some(&one.name),
        _ => None,
    };
    let mut found = Vec::new();
    let mut used: Option<BTreeSet<String>> = Some(BTreeSet::new());
    for (pod, controller) in chart.pod_accounts().iter().zip(&controllers) {
        let is_silent = controller.values.get("serviceAccount").is_none();
        // Before 5.0.1 a pod asks for the identifier of the only account, not for its name.
        let name = only.filter(|_| is_silent && release.numbers >= [5, 0, 1]).unwrap_or(&pod.name);
        match name {
            Ok(name) => used.iter_mut().for_each(|used| used.extend([name.clone()])),
            Err(unknown) => {
                let fails = unknown.why == Why::Account && is_silent && release.numbers[0] == 4;
                found.extend(fails.then(|| flaw(&["controllers", &pod.controller], Matter::SeveralAccounts)));
                used = None;
            }
        }
    }
    let Some(used) = used.filter(|_| !release.is_changed_later) else { return found };
    for (account, item) in accounts.iter().zip(&items) {
        let Ok(name) = &account.name else { continue };
        let has_token = switch(item.values.get("staticToken"), false) != Some(false);
        if !used.contains(name) && !has_token && !is_named(release, name) {
            let matter = Matter::UnusedAccount { account: name.clone(), used: used.clone() };
            found.push(flaw(&["serviceAccount", &account.identifier], matter));
        }
    }
    found
}

/// Whether an object that stands in the values as a whole may use the account.
fn is_named(release: &Deployed<'_>, name: &str) -> bool {
    release.sections_of_objects().any(|section| has(section, name))
}

fn has(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => false,
        Value::Scalar { text, .. } => text == name,
        Value::Sequence(items) => items.iter().any(|item| has(item, name)),
        Value::Mapping(entries) => entries.iter().any(|(_, value)| has(value, name)),
    }
}
