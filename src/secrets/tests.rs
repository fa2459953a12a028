use super::*;
use crate::flux::View;
use crate::repo::Memory;

const CLUSTER: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: home, namespace: flux-system}
spec: {url: https://example.org/home, ref: {branch: main}, secretRef: {name: deploy-key}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cluster, namespace: flux-system}
spec: {path: ./cluster, prune: true, sourceRef: {kind: GitRepository, name: home}}
";

const STORE: &str = "apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
spec: {provider: {onepassword: {auth: {secretRef: {connectTokenSecretRef: {name: token, namespace: secrets}}}}}}
";

/// A Flux Kustomization in `flux-system` that builds the folder of its name.
fn kustomization(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
         flux-system}}\nspec: {{path: ./{name}, prune: true, sourceRef: {{kind: GitRepository, name: home}}{more}}}\n"
    )
}

fn encrypted(kind: &str, name: &str, namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nstringData: {{KEY: 'ENC[x]'}}\n\
         sops: {{mac: 'ENC[y]', version: 3.9.0}}\n"
    )
}

/// What names a Secret.
fn pod(secret: &str, namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod, namespace: {namespace}}}\nspec: {{containers: [{{name: app, \
         envFrom: [{{secretRef: {{name: {secret}}}}}]}}]}}\n"
    )
}

fn of(files: &[(&str, String)]) -> Inventory {
    let files = files.iter().map(|(path, text)| (*path, text.as_str()));
    let cluster = [("cluster/cluster.yaml", CLUSTER)];
    inventory(&View::of(Memory::tree(cluster.into_iter().chain(files))).unwrap())
}

/// The only file's fate, and how it is read.
fn only(files: &[(&str, String)]) -> (Fate, Vec<String>) {
    let inventory = of(files);
    let [file] = &inventory.files[..] else { panic!("{inventory:?}") };
    let readers = file.readers.iter().map(|reader| format!("{} {}", reader.how, reader.by));
    (file.fate.clone(), readers.collect())
}

fn stays(why: &str) -> Fate {
    Fate::Stays { why: why.to_owned() }
}

fn applied(more: &str) -> String {
    [kustomization("stores", ""), kustomization("app", more)].concat()
}

fn with_store(files: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    [files, &[("stores/store.yaml", STORE.to_owned())]].concat()
}

#[test]
fn what_a_store_can_make() {
    let files = |more: &str| {
        with_store(&[
            ("cluster/ks.yaml", applied(more)),
            ("app/secret.yaml", encrypted("Secret", "app", "media")),
            ("app/pod.yaml", pod("app", "media")),
        ])
    };
    let (fate, readers) = only(&files(", dependsOn: [{name: stores}]"));
    let stores = vec!["ClusterSecretStore vault".to_owned()];
    assert_eq!(fate, Fate::External { stores: stores.clone(), first: Vec::new() });
    assert_eq!(readers, ["applied by Kustomization flux-system/app", "named by Pod media/pod"]);
    let first = vec!["let Kustomization flux-system/app depend on flux-system/stores".to_owned()];
    assert_eq!(only(&files("")).0, Fate::External { stores, first });
    assert_eq!(of(&files("")).files[0].holds, ["Secret media/app"]);
    assert_eq!(of(&files("")).stores[0].provider, "onepassword");
}

#[test]
fn what_the_store_waits_for_stays() {
    let token = ("token/secret.yaml", encrypted("Secret", "token", "secrets"));
    let files = with_store(&[("cluster/ks.yaml", applied("") + &kustomization("token", "")), token.clone()]);
    let expected = "ClusterSecretStore vault reads its credentials from it";
    assert_eq!(only(&files).0, stays(expected));
    // What runs before the store needs it.
    let ks = kustomization("stores", ", dependsOn: [{name: server}]") + &kustomization("server", "");
    let secret = ("server/secret.yaml", encrypted("Secret", "server", "secrets"));
    let files = with_store(&[("cluster/ks.yaml", ks), secret, ("server/pod.yaml", pod("server", "secrets"))]);
    assert_eq!(only(&files).0, stays("ClusterSecretStore vault waits for it: named by Pod secrets/pod"));
}

#[test]
fn keys_of_flux_stay() {
    let files = with_store(&[
        ("cluster/ks.yaml", applied("")),
        ("app/secret.yaml", encrypted("Secret", "deploy-key", "flux-system")),
    ]);
    assert_eq!(only(&files).0, stays("Flux itself needs it: named by GitRepository flux-system/home"));
    let files = with_store(&[
        ("cluster/ks.yaml", applied(", decryption: {provider: sops, secretRef: {name: age}}")),
        ("app/secret.yaml", encrypted("Secret", "age", "flux-system")),
    ]);
    assert_eq!(only(&files).0, stays("Flux itself needs it: key of Kustomization flux-system/app"));
}

