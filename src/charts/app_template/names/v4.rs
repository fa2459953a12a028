//! 4.x: one rule for all kinds (`docs/app-template.md#names-in-4`).

use super::{OF_A_KIND, binding, made, raw, role, route, workload};
use crate::charts::app_template::items::{Item, claims, enabled, items_that, several, switch};
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::{Chart, Object, Section, Version};
use crate::flux::Value;

pub(super) fn objects(chart: &Chart<'_>) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut add = |section: Section, kind: &dyn Fn(&Item<'_>) -> Option<String>| {
        let items = items(chart, section);
        let several = siblings(chart, section);
        objects.extend(made(section, &items, kind, &|item| name(chart, item, several)));
    };
    let of = |kind: &'static str| move |_: &Item<'_>| Some(kind.to_owned());
    add(Section::Controllers, &workload);
    for (section, kind) in OF_A_KIND {
        add(section, &of(kind));
    }
    add(Section::Route, &route);
    add(Section::Persistence, &of("PersistentVolumeClaim"));
    add(Section::ConfigMaps, &of("ConfigMap"));
    add(Section::ConfigMapsFromFolder, &of("ConfigMap"));
    add(Section::Secrets, &of("Secret"));
    let kept = siblings(chart, Section::Secrets);
    for (identifier, is_certain) in tokens(chart) {
        // The chart injects an entry whose suffix is its identifier.
        let values = Value::Mapping(vec![("suffix".to_owned(), Value::string(&identifier))]);
        let item = Item { identifier: &identifier, values: &values, is_certain };
        objects.extend(made(Section::Tokens, &[item], of("Secret"), &|item| name(chart, item, kept)));
    }
    let mut add = |section: Section, kind: &dyn Fn(&Item<'_>) -> Option<String>| {
        let several = siblings(chart, section);
        objects.extend(made(section, &items(chart, section), kind, &|item| name(chart, item, several)));
    };
    add(Section::RawResources, &raw);
    add(Section::Roles, &role);
    add(Section::Bindings, &binding);
    add(Section::ServiceAccount, &of("ServiceAccount"));
    objects
}

/// The entries of a section that become objects, without those that the chart injects.
fn items<'v>(chart: &Chart<'v>, section: Section) -> Vec<Item<'v>> {
    match section {
        Section::Persistence => claims(chart.section(section)),
        Section::ConfigMapsFromFolder => folders(chart),
        Section::Secrets => {
            let tokens = tokens(chart);
            let mut items = enabled(chart.section(section));
            items.retain(|item| !tokens.iter().any(|(token, _)| token == item.identifier));
            items
        }
        Section::Tokens => Vec::new(),
        _ => enabled(chart.section(section)),
    }
}

/// Whether the chart counts more than one entry beside those of a section; `None` where that is
/// open.
pub(crate) fn siblings(chart: &Chart<'_>, section: Section) -> Option<bool> {
    match section {
        // How many folders the chart holds is not in the values.
        Section::ConfigMaps | Section::ConfigMapsFromFolder if !folders_are_off(chart) => {
            several(&items(chart, Section::ConfigMaps)).filter(|several| *several)
        }
        Section::Secrets | Section::Tokens => {
            let mut all = items(chart, Section::Secrets);
            let tokens = tokens(chart);
            let injected = tokens.iter().map(|(identifier, is_certain)| Item {
                identifier,
                values: &Value::Null,
                is_certain: *is_certain,
            });
            all.extend(injected);
            several(&all)
        }
        _ => several(&items(chart, section)),
    }
}

/// The accounts that the chart creates.
pub(crate) fn accounts<'v>(chart: &Chart<'v>) -> Vec<Item<'v>> {
    enabled(chart.section(Section::ServiceAccount))
}

/// The identifiers of the tokens that the chart makes: only with `staticToken: true`.
fn tokens(chart: &Chart<'_>) -> Vec<(String, bool)> {
    let accounts = accounts(chart).into_iter().filter_map(|account| {
        let wanted = switch(account.values.get("staticToken"), false);
        let token = (format!("{}-sa-token", account.identifier), account.is_certain && wanted.is_some());
        (wanted != Some(false)).then_some(token)
    });
    accounts.collect()
}

/// The folders that the values name; in both majors, from 3.7.0.
pub(super) fn folders<'v>(chart: &Chart<'v>) -> Vec<Item<'v>> {
    if folders_are_off(chart) {
        return Vec::new();
    }
    let is_on = switch(chart.values.at(&["configMapsFromFolder", "enabled"]), false);
    items_that(chart.section(Section::ConfigMapsFromFolder), |_| is_on)
}

fn folders_are_off(chart: &Chart<'_>) -> bool {
    chart.version < Version::v3(7, 0)
        || switch(chart.values.at(&["configMapsFromFolder", "enabled"]), false) == Some(false)
}

/// The name of an item, which has siblings or not.
pub(crate) fn name(chart: &Chart<'_>, item: &Item<'_>, several: Option<bool>) -> Name {
    let identifier = item.identifier()?;
    if let Some(name) = chart.rendered_at(item, "forceRename")? {
        return Ok(name.to_lowercase());
    }
    let mut name = chart.fullname()?;
    if let Some(prefix) = chart.rendered_at(item, "prefix")?.filter(|prefix| *prefix != name) {
        name = format!("{prefix}-{name}");
    }
    // 4.0.x does not look whether the identifier is the name itself.
    let is_in_it = ends_with(&name, identifier) || chart.version >= Version::V4_1 && name == identifier;
    let always = match chart.version {
        Version::V4_1 => switch(chart.values.at(&["global", "alwaysAppendIdentifierToResourceName"]), false),
        _ => Some(false),
    };
    match (several, always) {
        _ if is_in_it => {}
        (Some(true), _) | (_, Some(true)) => name = format!("{name}-{identifier}"),
        (Some(false), Some(false)) => {}
        (None, _) => return Err(Unknown::new(identifier, Why::Siblings)),
        (_, None) => return Err(Unknown::new("global.alwaysAppendIdentifierToResourceName", Why::Switch)),
    }
    if let Some(suffix) = chart.rendered_at(item, "suffix")?.filter(|suffix| !ends_with(&name, suffix)) {
        name = format!("{name}-{suffix}");
    }
    Ok(name.to_lowercase())
}

fn ends_with(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('-'))
}
