//! Rules about objects of Flux itself: what watches them, what they wait for, what they decrypt.

use super::found;

/// A Flux Kustomization.
fn kustomization(namespace: &str, name: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{path: ./{name}, prune: true, sourceRef: {{kind: GitRepository, name: home, namespace: flux-system}}{more}}}\n---\n"
    )
}

/// An Alert with these entries.
fn alert(sources: &str) -> String {
    format!(
        "apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Alert\nmetadata: {{name: all, namespace: flux-system}}\n\
         spec: {{providerRef: {{name: chat}}, eventSources: [{sources}]}}\n---\n"
    )
}

fn apps(objects: &[String]) -> String {
    format!("//- apps/all.yaml\n{}", objects.concat())
}

const ALL: &str = "{kind: Kustomization, name: '*'}";

#[test]
fn what_no_alert_watches() {
    let objects = [alert(ALL), kustomization("flux-system", "a", ""), kustomization("media", "b", "")];
    let expected = "apps/all.yaml: cluster cluster: 1 of 3 Kustomizations without an Alert, in namespace media";
    assert_eq!(found("unwatched", &apps(&objects)), [expected]);
    for silent in [
        // Somebody watches one by its name on purpose.
        alert(&format!("{ALL}, {{kind: Kustomization, name: b, namespace: media}}")),
        alert(&format!("{ALL}, {{kind: Kustomization, name: '*', namespace: media}}")),
        // Nobody watches all.
        alert("{kind: Kustomization, name: a}"),
        alert("{kind: HelmRelease, name: '*'}"),
        alert(ALL).replace("spec: {", "spec: {suspend: true, "),
        // What its namespace is, is known on the cluster.
        alert(&format!("{ALL}, {{kind: Kustomization, name: '*', namespace: '${{X}}'}}")),
    ] {
        let objects = [silent, objects[1].clone(), objects[2].clone()];
        assert_eq!(found("unwatched", &apps(&objects)), [""; 0], "{}", objects[0]);
    }
}

#[test]
fn what_watches_nothing() {
    let of = |sources: &str| found("watches-nothing", &apps(&[alert(sources), kustomization("media", "b", "")]));
    assert_eq!(
        of(&format!("{ALL}, {{kind: Kustomization, name: b}}")),
        [
            "apps/all.yaml: Alert flux-system/all names Kustomization flux-system/b, which the cluster does not apply; there is one in \
          namespace media"
        ]
    );
    assert_eq!(
        of("{kind: HelmRelease, name: '*'}, {kind: HelmRelease, name: x, namespace: media}"),
        [
            "apps/all.yaml: Alert flux-system/all watches nothing: the cluster does not apply HelmRelease flux-system/*, HelmRelease \
          media/x"
        ]
    );
    for silent in [
        format!("{ALL}, {{kind: HelmRelease, name: '*'}}"),
        "{kind: Kustomization, name: b, namespace: media}".to_owned(),
        "{kind: HelmChart, name: media-b}".to_owned(),
        "{kind: GitRepository, name: home}".to_owned(),
        String::new(),
    ] {
        assert_eq!(of(&silent), [""; 0], "{silent}");
    }
}

#[test]
fn health_checks_that_wait_overrides() {
    let check = ", healthChecks: [{apiVersion: apps/v1, kind: Deployment, name: x, namespace: media}]";
    let of = |more: &str| found("health-checks-ignored", &apps(&[kustomization("media", "b", more)]));
    assert_eq!(
        of(&format!(", wait: true{check}")),
        ["apps/all.yaml: media/b sets spec.wait: true, so its health check is ignored"]
    );
    for silent in [check, ", wait: true", ", wait: true, healthChecks: []"] {
        assert_eq!(of(silent), [""; 0], "{silent}");
    }
    assert_eq!(of(&format!(", wait: true{check}, healthCheckExprs: [{{kind: X}}]")), [""; 0]);
}

