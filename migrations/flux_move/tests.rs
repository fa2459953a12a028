//! Properties of moves, on the tree of a golden case: the order does not matter, and guards leave nothing
//! behind.

use std::collections::BTreeMap;
use std::path::Path;

use super::FluxMove;
use super::beside::{SECOND, SWITCH};
use super::find::Found;
use super::units::{GUARD, MOVE, UNGUARD};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Migration, Unit, land, plan};
use crate::repo::{Memory, RepoPath};

/// Paths and texts.
type Files = Vec<(String, String)>;

fn read(dir: &Path, root: &Path, found: &mut Files) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The tree of a golden case, and its configuration.
fn golden(case: &str) -> (View, Settings) {
    changed(case, |_| {})
}

/// The same with other files.
fn changed(case: &str, change: impl Fn(&mut Files)) -> (View, Settings) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(case).join("before");
    let mut files = Vec::new();
    read(&root, &root, &mut files);
    change(&mut files);
    files.sort();
    let text = files.iter().find(|(path, _)| path == ".flux-codemod.yaml").map(|(_, text)| text.as_str());
    let sections: Vec<_> = FluxMove.section().into_iter().collect();
    let settings = Settings::read("settings", text.unwrap_or_default(), &sections).unwrap();
    let tree = Memory::tree(files.iter().map(|(path, text)| (&**path, &**text)));
    (View::of(tree).unwrap(), settings)
}

pub(super) fn files(view: &View) -> BTreeMap<RepoPath, Vec<u8>> {
    let bytes = |path: &RepoPath| view.tree().read(path).unwrap().unwrap().bytes.to_vec();
    view.tree().entries().map(|(path, _)| (path.clone(), bytes(&path))).collect()
}

/// Lands units of some steps, whatever gates say.
pub(super) fn landed(view: &View, settings: &Settings, units: &[&Unit]) -> View {
    land(view, units, &[&FluxMove], settings).unwrap().complete().unwrap().view
}

/// The units of a tree that can be written, by whether they are of some steps.
fn units(view: &View, settings: &Settings, is: impl Fn(&str) -> bool) -> Vec<Unit> {
    let plan = plan(view, &[&FluxMove], settings, None).unwrap();
    plan.units.into_iter().filter(|unit| unit.is_able() && is(unit.id.step)).collect()
}

const CASES: [&str; 3] = ["flux-move-label", "flux-move-inherit", "flux-move-refusals"];

#[test]
fn the_order_of_moves_does_not_matter() {
    for case in CASES {
        let (view, settings) = golden(case);
        let before = units(&view, &settings, |step| ![MOVE, UNGUARD].contains(&step));
        let guarded = landed(&view, &settings, &before.iter().collect::<Vec<_>>());
        let moves = units(&guarded, &settings, |step| step == MOVE);
        assert!(moves.len() > 3, "{case}");
        let mut order: Vec<&Unit> = moves.iter().collect();
        let expected = files(&landed(&guarded, &settings, &order));
        order.reverse();
        assert!(files(&landed(&guarded, &settings, &order)) == expected, "{case}: the other way round");
    }
}

/// What names sources and stores may be switched in any order, too.
#[test]
fn the_order_of_switches_does_not_matter() {
    for case in ["flux-move-sources", "flux-move-stores"] {
        let (view, settings) = golden(case);
        let seconds = units(&view, &settings, |step| step == SECOND);
        let beside = landed(&view, &settings, &seconds.iter().collect::<Vec<_>>()).whole();
        let switches = units(&beside, &settings, |step| step == SWITCH);
        assert!(switches.len() > 4, "{case}: {}", switches.len());
        let mut order: Vec<&Unit> = switches.iter().collect();
        let expected = files(&landed(&beside, &settings, &order));
        order.reverse();
        assert!(files(&landed(&beside, &settings, &order)) == expected, "{case}: the other way round");
    }
}

#[test]
fn guards_leave_nothing_behind() {
    for case in CASES {
        let (view, settings) = golden(case);
        let first = units(&view, &settings, |step| ![GUARD, MOVE, UNGUARD].contains(&step));
        let scoped = landed(&view, &settings, &first.iter().collect::<Vec<_>>()).whole();
        // All that moves, without any guard.
        let guards = units(&scoped, &settings, |step| step == GUARD);
        let guarded = landed(&scoped, &settings, &guards.iter().collect::<Vec<_>>());
        let moves = units(&guarded, &settings, |step| step == MOVE);
        let found = Found::in_view(&scoped, &settings);
        let is_moved = |name: &str| moves.iter().any(|unit| unit.id.subject.name() == name);
        let moving = found.moving(found.movers().filter(|(candidate, _)| is_moved(&candidate.name)));
        let (changes, _) = found.written(&found.puts(&moving).unwrap()).unwrap();
        let bare = files(&scoped.with(&changes).unwrap());

        let moved = landed(&guarded, &settings, &moves.iter().collect::<Vec<_>>());
        let off = units(&moved, &settings, |step| step == UNGUARD);
        assert_eq!(off.len(), guards.len(), "{case}");
        let after = files(&landed(&moved, &settings, &off.iter().collect::<Vec<_>>()));
        for (path, text) in &bare {
            assert!(after[path] == *text, "{case}: {path} has something left of its guard");
        }
    }
}

#[test]
fn a_move_never_lands_on_a_tree_without_its_guard() {
    let (view, settings) = golden("flux-move-label");
    let plan = plan(&view, &[&FluxMove], &settings, None).unwrap();
    let moves: Vec<&Unit> = plan.units.iter().filter(|unit| unit.is_able() && unit.id.step == MOVE).collect();
    let landed = land(&view, &moves, &[&FluxMove], &settings).unwrap();
    let refused: Vec<String> = landed.refused.values().map(|reason| reason.code.id.to_owned()).collect();
    // `web` prunes nothing by itself.
    assert_eq!(refused, ["guard-not-live"; 3]);
    assert_eq!(landed.units.len(), 1);
}

