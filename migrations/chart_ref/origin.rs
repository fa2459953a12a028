//! What to say about a chart that is to come from another address than before.

use std::collections::BTreeMap;

use super::address::Origin;
use super::candidate::Candidate;
use super::codes;
use super::want::Want;
use crate::migrations::sources::Version;
use crate::plan::Finding;
use crate::plan::runbook::{Step, command_about};

/// What is true of every such move, whatever says where the chart lives.
const NOT_THE_SAME: &str = "The version is kept; nobody claims that it is the same artifact";

/// What there is to report if the chart of a release comes from elsewhere afterwards.
pub(super) fn about_home(want: &Want<'_>) -> Option<Finding> {
    let report = match &want.origin {
        Origin::Repository => return None,
        Origin::Configuration => Finding::note(codes::OTHER_HOME, String::new()),
        Origin::Table(known) if known.is_mirror => Finding::warning(codes::MIRROR_HOME, String::new()),
        Origin::Table(_) => Finding::note(codes::OTHER_HOME, String::new()),
        Origin::Used(_) => Finding::warning(codes::HOME_BY_NAME, String::new()),
    };
    let message = match want.jump {
        Some(_) => says(want),
        None => format!("{}. {NOT_THE_SAME}", says(want)),
    };
    Some(Finding { message, ..report })
}

/// From where to where, and what says so.
fn says(want: &Want<'_>) -> String {
    let (chart, from, to) = (&want.key.chart, &want.repositories[0].url, &want.key.url);
    let why = match &want.origin {
        Origin::Repository => String::new(),
        Origin::Configuration => "as `home` in .flux-codemod.yaml says".to_owned(),
        Origin::Table(known) => {
            let what = if known.is_mirror { "a mirror of others than its publisher, " } else { "" };
            format!("{what}as the table of known homes says (seen on {} in {})", known.seen, known.source)
        }
        Origin::Used(used) => {
            let at = used.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            format!("as this repository does already with a chart of this name{at}")
        }
    };
    format!("{chart} is taken from {to} instead of {from}, {why}")
}

/// The steps that compare what the old and the new address of charts have, one for each chart and
/// version of these releases that changes its address and keeps its version.
pub(super) fn compared<'c, 'v: 'c>(candidates: impl Iterator<Item = &'c Candidate<'v>>) -> Vec<Step> {
    let wants = candidates.filter_map(Candidate::want);
    let moved = wants.filter(|want| want.origin != Origin::Repository && want.jump.is_none());
    let moved: BTreeMap<_, _> = moved.map(|want| ((&want.key, &want.repositories[0].url), want)).collect();
    moved.into_values().map(compare).collect()
}

fn compare(want: &Want<'_>) -> Step {
    let (key, what) = (&want.key, says(want));
    let Version::Tag(tag) = &key.version else {
        let what = format!("{what}. {NOT_THE_SAME}: look at the versions that both have.");
        return Step::new(what, Vec::new());
    };
    let version = tag.replace('_', "+");
    let [old, new] = ["index", "registry"].map(|from| format!("{}-{from}", key.chart.replace('/', "-")));
    let from = ["--repo", &want.repositories[0].url];
    let to = |folder| ["--version", &version, "--untar", "--untardir", folder];
    let commands = vec![
        command_about(&["helm", "pull"], &[&key.chart], &[&from[..], &to(&old)].concat()),
        command_about(&["helm", "pull"], &[&key.url], &to(&new)),
        command_about(&["diff", "--recursive"], &[&old, &new], &[]),
    ];
    Step::new(format!("{what}. {NOT_THE_SAME}, so compare the two."), commands)
}
