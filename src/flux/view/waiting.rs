//! What a Flux Kustomization would wait for that needs what waits for it.

use std::collections::BTreeSet;

use super::View;
use crate::flux::cluster::KustomizationId;
use crate::flux::kustomize::Rendered;
use crate::flux::value::Value;

/// A HelmRelease that a Flux Kustomization applies, as it is on the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppliedRelease {
    /// Its `apiVersion`.
    pub api_version: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

fn is_release(object: &Rendered) -> bool {
    object.kind == "HelmRelease" && object.api_version.starts_with("helm.toolkit.fluxcd.io/")
}

impl View {
    /// The HelmReleases that a Flux Kustomization applies, of those that it builds; without those whose names are
    /// only known on the cluster.
    pub fn applied_releases(&self, id: KustomizationId, built: &[Rendered]) -> Vec<AppliedRelease> {
        let variables = &self.graph().kustomizations[id].variables;
        let release = |object: &Rendered| {
            let text = |text: &str| Some(variables.substitute(text)).filter(|text| !text.contains("${"));
            let (namespace, name) = (text(object.namespace.as_deref()?)?, text(&object.name)?);
            Some(AppliedRelease { api_version: object.api_version.into(), namespace, name })
        };
        let mut found: Vec<AppliedRelease> =
            built.iter().filter(|object| is_release(object)).filter_map(release).collect();
        found.sort();
        found.dedup();
        found
    }

    /// What a Flux Kustomization applies that needs what depends on it, so that with a check each would wait for the
    /// other: a release that depends on one of theirs, or, if it waits for all that it applies, a Flux Kustomization
    /// among them.
    pub fn check_deadlock<'b>(
        &self,
        id: KustomizationId,
        built: &impl Fn(KustomizationId) -> &'b [Rendered],
        waits_for_all: bool,
    ) -> Option<String> {
        let graph = self.graph();
        let waiting = graph.dependents_of(id);
        // It waits for what it applies, and for what that applies as far as that waits.
        let is_below = |other: KustomizationId| {
            let mut above = graph.kustomizations[other].parent;
            while let Some(parent) = above {
                if parent == id {
                    return true;
                }
                above = graph.kustomizations[parent].parent.filter(|_| graph.kustomizations[parent].waits());
            }
            false
        };
        let child = waiting.iter().find(|other| waits_for_all && is_below(**other));
        if let Some(child) = child {
            return Some(format!("it applies {}, which depends on it", graph.kustomizations[*child].full_name()));
        }
        let theirs: BTreeSet<(String, String)> = waiting
            .iter()
            .flat_map(|other| self.applied_releases(*other, built(*other)))
            .map(|release| (release.namespace, release.name))
            .collect();
        built(id).iter().filter(|object| is_release(object)).find_map(|object| {
            let mut reaches = graph.reaches(&object.at).iter().filter(|reach| reach.kustomization == id);
            let release = self.effective(&object.at, reaches.find(|reach| reach.kind == "HelmRelease")?)?;
            let own = release.text_at(&["metadata", "namespace"]).unwrap_or_default().to_owned();
            let named = release.at(&["spec", "dependsOn"]).map_or(&[][..], Value::items).iter().filter_map(|item| {
                let namespace = item.text_at(&["namespace"]).unwrap_or(&own).to_owned();
                Some((namespace, item.text_at(&["name"])?.to_owned()))
            });
            let needed = named.into_iter().find(|name| theirs.contains(name))?;
            let (namespace, name) = &needed;
            let own = format!("{own}/{}", object.name);
            Some(format!("its release {own} depends on {namespace}/{name}, and what applies that depends on it"))
        })
    }
}
