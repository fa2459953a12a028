//! What annotations of nginx change: the paths that an Ingress means, the rules and hosts of its routes.

use std::collections::BTreeMap;

use super::annotations::silencing;
use super::cluster::InCluster;
use super::codes;
use super::judge::Remark;
use super::serves::{RouteOf, Serves};
use super::values::INGRESS;
use crate::flux::Value;
use crate::gateway::{Changes, RouteRule};

/// Filters that all rules of an entry get.
pub(super) fn filters(changes: &Changes) -> Vec<Value> {
    // Every path has the same filter: what it begins with is cut off.
    let of_paths = changes.paths.iter().flatten().map(|(_, filter)| filter.clone());
    changes.filters.iter().cloned().chain(of_paths.take(1)).collect()
}

/// Writes the prefixes that patterns stand for into hosts: `/x(/|$)(.*)` is `/x`. `path` is where a host has
/// its paths.
pub(super) fn with_prefixes(hosts: Option<&mut Value>, path: &[&str], changes: &Changes) {
    let (Some(Value::Sequence(hosts)), Some(prefixes)) = (hosts, &changes.paths) else { return };
    let mut prefixes = prefixes.iter();
    for host in hosts {
        let Some(Value::Sequence(paths)) = host.at_mut(path) else { continue };
        for path in paths {
            // They are in the order of the entry.
            let Some((prefix, _)) = prefixes.next() else { return };
            path.set("path", Value::string(&prefix.value));
            path.set("pathType", Value::string("Prefix"));
        }
    }
}

/// The values of a release as annotations of nginx have them meant: prefixes in the place of patterns, and the
/// hosts of `server-alias`.
pub(super) fn meant(values: &Value, all: &BTreeMap<String, Changes>) -> Value {
    let mut meant = values.clone();
    for (entry, changes) in all {
        let Some(hosts) = meant.at_mut(&[INGRESS, entry, "hosts"]) else { continue };
        with_prefixes(Some(hosts), &["paths"], changes);
        if let Value::Sequence(hosts) = hosts
            && let [of] = &hosts[..]
        {
            let alias = |host: &String| {
                let mut alias = of.clone();
                alias.set("host", Value::string(host));
                alias
            };
            let aliases: Vec<Value> = changes.hosts.iter().map(alias).collect();
            hosts.extend(aliases);
        }
    }
    meant
}

/// What a route of a release cannot have of the changes.
pub(super) fn refused(changes: &Changes, ingress: &Value, cluster: &InCluster) -> Option<Remark> {
    let of_hosts = ingress.get("hosts").map(Value::items).unwrap_or_default();
    if changes.replaces_backend {
        let message = "an annotation redirects all requests".to_owned();
        return Some(Remark::error((codes::BY_HAND, message)));
    }
    if !changes.hosts.is_empty() && of_hosts.len() != 1 {
        return Some(several_hosts());
    }
    let host = changes.hosts.iter().find(|host| cluster.has_records_of(host))?;
    let message = format!("{host} of server-alias has no record today, and would get one");
    Some(Remark::error((codes::BY_HAND, message)))
}

impl Serves {
    /// Changes the routes of an Ingress.
    ///
    /// # Errors
    /// If a route cannot have the change.
    pub(super) fn change(&mut self, changes: &Changes, cluster: &InCluster) -> Result<(), Remark> {
        let filters = filters(changes);
        for route in &mut self.routes {
            for rule in &mut route.rules {
                rule.filters.extend(filters.iter().cloned());
            }
            if let Some(first) = &changes.first {
                may_come_first(route.rules.iter().map(RouteRule::to_value), changes)?;
                route.rules.insert(0, first.clone());
            }
        }
        if !changes.hosts.is_empty() {
            self.add_hosts(&changes.hosts, cluster)?;
        }
        Ok(())
    }

    /// Adds hosts of `server-alias`. They have no record today; those that would get one have a route of
    /// their own, which external-dns leaves alone.
    fn add_hosts(&mut self, hosts: &[String], cluster: &InCluster) -> Result<(), Remark> {
        let [route] = &mut self.routes[..] else { return Err(several_hosts()) };
        if route.hosts.len() != 1 {
            return Err(several_hosts());
        }
        let new = hosts.iter().filter(|host| !route.hosts.contains(host));
        let (silent, plain): (Vec<String>, Vec<String>) = new.cloned().partition(|host| cluster.has_records_of(host));
        let beside = RouteOf {
            stated_hosts: silent.clone(),
            hosts: silent.clone(),
            rules: route.rules.clone(),
            asked: route.asked.clone(),
            silenced: Some(silencing(cluster)),
        };
        route.hosts.extend(plain.iter().cloned());
        route.stated_hosts.extend(plain);
        if let Some(host) = silent.first() {
            let message = format!("{host} has no record today; a route of its own keeps it so");
            self.remarks.push(Remark::note(codes::DNS_APPEARS, message));
            self.routes.push(beside);
        }
        Ok(())
    }
}

/// Sees that a rule for `/` alone can come before others: one of them takes all, and none has it already.
///
/// # Errors
/// If not.
pub(super) fn may_come_first(rules: impl Iterator<Item = Value>, changes: &Changes) -> Result<(), Remark> {
    let refused = |what: &str| {
        let message = format!("app-root redirects /, and {what}");
        Err(Remark::error((codes::BY_HAND, message)))
    };
    let rules: Vec<Value> = rules.collect();
    let matches = |rule: &Value| rule.get("matches").map(Value::items).unwrap_or_default().to_vec();
    let is_root = |one: &Value| one.text_at(&["path", "value"]) == Some("/");
    let is_exact = |one: &Value| one.text_at(&["path", "type"]) == Some("Exact");
    if changes.replaces_backend {
        return refused("another annotation redirects everything");
    }
    if rules.iter().any(|rule| matches(rule).iter().any(|one| is_root(one) && is_exact(one))) {
        return refused("a path is exactly that");
    }
    let takes_all = |rule: &Value| matches(rule).is_empty() || matches(rule).iter().any(is_root);
    if !rules.iter().any(takes_all) { refused("no path takes it") } else { Ok(()) }
}

fn several_hosts() -> Remark {
    let message = "server-alias of an Ingress with several hosts: which of them is meant is not certain";
    Remark::error((codes::BY_HAND, message.to_owned()))
}
