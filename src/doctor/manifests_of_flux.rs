//! The manifests of Flux 2.9.0, built with variables: one of its own CRDs has `${var}` in a description, and strict
//! mode refuses that. From 2.9.1 on that CRD is annotated (fluxcd/flux2#5967).

use super::codes::VARIABLE;
use super::dependencies::place;
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{FluxKustomization, View};

/// The artifact that has it.
const TAG: &str = "v2.9.0";
/// The variable.
const NAME: &str = "var";

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let fails = |one: &&FluxKustomization| {
        one.variables.any
            && !one.variables.gives(NAME)
            && one.variables.elsewhere.is_empty()
            && graph.clusters[one.cluster].substitutes_strictly() == Some(true)
            && builds_it(view, one)
    };
    let report = |one: &FluxKustomization| {
        let message = format!(
            "{} builds the manifests of Flux {TAG} with variables: a CRD in them has ${{{NAME}}}, and Flux fails",
            one.full_name()
        );
        finding(Severity::Error, VARIABLE, &one.at.path, place(view, &one.at, &["spec", "postBuild"]), message)
    };
    graph.kustomizations.iter().filter(fails).map(report).collect()
}

/// Whether it builds from the artifact.
fn builds_it(view: &View, one: &FluxKustomization) -> bool {
    let (kind, namespace, name) = (&one.source.kind, one.source.namespace.as_deref(), &one.source.name);
    let place = (one.cluster, one.remote_cluster());
    let mut sources = view.graph().flux_objects_in((place.0, place.1.as_deref()), kind, namespace, name);
    let source = sources.next().and_then(|at| view.oci_repository(at));
    source.is_some_and(|source| {
        source.url.trim_end_matches('/').ends_with("/flux-manifests") && source.tag.as_deref() == Some(TAG)
    })
}

#[cfg(test)]
mod tests {
    use crate::doctor::tests::found;

    const CODE: &str = "variable-without-value";

    fn flux(tag: &str, post_build: &str) -> String {
        format!(
            "//- apps/flux.yaml\napiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n\
             metadata: {{name: flux-manifests, namespace: flux-system}}\n\
             spec: {{url: 'oci://ghcr.io/fluxcd/flux-manifests', ref: {{tag: {tag}}}}}\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: flux, namespace: flux-system}}\n\
             spec: {{path: ./, prune: false, sourceRef: {{kind: OCIRepository, name: flux-manifests}}{post_build}}}\n"
        )
    }

    #[test]
    fn flux_fails_on_its_own_crd() {
        let substitute = ", postBuild: {substitute: {A: b}}";
        let expected = "apps/flux.yaml: flux-system/flux builds the manifests of Flux v2.9.0 with variables: a CRD in them has \
                        ${var}, and Flux fails";
        assert_eq!(found(CODE, &flux("v2.9.0", substitute)), [expected]);
        for (tag, post_build) in [
            ("v2.9.1", substitute),
            ("v2.8.0", substitute),
            ("v2.9.0", ""),
            ("v2.9.0", ", postBuild: {substitute: {var: b}}"),
            ("v2.9.0", ", postBuild: {substituteFrom: [{kind: Secret, name: elsewhere}]}"),
        ] {
            assert_eq!(found(CODE, &flux(tag, post_build)), [""; 0], "{tag} {post_build}");
        }
    }
}
