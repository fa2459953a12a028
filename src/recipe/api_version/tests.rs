use super::*;
use crate::flux::Value;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn flux(versions: &str) -> Vec<FluxVersion> {
    versions.split_whitespace().map(|version| FluxVersion::parse(version).unwrap()).collect()
}

/// `group/version kind`, in short: `helm v2beta1 HelmRelease`.
fn object(short: &str, spec: &str) -> Value {
    let [group, version, kind] = short.split(' ').collect::<Vec<_>>()[..] else { panic!("{short}") };
    value(&format!(
        "apiVersion: {group}.toolkit.fluxcd.io/{version}\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{}\n",
        indented(spec)
    ))
}

fn indented(spec: &str) -> String {
    spec.lines().map(|line| format!("  {line}\n")).collect()
}

/// Checks what an object becomes, and which changes and reviews are told.
fn check(short: &str, before: &str, to: &str, after: &str, told: &[&str]) {
    check_with(&Options::default(), short, before, to, after, told);
}

fn check_with(options: &Options<'_>, short: &str, before: &str, to: &str, after: &str, told: &[&str]) {
    let converted = convert(&object(short, before), to, options).unwrap_or_else(|why| panic!("{short}: {why}"));
    let [group, _, kind] = short.split(' ').collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(converted.value, object(&format!("{group} {to} {kind}"), after), "{short}\n{before}");
    let reviews = converted.reviews.iter().map(|review| format!("review: {review}"));
    assert_eq!(converted.changes.iter().cloned().chain(reviews).collect::<Vec<_>>(), told, "{short}");
    let again = convert(&converted.value, to, options).unwrap();
    assert_eq!(again.value, converted.value, "a second time nothing changes");
}

fn refused(short: &str, spec: &str, to: &str) -> String {
    convert(&object(short, spec), to, &Options::default()).unwrap_err()
}

const CHART: &str = "interval: 1h\nchart:\n  spec:\n    chart: x\n    sourceRef: {kind: HelmRepository, name: x}\n";

#[test]
fn the_newest_version_that_all_clusters_serve() {
    for (short, versions, want, not_served_by, waits) in [
        ("helm v2beta1 HelmRelease", "2.6.4", Some("v2"), &[][..], ""),
        ("helm v2beta1 HelmRelease", "2.2.3 2.6.4", Some("v2beta2"), &[], "0: v2 from 2.3"),
        ("helm v2 HelmRelease", "2.2.3", Some("v2beta2"), &[0], "0: v2 from 2.3"),
        ("helm v2beta1 HelmRelease", "2.9", Some("v2"), &[0], ""),
        ("helm v2beta2 HelmRelease", "2.1.0 2.9.0", None, &[0, 1], "0: v2 from 2.3"),
        ("helm v2 HelmRelease", "2.9.1", Some("v2"), &[], ""),
        ("source v1beta2 OCIRepository", "2.4.0 2.2.3", Some("v1beta2"), &[], "0: v1 from 2.6, 1: v1 from 2.6"),
        ("source v1beta2 HelmRepository", "2.4.0", Some("v1"), &[], ""),
        ("source v1alpha1 HelmRepository", "2.4.0", Some("v1"), &[0], ""),
        ("notification v1beta2 Alert", "2.1.2", Some("v1beta2"), &[], "0: v1beta3 from 2.2"),
        ("image v1beta2 ImagePolicy", "2.6.0 2.8.0", Some("v1beta2"), &[], "0: v1 from 2.7"),
        ("image v1beta1 ImageUpdateAutomation", "2.2.0", Some("v1beta1"), &[], "0: v1 from 2.7"),
    ] {
        let [group, version, kind] = short.split(' ').collect::<Vec<_>>()[..] else { panic!() };
        let judged = judge(&format!("{group}.toolkit.fluxcd.io"), kind, version, &flux(versions)).unwrap();
        let told: Vec<_> = judged
            .waits
            .iter()
            .map(|waits| format!("{}: {} from 2.{}", waits.flux, waits.version, waits.minor))
            .collect();
        assert_eq!((judged.want, &*judged.not_served_by, &*told.join(", ")), (want, not_served_by, waits), "{short}");
        assert_eq!(judged.lowers, (short, versions) == ("helm v2 HelmRelease", "2.2.3"), "{short} {versions}");
        assert_eq!(judged.change(version), want.filter(|want| *want != version), "{short}");
    }
    assert_eq!(judge("kustomize.config.k8s.io", "Kustomization", "v1beta1", &flux("2.9")), None);
    assert_eq!(judge("monitoring.coreos.com", "ScrapeConfig", "v1alpha1", &flux("2.9")), None);
    assert_eq!(judge("helm.toolkit.fluxcd.io", "HelmRelease", "v2beta1", &[]), None);
}

