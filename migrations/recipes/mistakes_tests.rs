//! Misspelt fields, stages that have something to do again, and other texts on branches.

use std::collections::BTreeSet;

use super::{Gates, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::ClusterTree;
use crate::plan::{Finding, plan};
use crate::recipe::language::{Known, read};
use crate::repo::{Memory, RepoPath};

fn migration(text: &str) -> RecipeMigration {
    let recipe = read("r.yaml", text, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
    let path = RepoPath::new(".flux-codemod/recipes/r.yaml").unwrap();
    RecipeMigration::new(recipe, Origin::Repository(path), None, BTreeSet::new())
}

fn findings(recipe: &str, file: &str) -> Vec<Finding> {
    let migration = migration(recipe).with_gates(Gates::open());
    let view = View::of(Memory::tree([("a.yaml", file)])).unwrap();
    plan(&view, &[&migration], &Settings::default(), None).unwrap().findings
}

#[test]
fn a_misspelt_field_is_seen() {
    let recipe = |path: &str| {
        format!(
            "recipe: 1\nname: r\nsummary: s\noptional: true\nselect: {{kind: Kustomization.kustomize.toolkit.fluxcd.io}}\ndo: [{{set: {path}, to: 1h}}]\n"
        )
    };
    let unknown = |path: &str| {
        let found = findings(&recipe(path), "a: b\n");
        found
            .into_iter()
            .filter(|finding| finding.code.id == "recipe-unknown-field")
            .map(|finding| finding.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        unknown("spec.intervall"),
        ["`set spec.intervall` of r: there is no such field; did you mean spec.interval?"]
    );
    // One version has it, what is below it is not listed, or it may be several places.
    for path in ["spec.interval", "spec.validation", "spec.postBuild.substitute.X", "spec.*.x", "metadata.labels.x"] {
        assert_eq!(unknown(path), [""; 0], "{path}");
    }
}

const STAGES: &str = "recipe: 1\nname: r\nsummary: s\noptional: true\nselect: {kind: ConfigMap.core}\nstages:\n  - name: expand\n    \
                      do: [{copy-key: old, to: new, at: data}]\n  - name: contract\n    \
                      do: [{drop-key: old, if-copied: new, at: data}]\n";

#[test]
fn what_comes_back_is_seen() {
    let object = |name: &str, data: &str| {
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{{data}}}\n")
    };
    let went_back = |objects: &[(&str, &str)]| {
        let file: String = objects.iter().map(|(name, data)| object(name, data)).collect();
        let found = findings(STAGES, &file);
        let lines = found.into_iter().filter(|finding| finding.code.id == "gate-went-back").map(|finding| finding.line);
        lines.collect::<Vec<_>>()
    };
    assert_eq!(went_back(&[("a", "new: x"), ("b", "old: y")]), [Some(7)]);
    assert_eq!(went_back(&[("a", "old: x"), ("b", "old: y")]), [], "it has not begun");
    assert_eq!(went_back(&[("a", "old: x, new: x"), ("b", "old: y")]), [], "it is on its way");
    assert_eq!(went_back(&[("a", "new: x")]), [], "it has landed");
}

#[test]
fn another_text_on_a_branch_is_seen() {
    let on_branch = |text: &str| {
        let files = [(".flux-codemod/recipes/r.yaml", text)];
        let view = View::of(Memory::tree(files)).unwrap();
        let tree =
            ClusterTree { cluster: Some("edge"), from: "origin/edge".to_owned(), is_followed: true, view: Ok(view) };
        let migration = migration(STAGES);
        let gates = migration.ask_gates(&[tree]);
        gates.remarks.into_iter().map(|finding| (finding.code.id, finding.message)).collect::<Vec<_>>()
    };
    assert_eq!(on_branch(STAGES), []);
    let message = "edge (origin/edge): another text of r is there; this one holds for all clusters";
    assert_eq!(on_branch("recipe: 1\n"), [("recipe-differs-on-branch", message.to_owned())]);
}
