//! Routes of the Gateway API, Gateways and Ingresses: what they say is read, and they lead to a Service
//! (`docs/doctor.md#routes`).

mod annotations;
mod backends;
mod gateways;
mod grants;
mod ingresses;
mod parents;
mod paths;
mod policies;
mod services;
mod stated;
mod traefik;

use std::sync::Arc;

use super::builds::Builds;
use super::makers::Makers;
use crate::finding::Finding;
use crate::flux::{At, Kustomization, Reach, Value, View};

pub(super) fn findings(view: &View, builds: &Builds) -> Vec<Finding> {
    let makers = Makers::of(view, builds);
    let services = services::Services::of(view, &makers);
    let routes = stated::routes(view);
    let mut found = annotations::findings(view, &routes);
    found.extend(paths::findings(&routes));
    found.extend(backends::findings(&services, &routes));
    let gateways = gateways::Gateways::of(view);
    found.extend(parents::findings(&makers, &gateways, &routes));
    found.extend(grants::findings(view, &makers, &gateways, &routes));
    found.extend(policies::findings(view, &makers));
    found.extend(traefik::findings(view, &gateways));
    found.extend(ingresses::findings(view, &makers, &services));
    found
}

/// An object as it arrives in a cluster, if it is certainly as its file states it but for variables:
/// patches, replacements and transformers are followed for objects of Flux alone.
fn arriving(view: &View, at: &At, reach: &Reach) -> Option<Arc<Value>> {
    const CHANGE: [&str; 3] = ["replacements", "transformers", "vars"];
    let changes = |of: &Kustomization| of.unmodelled.iter().any(|field| CHANGE.contains(&field.text.as_str()));
    let is_open = view.may_patch(&reach.kind, &reach.name) || view.kustomizations().any(changes);
    view.effective(at, reach).filter(|_| !is_open)
}
