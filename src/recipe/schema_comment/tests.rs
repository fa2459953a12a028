use super::*;

const HOST: &str = "https://k8s-schemas.home-operations.com";

fn settings(more: &str) -> Settings {
    let text = format!("to: '{HOST}/<group>/<kind>_<version>.json'\n{more}");
    Settings::read(&Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()).unwrap()
}

/// A file with all comments written that are to be.
fn written(text: &str, file_name: &str, settings: &Settings) -> String {
    let stream = Stream::parse(text).unwrap();
    let mut edit = Edit::of(&stream);
    for change in changes(&stream, file_name, settings, &|_| false) {
        write(&mut edit, &stream, &change).unwrap();
    }
    let new = edit.finish().unwrap().splices.apply(text).unwrap();
    let again = Stream::parse(&*new).unwrap();
    assert_eq!(changes(&again, file_name, settings, &|_| false), [], "a second time nothing changes: {new}");
    new
}

/// What yaml-language-server 1.25 reads of each document. It was run on all of these.
#[test]
fn comments_are_read_as_editors_read_them() {
    for (text, want) in [
        ("# yaml-language-server: $schema=U\nk: v\n", &[Some("U")][..]),
        ("---\n# yaml-language-server: $schema=U\nk: v\n", &[Some("U")]),
        ("--- # yaml-language-server: $schema=U\nk: v\n", &[Some("U")]),
        ("# yaml-language-server: $schema=U\n---\nk: v\n", &[Some("U")]),
        ("# a\n\n# yaml-language-server: $schema=U\n# b\nk: v\n", &[Some("U")]),
        ("---\nk: v\n# yaml-language-server: $schema=U\n---\nk: v\n", &[None, None]),
        ("---\nk: v\n---\n# yaml-language-server: $schema=U\nk: v\n", &[None, Some("U")]),
        ("# yaml-language-server: $schema: U\nk: v\n", &[Some("U")]),
        ("# $schema: U\nk: v\n", &[Some("U")]),
        ("#\tyaml-language-server : $schema=U more\nk: v\n", &[Some("U")]),
        ("#yaml-language-server: $schema=U\nk: v\n", &[None]),
        ("## yaml-language-server: $schema=U\nk: v\n", &[None]),
        ("# # yaml-language-server: $schema=U\nk: v\n", &[None]),
        ("k: v\n# yaml-language-server: $schema=U\nl: v\n", &[None]),
        ("k: v\n# yaml-language-server: $schema=U\n", &[None]),
        ("# yaml-language-server: U\nk: v\n", &[None]),
        ("# yaml-language-server: $schema=U\n# yaml-language-server: $schema=W\nk: v\n", &[Some("U")]),
        ("# yaml-language-server: U\n# yaml-language-server: $schema=W\nk: v\n", &[None]),
        ("k: v\n...\n# yaml-language-server: $schema=U\n---\nk: v\n", &[None, Some("U")]),
        ("k: v # yaml-language-server: $schema=U\n", &[None]),
        ("# yaml-language-server: schema=U\nk: v\n", &[None]),
    ] {
        let stream = Stream::parse(text).unwrap();
        let read: Vec<_> = (0..stream.documents().len()).map(|document| header(&stream, document).url).collect();
        assert_eq!(read.iter().map(Option::as_deref).collect::<Vec<_>>(), want, "{text}");
    }
}

fn identity(api_version: &str, kind: &str) -> Identity {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Identity { group: group.to_owned(), kind: kind.to_owned(), version: version.to_owned() }
}

fn want(settings: &Settings, api_version: &str, kind: &str, present: Option<&str>) -> String {
    match settings.want(&identity(api_version, kind), present) {
        Want::Stays => "stays".to_owned(),
        Want::Url { url, is_seen } => {
            format!("{}{}", url.replace(HOST, "HOST"), if is_seen { "" } else { ", unseen" })
        }
    }
}

const RELEASE: (&str, &str) = ("helm.toolkit.fluxcd.io/v2", "HelmRelease");

