//! Values in a form that an older version of the chart had.

use super::{Flaw, Matter, flaw};
use crate::charts::app_template::{Deployed, Section};
use crate::flux::Value;

const ENFORCE: &str = "enforceServiceAccountCreation";

pub(super) fn flaws(release: &Deployed<'_>) -> Vec<Flaw> {
    let mut found = Vec::new();
    if release.chart.values.get(ENFORCE).is_some() {
        found.push(flaw(&[ENFORCE], Matter::Ignored(format!("{ENFORCE} is of 3.x, and ignored"))));
    }
    if !release.checks_schema {
        return found;
    }
    if release.numbers[0] == 5 {
        found.extend(of_5(release));
    } else {
        let rejected = release.chart.rejected().into_iter().filter(|rejected| rejected.at != [ENFORCE]);
        found.extend(rejected.map(|rejected| Flaw { at: rejected.at, matter: Matter::Rejected(rejected.why) }));
    }
    found
}

/// What only 3.x or 4.x has. The schema of 5.x has more keys than are known here.
fn of_5(release: &Deployed<'_>) -> Vec<Flaw> {
    let mut found = Vec::new();
    let mut add = |at: &[&str], why: &str| found.push(flaw(at, Matter::Rejected(why.to_owned())));
    let chart = &release.chart;
    let entries = |section| chart.section(section).map(Value::entries).unwrap_or_default();
    for section in Section::ALL.into_iter().filter(|section| !matches!(section, Section::Tokens)) {
        for (identifier, _) in entries(section).iter().filter(|(_, item)| item.get("nameOverride").is_some()) {
            let at = [section.path(), &[identifier.as_str(), "nameOverride"]].concat();
            add(&at, "nameOverride is of 3.x; there are forceRename, prefix and suffix instead");
        }
    }
    for (identifier, item) in entries(Section::RawResources) {
        let is_old = ["apiVersion", "kind", "spec"].iter().all(|key| item.get(key).is_some());
        if is_old && item.get("manifest").is_none() {
            add(&["rawResources", identifier], "the object is not under manifest, as 5.x has it");
        }
    }
    for (key, account) in entries(Section::ServiceAccount) {
        let is_old = match account {
            Value::Mapping(fields) => key == "extraServiceAccounts" && !fields.is_empty(),
            Value::Null => false,
            _ => true,
        };
        if is_old {
            add(&["serviceAccount", key], "each key of serviceAccount must be an account with a mapping");
        }
        for field in ["create", "name"].into_iter().filter(|field| account.get(field).is_some() && !is_old) {
            add(&["serviceAccount", key, field], "an account has no such key");
        }
    }
    found
}
