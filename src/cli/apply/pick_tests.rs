//! `apply --interactive` on the example, with a reader in the place of the terminal.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::cli::recipes::Migrations;
use crate::config::Settings;
use crate::repo::{Folder, Tree};

fn example() -> Context {
    planned("home-ops")
}

fn planned(case: &str) -> Context {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(case).join("before");
    let view = View::of(Tree::of(Arc::new(Folder::plain(&root).unwrap()))).unwrap();
    let asked = crate::cli::Asked { migrations: vec!["chart-ref".to_owned()], ..crate::cli::Asked::default() };
    let all = crate::migrations::all().to_vec();
    let planned = all.iter().copied().filter(|migration| asked.migrations[0] == migration.meta().id).collect();
    Context::of(view, Settings::default(), &asked, None, Migrations { planned, all }).unwrap()
}

fn selected<'c>(context: &'c Context, release: &str) -> Selection<'c> {
    let releases = release.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let asked = crate::cli::Asked { release: releases, ..crate::cli::Asked::default() };
    context.select(&asked).unwrap()
}

fn no_editor(_: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    anyhow::bail!("there is no editor")
}

/// What is picked with some answers, and what is shown.
fn picked<'p>(
    context: &'p Context,
    selection: &Selection<'p>,
    answers: &str,
    edit: Editor<'_>,
) -> (Option<Picked<'p>>, String) {
    let mut out = Vec::new();
    let mut asking = Asking::of(answers.as_bytes(), &mut out);
    let picked = Picking::of(context, selection).run(&mut asking, edit).unwrap();
    drop(asking);
    (picked, String::from_utf8(out).unwrap())
}

fn subjects(picked: &Picked<'_>) -> Vec<String> {
    picked.units.iter().map(|unit| unit.id.subject.name().to_owned()).collect()
}

#[test]
fn all_units_give_what_is_written_without_questions() {
    let context = example();
    let selection = selected(&context, "");
    let (_, without_questions) = context.land(&selection).unwrap();
    let (all, shown) = picked(&context, &selection, "a\n", &no_editor);
    let all = all.unwrap();
    assert!(all.changes == without_questions && all.units.len() == selection.chosen.len());
    assert_eq!(shown.matches("Write this unit?").count(), 1, "`a` is for all later ones");
    assert!(shown.contains("+  chartRef:"), "{shown}");
}

/// A source comes with the first release that needs it, and is not asked for.
#[test]
fn one_unit_comes_with_what_it_needs_and_nothing_else() {
    let context = example();
    let selection = selected(&context, "media/jellyfin,media/komga");
    let (both, _) = picked(&context, &selection, "y\ny\n", &no_editor);
    assert_eq!(both.unwrap().units.len(), selection.chosen.len());
    let (one, shown) = picked(&context, &selection, "n\ny\n", &no_editor);
    let one = one.unwrap();
    let alone = selected(&context, one.units.last().unwrap().id.subject.name());
    assert_eq!(subjects(&one), alone.chosen.iter().map(|unit| unit.id.subject.name()).collect::<Vec<_>>());
    assert!(one.changes == context.land(&alone).unwrap().1);
    assert!(shown.contains("(1/2) ") && shown.contains("(2/2) "), "{shown}");
}

#[test]
fn quitting_writes_what_was_accepted_and_the_end_of_the_input_writes_nothing() {
    let context = example();
    let selection = selected(&context, "");
    let (some, _) = picked(&context, &selection, "y\nq\n", &no_editor);
    let some = some.unwrap();
    assert!(!some.units.is_empty() && some.units.len() < selection.chosen.len());
    assert!(picked(&context, &selection, "q\n", &no_editor).0.is_none());
    assert!(picked(&context, &selection, "d\n", &no_editor).0.is_none());
    assert!(picked(&context, &selection, "y\n", &no_editor).0.is_none(), "Ctrl-D after a yes");
}

/// What needs something that was left out is left out, with the reason.
#[test]
fn what_needs_something_that_was_left_out_is_not_asked_for() {
    let context = planned("chart-ref-removal");
    let selection = selected(&context, "");
    let needing = selection.chosen.iter().find(|unit| {
        let mut needed = selection.chosen.iter().filter(|other| unit.needs.contains(&other.id));
        needed.any(|other| !other.is_for_others())
    });
    let Some(needing) = needing else { panic!("no unit needs one that can be left out") };
    let number = selection.chosen.len();
    let (some, shown) = picked(&context, &selection, &"n\n".repeat(number), &no_editor);
    assert!(some.is_none());
    assert!(shown.replace('\n', " ").contains(&format!("{} is left out, because it needs", needing.id)), "{shown}");
}

#[test]
fn an_edited_text_is_written_and_a_broken_one_is_not() {
    let context = example();
    let selection = selected(&context, "media/komga");
    let calls = std::cell::Cell::new(0);
    let edit = |texts: &[(String, String)]| {
        calls.set(calls.get() + 1);
        let broken = calls.get() == 1;
        let text = |(_, text): &(String, String)| if broken { "a: [\n".to_owned() } else { format!("{text}# mine\n") };
        Ok(texts.iter().map(text).collect())
    };
    let (edited, shown) = picked(&context, &selection, "e\ne\n", &edit);
    let edited = edited.unwrap();
    assert!(shown.contains("is not valid YAML"), "{shown}");
    assert!(edited.changes.iter().all(|change| change.after.as_ref().unwrap().bytes.ends_with(b"# mine\n")));
    let (_, plain) = context.land(&selection).unwrap();
    let paths = |changes: &[FileChange]| changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&edited.changes), paths(&plain), "in the same order");
    let (none, shown) = picked(&context, &selection, "e\nn\n", &no_editor);
    assert!(none.is_none() && shown.contains("there is no editor"), "{shown}");
}
