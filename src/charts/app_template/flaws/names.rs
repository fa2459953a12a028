//! References that lead nowhere.

use super::{Flaw, Matter, flaw};
use crate::charts::app_template::items::{enabled, switch};
use crate::charts::app_template::references::{Reference, Referent};
use crate::charts::app_template::{Deployed, Section};
use crate::flux::Value;

pub(super) fn flaws(release: &Deployed<'_>) -> Vec<Flaw> {
    let find = |reference: &Reference| {
        let keys: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        let matter = match &reference.to {
            // A key of `advancedMounts` is a reference by itself.
            Referent::Identifier(section, identifier) => {
                let is_dead = is_looked_up(*section, &keys) && !may_be_there(release, *section, identifier);
                let section = section.path().join(".");
                is_dead.then(|| Matter::NoEntry { section, identifier: identifier.clone() })
            }
            Referent::Name(Ok(name)) if reference.kind.as_deref() == Some("Service") => service(release, &keys, name),
            Referent::Name(_) => None,
        }?;
        release.is_on(&keys).then(|| flaw(&keys, matter))
    };
    release.chart.references().iter().filter_map(find).collect()
}

/// Whether the chart looks an identifier up, and fails if it is not there. Keys of the same name in
/// raw resources are other people's.
fn is_looked_up(section: Section, keys: &[&str]) -> bool {
    match (section, keys) {
        (Section::Controllers, [first, ..]) => matches!(*first, "persistence" | "service"),
        (Section::Service, [first, ..]) => matches!(*first, "ingress" | "route" | "serviceMonitor"),
        (Section::Roles, ["rbac", "bindings", ..]) => true,
        (Section::ServiceAccount, ["rbac", "bindings", ..] | ["controllers", _, "serviceAccount", ..]) => true,
        (Section::ConfigMaps | Section::Secrets, ["persistence", _, "identifier"]) => true,
        (
            Section::ConfigMaps | Section::Secrets,
            ["controllers", _, "containers" | "initContainers", .., "identifier"],
        ) => keys.iter().any(|key| matches!(*key, "envFrom" | "env")),
        _ => false,
    }
}

/// Whether a section has an enabled entry with this identifier, or may have.
fn may_be_there(release: &Deployed<'_>, section: Section, identifier: &str) -> bool {
    let chart = &release.chart;
    let is_it = |key: &str| key == identifier || key.contains("${");
    let is_made_by_chart = match section {
        Section::Secrets => identifier.ends_with("-sa-token"),
        // How many folders the chart has is not in the values.
        Section::ConfigMaps => switch(chart.values.at(&["configMapsFromFolder", "enabled"]), false) != Some(false),
        // 5.x makes an account where the values have none.
        Section::ServiceAccount => release.numbers[0] == 5 && chart.values.get("serviceAccount").is_none(),
        _ => false,
    };
    is_made_by_chart || enabled(chart.section(section)).iter().any(|item| is_it(item.identifier))
}

/// A Service by its name.
fn service(release: &Deployed<'_>, keys: &[&str], name: &str) -> Option<Matter> {
    let chart = &release.chart;
    let objects = chart.objects();
    let services: Vec<_> = objects.iter().filter(|object| object.section == Section::Service).collect();
    let names: Option<Vec<&str>> = services.iter().map(|service| service.name.as_deref().ok()).collect();
    if names?.contains(&name) || release.may_make(name) {
        return None;
    }
    let around = &keys[..keys.len() - 1];
    let at = |path: &[&str]| {
        path.iter().try_fold(chart.values, |value, key| match value {
            Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        })
    };
    match keys[0] {
        "serviceMonitor" => {
            let item = at(&keys[..2])?;
            let selects_otherwise = item.get("selector").is_some();
            (!selects_otherwise).then(|| Matter::Unmonitored { service: name.to_owned() })
        }
        "route" | "ingress" => {
            let backend = at(around)?;
            let elsewhere = ["namespace", "group", "identifier"].iter().any(|key| backend.get(key).is_some());
            let is_meant = |service: &&&crate::charts::app_template::Object| service.identifier == name;
            let meant = services.iter().find(is_meant).and_then(|service| service.name.clone().ok());
            (!elsewhere).then(|| Matter::Backend { service: name.to_owned(), meant })
        }
        _ => None,
    }
}
