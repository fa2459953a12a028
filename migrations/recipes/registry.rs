//! All migrations of a run: those that are written in Rust, and recipes.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Gates, LIBRARY, Origin, RecipeMigration};
use crate::config::{ConfigError, INVALID_VALUE, Mistake, Settings, UNKNOWN_KEY};
use crate::flux::Value;
use crate::plan::{Migration, general_codes};
use crate::recipe::fields::Tables;
use crate::recipe::language::{Known, RecipeSettings, RecipesSettings, read};
use crate::recipe::schemas;
use crate::repo::{RepoPath, Tree, TreeError};
use crate::text::nearest;

/// Where the recipes of a repository are.
pub const DIRECTORY: &str = ".flux-codemod/recipes";
/// How the file of the tests of a recipe ends.
pub const TESTS: &str = ".test.yaml";
/// Where the file of a recipe is, if the repository has it.
pub(super) fn file_of(name: &str) -> RepoPath {
    RepoPath::new(&format!("{DIRECTORY}/{name}.yaml")).expect("a name of a recipe has no sign of a path")
}

/// How many recipes a repository may have.
const MOST: usize = 50;
/// The commands, whose names no recipe can have.
const COMMANDS: [&str; 16] = [
    "list",
    "plan",
    "diff",
    "apply",
    "branch",
    "next",
    "check",
    "verify",
    "doctor",
    "explain",
    "init",
    "recipe",
    "demo",
    "completions",
    "man",
    "help",
];

/// What is asked for beside the tree and its configuration.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Recipes from disk: the name of each file, and its text.
    pub files: Vec<(String, String)>,
    /// The names of migrations that are asked for.
    pub asked: Vec<String>,
    /// Stages that somebody answers for: `prune-guard/restore`.
    pub confirmed: Vec<String>,
}

/// All migrations of a run.
pub struct Registry {
    compiled: &'static [&'static dyn Migration],
    recipes: Vec<RecipeMigration>,
    /// Built-in recipes that nobody named.
    idle: Vec<&'static str>,
}

/// Why the recipes of a run cannot be read.
#[derive(Debug)]
pub enum RegistryError {
    /// What is wrong in files, each as a compiler would show it.
    Wrong(Vec<ConfigError>),
    /// A file cannot be read.
    Tree(TreeError),
    /// What was typed is wrong.
    Typed(String),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegistryError::Wrong(errors) => {
                f.write_str(&errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))
            }
            RegistryError::Tree(error) => error.fmt(f),
            RegistryError::Typed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for RegistryError {}

