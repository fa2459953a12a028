//! The migrations of a run: those of the program, and the recipes of the repository, of `--recipe`
//! and of the library.

use std::cell::OnceCell;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::{Asked, LaidOut, Start};
use crate::config::Settings;
use crate::flux::View;
use crate::migrations;
use crate::migrations::recipes::{DIRECTORY, Extra, Registry, RegistryError};
use crate::plan::{ClusterTree, Migration};
use crate::repo::{RepoPath, Tree};

/// The migrations of a run, once gates have been asked.
#[derive(Clone)]
pub(super) struct Migrations {
    /// Those that are planned.
    pub(super) planned: Vec<&'static dyn Migration>,
    /// All that there are.
    pub(super) all: Vec<&'static dyn Migration>,
}

/// Reads the recipes of a tree, with the configuration that it has.
pub(super) fn registry(start: &Start, asked: &Asked, tree: &Tree, settings: &Settings) -> anyhow::Result<Registry> {
    let mut extra = Extra { asked: asked.migrations.clone(), confirmed: asked.confirm.clone(), ..Extra::default() };
    for file in &asked.recipe {
        let path = start.dir.join(file);
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("the recipe {} cannot be read", file.display()))?;
        extra.files.push((file.display().to_string(), text));
    }
    // Only a mistake needs to know what the tree has.
    let groups = OnceCell::new();
    let groups = |kind: &str| {
        let view: &Option<View> = groups.get_or_init(|| View::of(tree.clone()).ok().map(|view| view.whole()));
        let files = view.iter().flat_map(View::files);
        let objects = files.flat_map(|(_, file)| &file.objects).filter(|object| object.kind == kind);
        let groups = objects.map(|object| object.api_version.rsplit_once('/').map_or("core", |(group, _)| group));
        let groups: std::collections::BTreeSet<&str> = groups.collect();
        groups.into_iter().map(str::to_owned).collect()
    };
    match Registry::of(migrations::all(), tree, settings, &extra, &groups) {
        Ok(registry) => Ok(registry),
        Err(error @ RegistryError::Wrong(_)) => Err(LaidOut(error.to_string()).into()),
        Err(error) => bail!("{error}"),
    }
}

/// Sees that git does not ignore a recipe that is there: it would hold here, and nowhere else.
pub(super) fn none_ignored(root: &Path, tree: &Tree) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(root.join(DIRECTORY)) else { return Ok(()) };
    for entry in entries {
        let name = entry.with_context(|| format!("{DIRECTORY} cannot be read"))?.file_name();
        let Some(name) = name.to_str().filter(|name| name.ends_with(".yaml")) else { continue };
        let Ok(path) = RepoPath::new(&format!("{DIRECTORY}/{name}")) else { continue };
        if tree.ignores(&path) {
            bail!(
                "git ignores the recipe {path}, so that it would hold here alone; take it out of .gitignore, or move it"
            );
        }
    }
    Ok(())
}

/// The migrations of a run, with the gates of stages asked of these trees.
pub(super) fn with_gates<'t>(
    registry: &Registry,
    asked: &Asked,
    trees: impl FnOnce() -> Vec<ClusterTree<'t>>,
) -> Migrations {
    let mut trees = Some(trees);
    let known: OnceCell<Vec<ClusterTree<'t>>> = OnceCell::new();
    let trees = std::cell::RefCell::new(&mut trees);
    let gates = |recipe: &crate::migrations::recipes::RecipeMigration| {
        let trees = known.get_or_init(|| trees.borrow_mut().take().map(|trees| trees()).unwrap_or_default());
        recipe.ask_gates(trees)
    };
    Migrations { planned: registry.migrations(&asked.migrations, &gates), all: registry.all() }
}

/// The tree at hand, as what every cluster applies: where there is no git.
pub(super) fn only_tree(view: &View) -> Vec<ClusterTree<'_>> {
    let whole = view.whole();
    let clusters = view.graph().clusters.iter().map(|cluster| Some(cluster.name.as_str()));
    let from = || "the files as they are".to_owned();
    let tree = |cluster| ClusterTree { cluster, from: from(), is_followed: false, view: Ok(whole.clone()) };
    clusters.chain([None]).map(tree).collect()
}
