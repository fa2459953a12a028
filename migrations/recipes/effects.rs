//! What the change of a document does: its impact, its effects on clusters, and why it should be
//! looked at first.

use std::collections::BTreeSet;

use super::documents::Made;
use super::work::Work;
use super::{kinds, names, variables};
use crate::flux::{Object, Reach, Value, group_of};
use crate::plan::author::{OBJECTS, arriving, hooks, other_names, workloads};
use crate::plan::codes::{PATCHES_NOT_FOLLOWED, UNREACHED};
use crate::plan::{Class, Draft, Effect, Finding, Impact, Outcome};
use crate::recipe::model::LeastImpact;
use crate::recipe::path::Path;
use crate::recipe::promise::Promise;
use crate::recipe::select::{Document, GroupKind};
use crate::recipe::verb::{Verb, What};
use crate::recipe::{codes, stage};
use crate::repo::RepoPath;

/// How many effects of a unit are listed.
const SHOWN: usize = 200;

/// Fills in what the change of a unit's documents does.
pub(super) fn describe(work: &Work<'_>, made: &[Made<'_>], draft: &mut Draft) {
    let mut clusters: BTreeSet<String> = BTreeSet::new();
    // What follows its object is of the class of that.
    let is_of_release = made.iter().any(|one| one.document.object.is_some_and(Object::is_helm_release));
    for one in made {
        let (path, line) = (one.document.path, Some(one.document.root.line()));
        // Of a comment nothing arrives anywhere.
        if one.outcome.as_ref().is_ok_and(|outcome| outcome.changed_by.is_empty() && outcome.notes.comments.is_empty())
        {
            continue;
        }
        if let Some(field) = lost_field(work, one) {
            let message = format!("{field} would be missing, and must be there");
            draft.findings.push(Finding::error(codes::REQUIRED_FIELD, message).at(path, line));
        }
        if let Some((kind, field)) = unknown_field(work, one) {
            let message =
                format!("which fields {kind} must have is not known, and {field} would go or be called otherwise");
            draft.findings.push(Finding::warning(codes::SCHEMA_UNKNOWN, message).at(path, line));
        }
        if one.document.patch.is_some() {
            // What a target selects says itself what becomes of it.
            if !one.document.patch.is_some_and(|entry| entry.is_target()) {
                of_patch(work, one, draft, &mut clusters);
            }
            if !is_of_release {
                draft.class = Some(OBJECTS);
            }
            continue;
        }
        if one.document.is_data {
            of_data(work, one, draft, &mut clusters);
            continue;
        }
        let Some((is_of_flux, name)) = kind_and_name(&one.document) else { continue };
        let reaches: Vec<&Reach> = one.document.reaches().collect();
        if reaches.is_empty() && !name.is_empty() && draft.findings.is_empty() {
            draft.findings.push(Finding::warning(UNREACHED, format!("no cluster applies {name}")).at(path, line));
        }
        draft.findings.extend(variables::review(one));
        for reach in &reaches {
            let cluster = &work.view.graph().clusters[reach.cluster].name;
            clusters.insert(cluster.clone());
            let arrives = || Some((arrived(work, one, reach)?, meant(work, one, reach)?));
            let Some((before, after)) = variables::applied(work, one, reach).or_else(arrives) else { continue };
            if let Some(other) = another_identity(&before, &after) {
                let message = format!("{name} would be another object on {cluster}: {other}");
                draft.findings.push(Finding::error(codes::BREAKS_PROMISE, message).at(path, line));
            }
            let at = one.document.object.map(|object| &object.at);
            if let Some(lost) = at.and_then(|at| names::lost(work.view, at, reach, &before, &after)) {
                let message = format!("{lost} of {name} would be gone from {cluster}, or have another name");
                draft.findings.push(Finding::error(codes::NAMES_CHANGE, message).at(path, line));
            }
            draft.impact = draft.impact.max(impact_of(&one.document, is_of_flux, &before, &after));
            draft.effects.extend(effects(cluster, reach, &before, &after));
        }
        if let Some(path_of_patch) = reaches.iter().find_map(|reach| unfollowed_patch(&one.document, reach)) {
            let message = format!("{path_of_patch} has patches, and whether they change {name} is not known");
            draft.findings.push(Finding::warning(PATCHES_NOT_FOLLOWED, message).at(path, line));
        }
        let Some(object) = one.document.object else {
            draft.class = Some(OBJECTS);
            continue;
        };
        draft.also.extend(other_names(work.view, &object.at));
        if object.is_helm_release() {
            draft.workloads.extend(workloads(work.view, &object.at));
            draft.hooks |= draft.impact >= Impact::Upgrade && !hooks(work.view, &object.at).is_empty();
        } else {
            draft.class = Some(OBJECTS);
        }
    }
    draft.effects.truncate(SHOWN);
    if let Promise::Nothing = work.stage.promise {
        draft.impact = Impact::None;
        draft.effects.clear();
    }
    let least = work.migration.recipe.impact.filter(|_| !clusters.is_empty()).map(|least| match least {
        LeastImpact::Reconcile => Impact::Reconcile,
        LeastImpact::Upgrade => Impact::Upgrade,
        LeastImpact::Restart => Impact::Restart,
        LeastImpact::Recreate => Impact::Recreate,
        LeastImpact::Data => Impact::Data,
    });
    draft.impact = draft.impact.max(least.unwrap_or(Impact::None));
    if draft.impact == Impact::None {
        draft.class = Some(Class::TEXTS);
        draft.hooks = false;
    }
}

