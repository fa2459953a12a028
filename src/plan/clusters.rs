//! Findings about clusters that do not depend on any migration.

use super::codes;
use super::{Code, Finding, Severity};
use crate::flux::{Cluster, Followed, FollowedBranch, Position, States, View};

/// What keeps this tree from showing what its clusters apply: entry points that cannot be read or
/// are missing, and branches that are missing.
pub fn about_clusters(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    if graph.clusters.is_empty() && view.entry_templates().is_empty() {
        let message = "no entry point of a cluster was found, so hardly anything can be checked".to_owned();
        found.push(Finding { severity: Severity::Warning, code: codes::NO_CLUSTER, path: None, line: None, message });
    }
    for template in view.entry_templates() {
        // Beside clusters that can be read it is most often what these were rendered from.
        let severity = if graph.clusters.is_empty() { Severity::Warning } else { Severity::Note };
        let kind = if template.kind == "flux-instance" { "values of flux-instance" } else { template.kind };
        found.push(Finding {
            severity,
            code: codes::ENTRY_POINT_TEMPLATE,
            path: Some(template.path.clone()),
            line: Some(template.line),
            message: format!(
                "this looks like the entry point of a cluster ({kind}), but it is a template, so the cluster is not seen"
            ),
        });
    }
    for cluster in &graph.clusters {
        if !cluster.in_tree {
            let message =
                format!("cluster {} starts from {}, which does not exist in this tree", cluster.name, cluster.path);
            found.push(at_entry(view, cluster, Severity::Warning, codes::ENTRY_POINT_NOT_HERE, message));
        }
        let followed = view.followed().and_then(|following| following.of(cluster));
        if let (Some(branch), Some(followed)) = (&cluster.branch, followed) {
            found.extend(about_branch(view, cluster, branch, followed));
        }
    }
    found
}

fn about_branch(view: &View, cluster: &Cluster, branch: &str, followed: &Followed) -> Option<Finding> {
    let name = &cluster.name;
    let taken = cluster.flux_here.map_or("its Flux version is not known".to_owned(), |flux| {
        format!("its Flux version is taken from the checked-out files: {flux}")
    });
    let (code, message) = match followed {
        Followed::NotHere { remote } => {
            let how = match remote {
                Some(remote) if is_plain(remote) && is_plain(branch) => {
                    format!("`git fetch {remote} {branch}:refs/remotes/{remote}/{branch}` fetches it")
                }
                Some(_) => "fetch it".to_owned(),
                None => "there is no remote to fetch it from".to_owned(),
            };
            (
                codes::BRANCH_NOT_FETCHED,
                format!("cluster {name} follows branch {branch}, which is not in this repository ({how}); {taken}"),
            )
        }
        Followed::Here(FollowedBranch { reference, states: States::NoSuchCluster, .. }) => (
            codes::CLUSTER_NOT_ON_BRANCH,
            format!("cluster {name} follows {reference}, which has no cluster of that name; {taken}"),
        ),
        Followed::Here(FollowedBranch { reference, states: States::Unreadable(why), .. }) => (
            codes::BRANCH_UNREADABLE,
            format!("cluster {name} follows {reference}, which cannot be read ({why}); {taken}"),
        ),
        Followed::Here(_) => return None,
    };
    Some(at_entry(view, cluster, Severity::Note, code, message))
}

/// The clusters that follow another branch than the one that is checked out: a change reaches them
/// only when it is merged into that branch.
pub fn clusters_elsewhere(view: &View) -> Vec<Finding> {
    let Some(following) = view.followed() else { return Vec::new() };
    let mut found = Vec::new();
    for cluster in &view.graph().clusters {
        let (Some(branch), Some(followed)) = (&cluster.branch, following.of(cluster)) else { continue };
        let position = match followed {
            Followed::Here(branch) => Some(branch.position),
            Followed::NotHere { .. } => None,
        };
        let checked_out = match (&following.checkout.branch, &following.checkout.commit) {
            (Some(checked_out), _) if checked_out == branch => continue,
            (None, _) if position == Some(Position::AtHead) => continue,
            (Some(checked_out), _) => format!("branch {checked_out} is checked out"),
            (None, commit) => format!("HEAD is detached at {}", commit.as_deref().unwrap_or("nothing")),
        };
        let apart = match position {
            Some(Position::Apart { ahead, behind }) => format!(", {}", apart(ahead, behind)),
            _ => String::new(),
        };
        let message = format!(
            "cluster {} follows branch {branch}{apart}, but {checked_out}: a change reaches it only when it is merged into {branch}",
            cluster.name
        );
        found.push(at_entry(view, cluster, Severity::Note, codes::CLUSTER_FOLLOWS_OTHER_BRANCH, message));
    }
    found
}

/// How far a branch is from HEAD: `2 commits behind and 1 ahead of HEAD`.
pub fn apart(ahead: usize, behind: usize) -> String {
    let commits = |number: usize| if number == 1 { "1 commit".to_owned() } else { format!("{number} commits") };
    match (ahead, behind) {
        (ahead, 0) => format!("{} ahead of HEAD", commits(ahead)),
        (0, behind) => format!("{} behind HEAD", commits(behind)),
        (ahead, behind) => format!("{} behind and {ahead} ahead of HEAD", commits(behind)),
    }
}

/// Whether a name can be part of a command that you may copy.
fn is_plain(name: &str) -> bool {
    !name.starts_with('-') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}

fn at_entry(view: &View, cluster: &Cluster, severity: Severity, code: &'static Code, message: String) -> Finding {
    let at = &cluster.stated_at;
    let line = view.node(at).map(|node| node.line());
    Finding { severity, code, path: Some(at.path.clone()), line, message }
}
