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

    fn read(keys: &mut Keys<'_, '_>) -> RecipesSettings {
        let mut recipes = Vec::new();
        for (name, at, node) in keys.all() {
            let name_at = at.range();
            let recipe = keys.nested(node, "a recipe", |keys| {
                let with = keys.value("with").map(|node| {
                    keys.nested(node, "`with`", |keys| {
                        let all = keys.all().into_iter();
                        all.filter_map(|(name, at, node)| Some((name.to_owned(), Value::of(node)?, at.range())))
                            .collect()
                    })
                });
                let texts = |keys: &mut Keys<'_, '_>, key| -> Vec<String> {
                    keys.texts(key).into_iter().flatten().map(|(text, _)| text.to_owned()).collect()
                };
                RecipeSettings {
                    name: name.to_owned(),
                    name_at,
                    enabled: keys.flag("enabled").unwrap_or(true),
                    with: with.unwrap_or_default(),
                    files: texts(keys, "files"),
                    clusters: texts(keys, "clusters"),
                    confirmed: texts(keys, "confirmed").into_iter().collect(),
                }
            });
            recipes.push(recipe);
        }
        RecipesSettings(recipes)
    }

    fn described(&self) -> Vec<Described> {
        Vec::new()
    }
}
