//! What is to be built of a tree, and all that the result depends on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::canonical::part;
use super::objects::{Metadata, Objects};
use super::workspace::{Content, Held};
use crate::flux::{FluxKustomization, Input, NotBuilt, View};
use crate::repo::{EntryKind, Key, RepoPath};

/// The size of the largest file that is built; no manifest is as large.
const LARGEST: usize = 16 << 20;

/// How much a single build may read.
const ALL: usize = 128 << 20;

/// Raised whenever the same build would be read, sealed or kept differently than before. The
/// version of this program is not enough: it stays the same while it is worked on.
const FORMAT: u32 = 1;

/// The result of a build.
#[derive(Clone)]
pub(super) enum Build {
    /// This side has no such Flux Kustomization.
    Absent,
    /// Its objects.
    Built(Arc<Objects>),
    /// It fails here, and so it would in a cluster.
    Fails(String),
    /// It could not be built here, which says nothing about a cluster.
    Unknown(String),
}

/// A build to run. It sees these files and links and no others, so its result depends on nothing
/// else, but the program.
pub(super) struct Job {
    pub(super) input: Input,
    /// The files that it reads.
    reads: Held,
    /// The links of the tree, by which it may come to them.
    links: Arc<Held>,
    /// What Flux adds after the build.
    pub(super) added: Metadata,
}

/// The id of a build: the seal of all that its result depends on.
pub(super) type Id = String;

impl Job {
    /// What is to be built for a Flux Kustomization.
    ///
    /// # Errors
    /// The result, if nothing is to be run.
    pub(super) fn of(view: &View, kustomization: &FluxKustomization, links: &Arc<Held>) -> Result<Job, Build> {
        let input = view.input(kustomization).map_err(|why| match why {
            NotBuilt::Elsewhere => Build::Absent,
            NotBuilt::Refused(why) => Build::Fails(why),
            not_in_the_tree => Build::Unknown(not_in_the_tree.to_string()),
        })?;
        let (mut reads, mut all) = (Held::new(), 0);
        for path in &input.reads {
            let file = view.tree().read(path).map_err(|error| Build::Unknown(error.to_string()))?;
            let Some(file) = file else { continue };
            all += file.bytes.len();
            if file.bytes.len() > LARGEST || all > ALL {
                return Err(Build::Unknown(format!("{path} is too large, or all that it builds from is")));
            }
            reads.insert(path.clone(), Content::File(file.bytes));
        }
        Ok(Job { input, reads, links: links.clone(), added: Metadata::of(&kustomization.object) })
    }

    /// All that it sees.
    pub(super) fn held(&self) -> Held {
        let links = self.links.iter().map(|(path, link)| (path.clone(), link.clone()));
        self.reads.clone().into_iter().chain(links).collect()
    }

    /// Its id, if a program builds it.
    pub(super) fn id(&self, program: &str, key: &Key) -> Id {
        let mut all = Vec::new();
        let mut add = |bytes: &[u8]| part(b'.', bytes, &mut all);
        let Input { dir, file, text, reads: _ } = &self.input;
        for of_this_program in [env!("CARGO_PKG_VERSION"), &FORMAT.to_string(), std::env::consts::OS, program] {
            add(of_this_program.as_bytes());
        }
        add(dir.as_str().as_bytes());
        add(file.as_str().as_bytes());
        add(if text.is_some() { b"written by Flux" } else { b"as it is" });
        add(text.as_deref().unwrap_or_default().as_bytes());
        for held in [&self.reads, &*self.links] {
            add(held.len().to_string().as_bytes());
            for (path, content) in held {
                add(path.as_str().as_bytes());
                match content {
                    Content::File(bytes) => add(bytes),
                    Content::Link(target) => add(target.as_bytes()),
                }
            }
        }
        for added in [&self.added.labels, &self.added.annotations] {
            add(added.len().to_string().as_bytes());
            for (name, value) in added {
                add(name.as_bytes());
                add(value.as_bytes());
            }
        }
        key.seal(all)
    }
}

/// The links that stay in the tree. One that leaves it leads neither here nor in a cluster to a
/// file of the repository.
pub(super) fn links(view: &View) -> Held {
    let link = |path: &RepoPath| match view.tree().entry(path) {
        Some(EntryKind::Link { target }) if view.tree().follow(path).is_some() => {
            Some((path.clone(), Content::Link(target)))
        }
        _ => None,
    };
    view.links().iter().filter_map(link).collect()
}

/// The Flux Kustomizations by cluster and full name; the first, if there are several.
pub(super) fn by_name(view: &View) -> BTreeMap<(&str, String), &FluxKustomization> {
    let graph = view.graph();
    let named = |one: &'_ FluxKustomization| (&*graph.clusters[one.cluster].name, one.full_name());
    graph.kustomizations.iter().rev().map(|one| (named(one), one)).collect()
}