#[test]
fn what_has_no_row_changes_its_version_alone() {
    for (short, spec, to) in [
        (
            "helm v2beta1 HelmRelease",
            "install: {crds: Skip}\ntest: {enable: true}\ndriftDetection: {mode: warn}\n",
            "v2",
        ),
        ("helm v2 HelmRelease", "upgrade: {force: true}\n", "v2beta2"),
    ] {
        let spec = format!("{CHART}{spec}");
        check(short, &spec, to, &spec, &[]);
    }
    for (short, spec, to) in [
        ("source v1beta2 OCIRepository", "interval: 1h\nurl: oci://x/y\nref: {tag: 1.0.0}\n", "v1"),
        ("source v1beta1 HelmRepository", "interval: 1h\nurl: oci://x/y\ntype: oci\n", "v1"),
        ("image v1beta1 ImageRepository", "interval: 1h\nimage: x/y\n", "v1"),
        ("image v1beta2 ImagePolicy", "imageRepositoryRef: {name: x}\npolicy: {alphabetical: {}}\n", "v1"),
    ] {
        check(short, spec, to, spec, &[]);
    }
}

#[test]
fn values_file_becomes_the_first_of_values_files() {
    let told = &["valuesFile becomes the first of valuesFiles"];
    let chart =
        |fields: &str| format!("{CHART}{}", fields.lines().map(|line| format!("    {line}\n")).collect::<String>());
    for (before, after) in [
        ("valuesFile: a.yaml\nversion: 1.0.0\n", "valuesFiles: [a.yaml]\nversion: 1.0.0\n"),
        ("valuesFiles: [b.yaml, a.yaml]\nvaluesFile: a.yaml\n", "valuesFiles: [a.yaml, b.yaml, a.yaml]\n"),
        ("valuesFile: ''\nvaluesFiles: [b.yaml]\n", "valuesFiles: [b.yaml]\n"),
    ] {
        for version in ["v2beta1", "v2beta2"] {
            check(&format!("helm {version} HelmRelease"), &chart(before), "v2", &chart(after), told);
        }
        let of_chart = "interval: 1h\nchart: x\nsourceRef: {kind: GitRepository, name: x}\n";
        check("source v1beta2 HelmChart", &format!("{of_chart}{before}"), "v1", &format!("{of_chart}{after}"), told);
    }
    let stays = chart("valuesFile: a.yaml\n");
    check("helm v2beta1 HelmRelease", &stays, "v2beta2", &stays, &[]);
    assert_eq!(
        refused("helm v2beta1 HelmRelease", &chart("valuesFile: [a]\n"), "v2"),
        "spec.chart.spec.valuesFile is no text"
    );
}

