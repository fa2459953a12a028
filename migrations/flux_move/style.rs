//! How a tree writes namespaces, which what moves follows. What has moved already counts, and is written
//! that way: so the answer stays the same while some of it has landed.

use super::settings::{FluxMoveSettings, KUSTOMIZATION, References, Statement};
use crate::flux::{ClusterId, FluxKustomization, View};

/// How the namespaces of a cluster are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether `metadata.namespace` is left to a kustomization on the way, where one gives it.
    pub(super) inherits: bool,
    /// Whether a reference names the namespace of its own object.
    pub(super) states_own: bool,
}

impl Style {
    pub(super) fn of(view: &View, cluster: ClusterId, settings: &FluxMoveSettings) -> Style {
        let from = settings.rule.as_ref().map(|rule| rule.from.clone()).unwrap_or_default();
        let is_elsewhere = |one: &&FluxKustomization| {
            let is_left = from.contains(&one.namespace)
                || settings.moves_of(KUSTOMIZATION).any(|asked| asked.from.0 == one.namespace);
            one.cluster == cluster && one.parent.is_some() && one.lives_in.is_none() && !is_left
        };
        let (mut inheriting, mut explicit, mut stated, mut absent) = (0, 0, 0, 0);
        for one in view.graph().kustomizations.iter().filter(is_elsewhere) {
            let Some(root) = view.node(&one.at) else { continue };
            match root.text_at(&["metadata", "namespace"]) {
                Some(_) => explicit += 1,
                None => inheriting += 1,
            }
            for item in root.at(&["spec", "dependsOn"]).into_iter().flat_map(|list| list.items()) {
                match item.text_at(&["namespace"]) {
                    Some(namespace) if namespace == one.namespace => stated += 1,
                    Some(_) => {}
                    None => absent += 1,
                }
            }
        }
        Style {
            inherits: match settings.statement {
                Statement::Tree => inheriting > explicit,
                Statement::Explicit => false,
                Statement::Inherit => true,
            },
            states_own: match settings.references {
                References::Tree => stated > absent,
                References::Stated => true,
                References::Minimal => false,
            },
        }
    }
}
