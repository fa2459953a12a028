//! ExternalArtifacts that an ArtifactGenerator makes of this repository (source-watcher, Flux 2.7):
//! where the files of an artifact stand in the tree.

use std::collections::BTreeMap;

use super::flux_kustomization::source_of;
use crate::flux::files::SourceRef;
use crate::flux::kustomize::ParsedTree;
use crate::flux::value::Value;
use crate::repo::RepoPath;

/// The artifacts by name and namespace, each with what is copied into it.
#[derive(Default)]
pub(super) struct ExternalArtifacts(BTreeMap<(String, Option<String>), Vec<Copy>>);

/// A directory that is copied whole.
struct Copy {
    /// The source that it is copied from.
    source: SourceRef,
    from: RepoPath,
    to: RepoPath,
}

impl ExternalArtifacts {
    pub(super) fn of(parsed: &ParsedTree<'_>) -> ExternalArtifacts {
        let mut found = ExternalArtifacts::default();
        for object in parsed.objects().filter(|object| object.is("source.extensions.fluxcd.io", "ArtifactGenerator")) {
            let Some(generator) = parsed.node(&object.at).and_then(Value::of) else { continue };
            for artifact in generator.at(&["spec", "artifacts"]).map_or(&[][..], Value::items) {
                let copies = artifact.get("copy").map_or(&[][..], Value::items).iter();
                let copies: Option<Vec<Copy>> =
                    copies.map(|copy| read(copy, &generator, object.namespace.as_deref())).collect();
                // One that is not understood may overwrite any other.
                if let (Some(name), Some(copies)) = (artifact.text_at(&["name"]), copies) {
                    found.0.insert((name.to_owned(), object.namespace.map(String::from)), copies);
                }
            }
        }
        found
    }

    /// Where the directory of an artifact stands in the tree, if it is copied from a source that is
    /// this repository and nothing else is copied into it.
    pub(super) fn path_of(
        &self,
        artifact: &SourceRef,
        path: &RepoPath,
        is_here: impl Fn(&SourceRef) -> bool,
    ) -> Option<RepoPath> {
        let named = |namespace: Option<String>| self.0.get(&(artifact.name.clone(), namespace));
        let copies = named(artifact.namespace.clone()).or_else(|| named(None))?;
        let into = copies.iter().filter(|copy| path.is_in(&copy.to) || copy.to.is_in(path));
        let [copy] = into.collect::<Vec<_>>()[..] else { return None };
        let is_whole = path.is_in(&copy.to) && is_here(&copy.source);
        let rest = path.as_str().strip_prefix(copy.to.as_str()).filter(|_| is_whole)?;
        copy.from.join(rest.trim_start_matches('/'))
    }
}

/// `from: "@alias/dir/**"` and `to: "@artifact/dir/"`, without exclusions. `None` for anything else.
fn read(copy: &Value, generator: &Value, namespace: Option<&str>) -> Option<Copy> {
    let (alias, from) = copy.text_at(&["from"])?.strip_prefix('@')?.split_once('/')?;
    let from = if from == "**" { "" } else { from.strip_suffix("/**")? };
    let to = copy.text_at(&["to"])?.strip_prefix("@artifact/")?;
    let is_plain = copy.get("exclude").is_none() && !from.contains(['*', '?', '[', '{']);
    let sources = generator.at(&["spec", "sources"]).map_or(&[][..], Value::items);
    let source = sources.iter().find(|source| source.text_at(&["alias"]) == Some(alias)).filter(|_| is_plain)?;
    let source = source_of(source)?;
    Some(Copy {
        source: SourceRef { namespace: source.namespace.or(namespace.map(str::to_owned)), ..source },
        from: RepoPath::root().join(from)?,
        to: RepoPath::root().join(to.trim_end_matches('/'))?,
    })
}
