//! Files that are out of scope: those that the configuration excludes, or else those in directories
//! whose name says that nobody uses them.
//!
//! What is out of scope gets no unit and no finding. It is read all the same, and what it names counts
//! as named: so no removal becomes safe because of it, and what needs an excluded unit is left out with
//! it.

use std::collections::BTreeSet;

use super::{Draft, Finding, OutOfScope, Severity, UnitId, codes};
use crate::config::{Exclude, Settings};
use crate::flux::View;
use crate::repo::RepoPath;

/// The names of directories that are out of scope if no cluster applies anything in them.
const ARCHIVES: [&str; 3] = ["archive", ".archive", "_archive"];

/// Which files are out of scope.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    exclude: Option<Exclude>,
    /// The directories that are called so and that no cluster applies.
    archives: BTreeSet<RepoPath>,
    /// Those that a cluster applies, each with the Flux Kustomization.
    applied: Vec<(RepoPath, String)>,
}

impl Scope {
    /// The scope of a tree: by `exclude` alone if the configuration has it, else by the names of
    /// directories.
    pub fn of(view: &View, settings: &Settings) -> Scope {
        if let Some(exclude) = &settings.exclude {
            return Scope { exclude: Some(exclude.clone()), ..Scope::default() };
        }
        let is_called_so = |dir: &RepoPath| ARCHIVES.contains(&dir.name());
        let dirs = view.tree().entries().flat_map(|(path, _)| path.dir().ancestors().collect::<Vec<_>>());
        let called: BTreeSet<RepoPath> = dirs.filter(is_called_so).collect();
        let mut scope = Scope::default();
        for dir in called {
            match applier(view, &dir) {
                Some(by) => scope.applied.push((dir, by)),
                None => drop(scope.archives.insert(dir)),
            }
        }
        scope
    }

    /// Whether a file is out of scope.
    pub fn excludes(&self, path: &RepoPath) -> bool {
        self.exclude.as_ref().is_some_and(|exclude| exclude.names(path))
            || !self.archives.is_empty() && path.ancestors().any(|dir| self.archives.contains(&dir))
    }

    /// Whether a finding is about a file in scope, or about none.
    pub fn holds(&self, finding: &Finding) -> bool {
        finding.path.as_ref().is_none_or(|path| !self.excludes(path))
    }

    /// Notes about directories that are in scope although they are called archives.
    pub fn findings(&self) -> Vec<Finding> {
        let note = |(dir, by): &(RepoPath, String)| Finding {
            severity: Severity::Note,
            code: codes::ARCHIVE_APPLIED,
            path: None,
            line: None,
            message: format!("{dir} is in scope despite its name, because {by} applies it; `exclude` leaves it out"),
        };
        self.applied.iter().map(note).collect()
    }

    /// Leaves out what drafts say of files out of scope, and counts it in one line.
    pub(super) fn reduce(&self, drafts: &mut Vec<Draft>, seen: &mut BTreeSet<UnitId>, count: &mut OutOfScope) {
        if self.exclude.is_none() && self.archives.is_empty() {
            return;
        }
        let wanted: BTreeSet<UnitId> = drafts.iter().flat_map(|draft| draft.needs.clone()).collect();
        let mut out: BTreeSet<UnitId> =
            drafts.iter().filter(|draft| self.is_out(draft)).map(|d| d.id.clone()).collect();
        let excluded = out.len();
        loop {
            let before = out.len();
            // What needs it would land without it; what only it needs has no use.
            let is_left = |draft: &&Draft| !out.contains(&draft.id);
            let needed: BTreeSet<&UnitId> = drafts.iter().filter(is_left).flat_map(|draft| &draft.needs).collect();
            let is_useless =
                |draft: &Draft| draft.is_for_others() && wanted.contains(&draft.id) && !needed.contains(&draft.id);
            let follow = |draft: &&Draft| !draft.needs.is_disjoint(&out) || is_useless(draft);
            let more: Vec<UnitId> =
                drafts.iter().filter(is_left).filter(follow).map(|draft| draft.id.clone()).collect();
            out.extend(more);
            if out.len() == before {
                break;
            }
        }
        drafts.retain(|draft| !out.contains(&draft.id));
        for draft in drafts.iter_mut() {
            draft.findings.retain(|finding| finding.severity != Severity::Note || self.holds(finding));
        }
        seen.extend(out);
        if excluded > 0 {
            let noun = if excluded == 1 { "unit" } else { "units" };
            let why = if self.exclude.is_some() { "excluded files" } else { "archives" };
            let line = format!("{excluded} {noun} in {why}");
            count.what = if count.what.is_empty() { line } else { format!("{}; {line}", count.what) };
            count.count += excluded;
        }
    }

    /// Whether a draft is about a file out of scope, or is refused only for what is in such files.
    fn is_out(&self, draft: &Draft) -> bool {
        let mut errors = draft.findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
        self.excludes(draft.id.subject.path()) || errors.peek().is_some() && errors.all(|error| !self.holds(error))
    }
}

/// What applies something in a directory: a cluster that starts there, or a Flux Kustomization that
/// builds it or something in it.
fn applier(view: &View, dir: &RepoPath) -> Option<String> {
    let graph = view.graph();
    if let Some(cluster) = graph.clusters.iter().find(|cluster| cluster.path.is_in(dir)) {
        return Some(format!("cluster {}", cluster.name));
    }
    let named = |kustomization: &crate::flux::FluxKustomization| {
        format!("Kustomization {} on {}", kustomization.full_name(), graph.clusters[kustomization.cluster].name)
    };
    let starts_there = graph
        .kustomizations
        .iter()
        .find(|kustomization| kustomization.path.as_ref().is_some_and(|path| path.is_in(dir)));
    if let Some(kustomization) = starts_there {
        return Some(named(kustomization));
    }
    let mut reaches = graph.each_reach();
    let there = reaches.find(|(at, reach)| at.path.is_in(dir) || reach.through.iter().any(|file| file.is_in(dir)));
    if let Some((_, reach)) = there {
        return Some(named(&graph.kustomizations[reach.kustomization]));
    }
    // Such as a kustomization of which nothing is modelled.
    graph.built.iter().find(|file| file.is_in(dir)).map(|file| format!("the build of {file}"))
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
