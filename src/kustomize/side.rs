//! One of the two trees that are compared: what is built of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::complaint::complaint;
use super::objects::Objects;
use super::program::{NoResult, Program};
use super::workspace::{Content, Held, Workspace};
use crate::flux::{FluxKustomization, InCluster, Input, NotBuilt, Value, View};
use crate::repo::{EntryKind, RepoPath};

/// The size of the largest file that is built; no manifest is as large.
const LARGEST: usize = 16 << 20;

/// How much a single build may read.
const ALL: usize = 128 << 20;

/// The result of a build.
#[derive(Clone)]
pub(super) enum Build {
    /// This side has no such Flux Kustomization.
    Absent,
    /// Its objects.
    Built(Objects),
    /// It fails here, and so it would in a cluster.
    Fails(String),
    /// It could not be built here, which says nothing about a cluster.
    Unknown(String),
}

/// One of the two trees.
#[derive(Default)]
pub(super) struct Side {
    workspace: Option<Workspace>,
    pub(super) built: BTreeMap<InCluster, Build>,
    /// What has been built, and from what.
    known: BTreeMap<InCluster, (Job, Build)>,
    /// Whether a build has taken all its time. Then no other is run: a tree may have thousands.
    time_is_up: bool,
}

/// All that the result of a build depends on.
#[derive(Clone, PartialEq)]
struct Job {
    input: Input,
    /// The files that it reads.
    reads: Held,
    /// The links of the tree, by which it may come to them.
    links: Arc<Held>,
    /// The Flux Kustomization, for what Flux adds after the build.
    object: Value,
}

impl Side {
    /// Builds what is not known yet.
    pub(super) fn build(&mut self, program: &Program, view: &View, which: &BTreeSet<InCluster>) {
        let links = Arc::new(links(view));
        let by_name = by_name(view);
        let mut jobs = BTreeMap::new();
        self.built.clear();
        for id in which {
            let kustomization = by_name.get(&(&*id.cluster, id.name.clone())).copied();
            match kustomization.ok_or(Build::Absent).and_then(|kustomization| job(view, kustomization, &links)) {
                Ok(job) => match self.known.get(id) {
                    Some((known, build)) if *known == job => drop(self.built.insert(id.clone(), build.clone())),
                    _ => drop(jobs.insert(id.clone(), job)),
                },
                Err(build) => drop(self.built.insert(id.clone(), build)),
            }
        }
        if jobs.is_empty() {
            return;
        }
        let mut held: Held = jobs.values().flat_map(|job| job.reads.clone()).collect();
        held.extend((*links).clone());
        let workspace = self.workspace.take().map_or_else(Workspace::new, Ok).and_then(|mut workspace| {
            workspace.hold(held)?;
            Ok(workspace)
        });
        let workspace = match workspace {
            Ok(workspace) => self.workspace.insert(workspace),
            Err(error) => {
                let why = format!("the files cannot be written to a temporary directory: {error}");
                self.built.extend(jobs.into_keys().map(|id| (id, Build::Unknown(why.clone()))));
                return;
            }
        };
        for (id, job) in jobs {
            if self.time_is_up {
                self.built.insert(id, Build::Unknown("another build took too long, so no more are run".to_owned()));
                continue;
            }
            let build = one(program, workspace, &job, &mut self.time_is_up);
            self.built.insert(id.clone(), build.clone());
            self.known.insert(id, (job, build));
        }
    }
}

/// The links that stay in the tree. One that leaves it leads neither here nor in a cluster to a
/// file of the repository.
fn links(view: &View) -> Held {
    let link = |path: &RepoPath| match view.tree().entry(path) {
        Some(EntryKind::Link { target }) if view.tree().follow(path).is_some() => {
            Some((path.clone(), Content::Link(target)))
        }
        _ => None,
    };
    view.links().iter().filter_map(link).collect()
}

/// The Flux Kustomizations by cluster and full name; the first, if there are several.
fn by_name(view: &View) -> BTreeMap<(&str, String), &FluxKustomization> {
    let graph = view.graph();
    let named = |one: &'_ FluxKustomization| (&*graph.clusters[one.cluster].name, one.full_name());
    graph.kustomizations.iter().rev().map(|one| (named(one), one)).collect()
}

/// What is to be built for a Flux Kustomization.
fn job(view: &View, kustomization: &FluxKustomization, links: &Arc<Held>) -> Result<Job, Build> {
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
    Ok(Job { input, reads, links: links.clone(), object: kustomization.object.clone() })
}

/// Builds one Flux Kustomization.
fn one(program: &Program, workspace: &Workspace, job: &Job, time_is_up: &mut bool) -> Build {
    match workspace.build(program, &job.input) {
        Ok(Ok(text)) => match Objects::read(&text) {
            Ok(mut objects) => {
                objects.add_metadata(&job.object);
                Build::Built(objects)
            }
            Err(why) => Build::Fails(why.to_owned()),
        },
        Ok(Err(NoResult::TimeIsUp(limit))) => {
            *time_is_up = true;
            Build::Fails(format!("it took longer than {} seconds", limit.as_secs_f32()))
        }
        Ok(Err(NoResult::Ended(why))) => Build::Fails(why),
        Ok(Err(NoResult::Said(said))) => {
            Build::Fails(complaint(&said, &workspace.place(), &|path| workspace.lines(path)))
        }
        Err(error) => Build::Unknown(format!("{program} cannot be run: {error}")),
    }
}
