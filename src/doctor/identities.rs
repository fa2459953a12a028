//! Names and namespaces of Flux objects: what Flux takes for another object, and what it looks up in the
//! namespace of one.

use std::collections::BTreeSet;

use super::builds::Builds;
use super::changed::Scope;
use super::codes::{GUARD_LEFT, IDENTITY_CHANGED, NAMESPACE_OVERRIDDEN, NOT_IN_NAMESPACE};
use super::dependencies::place;
use super::finding;
use super::makers::{Asked, Makers};
use super::owners::{has_guard, line};
use crate::finding::{Code, Finding, Severity};
use crate::flux::{FluxKustomization, Followed, FollowedBranch, States, View};

/// The rules that compare a tree with the branch that a cluster follows.
pub(super) const OF_BRANCHES: [&Code; 2] = [IDENTITY_CHANGED, GUARD_LEFT];

/// Notes, and what asks the branches of clusters.
pub(super) fn findings(view: &View, builds: &Builds) -> Vec<Finding> {
    let mut found = changed(view, builds);
    found.extend(overridden(view));
    found.extend(guards_left(view));
    found
}

/// What the branch of a cluster has under another name, unguarded (kustomize-controller, `finalize`).
fn changed(view: &View, builds: &Builds) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    for (cluster, of_cluster) in graph.clusters.entries() {
        let followed = view.followed().and_then(|following| following.of(of_cluster));
        let Some(Followed::Here(FollowedBranch { states: States::Own { kustomizations, .. }, reference, .. })) =
            followed
        else {
            continue;
        };
        let here =
            || graph.kustomizations.entries().filter(|(_, one)| one.cluster == cluster && one.lives_in.is_none());
        let names: BTreeSet<(&str, &str)> = here().map(|(_, one)| (&*one.namespace, &*one.name)).collect();
        let gone = kustomizations.iter().filter(|((namespace, name), there)| {
            !there.keeps_on_deletion && there.path.is_some() && !names.contains(&(&**namespace, &**name))
        });
        for ((namespace, name), there) in gone {
            let is_new =
                |one: &FluxKustomization| !kustomizations.contains_key(&(one.namespace.clone(), one.name.clone()));
            let is_like = |one: &FluxKustomization| {
                one.stated_path() == there.path
                    && (&one.source.kind, &one.source.name) == (&there.source.0, &there.source.1)
            };
            let Some((id, one)) = here().find(|(_, one)| is_new(one) && is_like(one)) else { continue };
            // What builds from a source that is not there applies nothing, and the old one is gone all the same.
            if one.path.is_some() && builds.by(id).is_empty() {
                continue;
            }
            let message = format!(
                "{} is {namespace}/{name} on {reference}, and not guarded there: the old one may delete all that it applied",
                one.full_name()
            );
            found.push(finding(Severity::Error, IDENTITY_CHANGED, &one.at.path, line(view, &one.at), message));
        }
    }
    found
}

/// What a Flux Kustomization names in its own namespace, and another one has.
pub(super) fn not_in_namespace(view: &View, makers: &Makers<'_>, scope: &Scope<'_>) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    let stated = graph.kustomizations.iter().filter(|one| scope.has_statement(view, one));
    for one in stated.filter(|one| one.lives_in.is_none()) {
        // What is in the namespace of the controllers is often made by hand, before Flux is there.
        if graph.clusters[one.cluster].source.namespace.as_deref() == Some(&*one.namespace) {
            continue;
        }
        for (kind, name, path) in named(one) {
            let asked = Asked { cluster: one.cluster, group: "", kind, namespace: &one.namespace, name };
            let Some(absent) = makers.find(&asked).filter(|absent| absent.is_elsewhere()) else { continue };
            let message =
                format!("{} needs {kind} {name} in namespace {}{}", one.full_name(), one.namespace, absent.instead());
            found.push(finding(Severity::Error, NOT_IN_NAMESPACE, &one.at.path, place(view, &one.at, path), message));
        }
    }
    found
}

/// Kind and name of what a Flux Kustomization needs in its own namespace, each with the field.
fn named(one: &FluxKustomization) -> Vec<(&'static str, &str, &'static [&'static str])> {
    const FIELDS: [(&str, &[&str], &[&str]); 4] = [
        ("Secret", &["spec", "decryption", "secretRef", "name"], &["spec", "decryption"]),
        ("ServiceAccount", &["spec", "serviceAccountName"], &["spec", "serviceAccountName"]),
        ("Secret", &["spec", "kubeConfig", "secretRef", "name"], &["spec", "kubeConfig"]),
        ("ConfigMap", &["spec", "kubeConfig", "configMapRef", "name"], &["spec", "kubeConfig"]),
    ];
    let stated = FIELDS.into_iter().filter_map(|(kind, path, field)| Some((kind, one.object.text_at(path)?, field)));
    let required = one.substitute_from.iter().filter(|from| !from.optional);
    let sources = required.map(|from| {
        let kind = if from.kind == "Secret" { "Secret" } else { "ConfigMap" };
        (kind, from.name.as_str(), &["spec", "postBuild"][..])
    });
    stated.chain(sources).collect()
}

/// Flux objects whose text has another namespace than they have in a cluster.
fn overridden(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, reaches) in view.graph().reached() {
        let stated = view.object(at).and_then(|object| object.namespace.as_ref());
        let is_flux = |api_version: &str| api_version.contains(".toolkit.fluxcd.io/");
        let Some(stated) = stated else { continue };
        let other = reaches.iter().filter(|reach| is_flux(&reach.api_version)).find_map(|reach| {
            reach.namespace.as_ref().filter(|namespace| *namespace != stated).map(|namespace| (reach, namespace))
        });
        if let Some((reach, namespace)) = other {
            let message = format!("{} {} is in {namespace}, and its file states {stated}", reach.kind, reach.name);
            let line = place(view, at, &["metadata", "namespace"]);
            found.push(finding(Severity::Note, NAMESPACE_OVERRIDDEN, &at.path, line, message));
        }
    }
    found
}

/// Guards of what has moved on the branch that its cluster follows.
fn guards_left(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let is_live = |one: &FluxKustomization| {
        let cluster = &graph.clusters[one.cluster];
        match view.followed().and_then(|following| following.of(cluster)) {
            Some(Followed::Here(FollowedBranch { states: States::TheSame, .. })) => true,
            Some(Followed::Here(FollowedBranch { states: States::Own { kustomizations, .. }, .. })) => {
                kustomizations.contains_key(&(one.namespace.clone(), one.name.clone()))
            }
            _ => false,
        }
    };
    // A guard in the namespace of the controllers is there before the move.
    let has_moved = |one: &&FluxKustomization| {
        graph.clusters[one.cluster].source.namespace.as_deref() != Some(&*one.namespace)
            && has_guard(view, &one.at)
            && is_live(one)
    };
    let left = graph.kustomizations.iter().filter(has_moved).map(|one| {
        let message = format!("{} is where the branch of its cluster has it, and has a guard", one.full_name());
        finding(Severity::Note, GUARD_LEFT, &one.at.path, line(view, &one.at), message)
    });
    left.collect()
}
