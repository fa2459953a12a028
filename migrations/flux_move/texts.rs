//! What a Flux Kustomization builds, read for variables and for what is encrypted.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::flux::{At, Barred, KustomizationId, NotBuilt, Rendered, SUBSTITUTE, Value, Variables, View, is_disabled};
use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// Where variables are in a build.
#[derive(Debug, Default)]
pub(super) struct InBuild {
    /// The first place of each variable; of escapes under the name `$`.
    pub(super) places: BTreeMap<String, (RepoPath, usize)>,
    /// Those that have no default somewhere.
    pub(super) without_default: BTreeSet<String>,
    /// What of the build is not in this repository, if so.
    pub(super) remote: Option<String>,
}

/// The variables in what a Flux Kustomization builds, and in the patches on the way. Comments are no part
/// of a build.
pub(super) fn variables_in(world: &World<'_>, id: KustomizationId) -> InBuild {
    let view = world.view;
    let one = &view.graph().kustomizations[id];
    let mut found = InBuild { remote: remote(view, id), ..InBuild::default() };
    let is_substituted = |object: &&Rendered| !is_disabled(SUBSTITUTE, [&object.labels, &object.annotations]);
    for object in world.built_by(id).iter().filter(is_substituted) {
        let line = view.node(&object.at).map_or(1, |root| root.line());
        for text in object.generated_texts().unwrap_or_default() {
            found.take(&object.at.path, line, text);
        }
        if let Some(root) = stated(view, object) {
            root.scalars(&mut |scalar| found.take(&object.at.path, scalar.line(), scalar.text().unwrap_or_default()));
        }
    }
    let through = world.built_by(id).iter().flat_map(|object| &object.through);
    let files: BTreeSet<&RepoPath> = through.collect();
    let on_the_way = files.into_iter().filter_map(|path| view.kustomization(&path.dir()));
    for patch in on_the_way.flat_map(|file| &file.patches).chain(&one.patches) {
        let Ok(stream) = Stream::parse(patch.text()) else {
            found.take(&patch.path, patch.line, patch.text());
            continue;
        };
        for root in stream.documents() {
            root.scalars(&mut |scalar| found.take(&patch.path, patch.line, scalar.text().unwrap_or_default()));
        }
    }
    found
}

/// The object of a file; `None` for a generated one, or one that nobody can read.
fn stated<'v>(view: &'v View, object: &Rendered) -> Option<Node<'v>> {
    let root = view.node(&object.at).filter(|_| object.generated_texts().is_none())?;
    // Nested aliases can expand without limit: an object with those has no value.
    Value::of(root).is_some().then_some(root)
}

impl InBuild {
    fn take(&mut self, path: &RepoPath, line: usize, text: &str) {
        if !text.contains('$') {
            return;
        }
        let mut names = Variables::names_in(text);
        if text.contains("$$") {
            names.insert("$".to_owned());
        }
        for name in names {
            self.places.entry(name).or_insert_with(|| (path.clone(), line));
        }
        self.without_default.extend(Variables::default().missing_in(text));
    }
}

/// What of a build is not in this repository.
fn remote(view: &View, id: KustomizationId) -> Option<String> {
    match view.input(&view.graph().kustomizations[id]) {
        Err(NotBuilt::Remote { text, .. }) => Some(text),
        _ => None,
    }
}

/// A file that Flux has to decrypt to build something, or why that is not known.
pub(super) fn encrypted_in(world: &World<'_>, id: KustomizationId) -> Option<String> {
    let view = world.view;
    match view.input(&view.graph().kustomizations[id]) {
        Ok(input) => input.reads.iter().find(|path| view.must_decrypt(path)).map(ToString::to_string),
        Err(NotBuilt::Remote { .. }) => {
            let files = world.built_by(id).iter().map(|object: &Rendered| &object.at);
            let is_encrypted =
                |at: &&At| view.file(&at.path).is_some_and(|file| file.barred == Some(Barred::Encrypted));
            files.clone().find(is_encrypted).map(|at| at.path.to_string())
        }
        Err(why) => Some(format!("something that is not known here ({why})")),
    }
}
