use super::*;
use crate::repo::RepoPath;
use crate::yaml::New;

/// A section as a migration would bring it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Demo {
    charts: Vec<String>,
    mode: Option<String>,
}

impl Section for Demo {
    const KEY: &'static str = "demo";

    fn read(keys: &mut Keys<'_, '_>) -> Demo {
        let charts = keys.texts("charts").unwrap_or_default();
        let charts = charts.into_iter().map(|(text, _)| text.to_owned()).collect();
        Demo { charts, mode: keys.text("mode").map(|(text, _)| text.to_owned()) }
    }

    fn described(&self) -> Vec<Described> {
        let mode = New::string("1.10");
        vec![Described { key: "mode", about: "How.", value: mode }]
    }
}

fn read(text: &str) -> Result<Settings, ConfigError> {
    Settings::read(FILE, text, &[SectionType::of::<Demo>()])
}

/// Each mistake as `line:column code`.
fn mistakes(text: &str) -> Vec<String> {
    let Err(error) = read(text) else { return Vec::new() };
    let shown = error.to_string();
    let one = |mistake: &Mistake| {
        let at = error.position(mistake);
        assert!(shown.contains(&format!("{FILE}:{}:{}", at.line, at.column)), "{shown}");
        format!("{}:{} {}", at.line, at.column, mistake.code)
    };
    error.mistakes.iter().map(one).collect()
}

fn found(name: &str, by_path: &str, path: &str) -> FoundCluster {
    let path = RepoPath::new(path).unwrap();
    FoundCluster { name: name.into(), by_path: by_path.into(), path, branch: Some("main".into()), only_given: false }
}

#[test]
fn a_section_has_the_names_that_it_had() {
    let read = |text: &str| Settings::read(FILE, text, &[SectionType::of::<Demo>().also_called(&["demo-v1"])]);
    let old = read("demo-v1: {mode: x}\n").unwrap();
    assert_eq!(old.section::<Demo>(), read("demo: {mode: x}\n").unwrap().section());
    let both = read("demo-v1: {mode: x}\ndemo: {mode: x}\n").unwrap_err();
    assert_eq!(both.mistakes.iter().map(|mistake| mistake.code).collect::<Vec<_>>(), ["duplicate-key"]);
    let shown = read("demo-v1: {}\nother: 1\n").unwrap_err().to_string();
    assert!(shown.contains("unknown key `other`") && shown.contains("demo"), "{shown}");
}

#[test]
fn nothing_is_all_defaults() {
    for text in ["", "---\n", "# only a comment\n", "{}\n", "\u{feff}---\r\n# x\r\n"] {
        let settings = read(text).unwrap();
        assert!(settings.clusters.is_empty() && settings.section::<Demo>() == Demo::default(), "{text:?}");
    }
}

#[test]
fn what_is_there_is_read() {
    let settings = read(
        "demo: &demo\n  charts: [a, 'true', \"3.7\"]\n  mode: x # y\nclusters:\n- name: edge\n- name: main\n  path: ./kubernetes/main/flux/\n  root: kubernetes/\n  \
         branch: release/1.x\n",
    )
    .unwrap();
    assert_eq!(
        settings.section::<Demo>(),
        Demo { charts: vec!["a".into(), "true".into(), "3.7".into()], mode: Some("x".into()) }
    );
    let batches =
        read("batches:\n  recreate-at-most: 3\n  one-app-each: true\n  none-together: true\n").unwrap().batches;
    let default = BatchSettings::default();
    let stated = BatchSettings { recreate_at_most: 3, one_app_each: true, none_together: true, ..default };
    assert_eq!(batches, stated);
    let [edge, main] = &settings.clusters[..] else { panic!("{:?}", settings.clusters) };
    assert_eq!((&*edge.name, &edge.path, edge.line), ("edge", &None, 5));
    assert_eq!(main.path, RepoPath::new("kubernetes/main/flux").ok());
    assert_eq!((&edge.root, &main.root), (&None, &RepoPath::new("kubernetes").ok()));
    assert_eq!(main.branch.as_deref(), Some("release/1.x"));
}

