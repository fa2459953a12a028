//! `recipe test`: runs the cases of recipes in memory.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::context::Place;
use crate::cli::{LaidOut, Outcome, Start, completing, hint, next_step, print_text};
use crate::migrations::recipes::{CaseResult, DIRECTORY, TESTS, cases, run_case, updated};
use crate::output::visible_line;

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// The recipe; without a name, all that have tests
    #[arg(value_name = "NAME", add = completing::recipes())]
    name: Option<String>,
    /// Write what recipes make into `after` of the cases; read the difference before you commit it
    #[arg(long)]
    update: bool,
}

/// `recipe test`: 1 if a case fails.
pub(super) fn run(start: &Start, args: &TestArgs) -> anyhow::Result<Outcome> {
    let (place, _) = Place::open(&start.dir)?;
    let names = match &args.name {
        Some(name) => vec![name.clone()],
        None => with_tests(&place.root)?,
    };
    if names.is_empty() {
        bail!("{DIRECTORY} has no tests; `flux-codemod recipe new NAME` writes a recipe with one");
    }
    let (mut passed, mut failed) = (0, 0);
    for name in names {
        let (file, tests) = (format!("{DIRECTORY}/{name}.yaml"), format!("{DIRECTORY}/{name}{TESTS}"));
        let read = |file: &str| {
            std::fs::read_to_string(place.root.join(file)).with_context(|| format!("{file} cannot be read"))
        };
        let (text, cases_text) = (read(&file)?, read(&tests)?);
        let laid_out = |error: crate::config::ConfigError| LaidOut(error.to_string());
        let mut results: Vec<CaseResult> = Vec::new();
        for case in cases(&tests, &cases_text).map_err(laid_out)? {
            let result = run_case(&file, &text, &case).map_err(laid_out)?;
            let mut out =
                format!("{} {name}: {}\n", if result.wrong.is_empty() { "ok    " } else { "FAILED" }, case.name);
            for line in result.wrong.iter().flat_map(|wrong| wrong.lines()) {
                out.push_str(&format!("       {}\n", visible_line(line)));
            }
            print_text(&out)?;
            if result.wrong.is_empty() {
                passed += 1
            } else {
                failed += 1
            }
            results.push(result);
        }
        if args.update {
            update(&place.root, &tests, &cases_text, &results)?;
        }
    }
    hint(&format!("{passed} passed, {failed} failed"));
    let named = args.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    match failed {
        0 => next_step(&format!("Next: `flux-codemod plan{named} -v` shows what it would do here")),
        _ if args.update => next_step(&format!("Next: `flux-codemod recipe test{named}` runs the cases again")),
        _ => next_step(&format!(
            "Next: correct the recipe; or, if what it makes is right, `flux-codemod recipe test{named} --update` writes it"
        )),
    }
    Ok(Outcome::pending_if(failed > 0 && !args.update))
}

/// The recipes of a repository that have tests.
fn with_tests(root: &Path) -> anyhow::Result<Vec<String>> {
    let dir = root.join(DIRECTORY);
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&dir).with_context(|| format!("{DIRECTORY} cannot be read"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(TESTS).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Writes what recipes made into the cases that say what is after.
fn update(root: &Path, file: &str, text: &str, results: &[CaseResult]) -> anyhow::Result<()> {
    let Some(new) = updated(text, results)? else { return Ok(()) };
    std::fs::write(root.join(file), new).with_context(|| format!("{file} cannot be written"))?;
    hint(&format!("wrote {file}; read the difference before you commit it"));
    Ok(())
}
