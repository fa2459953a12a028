use super::*;
use crate::flux::tests::view;

const FLUX: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {path: ./app, sourceRef: {kind: GitRepository, name: home}}
";

fn input(files: &[(&str, &str)]) -> Result<Input, NotBuilt> {
    let leaked = files.iter().map(|(path, text)| (*path, &*text.to_string().leak()));
    let files: Vec<(&str, &'static str)> = leaked.chain([("flux.yaml", FLUX)]).collect();
    let view = view(&files);
    let at = view.file(&RepoPath::new("flux.yaml").unwrap()).unwrap().objects[0].at.clone();
    view.input(&view.stated(&at).unwrap())
}

fn app(text: &str) -> Result<Input, NotBuilt> {
    input(&[("app/kustomization.yaml", text), ("app/a.yaml", "{}"), ("app/http:/x/y", ""), ("base/x.yaml", "")])
}

fn reads(text: &str) -> Vec<String> {
    app(text).unwrap_or_else(|why| panic!("{text}: {why}")).reads.iter().map(ToString::to_string).collect()
}

fn is_built(text: &str) -> bool {
    app(text).is_ok()
}

#[test]
fn what_a_build_reads_is_found() {
    let all = "resources: [a.yaml, ../base, missing.yaml]\ncomponents: [../c]\nconfigurations: [./conf.yaml]\n\
               crds: [crd.json]\nopenapi: {path: schema.json}\npatches: [{path: p.yaml}, {patch: 'x'}, s.yaml]\n\
               patchesStrategicMerge: [m.yaml, \"kind: A\\npath: /a/b\\n\"]\nreplacements: [{path: r.yaml}]\n\
               configMapGenerator: [{name: g, files: [x, k=y], envs: [e], env: f, literals: [a=/etc/passwd]}]\n\
               transformers: [t.yaml, \"{apiVersion: builtin, kind: PatchTransformer, path: q.yaml}\"]\n";
    let read: Vec<String> = input(&[
        ("app/kustomization.yaml", all),
        ("app/a.yaml", ""),
        ("app/unused.yaml", ""),
        ("base/kustomization.yml", "secretGenerator: [{name: s, files: [key]}]"),
        ("base/key", ""),
        ("c/Kustomization", ""),
        ("app/conf.yaml", ""),
        ("app/crd.json", ""),
        ("app/schema.json", ""),
        ("app/p.yaml", ""),
        ("app/s.yaml", ""),
        ("app/m.yaml", ""),
        ("app/r.yaml", ""),
        ("app/x", ""),
        ("app/y", ""),
        ("app/e", ""),
        ("app/f", ""),
        ("app/t.yaml", "{apiVersion: builtin, kind: ConfigMapGenerator, files: [a=z]}"),
        ("app/z", ""),
        ("app/q.yaml", ""),
    ])
    .unwrap()
    .reads
    .iter()
    .map(ToString::to_string)
    .collect();
    let app = ["a.yaml", "conf.yaml", "crd.json", "e", "f", "kustomization.yaml", "m.yaml", "p.yaml", "q.yaml"]
        .into_iter()
        .chain(["r.yaml", "s.yaml", "schema.json", "t.yaml", "x", "y", "z"])
        .map(|name| format!("app/{name}"));
    let others = ["base/key", "base/kustomization.yml", "c/Kustomization"].map(str::to_owned);
    assert_eq!(read, app.chain(others).collect::<Vec<_>>());
}

#[test]
fn nothing_outside_of_the_tree_is_built() {
    let outside = ["/etc/passwd", "../../x", "http://127.0.0.1/x", "HTTPS://example.org", "http:/x/y", "file:///x"];
    for path in outside {
        for field in [
            "resources: [P]",
            "bases: [P]",
            "components: [P]",
            "crds: [P]",
            "configurations: [P]",
            "openapi: {path: P}",
            "patches: [{path: P}]",
            "patches: [P]",
            "patchesJson6902: [{path: P}]",
            "patchesStrategicMerge: [P]",
            "replacements: [{path: P}]",
            "configMapGenerator: [{name: g, files: [P]}]",
            "configMapGenerator: [{name: g, files: ['k=P']}]",
            "secretGenerator: [{name: g, envs: [P]}]",
            "secretGenerator: [{name: g, env: P}]",
            "generators: [P]",
            "transformers: [P]",
            "validators: [P]",
            "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, files: [k=P]}']",
            "generators: ['{apiVersion: builtin, kind: SecretGenerator, envs: [P]}']",
            "transformers: ['{apiVersion: builtin, kind: PatchTransformer, path: P}']",
            "transformers: ['{apiVersion: builtin, kind: PatchStrategicMergeTransformer, paths: [P]}']",
            "transformers: ['{apiVersion: builtin, kind: ReplacementTransformer, replacements: [{path: P}]}']",
        ] {
            let text = field.replace('P', path);
            assert!(!is_built(&text), "{text}");
            // Further down, and with an alias.
            let below = [("app/kustomization.yaml", "resources: [../base]"), ("base/kustomization.yaml", &*text)];
            assert!(input(&below).is_err(), "{text}");
        }
        let file = format!("{{apiVersion: builtin, kind: ConfigMapGenerator, files: ['{path}']}}");
        let files = [("app/kustomization.yaml", "generators: [g.yaml]"), ("app/g.yaml", &*file)];
        assert!(input(&files).is_err(), "{file}");
    }
    assert!(!is_built("x: &x /etc/passwd\nresources: [*x]\n"));
    assert!(!is_built("resources: &r [a.yaml, /etc/passwd]\n"));
}

#[test]
fn what_another_parser_may_read_in_another_way_is_not_built() {
    for text in [
        "Resources: [/etc/passwd]",
        "configMapGenerator: [{name: g, Files: [/etc/passwd]}]",
        "resources: [!!binary L2V0Yy9wYXNzd2Q=]",
        "resources: [a.yaml]\nresources: [/etc/passwd]\n",
        "patches: [{path: a.yaml, path: /etc/passwd}]",
        "resources: [a.yaml]\n---\nresources: [/etc/passwd]\n",
        "namePrefix: \"x\u{85}resources: [/etc/passwd]\"\n",
        "%YAML 1.1\n---\nresources: [a.yaml]\n",
        "resources: a.yaml",
        "resources: [{a: b}]",
        "- a",
        "resources: [{{ a }}]",
        "helmCharts: [{name: x}]",
        "helmGlobals: {chartHome: /}",
        "helmChartInflationGenerator: [{chartName: x}]",
        "unknown: x",
        "openapi: {path: a.yaml, other: /etc/passwd}",
    ] {
        assert!(!is_built(text), "{text}");
    }
    assert!(is_built("resources:\npatches: []\n"));
    let two = [("app/kustomization.yaml", "resources: []"), ("app/Kustomization", "resources: []")];
    assert!(input(&two).is_err());
}

#[test]
fn plugins_that_are_not_known_are_not_built() {
    for plugin in [
        "{apiVersion: example.org/v1, kind: Runs, metadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}}}",
        "{apiVersion: builtin, kind: HelmChartInflationGenerator, name: x}",
        "{apiVersion: builtin, kind: ConfigMapGenerator, Files: [/etc/passwd]}",
        "{apiVersion: builtin, kind: ConfigMapGenerator, files: [!!binary L2V0Yy9wYXNzd2Q=]}",
        "{apiVersion: builtin, kind: PatchTransformer, metadata: {annotations: {config.kubernetes.io/function: x}}}",
        "{apiVersion: v1, kind: List, items: [{apiVersion: builtin, kind: ConfigMapGenerator, files: [/etc/passwd]}]}",
        "{{ x }}",
        "../base",
    ] {
        let text = format!("generators: [{:?}]", plugin);
        assert!(!is_built(&text), "{text}");
    }
    assert!(is_built("transformers: [\"apiVersion: builtin\\nkind: NamespaceTransformer\\nunsetOnly: true\\n\"]"));
}

/// Kustomize tries an object as a path first, and takes `..` off its text.
#[test]
fn an_object_that_is_a_path_as_well_is_not_built() {
    for text in [
        "kind: A\n/../../../etc/passwd",
        "kind: A\n/../a.yaml",
        "kind: A\n/../../base/x.yaml",
        "{a: b}/../a.yaml",
        "http://127.0.0.1/\n",
    ] {
        assert!(!is_built(&format!("patchesStrategicMerge: [{text:?}]")), "{text:?}");
    }
    assert!(is_built("patchesStrategicMerge: [\"kind: A\\nspec: {a: /b/../c, b: 'http://127.0.0.1'}\\n\"]"));
}

#[test]
fn a_place_is_said_and_no_value() {
    let shown = |text: &str| app(text).unwrap_err().to_string();
    let remote = shown("resources:\n  - a.yaml\n  - https://me:secret@example.org/x\n");
    assert_eq!(remote, "app/kustomization.yaml:3 lists https://example.org/x, which is not in this repository");
    for text in [
        "secretGenerator: [{name: s, files: ['hunter2:x']}]",
        "patchesStrategicMerge: [\"hunter2\\n/../..\\n/../../..\"]",
    ] {
        assert!(!shown(text).contains("hunter2"), "{}", shown(text));
    }
    assert_eq!(reads("resources: [a.yaml]"), ["app/a.yaml", "app/kustomization.yaml"]);
}
