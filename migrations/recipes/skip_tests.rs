//! Opt-outs of one stage.

use std::collections::BTreeSet;

use super::{Gates, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Migration, about_skips, land, plan};
use crate::recipe::language::{Known, read};
use crate::repo::{Memory, RepoPath};

const RECIPE: &str = "recipe: 1\nname: two-steps\nsummary: s\nselect: {kind: ConfigMap.core}\nstages:\n  - name: first\n    \
                      do: [{add: data.new, value: x}]\n  - name: second\n    do: [{remove: data.old}]\n";

/// What becomes of a ConfigMap with an opt-out, and the codes of what is said about that.
fn made(opt_out: &str) -> (String, Vec<&'static str>) {
    let recipe = read("two-steps", RECIPE, &Known::NOTHING).unwrap();
    let migration = RecipeMigration::new(recipe, Origin::BuiltIn, None, BTreeSet::new()).with_gates(Gates::open());
    let text = format!(
        "# flux-codemod: skip[{opt_out}] read by a script\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  old: y\n"
    );
    let view = View::of(Memory::tree([("a.yaml", text.as_str())])).unwrap();
    let all: [&dyn Migration; 1] = [&migration];
    let planned = plan(&view, &all, &Settings::default(), None).unwrap();
    let about = about_skips(&view, &planned, &all, &all).into_iter().map(|finding| finding.code.id).collect();
    let units: Vec<_> = planned.units.iter().filter(|unit| unit.is_able()).collect();
    let landed = land(&view, &units, &all, &Settings::default()).unwrap();
    let file = landed.view.tree().read(&RepoPath::new("a.yaml").unwrap()).unwrap().unwrap();
    let data = String::from_utf8(file.bytes.to_vec()).unwrap().split_once("\ndata:").unwrap().1.to_owned();
    (data, about)
}

#[test]
fn a_stage_is_opted_out() {
    assert_eq!(made("two-steps/second"), ("\n  old: y\n  new: x\n".to_owned(), vec![]));
    assert_eq!(made("two-steps"), ("\n  old: y\n".to_owned(), vec![]));
    // What builds on a stage that is opted out is so with it.
    assert_eq!(made("two-steps/first"), ("\n  old: y\n".to_owned(), vec![]));
    assert_eq!(made("two-steps/third"), ("\n  new: x\n".to_owned(), vec!["skip-unknown"]));
}
