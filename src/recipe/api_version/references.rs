//! Places that name objects by API version and kind, and of which Flux reads only the group.

use super::judge;
use crate::flux::{FluxVersion, Value};

/// Writes the version that the named kinds should have, in the health checks of Flux Kustomizations
/// and HelmReleases and in the resources of Receivers; how many were changed.
pub fn follow_references(object: &mut Value, flux: &[FluxVersion]) -> usize {
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
            if let Some(version) = followed(item, flux) {
                item.set("apiVersion", Value::string(&version));
                changed += 1;
            }
        }
    }
    changed
}

fn followed(item: &Value, flux: &[FluxVersion]) -> Option<String> {
    let (group, version) = item.text_at(&["apiVersion"])?.split_once('/')?;
    let want = judge(group, item.text_at(&["kind"])?, version, flux)?.change(version)?;
    Some(format!("{group}/{want}"))
}
