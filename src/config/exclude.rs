use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use serde_json::json;

use super::keys::{INVALID_VALUE, Keys, a_text};
use crate::repo::RepoPath;
use crate::yaml::Kind;

/// The key.
const KEY: &str = "exclude";

/// What the list `exclude` puts out of scope: globs from the root of the repository, each for files,
/// or for directories and with them all that is below. An empty list excludes nothing.
#[derive(Clone, Debug, Default)]
pub struct Exclude {
    globs: GlobSet,
}

impl Exclude {
    /// Whether it names a file, or a directory above it.
    pub fn names(&self, path: &RepoPath) -> bool {
        self.globs.is_match(path.as_str())
    }
}

/// Reads the list `exclude`; `None` if there is none.
pub(super) fn read(keys: &mut Keys<'_, '_>) -> Option<Exclude> {
    keys.about("What is out of scope: globs from the root, for files, or for directories with all in them.");
    keys.takes(KEY, || json!({"type": "array", "items": a_text(), "uniqueItems": true}));
    let node = keys.value(KEY)?;
    if node.kind() == Kind::Sequence && node.items().next().is_none() {
        return Some(Exclude::default());
    }
    let mut globs = GlobSetBuilder::new();
    for (text, node) in keys.texts(KEY)? {
        let tidy = text.trim_start_matches("./").trim_end_matches('/');
        if tidy.is_empty() || tidy.starts_with('/') || tidy.split('/').any(|part| part == "..") {
            let help = "write a glob from the root of the repository, such as `kubernetes/old` or `**/attic`";
            keys.mistake(INVALID_VALUE, node, format!("`{text}` is not a path inside the repository"), help);
            continue;
        }
        for pattern in [tidy.to_owned(), format!("{tidy}/**")] {
            match GlobBuilder::new(&pattern).literal_separator(true).build() {
                Ok(glob) => drop(globs.add(glob)),
                Err(error) => {
                    let message = format!("`{text}` is not a valid glob: {}", error.kind());
                    keys.mistake(INVALID_VALUE, node, message, "correct it, or put brackets and braces behind a `\\`");
                    break;
                }
            }
        }
    }
    let globs = globs.build().unwrap_or_default();
    Some(Exclude { globs })
}
