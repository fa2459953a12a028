//! What the repository has of the branches that clusters follow.
//!
//! A cluster applies what the remote has of its branch, not the checked-out files, so its version
//! of Flux and the flags of its controllers are those that this branch states. Here are only the
//! types: `git` fills them in (`Repository::follow`), and `plan` reports what is missing. If a
//! branch is at another commit than HEAD, that commit is read as a tree of its own; `View::like`
//! takes over what the present view has parsed of the same contents, by git's blob ids, so only
//! what differs is read.
//!
//! `Cluster::flux` is the version that the cluster of the same name states on its branch, in all
//! views that come from this one; `Cluster::flux_here` is what this tree states. The work tree
//! counts as HEAD. Where a branch is missing, cannot be read or has no such cluster, this tree is
//! used, and a finding says so. A shallow clone knows no distances, because its history ends
//! somewhere.
//!
//! Semantics: `docs/flux-and-kustomize.md#the-branch-that-a-cluster-follows`.

use std::collections::{BTreeMap, BTreeSet};

use super::Cluster;
use super::flag::ControllerFlag;
use crate::flux::files::FluxVersion;

/// What the repository at hand has of the git branches that clusters follow. Filled in by those who know git.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// What is checked out.
    pub checkout: Checkout,
    /// The branches, by the name of the cluster. A cluster that follows none is not in here.
    pub clusters: BTreeMap<String, Followed>,
}

/// What is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The branch; `None` where HEAD is detached.
    pub branch: Option<String>,
    /// The commit, shortened; `None` where the branch has none yet.
    pub commit: Option<String>,
}

/// A branch that a cluster follows, in the repository at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// There is neither a remote-tracking branch nor a local one.
    NotHere {
        /// The remote that would have it.
        remote: Option<String>,
    },
    /// It is here.
    Here(FollowedBranch),
}

/// A branch that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedBranch {
    /// The ref that was taken for it: `origin/edge`, or `edge` for a local branch.
    pub reference: String,
    /// Whether it is a remote-tracking branch: what the cluster applies is what the remote has.
    pub is_remote: bool,
    /// Where it stands, seen from HEAD.
    pub position: Position,
    /// What it says of the cluster.
    pub states: States,
}

/// Where a branch stands, seen from HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the same commit.
    AtHead,
    /// At another commit.
    Apart {
        /// How many commits it has that HEAD has not.
        ahead: usize,
        /// How many commits HEAD has that it has not.
        behind: usize,
    },
    /// At another commit, and the history that would tell more is not here: a shallow clone, or no commit at HEAD.
    Unknown,
}

/// What a branch says of the cluster that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// What the tree at hand says: it is at HEAD.
    TheSame,
    /// What its own tree says.
    Own {
        /// The version of Flux, if it states one.
        flux: Option<FluxVersion>,
        /// The flags of its controllers that it shows.
        controller_flags: Vec<ControllerFlag>,
        /// The namespace and name of each Flux Kustomization that the cluster applies.
        kustomizations: BTreeSet<(String, String)>,
    },
    /// Nothing: there is no cluster of that name in its tree.
    NoSuchCluster,
    /// It could not be read, as in a partial clone.
    Unreadable(String),
}

impl Following {
    /// The branch that a cluster follows, where it is another than the one at hand or stands at another commit.
    pub fn elsewhere<'c>(&self, cluster: &'c Cluster) -> Option<&'c str> {
        let branch = cluster.branch.as_deref()?;
        let is_here = match self.of(cluster)? {
            Followed::Here(FollowedBranch { position, .. }) => *position == Position::AtHead,
            Followed::NotHere { .. } => false,
        };
        (!is_here && self.checkout.branch.as_deref() != Some(branch)).then_some(branch)
    }

    /// The branch of a cluster.
    pub fn of(&self, cluster: &Cluster) -> Option<&Followed> {
        self.clusters.get(&cluster.name)
    }

    /// Gives clusters the version and the flags that their branches state. Where a branch says nothing of its cluster, the tree at hand stays
    /// the word.
    pub(in crate::flux) fn teach(&self, clusters: &mut [Cluster]) {
        for cluster in clusters {
            if let Some(Followed::Here(FollowedBranch { states: States::Own { flux, controller_flags, .. }, .. })) =
                self.of(cluster)
            {
                cluster.flux = *flux;
                cluster.controller_flags.clone_from(controller_flags);
            }
        }
    }
}
