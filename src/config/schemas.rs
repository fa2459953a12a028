use std::ops::Range;

use globset::GlobMatcher;

use super::keys::{INVALID_VALUE, Keys};
use super::{Mistake, globs};
use crate::repo::RepoPath;

/// The key.
const KEY: &str = "schemas";

/// An entry of the list `schemas`: where CRDs and JSON Schemas of kinds are in the repository. Never a
/// URL: nothing is fetched.
#[derive(Clone, Debug)]
pub struct SchemaFiles {
    glob: GlobMatcher,
    text: String,
    at: Range<usize>,
}

impl SchemaFiles {
    /// Whether it names a file.
    pub fn names(&self, path: &RepoPath) -> bool {
        self.glob.is_match(path.as_str())
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A mistake that was found in the files, at this entry.
    pub fn mistake(&self, code: &'static str, message: String, help: impl Into<String>) -> Mistake {
        Mistake { code, message, help: help.into(), range: self.at.clone() }
    }
}

/// Reads the list.
pub(super) fn read(keys: &mut Keys<'_, '_>) -> Vec<SchemaFiles> {
    keys.about("CRDs and JSON Schemas in the repository, by which recipes know fields: globs from the root.");
    let mut all = Vec::new();
    for (text, node) in keys.texts(KEY).unwrap_or_default() {
        if text.contains("://") {
            let help = "copy the file into the repository, and write its path: nothing is fetched";
            keys.mistake(INVALID_VALUE, node, format!("`{text}` is a URL"), help);
            continue;
        }
        let Some(tidy) = globs::tidy(keys, text, node, "`schemas/**/*.json`") else { continue };
        let Some(glob) = globs::glob(keys, tidy, text, node) else { continue };
        all.push(SchemaFiles { glob: glob.compile_matcher(), text: text.to_owned(), at: node.range() });
    }
    all
}
