//! The objects of clusters that the rules read.

use std::sync::Arc;

use crate::doctor::applied::goes_elsewhere;
use crate::flux::{At, Kustomization, Reach, Value, View, group_of};

/// Fields of kustomization files that change objects and are followed for those of Flux alone.
const CHANGE: [&str; 3] = ["replacements", "transformers", "vars"];

pub(super) struct Objects<'v> {
    pub(super) view: &'v View,
    /// Whether a kustomization file may change any of them.
    may_change: bool,
}

impl<'v> Objects<'v> {
    pub(super) fn of(view: &'v View) -> Objects<'v> {
        let changes = |of: &Kustomization| of.unmodelled.iter().any(|field| CHANGE.contains(&field.text.as_str()));
        Objects { view, may_change: view.kustomizations().any(changes) }
    }

    /// Those of a group and kind, also on other clusters than those that begin here.
    pub(super) fn everywhere(&self, group: &str, kind: &str) -> impl Iterator<Item = (&'v At, &'v Reach)> {
        self.view
            .graph()
            .each_reach()
            .filter(move |(_, reach)| reach.kind == kind && group_of(&reach.api_version) == group)
    }

    /// Those on the clusters that begin here.
    pub(super) fn here(&self, group: &str, kind: &str) -> impl Iterator<Item = (&'v At, &'v Reach)> {
        self.everywhere(group, kind).filter(|(_, reach)| !goes_elsewhere(self.view, reach))
    }

    /// An object as it arrives in a cluster, if it is certainly as its file states it but for variables:
    /// only those of Flux are followed through all that Kustomize does.
    pub(super) fn arriving(&self, at: &At, reach: &Reach) -> Option<Arc<Value>> {
        let is_open = self.may_change || self.view.may_patch(&reach.kind, &reach.name);
        self.view.effective(at, reach).filter(|_| !is_open)
    }
}
