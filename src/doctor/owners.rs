//! Who applies what: each object has one owner, and no Flux Kustomization owns itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;

use super::absent::absent;
use super::builds::Builds;
use super::changed::Scope;
use super::codes::{APPLIES_ITSELF, COMPONENT_PATH, OWNED_TWICE, PATH_MISSING, REGISTERED_TWICE};
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ClusterId, FluxKustomization, Guard, KustomizationId, Rendered, Value, View, group_of};

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, kustomization) in view.graph().kustomizations.entries() {
        // What is new or gone may be in the way of any of them.
        found.extend(paths(view, kustomization));
        if scope.has(view, kustomization) {
            found.extend(applies_itself(view, id, kustomization, builds));
            found.extend(registered_twice(view, kustomization, builds.by(id), scope));
        }
    }
    found.extend(owned_twice(view, builds, scope));
    found
}

/// The line where an object begins.
pub(super) fn line(view: &View, at: &At) -> usize {
    view.node(at).map_or(1, |node| node.line())
}

fn applies_itself(
    view: &View,
    id: KustomizationId,
    kustomization: &FluxKustomization,
    builds: &Builds,
) -> Option<Finding> {
    // The entry point is meant to: that is how Flux manages itself.
    kustomization.parent?;
    // One that it applies to another cluster is another one.
    if kustomization.remote_cluster() != kustomization.lives_in {
        return None;
    }
    let applied = builds.by(id).iter().any(|object| object.at == kustomization.at);
    let path = kustomization.path.as_ref()?;
    let message = format!("{} builds {path}, which has its own manifest", kustomization.full_name());
    applied.then(|| {
        finding(Severity::Warning, APPLIES_ITSELF, &kustomization.at.path, line(view, &kustomization.at), message)
    })
}

fn paths(view: &View, kustomization: &FluxKustomization) -> Vec<Finding> {
    let Some(path) = &kustomization.path else { return Vec::new() };
    let absent = |path| absent(view, &[&kustomization.artifact], path);
    // A missing entry point of a cluster has a code of its own.
    let missing = absent(path).filter(|_| kustomization.parent.is_some());
    let at_field = |field: &str| {
        let node = view.node(&kustomization.at).and_then(|root| root.at(&["spec", field]));
        node.map_or_else(|| line(view, &kustomization.at), |node| node.line())
    };
    let mut found = Vec::new();
    if let Some(why) = missing {
        let message = format!("{} builds {path}, which {why}", kustomization.full_name());
        found.push(finding(Severity::Error, PATH_MISSING, &kustomization.at.path, at_field("path"), message));
    }
    let listed = kustomization.object.at(&["spec", "components"]).map_or(&[][..], Value::items).iter();
    for text in listed.filter_map(Value::text).filter(|text| text.starts_with('/') || text.contains("://")) {
        let message =
            format!("{} includes the Component {text}, which is not a relative path", kustomization.full_name());
        found.push(finding(Severity::Error, COMPONENT_PATH, &kustomization.at.path, at_field("components"), message));
    }
    let may_miss = kustomization.object.at(&["spec", "ignoreMissingComponents"]).is_some_and(Value::is_true);
    let components = kustomization.components.iter().filter(|_| !may_miss);
    for (component, why) in components.filter_map(|component| Some((component, absent(component)?))) {
        let message = format!("{} includes the Component {component}, which {why}", kustomization.full_name());
        found.push(finding(Severity::Error, PATH_MISSING, &kustomization.at.path, at_field("components"), message));
    }
    found
}

/// Group, kind, namespace and name, with variables substituted.
type Identity = (String, String, String, String);

fn identity(kustomization: &FluxKustomization, object: &Rendered) -> Option<Identity> {
    let group = group_of(&object.api_version);
    let namespace = kustomization.variables.substitute(object.namespace.as_deref().unwrap_or_default());
    let name = kustomization.variables.substitute(&object.name);
    let is_known = !namespace.contains("${") && !name.contains("${") && !name.is_empty();
    is_known.then(|| (group.to_owned(), object.kind.into(), namespace, name))
}

