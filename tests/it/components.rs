//! `components`, judged by real Kustomize: what each consumer builds is the same before and after,
//! contents included. On the golden repository, and on real ones where the corpus is available.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::kubectl::kustomize;
use crate::support::rounds::{each, exhaustive};
use crate::support::{Repo, corpus, in_parallel, root};
use serde_json::Value;

struct Switched {
    before: Repo,
    after: Repo,
    plan: Value,
}

impl Switched {
    fn units(&self, step: &str) -> Vec<&Value> {
        self.plan["units"].as_array().unwrap().iter().filter(|unit| unit["step"] == step).collect()
    }

    /// The directories of the consumers that may be written, with the titles of their units.
    fn consumers(&self) -> BTreeMap<&str, &str> {
        let able = self.units("switch").into_iter().filter(|unit| unit["safety"] == "safe");
        able.map(|unit| {
            let path = unit["subject"]["path"].as_str().unwrap();
            (path.rsplit_once('/').unwrap().0, unit["title"].as_str().unwrap())
        })
        .collect()
    }
}

/// Plans, lands everything, and runs again.
fn switched(from: &Path) -> Switched {
    let (before, after) = (Repo::copy_of(from).commit(), Repo::copy_of(from).commit());
    let run = |command: &[&str]| after.run(&[command, &["components", "--review"]].concat());
    let plan: Value = serde_json::from_str(&run(&["plan", "--format", "json"]).stdout).unwrap();
    run(&["apply", "--yes", "--here"]);
    assert_eq!(run(&["diff"]).stdout, "", "the second diff prints nothing");
    Switched { before, after, plan }
}

/// The objects that Kustomize builds from a directory, each as text.
fn objects(repo: &Repo, dir: &str) -> Option<Result<BTreeSet<String>, String>> {
    let built = kustomize(&repo.path().join(dir))?;
    Some(built.map(|text| text.split("\n---\n").map(|object| object.trim().to_owned()).collect()))
}

/// Those of some consumers that Kustomize looks at.
fn sample<T>(consumers: impl Iterator<Item = T>) -> Vec<T> {
    consumers.step_by(each(3)).collect()
}

/// How many directories Kustomize builds to the same objects.
fn judged(switched: &Switched) -> usize {
    let builds = in_parallel(sample(switched.consumers().into_keys()), |dir| {
        Some((dir, objects(&switched.before, dir)?, objects(&switched.after, dir)?))
    });
    let mut same = 0;
    for (dir, before, after) in builds.into_iter().flatten() {
        assert!(before.is_ok(), "{dir}: {before:?}");
        assert_eq!(before, after, "{dir}");
        same += 1;
    }
    same
}

#[test]
fn the_golden_repository_builds_the_same() {
    let switched = switched(&root().join("golden/components-switch/before"));
    let judged = judged(&switched);
    assert!(judged == 0 || judged == sample(0..7).len(), "{judged}");
}

/// What the native proof lets through must never be what Kustomize refuses, or builds differently.
#[test]
fn what_is_refused_stays_as_it_is() {
    let switched = switched(&root().join("golden/components-refusals/before"));
    judged(&switched);
    for unit in switched.units("switch").into_iter().filter(|unit| unit["safety"] == "refused") {
        let path = unit["subject"]["path"].as_str().unwrap();
        assert_eq!(switched.before.read(path), switched.after.read(path));
    }
}

