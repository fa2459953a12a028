use std::collections::BTreeSet;
use std::ops::Range;

use super::keys::{DUPLICATE, INVALID_VALUE, Keys};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// A cluster as the configuration names it. Its place in the list is its place in the order of
/// promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSettings {
    /// Its name.
    pub name: String,
    /// The directory that its entry point builds, if that is not found in the repository.
    pub path: Option<RepoPath>,
    /// The directory of the repository whose content its artifact holds, from which the paths of its
    /// Flux Kustomizations count, if that is not found.
    pub root: Option<RepoPath>,
    /// The branch that it follows, if it is not the one that is found in the repository.
    pub branch: Option<String>,
    /// The context of kubectl and flux that reaches it, for the commands of runbooks.
    pub context: Option<String>,
    /// The line of its name in the file, from 1.
    pub line: usize,
    /// The bytes of its name.
    pub(super) name_at: Range<usize>,
    /// The bytes of its path.
    pub(super) path_at: Range<usize>,
}

/// Reads the list `clusters`.
pub(super) fn read(keys: &mut Keys<'_, '_>) -> Vec<ClusterSettings> {
    let mut clusters: Vec<ClusterSettings> = Vec::new();
    let mut names = BTreeSet::new();
    keys.about("The clusters in the order of promotion, first those that may break.");
    for (item, cluster) in keys.mappings("clusters", "a cluster", |keys| one(keys)).unwrap_or_default() {
        let Some(cluster) = cluster else { continue };
        if !names.insert(cluster.name.clone()) {
            let message = format!("`clusters` has the cluster `{}` twice", cluster.name);
            keys.mistake(DUPLICATE, item, message, "remove one of them: a cluster has one place in the order");
        }
        let same = |other: &&ClusterSettings| {
            (&other.path, &other.root, &other.branch) == (&cluster.path, &cluster.root, &cluster.branch)
        };
        if let Some(other) = clusters.iter().find(same).filter(|_| cluster.path.is_some()) {
            let message = format!("`{}` and `{}` have the same path and branch", other.name, cluster.name);
            keys.mistake(
                DUPLICATE,
                item,
                message,
                "two clusters with the same path follow different branches: add `branch`",
            );
        }
        clusters.push(cluster);
    }
    clusters
}

fn one(keys: &mut Keys<'_, '_>) -> Option<ClusterSettings> {
    let name = keys.about("Its name.").text("name");
    let path = keys.about("The directory that Flux starts from, if it is not found in the repository.").text("path");
    let path = path.and_then(|(text, node)| Some((keys.path(text, node, "kubernetes/main/flux")?, node)));
    let root = keys.about("The directory that its OCI artifact is pushed from, if that is not found.").text("root");
    let root = root.and_then(|(text, node)| keys.path(text, node, "kubernetes"));
    let context = keys.about("The context of kubectl and flux, for the commands of runbooks.").text("context");
    let context = context.and_then(|(text, node)| is_context(keys, text, node).then(|| text.to_owned()));
    let branch = keys.about("The branch that it follows, if it is not the one that is found.").text("branch");
    let branch = branch.and_then(|(text, node)| is_branch(keys, text, node).then(|| text.to_owned()));
    if !keys.has("name") {
        keys.missing("name", "main");
    }
    let (name, node) = name?;
    let path_at = path.as_ref().map_or(node.range(), |(_, node)| node.range());
    let path = path.map(|(path, _)| path);
    let (line, name_at) = (node.line(), node.range());
    Some(ClusterSettings { name: name.to_owned(), path, root, branch, context, line, name_at, path_at })
}

/// Whether git accepts this as the name of a branch (git-check-ref-format). A full ref name is a
/// likely mistake.
fn is_branch(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> bool {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let is_invalid = text.contains(forbidden)
        || ["..", "@{", "//"].iter().any(|part| text.contains(part))
        || text.starts_with(['/', '-', '.'])
        || text.ends_with(['/', '.']);
    let help = match text.strip_prefix("refs/heads/") {
        Some(short) => format!("write `{short}`"),
        None if is_invalid => "write the name of the branch, such as `main`".to_owned(),
        None => return true,
    };
    keys.mistake(INVALID_VALUE, node, format!("`{text}` is not a valid branch name"), help);
    false
}

/// Whether a text can be the name of a context: no option, and no line break.
fn is_context(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> bool {
    let is_one = !text.starts_with('-') && !text.chars().any(char::is_control);
    if !is_one {
        let help = "write a name that `kubectl config get-contexts` lists";
        keys.mistake(INVALID_VALUE, node, format!("`context` cannot be `{}`", text.escape_debug()), help);
    }
    is_one
}