#[test]
fn a_component_is_included_only_where_it_is_certain() {
    let codes = |change: &dyn Fn(&mut Files)| -> Vec<String> {
        let (view, settings) = changed("flux-move-component", change);
        let plan = plan(&view, &[&FluxMove], &settings, None).unwrap();
        let plex = plan.units.iter().filter(|unit| unit.id.subject.name() == "plex");
        let mut codes: Vec<_> =
            plex.flat_map(|unit| &unit.findings).map(|finding| finding.code.id.to_owned()).collect();
        codes.dedup();
        codes
    };
    let replaced = |files: &mut Files, path: &str, old: &str, new: &str| {
        let (_, text) = files.iter_mut().find(|(other, _)| other == path).unwrap();
        assert!(text.contains(old), "{path}");
        *text = text.replace(old, new);
    };
    let refused = ["needs-decryption", "needs-substitutions"];
    assert_eq!(codes(&|_| {}), [""; 0]);
    let twice = |files: &mut Files| {
        let of_common = |(path, text): &(String, String)| {
            Some((path.replace("components/common", "components/other"), text.clone()))
                .filter(|(other, _)| other != path)
        };
        let copies: Vec<_> = files.iter().filter_map(of_common).collect();
        assert_eq!(copies.len(), 3);
        files.extend(copies);
    };
    assert_eq!(codes(&twice), refused, "two carry it");
    let key = "  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n";
    assert_eq!(codes(&|files| replaced(files, "flux/apps.yaml", key, "")), refused, "nothing decrypts it");
    let fixed = |files: &mut Files| {
        replaced(
            files,
            "components/common/settings.yaml",
            "  name: settings\n",
            "  name: settings\n  namespace: default\n",
        );
    };
    assert_eq!(codes(&fixed), refused, "something of it is in a namespace of its own");
    let other = |files: &mut Files| replaced(files, "components/common/settings.yaml", "dark", "light");
    assert_eq!(codes(&other), ["needs-substitutions"], "the settings are others");
}

#[test]
fn a_component_that_two_need_is_included_once() {
    let (view, settings) = golden("flux-move-component");
    let all = units(&view, &settings, |step| ![GUARD, MOVE, UNGUARD].contains(&step));
    let including: Vec<&str> = all.iter().map(|unit| unit.id.subject.name()).collect();
    assert_eq!(including, ["apps/media/kustomization.yaml"], "plex and hooks need it");
    let list = |view: &View| {
        let path = RepoPath::new("apps/media/kustomization.yaml").unwrap();
        String::from_utf8(files(view)[&path].clone()).unwrap()
    };
    let included = landed(&view, &settings, &all.iter().collect::<Vec<_>>());
    assert_eq!(list(&included).matches("components/common").count(), 1, "{}", list(&included));
    assert!(units(&included, &settings, |step| ![GUARD, MOVE, UNGUARD].contains(&step)).is_empty());
}

#[test]
fn what_clusters_need_differently_is_refused() {
    let codes = |of_edge: &dyn Fn(&str) -> String| -> Vec<String> {
        // A second cluster applies the same files.
        let twice = |files: &mut Files| {
            let of_flux = files.iter().filter(|(path, _)| path.starts_with("flux/"));
            let edge = of_flux.map(|(path, text)| {
                (path.replace("flux/", "edge/"), of_edge(&text.replace("path: ./flux\n", "path: ./edge\n")))
            });
            let edge: Vec<_> = edge.collect();
            files.extend(edge);
        };
        let (view, settings) = changed("flux-move-inline", twice);
        assert_eq!(view.graph().clusters.iter().count(), 2);
        let plan = plan(&view, &[&FluxMove], &settings, None).unwrap();
        let plain = plan.units.iter().filter(|unit| unit.id.subject.name() == "plain");
        plain.flat_map(|unit| &unit.findings).map(|finding| finding.code.id.to_owned()).collect()
    };
    let differs = |codes: Vec<String>| codes.iter().any(|code| code == "needs-differ");
    assert!(!differs(codes(&str::to_owned)), "both get the same variables");
    let variables = "          postBuild:\n            substituteFrom:\n              - kind: ConfigMap\n                name: settings\n";
    let without = |text: &str| text.replace(variables, "");
    assert!(differs(codes(&without)), "only one of them gets variables");
}

/// Nothing moves by an entry that is mistyped, and no guard is removed for it.
#[test]
fn a_guard_stays_where_nothing_has_moved() {
    let mistyped = "flux-move:\n  moves:\n    - {kind: Kustomization, from: flux-system/plx, to: media/plx}\n";
    let change = |files: &mut Files| {
        files.retain(|(path, _)| path != ".flux-codemod.yaml");
        files.push((".flux-codemod.yaml".to_owned(), mistyped.to_owned()));
    };
    let (view, settings) = changed("flux-move-live", change);
    assert!(
        view.files()
            .any(|(_, file)| { file.stream.as_ref().is_some_and(|stream| stream.text().contains("guard[flux-move]")) })
    );
    let found = plan(&view, &[&FluxMove], &settings, None).unwrap();
    assert_eq!(found.units.iter().map(|unit| unit.id.to_string()).collect::<Vec<_>>(), [""; 0]);
    assert!(found.findings.iter().any(|finding| finding.code.id == "move-not-found"));
}
