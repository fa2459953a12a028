//! `dependsOn` and references to sources: what they name is applied.

use std::collections::BTreeMap;

use super::applied::{Applied, goes_elsewhere};
use super::codes::{DEPENDS_ON_NOTHING, HIDDEN_FAILURE, SOURCE_REF_MISSING};
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ById, ClusterId, FluxKustomization, KustomizationId, Reach, Value, View};
use crate::yaml::Node;

pub(super) fn findings(view: &View, applied: &ById<ClusterId, Applied>) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    // What else is in other clusters than those that begin here is not known.
    for kustomization in graph.kustomizations.iter().filter(|kustomization| kustomization.lives_in.is_none()) {
        found.extend(of_kustomization(view, kustomization, &applied[kustomization.cluster]));
    }
    for (at, reaches) in graph.reached() {
        let releases = reaches.iter().filter(|reach| reach.kind == "HelmRelease");
        for reach in releases.filter(|reach| !goes_elsewhere(view, reach)) {
            found.extend(of_release(view, at, reach, &applied[reach.cluster]));
        }
    }
    found
}

fn of_kustomization(view: &View, kustomization: &FluxKustomization, applied: &Applied) -> Vec<Finding> {
    let mut found = Vec::new();
    let field = |path: &[&str]| place(view, &kustomization.at, path);
    for (namespace, name) in &kustomization.depends_on {
        if !applied.has("Kustomization", namespace, name) {
            let instead = applied.elsewhere("Kustomization", name);
            let message = format!(
                "{} depends on Kustomization {namespace}/{name}, which the cluster does not apply{instead}",
                kustomization.full_name()
            );
            let line = place_of_item(view, &kustomization.at, &["spec", "dependsOn"], name);
            found.push(finding(Severity::Error, DEPENDS_ON_NOTHING, &kustomization.at.path, line, message));
        }
    }
    let source = &kustomization.source;
    let namespace = source.namespace.as_deref().unwrap_or(&kustomization.namespace);
    if kustomization.parent.is_some() && !applied.has(&source.kind, namespace, &source.name) {
        let instead = applied.elsewhere(&source.kind, &source.name);
        let message = format!(
            "{} builds from {} {namespace}/{}, which the cluster does not apply{instead}",
            kustomization.full_name(),
            source.kind,
            source.name
        );
        found.push(finding(
            Severity::Error,
            SOURCE_REF_MISSING,
            &kustomization.at.path,
            field(&["spec", "sourceRef"]),
            message,
        ));
    }
    found
}

fn of_release(view: &View, at: &At, reach: &Reach, applied: &Applied) -> Vec<Finding> {
    let Some(object) = view.effective(at, reach) else { return Vec::new() };
    let here = reach.namespace.as_deref().unwrap_or_default();
    let called = format!("{here}/{}", reach.name).trim_start_matches('/').to_owned();
    let mut found = Vec::new();
    for item in object.at(&["spec", "dependsOn"]).map_or(&[][..], Value::items) {
        let (Some(name), namespace) = (item.text_at(&["name"]), item.text_at(&["namespace"]).unwrap_or(here)) else {
            continue;
        };
        if !applied.has("HelmRelease", namespace, name) {
            let instead = applied.elsewhere("HelmRelease", name);
            let message = format!(
                "{called} depends on HelmRelease {namespace}/{name}, which the cluster does not apply{instead}"
            );
            let line = place_of_item(view, at, &["spec", "dependsOn"], name);
            found.push(finding(Severity::Error, DEPENDS_ON_NOTHING, &at.path, line, message));
        }
    }
    for path in [&["spec", "chart", "spec", "sourceRef"][..], &["spec", "chartRef"]] {
        let Some(reference) = object.at(path) else { continue };
        let (Some(kind), Some(name)) = (reference.text_at(&["kind"]), reference.text_at(&["name"])) else { continue };
        let namespace = reference.text_at(&["namespace"]).unwrap_or(here);
        if !applied.has(kind, namespace, name) {
            let instead = match (applied.elsewhere(kind, name), unlisted(view, kind, name)) {
                (instead, Some(file)) if instead.is_empty() => {
                    format!("; {file} has one, but no kustomization lists it")
                }
                (instead, _) => instead,
            };
            let message = format!(
                "{called} takes its chart from {kind} {namespace}/{name}, which the cluster does not apply{instead}"
            );
            found.push(finding(Severity::Error, SOURCE_REF_MISSING, &at.path, place(view, at, path), message));
        }
    }
    found
}

/// The file of an object that is in the tree and no cluster applies.
fn unlisted(view: &View, kind: &str, name: &str) -> Option<String> {
    let mut objects = view.files().flat_map(|(_, file)| &file.objects);
    let found = objects
        .find(|object| object.kind == kind && object.name == name && view.graph().reaches(&object.at).is_empty());
    found.map(|object| object.at.path.to_string())
}

/// The line of a field, or of what comes nearest to it; a patch may have put it there.
pub(super) fn place(view: &View, at: &At, path: &[&str]) -> usize {
    let root = view.node(at);
    let field = (0..path.len()).rev().find_map(|end| root?.at(&path[..=end]));
    field.map_or_else(|| line(view, at), Node::line)
}

