//! Fields and API versions of objects of Flux, and fields that patches set in them: they exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::changed::Scope;
use super::codes::{UNKNOWN_FIELD, UNKNOWN_IN_PATCH, UNSERVED};
use super::finding;
use super::owners::line;
use crate::finding::{Finding, Severity};
use crate::flux::{At, Cluster, FluxVersion, Patch, Reach, Value, View};
use crate::recipe::fields::{self, Fields, NEWEST_MINOR};

pub(super) fn findings(view: &View, scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = in_patches(view, scope);
    for (at, reaches) in view.graph().reached().filter(|(at, _)| scope.has_at(at)) {
        found.extend(in_object(view, at, reaches));
        found.extend(unserved(view, at, reaches));
    }
    found
}

/// The table of an object as a Flux Kustomization applies it.
fn table(reach: &Reach) -> Option<Fields<'static>> {
    let (group, version) =
        reach.api_version.split_once('/').filter(|(group, _)| group.ends_with(".toolkit.fluxcd.io"))?;
    fields::of(group, &reach.kind, version)
}

/// The Flux of the cluster that an object is applied in; `None` if it is not known.
fn flux_of<'v>(view: &'v View, reach: &Reach) -> Option<(&'v Cluster, FluxVersion)> {
    let cluster = &view.graph().clusters[reach.cluster];
    let is_elsewhere = view.graph().kustomizations[reach.kustomization].remote_cluster().is_some();
    Some((cluster, cluster.flux.filter(|_| !is_elsewhere)?))
}

/// Whether every Flux that reads an object is in the tables, which then have all its fields.
fn is_in_tables(view: &View, reaches: &[Reach]) -> bool {
    let is_known = |reach: &Reach| flux_of(view, reach).is_some_and(|(_, flux)| !flux.is_at_least(NEWEST_MINOR + 1));
    reaches.iter().all(is_known)
}

/// Fields of an object that its kind does not have.
fn in_object(view: &View, at: &At, reaches: &[Reach]) -> Vec<Finding> {
    let Some(fields) = reaches.first().and_then(table) else { return Vec::new() };
    let Some(root) = view.node(at) else { return Vec::new() };
    let Some(object) = Value::of(root) else { return Vec::new() };
    let report = |(field, meant): Meant| {
        let message = format!("{fields} {} has no field {field}{meant}", reaches[0].name);
        finding(Severity::Error, UNKNOWN_FIELD, &at.path, line_of(view, at, &field), message)
    };
    unknown(&fields, &object, is_in_tables(view, reaches)).into_iter().map(report).collect()
}

/// The line of the deepest mapping on the way to a field, or of the field itself.
fn line_of(view: &View, at: &At, field: &str) -> usize {
    let mut node = view.node(at);
    let mut found = line(view, at);
    for key in field.split('.') {
        let Some((key, value)) = node.and_then(|node| node.own_entry(key.split('[').next().unwrap_or(key))) else {
            break;
        };
        found = key.line();
        node = Some(value);
    }
    found
}

/// Fields that patches of objects of Flux set, and that their kinds do not have.
fn in_patches(view: &View, scope: &Scope<'_>) -> Vec<Finding> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    // What a patch sets does not depend on the object.
    let mut asked = BTreeSet::new();
    for (_, reach) in view.graph().each_reach().filter(|(at, _)| scope.has_at(at)) {
        let Some(fields) = table(reach) else { continue };
        for patch in &reach.patches {
            if !asked.insert((Arc::as_ptr(patch), &reach.api_version, &reach.kind, reach.cluster)) {
                continue;
            }
            for set in patch.sets() {
                if seen.insert((&patch.path, patch.line, set.to_flow())) {
                    let is_in_tables = is_in_tables(view, std::slice::from_ref(reach));
                    let unknown = unknown(&fields, &set, is_in_tables).into_iter();
                    found.extend(unknown.map(|unknown| of_patch(patch, &reach.kind, unknown)));
                }
            }
        }
    }
    found
}

fn of_patch(patch: &Patch, kind: &str, (field, meant): Meant) -> Finding {
    let kind = if kind == "Kustomization" { "Flux Kustomization" } else { kind };
    let message = format!("this patch sets {field}, which a {kind} does not have{meant}");
    finding(Severity::Error, UNKNOWN_IN_PATCH, &patch.path, patch.line, message)
}

/// A field that is not there, and words about what is meant.
type Meant = (String, String);

/// The fields of an object that its kind does not have. Where the Flux that reads it is not in the
/// tables, a field may be one of a newer Flux: then only those for which another field is meant.
fn unknown(fields: &Fields<'_>, object: &Value, is_in_tables: bool) -> Vec<Meant> {
    let found = fields.unknown(object).into_iter().filter_map(|field| {
        let (parent, name) = field.rsplit_once('.').unwrap_or(("", &field));
        let beside: Vec<String> = fields.beside(parent).filter(|near| is_like(near, name)).map(str::to_owned).collect();
        let beside = beside.into_iter().map(|near| format!("{parent}.{near}"));
        let meant: Vec<String> = fields.places_of(name).into_iter().chain(beside).collect();
        match meant.len() {
            0 if is_in_tables => Some((field, String::new())),
            1..=3 => {
                let meant = format!("; did you mean {}?", meant.join(" or "));
                Some((field, meant))
            }
            0 => None,
            _ => Some((field, String::new())).filter(|_| is_in_tables),
        }
    });
    found.collect()
}

/// Whether two names differ in case alone, or in one letter that is missing, added or another one.
fn is_like(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || strsim::levenshtein(one, other) == 1
}

/// An object in a version that the Flux of its cluster does not serve.
fn unserved(view: &View, at: &At, reaches: &[Reach]) -> Option<Finding> {
    reaches.iter().find_map(|reach| {
        let (cluster, flux) = flux_of(view, reach)?;
        let (group, version) = reach.api_version.split_once('/')?;
        let versions = fields::versions(group, &reach.kind);
        if versions.is_empty() || versions.iter().any(|served| served.version == version && served.by(flux)) {
            return None;
        }
        let served: Vec<&str> = versions.iter().filter(|served| served.by(flux)).map(|served| served.version).collect();
        let served = if served.is_empty() { "no version of it".to_owned() } else { served.join(", ") };
        let message = format!(
            "{} {} is of {}, and {} runs Flux {flux}, which serves {served}",
            reach.kind, reach.name, reach.api_version, cluster.name
        );
        Some(finding(Severity::Warning, UNSERVED, &at.path, line(view, at), message))
    })
}
