//! Recipes: migrations that are stated as data. What is here knows objects and their text, and
//! nothing of plans.

pub mod api_version;
pub mod fields;
pub mod schema_comment;
