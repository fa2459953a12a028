use super::*;
use crate::yaml::Stream;

fn value(text: &str) -> Value {
    Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
}

fn helm_release(version: &str) -> Fields<'static> {
    of("helm.toolkit.fluxcd.io", "HelmRelease", version).unwrap()
}

/// `spec.dependsOn[*].name` as steps.
fn steps(path: &str) -> Vec<Step<'_>> {
    let parts = path.split('.').flat_map(|part| match part.strip_suffix(ITEM) {
        Some(name) => vec![Step::Key(name), Step::Item],
        None => vec![Step::Key(part)],
    });
    parts.collect()
}

fn at(fields: Fields<'_>, path: &str) -> String {
    match fields.at(&steps(path)) {
        Known::Field { required: true } => "required".to_owned(),
        Known::Field { required: false } => "there".to_owned(),
        Known::NotListed => "not listed".to_owned(),
        Known::Unknown { meant } => format!("unknown, {}", meant.as_deref().unwrap_or("nothing like it")),
    }
}

#[test]
fn the_tables_are_whole() {
    let flux: Vec<_> = KINDS.iter().filter(|(_, kind)| kind.is_of_flux()).collect();
    assert_eq!((KINDS.len(), flux.len()), (26, 14));
    for (name, kind) in &*KINDS {
        for version in &kind.versions {
            let spec = version.root.names().collect::<Vec<_>>();
            let has_fields = Fields::of(kind, version).beside("spec").next().is_some();
            assert!(spec == ["spec"] && has_fields, "{name} {}", version.name);
        }
    }
    for (name, kind) in flux {
        // The newest version is the last, and the only one that the newest Flux is sure to keep.
        let (newest, older) = kind.versions.split_last().unwrap();
        let last = |version: &table::Version| version.served.unwrap().1;
        assert!(last(newest).is_none() && older.iter().all(|version| last(version).is_some()), "{name}");
        let first = |version: &table::Version| version.served.unwrap().0;
        assert!(kind.versions.windows(2).all(|pair| first(&pair[0]) <= first(&pair[1])), "{name}");
    }
}

#[test]
fn what_the_tables_say_of_a_path() {
    let v2 = helm_release("v2");
    for (path, want) in [
        ("spec.interval", "required"),
        ("spec.chart", "there"),
        ("spec.chart.spec.sourceRef.name", "required"),
        ("spec.dependsOn", "there"),
        ("spec.dependsOn[*]", "there"),
        ("spec.dependsOn[*].name", "required"),
        ("spec.dependsOn[*].readyExpr", "there"),
        ("spec.values.controllers.main", "not listed"),
        ("spec.timeout.unit", "not listed"),
        ("spec", "required"),
        ("metadata.name", "required"),
        ("metadata.labels.app", "not listed"),
        ("status.conditions", "not listed"),
        ("spec.intervall", "unknown, spec.interval"),
        ("spec.upgrade.remediation.retry", "unknown, spec.upgrade.remediation.retries"),
        ("spec.keepHistory", "unknown, spec.uninstall.keepHistory"),
        ("spec.colour", "unknown, nothing like it"),
        ("spec.dependsOn.name", "unknown, nothing like it"),
        ("sepc.interval", "unknown, spec"),
    ] {
        assert_eq!(at(v2, path), want, "{path}");
    }
    // Fields of one version alone, and required in one alone.
    for (version, path, want) in [
        ("v2beta1", "spec.chart", "required"),
        ("v2beta1", "spec.chart.spec.valuesFile", "there"),
        ("v2", "spec.chart.spec.valuesFile", "unknown, spec.chart.spec.valuesFiles"),
        ("v2beta2", "spec.postRenderers[*].kustomize.patchesStrategicMerge", "there"),
        ("v2beta2", "spec.install.strategy", "unknown, spec.upgrade.remediation.strategy"),
    ] {
        assert_eq!(at(helm_release(version), path), want, "{version} {path}");
    }
    assert!(of("helm.toolkit.fluxcd.io", "HelmRelease", "v3").is_none());
    assert!(of("kustomize.config.k8s.io", "Kustomization", "v1beta1").is_none());
    let route = of("gateway.networking.k8s.io", "HTTPRoute", "v1").unwrap();
    assert_eq!(at(route, "spec.rules[*].backendRefs[*].name"), "required");
}

#[test]
fn what_an_object_lacks() {
    let lacking = |text: &str| of_object(&value(text)).unwrap().lacking(&value(text));
    let kustomization = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\n";
    assert_eq!(lacking(kustomization), ["spec"]);
    assert_eq!(
        lacking(&format!("{kustomization}spec: {{interval: 1h, sourceRef: {{kind: GitRepository}}}}")),
        ["spec.prune", "spec.sourceRef.name"]
    );
    let all = "spec: {interval: 1h, prune: true, sourceRef: {kind: GitRepository, name: x}, \
               dependsOn: [{name: a}, {namespace: b}, {name: ~}]}";
    assert_eq!(lacking(&format!("{kustomization}{all}")), ["spec.dependsOn[1].name", "spec.dependsOn[2].name"]);

    let release = |spec: &str| {
        lacking(&format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: x}}\nspec: {spec}"
        ))
    };
    assert_eq!(release("{interval: 1h}"), ["spec.chart"]);
    assert_eq!(release("{interval: 1h, chartRef: {kind: OCIRepository, name: x}}"), [""; 0]);

    let receiver = |spec: &str| {
        let text = "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\nmetadata: {name: x}\n";
        lacking(&format!("{text}spec: {spec}"))
    };
    let resources = "resources: [{kind: GitRepository, name: x}]";
    assert_eq!(receiver(&format!("{{type: github, {resources}}}")), ["spec.secretRef"]);
    assert_eq!(receiver(&format!("{{type: generic-oidc, {resources}}}")), [""; 0]);
}