impl Registry {
    /// Reads the recipes of a tree. `groups` says which groups the tree has for a kind.
    ///
    /// # Errors
    /// [`RegistryError`], with all mistakes of all files.
    pub fn of(
        compiled: &'static [&'static dyn Migration],
        tree: &Tree,
        settings: &Settings,
        extra: &Extra,
        groups: &dyn Fn(&str) -> Vec<String>,
    ) -> Result<Registry, RegistryError> {
        let texts = texts(tree)?;
        let sections: RecipesSettings = settings.section();
        let mut reading = Reading { compiled, sections: &sections, settings, extra, groups, wrong: Vec::new() };
        let mut recipes: Vec<RecipeMigration> = Vec::new();
        for (path, text) in &texts {
            let stem = path.name().strip_suffix(".yaml").unwrap_or(path.name());
            let is_enabled = sections.of(stem).is_none_or(|section| section.enabled);
            let read = reading.read(path.as_str(), text, Some(stem), Origin::Repository(path.clone()));
            recipes.extend(read.filter(|_| is_enabled));
        }
        for (file, text) in &extra.files {
            recipes.extend(reading.read(file, text, None, Origin::Given(file.clone())));
        }
        let mut idle = Vec::new();
        for (name, text) in LIBRARY {
            let is_named = extra.asked.iter().any(|asked| asked == name);
            let section = sections.of(name);
            if is_named || section.is_some_and(|section| section.enabled) {
                recipes.extend(reading.read(name, text, None, Origin::BuiltIn));
            } else {
                idle.push(*name);
            }
        }
        reading.check_names(&texts);
        let schemas = Arc::new(reading.schemas(tree)?);
        if !reading.wrong.is_empty() {
            return Err(RegistryError::Wrong(reading.wrong));
        }
        let recipes = recipes.into_iter().map(|recipe| recipe.with_schemas(schemas.clone()));
        let mut recipes: Vec<RecipeMigration> = recipes.collect();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        if let Some(twice) = recipes.iter().find(|recipe| !names.insert(recipe.meta.id)) {
            return Err(RegistryError::Typed(format!("there are two recipes `{}`; rename one of them", twice.meta.id)));
        }
        recipes.sort_by_key(|recipe| (recipe.meta.phase, recipe.meta.id));
        let registry = Registry { compiled, recipes, idle };
        registry.check_typed(extra)?;
        Ok(registry)
    }

    /// The migrations with these names, or all of them, in the order of (phase, migrations first,
    /// name). `gates` says what the gates of a recipe with stages say.
    pub fn migrations(
        &self,
        asked: &[String],
        gates: &dyn Fn(&RecipeMigration) -> Gates,
    ) -> Vec<&'static dyn Migration> {
        let is_asked = |id: &str| asked.is_empty() || asked.iter().any(|name| name == id);
        let mut all: Vec<&'static dyn Migration> =
            self.compiled.iter().copied().filter(|migration| migration.meta().names().any(&is_asked)).collect();
        for recipe in self.recipes.iter().filter(|recipe| is_asked(recipe.meta.id)) {
            let gates = if recipe.has_gates() { gates(recipe) } else { Gates::default() };
            let migration: &'static RecipeMigration = Box::leak(Box::new(recipe.with_gates(gates)));
            all.push(migration);
        }
        all.sort_by_key(|migration| migration.meta().phase);
        all
    }

    /// All migrations, without what gates say: for looking up names and reason codes.
    pub fn all(&self) -> Vec<&'static dyn Migration> {
        self.migrations(&[], &|_| Gates::default())
    }

    /// The recipes.
    pub fn recipes(&self) -> &[RecipeMigration] {
        &self.recipes
    }

    /// The built-in recipes that nobody named.
    pub fn idle(&self) -> &[&'static str] {
        &self.idle
    }

    fn check_typed(&self, extra: &Extra) -> Result<(), RegistryError> {
        let recipes = || self.recipes.iter().map(|recipe| recipe.meta.id);
        let known = || {
            self.compiled.iter().map(|migration| migration.meta().id).chain(recipes()).chain(self.idle.iter().copied())
        };
        let hint = |name: &str, known: &[&str]| match nearest(name, known.iter().map(|known| (*known, *known))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        let former = || self.compiled.iter().flat_map(|migration| migration.meta().aliases).copied();
        if let Some(name) = extra.asked.iter().find(|asked| !known().chain(former()).any(|name| name == **asked)) {
            let hint = hint(name, &known().collect::<Vec<_>>());
            return Err(RegistryError::Typed(format!("there is no migration or recipe `{name}`; {hint}")));
        }
        for confirmed in &extra.confirmed {
            let (name, stage) = confirmed.split_once('/').unwrap_or((confirmed, ""));
            let Some(recipe) = self.recipes.iter().find(|recipe| recipe.meta.id == name) else {
                let hint = hint(name, &recipes().collect::<Vec<_>>());
                return Err(RegistryError::Typed(format!(
                    "--confirm: there is no recipe `{name}` in this run; {hint}"
                )));
            };
            let stages: Vec<&str> = recipe.recipe.stages.iter().map(|stage| &*stage.name).collect();
            if !stages.contains(&stage) {
                let hint = hint(stage, &stages);
                return Err(RegistryError::Typed(format!("--confirm: {name} has no stage `{stage}`; {hint}")));
            }
        }
        Ok(())
    }
}

struct Reading<'r> {
    compiled: &'static [&'static dyn Migration],
    sections: &'r RecipesSettings,
    settings: &'r Settings,
    extra: &'r Extra,
    groups: &'r dyn Fn(&str) -> Vec<String>,
    wrong: Vec<ConfigError>,
}

