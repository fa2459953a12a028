//! What a chart's values mean: pure functions over YAML nodes, for migrations to ask.

pub mod app_template;
