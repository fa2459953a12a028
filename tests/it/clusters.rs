//! The branches that clusters follow, in real git repositories: which ref is taken for them, how
//! far they are, what they say of the cluster.

use std::fs;
use std::path::Path;

use crate::support::{Repo, program};
use flux_codemod::flux::{Followed, Position, States, View};
use flux_codemod::git::{Repository, WorkTree};
use flux_codemod::plan::{Finding, about_clusters, clusters_elsewhere};
use flux_codemod::repo::Tree;

/// Where the Flux of cluster `edge` is stated.
const FLUX: &str = "kubernetes/edge/flux/config/flux.yaml";

/// The example, with Flux 2.5.1 for `edge` on branch `edge` and 2.6.4 on `main`, which is two
/// commits further.
fn two_branches() -> Repo {
    let repo = Repo::example();
    let here = repo.read(FLUX);
    let old = here.replace("tag: v2.6.4", "tag: v2.5.1");
    assert_ne!(here, old);
    let repo = repo.write(FLUX, old).path().to_owned();
    let repo = Repo::copy_of(&repo).commit();
    repo.git(&["branch", "edge"]);
    repo.write(FLUX, here);
    commit(&repo, "Flux 2.6.4");
    repo.write("README.md", "home\n");
    commit(&repo, "a readme");
    repo
}

fn commit(repo: &Repo, message: &str) {
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--message", message]);
}

