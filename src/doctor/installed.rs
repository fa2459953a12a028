//! HelmReleases as clusters install them, for the rules about values of app-template.

use super::owners::line;
use crate::charts::app_template::line_of;
use crate::flux::{At, Installed, Reach, View, remote_cluster};

/// A HelmRelease as one cluster installs it.
pub(super) struct Release<'v> {
    pub(super) at: &'v At,
    pub(super) reach: &'v Reach,
    pub(super) installed: Installed,
}

/// Those of all clusters.
pub(super) fn releases(view: &View) -> impl Iterator<Item = Release<'_>> {
    let reached = view.graph().each_reach();
    reached.filter_map(|(at, reach)| Some(Release { at, reach, installed: view.installed(at, reach)? }))
}

impl Release<'_> {
    /// Whether it is installed on another cluster, of which not all is known.
    pub(super) fn is_remote(&self, view: &View) -> bool {
        let here = view.graph().kustomizations[self.reach.kustomization].remote_cluster();
        remote_cluster(&self.installed.object, &self.installed.namespace, here.as_deref()).is_some()
    }

    /// The line of a place in its values, as far as its file states them.
    pub(super) fn line_of(&self, view: &View, keys: &[impl AsRef<str>]) -> usize {
        let values = view.node(self.at).and_then(|root| root.at(&["spec", "values"]));
        values.map_or_else(|| line(view, self.at), |values| line_of(values, keys))
    }
}