#[test]
fn old_forms_of_patches_of_post_renderers() {
    let renderers = |kustomize: &str| {
        format!(
            "{CHART}postRenderers:\n- kustomize:\n{}",
            kustomize.lines().map(|line| format!("    {line}\n")).collect::<String>()
        )
    };
    let told = &["the old forms of patches of postRenderers become patches"];
    let before = "images: [{name: a}]\n\
                  patchesJson6902:\n- target: {kind: Service}\n  patch: [{op: remove, path: /spec/x}]\n\
                  patches: [{patch: there}]\n\
                  patchesStrategicMerge:\n- kind: Deployment\n  apiVersion: apps/v1\n  metadata: {name: x}\n  spec: {replicas: 2}\n";
    let after = "images: [{name: a}]\n\
                 patches:\n- patch: |-\n    kind: Deployment\n    apiVersion: apps/v1\n    metadata:\n      name: x\n    spec:\n      replicas: 2\n\
                 - patch: there\n\
                 - target: {kind: Service}\n  patch: |-\n    - op: remove\n      path: /spec/x\n";
    for version in ["v2beta1", "v2beta2"] {
        check(&format!("helm {version} HelmRelease"), &renderers(before), "v2", &renderers(after), told);
    }
    check(
        "helm v2beta2 HelmRelease",
        &renderers("images: []\npatchesStrategicMerge: []\n"),
        "v2",
        &renderers("images: []\n"),
        told,
    );
    for (kustomize, why) in [
        (
            "patchesStrategicMerge:\n- {kind: Deployment, spec: {}}\n",
            "spec.postRenderers[0].kustomize.patchesStrategicMerge[0] names no object by kind and name",
        ),
        (
            "patchesStrategicMerge: [patch.yaml]\n",
            "spec.postRenderers[0].kustomize.patchesStrategicMerge[0] names no object by kind and name",
        ),
        (
            "patchesJson6902:\n- patch: [{op: remove, path: /spec/x}]\n",
            "spec.postRenderers[0].kustomize.patchesJson6902[0] has no target or no operations",
        ),
    ] {
        assert_eq!(refused("helm v2beta2 HelmRelease", &renderers(kustomize), "v2"), why);
    }
}

const KUSTOMIZATION: &str = "interval: 1h\nprune: true\nsourceRef: {kind: GitRepository, name: x}\n";

#[test]
fn old_forms_of_patches_of_kustomizations() {
    let merge = "patchesStrategicMerge:\n- kind: Deployment\n  metadata: {name: x}\n";
    let merged = "patches:\n- patch: |-\n    kind: Deployment\n    metadata:\n      name: x\n";
    let operations = "patchesJson6902:\n- target: {kind: Service}\n  patch: [{op: remove, path: /spec/x}]\n";
    let patches = "patches:\n- target: {kind: Service}\n  patch: |-\n    - op: remove\n      path: /spec/x\n";
    let told = "the old forms of patches become patches";
    for version in ["v1beta1", "v1beta2"] {
        let short = format!("kustomize {version} Kustomization");
        let with = |more: &str| format!("{KUSTOMIZATION}{more}");
        check(&short, &with(merge), "v1", &with(merged), &[told]);
        check(&short, &with(operations), "v1", &with(patches), &[told]);
        check(
            &short,
            &with(&format!("targetNamespace: y\n{merge}")),
            "v1",
            &with(&format!("targetNamespace: y\n{merged}")),
            &[told],
        );
        check(
            &short,
            &with(&format!("targetNamespace: y\n{operations}")),
            "v1",
            &with(&format!("targetNamespace: y\n{patches}")),
            &[
                told,
                "review: patchesJson6902 were applied after spec.targetNamespace, and patches are applied before it",
            ],
        );
        check(
            &short,
            &with("validation: client\n"),
            "v1",
            KUSTOMIZATION,
            &["spec.validation is removed: it had no effect"],
        );
    }
}

#[test]
fn fields_without_effect_are_removed() {
    let told = |field: &str| format!("spec.{field} is removed: it had no effect");
    let access = "accessFrom: {namespaceSelectors: []}\n";
    let git = "interval: 1h\nurl: https://x\n";
    for version in ["v1beta1", "v1beta2"] {
        let before = format!("{git}gitImplementation: go-git\n{access}");
        check(
            &format!("source {version} GitRepository"),
            &before,
            "v1",
            git,
            &[&told("gitImplementation"), &told("accessFrom")],
        );
        let bucket = "interval: 1h\nbucketName: x\nendpoint: y\n";
        check(&format!("source {version} Bucket"), &format!("{bucket}{access}"), "v1", bucket, &[&told("accessFrom")]);
        let chart = "interval: 1h\nchart: x\nsourceRef: {kind: GitRepository, name: x}\n";
        check(&format!("source {version} HelmChart"), &format!("{chart}{access}"), "v1", chart, &[&told("accessFrom")]);
    }
}

