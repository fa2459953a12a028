//! Rules that ask who makes what, on small repositories in memory: files in one text, each below a
//! line `//- path`.

mod each;
mod flux;
mod gateways;
mod objects;
mod patches;
mod proxies;
mod routes;
mod tokens;

use super::examine;
use crate::flux::View;
use crate::repo::Memory;

const CLUSTER: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, prune: true, sourceRef: {kind: GitRepository, name: home}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: flux-system}
spec: {type: oci, url: oci://ghcr.io/bjw-s-labs/helm}
";

/// A cluster that applies what is in `apps`.
pub(super) fn cluster() -> &'static str {
    CLUSTER
}

/// Files in memory, read.
pub(super) fn in_memory(files: &[(&str, &str)]) -> View {
    View::of(Memory::tree(files.iter().copied())).unwrap()
}

fn release(name: &str, chart: &str, values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: media}}\n\
         spec:\n  chart:\n    spec: {{chart: {chart}, version: 4.6.2, sourceRef: {{kind: HelmRepository, name: charts, \
         namespace: flux-system}}}}\n  values: {values}\n---\n"
    )
}

fn app(name: &str, values: &str) -> String {
    release(name, "app-template", values)
}

/// The findings of a code, each as `path: message`.
pub(super) fn found(code: &str, files: &str) -> Vec<String> {
    let texts = files.split("//- ").skip(1).map(|file| file.split_once('\n').unwrap());
    let has_cluster = files.contains("kind: GitRepository\nmetadata: {name: home");
    let cluster = (!has_cluster).then_some(("apps/cluster.yaml", CLUSTER));
    let view = View::of(Memory::tree(cluster.into_iter().chain(texts))).unwrap();
    let findings = examine(&view).into_iter().filter(|finding| finding.code.id == code);
    findings.map(|finding| format!("{}: {}", finding.path.unwrap(), finding.message)).collect()
}

/// A release whose pod needs Secret `media/plex-secret`.
fn needy() -> String {
    format!(
        "//- apps/plex.yaml\n{}",
        app("plex", "{controllers: {plex: {containers: {app: {envFrom: [{secretRef: {name: plex-secret}}]}}}}}")
    )
}

fn object(api: &str, kind: &str, name: &str, namespace: &str, more: &str) -> String {
    let metadata = format!("{{name: {name}, namespace: {namespace}}}");
    format!("apiVersion: {api}\nkind: {kind}\nmetadata: {metadata}\n{more}\n---\n")
}

const ESO: (&str, &str) = ("external-secrets.io/v1", "ExternalSecret");

#[test]
fn a_secret_that_nothing_makes() {
    let none = "apps/plex.yaml: pods of plex need Secret media/plex-secret, which nothing in this repository makes";
    assert_eq!(found("pod-input-missing", &needy()), [none]);
    let elsewhere = object(ESO.0, ESO.1, "plex", "home", "spec: {target: {name: plex-secret}}");
    let other = app("sonarr", "{controllers: {c: {containers: {app: {envFrom: [{secretRef: {name: plex-secret}}]}}}}}");
    for more in [
        object("v1", "Secret", "plex-secret", "home", ""),
        elsewhere,
        object("v1", "Secret", "plex-secret-2", "media", ""),
        object("apps/v1", "Deployment", "plex", "media", "spec: {template: {spec: {secretName: plex-secret}}}"),
        other,
        release("grafana", "grafana", "{}").replace("namespace: media}\nspec", "namespace: home}\nspec"),
    ] {
        let found = found("pod-input-missing", &format!("{}//- apps/more.yaml\n{more}", needy()));
        assert!(found.iter().any(|found| found.starts_with(none)), "{more}\n{found:?}");
    }
}

