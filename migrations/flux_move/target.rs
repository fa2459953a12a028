//! The new namespace: whether the cluster has it in time, and whether anything is in the way there.

use super::candidate::Candidate;
use super::claims::filled;
use super::codes;
use super::world::World;
use crate::flux::{At, ClusterId, FluxKustomization, KustomizationId, Unmodelled, View, survives_pruning};
use crate::plan::{Code, Finding};
use crate::text::nearest;

/// What there is to say about a candidate and the namespace where it goes. Its second object, if there is
/// one, is there on purpose, and applies the same.
pub(super) fn findings(world: &World<'_>, candidate: &Candidate, second: Option<&At>, to: &str) -> Vec<Finding> {
    let view = world.view;
    let kustomizations = &view.graph().kustomizations;
    let mut found = Vec::new();
    let mut say = |severity: fn(&'static Code, String) -> Finding, code: &'static Code, message: String| {
        found.push(candidate.finding(view, || severity(code, message)));
    };
    for id in &candidate.ids {
        let one = &view.graph().kustomizations[*id];
        let cluster = &view.graph().clusters[one.cluster].name;
        let makers = world.makers_of(one.cluster, to);
        let is_there = candidate.from == to
            || World::is_always_there(to)
            || one.parent.is_some_and(|parent| makers.contains(&parent));
        let others = makers.iter().find(|maker| *maker != id);
        match (is_there, others) {
            (true, _) => {}
            (false, Some(other)) => {
                let other = view.graph().kustomizations[*other].full_name();
                let message = format!("{other} makes Namespace {to}, and the parent of {} does not", candidate.name);
                say(Finding::warning, codes::MADE_ELSEWHERE, message);
            }
            (false, None) if !makers.is_empty() || world.is_made_by_release(one.cluster, to) => {
                let message = format!("only {} or a HelmRelease makes Namespace {to}", one.full_name());
                say(Finding::error, codes::MADE_INSIDE, message);
            }
            (false, None) => {
                say(Finding::error, codes::TARGET_MISSING, missing(world, one.cluster, to));
            }
        }
        let other = world.kustomization(one.cluster, to, &candidate.called).map(|other| &kustomizations[other]);
        if let Some(other) = other.filter(|other| Some(&other.at) != second) {
            let message = format!("{} is there already, in {}", candidate.new_name(to), other.at.path);
            say(Finding::error, codes::TARGET_TAKEN, message);
        }
        let is_second = |other: KustomizationId| Some(&kustomizations[other].at) == second;
        if let Some((object, other)) = world.shared_by(*id, is_second) {
            let other = kustomizations[other].full_name();
            say(Finding::warning, codes::OWNED_BEFORE, format!("{object} is applied by {other}, too"));
        }
        if let Some(field) = unmodelled(view, one) {
            let message = format!("{} of {} may change it", field.what, field.path);
            say(Finding::error, codes::NOT_MODELLED, message);
        }
        if let Some(why) = stays_behind(view, one) {
            let message = format!("{} is not deleted: {why}", one.full_name());
            say(Finding::warning, codes::PARENT_KEEPS, message);
        }
        let is_there = |namespace: &str, name: &str| world.kustomization(one.cluster, namespace, name).is_some();
        for (namespace, name) in one.depends_on.iter().filter(|(namespace, name)| !is_there(namespace, name)) {
            let message = format!("it depends on {namespace}/{name}, which cluster {cluster} does not apply");
            say(Finding::error, codes::UNRESOLVED, message);
        }
    }
    let claims = filled(world, &candidate.ids);
    if !claims.is_empty() {
        let names = claims.into_iter().collect::<Vec<_>>().join(", ");
        say(Finding::note, codes::POPULATOR, format!("a backup fills the claim {names} when it is made"));
    }
    found.dedup();
    found
}

/// That a cluster does not apply a Namespace, with the nearest that it does.
pub(super) fn missing(world: &World<'_>, cluster: ClusterId, to: &str) -> String {
    let near = nearest(to, world.namespaces(cluster).map(|known| (known, known)));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let cluster = &world.view.graph().clusters[cluster].name;
    format!("cluster {cluster} applies no Namespace {to}{near}")
}

/// What is not modelled on the way of a Flux Kustomization.
fn unmodelled<'v>(view: &'v View, one: &FluxKustomization) -> Option<&'v Unmodelled> {
    let reaches = view.graph().reaches(&one.at).iter();
    let mut through = reaches.filter(|reach| Some(reach.kustomization) == one.parent).flat_map(|reach| &reach.through);
    // What comes from elsewhere does not change what is here.
    let changes = |what: &str| {
        ["replacements", "transformers", "vars", "configurations"].contains(&what) || what.starts_with("patches with")
    };
    through.find_map(|path| view.graph().unmodelled.iter().find(|other| other.path == *path && changes(&other.what)))
}

/// Why the old object is still there after the move.
fn stays_behind(view: &View, one: &FluxKustomization) -> Option<String> {
    let parent = one.parent.map(|parent| &view.graph().kustomizations[parent])?;
    if !parent.prune {
        return Some(format!("{} does not prune", parent.full_name()));
    }
    let pairs = |key: &str| {
        let entries = one.object.at(&["metadata", key]).map_or(&[][..], crate::flux::Value::entries).iter();
        entries.filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect()
    };
    survives_pruning([&pairs("labels"), &pairs("annotations")])
        .then(|| "it says itself that it is to be kept".to_owned())
}
