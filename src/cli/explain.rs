use std::fmt::Write;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use super::context::Opened;
use super::{Asked, Outcome, Start, completing, layout, page, recipes};
use crate::config::Settings;
use crate::doctor;
use crate::migrations;
use crate::migrations::recipes::LIBRARY;
use crate::output::{Layout, runbook_as_text};
use crate::plan::glossary::{GLOSSARY, Word, word};
use crate::plan::{Code, Migration, code, codes, general_codes};
use crate::repo::{Folder, Tree};
use crate::text::nearest;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A migration, a recipe, a reason code such as anchor-in-use, or a word such as lane; without a
    /// name, all are listed
    #[arg(value_name = "NAME", add = completing::names())]
    name: Vec<String>,
}

/// `explain`: the runbook of a migration, what a recipe does, or what a reason code or a word means.
pub(super) fn run(start: &Start, args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let migrations = migrations::all();
    // A word can be two: `releases root`.
    let name = args.name.join(" ");
    let layout = layout();
    if name.is_empty() {
        page(&everything(migrations, &layout))?;
    } else if let Some(migration) = migrations.iter().find(|migration| migration.meta().is_called(&name)) {
        runbook(migration.meta().readme, &layout)?;
    } else if let Some(code) = code(&name, migrations) {
        page(&about_code(code, &layout))?;
    } else if let Some(word) = word(&name) {
        page(&about_word(word, &layout))?;
    } else if let Some(readme) = recipe(start, &name)? {
        runbook(readme, &layout)?;
    } else {
        let ids = migrations.iter().map(|migration| migration.meta().id);
        let known = ids.chain(codes(migrations).into_iter().map(|code| code.id));
        let known = known.chain(GLOSSARY.iter().map(|word| word.name));
        let known = known.chain(LIBRARY.iter().map(|(name, _)| *name));
        match nearest(&name, known.map(|known| (known, known))) {
            Some(near) => bail!("`{name}` is neither a migration, a reason code nor a word; did you mean `{near}`?"),
            None => bail!(
                "`{name}` is neither a migration, a reason code nor a word; `flux-codemod explain` lists them all"
            ),
        }
    }
    Ok(Outcome::Clean)
}

/// Shows a runbook: files and programs get Markdown.
fn runbook(readme: &str, layout: &Layout) -> anyhow::Result<()> {
    if io::stdout().is_terminal() { page(&runbook_as_text(readme, layout)) } else { page(readme) }
}

/// What there is to say of a recipe, of the repository or built in, with the settings that hold here.
/// `None` if there is none of this name. Outside of a repository only the built-in ones are known.
fn recipe(start: &Start, name: &str) -> anyhow::Result<Option<&'static str>> {
    let is_built_in = LIBRARY.iter().any(|(built_in, _)| *built_in == name);
    let asked = Asked { migrations: Vec::from_iter(is_built_in.then(|| name.to_owned())), ..Asked::default() };
    let (tree, settings) = match Opened::of(start) {
        Ok(opened) => (opened.view.tree().clone(), opened.settings),
        Err(_) if is_built_in => {
            let nowhere = tempfile::tempdir()?;
            (Tree::of(Arc::new(Folder::plain(nowhere.path())?)), Settings::default())
        }
        Err(_) => return Ok(None),
    };
    let registry = recipes::registry(start, &asked, &tree, &settings)?;
    let found = registry.all().into_iter().map(Migration::meta).find(|meta| meta.id == name);
    Ok(found.map(|meta| meta.readme))
}

fn about_code(code: &Code, layout: &Layout) -> String {
    let parts = [("", code.what), ("Why: ", code.why), ("What to do: ", code.todo)];
    let text: Vec<String> = parts.iter().map(|(head, text)| layout.fold("  ", &format!("{head}{text}"))).collect();
    format!("{}\n{}\n", code.id, text.join("\n"))
}

fn about_word(word: &Word, layout: &Layout) -> String {
    let mut out = format!("{}\n{}\n", word.name, layout.fold("  ", word.meaning));
    for (value, meaning) in word.values {
        let _ = writeln!(out, "{}", layout.fold(&format!("    {value:<10} "), meaning));
    }
    out
}

/// All names, each with a line about it.
fn everything(migrations: &[&dyn Migration], layout: &Layout) -> String {
    let mut out = String::new();
    let mut section = |heading: &str, entries: &[(&str, &str)]| {
        let blank = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{blank}{heading}");
        for (name, about) in entries {
            let _ = writeln!(out, "{}", layout.fold_deeper("  ", "      ", &format!("{name}: {about}")));
        }
    };
    let summaries = migrations.iter().map(|migration| (migration.meta().id, migration.meta().summary));
    section("migrations", &summaries.collect::<Vec<_>>());
    let summary = |text: &'static str| text.lines().find_map(|line| line.strip_prefix("summary: "));
    let built_in = LIBRARY.iter().map(|(name, text)| (*name, summary(text).unwrap_or_default()));
    section("built-in recipes", &built_in.collect::<Vec<_>>());
    let words = GLOSSARY.iter().map(|word| (word.name, word.meaning));
    section("words", &words.collect::<Vec<_>>());
    for (heading, codes) in groups(migrations) {
        let mut codes: Vec<(&str, &str)> = codes.iter().map(|code| (code.id, code.what)).collect();
        codes.sort_unstable();
        section(&heading, &codes);
    }
    out
}

/// The reason codes in groups: the general ones, those of each migration, those that several of
/// them share, and those of `doctor`.
fn groups(migrations: &[&dyn Migration]) -> Vec<(String, Vec<&'static Code>)> {
    let mut groups = vec![("reason codes".to_owned(), general_codes())];
    let mut seen: Vec<&[&Code]> = Vec::new();
    for list in migrations.iter().flat_map(|migration| migration.meta().codes) {
        if seen.contains(list) {
            continue;
        }
        seen.push(*list);
        let using = migrations.iter().filter(|migration| migration.meta().codes.contains(list));
        let ids: Vec<&str> = using.map(|migration| migration.meta().id).collect();
        groups.push((format!("reason codes of {}", ids.join(" and ")), list.to_vec()));
    }
    groups.push(("reason codes of doctor".to_owned(), doctor::CODES.to_vec()));
    groups
}
