//! Finds the branch that a cluster follows among remote-tracking and local branches, by the address
//! of its repository and its name.

use git2::{Direction, Oid, Repository};

use crate::flux::address;

/// A branch that a cluster follows, found in this repository.
pub(super) struct Branch {
    /// `origin/edge`, or `edge` for a local branch.
    pub(super) reference: String,
    pub(super) is_remote: bool,
    pub(super) id: Oid,
}

/// The names of the remotes, `origin` first.
pub(super) fn remotes(repository: &Repository) -> Vec<String> {
    let Ok(names) = repository.remotes() else { return Vec::new() };
    let mut names: Vec<String> = names.iter().filter_map(|name| Some(name.ok()??.to_owned())).collect();
    names.sort_by_key(|name| (name != "origin", name.clone()));
    names
}

/// The addresses of the remotes.
pub(super) fn urls(repository: &Repository) -> Vec<String> {
    let of = |name: &String| Some(repository.find_remote(name).ok()?.url().ok()?.to_owned());
    remotes(repository).iter().filter_map(of).collect()
}

/// The remotes that may have the branches of a repository with this address: those with the same
/// address, whatever the protocol; else the only remote, else `origin`.
pub(super) fn remotes_for(repository: &Repository, url: Option<&str>) -> Vec<String> {
    let names = remotes(repository);
    let asked = url.and_then(address);
    let has_it = |name: &&String| {
        let remote = repository.find_remote(name).ok();
        let of_remote = remote.as_ref().and_then(|remote| address(remote.url().ok()?));
        of_remote.is_some() && of_remote == asked
    };
    let same: Vec<String> = names.iter().filter(has_it).cloned().collect();
    match names.as_slice() {
        _ if !same.is_empty() => same,
        [only] => vec![only.clone()],
        several => several.iter().filter(|name| *name == "origin").cloned().collect(),
    }
}

/// The branch with this name: the remote-tracking one if it was fetched, else the local one.
pub(super) fn find(repository: &Repository, name: &str, remotes: &[String]) -> Option<Branch> {
    let commit = |reference: &str| repository.find_reference(reference).ok()?.peel_to_commit().ok().map(|it| it.id());
    let remote = remotes.iter().find_map(|remote| {
        let full_name = tracking(repository, remote, name);
        let id = commit(&full_name)?;
        let reference = full_name.strip_prefix("refs/remotes/").unwrap_or(&full_name).to_owned();
        Some(Branch { reference, is_remote: true, id })
    });
    remote.or_else(|| {
        let id = commit(&format!("refs/heads/{name}"))?;
        Some(Branch { reference: name.to_owned(), is_remote: false, id })
    })
}

/// The ref that tracks a branch of a remote: according to its refspecs, else the usual name, which
/// a clone of a single branch does not list.
fn tracking(repository: &Repository, remote: &str, name: &str) -> String {
    let source = format!("refs/heads/{name}");
    let by_refspec = || {
        let remote = repository.find_remote(remote).ok()?;
        let mut fetched =
            remote.refspecs().filter(|spec| spec.direction() == Direction::Fetch && spec.src_matches(&source));
        let kept = fetched.next()?.transform(&source).ok()?;
        Some(str::from_utf8(&kept).ok()?.to_owned()).filter(|kept| !kept.is_empty())
    };
    by_refspec().unwrap_or_else(|| format!("refs/remotes/{remote}/{name}"))
}
