//! What is proven of each stage, beside the text: who else has objects of Flux, and that nothing else
//! changes.

use std::collections::BTreeSet;

use super::codes;
use super::distribution::{Identity, identities};
use super::install::{Install, Old};
use super::write::{Files, INSTANCE, POLICY};
use crate::flux::{At, Reach, Value, View};
use crate::plan::Finding;
use crate::plan::author::Written;
use crate::plan::codes::CHANGED_ON_THE_WAY;
use crate::repo::RepoPath;

fn all_of(install: &Install<'_>) -> Vec<Identity> {
    let today: Vec<String> = install.components.iter().chain(&install.orphaned).cloned().collect();
    install.version.map(|version| identities(version, &today, &install.namespace)).unwrap_or_default()
}

/// The objects of Flux that something other than the old installation applies, too.
fn owned_by_others<'v>(view: &'v View, install: &Install<'_>) -> Vec<(&'v At, &'v Reach)> {
    let all = all_of(install);
    let is_flux = |reach: &Reach| {
        all.iter().any(|identity| {
            identity.kind == reach.kind
                && identity.name == reach.name
                && (!identity.is_namespaced || reach.namespace.as_deref() == Some(&install.namespace))
        })
    };
    let is_old = |at: &At| matches!(&install.old, Old::Gotk { file, .. } if at.path == *file);
    let reached = view.graph().each_reach();
    reached.filter(|(at, reach)| reach.cluster == install.cluster && !is_old(at) && is_flux(reach)).collect()
}

/// Two managers of one object of Flux (`docs/hazards.md#f2`): Flux and the operator would both apply it.
pub(super) fn other_owners(view: &View, install: &Install<'_>) -> Vec<Finding> {
    let others = owned_by_others(view, install).into_iter().filter(|(_, reach)| reach.kind != "Namespace");
    let finding = |(at, reach): (&At, &Reach)| {
        let flux = view.graph().kustomizations[reach.kustomization].full_name();
        let message = format!("{flux} applies {} {}, too, which the operator would take over", reach.kind, reach.name);
        Finding::error(codes::FIELD, message).at(&at.path, view.object(at).map(|object| object.line))
    };
    others.map(finding).collect()
}

/// The Namespace of Flux, where another Flux Kustomization gives it labels or annotations.
pub(super) fn namespace_ignored(view: &View, install: &Install<'_>) -> Vec<Finding> {
    let others = owned_by_others(view, install).into_iter().filter(|(_, reach)| reach.kind == "Namespace");
    let finding = |(at, reach): (&At, &Reach)| {
        let flux = view.graph().kustomizations[reach.kustomization].full_name();
        let message =
            format!("{flux} applies Namespace {}: its labels and annotations there count no more", reach.name);
        Finding::warning(codes::NAMESPACE_IGNORED, message).at(&at.path, view.object(at).map(|object| object.line))
    };
    others.map(finding).collect()
}

/// Selectors that ask pods of the controllers for a label that they lose.
pub(super) fn selectors(view: &View, install: &Install<'_>) -> Vec<Finding> {
    let is_here = |at: &At| view.graph().reaches(at).iter().any(|reach| reach.cluster == install.cluster);
    let mut found = Vec::new();
    for key in ["app.kubernetes.io/instance", "app.kubernetes.io/version"] {
        for used in view.selectors_on(key) {
            let of_flux = used.values.iter().any(|value| *value == install.namespace || value.starts_with("v2."));
            if of_flux && used.namespace.as_ref() == Some(&install.namespace) && is_here(&used.at) {
                let message = format!("{} asks for {key}, which pods of the controllers lose", used.what);
                found.push(Finding::warning(codes::SELECTOR, message).at(&used.at.path, used.line));
            }
        }
    }
    found
}

/// The objects that a tree applies, and how often.
fn applied(view: &View) -> BTreeSet<(At, usize)> {
    view.graph().reached().map(|(at, reaches)| (at.clone(), reaches.len())).collect()
}

/// Sees that new files arrive in the cluster as they are meant, and that nothing else changes.
pub(super) fn arrives(
    view: &View,
    install: &Install<'_>,
    files: &Files,
    is_instance: bool,
    written: &Written,
) -> Result<(), Finding> {
    let refuse = |message: String| Finding::error(CHANGED_ON_THE_WAY, message).at(&files.flux, None);
    let trial = view.with(&written.0).map_err(|error| refuse(error.to_string()))?.whole();
    let new: BTreeSet<&RepoPath> = files.others.iter().chain([&files.flux]).collect();
    for path in &new {
        let at = At::document(path, 0);
        let [reach] = trial.graph().reaches(&at) else {
            return Err(refuse(format!("{path} would not be applied, or more than once")));
        };
        if reach.cluster != install.cluster || reach.namespace.as_deref() != Some(&install.namespace) {
            return Err(refuse(format!("{path} would arrive in another cluster or namespace")));
        }
    }
    let mut after = applied(&trial);
    after.retain(|(at, _)| !new.contains(&at.path));
    if after != applied(view) {
        return Err(refuse("something else would be applied in another way".to_owned()));
    }
    match is_instance {
        true => proven_instance(&trial, install, files).map_err(refuse),
        false => Ok(()),
    }
}