#[test]
fn a_secret_that_something_makes_or_may_make() {
    for more in [
        // It is there.
        object("v1", "Secret", "plex-secret", "media", ""),
        object(ESO.0, ESO.1, "plex-secret", "media", ""),
        object(ESO.0, ESO.1, "plex", "media", "spec: {target: {name: plex-secret}}"),
        object(ESO.0, "ClusterExternalSecret", "all", "media", "spec: {externalSecretName: plex-secret}"),
        object("bitnami.com/v1alpha1", "SealedSecret", "plex-secret", "media", ""),
        object("cert-manager.io/v1", "Certificate", "plex", "media", "spec: {secretName: plex-secret}"),
        object("v1", "Secret", "\"${WHAT}-secret\"", "media", ""),
        object(ESO.0, ESO.1, "x", "media", "spec: {target: {name: '${WHAT}'}}"),
        object(ESO.0, ESO.1, "x", "media", "spec: {target: {name: '${WHAT}-secret'}}"),
        // It may come from another namespace.
        object("v1", "Secret", "plex-secret", "home", "").replace(
            "namespace: home}",
            "namespace: home, annotations: {reflector.v1.k8s.emberstack.com/reflection-allowed: 'true'}}",
        ),
        object(
            ESO.0,
            ESO.1,
            "x",
            "home",
            "spec: {target: {name: plex-secret, template: {metadata: {annotations: {replicator.v1.mittwald.de/replicate-to: media}}}}}",
        ),
        object("kyverno.io/v1", "ClusterPolicy", "copy", "x", "spec: {rules: [{generate: {kind: Secret}}]}"),
        object("fluxcd.controlplane.io/v1", "ResourceSet", "all", "x", "spec: {}"),
        // Operators and charts give names of their own.
        object("postgresql.cnpg.io/v1", "Cluster", "plex", "media", ""),
        object(
            "rbac.authorization.k8s.io/v1",
            "Role",
            "r",
            "media",
            "rules: [{resources: [secrets], verbs: [create]}]",
        ),
        release("grafana", "grafana", "{}"),
        release("grafana", "grafana", "{auth: {secret: plex-secret}}")
            .replace("namespace: media}\nspec", "namespace: home}\nspec"),
        app("other", "{rawResources: {r: {apiVersion: x/v1, kind: X, spec: {secret: plex-secret}}}}"),
        app("other", "{secrets: {s: {forceRename: plex-secret}}}"),
        app("other", "{secrets: {s: {forceRename: '{{ .Values.x }}'}}}"),
        // What another repository applies is not known.
        object(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "foreign",
            "flux-system",
            "spec: {path: ./x, sourceRef: {kind: GitRepository, name: foreign}}",
        ),
    ] {
        assert_eq!(found("pod-input-missing", &format!("{}//- apps/more.yaml\n{more}", needy())), [""; 0], "{more}");
    }
    for more in [
        "//- scripts/secrets.sh\nkubectl -n media create secret generic plex-secret\n",
        "//- bootstrap/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: plex-secret, namespace: media}\n",
        "//- README.md\nMake the Secret `plex-secret` by hand.\n",
    ] {
        assert_eq!(found("pod-input-missing", &format!("{}{more}", needy())), [""; 0], "{more}");
    }
    let commented = needy().replace("  values:", "  # by hand: plex-secret\n  values:");
    assert_eq!(found("pod-input-missing", &commented), [""; 0]);
    let unknown = needy().replace("  values:", "  valuesFrom: [{kind: Secret, name: x}]\n  values:");
    assert_eq!(found("pod-input-missing", &unknown), [""; 0]);
    assert_eq!(found("pod-input-missing", &needy().replace("4.6.2", "4.x")), [""; 0]);
}

#[test]
fn a_name_that_a_generator_gives_a_hash() {
    let files = |options: &str| {
        let values = "{persistence: {config: {type: configMap, name: plex-config}}, controllers: {c: {}}}";
        format!(
            "//- apps/kustomization.yaml\nresources: [cluster.yaml, plex.yaml]\nconfigMapGenerator:\n- name: plex-config\n  \
             namespace: media\n  literals: [a=b]\n{options}//- apps/plex.yaml\n{}",
            app("plex", values)
        )
    };
    let hashed = found("pod-input-missing", &files(""));
    assert_eq!(hashed.len(), 1);
    assert!(hashed[0].contains("ConfigMap media/plex-config"), "{hashed:?}");
    assert!(hashed[0].contains("a generator makes plex-config-"), "{hashed:?}");
    for options in ["  options: {disableNameSuffixHash: true}\n", "configurations: [names.yaml]\n"] {
        assert_eq!(found("pod-input-missing", &files(options)), [""; 0], "{options}");
    }
}

#[test]
fn an_account_is_unused_unless_something_else_uses_it() {
    let values = "{controllers: {plex: {}}, serviceAccount: {reader: {}}, service: {s: {controller: plex}}}";
    let files = |more: &str| format!("//- apps/plex.yaml\n{}{more}", app("plex", values));
    let binding = object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "b",
        "media",
        "subjects: [{kind: ServiceAccount, name: plex, namespace: media}]",
    );
    for more in [String::new(), binding] {
        let found = found("account-unused", &files(&more));
        let message = "plex, serviceAccount.reader: no pod uses the account plex: they use reader";
        assert_eq!(found, [format!("apps/plex.yaml: {message}")]);
    }
    let store = object(
        "external-secrets.io/v1",
        "SecretStore",
        "s",
        "media",
        "spec: {provider: {kubernetes: {auth: {serviceAccount: {name: plex}}}}}",
    );
    assert_eq!(found("account-unused", &files(&store)), [""; 0]);
}