#[test]
fn health_checks_of_another_group() {
    let of = |api: &str, kind: &str| {
        let check = format!(", healthChecks: [{{apiVersion: {api}, kind: {kind}, name: x, namespace: media}}]");
        found("health-check-kind", &apps(&[kustomization("media", "b", &check)]))
    };
    assert_eq!(
        of("helm.toolkit.fluxcd.io/v2beta1", "Deployment"),
        [
            "apps/all.yaml: media/b checks the health of a Deployment of helm.toolkit.fluxcd.io/v2beta1; that kind is in apps"
        ]
    );
    assert_eq!(
        of("apps/v1", "Service"),
        ["apps/all.yaml: media/b checks the health of a Service of apps/v1; that kind is in the core group"]
    );
    for (api, kind) in [
        ("apps/v1", "Deployment"),
        ("v1", "Service"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ("serving.knative.dev/v1", "Service"),
        ("apps/v1", "Unknown"),
    ] {
        assert_eq!(of(api, kind), [""; 0], "{api} {kind}");
    }
}

#[test]
fn decryption_that_is_missing_or_needless() {
    let secret = "//- b/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: media}\ndata:\n  a: ENC[x]\nsops:\n  mac: ENC[x]\n";
    let plain = "//- b/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: media}\n";
    let dotenv = "//- b/kustomization.yaml\nsecretGenerator: [{name: s, envs: [a.env]}]\n//- b/a.env\nA=ENC[x]\nsops_mac=ENC[x]\n";
    let of = |code: &str, more: &str, files: &str| {
        found(code, &format!("{}{files}", apps(&[kustomization("media", "b", more)])))
    };
    let key = ", decryption: {provider: sops, secretRef: {name: age}}";
    let missing = |path: &str| {
        [format!("apps/all.yaml: media/b builds {path}, which SOPS has encrypted, and has no spec.decryption")]
    };
    assert_eq!(of("decryption-missing", "", secret), missing("b/secret.yaml"));
    assert_eq!(of("decryption-missing", "", dotenv), missing("b/a.env"));
    let left = secret.replace(
        "namespace: media}",
        "namespace: media, annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}}",
    );
    for (more, files) in [(key, secret), ("", plain), ("", &left)] {
        assert_eq!(of("decryption-missing", more, files), [""; 0], "{files}");
    }
    assert_eq!(
        of("decryption-needless", key, plain),
        ["apps/all.yaml: media/b builds nothing that SOPS has encrypted"]
    );
    let remote = "//- b/kustomization.yaml\nresources: [https://example.org/x.yaml]\n";
    for (more, files) in [(key, secret), (key, dotenv), ("", plain), (key, remote)] {
        assert_eq!(of("decryption-needless", more, files), [""; 0], "{files}");
    }
}

#[test]
fn decryption_that_a_parent_gives() {
    let patch = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: x}, spec: {decryption: {provider: sops}}}";
    let parent = format!(", patches: [{{patch: '{patch}', target: {{kind: Kustomization}}}}]");
    let files = format!(
        "//- apps/all.yaml\n{}//- root/all.yaml\n{}{}//- b/x.yaml\n//- c/x.yaml\n",
        kustomization("flux-system", "root", &parent),
        kustomization("media", "b", ""),
        kustomization("media", "c", ""),
    );
    assert_eq!(
        found("decryption-needless", &files),
        ["apps/all.yaml: flux-system/root gives spec.decryption to 2 that build nothing SOPS has encrypted: b, c"]
    );
}

#[test]
fn what_another_namespace_has_alone() {
    let key = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: flux-system}\nstringData: {a: b}\n---\n";
    let decrypts = ", decryption: {provider: sops, secretRef: {name: key}}";
    let of = |objects: &[String]| found("reference-not-in-namespace", &apps(objects));
    let expected = "apps/all.yaml: media/b needs Secret key in namespace media; there is one in namespace flux-system";
    assert_eq!(of(&[key.to_owned(), kustomization("media", "b", decrypts)]), [expected]);
    let there = key.replace("flux-system", "media");
    let copied = key.replace(
        "flux-system}",
        "flux-system, annotations: {reflector.v1.k8s.emberstack.com/reflection-allowed: 'true'}}",
    );
    let optional = ", postBuild: {substituteFrom: [{kind: Secret, name: key, optional: true}]}";
    for silent in [
        [key.to_owned(), kustomization("flux-system", "b", decrypts)],
        [there, kustomization("media", "b", decrypts)],
        [copied, kustomization("media", "b", decrypts)],
        [String::new(), kustomization("media", "b", decrypts)],
        [key.to_owned(), kustomization("media", "b", optional)],
    ] {
        assert_eq!(of(&silent), [""; 0], "{silent:?}");
    }
    let required = optional.replace(", optional: true", "");
    assert_eq!(of(&[key.to_owned(), kustomization("media", "b", &required)]).len(), 1);
}

#[test]
fn a_namespace_that_is_set_above() {
    let list = "//- apps/kustomization.yaml\nnamespace: media\nresources: [all.yaml]\n";
    let of = |list: &str| found("namespace-overridden", &(apps(&[kustomization("flux-system", "b", "")]) + list));
    assert_eq!(of(list), ["apps/all.yaml: Kustomization b is in media, and its file states flux-system"]);
    assert_eq!(of(&list.replace("media", "flux-system")), [""; 0]);
}

#[test]
fn two_that_are_guarded_may_own_the_same() {
    let guarded = |namespace: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: a, namespace: {namespace}}}\n\
             spec:\n  path: ./a\n  prune: true\n  # flux-codemod: guard[flux-move] was prune true\n  deletionPolicy: Orphan\n  \
             sourceRef: {{kind: GitRepository, name: home, namespace: flux-system}}\n---\n"
        )
    };
    let config = "//- a/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: media}\n";
    let of = |objects: &[String]| found("owned-twice", &(apps(objects) + config));
    assert_eq!(of(&[guarded("flux-system"), guarded("media")]), [""; 0]);
    let bare =
        guarded("media").replace("  # flux-codemod: guard[flux-move] was prune true\n  deletionPolicy: Orphan\n", "");
    assert_eq!(of(&[guarded("flux-system"), bare]).len(), 1);
    // Nor does what never prunes by itself, beside a second object of it.
    let own = |namespace: &str| {
        guarded(namespace)
            .replace("# flux-codemod: guard[flux-move] was prune true\n  ", "")
            .replace("prune: true", "prune: false")
    };
    assert_eq!(of(&[own("flux-system"), own("media")]), [""; 0]);
    let renamed = own("media").replace("name: a,", "name: b,");
    assert_eq!(of(&[own("flux-system"), renamed.clone()]), [""; 0]);
    // But for names it is the same, or it takes the place of nothing.
    let other = renamed.replace("path: ./a", "path: ./a\n  targetNamespace: media");
    assert_eq!(of(&[own("flux-system"), other]).len(), 1);
    assert_eq!(of(&[own("flux-system"), renamed.replace("prune: false", "prune: true")]).len(), 1);
}