/// A kind that is in no table, and a path at which a step removes, moves or renames something of it:
/// outside of labels, annotations and the values of a chart, where everything may be.
fn unknown_field(work: &Work<'_>, made: &Made<'_>) -> Option<(String, String)> {
    let kind = match made.document.object {
        Some(object) if object.name.is_empty() || work.tables.of_object(&made.from).is_some() => return None,
        Some(object) => object.kind.to_string(),
        None => {
            made.document.patch?;
            let kinds = kinds::changed(made);
            let is_unknown = |kind: &&GroupKind| work.tables.of_kind(&kind.group, &kind.kind).is_empty();
            match kinds.iter().find(is_unknown) {
                Some(kind) => kind.kind.clone(),
                None if kinds.is_empty() => "what the patch is for".to_owned(),
                None => return None,
            }
        }
    };
    let takes_away = |verb: &Verb| match verb {
        Verb::Remove { .. } | Verb::Move { .. } => true,
        Verb::Keys(keys) => keys.what != What::Copy,
        _ => false,
    };
    let is_free = |path: &Path| {
        let keys = path.first_keys();
        matches!(
            keys.as_slice(),
            ["metadata", "labels" | "annotations", ..] | ["data" | "stringData" | "binaryData", ..]
        ) || matches!(keys.as_slice(), ["spec", "values", ..])
    };
    let changed = made.outcome.iter().flat_map(|outcome| &outcome.changed_by);
    let verbs = changed.map(|number| &work.stage.steps[*number].verb).filter(|verb| takes_away(verb));
    let mut paths = verbs.flat_map(Verb::paths).filter(|path| !is_free(path));
    paths.next().map(|path| (kind, path.text().to_owned()))
}

/// The part of the identity of an object that changes: group, kind, namespace or name.
pub(super) fn another_identity(before: &Value, after: &Value) -> Option<&'static str> {
    let [group, new_group] = [before, after].map(|object| object.text_at(&["apiVersion"]).map_or("", group_of));
    if group != new_group {
        return Some("apiVersion");
    }
    let fields = [
        ("kind", &["kind"][..]),
        ("metadata.namespace", &["metadata", "namespace"]),
        ("metadata.name", &["metadata", "name"]),
    ];
    fields.into_iter().find(|(_, path)| before.at(path) != after.at(path)).map(|(name, _)| name)
}