#[test]
fn mistakes_have_a_place_and_a_code() {
    for (text, expected) in [
        ("cluster: []\n", &["1:1 config-unknown-key"][..]),
        ("demo:\n  chart: [a]\n", &["2:3 config-unknown-key"]),
        ("clusters:\n  - name: a\n    pth: x\n", &["3:5 config-unknown-key"]),
        ("<<: {}\n", &["1:1 config-unknown-key"]),
        ("? [a]\n: b\n", &["1:3 config-unknown-key"]),
        ("demo: text\n", &["1:7 config-wrong-type"]),
        ("- a\n", &["1:1 config-wrong-type"]),
        ("clusters: {name: a}\n", &["1:11 config-wrong-type"]),
        ("clusters: [a]\n", &["1:12 config-wrong-type"]),
        ("demo: {charts: a}\n", &["1:16 config-wrong-type"]),
        ("demo: {charts: [a, [b]]}\n", &["1:20 config-wrong-type"]),
        ("demo:\n  mode: 1.10\n", &["2:9 config-wrong-type"]),
        ("demo:\n  mode: on\n", &["2:9 config-wrong-type"]),
        ("demo:\n  mode: [a]\n", &["2:9 config-wrong-type"]),
        ("a: 1\n---\nb: 1\n", &["1:1 config-unknown-key", "3:1 config-wrong-type"]),
        ("demo:\n", &["1:1 config-empty-value"]),
        ("demo: {mode: }\n", &["1:8 config-empty-value"]),
        ("demo: {mode: ''}\n", &["1:14 config-empty-value"]),
        ("demo: {charts: []}\n", &["1:16 config-empty-value"]),
        ("demo: {charts: [a, ~]}\n", &["1:20 config-empty-value"]),
        ("clusters:\n  - path: x\n", &["2:5 config-empty-value"]),
        ("demo: {charts: [a, b, a]}\n", &["1:23 config-duplicate"]),
        ("demo: {mode: a}\ndemo: {mode: b}\n", &["2:1 duplicate-key"]),
        ("clusters: [{name: a}, {name: a}]\n", &["1:23 config-duplicate"]),
        ("clusters: [{name: a, path: x}, {name: b, path: ./x}]\n", &["1:32 config-duplicate"]),
        ("clusters: [{name: a, path: ../x}]\n", &["1:28 config-invalid-value"]),
        ("clusters: [{name: a, root: ../x}]\n", &["1:28 config-invalid-value"]),
        ("clusters: [{name: a, path: .git/x}]\n", &["1:28 config-path-of-git"]),
        ("clusters: [{name: a, branch: refs/heads/x}]\n", &["1:30 config-invalid-value"]),
        ("clusters: [{name: a, branch: a b}]\n", &["1:30 config-invalid-value"]),
        ("batches: {alone-above: x}\n", &["1:24 config-wrong-type"]),
        ("batches: {alone-above: '5'}\n", &["1:24 config-wrong-type"]),
        ("batches: {recreate-at-most: 0}\n", &["1:29 config-invalid-value"]),
        ("batches: {one-app-each: yes}\n", &["1:25 config-wrong-type"]),
        ("doctor: {wait: none}\n", &["1:16 config-invalid-value"]),
        ("demo: [\n", &["1:7 broken-yaml"]),
        (
            "clusters: [{nme: a}]\ndemo: {mode: }\n",
            &["1:12 config-empty-value", "1:13 config-unknown-key", "2:8 config-empty-value"],
        ),
    ] {
        assert_eq!(mistakes(text), expected, "{text}");
    }
}

#[test]
fn the_nearest_key_is_named() {
    let error = read("demo:\n  chartz: [a]\n").unwrap_err().to_string();
    assert!(error.contains("did you mean `charts`?"), "{error}");
    let error = read("qqq: 1\n").unwrap_err().to_string();
    assert!(error.contains("known keys: clusters, exclude, schemas, batches, promotion, doctor, demo"), "{error}");
}

#[test]
fn waits_that_are_meant() {
    for (text, expected) in
        [("", false), ("doctor: {}\n", false), ("doctor: {wait: graph}\n", false), ("doctor: {wait: keep}\n", true)]
    {
        assert_eq!(read(text).unwrap().doctor.keeps_waits, expected, "{text}");
    }
}

