//! Who applies what: each object has one owner, and no Flux Kustomization owns itself.

use std::collections::BTreeMap;

use super::builds::Builds;
use super::codes::{APPLIES_ITSELF, OWNED_TWICE, PATH_MISSING, REGISTERED_TWICE};
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ClusterId, FluxKustomization, KustomizationId, Rendered, View};

pub(super) fn findings(view: &View, builds: &Builds) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, own) in view.graph().kustomizations.entries() {
        found.extend(applies_itself(view, id, own, builds));
        found.extend(paths(view, own));
        found.extend(registered_twice(view, own, builds.by(id)));
    }
    found.extend(owned_twice(view, builds));
    found
}

/// The line where an object begins.
pub(super) fn line(view: &View, at: &At) -> usize {
    view.node(at).map_or(1, |node| node.line())
}

fn applies_itself(view: &View, id: KustomizationId, own: &FluxKustomization, builds: &Builds) -> Option<Finding> {
    // The entry point is meant to: that is how Flux manages itself.
    own.parent?;
    let applied = builds.by(id).iter().any(|object| object.at == own.at);
    let path = own.path.as_ref()?;
    let message = format!("{} builds {path}, which has its own manifest", own.full_name());
    applied.then(|| finding(Severity::Warning, APPLIES_ITSELF, &own.at.path, line(view, &own.at), message))
}

fn paths(view: &View, own: &FluxKustomization) -> Vec<Finding> {
    let Some(path) = &own.path else { return Vec::new() };
    let is_there = |path| view.tree().follow(path).is_none_or(|path| view.tree().holds(&path));
    // A missing entry point of a cluster has a code of its own.
    let missing = own.parent.is_some() && !is_there(path);
    let at_field = |field: &str| {
        let node = view.node(&own.at).and_then(|root| root.at(&["spec", field]));
        node.map_or_else(|| line(view, &own.at), |node| node.line())
    };
    let mut found = Vec::new();
    if missing {
        let message = format!("{} builds {path}, which does not exist", own.full_name());
        found.push(finding(Severity::Error, PATH_MISSING, &own.at.path, at_field("path"), message));
    }
    for component in own.components.iter().filter(|component| !is_there(component)) {
        let message = format!("{} includes the Component {component}, which does not exist", own.full_name());
        found.push(finding(Severity::Error, PATH_MISSING, &own.at.path, at_field("components"), message));
    }
    found
}

/// Group, kind, namespace and name, with variables substituted.
type Identity = (String, String, String, String);

fn identity(own: &FluxKustomization, object: &Rendered) -> Option<Identity> {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    let namespace = own.variables.substitute(object.namespace.as_deref().unwrap_or_default());
    let name = own.variables.substitute(&object.name);
    let is_known = !namespace.contains("${") && !name.contains("${") && !name.is_empty();
    is_known.then(|| (group.to_owned(), object.kind.clone(), namespace, name))
}

fn registered_twice(view: &View, own: &FluxKustomization, objects: &[Rendered]) -> Vec<Finding> {
    let mut seen: BTreeMap<Identity, &At> = BTreeMap::new();
    let mut found = Vec::new();
    for object in objects {
        let Some(identity) = identity(own, object) else { continue };
        let (_, kind, namespace, name) = &identity;
        let message = format!("{} builds {kind} {namespace}/{name} twice", own.full_name());
        if let Some(first) = seen.insert(identity.clone(), &object.at) {
            let message = format!("{message}, here and at {}:{}", first.path, line(view, first));
            let line = line(view, &object.at);
            found.push(finding(Severity::Error, REGISTERED_TWICE, &object.at.path, line, message));
        }
    }
    found
}

fn owned_twice(view: &View, builds: &Builds) -> Vec<Finding> {
    let kustomizations = &view.graph().kustomizations;
    let mut owners: BTreeMap<(ClusterId, Identity), Vec<(KustomizationId, &At)>> = BTreeMap::new();
    for (id, own) in kustomizations.entries() {
        // What applies itself is reported as such.
        for object in builds.by(id).iter().filter(|object| object.at != own.at) {
            if let Some(identity) = identity(own, object) {
                let places = owners.entry((own.cluster, identity)).or_default();
                if places.iter().all(|(owner, _)| *owner != id) {
                    places.push((id, &object.at));
                }
            }
        }
    }
    let several = owners.into_iter().filter(|(_, places)| places.len() > 1);
    several
        .map(|((cluster, (_, kind, namespace, name)), places)| {
            let at = places[0].1;
            let by = listed(places.iter().map(|(id, _)| kustomizations[*id].full_name()));
            let cluster = &view.graph().clusters[cluster].name;
            let object = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
            let message = format!("{kind} {object} is applied by several Kustomizations of cluster {cluster}: {by}");
            finding(Severity::Warning, OWNED_TWICE, &at.path, line(view, at), message)
        })
        .collect()
}
