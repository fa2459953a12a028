//! Which defaults a root is to state, and whether its clusters can have them.

use super::codes;
use super::effect::stated_specs;
use super::entry::{Entry, Form};
use super::fields::ObjectKind;
use super::roots::Root;
use super::set::Set;
use super::settings::Settings;
use crate::flux::{ClusterId, Reach, Value, View};
use crate::plan::Finding;

/// Gives each root its defaults: those of the configuration, else those that it states, else those
/// that another root states, else those on which the releases agree. Whether it is the last.
///
/// Values of releases are read with all patches, so that counts stay the same once some landed.
pub(super) fn choose(view: &View, roots: &mut [Root], settings: &Settings) -> bool {
    let is_meant = |entry: &&Entry| entry.form != Form::Kustomizations;
    let stated = |root: &Root| root.entries.iter().find(is_meant).map(|entry| entry.set.clone());
    let by_roots = roots.iter().find_map(|root| stated(root).flatten());
    let is_proposed = settings.spec.is_none() && by_roots.is_none();
    let agreed = || {
        let specs = stated_specs(view, roots);
        Set::agreed(&specs.iter().map(|(_, spec)| spec).collect::<Vec<&Value>>(), ObjectKind::Release.table())
    };
    let general = settings.spec.clone().or(by_roots).unwrap_or_else(agreed);
    for root in roots.iter_mut() {
        let stated = stated(root);
        // What an edited entry sets is not known, and nothing is made of it.
        let is_edited = matches!(stated, Some(None));
        root.of_mut(ObjectKind::Release).set = match (&settings.spec, stated) {
            (None, Some(set)) => set.unwrap_or_default(),
            _ => general.clone(),
        };
        if root.forms.contains(&Form::TwoLevels) {
            root.of_mut(ObjectKind::Kustomization).set = settings.kustomization.clone();
        }
        for kind in ObjectKind::ALL {
            let message = format!("the entry of the defaults in {} sets other things, too", root.at.path);
            let edited = (is_edited && settings.spec.is_some()).then_some((codes::ENTRY_EDITED, message));
            let reason = edited.or_else(|| Some((codes::FIELD_NOT_IN_FLUX, lacking(view, root, kind)?)));
            let reason = reason.map(|(code, message)| Finding::error(code, message).at(&root.at.path, root.line));
            root.refuse(kind, reason);
        }
        root.compare(settings);
    }
    is_proposed && roots.iter().any(|root| !root.of(ObjectKind::Release).set.is_empty())
}

/// The first default that a cluster of a root cannot have. A release that it applies to another
/// cluster (`spec.kubeConfig`) is run by the Flux there.
fn lacking(view: &View, root: &Root, kind: ObjectKind) -> Option<String> {
    root.clusters.iter().find_map(|id| {
        let cluster = &view.graph().clusters[*id];
        let is_remote = kind == ObjectKind::Release && applies_elsewhere(view, *id);
        root.of(kind).set.0.iter().find_map(|(field, _)| {
            let elsewhere = || {
                let why = field.lacking(None).filter(|_| is_remote)?;
                Some(format!("it applies releases to other clusters, where {why}"))
            };
            let why = field.lacking(cluster.flux).or_else(elsewhere)?;
            Some(format!("{} cannot be set on cluster {}: {why}", field.name(), cluster.name))
        })
    })
}

/// Whether a cluster applies HelmReleases to other clusters.
fn applies_elsewhere(view: &View, cluster: ClusterId) -> bool {
    let graph = view.graph();
    let is_elsewhere = |reach: &Reach| {
        reach.cluster == cluster && graph.kustomizations[reach.kustomization].remote_cluster().is_some()
    };
    view.releases().iter().flat_map(|release| graph.reaches(&release.at)).any(is_elsewhere)
}
