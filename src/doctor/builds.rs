use crate::flux::{ById, KustomizationId, Rendered, View};

/// What each Flux Kustomization of the clusters builds.
pub(super) struct Builds(ById<KustomizationId, Vec<Rendered>>);

impl Builds {
    pub(super) fn of(view: &View) -> Builds {
        Builds(view.builds(&view.graph().kustomizations).into_iter().collect())
    }

    /// What a Flux Kustomization builds.
    pub(super) fn by(&self, kustomization: KustomizationId) -> &[Rendered] {
        &self.0[kustomization]
    }
}
