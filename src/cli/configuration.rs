//! Where the configuration comes from, and how it is compared with the tree.

use anyhow::{Context as _, bail};

use super::context::Place;
use super::{LaidOut, Start};
use crate::config::{self, ConfigError, FoundCluster, SectionType, Settings};
use crate::flux::{Given, GivenCluster, View};
use crate::migrations;
use crate::plan::{Finding, Severity, codes};
use crate::recipe::language::RecipesSettings;
use crate::repo::{RepoPath, Tree};

/// A likely mistake in the name of the configuration file.
const OTHER_NAME: &str = ".flux-codemod.yml";

/// The configuration of a commit: the file of `--config` from disk, else the one of its tree, else
/// the defaults.
pub(super) fn of_tree(start: &Start, tree: &Tree) -> anyhow::Result<Settings> {
    Ok(stated(start, tree)?.unwrap_or_default())
}

/// The configuration of a directory, as [`of_tree`]. A configuration file that would not be read is
/// an error.
pub(super) fn of_place(start: &Start, place: &Place, tree: &Tree) -> anyhow::Result<Settings> {
    let file = place.root.join(config::FILE);
    match stated(start, tree)? {
        Some(settings) => Ok(settings),
        None if file.is_dir() => bail!("{} is a directory, not a file", config::FILE),
        None if file.exists() => bail!(
            "{0} is git-ignored and would not be read; use --config {0}, or remove it from .gitignore",
            config::FILE
        ),
        None if place.root.join(OTHER_NAME).exists() => {
            bail!("{OTHER_NAME} is not read; rename it to {}", config::FILE)
        }
        None => Ok(Settings::default()),
    }
}

fn stated(start: &Start, tree: &Tree) -> anyhow::Result<Option<Settings>> {
    if let Some(file) = start.config() {
        let text = std::fs::read_to_string(&file);
        let text = text.with_context(|| format!("the configuration {} cannot be read", file.display()))?;
        return parse(&file.display().to_string(), &text).map(Some);
    }
    text_in(tree)?.map(|text| parse(config::FILE, &text)).transpose()
}

/// The text of the configuration in a tree. A symbolic link is followed.
fn text_in(tree: &Tree) -> anyhow::Result<Option<String>> {
    let path = RepoPath::new(config::FILE)?;
    if tree.entry(&path).is_none() {
        return Ok(None);
    }
    let file = tree.follow(&path).map(|path| tree.read(&path)).transpose()?.flatten();
    let file = file.with_context(|| format!("{path} is a symbolic link to a file that is not in this repository"))?;
    let text = String::from_utf8(file.bytes.to_vec());
    Ok(Some(text.map_err(|_| anyhow::anyhow!("{path} is not UTF-8; convert it"))?))
}

fn parse(file: &str, text: &str) -> anyhow::Result<Settings> {
    Ok(Settings::read(file, text, &all_sections()).map_err(laid_out)?)
}

/// The sections of all migrations, and of recipes.
pub(super) fn all_sections() -> Vec<SectionType> {
    [sections(), vec![SectionType::of::<RecipesSettings>()]].concat()
}

/// The sections of all migrations, so that a file is read the same way whatever is planned.
pub(super) fn sections() -> Vec<SectionType> {
    migrations::all().iter().filter_map(|migration| migration.section()).collect()
}

fn laid_out(error: ConfigError) -> LaidOut {
    LaidOut(error.to_string())
}

/// The clusters of the configuration and the addresses of the repository, for reading the tree.
pub(super) fn given(settings: &Settings, urls: Vec<String>) -> Given {
    let stated_in = RepoPath::new(config::FILE).unwrap_or_default();
    let clusters = settings.clusters.iter().map(|cluster| GivenCluster {
        name: cluster.name.clone(),
        path: cluster.path.clone(),
        root: cluster.root.clone(),
        branch: cluster.branch.clone(),
        stated_in: stated_in.clone(),
    });
    Given { clusters: clusters.collect(), urls }
}

/// The clusters of a tree, for the configuration.
pub(super) fn found(view: &View) -> Vec<FoundCluster> {
    let clusters = view.graph().clusters.iter().map(|cluster| FoundCluster {
        name: cluster.name.clone(),
        by_path: cluster.name_by_path(),
        only_given: cluster.stated_at.path.as_str() == config::FILE,
        path: cluster.path.clone(),
        branch: cluster.branch.clone(),
    });
    clusters.collect()
}

/// Refuses a configuration that names clusters which are not found.
pub(super) fn check(settings: &Settings, view: &View) -> anyhow::Result<()> {
    Ok(settings.check_clusters(&found(view)).map_err(laid_out)?)
}

/// Findings about a configuration that is valid.
pub(super) fn findings(settings: &Settings, view: &View) -> Vec<Finding> {
    let clusters = &view.graph().clusters;
    let is_missing = |name: &str| clusters.iter().any(|cluster| cluster.name == name && !cluster.in_tree);
    let missing = settings.clusters.iter().filter(|cluster| is_missing(&cluster.name));
    let missing =
        missing.filter_map(|cluster| Some((cluster, cluster.path.as_ref()?))).map(|(cluster, path)| Finding {
            severity: Severity::Warning,
            code: codes::CONFIG_PATH_NOT_IN_TREE,
            path: RepoPath::new(settings.file()).ok().filter(|file| file.as_str() == config::FILE),
            line: Some(cluster.line),
            message: format!("this tree has nothing at {path}, where the cluster {} starts", cluster.name),
        });
    missing.collect()
}