fn registered_twice(
    view: &View,
    kustomization: &FluxKustomization,
    objects: &[Rendered],
    scope: &Scope<'_>,
) -> Vec<Finding> {
    let in_scope: BTreeSet<*const Rendered> = scope.objects(view, kustomization, objects).map(ptr::from_ref).collect();
    let is_in_scope = |object: &Rendered| in_scope.contains(&ptr::from_ref(object));
    let mut seen: BTreeMap<Identity, &Rendered> = BTreeMap::new();
    let mut found = Vec::new();
    for object in objects {
        let Some(identity) = identity(kustomization, object) else { continue };
        let (_, kind, namespace, name) = &identity;
        let message = format!("{} builds {kind} {namespace}/{name} twice", kustomization.full_name());
        let first = seen.insert(identity.clone(), object).filter(|first| is_in_scope(first) || is_in_scope(object));
        if let Some(first) = first.map(|first| &first.at) {
            let message = format!("{message}, here and at {}:{}", first.path, line(view, first));
            let line = line(view, &object.at);
            found.push(finding(Severity::Error, REGISTERED_TWICE, &object.at.path, line, message));
        }
    }
    found
}

/// Where something is applied: the cluster that states it, and the other one to which it goes, if
/// any.
pub(super) type Place = (ClusterId, Option<String>);

/// Whether a Flux Kustomization has the mark of a guard.
pub(super) fn has_guard(view: &View, at: &At) -> bool {
    let stream = view.file(&at.path).and_then(|file| file.stream.as_deref());
    let marks = |stream| view.node(at).map(|root| Guard::all_of(stream, root).len());
    stream.and_then(marks).is_some_and(|count| count > 0)
}

fn owned_twice(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let kustomizations = &view.graph().kustomizations;
    // Of a part, the objects that differ, and all those of owners that are stated otherwise.
    let in_part = || {
        let of_one = |(id, one): (KustomizationId, &FluxKustomization)| {
            let build = builds.by(id);
            let all = if scope.has_statement(view, one) { build.iter().collect() } else { Vec::new() };
            let objects: Vec<&Rendered> = all.into_iter().chain(scope.objects(view, one, build)).collect();
            objects.into_iter().filter_map(|object| identity(one, object)).collect::<Vec<_>>()
        };
        kustomizations.entries().flat_map(of_one).collect::<BTreeSet<Identity>>()
    };
    let part = scope.is_part().then(in_part);
    let kinds: Option<BTreeSet<&str>> = part.as_ref().map(|part| part.iter().map(|(_, kind, ..)| &**kind).collect());
    let mut owners: BTreeMap<(Place, Identity), Vec<(KustomizationId, &At)>> = BTreeMap::new();
    for (id, kustomization) in kustomizations.entries() {
        let place = (kustomization.cluster, kustomization.remote_cluster());
        // What applies itself is reported as such.
        let others = builds.by(id).iter().filter(|object| object.at != kustomization.at);
        for object in others.filter(|object| kinds.as_ref().is_none_or(|kinds| kinds.contains(&*object.kind))) {
            let identity = identity(kustomization, object);
            if let Some(identity) = identity.filter(|one| part.as_ref().is_none_or(|part| part.contains(one))) {
                let places = owners.entry((place.clone(), identity)).or_default();
                if places.iter().all(|(owner, _)| *owner != id) {
                    places.push((id, &object.at));
                }
            }
        }
    }
    // While one of them takes the place of the other, both apply the same, and neither deletes anything.
    let is_guarded = |id: &KustomizationId| has_guard(view, &kustomizations[*id].at);
    let takes_over = |places: &[(KustomizationId, &At)]| {
        let first = &kustomizations[places[0].0];
        let is_beside = |one: &FluxKustomization| one.at == first.at || one.is_second_of(first);
        places.iter().all(|(id, _)| is_guarded(id))
            || places.iter().map(|(id, _)| &kustomizations[*id]).all(|one| is_beside(one) && one.keeps_on_deletion())
    };
    let several = owners.into_iter().filter(|(_, places)| places.len() > 1 && !takes_over(places));
    several
        .map(|(((cluster, _), (_, kind, namespace, name)), places)| {
            let at = places[0].1;
            let by = listed(places.iter().map(|(id, _)| kustomizations[*id].full_name()));
            let cluster = &view.graph().clusters[cluster].name;
            let object = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
            let message = format!("{kind} {object} is applied by several Kustomizations of cluster {cluster}: {by}");
            finding(Severity::Warning, OWNED_TWICE, &at.path, line(view, at), message)
        })
        .collect()
}