#[test]
fn urls_by_their_hosts_and_shapes() {
    let settings = settings("from: [old.pages.dev, raw.githubusercontent.com/datreeio/CRDs-catalog]");
    let crds = "https://crd.example.org";
    let flux = "https://raw.githubusercontent.com/fluxcd-community/flux2-schemas/main";
    let kubernetes = "https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/v1.32.0-standalone-strict";
    for ((api_version, kind), present, wanted) in [
        // The host is left, whatever the URL names.
        (RELEASE, "https://old.pages.dev/a/b.json", "HOST/helm.toolkit.fluxcd.io/helmrelease_v2.json"),
        (RELEASE, "https://old.pages.dev.other/a/b.json", "stays"),
        (("v1", "ConfigMap"), "https://old.pages.dev/v1/configmap_v1.json", "HOST/core/configmap_v1.json"),
        (("x.io/v1", "Thing"), "https://old.pages.dev/x.io/thing_v1.json", "HOST/x.io/thing_v1.json, unseen"),
        (
            ("external-secrets.io/v1", "ExternalSecret"),
            "https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/external-secrets.io/externalsecret_v1.json",
            "HOST/external-secrets.io/externalsecret_v1.json",
        ),
        // Other hosts: only what names something else.
        (RELEASE, &format!("{crds}/helm.toolkit.fluxcd.io/helmrelease_v2.json"), "stays"),
        (
            RELEASE,
            &format!("{crds}/helm.toolkit.fluxcd.io/helmrelease_v2beta2.json?x=y"),
            "https://crd.example.org/helm.toolkit.fluxcd.io/helmrelease_v2.json?x=y, unseen",
        ),
        (
            RELEASE,
            &format!("{crds}/helm.toolkit.fluxcd.io/helmrelease_v2beta2helm.toolkit.fluxcd.io/helmrelease_v2.json"),
            "https://crd.example.org/helm.toolkit.fluxcd.io/helmrelease_v2.json, unseen",
        ),
        (
            ("v1", "Secret"),
            &format!("{crds}/external-secrets.io/externalsecret_v1.json"),
            "https://crd.example.org/core/secret_v1.json, unseen",
        ),
        (RELEASE, &format!("{flux}/helmrelease-helm-v2.json"), "stays"),
        (
            RELEASE,
            &format!("{flux}/helmrelease-helm-v2beta1.json"),
            "https://raw.githubusercontent.com/fluxcd-community/flux2-schemas/main/helmrelease-helm-v2.json, unseen",
        ),
        (("v1", "Secret"), &format!("{flux}/helmrelease-helm-v2.json"), "HOST/core/secret_v1.json"),
        (("v1", "ConfigMap"), &format!("{kubernetes}/configmap-v1.json"), "stays"),
        (("apps/v1", "Deployment"), &format!("{kubernetes}/deployment.json"), "stays"),
        (("networking.k8s.io/v1", "NetworkPolicy"), &format!("{kubernetes}/networkpolicy-networking-v1.json"), "stays"),
        (
            ("apps/v1", "Deployment"),
            &format!("{kubernetes}/configmap-v1.json"),
            "https://raw.githubusercontent.com/yannh/kubernetes-json-schema/master/v1.32.0-standalone-strict/\
             deployment-apps-v1.json, unseen",
        ),
        (
            ("cert-manager.io/v1", "Issuer"),
            &format!("{kubernetes}/secret-v1.json"),
            "HOST/cert-manager.io/issuer_v1.json",
        ),
        // What has no shape stays.
        (
            RELEASE,
            "https://raw.githubusercontent.com/bjw-s-labs/helm-charts/main/helmrelease-helm-v2.schema.json",
            "stays",
        ),
        (RELEASE, "https://raw.githubusercontent.com/a/b/main/x.io/thing_v1.json", "stays"),
        (RELEASE, "../schemas/release.json", "stays"),
        (RELEASE, "https://taskfile.dev/schema.json", "stays"),
        (RELEASE, "https://example.org/a/my_file.json", "stays"),
        // A kustomization has no URL of its own here.
        (RELEASE, "https://json.schemastore.org/kustomization", "HOST/helm.toolkit.fluxcd.io/helmrelease_v2.json"),
        (
            ("kustomize.config.k8s.io/v1beta1", "Kustomization"),
            "https://json.schemastore.org/kustomization.json",
            "stays",
        ),
    ] {
        assert_eq!(want(&settings, api_version, kind, Some(present)), wanted, "{kind} {present}");
    }
    assert_eq!(want(&settings, RELEASE.0, RELEASE.1, None), "stays");
}

