//! A YAML file as text plus the spans of its nodes; edits are splices of that text.
//!
//! **Invariants.** Bytes that no splice covers stay identical. No existing YAML is ever printed
//! from a tree: only new nodes are ([`New`]). Every edit is read again by two parsers that share no
//! code, and each must read the new text as its reading of the old text with the operation applied
//! ([`Edit::finish`]). Every comment in a removed range is accounted for ([`CommentFate`]).
//!
//! Spans come from granit-parser; `yaml_serde`, of libyaml's lineage, is the second reader. Knows
//! no Kubernetes.
//!
//! Absent on purpose: a printer of whole documents, a resolver of scalars to numbers or dates (the
//! text of a scalar is what counts, `1.10` is not `1.1`), and an approximation of anything: a shape
//! that an operation does not support is an [`Error`].

#[cfg(test)]
mod bounds_tests;
mod comments;
mod edit;
mod emit;
mod error;
mod extent;
mod header;
mod keys;
mod node;
mod nodes;
mod operation;
mod parse;
mod part;
mod plain;
mod proof;
mod reading;
mod sound;
mod stream;

pub use comments::{Attached, Comment, CommentFate, Fate};
pub use edit::{Edit, Edited, Emptied, Order, Place};
pub use emit::New;
pub use error::{Error, Problem};
pub use header::SCHEMA_MARK;
pub use keys::Keys;
pub use node::{Kind, Node, Style};
pub use plain::reads_as_string;
pub use stream::Stream;
