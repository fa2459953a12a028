//! Which defaults a root is to state, and whether its clusters can have them.

use super::effect::stated_specs;
use super::entry::Form;
use super::fields::HELM_RELEASE;
use super::roots::Root;
use super::set::Set;
use super::settings::RemediationDefaultsSettings;
use super::{codes, finding};
use crate::flux::{FluxVersion, View};
use crate::plan::{Finding, Severity};

/// Gives each root its defaults: those that are configured, else those that it states, else those that another root states, else those on which
/// the releases of the tree agree. Whether it is the last.
///
/// What the releases say is read with all patches in it, so that the count is the same when a part has landed.
pub(super) fn choose_sets(view: &View, roots: &mut [Root], settings: &RemediationDefaultsSettings) -> bool {
    let stated = |root: &Root| {
        let ours = root.entries.iter().filter(|entry| entry.form != Form::Kustomizations);
        ours.map(|entry| entry.set.clone()).next()
    };
    let known: Vec<Option<Option<Set>>> = roots.iter().map(stated).collect();
    let other = known.iter().flatten().flatten().next().cloned();
    let proposed = settings.spec.is_none() && other.is_none();
    let general = match (&settings.spec, other) {
        (Some(spec), _) => spec.clone(),
        (None, Some(other)) => other,
        (None, None) => Set::agreed(stated_specs(view, roots).iter().map(|(_, spec)| spec), HELM_RELEASE),
    };
    for (root, known) in roots.iter_mut().zip(known) {
        root.set = match (&settings.spec, known) {
            (Some(spec), Some(None)) => {
                let line = view.object(&root.at).map(|object| object.line);
                let message = format!("the entry of the defaults in {} sets other things, too", root.at.path);
                let edited = finding(Severity::Error, codes::ENTRY_EDITED, Some(&root.at.path), line, message);
                root.problem.get_or_insert(edited);
                spec.clone()
            }
            // Somebody made it their own: what it sets is not known, and nothing is made of it.
            (None, Some(None)) => Set::default(),
            (None, Some(Some(own))) => own,
            (Some(_), Some(Some(_))) | (_, None) => general.clone(),
        };
    }
    proposed && roots.iter().any(|root| !root.set.is_empty())
}

pub(super) fn check_fields(view: &View, root: &mut Root) {
    if root.problem.is_none() {
        root.problem = lacking(view, root, &root.set);
    }
}

/// The field of a set that a cluster of a root lacks.
pub(super) fn lacking(view: &View, root: &Root, set: &Set) -> Option<Finding> {
    let line = view.object(&root.at).map(|object| object.line);
    let clusters = root.clusters.iter().map(|id| &view.graph().clusters[*id]);
    let of = |name: &str, flux: Option<FluxVersion>| {
        set.0.iter().find_map(|(field, _)| {
            let why = field.lacking(flux)?;
            Some(format!("{} cannot be set on cluster {name}: {why}", field.name()))
        })
    };
    let message = clusters.into_iter().find_map(|cluster| of(&cluster.name, cluster.flux))?;
    Some(finding(Severity::Error, codes::FIELD_NOT_IN_FLUX, Some(&root.at.path), line, message))
}
