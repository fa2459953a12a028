//! What a chart's values mean: pure functions over what a release says, for migrations to ask.

pub mod app_template;
pub mod homes;
pub mod version;
