//! The releases roots of a cluster, read off its graph
//! (`docs/flux-and-kustomize.md#releases-root`).

use std::collections::{BTreeMap, BTreeSet};

use super::flux_kustomization::FluxKustomization;
use super::reach::Reach;
use super::releases_root::ReleasesRoot;
use crate::flux::files::At;

/// The releases roots of a cluster, in the order of its Kustomizations; `reached` is what the cluster applies.
///
/// A Kustomization that renders HelmReleases makes the one that applies it a root. Below the entry point both may be meant, for the
/// entry point is a root only where nothing else can be one (a patch there would replace those of its children): it is one where it
/// applies several such Kustomizations, most of them with a single release, and no root lies deeper; else each of them is a root itself.
pub(super) fn releases_roots(
    kustomizations: &[FluxKustomization],
    reached: &BTreeMap<At, Vec<Reach>>,
    is_release: &dyn Fn(&At) -> bool,
) -> Vec<ReleasesRoot> {
    let mut renders: BTreeMap<usize, usize> = BTreeMap::new();
    for reach in reached.iter().filter(|(at, _)| is_release(at)).flat_map(|(_, reaches)| reaches) {
        *renders.entry(reach.kustomization).or_default() += 1;
    }
    let parent = |number: usize| kustomizations[number].parent;
    let mut roots = BTreeSet::new();
    let mut below_entry = Vec::new();
    for number in renders.keys().copied() {
        match parent(number) {
            None => drop(roots.insert(number)),
            Some(above) if parent(above).is_some() => drop(roots.insert(above)),
            Some(entry) => below_entry.push((number, entry)),
        }
    }
    let deeper = roots.iter().any(|root| parent(*root).is_some());
    let single = below_entry.iter().filter(|(number, _)| renders[number] == 1).count();
    let one_each = below_entry.len() > 1 && single * 2 > below_entry.len() && !deeper;
    roots.extend(below_entry.iter().map(|(number, entry)| if one_each { *entry } else { *number }));
    let root = |number: usize| ReleasesRoot {
        kustomization: number,
        kustomizations: renders.keys().filter(|own| parent(**own) == Some(number)).count(),
        releases: renders.get(&number).copied().unwrap_or_default(),
    };
    roots.into_iter().map(root).collect()
}