/// The FluxInstance arrives with the patches that it is to have, and nothing prunes it.
fn proven_instance(trial: &View, install: &Install<'_>, files: &Files) -> Result<(), String> {
    let flux = trial.graph().kustomizations_at(&At::document(&files.flux, 0)).next();
    let flux = flux.ok_or("its Kustomization would not be applied")?;
    let policy = flux.object.text_at(&["spec", "deletionPolicy"]);
    let is_orphan = policy == Some("Orphan") || install.version.is_some_and(|version| !version.is_at_least(5));
    if flux.prune || !is_orphan || flux.name != INSTANCE {
        return Err(format!("a patch from above would have {} prune the FluxInstance", flux.full_name()));
    }
    let at = At::document(&files.others[0], 0);
    let object = trial.graph().reaches(&at).first().and_then(|reach| trial.effective(&at, reach));
    let object = object.ok_or("the FluxInstance cannot be read")?;
    let spec = match object.text_at(&["kind"]) {
        Some("HelmRelease") => proven_release(&object)?,
        _ => object.get("spec").ok_or("the FluxInstance says nothing")?,
    };
    let patches = spec.at(&["kustomize", "patches"]).map(Value::items).unwrap_or_default();
    let meant: Vec<&Value> = install.entries().iter().map(|entry| &entry.value).collect();
    match patches.iter().collect::<Vec<_>>() == meant {
        true => Ok(()),
        false => Err("the patches of the FluxInstance would not arrive as they are today".to_owned()),
    }
}

/// Fields with which a patch from above would have a release make another FluxInstance than its values say, or none.
const OTHERWISE: [&str; 6] =
    ["valuesFrom", "targetNamespace", "releaseName", "postRenderers", "kubeConfig", "serviceAccountName"];

/// What a release of the chart says of the FluxInstance, which Helm keeps when it is uninstalled.
fn proven_release(release: &Value) -> Result<&Value, String> {
    let spec = release.get("spec").ok_or("the release says nothing")?;
    if let Some(field) = OTHERWISE.iter().find(|field| spec.has_key(field)) {
        return Err(format!("a patch from above would set spec.{field} of the release with the FluxInstance"));
    }
    let is = |path: &[&str], meant: &str| spec.text_at(path) == Some(meant);
    if !is(&["values", "commonAnnotations", POLICY], "keep") || !is(&["values", "fullnameOverride"], "flux") {
        return Err("a patch from above would have Helm delete the FluxInstance, or give it another name".to_owned());
    }
    spec.at(&["values", "instance"]).ok_or_else(|| "the release says nothing of the FluxInstance".to_owned())
}

/// Sees that the removal takes nothing else along.
pub(super) fn nothing_else_goes(view: &View, install: &Install<'_>, written: &Written) -> Result<(), Finding> {
    let refuse = |message: String| Finding::error(CHANGED_ON_THE_WAY, message).at(install.old.place().0, None);
    let trial = view.with(&written.0).map_err(|error| refuse(error.to_string()))?.whole();
    let name = |view: &View, at: &At, reach: &Reach| {
        let document = view.object(at).map(|object| object.name).unwrap_or_default();
        (at.path.clone(), document, reach.kind, reach.namespace, reach.name)
    };
    let names = |view: &View, is_kept: &dyn Fn(&At) -> bool| -> Vec<_> {
        let reached = view.graph().reached().filter(|(at, _)| is_kept(at));
        let mut all: Vec<_> = reached
            .flat_map(|(at, reaches)| reaches.iter().map(|reach| name(view, at, reach)).collect::<Vec<_>>())
            .collect();
        all.sort();
        all
    };
    let is_kept = |at: &At| match &install.old {
        Old::Oci { flux, source } => *at != flux.at && *at != *source,
        Old::Gotk { file, .. } => at.path != *file,
    };
    match names(view, &is_kept) == names(&trial, &|_| true) {
        true => Ok(()),
        false => Err(refuse("something else would not be applied any more".to_owned())),
    }
}