#[test]
fn a_backend_is_missing_unless_something_makes_it() {
    let values = "{service: {web: {}}, route: {r: {rules: [{backendRefs: [{name: web}]}]}}}";
    let files = |more: &str| format!("//- apps/plex.yaml\n{}{more}", app("plex", values));
    assert_eq!(found("values-name-nothing", &files("")).len(), 1);
    for more in [
        object("v1", "Service", "web", "media", ""),
        app("web", "{service: {x: {}}}"),
        release("anything", "grafana", "{}"),
        object("serving.example.org/v1", "App", "web", "media", ""),
    ] {
        assert_eq!(found("values-name-nothing", &files(&more)), [""; 0], "{more}");
    }
}

#[test]
fn a_webhook_that_fills_variables_silences_what_it_may_fill() {
    let app = "//- apps/app.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
               metadata: {name: app, namespace: flux-system}\n\
               spec: {path: ./app, sourceRef: {kind: GitRepository, name: home}, postBuild: {substitute: {A: b}}}\n\
               //- app/map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {x: '${NOBODY}'}\n";
    assert_eq!(found("variable-without-value", app).len(), 1);
    assert_eq!(found("variables-filled-by-webhook", app), [""; 0]);
    let rules = "webhooks: [{rules: [{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations]}]}]";
    let of_pods = "webhooks: [{rules: [{apiGroups: [''], resources: [pods], apiVersions: ['*']}]}]";
    let policy = "spec: {rules: [{match: {any: [{resources: {kinds: [Kustomization]}}]}, mutate: {}}]}";
    let configuration = "MutatingWebhookConfiguration";
    for (silences, more) in [
        (true, release("webhook", "kustomize-mutating-webhook", "{}")),
        (true, object("admissionregistration.k8s.io/v1", configuration, "w", "x", rules)),
        (true, object("kyverno.io/v1", "ClusterPolicy", "p", "x", policy)),
        (false, release("webhook", "cert-manager-webhook", "{}")),
        (false, object("admissionregistration.k8s.io/v1", configuration, "w", "x", of_pods)),
    ] {
        let files = format!("{app}//- apps/more.yaml\n{more}");
        assert_eq!(found("variable-without-value", &files).is_empty(), silences, "{more}");
        assert_eq!(found("variables-filled-by-webhook", &files).len(), usize::from(silences), "{more}");
    }
}

#[test]
fn an_address_that_its_publishers_have_left() {
    let files = |url: &str| {
        let source =
            object("source.toolkit.fluxcd.io/v1", "HelmRepository", "old", "media", &format!("spec: {{url: {url}}}"));
        let using = release("podinfo", "podinfo", "{}").replace("name: charts, namespace: flux-system", "name: old");
        format!("//- apps/old.yaml\n{source}{using}")
    };
    assert_eq!(found("chart-home", &files("https://charts.bitnami.com/bitnami/")).len(), 1);
    assert_eq!(found("chart-home", &files("https://charts.example.org")), [""; 0]);
    let unused = "//- apps/old.yaml\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n\
                  metadata: {name: old, namespace: media}\nspec: {url: https://charts.bitnami.com/bitnami}\n";
    assert_eq!(found("chart-home", unused), [""; 0]);
}

#[test]
fn other_files_select_pods_by_a_label_that_they_lack() {
    let files = |values: &str, kind: &str, labels: &str| {
        let selector = format!("spec: {{selector: {{matchLabels: {{app.kubernetes.io/component: c, {labels}}}}}}}");
        let object = object("policy/v1", kind, "plex", "media", &selector);
        format!("//- apps/plex.yaml\n{}//- apps/more.yaml\n{object}", app("plex", values))
    };
    let budget = "PodDisruptionBudget";
    let message = "PodDisruptionBudget plex selects pods of plex with the label app.kubernetes.io/component=c, which none of them has";
    let want = [format!("apps/more.yaml: {message}")];
    assert_eq!(
        found("selects-no-pods", &files("{controllers: {c: {}}}", budget, "app.kubernetes.io/name: plex")),
        want
    );
    assert_eq!(found("selects-no-pods", &files("{}", budget, "app.kubernetes.io/instance: plex")), want);
    for (values, kind, labels) in [
        ("{}", budget, "app.kubernetes.io/name: other"),
        ("{}", budget, "x: y"),
        ("{}", "ServiceMonitor", "app.kubernetes.io/name: plex"),
        ("{defaultPodOptions: {labels: {app.kubernetes.io/component: c}}}", budget, "app.kubernetes.io/name: plex"),
    ] {
        assert_eq!(found("selects-no-pods", &files(values, kind, labels)), [""; 0], "{values} {kind} {labels}");
    }
    let of_3 = files("{}", budget, "app.kubernetes.io/name: plex").replace("4.6.2", "3.7.3");
    assert_eq!(found("selects-no-pods", &of_3), [""; 0]);
}
