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

use std::collections::BTreeMap;

use super::Cluster;
use super::flag::ControllerFlag;
use super::flux_kustomization::FluxKustomization;
use crate::flux::files::FluxVersion;
use crate::repo::RepoPath;

/// What the repository has of the git branches that clusters follow.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// The checked-out branch and commit.
    pub checkout: Checkout,
    /// The branches, by the name of the cluster. Clusters that follow none are missing.
    pub clusters: BTreeMap<String, Followed>,
}

/// The checked-out branch and commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The branch; `None` if HEAD is detached.
    pub branch: Option<String>,
    /// The commit, abbreviated; `None` if the branch has none yet.
    pub commit: Option<String>,
}

/// A branch that a cluster follows, in this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// There is neither a remote-tracking branch nor a local one.
    NotHere {
        /// The remote that would have it.
        remote: Option<String>,
    },
    /// There is one.
    Here(FollowedBranch),
}

/// A branch in this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedBranch {
    /// The ref: `origin/edge`, or `edge` for a local branch.
    pub reference: String,
    /// Whether it is a remote-tracking branch; a cluster applies what the remote has.
    pub is_remote: bool,
    /// Where it is, seen from HEAD.
    pub position: Position,
    /// What it states of the cluster.
    pub states: States,
}

/// Where a branch is, seen from HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the same commit.
    AtHead,
    /// At another commit.
    Apart {
        /// The number of its commits that HEAD does not have.
        ahead: usize,
        /// The number of commits of HEAD that it does not have.
        behind: usize,
    },
    /// At another commit, at an unknown distance: in a shallow clone, or without a commit at HEAD.
    Unknown,
}

/// What a branch states of the cluster that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// The same as this tree: it is at HEAD.
    TheSame,
    /// What its tree states.
    Own {
        /// The version of Flux, if stated.
        flux: Option<FluxVersion>,
        /// The flags of its controllers.
        controller_flags: Vec<ControllerFlag>,
        /// The Flux Kustomizations that the cluster applies, by namespace and name.
        kustomizations: BTreeMap<(String, String), OnBranch>,
    },
    /// Nothing: there is no cluster of that name in its tree.
    NoSuchCluster,
    /// It could not be read, as in a partial clone.
    Unreadable(String),
}

/// A Flux Kustomization as a branch states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBranch {
    /// What it builds, from the root of its source.
    pub path: Option<RepoPath>,
    /// The kind and name of its source.
    pub source: (String, String),
    /// Whether what it applies stays when it is deleted itself.
    pub keeps_on_deletion: bool,
}

impl OnBranch {
    /// A Flux Kustomization, and the name under which it is there.
    pub fn of(one: &FluxKustomization) -> ((String, String), OnBranch) {
        let there = OnBranch {
            path: one.stated_path(),
            source: (one.source.kind.clone(), one.source.name.clone()),
            keeps_on_deletion: one.keeps_on_deletion(),
        };
        ((one.namespace.clone(), one.name.clone()), there)
    }
}

