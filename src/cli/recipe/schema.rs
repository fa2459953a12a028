use crate::cli::{Outcome, page};

/// The JSON Schema of a recipe.
pub(super) const SCHEMA: &str = include_str!("../../../docs/schema/recipe-1.json");

/// `recipe schema`: prints it.
pub(super) fn run() -> anyhow::Result<Outcome> {
    page(SCHEMA)?;
    Ok(Outcome::Clean)
}
