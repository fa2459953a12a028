//! 3.x, and 2.x: a rule for each kind, the rows of `docs/app-template.md#names-in-3x`, which differ
//! by version.

use super::{OF_A_KIND, binding, joined, made, raw, role, route, workload};
use crate::charts::app_template::items::{Item, as_it_is, claims, enabled, items_that, literal, several, switch};
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::{Chart, Object, Section, Version};
use crate::flux::Value;

pub(super) fn objects(chart: &Chart<'_>) -> Vec<Object> {
    let full = &chart.fullname();
    let in_section = |section: Section| enabled(chart.section(section));
    let mut objects = Vec::new();

    let controllers = in_section(Section::Controllers);
    objects.extend(made(Section::Controllers, &controllers, workload, &|item| {
        counted(chart, full, item, several(&controllers), false)
    }));
    for (section, kind) in OF_A_KIND {
        let items = in_section(section);
        let count = if section == Section::NetworkPolicies { several_policies(chart, &items) } else { several(&items) };
        let named = |item: &Item<'_>| counted(chart, full, item, count, section == Section::Service);
        objects.extend(made(section, &items, |_| Some(kind.to_owned()), &named));
    }
    let routes = in_section(Section::Route);
    objects.extend(made(Section::Route, &routes, route, &|item| match chart.version {
        Version::V3_7_3 => counted(chart, full, item, several(&routes), true),
        _ => routed(chart, full, &routes, item),
    }));

    let claim = |_: &Item<'_>| Some("PersistentVolumeClaim".to_owned());
    objects.extend(made(Section::Persistence, &claims(chart.section(Section::Persistence)), claim, &|item| {
        claimed(chart, full, item)
    }));

    let always = &|item: &Item<'_>| suffixed(chart, full, item);
    let config_map = |_: &Item<'_>| Some("ConfigMap".to_owned());
    let secret = |_: &Item<'_>| Some("Secret".to_owned());
    objects.extend(made(Section::ConfigMaps, &in_section(Section::ConfigMaps), config_map, always));
    objects.extend(made(Section::ConfigMapsFromFolder, &super::v4::folders(chart), config_map, always));
    let accounts: Vec<Item<'_>> = own_account(chart).into_iter().chain(extra_accounts(chart)).collect();
    let tokens = tokens(chart, &accounts);
    let mut secrets = in_section(Section::Secrets);
    // The chart puts the token in the place of what has its identifier.
    secrets.retain(|item| !tokens.iter().any(|(token, _)| token == item.identifier));
    objects.extend(made(Section::Secrets, &secrets, secret, always));
    let injected = tokens.iter().map(|(identifier, is_certain)| Item {
        identifier,
        values: &Value::Null,
        is_certain: *is_certain,
    });
    objects.extend(made(Section::Tokens, &injected.collect::<Vec<_>>(), secret, always));
    objects.extend(made(Section::RawResources, &in_section(Section::RawResources), raw, always));
    objects.extend(made(Section::Roles, &in_section(Section::Roles), role, always));
    objects.extend(made(Section::Bindings, &in_section(Section::Bindings), binding, always));

    let kind = |_: &Item<'_>| Some("ServiceAccount".to_owned());
    objects.extend(made(Section::ServiceAccount, &accounts, kind, &|item| account(chart, item)));
    objects
}

/// The identifier that 2.x has defaults for.
pub(crate) const MAIN: &str = "main";

/// `full` with a text behind it. 2.x, 3.0.0 and 3.0.1 do not look whether the two are the same.
fn behind(chart: &Chart<'_>, full: &str, text: &str) -> String {
    if chart.version < Version::v3(0, 2) { format!("{full}-{text}") } else { joined(full, text) }
}

/// `nameOverride`, which 2.x, 3.0.0 and 3.0.1 do not render.
fn overridden(chart: &Chart<'_>, item: &Item<'_>) -> Result<Option<String>, Unknown> {
    if chart.version < Version::v3(0, 2) {
        return Ok(literal(item.values, "nameOverride")?.map(str::to_owned));
    }
    chart.rendered_at(item, "nameOverride")
}

/// Rows A and B: the identifier behind it where there are several (in 2.x always), unless the item is
/// `primary` and the kind knows that.
fn counted(chart: &Chart<'_>, full: &Name, item: &Item<'_>, several: Option<bool>, knows_primary: bool) -> Name {
    let identifier = item.identifier()?;
    let full = full.clone()?;
    if let Some(name) = overridden(chart, item)? {
        return Ok(behind(chart, &full, &name));
    }
    // In 2.x the Service `main` is primary by default, and what is not knows `main` alone.
    let is_by_default = chart.version == Version::V2 && identifier == MAIN;
    let is_primary =
        if knows_primary { switch(item.values.get("primary"), is_by_default) } else { Some(is_by_default) };
    let several = if chart.version == Version::V2 { Some(true) } else { several };
    let suffixed = behind(chart, &full, identifier);
    match (several, is_primary) {
        (Some(false), _) | (_, Some(true)) => Ok(full),
        (_, _) if suffixed == full => Ok(full),
        (Some(true), Some(false)) => Ok(suffixed),
        (None, _) => Err(Unknown::new(identifier, Why::Siblings)),
        (_, None) => Err(Unknown::new("primary", Why::Switch)),
    }
}

