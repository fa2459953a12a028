//! Selectors in small repositories.

use super::tests::cluster;

/// `line namespace values | labels` of each selector on `app/part`.
fn selectors(files: &[(&str, &'static str)]) -> Vec<String> {
    let shown = cluster(files).selectors_on("app/part").into_iter().map(|found| {
        let values: Vec<_> = found.values.into_iter().collect();
        let labels: Vec<_> = found.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let namespace = found.namespace.unwrap_or("*".to_owned());
        format!("{}:{} {namespace} {} | {}", found.at, found.line, values.join("+"), labels.join(" "))
    });
    shown.collect()
}

#[test]
fn selectors_of_all_shapes_are_found() {
    const OBJECTS: &str = "\
apiVersion: v1
kind: Service
metadata: {name: a, labels: {app/part: set}}
spec: {selector: {app/name: plex, app/part: service}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app/part: workload}}
  template:
    metadata: {labels: {app/part: set}}
    spec:
      topologySpreadConstraints:
        - labelSelector: {matchLabels: {app/name: plex}, matchExpressions: [{key: app/part, operator: In, values: [x, y]}]}
          matchLabelKeys: [app/part]
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - labelSelector: {matchExpressions: [{key: app/part, operator: Exists}]}
              namespaces: [one, two]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec:
  podSelector: {matchLabels: {app/part: policy}}
  ingress:
    - from:
        - podSelector: {matchLabels: {app/part: peer}}
          namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: far}}
        - podSelector: {matchLabels: {app/part: all}}
          namespaceSelector: {}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: a}
spec: {selector: {matchLabels: {app/part: monitor}}, namespaceSelector: {matchNames: [m]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: a}
spec:
  endpointSelector: {matchLabels: {app/part: endpoint}}
  egress: [{toEndpoints: [{matchLabels: {'k8s:app/part': cilium, 'k8s:io.kubernetes.pod.namespace': kube-system}}]}]
";
    assert_eq!(
        selectors(&[("apps/a.yaml", OBJECTS)]),
        [
            "apps/a.yaml:4 media service | app/name=plex",
            "apps/a.yaml:10 media workload | ",
            "apps/a.yaml:15 media x+y | app/name=plex",
            "apps/a.yaml:16 media  | app/name=plex",
            "apps/a.yaml:20 one  | ",
            "apps/a.yaml:20 two  | ",
            "apps/a.yaml:27 media policy | ",
            "apps/a.yaml:30 far peer | ",
            "apps/a.yaml:32 * all | ",
            "apps/a.yaml:38 m monitor | ",
            "apps/a.yaml:44 media endpoint | ",
            "apps/a.yaml:45 kube-system cilium | io.kubernetes.pod.namespace=kube-system",
        ]
    );
}

#[test]
fn selectors_stand_in_values_and_texts() {
    const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  targetNamespace: media
  chartRef: {kind: OCIRepository, name: x}
  postRenderers: [{kustomize: {patches: [{target: {labelSelector: app/part=post}, patch: \"- {op: add, path: /spec/selector/matchLabels/app~1part, value: json}\"}]}}]
  values:
    podLabels: {app/part: set}
    commonLabels: {app/part: set}
    networkpolicies: {a: {podSelector: {app/name: '{{ .Release.Name }}', app/part: '${X}'}}}
    args: [--selector, 'app/name={{ .Release.Name }},app/part=args']
    script: |
      set -e
      kubectl delete pod -l app/part=script
";
    assert_eq!(
        selectors(&[("other/a.yaml", RELEASE), ("run.yaml.j2", "{% x %}\nkubectl get -l app/part=j\n")]),
        [
            "other/a.yaml:7 media json | ",
            "other/a.yaml:7 media post | ",
            "other/a.yaml:11 media  | app/name=media-web",
            "other/a.yaml:12 media args | app/name=media-web",
            "other/a.yaml:15 media script | ",
            "run.yaml.j2:2 * j | ",
        ]
    );
}