#[test]
fn variables_count_where_they_are_used() {
    let required = ", postBuild: {substituteFrom: [{kind: Secret, name: vars}]}";
    let optional = ", postBuild: {substituteFrom: [{kind: Secret, name: vars, optional: true}]}";
    let files = |text: &str, from: &str| {
        with_store(&[
            ("cluster/ks.yaml", applied(from) + &kustomization("vars", "")),
            ("vars/secret.yaml", encrypted("Secret", "vars", "flux-system")),
            (
                "app/config.yaml",
                format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: b}}\ndata: {{x: '{text}'}}\n"
                ),
            ),
        ])
    };
    let (fate, readers) = only(&files("${KEY}", required));
    let first = [
        "let Kustomization flux-system/vars depend on flux-system/stores",
        "let all that take its variables depend on flux-system/vars (still to do: 1)",
    ];
    let stores = vec!["ClusterSecretStore vault".to_owned()];
    assert_eq!(fate, Fate::External { stores, first: first.map(str::to_owned).to_vec() });
    assert!(readers.contains(&"variables of Kustomization flux-system/app".to_owned()));
    let why = "its variables are taken in cluster cluster, and none of them is used".to_owned();
    assert_eq!(only(&files("${OTHER}", optional)).0, Fate::Unread { why });
    // Without it the Flux Kustomization fails, although it uses nothing of it.
    let look = only(&files("${OTHER}", required)).0;
    assert!(matches!(&look, Fate::Look { why } if why.contains("fails without it")), "{look:?}");
}

#[test]
fn what_no_cluster_applies() {
    let secret = || encrypted("Secret", "age", "flux-system");
    let listed = ("bootstrap/kustomization.yaml", "resources: [age.yaml]\n".to_owned());
    let files = [("cluster/ks.yaml", applied("")), ("bootstrap/age.yaml", secret()), listed];
    assert!(matches!(only(&files).0, Fate::Look { .. }), "for bootstrap, or for nothing");
    let component = ("bootstrap/kustomization.yaml", "kind: Component\nresources: [age.yaml]\n".to_owned());
    let files = [("cluster/ks.yaml", applied("")), ("bootstrap/age.yaml", secret()), component];
    assert!(matches!(only(&files).0, Fate::Unread { .. }), "nothing includes the Component");
    let script = ("install.sh", "sops --decrypt bootstrap/age.yaml\n".to_owned());
    let files = [("cluster/ks.yaml", applied("")), ("bootstrap/age.yaml", secret()), script];
    assert_eq!(only(&files).1, ["mentioned by install.sh"]);
    assert_eq!(only(&files).0, stays("no cluster applies it, and install.sh names it: for bootstrap"));
    let talos = "machine: {token: 'ENC[x]'}\nsops: {mac: 'ENC[y]'}\n".to_owned();
    let why = "it holds no object of Kubernetes: it is for the programs that make a cluster";
    assert_eq!(only(&[("cluster/ks.yaml", applied("")), ("talos/node.yaml", talos)]).0, stays(why));
}

#[test]
fn what_an_external_secret_cannot_be() {
    let config = encrypted("ConfigMap", "app", "media");
    let files = with_store(&[("cluster/ks.yaml", applied("")), ("app/config.yaml", config)]);
    assert!(matches!(only(&files).0, Fate::Look { .. }));
    let secret = || ("app/secret.yaml", encrypted("Secret", "app", "media"));
    let files = [("cluster/ks.yaml", applied("")), secret(), ("app/pod.yaml", pod("app", "media"))];
    assert_eq!(only(&files).0, stays("cluster cluster has no store for namespace media"));
    let elsewhere = STORE.replace("spec: {", "spec: {conditions: [{namespaces: [games]}], ");
    let files = [&files[..], &[("stores/store.yaml", elsewhere)]].concat();
    assert_eq!(only(&files).0, stays("cluster cluster has no store for namespace media"));
    let inside = STORE.replace("onepassword", "kubernetes");
    let files = [&files[..3], &[("stores/store.yaml", inside)]].concat();
    assert_eq!(only(&files).0, stays("cluster cluster has no store for namespace media"));
}

#[test]
fn what_generators_read() {
    let kustomization = "resources: [pod.yaml]\nsecretGenerator: [{name: app, namespace: media, files: [app.env]}]\n";
    let files = with_store(&[
        ("cluster/ks.yaml", applied(", dependsOn: [{name: stores}]")),
        ("app/kustomization.yaml", kustomization.to_owned()),
        ("app/app.env", "KEY=ENC[x]\nsops_mac=ENC[y]\n".to_owned()),
        ("app/pod.yaml", pod("app", "media")),
    ]);
    let (fate, readers) = only(&files);
    let first = vec!["expect Secret media/app under this name alone: the generator adds a hash to it".to_owned()];
    assert_eq!(fate, Fate::External { stores: vec!["ClusterSecretStore vault".to_owned()], first });
    assert_eq!(readers, ["read by a generator in Kustomization flux-system/app", "named by Pod media/pod"]);
}
