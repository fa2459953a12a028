//! Places that name objects by API version and kind, and of which Flux reads only the group.

use super::judge;
use crate::flux::{FluxVersion, Value};

/// Writes the version that the named kinds should have, in the health checks of Flux Kustomizations
/// and HelmReleases and in the resources of Receivers; how many were changed. `is_meant` says of an
/// API version and kind whether they are to follow.
pub fn follow_references(object: &mut Value, flux: &[FluxVersion], is_meant: &dyn Fn(&str, &str) -> bool) -> usize {
    let stated = object.text_at(&["apiVersion"]).unwrap_or_default().to_owned();
    let lists: &[&str] = match object.text_at(&["kind"]) {
        Some("Kustomization") if stated.starts_with("kustomize.toolkit.fluxcd.io/") => {
            &["healthChecks", "healthCheckExprs"]
        }
        Some("HelmRelease") if stated.starts_with("helm.toolkit.fluxcd.io/") => &["healthCheckExprs"],
        Some("Receiver") if stated.starts_with("notification.toolkit.fluxcd.io/") => &["resources"],
        _ => &[],
    };
    let mut changed = 0;
    for list in lists {
        let Some(Value::Sequence(items)) = object.at_mut(&["spec", list]) else { continue };
        for item in items {
            if let Some(version) = followed(item, flux, is_meant) {
                item.set("apiVersion", Value::string(&version));
                changed += 1;
            }
        }
    }
    changed
}

fn followed(item: &Value, flux: &[FluxVersion], is_meant: &dyn Fn(&str, &str) -> bool) -> Option<String> {
    let (stated, kind) = (item.text_at(&["apiVersion"])?, item.text_at(&["kind"])?);
    let (group, version) = stated.split_once('/').filter(|_| is_meant(stated, kind))?;
    let want = judge(group, kind, version, flux)?.change(version)?;
    Some(format!("{group}/{want}"))
}