impl Following {
    /// The branch that a cluster follows, unless it is checked out or at the same commit.
    pub fn elsewhere<'c>(&self, cluster: &'c Cluster) -> Option<&'c str> {
        let branch = cluster.branch.as_deref()?;
        let is_here = match self.of(cluster)? {
            Followed::Here(FollowedBranch { position, .. }) => *position == Position::AtHead,
            Followed::NotHere { .. } => false,
        };
        (!is_here && self.checkout.branch.as_deref() != Some(branch)).then_some(branch)
    }

    /// The clusters that do not read what is committed where the work tree is, of all clusters of
    /// the tree.
    ///
    /// If a cluster follows the checked-out branch, these are the clusters that follow others.
    /// Otherwise, as on a branch for a pull request, it will be merged into the branch that it was
    /// made from: the one that has most of its commits. Where that is not known, there is none.
    pub fn not_reading<'c>(&self, clusters: &[&'c Cluster]) -> Vec<&'c Cluster> {
        let here = self.checkout.branch.as_deref();
        let follows_here = |cluster: &Cluster| cluster.branch.is_some() && cluster.branch.as_deref() == here;
        if clusters.iter().any(|cluster| follows_here(cluster)) {
            let is_elsewhere = |cluster: &&&Cluster| cluster.branch.is_some() && !follows_here(cluster);
            return clusters.iter().filter(is_elsewhere).copied().collect();
        }
        let missing = |cluster: &Cluster| match self.of(cluster)? {
            Followed::Here(FollowedBranch { position: Position::AtHead, .. }) => Some(0),
            Followed::Here(FollowedBranch { position: Position::Apart { behind, .. }, .. }) => Some(*behind),
            Followed::Here(_) | Followed::NotHere { .. } => None,
        };
        let Some(least) = clusters.iter().filter_map(|cluster| missing(cluster)).min() else { return Vec::new() };
        clusters.iter().filter(|cluster| missing(cluster).is_some_and(|count| count > least)).copied().collect()
    }

    /// The branch of a cluster.
    pub fn of(&self, cluster: &Cluster) -> Option<&Followed> {
        self.clusters.get(&cluster.name)
    }

    /// Sets the version and the flags of clusters to those that their branches state. If a branch
    /// states nothing of its cluster, those of this tree stay.
    pub(in crate::flux) fn update(&self, clusters: &mut [Cluster]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::View;
    use crate::repo::Memory;

    const AT_HEAD: Position = Position::AtHead;

    fn apart(behind: usize) -> Position {
        Position::Apart { ahead: 1, behind }
    }

    /// The clusters that do not read what is committed on a branch, of `edge` and `main`, each with a
    /// branch of its name at some position.
    fn not_reading(checked_out: Option<&str>, edge: Position, main: Position) -> Vec<String> {
        let cluster = |name: &str| {
            let text = format!(
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
                 spec: {{url: https://example.org/home, ref: {{branch: {name}}}}}\n---\n\
                 apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {{name: {name}, namespace: flux-system}}\n\
                 spec: {{path: ./{name}, sourceRef: {{kind: GitRepository, name: {name}}}}}\n"
            );
            (format!("{name}/flux.yaml"), text)
        };
        let files = [cluster("edge"), cluster("main")];
        let files = files.each_ref().map(|(path, text)| (&**path, &**text));
        let view = View::of(Memory::tree(files)).unwrap();
        let followed = [("edge", edge), ("main", main)].map(|(name, position)| {
            let reference = format!("origin/{name}");
            let states = States::TheSame;
            (name.to_owned(), Followed::Here(FollowedBranch { reference, is_remote: true, position, states }))
        });
        let checkout = Checkout { branch: checked_out.map(str::to_owned), commit: Some("1234567".to_owned()) };
        let following = Following { checkout, clusters: followed.into() };
        let clusters: Vec<&Cluster> = view.graph().clusters.iter().collect();
        assert_eq!(clusters.len(), 2);
        following.not_reading(&clusters).iter().map(|cluster| cluster.name.clone()).collect()
    }

    #[test]
    fn a_branch_that_a_cluster_follows_is_for_that_cluster() {
        assert_eq!(not_reading(Some("main"), apart(977), AT_HEAD), ["edge"]);
        assert_eq!(not_reading(Some("main"), AT_HEAD, AT_HEAD), ["edge"], "it will not stay at this commit");
        assert_eq!(not_reading(Some("edge"), AT_HEAD, apart(0)), ["main"]);
        assert_eq!(not_reading(Some("main"), Position::Unknown, Position::Unknown), ["edge"]);
    }

    #[test]
    fn another_branch_is_for_the_one_that_it_was_made_from() {
        assert_eq!(not_reading(Some("topic"), apart(979), apart(2)), ["edge"]);
        assert_eq!(not_reading(Some("topic"), AT_HEAD, apart(12)), ["main"]);
        assert_eq!(not_reading(None, apart(979), AT_HEAD), ["edge"]);
        assert!(not_reading(Some("topic"), apart(2), apart(2)).is_empty(), "it can be merged into both");
        assert!(not_reading(Some("topic"), Position::Unknown, Position::Unknown).is_empty(), "not known");
    }
}