#[test]
fn modes_say_what_is_done() {
    let wrong = "https://crd.example.org/helm.toolkit.fluxcd.io/helmrelease_v2beta2.json";
    assert_eq!(want(&settings("modes: {wrong: leave}"), RELEASE.0, RELEASE.1, Some(wrong)), "stays");
    let add = settings("modes: {missing: add}");
    assert_eq!(want(&add, RELEASE.0, RELEASE.1, None), "HOST/helm.toolkit.fluxcd.io/helmrelease_v2.json");
    let others = "others: {Kustomization.kustomize.config.k8s.io: 'https://json.schemastore.org/kustomization'}\n\
                  from: [old.pages.dev]\n";
    let kustomization = ("kustomize.config.k8s.io/v1beta1", "Kustomization");
    for (modes, present, wanted) in [
        (
            "{}",
            "https://old.pages.dev/kustomize.config.k8s.io/kustomization_v1beta1.json",
            "https://json.schemastore.org/kustomization",
        ),
        ("{}", "https://crd.example.org/kustomize.config.k8s.io/kustomization_v1beta1.json", "stays"),
        (
            "{}",
            "https://crd.example.org/kustomize.toolkit.fluxcd.io/kustomization_v1.json",
            "https://json.schemastore.org/kustomization",
        ),
        ("{wrong: leave}", "https://crd.example.org/kustomize.toolkit.fluxcd.io/kustomization_v1.json", "stays"),
        ("{}", "https://json.schemastore.org/component.json", "stays"),
        (
            "{spelling: repair}",
            "https://json.schemastore.org/kustomization.json",
            "https://json.schemastore.org/kustomization",
        ),
        ("{spelling: repair}", "https://json.schemastore.org/kustomization", "stays"),
    ] {
        let settings = settings(&format!("{others}modes: {modes}"));
        assert_eq!(want(&settings, kustomization.0, kustomization.1, Some(present)), wanted, "{modes} {present}");
    }
}

#[test]
fn settings_are_checked() {
    let read = |text: &str| {
        let value = Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
        Settings::read(&value).unwrap_err()
    };
    assert_eq!(read("{to: x}"), "`to` is the URL of a schema, with `<kind>` in it");
    assert_eq!(read("{to: 'https://x/<kind>', modes: {wrong: add}}"), "`wrong` is `repair` or `leave`");
    assert!(read("{to: 'https://x/<kind>', modes: {rong: leave}}").contains("no `rong`"));
    assert!(read("{to: 'https://x/<kind>', form: []}").contains("no `form`"));
    assert_eq!(read("{to: 'https://x/<kind>', others: {A.b: c}}"), "`others` has no URL for `A.b`");
}

const OLD: &str = "https://old.pages.dev/helm.toolkit.fluxcd.io/helmrelease_v2.json";

