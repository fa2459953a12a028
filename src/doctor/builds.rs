use crate::flux::{Rendered, View};

/// What each Flux Kustomization of the clusters builds, by its number in the graph.
pub(super) struct Builds(Vec<Vec<Rendered>>);

impl Builds {
    pub(super) fn of(view: &View) -> Builds {
        Builds(view.builds(&view.graph().kustomizations))
    }

    /// What a Flux Kustomization builds.
    pub(super) fn by(&self, kustomization: usize) -> &[Rendered] {
        &self.0[kustomization]
    }
}
