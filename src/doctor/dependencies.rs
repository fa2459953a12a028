//! `dependsOn` and references to sources: what they name is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::{DEPENDS_ON_NOTHING, HIDDEN_FAILURE, SOURCE_REF_MISSING};
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{At, ById, ClusterId, FluxKustomization, KustomizationId, Reach, SourceRef, Value, View};
use crate::yaml::Node;

/// Kind, namespace and name.
type Name = (String, String, String);

/// The objects of Flux in a cluster.
struct Applied {
    names: BTreeSet<Name>,
    /// Those of them whose name or namespace is only known on the cluster.
    unclear: Vec<Name>,
    /// Whether something that is applied is not in this tree, so that what is missing may be there.
    is_partial: bool,
}

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let applied: ById<ClusterId, Applied> = graph.clusters.ids().map(|cluster| Applied::by(view, cluster)).collect();
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
    found.extend(hidden_failures(view));
    found
}

/// Whether an object is applied to another cluster, by a Kustomization with `spec.kubeConfig`.
fn goes_elsewhere(view: &View, reach: &Reach) -> bool {
    view.graph().kustomizations[reach.kustomization].remote_cluster().is_some()
}

impl Applied {
    fn by(view: &View, cluster: ClusterId) -> Applied {
        let graph = view.graph();
        let reaches = graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.cluster == cluster);
        let is_flux = |reach: &&Reach| reach.api_version.contains(".fluxcd.");
        let mut names: BTreeSet<Name> = reaches
            .filter(is_flux)
            .filter(|reach| !goes_elsewhere(view, reach))
            .map(|reach| (reach.kind.clone(), reach.namespace.clone().unwrap_or_default(), reach.name.clone()))
            .collect();
        let is_here = |of: &&FluxKustomization| of.cluster == cluster && of.lives_in.is_none();
        let kustomizations = graph.kustomizations.iter().filter(is_here);
        let name = |of: &FluxKustomization| ("Kustomization".to_owned(), of.namespace.clone(), of.name.clone());
        names.extend(kustomizations.clone().map(name));
        // What a FluxInstance or a bootstrap creates is in no file.
        let source = &graph.clusters[cluster].source;
        let namespace = source.namespace.clone().unwrap_or_else(|| "flux-system".to_owned());
        names.insert((source.kind.clone(), namespace, source.name.clone()));
        // Another repository may contain anything; Flux's own manifests contain no source.
        let is_elsewhere = |kustomization: &FluxKustomization| {
            let SourceRef { kind, name, namespace } = &kustomization.source;
            let source = (kind.clone(), namespace.clone().unwrap_or_default(), name.clone());
            let applies_here = kustomization.remote_cluster().is_none();
            applies_here && kustomization.path.is_none() && name != "flux-manifests" && names.contains(&source)
        };
        let is_partial = kustomizations.clone().any(is_elsewhere) || !graph.clusters[cluster].in_tree;
        let is_unclear = |(_, namespace, name): &&Name| namespace.contains("${") || name.contains("${");
        Applied { unclear: names.iter().filter(is_unclear).cloned().collect(), names, is_partial }
    }

    fn has(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.is_partial
            // An ArtifactGenerator or another controller makes it.
            || kind == "ExternalArtifact"
            || [namespace, name].iter().any(|text| text.contains("${"))
            || self.names.contains(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
            || self.unclear.iter().any(|(of, in_namespace, called)| {
                let may_be = |known: &str, asked: &str| known == asked || known.contains("${");
                of == kind && may_be(in_namespace, namespace) && may_be(called, name)
            })
    }

    /// Where something of this kind and name is instead.
    fn elsewhere(&self, kind: &str, name: &str) -> String {
        let other = self.names.iter().filter(|(of, _, called)| of == kind && called == name);
        let namespaces: Vec<_> =
            other.map(|(_, namespace, _)| namespace.clone()).filter(|namespace| !namespace.is_empty()).collect();
        if namespaces.is_empty() {
            String::new()
        } else {
            format!("; there is one in namespace {}", listed(namespaces))
        }
    }
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
            found.push(finding(
                Severity::Error,
                DEPENDS_ON_NOTHING,
                &kustomization.at.path,
                field(&["spec", "dependsOn"]),
                message,
            ));
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
            let line = place(view, at, &["spec", "dependsOn"]);
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

/// Kustomizations with HelmReleases that others depend on and that do not wait for them.
fn hidden_failures(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let mut releases: BTreeMap<KustomizationId, Vec<String>> = BTreeMap::new();
    for reach in graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.kind == "HelmRelease") {
        releases.entry(reach.kustomization).or_default().push(reach.name.clone());
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