/// haynes-ops has 35 live references, all on main, and one that is commented out.
#[test]
fn haynes_ops() {
    let Some(corpus) = corpus() else { return };
    let switched = switched(&corpus.join("haynes-ops/before"));
    assert!(
        switched
            .units("switch")
            .iter()
            .all(|unit| unit["safety"] == "safe" && unit["clusters"] == serde_json::json!(["main"]))
    );
    let consumers = switched.consumers();
    let pairs: Vec<&str> = consumers.values().flat_map(|title| title.split(", ")).collect();
    let of = |template: &str| {
        let from = format!("kubernetes/shared/templates/{template} to kubernetes/shared/components/");
        let of_it: BTreeSet<&str> = pairs.iter().filter_map(|pair| pair.strip_prefix(&*from)).collect();
        (of_it, pairs.iter().filter(|pair| pair.starts_with(&*from)).count())
    };
    assert_eq!(of("gatus/external"), (BTreeSet::from(["gatus/external"]), 2));
    assert_eq!(of("gatus/gaurded"), (BTreeSet::from(["gatus/gaurded"]), 16));
    assert_eq!(of("volsync/app-pvc"), (BTreeSet::from(["volsync/aws"]), 16));
    // Its variables are others (EXTRAVOL): it is not the one that app-pvc is.
    assert_eq!(of("volsync/extra-pvc"), (BTreeSet::from(["volsync/extra-pvc"]), 1));
    assert_eq!((pairs.len(), switched.units("component").len(), switched.units("remove").len()), (35, 1, 4));
    let commented = switched.plan["findings"].as_array().unwrap().iter();
    assert_eq!(commented.filter(|finding| finding["code"] == "template-commented-out").count(), 1);

    let left: Vec<_> = switched
        .after
        .files()
        .into_iter()
        .filter(|(path, text)| {
            let live = |line: &str| line.contains("templates/") && line.trim_start().starts_with("- ");
            path.ends_with("kustomization.yaml") && String::from_utf8_lossy(text).lines().any(live)
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let judged = judged(&switched);
    assert!(judged == 0 || judged == sample(consumers.keys()).len(), "{judged}");

    // What the owner did by hand: one consumer was missed, and four lost a template silently. All
    // five are switched here.
    let by_hand =
        |dir: &str| std::fs::read_to_string(corpus.join("haynes-ops/after").join(dir).join("kustomization.yaml"));
    let missed: Vec<&str> =
        consumers.keys().filter(|dir| by_hand(dir).is_ok_and(|text| text.contains("/templates/"))).copied().collect();
    assert_eq!(missed, ["kubernetes/main/apps/database/emqx/cluster"]);
    let lost = consumers
        .iter()
        .filter(|(dir, title)| title.contains("gatus/") && by_hand(dir).is_ok_and(|text| !text.contains("gatus/")));
    let lost: Vec<&str> = lost.map(|(dir, _)| dir.rsplit('/').next().unwrap()).collect();
    assert_eq!(lost, ["openwakeword", "piper", "speech-to-phrase", "whisper"]);
}

/// `docs/hazards.md#c8`: a Flux Kustomization that holds claims and moves to another namespace at
/// the same time, as seen from the branch that the cluster follows.
#[test]
fn a_move_of_claims_at_the_same_time_is_named() {
    let repo = Repo::copy_of(&root().join("golden/components-switch/before")).commit();
    repo.git(&["switch", "--quiet", "--create", "work"]);
    let ks = "kubernetes/main/apps/three/ks.yaml";
    let text = repo.read(ks);
    let moved = text.replacen("namespace: flux-system", "namespace: media", 1);
    repo.write(ks, moved.replace("    name: home-ops", "    name: home-ops\n    namespace: flux-system"));
    repo.git(&["commit", "--quiet", "--all", "--message", "move"]);
    let plan = repo.run(&["plan", "components", "--review", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let named =
        plan["units"].as_array().unwrap().iter().filter(|unit| {
            unit["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "claims-moved")
        });
    let named: Vec<_> =
        named.map(|unit| (unit["subject"]["path"].as_str().unwrap(), unit["safety"].as_str().unwrap())).collect();
    assert_eq!(named, [("kubernetes/main/apps/three/app/kustomization.yaml", "review")]);
}

/// Claims are protected in a batch of their own, and Kustomize judges each batch where it lands
/// (`docs/hazards.md#c8`).
#[test]
fn claims_come_first_on_branches() {
    let repo = Repo::copy_of(&root().join("golden/components-flux/before")).commit();
    let judge = crate::kubectl::kubectl().map_or("none".to_owned(), |path| path.display().to_string());
    let run = repo.run(&["branch", "components", "--kustomize", &judge]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let made = repo.git(&["for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/flux-codemod"]);
    let of_main: Vec<&str> = made.lines().filter(|name| name.starts_with("main/")).collect();
    assert_eq!(
        of_main,
        [
            "main/components/10-sources",
            "main/components/12-claims",
            "main/components/15-consumers-default",
            "main/components/15-consumers-flux-system",
            "main/components/95-removals"
        ]
    );
    let before = |one: &str, other: &str| {
        let branch = |name: &str| format!("flux-codemod/main/components/{name}");
        repo.git(&["merge-base", &branch(one), &branch(other)]) == repo.git(&["rev-parse", &branch(one)])
    };
    assert!(before("12-claims", "10-sources") && before("10-sources", "15-consumers-default"));
    let apply = repo.run(&["apply", "components", "--here", "--kustomize", &judge]);
    assert!(crate::support::unfolded(&apply.stderr).contains("claims before"), "{}", apply.stderr);
}

/// The second repository as its owner moved it: every Component is named where the owner named it,
/// and Kustomize builds the same with what Flux adds.
#[test]
fn onedr0p_home_ops_in_flux_kustomizations() {
    let Some(corpus) = corpus() else { return };
    let repo = Repo::copy_of(&corpus.join("onedr0p-home-ops/before"));
    repo.write(".flux-codemod.yaml", "components:\n  destination: flux-kustomization\n");
    let repo = repo.commit();
    // Kustomize builds each Flux Kustomization of the repository twice, which takes long.
    let kubectl = crate::kubectl::kubectl().filter(|_| exhaustive());
    let judge = kubectl.map_or("none".to_owned(), |path| path.display().to_string());
    let plan = repo.run(&["plan", "components", "--format", "json", "--kustomize", &judge]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let units = plan["units"].as_array().unwrap();
    assert!(units.iter().all(|unit| unit["safety"] == "safe"));
    let titles = units.iter().filter(|unit| unit["step"] == "switch").map(|unit| unit["title"].as_str().unwrap());
    let (in_flux, in_file): (Vec<&str>, Vec<&str>) = titles.partition(|title| title.contains("spec.components"));
    assert_eq!((in_flux.len(), in_file.len()), (25, 11));
    if judge != "none" {
        let builds = plan["judged"]["builds"].as_array().unwrap();
        assert!(builds.len() > 36 && builds.iter().all(|build| build["verdict"] == "same"), "{builds:?}");
    }
    repo.run(&["apply", "components", "--here"]);
    assert_eq!(repo.run(&["diff", "components"]).stdout, "");
    let after = Repo::copy_of(&corpus.join("onedr0p-home-ops/after"));
    let (by_hand, ours) = (named_components(&after), named_components(&repo));
    assert_eq!(by_hand.len(), 51);
    assert_eq!(ours, by_hand);
}

/// Every entry that leads to a Component: its file, and the Component.
fn named_components(repo: &Repo) -> BTreeSet<(String, String)> {
    let files = repo.files();
    let texts = files.iter().map(|(path, text)| (path.display().to_string(), String::from_utf8_lossy(text)));
    let entries = texts.flat_map(|(path, text)| {
        let component =
            |line: &str| Some(line.trim_start().strip_prefix("- ../")?.split_once("components/")?.1.to_owned());
        text.lines().filter_map(component).map(|dir| (path.clone(), dir)).collect::<Vec<_>>()
    });
    entries.collect()
}

/// The second repository has no Components yet: each of its templates is made one.
#[test]
fn onedr0p_home_ops() {
    let Some(corpus) = corpus() else { return };
    let switched = switched(&corpus.join("onedr0p-home-ops/before"));
    let consumers = switched.consumers();
    assert_eq!(consumers.values().flat_map(|title| title.split(", ")).count(), 51);
    assert_eq!((consumers.len(), switched.units("switch").len()), (36, 36));
    assert_eq!((switched.units("component").len(), switched.units("remove").len()), (4, 4));
    let judged = judged(&switched);
    assert!(judged == 0 || judged == sample(consumers.keys()).len(), "{judged}");
}

/// What nobody can read, or nobody may change, holds back whatever would move or remove its directory.
#[test]
fn what_cannot_be_read_is_neither_moved_nor_removed() {
    let dirs = [
        "kubernetes/main/apps/moved/app",
        "kubernetes/shared/templates/frehs",
        "kubernetes/shared/templates/gaurded",
        "kubernetes/shared/components/gaurded",
    ];
    let sops = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nsops: {mac: 'ENC[x]', version: 3.8.0}\n";
    let files: [(&str, &[u8]); 5] = [
        ("zz.bin", b"\xff\xfe\0"),
        ("zz.yaml", b"a: [\n"),
        ("zz.sops.yaml", sops.as_bytes()),
        ("zz.yaml.j2", b"a: {{ x }}\n"),
        ("zz.yml", b"a: {{ x }}\n"),
    ];
    for (name, bytes) in files {
        for dir in dirs {
            let repo = Repo::copy_of(&root().join("golden/components-rename/before"));
            let file = repo.path().join(dir).join(name);
            std::fs::write(&file, bytes).unwrap();
            let repo = repo.commit();
            repo.run(&["apply", "components", "--review", "--yes", "--here"]);
            assert_eq!(std::fs::read(&file).ok().as_deref(), Some(bytes), "{name} in {dir}");
        }
    }
}
