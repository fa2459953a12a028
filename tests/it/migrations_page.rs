//! `docs/migrations.md`: its examples are of golden cases, its lists of codes those of the program.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it -- migrations_page::` writes the lists.

use flux_codemod::migrations;
use flux_codemod::plan::Meta;

use crate::support::root;

/// The codes of a migration, each with what it means.
fn codes(meta: &Meta) -> String {
    let codes = meta.codes.iter().copied().flatten();
    let rows: String = codes.map(|code| format!("| `{}` | {} |\n", code.id, code.what.replace('|', "\\|"))).collect();
    format!("\n| code | |\n|---|---|\n{rows}")
}

#[test]
fn examples_are_of_golden_cases() {
    let page = std::fs::read_to_string(root().join("docs/migrations.md")).unwrap();
    let blocks: Vec<&str> = page.split("<!-- of: ").skip(1).collect();
    for block in &blocks {
        let (case, rest) = block.split_once(" -->\n```diff\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let diff = std::fs::read_to_string(root().join("golden").join(case).join("expected.diff")).unwrap();
        assert!(diff.contains(shown), "{case} does not expect\n{shown}");
    }
    assert_eq!(blocks.len(), migrations::all().len());
}

#[test]
fn lists_have_all_codes() {
    let path = root().join("docs/migrations.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut new = page.clone();
    for migration in migrations::all() {
        let meta = migration.meta();
        let head = format!("<!-- codes: {} -->", meta.id);
        let (before, rest) = new.split_once(&head).unwrap_or_else(|| panic!("no {head}"));
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        new = format!("{before}{head}\n{}\n<!-- end -->{after}", codes(meta));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &new).unwrap();
    }
    assert!(new == page || std::env::var_os("UPDATE_GOLDEN").is_some(), "UPDATE_GOLDEN=1 writes the lists");
}