impl Reading<'_> {
    fn read(&mut self, file: &str, text: &str, stem: Option<&str>, origin: Origin) -> Option<RecipeMigration> {
        let is_built_in = origin == Origin::BuiltIn;
        let of_library = LIBRARY.iter().map(|(name, _)| *name);
        let ids = self.compiled.iter().flat_map(|migration| migration.meta().names());
        let codes = general_codes().into_iter().map(|code| code.id);
        let taken: Vec<&str> =
            if is_built_in { Vec::new() } else { ids.chain(of_library).chain(codes).chain(COMMANDS).collect() };
        // The name of a given file is in it, and its settings go by that name.
        let name = stem.map(str::to_owned).or_else(|| named(text)).unwrap_or_else(|| file.to_owned());
        let section: Option<RecipeSettings> = self.sections.of(&name).cloned();
        let with: Vec<(String, Value)> = section
            .iter()
            .flat_map(|section| &section.with)
            .map(|(name, value, _)| (name.clone(), value.clone()))
            .collect();
        let known = Known { stem, with: &with, taken: &taken, groups: self.groups };
        let recipe = match read(file, text, &known) {
            Ok(recipe) => recipe,
            Err(error) => {
                self.wrong.push(error);
                return None;
            }
        };
        let stages: Vec<&str> = recipe.stages.iter().map(|stage| &*stage.name).collect();
        let mut mistakes: Vec<Mistake> = Vec::new();
        if let Some(section) = &section {
            let params: Vec<&str> = recipe.params.iter().map(|param| &*param.name).collect();
            for (name, _, range) in section.with.iter().filter(|(name, ..)| !params.contains(&&**name)) {
                mistakes.push(unknown(
                    &format!("{} has no parameter `{name}`", recipe.name),
                    name,
                    &params,
                    range.clone(),
                ));
            }
            for stage in section.confirmed.iter().filter(|stage| !stages.contains(&&***stage)) {
                let message = format!("{} has no stage `{stage}` to confirm", recipe.name);
                mistakes.push(unknown(&message, stage, &stages, section.name_at.clone()));
            }
        }
        if !mistakes.is_empty() {
            self.wrong.push(self.settings.error(mistakes));
            return None;
        }
        let typed = self.extra.confirmed.iter().filter_map(|confirmed| confirmed.split_once('/'));
        let typed = typed.filter(|(name, _)| *name == recipe.name).map(|(_, stage)| stage.to_owned());
        let confirmed = section.iter().flat_map(|section| section.confirmed.iter().cloned()).chain(typed).collect();
        Some(RecipeMigration::new(recipe, origin, section, confirmed))
    }

    /// The schemas that the configuration names.
    fn schemas(&mut self, tree: &Tree) -> Result<Tables, RegistryError> {
        let mut mistakes = Vec::new();
        let schemas = schemas::read(tree, &self.settings.schemas, &mut mistakes).map_err(RegistryError::Tree)?;
        if !mistakes.is_empty() {
            self.wrong.push(self.settings.error(mistakes));
        }
        Ok(schemas)
    }

    /// The names under `recipes` of the configuration that are no recipes.
    fn check_names(&mut self, texts: &[(RepoPath, String)]) {
        let of_tree = texts.iter().map(|(path, _)| path.name().trim_end_matches(".yaml").to_owned());
        let of_files = self.extra.files.iter().filter_map(|(_, text)| named(text));
        let known: Vec<String> =
            of_tree.chain(of_files).chain(LIBRARY.iter().map(|(name, _)| (*name).to_owned())).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let others = self.sections.0.iter().filter(|section| !known.contains(&&*section.name));
        let mistakes: Vec<Mistake> = others
            .map(|section| {
                unknown(
                    &format!("there is no recipe `{}`", section.name),
                    &section.name,
                    &known,
                    section.name_at.clone(),
                )
            })
            .collect();
        if !mistakes.is_empty() {
            self.wrong.push(self.settings.error(mistakes));
        }
    }
}

fn unknown(message: &str, name: &str, known: &[&str], range: std::ops::Range<usize>) -> Mistake {
    let near = nearest(name, known.iter().map(|known| (*known, *known)));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("known: {}", known.join(", ")),
    };
    let code = if known.is_empty() { INVALID_VALUE } else { UNKNOWN_KEY };
    Mistake { code, message: message.to_owned(), help, range }
}

/// The name that a recipe says it has.
fn named(text: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.strip_prefix("name:"))
        .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
}

/// The names of the recipes in a tree; none, if they cannot be read.
pub fn names_in(tree: &Tree) -> Vec<String> {
    texts(tree).unwrap_or_default().iter().filter_map(|(_, text)| named(text)).collect()
}

/// The files of recipes in a tree, by path.
fn texts(tree: &Tree) -> Result<Vec<(RepoPath, String)>, RegistryError> {
    let is_recipe = |path: &RepoPath| {
        let name = path.as_str().strip_prefix(DIRECTORY).and_then(|rest| rest.strip_prefix('/'));
        name.is_some_and(|name| !name.contains('/') && name.ends_with(".yaml") && !name.ends_with(TESTS))
    };
    let mut texts = Vec::new();
    for path in tree.entries().map(|(path, _)| path).filter(is_recipe) {
        let Some(file) = tree.read(&path).map_err(RegistryError::Tree)? else { continue };
        match String::from_utf8(file.bytes.to_vec()) {
            Ok(text) => texts.push((path, text)),
            Err(_) => return Err(RegistryError::Typed(format!("{path} is not UTF-8; convert it"))),
        }
    }
    if texts.len() > MOST {
        return Err(RegistryError::Typed(format!("{DIRECTORY} has more than {MOST} recipes")));
    }
    Ok(texts)
}
