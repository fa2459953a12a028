//! Whether patches may change an object of any kind.

use super::View;

impl View {
    /// Whether a patch of any kustomization file or Flux Kustomization may be for objects of a kind and
    /// name. [`View::effective`] applies only those of HelmReleases, Flux Kustomizations and sources.
    pub fn may_patch(&self, kind: &str, name: &str) -> bool {
        let of_kustomize = self.kustomizations().flat_map(|kustomization| &kustomization.patches);
        let of_flux = self.graph().kustomizations.iter().flat_map(|kustomization| &kustomization.patches);
        of_kustomize.chain(of_flux).any(|patch| patch.is_for_named(kind, name))
    }
}
