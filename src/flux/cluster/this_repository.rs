//! Which entry points begin in this repository, and which build from another one.
//!
//! A Kustomization that builds `./` of another repository seems to apply itself, as everything else
//! here does. What shows that a source is this repository: its address is that of a git remote, or
//! a FluxInstance names it, or other Kustomizations build from it.

use std::collections::{BTreeMap, BTreeSet};

use super::address::address;
use super::entry_point::{EntryPoint, Root};
use super::entry_points::Candidates;
use super::repositories::Repositories;
use crate::flux::files::{At, SourceRef};
use crate::flux::kustomize::{Builder, ParsedTree};

/// What is known of the source that is this repository.
pub(super) struct ThisRepository<'v> {
    candidates: &'v Candidates<'v>,
    /// Its addresses, if there are any.
    addresses: BTreeSet<String>,
    /// How many Kustomizations build from each source, by kind and name.
    users: BTreeMap<(&'v str, &'v str), usize>,
    /// Sources of Kustomizations whose paths are here and that the tree does not state.
    unstated: BTreeSet<&'v str>,
}

impl<'v> ThisRepository<'v> {
    pub(super) fn of(
        parsed: &ParsedTree<'_>,
        repositories: &Repositories,
        candidates: &'v Candidates<'v>,
        urls: &[String],
    ) -> ThisRepository<'v> {
        let mut users: BTreeMap<_, usize> = BTreeMap::new();
        let mut unstated = BTreeSet::new();
        for candidate in candidates.values() {
            let SourceRef { kind, name, .. } = &candidate.source;
            *users.entry((kind.as_str(), name.as_str())).or_default() += 1;
            let is_here = !candidate.path.as_str().is_empty() && parsed.tree.holds(&candidate.path);
            let is_stated = || repositories.meant(&candidate.source).next().is_some();
            if kind == "GitRepository" && is_here && !is_stated() {
                unstated.insert(name.as_str());
            }
        }
        let addresses = urls.iter().filter_map(|url| address(url)).collect();
        ThisRepository { candidates, addresses, users, unstated }
    }

    /// Leaves out entry points whose source is another repository.
    pub(super) fn keep_own(&self, found: Vec<EntryPoint>, builder: &mut Builder<'_>) -> Vec<EntryPoint> {
        let shown = found.iter().any(|entry| self.is_shown(entry));
        let mut is_own = |entry: &EntryPoint| {
            let mut stronger = found.iter().filter(|other| differ(other, entry) && self.rank(other) > self.rank(entry));
            let is_elsewhere = shown && entry.address().is_some() && !self.is_shown(entry);
            let mut unstated = self.unstated.iter().filter(|name| **name != entry.source.name);
            let is_unused = self.users_of(entry) == 0 && unstated.next().is_some();
            let mut is_of =
                |other: &EntryPoint| other.path == entry.path || self.reaches(other, &entry.stated_at, builder);
            !is_elsewhere && !is_unused && !stronger.any(&mut is_of)
        };
        found.iter().filter(|entry| is_own(entry)).cloned().collect()
    }

    /// Whether the address of its source is that of this repository.
    fn is_shown(&self, entry: &EntryPoint) -> bool {
        entry.address().is_some_and(|address| self.addresses.contains(&address))
    }

    /// How many other Kustomizations build from its source.
    fn users_of(&self, entry: &EntryPoint) -> usize {
        let all = self.users.get(&(&*entry.source.kind, &*entry.source.name)).copied().unwrap_or_default();
        all - usize::from(matches!(entry.root, Root::Stated(..)))
    }

    /// How sure it is that its source is this repository.
    fn rank(&self, entry: &EntryPoint) -> (bool, bool, usize, bool) {
        let is_of_instance = matches!(entry.root, Root::Made(..));
        (self.is_shown(entry), is_of_instance, self.users_of(entry), entry.source.name == "flux-system")
    }

    /// Whether a Kustomization is among those that an entry point applies, through whatever others.
    fn reaches(&self, entry: &EntryPoint, at: &At, builder: &mut Builder<'_>) -> bool {
        let (mut open, mut seen) = (vec![&entry.path], BTreeSet::new());
        while let Some(path) = open.pop() {
            for rendered in builder.flux_path(path).iter().filter(|rendered| rendered.kind == "Kustomization") {
                if rendered.at == *at {
                    return true;
                }
                let next = self.candidates.get(&rendered.at).filter(|next| next.source.is_like(&entry.source));
                open.extend(next.map(|next| &next.path).filter(|path| seen.insert(*path)));
            }
        }
        false
    }
}

/// Whether two entry points have different sources, as far as can be told.
fn differ(one: &EntryPoint, other: &EntryPoint) -> bool {
    match (one.address(), other.address()) {
        (Some(one), Some(other)) => one != other,
        _ => !one.source.is_like(&other.source),
    }
}
