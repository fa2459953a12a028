//! Completion that knows the repository: clusters, releases, namespaces, branches, recipes.
//!
//! The shell runs this program for every press of a key. So it reads the files once, plans nothing,
//! asks no other program, writes nothing, and never complains: what cannot be read has no names.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use clap::CommandFactory as _;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate, complete};
use clap_complete::env::{CompleteEnv, Shells};

use super::{Cli, Start, built_in_names, configuration};
use crate::flux::View;
use crate::git::WorkTree;
use crate::migrations;
use crate::plan::glossary::GLOSSARY;
use crate::plan::{BRANCHES, codes};
use crate::repo::{Folder, Tree};

/// The variable by which the script of a shell asks for completions.
const VARIABLE: &str = "FLUX_CODEMOD_COMPLETE";
const PROGRAM: &str = "flux-codemod";

/// Where the files are: `-C` of the line that is completed.
static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();

/// Answers a shell, or the Flux CLI, if one of them asks.
pub(super) fn answered() -> Option<ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let asks_as_cobra = words.get(1).is_some_and(|word| word == "__complete");
    if !asks_as_cobra && std::env::var_os(VARIABLE).is_none() {
        return None;
    }
    let directory = words.iter().position(|word| word == "-C").and_then(|place| words.get(place + 1));
    DIRECTORY.get_or_init(|| directory.map_or_else(|| PathBuf::from("."), PathBuf::from));
    if asks_as_cobra {
        print!("{}", for_cobra(&words[2..]));
        return Some(ExitCode::SUCCESS);
    }
    let current = std::env::current_dir().ok();
    let environment = CompleteEnv::with_factory(Cli::command).var(VARIABLE);
    match environment.try_complete(words, current.as_deref()) {
        Ok(true) | Err(_) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
    }
}

/// The script for a shell: it asks this program.
///
/// # Errors
/// If the shell is not known, or the script cannot be written.
pub(super) fn script(shell: &str) -> anyhow::Result<String> {
    let shells = Shells::builtins();
    let shell = shells.completer(shell).ok_or_else(|| anyhow::anyhow!("there are no completions for {shell}"))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(String::from_utf8(script)?)
}

/// As the Flux CLI asks its plugins (RFC-0013): in the protocol of cobra, a name on each line with a
/// description behind a tab, and last what the shell is to do.
fn for_cobra(words: &[OsString]) -> String {
    const NO_FILES: &str = ":4\n";
    let words: Vec<OsString> = [OsString::from(PROGRAM)].into_iter().chain(words.iter().cloned()).collect();
    let last = words.len() - 1;
    let found = complete(&mut Cli::command(), words, last, std::env::current_dir().ok().as_deref());
    let line = |candidate: &CompletionCandidate| {
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.lines().next().map(|help| format!("\t{help}")).unwrap_or_default();
        format!("{}{help}\n", candidate.get_value().to_string_lossy())
    };
    let found = found.unwrap_or_default();
    let lines: String = found.iter().filter(|candidate| !candidate.is_hide_set()).map(line).collect();
    lines + NO_FILES
}

fn directory() -> &'static Path {
    DIRECTORY.get().map_or(Path::new("."), PathBuf::as_path)
}

/// The files, if they can be read, and the addresses of the repository.
fn tree() -> Option<(Tree, Vec<String>)> {
    match WorkTree::around(directory()).ok()? {
        Some(git) => Some((Tree::of(Arc::new(git.files().ok()?)), git.repository().urls())),
        None => Some((Tree::of(Arc::new(Folder::plain(directory()).ok()?)), Vec::new())),
    }
}

fn view() -> Option<View> {
    let (tree, urls) = tree()?;
    let settings = configuration::of_tree(&Start { dir: PathBuf::from("."), config: None }, &tree).unwrap_or_default();
    View::with_given(tree, configuration::given(&settings, urls)).ok()
}

fn branch_names() -> Vec<String> {
    let git = WorkTree::around(directory()).ok().flatten();
    git.and_then(|git| git.repository().local_branches().ok()).unwrap_or_default()
}

fn candidates(names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    names.into_iter().collect::<BTreeSet<_>>().into_iter().map(CompletionCandidate::new).collect()
}

fn with_help(names: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<CompletionCandidate> {
    names.into_iter().map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into()))).collect()
}

/// Migrations, with what each does, and recipes.
pub(super) fn migrations() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let all = migrations::all().iter().map(|migration| migration.meta());
        let known: Vec<_> = all.map(|meta| (meta.id, meta.summary)).collect();
        let built_in = built_in_names().filter(|name| !known.iter().any(|(known, _)| known == name));
        let recipes = built_in.map(str::to_owned).chain(recipe_names());
        with_help(known.clone()).into_iter().chain(candidates(recipes)).collect()
    })
}

/// Recipes of the repository.
pub(super) fn recipes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(recipe_names()))
}

fn recipe_names() -> Vec<String> {
    tree().map(|(tree, ..)| migrations::recipes::names_in(&tree)).unwrap_or_default()
}

/// Clusters.
pub(super) fn clusters() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(view().iter().flat_map(super::context::clusters)))
}

/// Releases, as `namespace/name`.
pub(super) fn releases() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(view().iter().flat_map(super::context::releases)))
}

/// Namespaces of releases.
pub(super) fn namespaces() -> ArgValueCandidates {
    let of = |view: &View| {
        let releases = super::context::releases(view).into_iter();
        releases.filter_map(|name| Some(name.split_once('/')?.0.to_owned())).collect::<Vec<_>>()
    };
    ArgValueCandidates::new(move || candidates(view().iter().flat_map(of)))
}

/// Batches that have a branch: `lane/migration/name`.
pub(super) fn batches() -> ArgValueCandidates {
    let of_branch = |name: String| Some(name.strip_prefix(BRANCHES)?.trim_start_matches('/').to_owned());
    ArgValueCandidates::new(move || candidates(branch_names().into_iter().filter_map(of_branch)))
}

/// Branches.
pub(super) fn branches() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(branch_names()))
}

/// All that `explain` knows.
pub(super) fn names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let all = migrations::all();
        let codes = codes(all).into_iter().map(|code| (code.id, code.what));
        let words = GLOSSARY.iter().map(|word| (word.name, word.meaning));
        let metas = all.iter().map(|migration| migration.meta());
        let known = with_help(metas.map(|meta| (meta.id, meta.summary)).chain(codes).chain(words));
        known.into_iter().chain(candidates(recipe_names())).collect()
    })
}
