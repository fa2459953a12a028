//! The branches that clusters follow: where they are relative to HEAD, and what they say about the
//! cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use git2::{ErrorCode, Oid};

use super::branch::{self, Branch};
use super::{Base, GitError, Repository};
use crate::flux::{Checkout, Followed, FollowedBranch, Following, OnBranch, Position, States, View};
use crate::repo::Tree;

impl Repository {
    /// Looks up the branches that the clusters of a view follow, and what these branches say about
    /// them.
    ///
    /// A cluster applies what the remote has: the remote-tracking branch, of the remote that its
    /// GitRepository names, comes before the local one. Trees are read only for branches at another
    /// commit than HEAD, and of these only files that HEAD does not have.
    ///
    /// # Errors
    /// [`GitError`] if HEAD cannot be read. A branch that is missing or cannot be read is no error:
    /// see [`Followed`].
    pub fn follow(&self, view: View) -> Result<View, GitError> {
        let (checkout, head) = self.checkout()?;
        Ok(self.follow_at(view, checkout, head))
    }

    /// The same for the view of a base's tree: branches are seen from the base, and HEAD does not
    /// matter.
    pub fn follow_from(&self, view: View, base: &Base) -> View {
        let checkout = Checkout { branch: base.branch.clone(), commit: Some(base.id.short()) };
        self.follow_at(view, checkout, Some(base.id.0))
    }

    fn follow_at(&self, view: View, checkout: Checkout, head: Option<Oid>) -> View {
        let mut read: BTreeMap<Oid, Result<View, String>> = BTreeMap::new();
        let mut clusters = BTreeMap::new();
        for cluster in &view.graph().clusters {
            let Some(name) = &cluster.branch else { continue };
            let remotes = branch::remotes_for(&self.git, cluster.url.as_deref());
            let followed = match branch::find(&self.git, name, &remotes) {
                None => Followed::NotHere { remote: remotes.into_iter().next() },
                Some(Branch { reference, is_remote, id }) => {
                    let states = if Some(id) == head {
                        States::TheSame
                    } else {
                        let there = read.entry(id).or_insert_with(|| self.view_of(id, &view));
                        stated(there, &cluster.name)
                    };
                    Followed::Here(FollowedBranch { reference, is_remote, position: self.position(id, head), states })
                }
            };
            clusters.insert(cluster.name.clone(), followed);
        }
        view.following(Following { checkout, clusters })
    }

    fn view_of(&self, id: Oid, like: &View) -> Result<View, String> {
        let commit = self.commit(id).map_err(|error| error.to_string())?;
        View::like(Tree::of(Arc::new(commit)), like).map_err(|error| error.to_string())
    }

    /// What is checked out, and the commit at HEAD; a missing branch or commit is no error.
    fn checkout(&self) -> Result<(Checkout, Option<Oid>), GitError> {
        let named = self.git.find_reference("HEAD").map_err(|error| self.unreadable(&error))?;
        let branch = named.symbolic_target_bytes().map(|name| {
            let full_name = String::from_utf8_lossy(name);
            full_name.strip_prefix("refs/heads/").unwrap_or(&full_name).to_owned()
        });
        let head = match self.git.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => Some(commit.id()),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
            Err(error) => return Err(self.unreadable(&error)),
        };
        let commit = head.map(|id| id.to_string()[..7].to_owned());
        Ok((Checkout { branch, commit }, head))
    }

    /// The position of a commit relative to HEAD. It is unknown in a shallow clone, whose history
    /// is cut off.
    fn position(&self, id: Oid, head: Option<Oid>) -> Position {
        match head {
            Some(head) if head == id => Position::AtHead,
            Some(head) if !self.git.is_shallow() => match self.git.graph_ahead_behind(id, head) {
                Ok((ahead, behind)) => Position::Apart { ahead, behind },
                Err(_) => Position::Unknown,
            },
            _ => Position::Unknown,
        }
    }
}

fn stated(there: &Result<View, String>, cluster: &str) -> States {
    match there {
        Err(why) => States::Unreadable(why.clone()),
        Ok(view) => match view.graph().clusters.entries().find(|(_, known)| known.name == cluster) {
            Some((id, found)) => {
                let applied = view.graph().kustomizations.iter().filter(|it| it.cluster == id);
                States::Own {
                    flux: found.flux_here,
                    controller_flags: found.controller_flags.clone(),
                    kustomizations: applied.map(OnBranch::of).collect(),
                }
            }
            None => States::NoSuchCluster,
        },
    }
}