#[test]
fn a_comment_keeps_its_form() {
    let all = settings("from: [old.pages.dev]\nmodes: {missing: add}");
    let new = OLD.replace("https://old.pages.dev", HOST);
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n";
    let secret = "apiVersion: v1\nkind: Secret\n";
    for (before, after) in [
        (
            format!("#  yaml-language-server: $schema={OLD} # x\n{release}"),
            format!("#  yaml-language-server: $schema={new} # x\n{release}"),
        ),
        (format!("---\n# a\n{release}"), format!("---\n# yaml-language-server: $schema={new}\n# a\n{release}")),
        (
            format!("--- # yaml-language-server: $schema: {OLD}\n{release}"),
            format!("--- # yaml-language-server: $schema: {new}\n{release}"),
        ),
        // Written so that they read it.
        (
            format!("#yaml-language-server: $schema={OLD}\n{release}"),
            format!("# yaml-language-server: $schema={new}\n{release}"),
        ),
        (
            format!("## yaml-language-server: {OLD}\n{release}"),
            format!("# yaml-language-server: $schema={new}\n{release}"),
        ),
        // Where they read it.
        (
            format!("---\n{release}# yaml-language-server: $schema={OLD}\nspec: {{}}\n"),
            format!("---\n# yaml-language-server: $schema={new}\n{release}spec: {{}}\n"),
        ),
        (
            format!("{secret}# yaml-language-server: $schema={OLD}\n---\n{release}"),
            format!(
                "# yaml-language-server: $schema={HOST}/core/secret_v1.json\n{secret}---\n# yaml-language-server: $schema={new}\n{release}"
            ),
        ),
        (
            format!(
                "{release}# yaml-language-server: $schema={OLD}\n---\n# yaml-language-server: $schema={OLD}\n{release}"
            ),
            format!(
                "# yaml-language-server: $schema={new}\n{release}---\n# yaml-language-server: $schema={new}\n{release}"
            ),
        ),
        // A document that is commented out keeps its comment; one that is no object has none.
        (
            format!("# # yaml-language-server: $schema={OLD}\n# kind: HelmRelease\n---\nk: v\n"),
            format!("# # yaml-language-server: $schema={OLD}\n# kind: HelmRelease\n---\nk: v\n"),
        ),
        (
            format!(
                "# yaml-language-server: $schema={new}\n{release}# yaml-language-server: $schema={OLD}\n# kind: X\n"
            ),
            format!(
                "# yaml-language-server: $schema={new}\n{release}# yaml-language-server: $schema={OLD}\n# kind: X\n"
            ),
        ),
        ("apiVersion: v1\nkind: List\nitems: []\n".to_owned(), "apiVersion: v1\nkind: List\nitems: []\n".to_owned()),
        ("apiVersion: v1\nkind: ${KIND}\n".to_owned(), "apiVersion: v1\nkind: ${KIND}\n".to_owned()),
    ] {
        assert_eq!(written(&before, "x.yaml", &all), after, "{before}");
    }
    let none = settings("modes: {broken: leave, missing: add}");
    let broken = format!("#yaml-language-server: $schema={OLD}\n{release}");
    assert_eq!(written(&broken, "x.yaml", &none), broken);
}

#[test]
fn a_kustomization_without_a_kind_is_one() {
    let all = settings(
        "modes: {missing: add}\nothers: {Kustomization.kustomize.config.k8s.io: 'https://json.schemastore.org/kustomization'}",
    );
    let text = "resources: [x.yaml]\n";
    let comment = "# yaml-language-server: $schema=https://json.schemastore.org/kustomization\n";
    assert_eq!(written(text, "kustomization.yaml", &all), format!("{comment}{text}"));
    assert_eq!(written(text, "values.yaml", &all), text);
}

#[test]
fn a_comment_follows_a_version() {
    let v2 = identity("helm.toolkit.fluxcd.io/v2beta2", "HelmRelease");
    for (url, want) in [
        (
            "https://x.dev/helm.toolkit.fluxcd.io/helmrelease_v2beta2.json",
            Some("https://x.dev/helm.toolkit.fluxcd.io/helmrelease_v2.json"),
        ),
        ("https://x.dev/helm.toolkit.fluxcd.io/helmrelease_v2beta1.json", None),
        ("https://x.dev/empty.json", None),
    ] {
        assert_eq!(with_version(url, &v2, "v2").as_deref(), want, "{url}");
    }
}
