use std::fmt::Write;

use super::{BatchSettings, Described, SectionType};
use crate::repo::RepoPath;
use crate::yaml::New;

/// A cluster that the tree shows.
#[derive(Clone, Debug)]
pub struct FoundCluster {
    /// Its name.
    pub name: String,
    /// The name that its path gives it, where nothing else does.
    pub by_path: String,
    /// Whether it is only there because the configuration names it.
    pub only_given: bool,
    /// The directory that its entry point builds.
    pub path: RepoPath,
    /// The branch that it follows.
    pub branch: Option<String>,
}

const HEAD: &str = "\
# What flux-codemod is told about this repository. Every key may be left out: then what
# the tree shows, or the default, holds. An unknown key is an error.
";

const ABOUT_CLUSTERS: &str = "\
# The clusters in the order of promotion: first those that may break. Put here by name,
# those called edge, dev, test, staging and the like first; see that it is your order.
# `path` (the directory that Flux starts from) is for a cluster that the tree does not
# show; `branch` is for one that follows another branch than the tree shows.
";

const NO_CLUSTERS: &str = "\
# clusters:
#   - name: main
#     path: kubernetes/main/flux
#     branch: main
";

const ABOUT_BATCHES: &str = "
# How units are divided among the batches that `flux-codemod branch` makes branches of.
batches:
";

/// The text of a configuration file that says what holds without one: the clusters in this order, and the defaults of all sections.
pub fn template(clusters: &[FoundCluster], sections: &[SectionType]) -> String {
    let mut out = format!("{HEAD}\n{ABOUT_CLUSTERS}");
    out.push_str(if clusters.is_empty() { NO_CLUSTERS } else { "clusters:\n" });
    for cluster in clusters {
        let name = New::mapping([("name", New::string(&cluster.name))]).document(&[], "\n");
        let branch = cluster.branch.as_deref().map_or("no branch".to_owned(), |branch| format!("branch {branch}"));
        let place = if cluster.path == RepoPath::root() { "the root" } else { cluster.path.as_str() };
        let about = format!("from {place}, follows {branch}");
        let _ = writeln!(out, "  # {}\n  - {}", about.escape_debug(), name.trim_end().replace('\n', "\n    "));
    }
    out.push_str(ABOUT_BATCHES);
    describe(BatchSettings::default().described(), &mut out);
    for section in sections {
        let _ = write!(out, "\n# The migration {0}; `flux-codemod explain {0}` tells more.\n{0}:\n", section.key);
        describe((section.default)(), &mut out);
    }
    out
}

fn describe(keys: Vec<Described>, out: &mut String) {
    for described in keys {
        for line in described.about.lines() {
            let _ = writeln!(out, "  # {line}");
        }
        let text = New::mapping([(described.key, described.value)]).document(&[], "\n");
        for line in text.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
}