/// What the change of a patch does, as far as it is the same for all objects that it changes.
fn of_patch(work: &Work<'_>, made: &Made<'_>, draft: &mut Draft, clusters: &mut BTreeSet<String>) {
    let (path, line) = (made.document.path, Some(made.document.root.line()));
    let patched = made.document.patched();
    if patched.is_empty() && draft.findings.is_empty() {
        let message = "no cluster applies an object that the patch changes".to_owned();
        draft.findings.push(Finding::warning(UNREACHED, message).at(path, line));
    }
    for (at, reach) in patched {
        clusters.insert(work.view.graph().clusters[reach.cluster].name.clone());
        let object = work.view.object(at);
        let after = made.outcome.as_ref().map_or(&made.from, |outcome| &outcome.value);
        let upgrades = object.is_some_and(Object::is_helm_release) && content_of(&made.from) != content_of(after);
        if upgrades {
            draft.workloads.extend(workloads(work.view, at));
            draft.hooks |= !hooks(work.view, at).is_empty();
        }
        // Of these, what arrives is compared; of others only what the patch says is known.
        let is_followed = object.is_some_and(|object| object.is_helm_release() || object.is_flux_kustomization());
        if let Some(after) = made.outcome.as_ref().ok().filter(|_| !is_followed) {
            let cluster = &work.view.graph().clusters[reach.cluster].name;
            draft.effects.extend(effects(cluster, reach, &made.from, &after.value));
        }
        let impact = if object.is_some_and(is_of_flux) && !upgrades { Impact::Reconcile } else { Impact::Upgrade };
        draft.impact = draft.impact.max(impact);
    }
    // What a chart renders nobody sees here: Helm upgrades the release.
    if let Some(owner) = made.document.patch.filter(|entry| entry.renders()).and_then(|entry| entry.owner()) {
        draft.impact = draft.impact.max(Impact::Upgrade);
        for reach in work.view.graph().reaches(&owner.at) {
            let cluster = &work.view.graph().clusters[reach.cluster].name;
            let after = made.outcome.as_ref().map(|outcome| &outcome.value);
            let all = effects(cluster, reach, &made.from, after.unwrap_or(&made.from)).into_iter();
            draft
                .effects
                .extend(all.map(|effect| Effect { field: format!("spec.postRenderers: {}", effect.field), ..effect }));
        }
    }
}

/// What the change of a file does that generators read: their object has other data.
fn of_data(work: &Work<'_>, made: &Made<'_>, draft: &mut Draft, clusters: &mut BTreeSet<String>) {
    draft.class = Some(OBJECTS);
    let after = made.outcome.as_ref().map_or(&made.from, |outcome| &outcome.value);
    for reach in made.document.reaches() {
        let cluster = &work.view.graph().clusters[reach.cluster].name;
        clusters.insert(cluster.clone());
        draft.impact = draft.impact.max(Impact::Upgrade);
        let all = effects(cluster, reach, &made.from, after).into_iter();
        let file = made.document.path.name();
        draft.effects.extend(all.map(|effect| Effect { field: field_of_data(file, &effect.field), ..effect }));
    }
}

/// A field of a file that a generator reads, as effects name it: no key of a ConfigMap has a colon and a space.
fn field_of_data(file: &str, field: &str) -> String {
    format!("data.{file}: {field}")
}

/// Whether effects name a field of a file that a generator reads so.
pub(super) fn is_of_data(field: &str) -> bool {
    field.strip_prefix("data.").is_some_and(|rest| rest.contains(": "))
}

/// Whether an object is one of Flux.
fn is_of_flux(object: &Object) -> bool {
    object.api_version.split('/').next().is_some_and(|group| group.ends_with("toolkit.fluxcd.io"))
}

/// Whether a document is an object of Flux, and its name; `None` if it is no object.
fn kind_and_name<'d>(document: &'d Document<'_>) -> Option<(bool, &'d str)> {
    match (document.object, document.generator) {
        (Some(object), _) => Some((is_of_flux(object), &object.name)),
        (None, Some(generator)) => Some((false, &generator.name)),
        (None, None) => None,
    }
}

/// An object as a cluster gets it; what a generator makes, without data.
fn arrived(work: &Work<'_>, made: &Made<'_>, reach: &Reach) -> Option<Value> {
    match made.document.generator {
        Some(_) => Some(made.from.clone()),
        None => arriving(work.view, made.document.root, reach),
    }
}