#[test]
fn fields_that_a_kind_does_not_have() {
    let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  intervall: 1h\n  \
                values: {intervall: 1}\n  gone: ~\n  dependsOn: [{name: a, names: b}]\n  new: {x: y}\n";
    let found = of_object(&value(text)).unwrap().unknown(&value(text));
    assert_eq!(found, ["spec.intervall", "spec.dependsOn[0].names", "spec.new"]);
    let fields = helm_release("v2");
    assert_eq!(fields.beside("spec.dependsOn[0]").collect::<Vec<_>>(), ["name", "namespace", "readyExpr"]);
    assert_eq!(fields.beside("spec.new").count(), 0);
    assert_eq!(fields.places_of("retries"), ["spec.install.remediation.retries", "spec.upgrade.remediation.retries"]);
}

#[test]
fn which_flux_serves_what() {
    let served = |group: &str, kind: &str, flux: &str| {
        let flux = crate::flux::FluxVersion::parse(flux).unwrap();
        let versions = versions(group, kind).into_iter().filter(|version| version.by(flux));
        versions.map(|version| version.version).collect::<Vec<_>>().join(" ")
    };
    for (group, kind, flux, want) in [
        ("helm.toolkit.fluxcd.io", "HelmRelease", "2.0.1", "v2beta1"),
        ("helm.toolkit.fluxcd.io", "HelmRelease", "2.2.3", "v2beta1 v2beta2"),
        ("helm.toolkit.fluxcd.io", "HelmRelease", "2.6.4", "v2beta1 v2beta2 v2"),
        ("helm.toolkit.fluxcd.io", "HelmRelease", "2.7.0", "v2beta2 v2"),
        ("helm.toolkit.fluxcd.io", "HelmRelease", "2.8", "v2"),
        ("source.toolkit.fluxcd.io", "HelmRepository", "2.2.3", "v1beta1 v1beta2"),
        ("source.toolkit.fluxcd.io", "OCIRepository", "2.5.1", "v1beta2"),
        ("notification.toolkit.fluxcd.io", "Alert", "2.9.0", "v1beta3"),
        ("image.toolkit.fluxcd.io", "ImageUpdateAutomation", "2.8", "v1beta2 v1"),
        ("source.toolkit.fluxcd.io", "ExternalArtifact", "2.6", ""),
    ] {
        assert_eq!(served(group, kind, flux), want, "{kind} {flux}");
    }
    assert_eq!(versions("kustomize.config.k8s.io", "Kustomization"), []);
    assert_eq!(versions("gateway.networking.k8s.io", "HTTPRoute"), [], "Flux has no say there");
}

/// A CRD with what schemas have: lists, free names, defaults, choices, and places where anything may be.
const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        required: [spec]
        properties:
          apiVersion: {type: string}
          metadata: {type: object}
          scope: {type: string}
          spec:
            required: [size, mode, parts]
            oneOf: [{required: [host]}, {required: [port, path]}]
            properties:
              size: {type: integer}
              mode: {type: string, default: fast}
              host: {type: string}
              port: {type: integer}
              path: {type: string}
              parts: {type: array, items: {required: [name], properties: {name: {type: string}, weight: {}}}}
              limits: {additionalProperties: {required: [most], properties: {most: {}, least: {}}}}
              labels: {additionalProperties: {type: string}}
              values: {x-kubernetes-preserve-unknown-fields: true, properties: {known: {}}}
              template: {x-kubernetes-embedded-resource: true, properties: {x: {}}}
  - name: v2
    schema: {openAPIV3Schema: {properties: {spec: {properties: {size: {}}}}}}
";

fn tables(texts: &[(&str, &str)]) -> Tables {
    let mut tables = Tables::default();
    texts.iter().for_each(|(path, text)| assert!(tables.add(&value(text), path), "{text}"));
    tables
}

