//! The releases roots of a cluster, read off its graph
//! (`docs/flux-and-kustomize.md#releases-root`).

use std::collections::{BTreeMap, BTreeSet};

use super::by_id::{ById, KustomizationId};
use super::flux_kustomization::FluxKustomization;
use super::reach::Reach;
use super::releases_root::ReleasesRoot;
use crate::flux::files::At;

/// The releases roots of a cluster, in the order of its Kustomizations; `reached` is what the
/// cluster applies.
///
/// The root is the Kustomization above those with HelmReleases. Directly below the entry point,
/// either may be meant. The entry point is the root only if it applies several Kustomizations with
/// HelmReleases, most of them with a single release, and there is no root further down, because a
/// patch there would replace the patches of its children. Otherwise each of those is a root itself.
pub(super) fn releases_roots(
    kustomizations: &ById<KustomizationId, FluxKustomization>,
    reached: &BTreeMap<At, Vec<Reach>>,
    is_release: &dyn Fn(&At) -> bool,
) -> Vec<ReleasesRoot> {
    let mut renders: BTreeMap<KustomizationId, usize> = BTreeMap::new();
    for reach in reached.iter().filter(|(at, _)| is_release(at)).flat_map(|(_, reaches)| reaches) {
        *renders.entry(reach.kustomization).or_default() += 1;
    }
    let parent = |id: KustomizationId| kustomizations[id].parent;
    let mut roots = BTreeSet::new();
    let mut below_entry = Vec::new();
    for id in renders.keys().copied() {
        match parent(id) {
            None => {
                roots.insert(id);
            }
            Some(above) if parent(above).is_some() => {
                roots.insert(above);
            }
            Some(entry) => below_entry.push((id, entry)),
        }
    }
    let deeper = roots.iter().any(|root| parent(*root).is_some());
    let single = below_entry.iter().filter(|(id, _)| renders[id] == 1).count();
    let one_each = below_entry.len() > 1 && single * 2 > below_entry.len() && !deeper;
    roots.extend(below_entry.iter().map(|(id, entry)| if one_each { *entry } else { *id }));
    let root = |id: KustomizationId| ReleasesRoot {
        kustomization: id,
        kustomizations: renders.keys().filter(|below| parent(**below) == Some(id)).count(),
        releases: renders.get(&id).copied().unwrap_or_default(),
    };
    roots.into_iter().map(root).collect()
}
