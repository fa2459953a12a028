//! Mentions in small repositories.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::flux::tests::view;

const CLUSTER: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec: {path: ./flux, sourceRef: {kind: GitRepository, name: home}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: plex, namespace: flux-system}
spec:
  path: ./apps
  targetNamespace: media
  sourceRef: {kind: GitRepository, name: home}
  postBuild: {substitute: {APP: plex}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: other, namespace: flux-system}
spec:
  path: ./other
  targetNamespace: other
  sourceRef: {kind: GitRepository, name: home}
  postBuild: {substitute: {APP: else}}
";

/// A view of files and those of a cluster: `apps` is applied to namespace media with `APP=plex`,
/// `other` to another one.
pub(super) fn cluster(files: &[(&str, &'static str)]) -> View {
    let mut all = vec![("flux/cluster.yaml", CLUSTER)];
    all.extend(files);
    view(&all)
}

/// Where an object of namespace media is named: `line what` of all files.
fn mentions(kind: &str, name: &str, files: &[(&str, &'static str)]) -> Vec<String> {
    let named = Named { kind: kind.to_owned(), namespace: Some("media".to_owned()), name: name.to_owned() };
    let found = cluster(files).mentions(&[(named.clone(), BTreeSet::new())].into());
    let mentions = found.get(&named).map_or(&[][..], Vec::as_slice);
    mentions.iter().map(|mention| format!("{}:{} {}", mention.at, mention.line, mention.what)).collect()
}

#[test]
fn keys_say_what_is_named() {
    for (kind, text, what) in [
        (
            "ConfigMap",
            "spec: {template: {spec: {containers: [{envFrom: [{configMapRef: {name: plex}}]}]}}}",
            "spec.template.spec.containers[0].envFrom[0].configMapRef.name",
        ),
        (
            "ConfigMap",
            "env: [{valueFrom: {configMapKeyRef: {name: plex, key: a}}}]",
            "env[0].valueFrom.configMapKeyRef.name",
        ),
        ("ConfigMap", "spec: {volumes: [{configMap: {name: plex}}]}", "spec.volumes[0].configMap.name"),
        ("ConfigMap", "spec: {valuesFrom: [{kind: ConfigMap, name: plex}]}", "spec.valuesFrom[0].name"),
        (
            "ConfigMap",
            "metadata: {annotations: {configmap.reloader.stakater.com/reload: 'a, plex'}}",
            "metadata.annotations.configmap.reloader.stakater.com/reload",
        ),
        ("Secret", "spec: {tls: [{secretName: plex}]}", "spec.tls[0].secretName"),
        ("Secret", "spec: {imagePullSecrets: [{name: plex}]}", "spec.imagePullSecrets[0].name"),
        ("Secret", "spec: {auth: {apiTokenSecretRef: {name: plex, key: x}}}", "spec.auth.apiTokenSecretRef.name"),
        ("Secret", "spec: {auth: {existingSecret: plex}}", "spec.auth.existingSecret"),
        ("Secret", "kind: ReplicationSource\nspec: {restic: {repository: plex}}", "spec.restic.repository"),
        (
            "PersistentVolumeClaim",
            "spec: {volumes: [{persistentVolumeClaim: {claimName: plex}}]}",
            "spec.volumes[0].persistentVolumeClaim.claimName",
        ),
        ("PersistentVolumeClaim", "spec: {sourcePVC: plex}", "spec.sourcePVC"),
        ("PersistentVolumeClaim", "spec: {restic: {destinationPVC: plex}}", "spec.restic.destinationPVC"),
        (
            "PersistentVolumeClaim",
            "spec: {source: {persistentVolumeClaimName: plex}}",
            "spec.source.persistentVolumeClaimName",
        ),
        (
            "PersistentVolumeClaim",
            "spec: {values: {persistence: {data: {existingClaim: plex}}}}",
            "spec.values.persistence.data.existingClaim",
        ),
        ("PersistentVolumeClaim", "spec: {claimRef: {name: plex, namespace: media}}", "spec.claimRef.name"),
        (
            "ServiceAccount",
            "spec: {template: {spec: {serviceAccountName: plex}}}",
            "spec.template.spec.serviceAccountName",
        ),
        ("ServiceAccount", "subjects: [{kind: ServiceAccount, name: plex, namespace: media}]", "subjects[0].name"),
        ("Role", "roleRef: {kind: Role, name: plex}", "roleRef.name"),
        ("Service", "spec: {rules: [{backendRefs: [{name: plex, port: 80}]}]}", "spec.rules[0].backendRefs[0].name"),
        (
            "Service",
            "spec: {rules: [{http: {paths: [{backend: {service: {name: plex}}}]}}]}",
            "spec.rules[0].http.paths[0].backend.service.name",
        ),
        ("Service", "spec: {serviceName: plex}", "spec.serviceName"),
        ("Deployment", "spec: {scaleTargetRef: {name: plex}}", "spec.scaleTargetRef.name"),
        ("StatefulSet", "spec: {targetRef: {kind: StatefulSet, name: plex}}", "spec.targetRef.name"),
        ("Widget", "spec: {any: {kind: Widget, name: plex}}", "spec.any.name"),
    ] {
        let file: &'static str = Box::leak(format!("x: 1\n{text}\n").into_boxed_str());
        let found = mentions(kind, "plex", &[("x.yaml", file)]);
        let line = 1 + file.lines().position(|line| line.contains("plex")).unwrap();
        let shown = if what.ends_with("reload") { "a, plex" } else { "plex" };
        assert_eq!(found, [format!("x.yaml:{line} {what}: {shown}")], "{text}");
        let others =
            ["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "Service", "Role", "Deployment"];
        for other in others.into_iter().filter(|other| *other != kind) {
            assert_eq!(mentions(other, "plex", &[("x.yaml", file)]), [""; 0], "{other}: {text}");
        }
    }
}

#[test]
fn what_names_nothing() {
    let text = "\
metadata: {name: plex, labels: {app: plex}}
spec: {name: plex, host: {name: plex}, env: {CLIENT_SECRET: plex}, secrets: {plex: {a: plex}}, claims: [{name: plex}]}
";
    for kind in ["Secret", "Service", "PersistentVolumeClaim", "ConfigMap"] {
        assert_eq!(mentions(kind, "plex", &[("x.yaml", text)]), [""; 0], "{kind}");
    }
}

const TARGET: &str = "\
apiVersion: volsync.backube/v1alpha1
kind: ReplicationSource
metadata: {name: a}
spec: {sourcePVC: \"${APP}\"}
";

#[test]
fn references_mean_their_own_namespace() {
    let files = [("apps/a.yaml", TARGET), ("other/a.yaml", TARGET)];
    assert_eq!(mentions("PersistentVolumeClaim", "plex", &files), ["apps/a.yaml:4 spec.sourcePVC: plex"], "variables");
    assert_eq!(mentions("PersistentVolumeClaim", "else", &files), [""; 0], "it is another namespace's");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {serviceAccountName: plex}\n";
    let unreached = [("apps/a.yaml", pod), ("other/a.yaml", pod), ("nowhere/a.yaml", pod)];
    let of_all = mentions("ServiceAccount", "plex", &unreached);
    let found = ["apps/a.yaml:4", "nowhere/a.yaml:4"].map(|at| format!("{at} spec.serviceAccountName: plex"));
    assert_eq!(of_all, found, "what is unknown counts");
    let stated = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b}
roleRef: {kind: Role, name: plex}
subjects:
  - {kind: ServiceAccount, name: plex, namespace: media}
  - {kind: ServiceAccount, name: plex, namespace: else}
";
    let found = mentions("ServiceAccount", "plex", &[("other/b.yaml", stated)]);
    assert_eq!(found, ["other/b.yaml:6 subjects[0].name: plex"]);
    assert_eq!(mentions("Role", "plex", &[("other/b.yaml", stated)]), [""; 0]);
}

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  targetNamespace: media
  chartRef: {kind: OCIRepository, name: x}
  valuesFrom: [{kind: Secret, name: plex}]
  values:
    url: http://plex.media.svc.cluster.local:32400
    own: http://plex.{{ .Release.Namespace }}:32400
    near: http://plex:32400
    far: plex.other.svc
    secret: plex
    config: |
      # none here
      upstream: |
        server plex.media.svc;
      server: plex
";

#[test]
fn values_are_for_the_namespace_of_the_release() {
    let found = mentions("Service", "plex", &[("other/web.yaml", RELEASE)]);
    assert_eq!(
        found,
        [
            "other/web.yaml:9 spec.values.url: plex.media",
            "other/web.yaml:10 spec.values.own: plex.media",
            "other/web.yaml:11 spec.values.near: plex",
            "other/web.yaml:17 spec.values.config | upstream: plex.media",
            "other/web.yaml:18 spec.values.config | server: plex",
        ]
    );
    let found = mentions("Secret", "plex", &[("other/web.yaml", RELEASE)]);
    assert_eq!(
        found,
        ["other/web.yaml:13 spec.values.secret: plex"],
        "valuesFrom is in the namespace of the HelmRelease"
    );
}

#[test]
fn patches_and_files_of_generators_are_read() {
    let files = [
        (
            "apps/kustomization.yaml",
            "resources: [a.yaml]\npatches:\n  - target: {kind: Deployment, name: plex}\n    patch: |\n      - op: add\n        path: /spec/template/spec/volumes/0/persistentVolumeClaim/claimName\n        value: plex\n  - path: patch.yaml\nconfigMapGenerator:\n  - {name: c, files: [x.conf]}\n",
        ),
        ("apps/a.yaml", TARGET),
        ("apps/patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: plex}\nspec: {claimName: plex}\n"),
        ("apps/x.conf", "a\nproxy http://plex:80\nplex.${APP}\n"),
        ("other/kustomization.yaml", "resources: []\nconfigMapGenerator:\n  - {name: c, files: [x.conf]}\n"),
        ("other/x.conf", "proxy http://plex:80\n"),
        ("t.yaml.j2", "{% if x %}\nhost: plex.media.svc\n{% endif %}\n"),
    ];
    assert_eq!(
        mentions("PersistentVolumeClaim", "plex", &files),
        [
            "apps/a.yaml:4 spec.sourcePVC: plex",
            "apps/kustomization.yaml:7 patches[0].patch | [0].spec.template.spec.volumes.persistentVolumeClaim.claimName: plex",
            "apps/patch.yaml:4 spec.claimName: plex",
        ]
    );
    assert_eq!(
        mentions("Deployment", "plex", &files),
        ["apps/kustomization.yaml:3 patches[0].target.name: plex", "apps/patch.yaml:3 metadata.name: plex"]
    );
    // The file of the other Kustomization arrives in another namespace; that of a template is
    // unknown.
    assert_eq!(mentions("Service", "plex", &files), ["apps/x.conf:2 plex", "t.yaml.j2:2 plex.media"]);
}

#[test]
fn places_can_be_left_out() {
    let view = cluster(&[("apps/a.yaml", TARGET), ("apps/b.yaml", TARGET)]);
    let named = Named {
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: Some("media".to_owned()),
        name: "plex".to_owned(),
    };
    let left_out = At::document(&RepoPath::new("apps/a.yaml").unwrap(), 0);
    let found = view.mentions(&[(named.clone(), [left_out].into())].into());
    let files: Vec<_> = found[&named].iter().map(|mention| mention.at.path.as_str()).collect();
    assert_eq!(files, ["apps/b.yaml"]);
    assert!(view.mentions(&BTreeMap::new()).is_empty());
}

#[test]
fn accounts_have_user_names_in_texts() {
    let policy = "spec:\n  expression: |-\n    request.user ==\n    'system:serviceaccount:media:plex'\n";
    assert_eq!(mentions("ServiceAccount", "plex", &[("p.yaml", policy)]), ["p.yaml:4 spec.expression: plex"]);
}

#[test]
fn patches_of_flux_may_be_of_objects_anywhere() {
    const PATCHED: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: third, namespace: flux-system}
spec:
  path: ./third
  sourceRef: {kind: GitRepository, name: home}
  patches: [{patch: \"- {op: add, path: /spec/claimName, value: plex}\"}]
";
    let found = mentions("PersistentVolumeClaim", "plex", &[("flux/third.yaml", PATCHED)]);
    assert_eq!(found, ["flux/third.yaml:7 spec.patches[0].patch | [0].spec.claimName: plex"]);
}
