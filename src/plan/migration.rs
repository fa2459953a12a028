use super::codes::GONE;
use super::judge::{Detail, Differing, says};
use super::phase::Phase;
use super::runbook::Runbook;
use super::{Batch, ClusterTree, Code, Draft, Finding, Funnel, Gate, Unit};
use crate::config::{SectionType, Settings};
use crate::flux::View;
use crate::repo::{Changes, RepoPath};
use crate::yaml::CommentFate;

/// What a migration is, for `list` and `explain`.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// Its id, in kebab case.
    pub id: &'static str,
    /// What it was called before. These names are read wherever its id is: in commands, in the
    /// configuration, in opt-outs, and in what it committed. They are never written.
    pub aliases: &'static [&'static str],
    /// Raised whenever its rules change what they write.
    pub version: u32,
    /// The phase of the roadmap that it belongs to.
    pub phase: Phase,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its runbook.
    pub readme: &'static str,
    /// The reason codes that it uses beside the general ones: its own, and those that it shares
    /// with others.
    pub codes: &'static [&'static [&'static Code]],
}

impl Meta {
    /// Its id, and what it was called before.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.id].into_iter().chain(self.aliases.iter().copied())
    }

    /// Whether this is its id, or what it was called before.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

/// The definition of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Stands for its text and its parameters.
    pub digest: &'static str,
    /// The file where it is, or `built-in`.
    pub origin: String,
}

/// What a migration finds to do in a tree.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What is to be done, or refused, in scope.
    pub drafts: Vec<Draft>,
    /// Findings that belong to none of these.
    pub findings: Vec<Finding>,
    /// What is not in scope.
    pub out_of_scope: OutOfScope,
    /// Of a recipe, how its documents were found, by stage.
    pub funnels: Vec<Funnel>,
}

/// What is not in scope: counted in one line, never pending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutOfScope {
    /// How many.
    pub count: usize,
    /// Of what, and why: `HelmReleases of other charts (cilium, coredns, ...)`.
    pub what: String,
}

/// The result of an edit on one tree.
#[derive(Clone, Debug)]
pub enum Edited {
    /// The tree has it already.
    Already,
    /// These changes, proven, with the fate of each comment in what was removed.
    Changes(Changes, Vec<(RepoPath, CommentFate)>),
    /// It cannot be done on this tree.
    Refused(Finding),
}

impl Edited {
    /// The refusal of a unit whose object is not in its file any more.
    pub fn gone(unit: &Unit) -> Edited {
        let message = format!("{} is not in {} any more", unit.id.subject, unit.id.subject.path());
        Edited::Refused(Finding::error(GONE, message).at(unit.id.subject.path(), None))
    }
}

/// A versioned migration.
pub trait Migration: Send + Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// What can be configured about it: its section of the configuration. Its methods ask the
    /// settings for it.
    fn section(&self) -> Option<SectionType> {
        None
    }

    /// Lines for its section that fit a tree, for people to check: `init` writes them as comments.
    fn proposal(&self, _: &View) -> Option<String> {
        None
    }

    /// What it is made of, if it is a recipe.
    fn definition(&self) -> Option<Definition> {
        None
    }

    /// The names of its stages, if it has any: an opt-out can name one, `ID/STAGE`.
    fn stage_names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether a unit leaves what Flux Kustomizations build as it is, but for what its draft says
    /// ([`Draft::impact`], [`Draft::effects`]): a [`Judge`](super::Judge) is asked about it.
    fn keeps_builds(&self, _: &Unit) -> bool {
        false
    }

    /// Whether a unit means that an object of a cluster differs in builds: by what its draft says.
    fn means(&self, unit: &Unit, cluster: &str, differing: &Differing) -> bool {
        says(unit, cluster, differing)
    }

    /// How much [`Migration::means`] asks about what differs.
    fn detail(&self) -> Detail {
        Detail::Objects
    }

    /// What there is to do in a tree. Pure: no clock, no disk, no order of files.
    fn survey(&self, view: &View, settings: &Settings) -> Survey;

    /// The steps whose units have a gate beside promotion.
    fn gated_steps(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether units of these steps may be written, by the tree that a cluster applies, and by those of
    /// the clusters before it in the order of promotion: one gate for each unit. A closed one keeps its
    /// unit from being written, whatever is asked for.
    fn gates(&self, units: &[&Unit], _tree: &ClusterTree<'_>, _earlier: &[ClusterTree<'_>], _: &Settings) -> Vec<Gate> {
        units.iter().map(|_| Gate::Open).collect()
    }

    /// The result for each unit on *this* tree, be it a base, a stack or half merged. The units
    /// touch different files, or are about different objects of one, and need nothing of each
    /// other; all that they need is in the tree.
    fn edit(&self, view: &View, units: &[&Unit], settings: &Settings) -> Vec<Edited>;

    /// For each of some batches, what to do before and after it is merged, with real names. The
    /// tree is the one before them.
    fn runbooks(&self, view: &View, batches: &[&Batch<'_>], settings: &Settings) -> Vec<Runbook>;
}