/// The line of the item of a list that states a name, or else of the list.
pub(super) fn place_of_item(view: &View, at: &At, path: &[&str], name: &str) -> usize {
    let list = view.node(at).and_then(|root| root.at(path));
    let item = list.into_iter().flat_map(Node::items).find(|item| item.text_at(&["name"]) == Some(name));
    item.map_or_else(|| place(view, at, path), Node::line)
}

/// Kustomizations with HelmReleases that others depend on and that do not wait for them.
pub(super) fn hidden_failures(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let mut releases: BTreeMap<KustomizationId, Vec<String>> = BTreeMap::new();
    for reach in graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.kind == "HelmRelease") {
        releases.entry(reach.kustomization).or_default().push(reach.name.into());
    }
    let hidden = releases.into_iter().map(|(id, names)| (id, &graph.kustomizations[id], names));
    hidden
        .filter(|(_, kustomization, _)| !kustomization.waits())
        .filter_map(|(id, kustomization, names)| {
            let dependents: Vec<_> =
                graph.direct_dependents(id).iter().map(|other| graph.kustomizations[*other].name.clone()).collect();
            let message = format!(
                "{} does not wait for {}, and {} on it",
                kustomization.full_name(),
                listed(names),
                if let [one] = dependents.as_slice() {
                    format!("{one} depends")
                } else {
                    format!("{} depend", listed(dependents.clone()))
                }
            );
            (!dependents.is_empty()).then(|| {
                finding(
                    Severity::Note,
                    HIDDEN_FAILURE,
                    &kustomization.at.path,
                    place(view, &kustomization.at, &["spec", "wait"]),
                    message,
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::examine;
    use crate::repo::Memory;

    fn kustomization(name: &str, path: &str, more: &str) -> String {
        format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{path: {path}, sourceRef: {{kind: GitRepository, name: home}}{more}}}\n"
        )
    }

    fn release(name: &str, repository: &str) -> String {
        format!(
            "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: apps}}\n\
             spec: {{chart: {{spec: {{chart: x, sourceRef: {{kind: HelmRepository, name: {repository}}}}}}}}}\n"
        )
    }

    fn repository(name: &str) -> String {
        format!(
            "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: {name}, namespace: apps}}\n\
             spec: {{url: https://example.org/{name}}}\n"
        )
    }

    /// The errors of a hub that applies `./spoke` to another cluster.
    fn errors(hub: &str, spoke: &str) -> Vec<String> {
        let remote = ", kubeConfig: {secretRef: {name: spoke}}";
        let flux = [
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: home, namespace: flux-system}\n\
             spec: {url: https://example.org/home}\n",
            &kustomization("home", "./flux", ""),
            &kustomization("spoke", "./spoke", remote),
            &kustomization("hub", "./hub", ""),
        ];
        let flux = flux.concat();
        let files = [
            ("flux/flux.yaml", &*flux),
            ("hub/all.yaml", hub),
            ("spoke/all.yaml", spoke),
            ("apps/x.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: x}}"),
        ];
        let view = View::of(Memory::tree(files)).unwrap();
        let errors = examine(&view).into_iter().filter(|finding| finding.severity != Severity::Note);
        errors.map(|finding| format!("{} {}", finding.code.id, finding.message)).collect()
    }

    #[test]
    fn what_is_on_another_cluster_is_not_on_this_one() {
        let (hub, spoke) = (release("echo", "charts"), [repository("charts"), release("spoke", "unknown")].concat());
        let missing = "source-ref-missing apps/echo takes its chart from HelmRepository apps/charts, which the cluster does not apply";
        assert_eq!(errors(&hub, &spoke), [missing], "what else is on the spoke is not known");
        let hub = [hub, repository("charts")].concat();
        assert_eq!(errors(&hub, &spoke), [""; 0], "and each may have its own");
        // Flux Kustomizations of the spoke are run there.
        let spoke = [kustomization("apps", "./apps", ""), kustomization("later", "./none", ", dependsOn: [{name: x}]")];
        let of_hub = kustomization("apps", "./apps", ", dependsOn: [{name: later}]");
        let found = errors(&of_hub, &spoke.concat());
        let depends = "depends-on-missing flux-system/apps depends on Kustomization flux-system/later, which the cluster does not apply";
        assert_eq!(found, [depends, "path-missing flux-system/later builds none, which does not exist"]);
    }

    /// It would apply itself, and own what it builds a second time.
    #[test]
    fn a_manifest_that_goes_to_another_cluster_is_another_one() {
        let own = kustomization("self", "./hub", ", kubeConfig: {secretRef: {name: other}}");
        assert_eq!(errors(&own, ""), [""; 0]);
        let here = errors(&kustomization("self", "./hub", ""), "");
        let ids: Vec<&str> = here.iter().map(|error| error.split_once(' ').unwrap().0).collect();
        assert_eq!(ids, ["kustomization-applies-itself"]);
    }
}
