//! Finds the branch that a cluster follows among remote-tracking and local branches, by the address
//! of its repository and its name.

use git2::{Direction, Oid, Repository};

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

/// The remotes that may have the branches of a repository with this address: those with the same
/// address, whatever the protocol; else the only remote, else `origin`.
pub(super) fn remotes_for(repository: &Repository, url: Option<&str>) -> Vec<String> {
    let names = remotes(repository);
    let address = url.and_then(address);
    let has_it = |name: &&String| {
        let remote = repository.find_remote(name).ok();
        let of_remote = remote.as_ref().and_then(|remote| self::address(remote.url().ok()?));
        of_remote.is_some() && of_remote == address
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

/// What is the same in all addresses of a repository: host and path, without protocol, user, port
/// and `.git`.
fn address(url: &str) -> Option<String> {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url).trim_end_matches('/');
    let (authority, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // As in git: `host:path`, unless a slash comes before the colon.
        None => url
            .split_once(':')
            .filter(|(host, _)| !host.contains('/'))
            .or_else(|| Some(("", url.strip_prefix('/')?)))?,
    };
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let host = host_and_port.split_once(':').map_or(host_and_port, |(host, _)| host);
    // Hosts ignore case, and so do forges in the names of owners and repositories.
    Some(format!("{host}/{}", path.trim_start_matches('/')).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_addresses() {
        let same = [
            "https://github.com/home/home-ops",
            "https://github.com/home/home-ops.git",
            "https://token@github.com/Home/home-ops/",
            "ssh://git@github.com/home/home-ops",
            "ssh://git@github.com:22/home/home-ops.git",
            "git@github.com:home/home-ops.git",
            "git://GitHub.com/home/home-ops",
        ];
        for url in same {
            assert_eq!(address(url).as_deref(), Some("github.com/home/home-ops"), "{url}");
        }
        assert_eq!(address("file:///srv/home-ops.git"), address("/srv/home-ops"));
        assert_ne!(address("https://github.com/home/other"), address(same[0]));
        assert_ne!(address("https://gitlab.com/home/home-ops"), address(same[0]));
        assert_eq!(address("../home-ops"), None, "what is relative says too little");
        assert_eq!(address("${URL}"), None);
    }
}
