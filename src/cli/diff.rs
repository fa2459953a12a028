use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};

use super::context::Context;
use super::{Asked, Outcome, Proof, Start, json, next_step, page, page_text, print};
use crate::output::{DiffLine, diff_as_json, diff_lines, stat, visible_line};
use crate::repo::FileChange;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    proof: Proof,
    /// Only print how many lines change in each file
    #[arg(long, conflicts_with = "format")]
    stat: bool,
    /// The output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// The unified diff, which `git apply` takes
    Text,
    /// JSON, described by docs/schema/diff-1.json
    Json,
}

/// `diff`: the diff to standard output and nothing else there, so that `git apply` can read it.
pub(super) fn run(start: &Start, args: &DiffArgs) -> anyhow::Result<Outcome> {
    let asked = args.asked.resolved();
    let context = Context::proven(start, &asked, &args.proof)?;
    let selection = context.select(&asked)?;
    let (_, mut changes) = context.land(&selection)?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    match args.format {
        Format::Json => print(&json(&diff_as_json(&changes))?)?,
        Format::Text if changes.is_empty() => {}
        Format::Text if args.stat => page_text(&stat(&changes))?,
        Format::Text => page(&shown(&changes))?,
    }
    match context.view.followed() {
        _ if changes.is_empty() => {}
        Some(_) => next_step("Next: `flux-codemod branch` commits it, each batch on a branch of its own"),
        None => next_step("Next: `flux-codemod apply` writes it"),
    }
    context.report_skipped(&selection);
    Ok(Outcome::pending_if(!changes.is_empty()))
}

/// The diff: exact for files and programs, escaped for terminals.
pub(super) fn shown(changes: &[FileChange]) -> String {
    styled(changes, std::io::IsTerminal::is_terminal(&std::io::stdout()))
}

/// The diff with colors, escaped if it is for a terminal.
pub(super) fn styled(changes: &[FileChange], is_terminal: bool) -> String {
    let mut out = String::new();
    for line in diff_lines(changes) {
        let text = if is_terminal { visible_line(line.text()) } else { line.text().into() };
        let style = style(&line);
        out.push_str(&format!("{}{text}{}\n", style.render(), style.render_reset()));
    }
    out
}

/// The colors of git.
fn style(line: &DiffLine) -> Style {
    match line {
        DiffLine::Header(_) => Style::new().bold(),
        DiffLine::Hunk(_) => AnsiColor::Cyan.on_default(),
        DiffLine::Removed(_) => AnsiColor::Red.on_default(),
        DiffLine::Added(_) => AnsiColor::Green.on_default(),
        DiffLine::Same(_) | DiffLine::NoNewline(_) => Style::new(),
    }
}
