//! Whether what a build needs is there: in the tree, and in the artifact that Flux builds from.

use crate::flux::{Artifact, View};
use crate::repo::RepoPath;

/// Why a build from some artifacts does not find a path: `is not there`. `None` if it is there, or
/// if that cannot be told. Without artifacts, nothing builds it.
pub(super) fn absent(view: &View, artifacts: &[&Artifact], path: &RepoPath) -> Option<&'static str> {
    // What another repository has there is not in this tree.
    if artifacts.iter().any(|artifact| artifact.includes(path)) {
        return None;
    }
    let tree = view.tree();
    let target = tree.follow(path);
    if target.as_ref() != Some(path) && !artifacts.is_empty() {
        return Some("is behind a symbolic link, and Flux leaves links out of its artifacts");
    }
    // A link that leaves the tree may lead to anything.
    if target.as_ref().is_some_and(|target| !tree.holds(target)) {
        return Some("does not exist");
    }
    let lacks = |artifact: &&Artifact| !artifact.holds_any(path, tree);
    artifacts.iter().any(lacks).then_some("is left out of the artifact, by .sourceignore or the spec of the source")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::examine;
    use crate::finding::Severity;
    use crate::repo::Memory;

    const ENTRY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, SPEC}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: home, namespace: flux-system}
spec: {path: ./flux, sourceRef: {kind: GitRepository, name: home}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: home}}
";

    /// The errors of a tree with a GitRepository of this spec, as `file:line message`.
    fn errors(spec: &str, apps: &str) -> Vec<String> {
        let entry = ENTRY.replace("SPEC", spec);
        let files = [
            ("flux/home.yaml", &*entry),
            ("apps/kustomization.yaml", apps),
            ("apps/a.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: a}}\n"),
            ("base/kustomization.yaml", "resources: []\n"),
        ];
        let view = View::of(Memory::tree(files)).unwrap();
        let errors = examine(&view).into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| format!("{} {}", finding.place().unwrap_or_default(), finding.message)).collect()
    }

    #[test]
    fn what_is_not_in_the_artifact_is_not_there() {
        let apps = "resources:\n- a.yaml\n- ../base\n- ../vendor\n";
        let missing = "apps/kustomization.yaml:4 ../vendor does not exist";
        assert_eq!(errors("ref: {branch: main}", apps), [missing]);
        assert_eq!(errors("include: [{repository: {name: vendor}}]", apps), [""; 0], "another repository has it");
        let left_out =
            "apps/kustomization.yaml:3 ../base is left out of the artifact, by .sourceignore or the spec of the source";
        assert_eq!(errors("ignore: /base", apps), [left_out, missing]);
        let path = "flux/home.yaml:14 flux-system/apps builds apps, which is left out of the artifact, \
                    by .sourceignore or the spec of the source";
        assert_eq!(errors("sparseCheckout: [flux]", apps), [path]);
    }
}
