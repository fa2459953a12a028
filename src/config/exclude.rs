use globset::{GlobSet, GlobSetBuilder};

use serde_json::json;

use super::globs;
use super::keys::{Keys, a_text};
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
    let mut set = GlobSetBuilder::new();
    for (text, node) in keys.texts(KEY)? {
        let Some(tidy) = globs::tidy(keys, text, node, "`kubernetes/old` or `**/attic`") else { continue };
        let both = [tidy.to_owned(), format!("{tidy}/**")];
        for glob in both.iter().map_while(|pattern| globs::glob(keys, pattern, text, node)) {
            set.add(glob);
        }
    }
    let globs = set.build().unwrap_or_default();
    Some(Exclude { globs })
}