#[test]
fn what_a_new_version_requires() {
    for (short, spec, to, field) in [
        (
            "kustomize v1beta1 Kustomization",
            &*format!("{KUSTOMIZATION}kubeConfig: {{}}\n"),
            "v1",
            "spec.kubeConfig.secretRef",
        ),
        ("source v1beta1 GitRepository", "interval: 1h\nurl: x\nverify: {mode: head}\n", "v1", "spec.verify.secretRef"),
        (
            "notification v1beta1 Alert",
            "providerRef: {name: x}\neventSources: [{name: '*'}]\n",
            "v1beta3",
            "spec.eventSources[0].kind",
        ),
        (
            "notification v1beta1 Receiver",
            "type: github\nsecretRef: {name: x}\nresources: [{name: x}]\n",
            "v1",
            "spec.resources[0].kind",
        ),
        (
            "notification v1beta2 Receiver",
            "type: github\nresources: [{kind: GitRepository, name: x}]\n",
            "v1",
            "spec.secretRef",
        ),
    ] {
        let [group, _, kind] = short.split(' ').collect::<Vec<_>>()[..] else { panic!() };
        let why = format!("{group}.toolkit.fluxcd.io/{to} {kind} requires {field}, and it is not there");
        assert_eq!(refused(short, spec, to), why, "{short}");
    }
    // A patch has only some fields, and what an object lacked before a patch may give.
    let patch = Options { is_patch: true, ..Options::default() };
    check_with(&patch, "kustomize v1beta2 Kustomization", "prune: true\n", "v1", "prune: true\n", &[]);
    check("kustomize v1beta2 Kustomization", "prune: true\n", "v1", "prune: true\n", &[]);
}

#[test]
fn an_older_version_must_have_all_fields() {
    let spec = format!("{CHART}commonMetadata: {{labels: {{a: b}}}}\n");
    let why = "helm.toolkit.fluxcd.io/v2beta2 HelmRelease has no field spec.commonMetadata";
    assert_eq!(refused("helm v2 HelmRelease", &spec, "v2beta2"), why);
    let why = "kustomize.toolkit.fluxcd.io/v1beta2 Kustomization has no field spec.deletionPolicy";
    assert_eq!(
        refused("kustomize v1 Kustomization", &format!("{KUSTOMIZATION}deletionPolicy: Orphan\n"), "v1beta2"),
        why
    );
}

#[test]
fn durations_have_to_be_some() {
    let why = |field: &str, text: &str| {
        format!("source.toolkit.fluxcd.io/v1 GitRepository does not take {text} for spec.{field}")
    };
    assert_eq!(refused("source v1beta2 GitRepository", "interval: 1d\nurl: x\n", "v1"), why("interval", "1d"));
    assert_eq!(
        refused("source v1beta2 GitRepository", "interval: 1h\nurl: x\ntimeout: 1h\n", "v1"),
        why("timeout", "1h")
    );
    let open = "interval: ${INTERVAL}\nurl: x\ntimeout: 90s\n";
    check("source v1beta2 GitRepository", open, "v1", open, &[]);
}

#[test]
fn the_summary_of_an_alert() {
    let with = |summary: &str| {
        format!("providerRef: {{name: x}}\neventSources: [{{kind: GitRepository, name: x}}]\n{summary}")
    };
    let before = with("summary: home\nsuspend: true\n");
    let moves = Options { summary: true, ..Options::default() };
    let told = &["spec.summary moves to spec.eventMetadata"];
    for version in ["v1beta1", "v1beta2", "v1beta3"] {
        let short = format!("notification {version} Alert");
        check(&short, &before, "v1beta3", &before, &[]);
        let after = with("eventMetadata: {summary: home}\nsuspend: true\n");
        check_with(&moves, &short, &before, "v1beta3", &after, told);
    }
    let both = with("summary: home\neventMetadata: {cluster: a}\n");
    check_with(
        &moves,
        "notification v1beta2 Alert",
        &both,
        "v1beta3",
        &with("eventMetadata: {cluster: a, summary: home}\n"),
        told,
    );
    let unequal = object("notification v1beta2 Alert", &with("summary: home\neventMetadata: {summary: b}\n"));
    assert!(convert(&unequal, "v1beta3", &moves).is_err());
}