/// What a stage makes of an object as a cluster gets it.
pub(super) fn meant(work: &Work<'_>, made: &Made<'_>, reach: &Reach) -> Option<Value> {
    let before = arrived(work, made, reach)?;
    Some(stage::run(work.stage, &made.document, &before).map_or(before, |outcome| outcome.value))
}

/// A field that an object must have and would lose, by the tables of the kinds of Flux and others.
fn lost_field(work: &Work<'_>, made: &Made<'_>) -> Option<String> {
    let after = &made.outcome.as_ref().ok()?.value;
    made.document.object.filter(|object| !object.name.is_empty())?;
    let identity = [&["apiVersion"][..], &["kind"], &["metadata", "name"]];
    let lost = identity.into_iter().find(|path| made.from.text_at(path).is_some() && after.text_at(path).is_none());
    if let Some(path) = lost {
        return Some(path.join("."));
    }
    work.tables.lost(&made.from, after)
}

/// What a release is made of, which decides whether Helm upgrades it.
fn content_of(release: &Value) -> [Option<&Value>; 7] {
    let fields = ["values", "chart", "chartRef", "valuesFrom", "postRenderers", "releaseName", "targetNamespace"];
    fields.map(|field| release.at(&["spec", field]))
}

fn impact_of(document: &Document<'_>, is_of_flux: bool, before: &Value, after: &Value) -> Impact {
    if before.same_as(after) {
        return Impact::None;
    }
    match (document.is_release(), is_of_flux) {
        (true, _) if content_of(before) == content_of(after) => Impact::Reconcile,
        (true, _) => Impact::Upgrade,
        (false, true) => Impact::Reconcile,
        (false, false) => Impact::Upgrade,
    }
}

/// The differences of an object as a cluster gets it.
pub(super) fn effects(cluster: &str, reach: &Reach, before: &Value, after: &Value) -> Vec<Effect> {
    let object = called(reach);
    let shown = |value: Option<String>| value.map_or_else(|| "absent".to_owned(), |value| value.replace('\n', "\\n"));
    let all = before.differences(after).into_iter();
    let effect = all.map(|difference| Effect {
        cluster: cluster.to_owned(),
        object: object.clone(),
        field: difference.field,
        before: shown(difference.before),
        after: shown(difference.after),
        outcome: Outcome::Changes,
    });
    effect.collect()
}

/// An object, as effects name it: `HelmRelease media/plex`.
pub(super) fn called(reach: &Reach) -> String {
    let namespace = reach.namespace.as_deref().unwrap_or_default();
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{} {namespace}{slash}{}", reach.kind, reach.name)
}

/// The first file on the way of an object that has patches, if nobody knows what they do to it.
fn unfollowed_patch(document: &Document<'_>, reach: &Reach) -> Option<RepoPath> {
    let is_followed = |object: &Object| {
        object.is_helm_release() || object.is_flux_kustomization() || SOURCES.iter().any(|kind| object.is_source(kind))
    };
    if document.object.is_some_and(is_followed) {
        return None;
    }
    let value = document.value()?;
    let view = document.view;
    let selects = |patches: &crate::flux::Patches| patches.iter().any(|patch| patch.may_select(&value));
    let of_kustomize = reach
        .through
        .iter()
        .find(|path| view.kustomization(&path.dir()).is_some_and(|kustomization| selects(&kustomization.patches)));
    let flux = &view.graph().kustomizations[reach.kustomization];
    of_kustomize.cloned().or_else(|| selects(&flux.patches).then(|| flux.at.path.clone()))
}

/// The sources whose patches are followed.
const SOURCES: [&str; 5] = ["GitRepository", "HelmRepository", "OCIRepository", "Bucket", "HelmChart"];

#[cfg(test)]
mod tests {
    use super::{field_of_data, is_of_data};

    /// What a recipe changes in a ConfigMap itself is not made by a generator.
    #[test]
    fn fields_of_data_are_told_from_keys_of_a_config_map() {
        assert!(is_of_data(&field_of_data("values.yaml", "user.name")));
        for field in ["data.values.yaml", "data.run.sh", "data.a:b", "metadata.annotations"] {
            assert!(!is_of_data(field), "{field}");
        }
    }
}