#[test]
fn what_a_crd_says_of_a_path() {
    let tables = tables(&[("crd.yaml", CRD)]);
    let v1 = tables.of("example.org", "Widget", "v1").unwrap();
    for (path, want) in [
        ("spec", "required"),
        ("scope", "there"),
        ("metadata.labels.a", "not listed"),
        ("status.ready", "not listed"),
        ("spec.size", "required"),
        ("spec.mode", "there"),
        ("spec.parts[*].name", "required"),
        ("spec.parts[*].wieght", "unknown, spec.parts[*].weight"),
        ("spec.limits.cpu.most", "required"),
        ("spec.limits.cpu.mots", "unknown, spec.limits.cpu.most"),
        ("spec.values.known", "there"),
        ("spec.values.other", "not listed"),
        ("spec.template.x", "not listed"),
        ("spec.sizes", "unknown, spec.size"),
        ("scpoe", "unknown, scope"),
    ] {
        assert_eq!(at(v1, path), want, "{path}");
    }
    let versions = tables.of_kind("example.org", "Widget").into_iter().map(|fields| fields.to_string());
    assert_eq!(versions.collect::<Vec<_>>(), ["example.org/v1 Widget", "example.org/v2 Widget"]);
}

#[test]
fn what_an_object_of_a_crd_lacks() {
    let tables = tables(&[("crd.yaml", CRD)]);
    let widget =
        |rest: &str| value(&format!("{{apiVersion: example.org/v1, kind: Widget, metadata: {{name: w}}{rest}}}"));
    let lacking = |rest: &str| tables.of_object(&widget(rest)).unwrap().lacking(&widget(rest));
    assert_eq!(lacking(""), ["spec"]);
    assert_eq!(lacking(", spec: {size: 1, host: a, parts: []}"), [""; 0]);
    assert_eq!(
        lacking(", spec: {size: 1, port: 1, parts: [{weight: 1}], limits: {cpu: {least: 1}}}"),
        ["spec.limits.cpu.most", "spec.parts[0].name", "spec.host",]
    );
    let (before, after) =
        (widget(", spec: {size: 1, parts: [], port: 1, path: a}"), widget(", spec: {size: 1, parts: [], port: 1}"));
    assert_eq!(tables.lost(&before, &after).as_deref(), Some("spec.host"), "neither of both is whole any more");
}

#[test]
fn several_sources_of_a_kind() {
    // A field is there if one has it, and required if one requires it.
    let other = CRD
        .replace("required: [size, mode, parts]", "required: [host]")
        .replace("              path: {type: string}\n", "");
    let both = tables(&[("a.yaml", CRD), ("b.yaml", &other)]);
    let v1 = both.of("example.org", "Widget", "v1").unwrap();
    assert_eq!([at(v1, "spec.size"), at(v1, "spec.host"), at(v1, "spec.path")], ["required", "required", "there"]);
    // What is shipped of Flux stays as it is; of others a repository knows it better.
    let schema = "{properties: {spec: {properties: {own: {}}}}}";
    let schemas = [
        ("helm.toolkit.fluxcd.io/helmrelease_v2.json", schema),
        ("x/external-secrets.io/externalsecret_v1.json", schema),
        ("example.org/widget_v1.json", schema),
    ];
    let tables = tables(&schemas);
    assert_eq!(at(tables.of("helm.toolkit.fluxcd.io", "HelmRelease", "v2").unwrap(), "spec.interval"), "required");
    let secret = tables.of("external-secrets.io", "ExternalSecret", "v1").unwrap();
    assert_eq!([at(secret, "spec.own"), at(secret, "spec.data")], ["there", "unknown, nothing like it"]);
    assert!(tables.of("example.org", "Widget", "v1").is_some(), "a path has the kind in lower case");
}

#[test]
fn a_json_schema_says_its_kind() {
    for (schema, path, want) in [
        (
            "{x-kubernetes-group-version-kind: [{group: apps, kind: Deployment, version: v1}], properties: {spec: {}}}",
            "a.json",
            Some(("apps", "Deployment", "v1")),
        ),
        (
            "{properties: {apiVersion: {enum: [v1]}, kind: {const: Service}, spec: {}}}",
            "a.json",
            Some(("", "Service", "v1")),
        ),
        ("{properties: {spec: {}}}", "s/example.org/widget_v1beta1.json", Some(("example.org", "Widget", "v1beta1"))),
        ("{properties: {spec: {}}}", "s/widget_v1.json", None),
        ("{properties: {spec: {}}}", "example.org/widget.json", None),
        ("{type: object}", "example.org/widget_v1.json", None),
        ("{apiVersion: v1, kind: ConfigMap, data: {}}", "example.org/widget_v1.yaml", None),
    ] {
        let mut tables = Tables::default();
        assert_eq!(tables.add(&value(schema), path), want.is_some(), "{schema} {path}");
        if let Some((group, kind, version)) = want {
            assert!(tables.of(group, kind, version).is_some(), "{schema}");
        }
    }
    // References inside of it are followed, also where one has no end.
    let schema = "{definitions: {a~b: {required: [next], properties: {next: {$ref: '#/definitions/a~0b'}}}}, \
                  properties: {spec: {allOf: [{$ref: '#/definitions/a~0b'}, {properties: {own: {}}}]}, other: {$ref: 'https://example.org/x'}}}";
    let tables = tables(&[("example.org/widget_v1.json", schema)]);
    let v1 = tables.of("example.org", "Widget", "v1").unwrap();
    let said = ["spec.own", "spec.next.next.next", "spec.next.nxet", "other.x"].map(|path| at(v1, path));
    assert_eq!(said, ["there", "required", "unknown, spec.next.next", "not listed"]);
}
