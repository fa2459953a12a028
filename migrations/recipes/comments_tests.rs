//! Each comment in what is removed from YAML in a text is listed.

use std::collections::BTreeSet;

use super::{Gates, Origin, RecipeMigration};
use crate::config::Settings;
use crate::flux::View;
use crate::plan::{Edited, Migration, plan};
use crate::recipe::language::{Known, read};
use crate::repo::Memory;
use crate::yaml::Fate;

const RECIPE: &str = "recipe: 1\nname: r\nsummary: s\noptional: true\ndo:\n  \
                      - {drop-key: 'old.io/*', if-copied: 'new.io/<1>', at: anywhere, entries: [providerSpecific]}\n";
const FILE: &str = "patch: |-
  metadata:
    annotations:
      # stays
      old.io/x: a # beside
      new.io/x: a
  spec:
    providerSpecific:
      # goes
      - name: old.io/y
        value: b
      - name: new.io/y
        value: b
";

#[test]
fn comments_of_items_in_nested_text_are_listed() {
    let recipe = read("r.yaml", RECIPE, &Known::NOTHING).unwrap_or_else(|error| panic!("{error}"));
    let migration = RecipeMigration::new(recipe, Origin::BuiltIn, None, BTreeSet::new()).with_gates(Gates::open());
    let view = View::of(Memory::tree([("a.yaml", FILE)])).unwrap();
    let planned = plan(&view, &[&migration], &Settings::default(), None).unwrap();
    let units: Vec<_> = planned.units.iter().collect();
    let edited = migration.edit(&view, &units, &Settings::default());
    let [Edited::Changes(changes, fates)] = edited.as_slice() else { panic!("{edited:?}") };
    let after = view.with(changes).unwrap();
    let (_, file) = after.files_with("new.io").next().unwrap();
    let expected = FILE
        .replace("      # stays\n      old.io/x: a # beside\n", "      # stays\n      # beside\n")
        .replace("      # goes\n      - name: old.io/y\n        value: b\n", "");
    assert_eq!(file.stream.as_ref().unwrap().text(), expected);
    let dropped: Vec<&str> =
        fates.iter().filter(|(_, fate)| matches!(fate.fate, Fate::Dropped(_))).map(|(_, fate)| &*fate.text).collect();
    assert_eq!(dropped, ["# goes"]);
}