/// Row B: the name of a Service, enabled or not.
pub(crate) fn service(chart: &Chart<'_>, item: &Item<'_>) -> Name {
    let count = several(&enabled(chart.section(Section::Service)));
    counted(chart, &chart.fullname(), item, count, true)
}

/// Row A of policies: 3.0 and 3.1 count the entries of another key, which makes nothing, so that
/// mostly every policy has the full name.
fn several_policies(chart: &Chart<'_>, items: &[Item<'_>]) -> Option<bool> {
    if chart.version < Version::v3(2, 0) {
        several(&enabled(chart.values.get("networkPolicy")))
    } else {
        several(items)
    }
}

/// Row B of routes before 3.7.3: every route but the primary one has its identifier. That is the
/// only one of those that say `enabled: true`; of several, one that is drawn again for each route.
fn routed(chart: &Chart<'_>, full: &Name, routes: &[Item<'_>], item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    let full = full.clone()?;
    if let Some(name) = overridden(chart, item)? {
        return Ok(behind(chart, &full, &name));
    }
    let suffixed = behind(chart, &full, identifier);
    // An `enabled` that is neither true nor false may count.
    let says_so: Vec<&Item<'_>> = routes.iter().filter(|route| route.values.get("enabled").is_some()).collect();
    if suffixed == full {
        return Ok(full);
    }
    if let Some(open) = says_so.iter().find(|route| !route.is_certain) {
        return Err(Unknown::new(open.identifier, Why::Switch));
    }
    let mut primary: Vec<&str> = Vec::new();
    for route in &says_so {
        match switch(route.values.get("primary"), false) {
            Some(true) => primary.push(route.identifier),
            Some(false) => {}
            None => return Err(Unknown::new("primary", Why::Switch)),
        }
    }
    let is_it = match (primary.iter().max(), says_so.as_slice()) {
        (Some(last), _) => *last == identifier,
        (None, [only]) => only.identifier == identifier,
        (None, several) if several.iter().any(|route| route.identifier == identifier) => {
            return Err(Unknown::new(&format!("{full} or {suffixed}"), Why::Random));
        }
        (None, _) => false,
    };
    Ok(if is_it { full } else { suffixed })
}

/// Row C: the identifier always behind it. `forceRename` counts from 3.5.0.
fn suffixed(chart: &Chart<'_>, full: &Name, item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    if chart.version >= Version::v3(5, 0)
        && let Some(name) = chart.rendered_at(item, "forceRename")?
    {
        return Ok(name);
    }
    let name = overridden(chart, item)?;
    Ok(behind(chart, full.as_ref().map_err(Clone::clone)?, name.as_deref().unwrap_or(identifier)))
}

/// Row D: claims. `nameOverride` is not rendered and not compared, and `-` means none.
fn claimed(chart: &Chart<'_>, full: &Name, item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    let full = full.clone()?;
    Ok(match literal(item.values, "nameOverride")? {
        Some("-") => full,
        Some(name) => format!("{full}-{name}"),
        None => behind(chart, &full, identifier),
    })
}

/// Row E: the account of `serviceAccount` itself, if the chart creates it.
pub(crate) fn own_account<'v>(chart: &Chart<'v>) -> Option<Item<'v>> {
    let values = chart.section(Section::ServiceAccount)?;
    let create = switch(values.get("create"), false);
    (create != Some(false)).then_some(Item { identifier: "default", values, is_certain: create.is_some() })
}

/// Row E: the accounts of `extraServiceAccounts` that the chart creates, from 3.5.0. One may be
/// called `default`, too: then the chart creates two accounts with that identifier, and whoever
/// looks it up finds the one of `serviceAccount` itself.
pub(crate) fn extra_accounts<'v>(chart: &Chart<'v>) -> Vec<Item<'v>> {
    let extra = chart.values.at(&["serviceAccount", "extraServiceAccounts"]);
    items_that(extra.filter(|_| chart.version >= Version::v3(5, 0)), |values| switch(values.get("create"), true))
}

/// Row E: the identifier of the token before 3.5.0, when there is one account.
pub(crate) const OLD_TOKEN: &str = "sa-token";

/// Row E: the identifier of the token of an account.
pub(crate) fn token(version: Version, account: &str) -> String {
    if version < Version::v3(5, 0) { OLD_TOKEN.to_owned() } else { format!("{account}-sa-token") }
}

/// Row E: the identifiers of the tokens of accounts, and whether they are certainly there. Accounts
/// with one identifier share one token.
fn tokens(chart: &Chart<'_>, accounts: &[Item<'_>]) -> Vec<(String, bool)> {
    let mut tokens: Vec<(String, bool)> = Vec::new();
    for account in accounts {
        let identifier = token(chart.version, account.identifier);
        match tokens.iter_mut().find(|(token, _)| *token == identifier) {
            Some((_, is_certain)) => *is_certain |= account.is_certain,
            None => tokens.push((identifier, account.is_certain)),
        }
    }
    tokens
}

/// Row E: the name of an account, created or not. It is not rendered. Without a name, what is
/// called `default` has the full name, even as an extra account.
pub(crate) fn account(chart: &Chart<'_>, item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    match (literal(item.values, "name")?, identifier) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, "default") => chart.fullname(),
        (None, _) => Ok(format!("{}-{}", chart.fullname()?, as_it_is(identifier)?)),
    }
}