#[test]
fn clusters_that_are_nowhere() {
    let shown = [found("edge", "edge", "k/edge"), found("main", "main", "k/main"), found("x/main", "main", "x/main")];
    let check = |text: &str| read(text).unwrap().check_clusters(&shown);
    assert!(check("clusters: [{name: main}, {name: edge}, {name: x/main}]\n").is_ok());
    let error = check("clusters:\n  - name: egde\n").unwrap_err().to_string();
    assert!(error.contains(".flux-codemod.yaml:2:11") && error.contains("`edge`"), "{error}");
    assert!(check("clusters: [{name: main, path: k/main}]\n").is_ok());
    // As the tree is read with that configuration.
    let given = FoundCluster { only_given: true, ..found("edge", "edge2", "k/edge2") };
    let shown = [found("k/edge", "edge", "k/edge"), given];
    let settings = read("clusters: [{name: edge, path: k/edge2}]\n").unwrap();
    let error = settings.check_clusters(&shown).unwrap_err().to_string();
    assert!(error.contains(".flux-codemod.yaml:1:31") && error.contains("at k/edge"), "{error}");
}

#[test]
fn the_template_changes_nothing() {
    let types = [SectionType::of::<Demo>()];
    let odd = "e\nvil: \u{202e}1";
    let clusters = [found("edge", "edge", "k/edge"), FoundCluster { branch: Some(odd.into()), ..found(odd, odd, "") }];
    let text = template(&clusters, &types, |_| None);
    let settings = Settings::read(FILE, &text, &types).unwrap();
    let names: Vec<&str> = settings.clusters.iter().map(|cluster| &*cluster.name).collect();
    assert_eq!(names, ["edge", odd]);
    assert!(settings.clusters.iter().all(|cluster| cluster.path.is_none() && cluster.branch.is_none()));
    assert_eq!(settings.section::<Demo>().mode.as_deref(), Some("1.10"));
    assert!(settings.batches == BatchSettings::default() && settings.exclude.is_none());
    assert!(text.lines().all(|line| line.len() <= 90 && line == line.trim_end()), "{text}");
    assert!(Settings::read(FILE, &template(&[], &types, |_| None), &types).unwrap().clusters.is_empty());
}

#[test]
fn what_is_excluded_is_a_list_of_globs_inside_the_repository() {
    assert!(read("").unwrap().exclude.is_none());
    let path = |path: &str| RepoPath::new(path).unwrap();
    let none = read("exclude: []\n").unwrap().exclude.unwrap();
    assert!(!none.names(&path("a")));
    let some = read("exclude:\n- ./old/\n- '**/attic'\n- a/*.yaml\n").unwrap().exclude.unwrap();
    let named = ["old/x/y.yaml", "attic/x", "a/b/attic/c", "a/x.yaml"];
    assert!(named.into_iter().all(|it| some.names(&path(it))));
    assert!(!["older/x", "b/attics", "a/b/x.yaml"].into_iter().any(|it| some.names(&path(it))));
    assert_eq!(
        mistakes("exclude: [/abs, ../up, 'a[', '']\n"),
        [
            "1:11 config-invalid-value",
            "1:17 config-invalid-value",
            "1:24 config-invalid-value",
            "1:30 config-empty-value"
        ]
    );
    let same = mistakes("schemas: [/abs, ../up, 'a[', '']\n");
    assert_eq!(same, mistakes("exclude: [/abs, ../up, 'a[', '']\n"));
    assert_eq!(mistakes("schemas: ['https://example.org/a.json']\n"), ["1:11 config-invalid-value"]);
    let schemas = read("schemas:\n- ./crds/*.yaml\n").unwrap().schemas;
    assert!(schemas[0].names(&path("crds/a.yaml")) && !schemas[0].names(&path("crds/a/b.yaml")));
    assert_eq!(mistakes("exclude: old\n"), ["1:10 config-wrong-type"]);
    assert_eq!(mistakes("exclude:\n"), ["1:1 config-empty-value"]);
}
