//! Tests of migrations in process: the files before, and the files afterwards.
//!
//! A fixture is files in one text, each below a line `//- path`. Unless it brings an entry point of
//! its own, a cluster `main` starts from `flux/` and applies everything below `apps/`.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Finding, Migration, Plan, Safety, Unit, land, plan};
use crate::repo::{Memory, RepoPath, Tree};

/// The cluster of fixtures that bring none.
const CLUSTER: [(&str, &str); 2] = [
    (
        "flux/gotk-sync.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
         metadata:\n  name: flux-system\n  namespace: flux-system\n\
         spec:\n  ref:\n    branch: main\n  url: https://example.org/home.git\n\
         ---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata:\n  name: flux-system\n  namespace: flux-system\n\
         spec:\n  path: ./flux\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n",
    ),
    (
        "flux/apps.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata:\n  name: apps\n  namespace: flux-system\n\
         spec:\n  path: ./apps\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n",
    ),
];

/// Has a migration change the files of `before`, whatever is safe or to be reviewed, and sees that
/// they become those of `after`: files that `after` does not name stay as they are. The second run
/// must change nothing.
///
/// # Panics
/// If that is not so.
#[track_caller]
pub fn check(migration: &dyn Migration, before: &str, after: &str) -> Planned {
    check_with(migration, "", before, after)
}

/// As [`check`], with a configuration.
///
/// # Panics
/// As [`check`].
#[track_caller]
pub fn check_with(migration: &dyn Migration, settings: &str, before: &str, after: &str) -> Planned {
    let planned = Planned::of(migration, settings, before);
    let mut expected = planned.files(&planned.view);
    expected.extend(files(after).map(|(path, text)| (path.to_owned(), text)));
    // What a fixture says to be empty is removed.
    expected.retain(|_, text| !text.is_empty());
    let landed = planned.landed(migration);
    assert_same(&expected, &planned.files(&landed));
    let again = plan(&landed, &[migration], &planned.settings, None).expect("the result can be planned");
    let pending: Vec<String> = again.units.iter().filter(|unit| unit.is_able()).map(shown).collect();
    assert!(pending.is_empty(), "the second run would change something: {pending:#?}");
    planned
}

/// Has a migration plan the files of `before`, and sees that nothing is written and each unit says
/// this: `refused both-keys apps/plex.yaml:1`, or only the findings of the tree where there are no
/// units.
///
/// # Panics
/// If that is not so.
#[track_caller]
pub fn check_refused(migration: &dyn Migration, before: &str, expected: &[&str]) {
    let planned = Planned::of(migration, "", before);
    assert_same(&planned.files(&planned.view), &planned.files(&planned.landed(migration)));
    let units = planned.plan.units.iter().flat_map(|unit| {
        let of_unit = |finding: &Finding| format!("{} {}", safety(unit), told(finding));
        unit.findings.iter().map(of_unit).collect::<Vec<_>>()
    });
    let found: Vec<String> = units.collect();
    assert_eq!(found, expected);
}

/// A migration planned on a fixture.
pub struct Planned {
    /// The tree before.
    pub view: View,
    /// The plan.
    pub plan: Plan,
    settings: Settings,
}

impl Planned {
    /// Plans a migration on the files of a fixture.
    ///
    /// # Panics
    /// If fixture or configuration cannot be read.
    #[track_caller]
    pub fn of(migration: &dyn Migration, settings: &str, before: &str) -> Planned {
        let sections: Vec<_> = migration.section().into_iter().collect();
        let settings = Settings::read("settings", settings, &sections).expect("a configuration");
        let texts: Vec<(&str, String)> = files(before).collect();
        let has_cluster = texts.iter().any(|(_, text)| text.lines().any(|line| line == "kind: GitRepository"));
        let cluster = CLUSTER.iter().copied().filter(|_| !has_cluster);
        let tree = Memory::tree(cluster.chain(texts.iter().map(|(path, text)| (*path, &**text))));
        let view = View::of(tree).expect("a fixture can be read");
        let plan = plan(&view, &[migration], &settings, None).expect("a fixture can be planned");
        Planned { view, plan, settings }
    }

    /// A line for each unit: `safe upgrade release media/plex: title`.
    pub fn units(&self) -> Vec<String> {
        self.plan.units.iter().map(shown).collect()
    }

    /// A line for each finding of the units: `warning code file:line`.
    pub fn findings(&self) -> Vec<String> {
        self.plan.units.iter().flat_map(|unit| &unit.findings).map(told).collect()
    }

    /// The text of a file once all units of a step have landed that are not refused.
    ///
    /// # Panics
    /// If something does not land.
    pub fn text_after(&self, migration: &dyn Migration, step: &str, path: &str) -> Option<String> {
        self.files(&self.landed_if(migration, |unit| unit.id.step == step)).remove(path)
    }

    /// The tree on which all units have landed that are not refused.
    fn landed(&self, migration: &dyn Migration) -> View {
        self.landed_if(migration, |_| true)
    }

    fn landed_if(&self, migration: &dyn Migration, lands: impl Fn(&Unit) -> bool) -> View {
        let units: Vec<&Unit> = self.plan.units.iter().filter(|unit| unit.is_able() && lands(unit)).collect();
        let landed = land(&self.view, &units, &[migration], &self.settings).expect("what is planned lands");
        landed.complete().expect("what is planned lands").view
    }

    fn files(&self, view: &View) -> BTreeMap<String, String> {
        let text = |tree: &Tree, path: &RepoPath| {
            let file = tree.read(path).expect("a file of the tree").expect("a file of the tree");
            String::from_utf8_lossy(&file.bytes).into_owned()
        };
        view.tree().entries().map(|(path, _)| (path.to_string(), text(view.tree(), &path))).collect()
    }
}

fn shown(unit: &Unit) -> String {
    let is_none = unit.safety == Safety::Refused || unit.waits_for.is_some();
    let impact = if is_none { "" } else { &unit.impact.to_string() };
    format!("{} {impact} {}: {}", safety(unit), unit.id.subject, unit.title).replace("  ", " ")
}

/// How safe a unit is, or that it waits for another migration.
fn safety(unit: &Unit) -> String {
    if unit.waits_for.is_some() { "waits".to_owned() } else { unit.safety.to_string() }
}

fn told(finding: &Finding) -> String {
    format!("{} {}", finding.code, finding.place().unwrap_or_default()).trim_end().to_owned()
}

/// The files of a fixture, by path. Text before the first is ignored if it is blank.
fn files(fixture: &str) -> impl Iterator<Item = (&str, String)> {
    const MARK: &str = "//- ";
    assert!(
        fixture.trim_start().starts_with(MARK) || fixture.trim().is_empty(),
        "a fixture begins with a line `{MARK}path`"
    );
    let parts = fixture.split(MARK).skip(1);
    parts.map(|part| {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        (path.trim(), text.to_owned())
    })
}

#[track_caller]
fn assert_same(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) {
    let paths: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for path in paths {
        let text = |files: &BTreeMap<String, String>| files.get(path).cloned().unwrap_or_default();
        let (expected, found) = (text(expected), text(found));
        let diff: String = crate::text::hunks(&expected, &found, 3).iter().map(ToString::to_string).collect();
        assert!(expected == found, "{path} is not what is expected:\n{diff}");
    }
}
