//! The YAML reader and editor, judged by a third parser.

mod differential;
mod exhaustive;
mod properties;
pub(crate) mod text;
mod third_opinion;
