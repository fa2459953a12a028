//! Addresses of git repositories.

/// What is the same in all addresses of a repository: host and path, without protocol, user, port
/// and `.git`.
pub fn address(url: &str) -> Option<String> {
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
