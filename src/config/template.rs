use std::fmt::Write;

use super::{BatchSettings, Described, PromotionSettings, SectionType};
use crate::repo::RepoPath;
use crate::yaml::New;

/// A cluster that is found in the tree.
#[derive(Clone, Debug)]
pub struct FoundCluster {
    /// Its name.
    pub name: String,
    /// The name that its path would give it.
    pub by_path: String,
    /// Whether it is only there because the configuration names it.
    pub only_given: bool,
    /// The directory that its entry point builds.
    pub path: RepoPath,
    /// The branch that it follows.
    pub branch: Option<String>,
}

const HEAD: &str = "\
# Settings of flux-codemod for this repository. Every key is optional: missing keys are
# detected from the repository or take their default. Unknown keys are errors.
";

const ABOUT_CLUSTERS: &str = "\
# The clusters in the order of promotion, first those that may break. This order is
# guessed from their names (edge, dev, test, staging and so on first): check it.
# Set `path` (the directory that Flux starts from) for a cluster that is not found in the
# repository, and `branch` for one that follows another branch than the one that is found.
# Set `root` for one whose OCI artifact is pushed from a directory, if that is not found:
# the paths of its Flux Kustomizations count from there.
";

const NO_CLUSTERS: &str = "\
# clusters:
#   - name: main
#     path: kubernetes/main/flux
#     branch: main
";

const ABOUT_EXCLUDE: &str = "
# What is out of scope: globs from the root, for files, or for directories with all in
# them. It gets no unit and no finding, but what it names counts as named. Without this
# key, directories called archive, .archive and _archive are out of scope, unless a
# cluster applies something in them. `exclude: []` excludes nothing.
# exclude:
#   - '**/.archive'
#   - kubernetes/old
";

const ABOUT_SCHEMAS: &str = "
# CRDs and JSON Schemas in this repository, by which recipes know which fields a kind has
# and needs: globs from the root. CRDs in manifests are found without it. A schema that
# does not state its kind is called as in catalogs: GROUP/KIND_VERSION.json.
# schemas:
#   - schemas/**/*.json
";

const ABOUT_BATCHES: &str = "
# How units are grouped into batches; `flux-codemod branch` makes a branch of each.
batches:
";

const ABOUT_PROMOTION: &str = "
# When the next cluster gets a change: when nothing of the migration is pending on the one
# before it any more, and after this time.
promotion:
";

/// The text of a configuration file that changes nothing: the clusters in this order, the defaults of
/// all sections, and as comments what is proposed for the section with a key.
pub fn template(
    clusters: &[FoundCluster],
    sections: &[SectionType],
    proposed: impl Fn(&str) -> Option<String>,
) -> String {
    let mut out = format!("{HEAD}\n{ABOUT_CLUSTERS}");
    out.push_str(if clusters.is_empty() { NO_CLUSTERS } else { "clusters:\n" });
    for cluster in clusters {
        let name = New::mapping([("name", New::string(&cluster.name))]).document(&[], "\n");
        let branch = cluster.branch.as_deref().map_or("no branch".to_owned(), |branch| format!("branch {branch}"));
        let place = if cluster.path == RepoPath::root() { "the root" } else { cluster.path.as_str() };
        let about = format!("from {place}, follows {branch}");
        let _ = writeln!(out, "  # {}\n  - {}", about.escape_debug(), name.trim_end().replace('\n', "\n    "));
    }
    out.push_str(ABOUT_EXCLUDE);
    out.push_str(ABOUT_SCHEMAS);
    out.push_str(ABOUT_BATCHES);
    describe(BatchSettings::default().described(), &mut out);
    out.push_str(ABOUT_PROMOTION);
    describe(PromotionSettings::default().described(), &mut out);
    for section in sections {
        let described = (section.default)();
        // To state this section is to ask for its migration.
        let mark = if described.is_empty() { "# " } else { "" };
        let value = if described.is_empty() { " {}" } else { "" };
        let _ = write!(out, "\n# {}\n{mark}{}:{value}\n", (section.about)(), section.key);
        describe(described, &mut out);
        comment(&proposed(section.key).unwrap_or_default(), &mut out);
    }
    out
}

fn comment(text: &str, out: &mut String) {
    for line in text.lines() {
        let _ = writeln!(out, "  # {line}");
    }
}

fn describe(keys: Vec<Described>, out: &mut String) {
    for described in keys {
        comment(described.about, out);
        let text = New::mapping([(described.key, described.value)]).document(&[], "\n");
        for line in text.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
}