#[test]
fn what_flux_2_2_0_alone_does_not_know() {
    let alert = "providerRef: {name: x}\neventSources: [{kind: GitRepository, name: x}]\nsummary: home\n";
    let provider = "type: slack\ninterval: 1h\n";
    for (short, spec, field) in [("Alert", alert, "summary"), ("Provider", provider, "interval")] {
        let short = &format!("notification v1beta2 {short}");
        let kind = short.rsplit(' ').next().unwrap();
        for (versions, want) in [
            ("2.2.0 2.6", Err(format!("{kind} v1beta3 has no field spec.{field} in Flux 2.2.0"))),
            ("2.2", Ok(vec![format!("{kind} v1beta3 has no field spec.{field} in Flux 2.2.0, only in later ones")])),
            ("2.2.3", Ok(vec![])),
        ] {
            let options = Options { flux: &flux(versions), ..Options::default() };
            let converted = convert(&object(short, spec), "v1beta3", &options);
            assert_eq!(converted.map(|converted| converted.reviews), want, "{short} {versions}");
        }
    }
}

#[test]
fn templates_that_flux_refuses_are_for_review() {
    let spec = |template: &str| {
        let template: String = template.lines().map(|line| format!("      {line}\n")).collect();
        format!(
            "interval: 1h\nsourceRef: {{kind: GitRepository, name: x}}\ngit:\n  commit:\n    \
             author: {{email: x}}\n    messageTemplate: |\n{template}"
        )
    };
    let old = spec("Update\n{{ range .Updated.Images }}\n{{ .UpdatedAt }} {{ .Changed.ImageResult }}\n");
    let told = "review: spec.git.commit.messageTemplate uses .Updated or .Changed.ImageResult, which Flux 2.7 and \
                later refuse: `{{ range .Updated.Images }}`, `{{ .UpdatedAt }} {{ .Changed.ImageResult }}`";
    check("image v1beta2 ImageUpdateAutomation", &old, "v1", &old, &[told]);
    check("image v1 ImageUpdateAutomation", &old, "v1", &old, &[told]);
    let newer = Options { flux: &flux("2.7.0"), ..Options::default() };
    check_with(&newer, "image v1beta2 ImageUpdateAutomation", &old, "v1beta2", &old, &[told]);
    let older = Options { flux: &flux("2.6.4"), ..Options::default() };
    check_with(&older, "image v1beta1 ImageUpdateAutomation", &old, "v1beta2", &old, &[]);
    let new = spec("{{ range .Changed.Changes }}\n{{ .UpdatedAt }}\n");
    check("image v1beta2 ImageUpdateAutomation", &new, "v1", &new, &[]);
}

#[test]
fn references_follow() {
    let before = format!(
        "{KUSTOMIZATION}healthChecks:\n- {{apiVersion: helm.toolkit.fluxcd.io/v2beta1, kind: HelmRelease, name: x}}\n\
         - {{apiVersion: apps/v1, kind: Deployment, name: x}}\n- {{kind: HelmRelease, name: y}}\n\
         healthCheckExprs:\n- {{apiVersion: source.toolkit.fluxcd.io/v1beta2, kind: OCIRepository, current: x}}\n"
    );
    let mut kustomization = object("kustomize v1 Kustomization", &before);
    assert_eq!(follow_references(&mut kustomization, &flux("2.9.0 2.5.0"), &|_, kind| kind == "Bucket"), 0);
    assert_eq!(follow_references(&mut kustomization, &flux("2.9.0 2.5.0"), &|_, _| true), 1);
    assert_eq!(kustomization, object("kustomize v1 Kustomization", &before.replace("v2beta1", "v2")));
    assert_eq!(follow_references(&mut kustomization, &flux("2.9.0"), &|_, _| true), 1, "v1 of OCIRepository");
    assert_eq!(follow_references(&mut kustomization, &flux("2.9.0"), &|_, _| true), 0);
    let receiver = "resources: [{apiVersion: source.toolkit.fluxcd.io/v1beta1, kind: GitRepository, name: x}]\n";
    assert_eq!(follow_references(&mut object("notification v1 Receiver", receiver), &flux("2.3"), &|_, _| true), 1);
    assert_eq!(
        follow_references(
            &mut value("apiVersion: v1\nkind: Receiver\nspec: {resources: [{}]}"),
            &flux("2.3"),
            &|_, _| true
        ),
        0
    );
}
