//! 3.7.x: a rule for each kind, the rows of `docs/app-template.md#names-in-37`.

use super::{OF_A_KIND, binding, joined, made, raw, role, route, workload};
use crate::charts::app_template::items::{Item, as_it_is, claims, enabled, items_that, literal, several, switch};
use crate::charts::app_template::name::{Name, Unknown, Why};
use crate::charts::app_template::{Chart, Object, Section};
use crate::flux::Value;

pub(super) fn objects(chart: &Chart<'_>) -> Vec<Object> {
    let full = &chart.fullname();
    let in_section = |section: Section| enabled(chart.section(section));
    let mut objects = Vec::new();

    let controllers = in_section(Section::Controllers);
    objects.extend(made(Section::Controllers, &controllers, workload, &|item| {
        counted(chart, full, &controllers, item, false)
    }));
    for (section, kind) in OF_A_KIND {
        let items = in_section(section);
        let named = |item: &Item<'_>| counted(chart, full, &items, item, section == Section::Service);
        objects.extend(made(section, &items, |_| Some(kind.to_owned()), &named));
    }
    let routes = in_section(Section::Route);
    objects.extend(made(Section::Route, &routes, route, &|item| counted(chart, full, &routes, item, true)));

    let claim = |_: &Item<'_>| Some("PersistentVolumeClaim".to_owned());
    objects.extend(made(Section::Persistence, &claims(chart.section(Section::Persistence)), claim, &|item| {
        claimed(full, item)
    }));

    let always = &|item: &Item<'_>| suffixed(chart, full, item);
    let config_map = |_: &Item<'_>| Some("ConfigMap".to_owned());
    let secret = |_: &Item<'_>| Some("Secret".to_owned());
    objects.extend(made(Section::ConfigMaps, &in_section(Section::ConfigMaps), config_map, always));
    objects.extend(made(Section::ConfigMapsFromFolder, &super::v4::folders(chart), config_map, always));
    let accounts: Vec<Item<'_>> = own_account(chart).into_iter().chain(extra_accounts(chart)).collect();
    let tokens = tokens(&accounts);
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

/// Rows A and B: the identifier behind it where there are several, unless the item is `primary` and
/// the kind knows that.
fn counted(chart: &Chart<'_>, full: &Name, items: &[Item<'_>], item: &Item<'_>, knows_primary: bool) -> Name {
    let identifier = item.identifier()?;
    let full = full.clone()?;
    if let Some(name) = chart.rendered_at(item, "nameOverride")? {
        return Ok(joined(&full, &name));
    }
    let is_primary = if knows_primary { switch(item.values.get("primary"), false) } else { Some(false) };
    match (several(items), is_primary) {
        (Some(false), _) | (_, Some(true)) => Ok(full),
        (_, _) if identifier == full => Ok(full),
        (Some(true), Some(false)) => Ok(joined(&full, identifier)),
        (None, _) => Err(Unknown::new(identifier, Why::Siblings)),
        (_, None) => Err(Unknown::new("primary", Why::Switch)),
    }
}

/// Row C: the identifier always behind it.
fn suffixed(chart: &Chart<'_>, full: &Name, item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    if let Some(name) = chart.rendered_at(item, "forceRename")? {
        return Ok(name);
    }
    let name = chart.rendered_at(item, "nameOverride")?;
    Ok(joined(full.as_ref().map_err(Clone::clone)?, name.as_deref().unwrap_or(identifier)))
}

/// Row D: claims. `nameOverride` is not rendered and not compared, and `-` means none.
fn claimed(full: &Name, item: &Item<'_>) -> Name {
    let identifier = item.identifier()?;
    let full = full.clone()?;
    Ok(match literal(item.values, "nameOverride")? {
        Some("-") => full,
        Some(name) => format!("{full}-{name}"),
        None => joined(&full, identifier),
    })
}

/// Row E: the account of `serviceAccount` itself, if the chart creates it.
pub(crate) fn own_account<'v>(chart: &Chart<'v>) -> Option<Item<'v>> {
    let values = chart.section(Section::ServiceAccount)?;
    let create = switch(values.get("create"), false);
    (create != Some(false)).then_some(Item { identifier: "default", values, is_certain: create.is_some() })
}

/// Row E: the accounts of `extraServiceAccounts` that the chart creates. One may be called
/// `default`, too: then the chart creates two accounts with that identifier, and whoever looks it
/// up finds the one of `serviceAccount` itself.
pub(crate) fn extra_accounts<'v>(chart: &Chart<'v>) -> Vec<Item<'v>> {
    let extra = chart.values.at(&["serviceAccount", "extraServiceAccounts"]);
    items_that(extra, |values| switch(values.get("create"), true))
}

/// Row E: the identifiers of the tokens of accounts, and whether they are certainly there. Accounts
/// with one identifier share one token.
fn tokens(accounts: &[Item<'_>]) -> Vec<(String, bool)> {
    let mut tokens: Vec<(String, bool)> = Vec::new();
    for account in accounts {
        let identifier = format!("{}-sa-token", account.identifier);
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
