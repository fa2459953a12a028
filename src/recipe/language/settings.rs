//! The section `recipes` of the configuration: what is set for recipes by their names.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::config::{Described, Keys, Section};
use crate::flux::Value;

/// The settings of all recipes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecipesSettings(pub Vec<RecipeSettings>);

/// What is set for a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeSettings {
    /// Its name.
    pub name: String,
    /// The bytes of the name in the configuration.
    pub name_at: Range<usize>,
    /// Whether it runs.
    pub enabled: bool,
    /// Its parameters, each with the bytes of its name.
    pub with: Vec<(String, Value, Range<usize>)>,
    /// The files in which it looks.
    pub files: Vec<String>,
    /// The clusters for which it runs.
    pub clusters: Vec<String>,
    /// The stages whose questions are answered.
    pub confirmed: BTreeSet<String>,
}

impl RecipesSettings {
    /// What is set for a recipe.
    pub fn of(&self, name: &str) -> Option<&RecipeSettings> {
        self.0.iter().find(|recipe| recipe.name == name)
    }
}

impl Section for RecipesSettings {
    const KEY: &'static str = "recipes";

    fn about() -> String {
        "What is set for recipes, by their names.".to_owned()
    }

    fn read(keys: &mut Keys<'_, '_>) -> RecipesSettings {
        RecipesSettings(keys.named("a recipe", |keys, name, at| RecipeSettings {
            name: name.to_owned(),
            name_at: at.range(),
            enabled: keys.about("Whether it runs.").flag("enabled").unwrap_or(true),
            with: keys.about("Its parameters.").mapping("with", parameters).unwrap_or_default(),
            files: texts(keys, "files", "The files in which it looks: paths or globs from the root."),
            clusters: texts(keys, "clusters", "The clusters for which it runs."),
            confirmed: texts(keys, "confirmed", CONFIRMED).into_iter().collect(),
        }))
    }

    fn described(&self) -> Vec<Described> {
        Vec::new()
    }
}

const CONFIRMED: &str = "The stages of which you say that what their gates ask for is done.";

fn parameters(keys: &mut Keys<'_, '_>) -> Vec<(String, Value, Range<usize>)> {
    let all = keys.all().into_iter();
    all.filter_map(|(name, at, node)| Some((name.to_owned(), Value::of(node)?, at.range()))).collect()
}

fn texts(keys: &mut Keys<'_, '_>, key: &'static str, about: &str) -> Vec<String> {
    keys.about(about).texts(key).into_iter().flatten().map(|(text, _)| text.to_owned()).collect()
}