/// What `list` says of the clusters, each on one line, roots left out.
fn clusters(dir: &Path) -> Vec<String> {
    let output = program().arg("-C").arg(dir).arg("list").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let section = text.split("\nroadmap").next().unwrap();
    let mut found: Vec<String> = Vec::new();
    for line in section.lines().skip(1) {
        match found.last_mut() {
            Some(last) if line.starts_with("     ") => *last = format!("{last} {}", line.trim()),
            _ => found.push(line.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
    found.iter().map(|line| line.split(" releases root ").next().unwrap().to_owned()).collect()
}

fn view(dir: &Path) -> View {
    let git = WorkTree::around(dir).unwrap().unwrap();
    let view = View::of(Tree::of(std::sync::Arc::new(git.files().unwrap()))).unwrap();
    git.repository().follow(view).unwrap()
}

fn told(findings: &[Finding]) -> Vec<String> {
    let one = |finding: &Finding| format!("{} {}: {}", finding.code, finding.place().unwrap(), finding.message);
    findings.iter().map(one).collect()
}

const MAIN: &str = "main follows branch main (the local branch), Flux 2.7.5, 27 releases, from kubernetes/main/flux";
const NONE: &str = "(none) 1 release and 1 Flux Kustomization that no cluster applies";

#[test]
fn without_a_remote_it_is_the_local_branch() {
    let repo = two_branches();
    let edge = "edge follows branch edge (the local branch), 2 commits behind HEAD, Flux 2.5.1 on that branch, 3 releases, from \
                kubernetes/edge/flux";
    assert_eq!(clusters(repo.path()), [edge, MAIN, NONE]);
}

#[test]
fn the_remote_that_the_cluster_names_comes_first() {
    let repo = two_branches();
    repo.git(&["remote", "add", "origin", "https://github.com/me/fork.git"]);
    repo.git(&["remote", "add", "upstream", "git@git.example.org:home/home-ops.git"]);
    repo.git(&["update-ref", "refs/remotes/origin/edge", "HEAD~1"]);
    repo.git(&["update-ref", "refs/remotes/upstream/edge", "edge"]);
    repo.git(&["update-ref", "refs/heads/edge", "HEAD"]);
    assert!(clusters(repo.path())[0].starts_with(
        "edge follows branch edge (upstream/edge), 2 commits behind HEAD, Flux 2.5.1 on that branch, 3 releases"
    ));
    // No remote has the address: `origin`.
    repo.git(&["remote", "set-url", "upstream", "https://git.example.org/home/another"]);
    assert!(
        clusters(repo.path())[0]
            .starts_with("edge follows branch edge (origin/edge), 1 commit behind HEAD, Flux 2.6.4 on that branch")
    );
    // The only one, whatever its name and address.
    repo.git(&["remote", "remove", "origin"]);
    repo.git(&["update-ref", "refs/remotes/upstream/edge", "HEAD~2"]);
    assert!(clusters(repo.path())[0].starts_with("edge follows branch edge (upstream/edge), 2 commits behind HEAD"));
    // Several, and nothing to choose by.
    repo.git(&["remote", "add", "more", "https://git.example.org/home/more"]);
    assert!(
        clusters(repo.path())[0].starts_with("edge follows branch edge (the local branch), Flux 2.6.4, 3 releases")
    );
}

#[test]
fn a_branch_can_be_ahead_and_behind() {
    let repo = two_branches();
    repo.git(&["checkout", "--quiet", "edge"]);
    repo.write("notes.txt", "x\n");
    commit(&repo, "on edge");
    repo.git(&["checkout", "--quiet", "main"]);
    assert!(clusters(repo.path())[0].starts_with(
        "edge follows branch edge (the local branch), 2 commits behind and 1 ahead of HEAD, Flux 2.5.1 on that branch"
    ));
}

#[test]
fn a_branch_that_is_not_here_is_told_with_what_brings_it() {
    let repo = two_branches();
    let at = "kubernetes/edge/flux/config/cluster.yaml:18";
    repo.git(&["branch", "--quiet", "-D", "edge"]);
    assert!(
        clusters(repo.path())[0]
            .starts_with("edge follows branch edge (not fetched), Flux 2.6.4 in the checked-out files, 3 releases")
    );
    let taken = "its Flux version is taken from the checked-out files: 2.6.4";
    let told_without = format!(
        "branch-not-fetched {at}: cluster edge follows branch edge, which is not in this repository (there is no remote to fetch it from); {taken}"
    );
    assert_eq!(told(&about_clusters(&view(repo.path()))), [told_without]);
    repo.git(&["remote", "add", "origin", "https://git.example.org/home/home-ops.git"]);
    let how = "`git fetch origin edge:refs/remotes/origin/edge` fetches it";
    let found = told(&about_clusters(&view(repo.path())));
    assert_eq!(
        found[0],
        format!(
            "branch-not-fetched {at}: cluster edge follows branch edge, which is not in this repository ({how}); {taken}"
        )
    );
    assert_eq!(found.len(), 1, "main is not fetched either, but there is a local branch: {found:?}");
}

/// Which API version a source gets is decided by the Flux that the cluster runs, and that is what
/// its branch says.
#[test]
fn the_version_on_the_branch_decides() {
    let repo = two_branches();
    let diff = || repo.run(&["diff", "--cluster", "edge"]).stdout;
    let v1beta2 = "+apiVersion: source.toolkit.fluxcd.io/v1beta2\n";
    assert!(diff().contains(v1beta2), "{}", diff());
    repo.git(&["branch", "--force", "edge", "main"]);
    assert!(diff().contains("+apiVersion: source.toolkit.fluxcd.io/v1\n") && !diff().contains(v1beta2), "{}", diff());
}

#[test]
fn flags_are_those_on_the_branch() {
    let repo = two_branches();
    repo.git(&["checkout", "--quiet", "edge"]);
    repo.write(FLUX, repo.read(FLUX).replace("--concurrent=8", "--no-cross-namespace-refs=true"));
    commit(&repo, "refuse references across namespaces");
    repo.git(&["checkout", "--quiet", "main"]);
    let refuses = |view: &View| view.graph().clusters.first().unwrap().refuses_cross_namespace_refs("helm-controller");
    assert!(refuses(&view(repo.path())), "as its branch says, though the tree at hand does not");
    let list = repo.run(&["list"]).stdout;
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        list.contains("--no-cross-namespace-refs=true for") && list.contains("flux.yaml:41 on that branch"),
        "{list}"
    );
    repo.git(&["branch", "--force", "edge", "main"]);
    assert!(!refuses(&view(repo.path())));
}

#[test]
fn a_shallow_clone_knows_one_branch_and_no_distance() {
    let repo = two_branches();
    let place = Repo::empty();
    let url = format!("file://{}", repo.path().display());
    place.git(&["clone", "--quiet", "--depth", "1", &url, "clone"]);
    let clone = place.path().join("clone");
    let edge = "edge follows branch edge (not fetched), Flux 2.6.4 in the checked-out files, 3 releases, from kubernetes/edge/flux";
    let main = "main follows branch main (origin/main), Flux 2.7.5, 27 releases, from kubernetes/main/flux";
    assert_eq!(clusters(&clone), [edge, main, NONE]);
    let found = told(&about_clusters(&view(&clone)));
    assert!(found[0].contains("`git fetch origin edge:refs/remotes/origin/edge` fetches it"), "{found:?}");

    place.git(&["-C", "clone", "fetch", "--quiet", "--depth", "1", "origin", "edge:refs/remotes/origin/edge"]);
    let edge = "edge follows branch edge (origin/edge), its distance from HEAD is not known, Flux 2.5.1 on that branch, 3 releases, from \
                kubernetes/edge/flux";
    assert_eq!(clusters(&clone), [edge, main, NONE]);
}

#[test]
fn who_follows_another_branch_than_the_one_checked_out() {
    let repo = two_branches();
    let elsewhere = || told(&clusters_elsewhere(&view(repo.path())));
    let edge =
        "cluster-follows-other-branch kubernetes/edge/flux/config/cluster.yaml:18: cluster edge follows branch edge";
    let reach = |branch: &str| format!("a change reaches it only when it is merged into {branch}");
    assert_eq!(
        elsewhere(),
        [format!("{edge}, 2 commits behind HEAD, but branch main is checked out: {}", reach("edge"))]
    );

    repo.git(&["checkout", "--quiet", "--detach"]);
    let commit = repo.git(&["rev-parse", "--short=7", "HEAD"]);
    let detached =
        format!("{edge}, 2 commits behind HEAD, but HEAD is detached at {}: {}", commit.trim(), reach("edge"));
    assert_eq!(elsewhere(), [detached], "HEAD is where main is");
    assert_eq!(clusters(repo.path())[1], MAIN);

    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    assert_eq!(elsewhere().len(), 2, "neither cluster follows it");
    repo.git(&["checkout", "--quiet", "edge"]);
    let main =
        "cluster-follows-other-branch kubernetes/main/flux/config/cluster.yaml:18: cluster main follows branch main";
    assert_eq!(
        elsewhere(),
        [format!("{main}, 2 commits ahead of HEAD, but branch edge is checked out: {}", reach("main"))]
    );
}

#[test]
fn without_a_commit_there_is_no_branch() {
    let repo = Repo::example();
    repo.git(&["init", "--quiet", "--initial-branch=main"]);
    let edge = "edge follows branch edge (not fetched), Flux 2.6.4 in the checked-out files, 3 releases, from kubernetes/edge/flux";
    assert_eq!(clusters(repo.path())[0], edge);
    assert_eq!(clusters_elsewhere(&view(repo.path())).len(), 1, "main is checked out all the same");
    // A branch that was fetched before the first commit.
    let other = two_branches();
    repo.git(&["fetch", "--quiet", &other.path().display().to_string(), "edge:edge"]);
    assert!(clusters(repo.path())[0].starts_with(
        "edge follows branch edge (the local branch), its distance from HEAD is not known, Flux 2.5.1 on that branch"
    ));
}

#[test]
fn without_git_the_tree_at_hand_is_all_there_is() {
    let repo = Repo::example();
    let edge = "edge follows branch edge, Flux 2.6.4, 3 releases, from kubernetes/edge/flux";
    assert_eq!(clusters(repo.path())[0], edge);
    assert_eq!(clusters(repo.path())[3], "this is not a git repository: what is on these branches is not known");
}

#[test]
fn a_branch_that_says_nothing_of_its_cluster_is_told() {
    let repo = two_branches();
    let place = "kubernetes/edge/flux/config/cluster.yaml:18";
    let blob = repo.git(&["rev-parse", &format!("edge:{FLUX}")]);
    let (dir, name) = blob.trim().split_at(2);
    fs::remove_file(repo.path().join(".git/objects").join(dir).join(name)).unwrap();
    let found = told(&about_clusters(&view(repo.path())));
    assert!(
        found[0].starts_with(&format!("branch-unreadable {place}: cluster edge follows edge, which cannot be read")),
        "{found:?}"
    );
    assert!(
        clusters(repo.path())[0].contains("2 commits behind HEAD, Flux 2.6.4 in the checked-out files, 3 releases")
    );

    repo.git(&["checkout", "--quiet", "--orphan", "edge-anew"]);
    repo.git(&["rm", "--quiet", "-rf", "kubernetes/edge/flux"]);
    commit(&repo, "edge is elsewhere");
    repo.git(&["branch", "--force", "edge", "HEAD"]);
    repo.git(&["checkout", "--quiet", "main"]);
    let found = told(&about_clusters(&view(repo.path())));
    assert_eq!(
        found,
        [format!(
            "cluster-not-on-branch {place}: cluster edge follows edge, which has no cluster of that name; its Flux version is \
             taken from the checked-out files: 2.6.4"
        )]
    );
    assert!(
        clusters(repo.path())[0].contains("3 commits behind and 1 ahead of HEAD, Flux 2.6.4 in the checked-out files")
    );
}

#[test]
fn entry_points_that_cannot_be_read_are_told() {
    let repo = Repo::example();
    repo.write(
        "kubernetes/spare/flux/cluster.yaml.j2",
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: cluster\nspec:\n  path: ./kubernetes/spare/flux\n",
    );
    let repo = Repo::copy_of(repo.path()).commit();
    repo.git(&["branch", "edge"]);
    let found = about_clusters(&view(repo.path()));
    assert_eq!(
        told(&found),
        ["entry-point-template kubernetes/spare/flux/cluster.yaml.j2:3: this looks like the entry point of a \
          cluster (Kustomization), but it is a template, so the cluster is not seen"]
    );
    let instance = "instance:\n  sync: {kind: GitRepository, url: https://git.example.org/x, ref: refs/heads/main, path: setup/cluster}\n";
    repo.write("bootstrap/values.yaml", instance);
    let found = told(&about_clusters(&view(repo.path())));
    assert_eq!(
        found[1],
        "entry-point-not-here bootstrap/values.yaml:1: cluster cluster starts from setup/cluster, which does not exist in this tree"
    );
}

#[test]
fn seen_from_a_base_it_is_the_base_that_counts() {
    let repo = two_branches();
    let git = Repository::around(repo.path()).unwrap().unwrap();
    let edge = git.base("edge").unwrap();
    let view = View::of(git.tree(&edge).unwrap()).unwrap();
    let view = git.follow_from(view, &edge);
    assert_eq!(view.followed().unwrap().checkout.branch.as_deref(), Some("edge"));
    let found = |cluster: &str| match &view.followed().unwrap().clusters[cluster] {
        Followed::Here(branch) => branch.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((found("edge").position, found("edge").states), (Position::AtHead, States::TheSame));
    assert_eq!(found("main").position, Position::Apart { ahead: 2, behind: 0 });
    assert_eq!(git.followed(&found("edge")).unwrap(), edge);
}
