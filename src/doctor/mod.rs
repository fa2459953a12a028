//! Problems of a repository that do not depend on any migration: what Flux or Kustomize would fail
//! on, and what puts data at risk.
//!
//! One file for each theme, one function for each rule. A rule reports only what is certain:
//! whatever comes from elsewhere (remote resources, variables of a ConfigMap that is not in the
//! tree, objects that another repository applies) may be what is missing.

mod absent;
mod alerts;
mod app_template;
mod applied;
mod builds;
mod changed;
mod charts;
mod claim_changed;
mod claims;
pub mod codes;
mod decryption;
mod dependencies;
mod dns_prefix;
mod fields;
mod files;
mod flux_instance;
mod health;
mod homes;
mod identities;
mod inputs;
mod installed;
mod kustomize;
mod lists;
mod makers;
mod manifests;
mod manifests_of_flux;
mod names;
mod owners;
mod releases;
mod routes;
mod selectors;
mod skips;
#[cfg(test)]
mod tests;
mod tokens;
mod variables;
mod waits;

pub use codes::CODES;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::finding::{Code, Finding, Severity};
use crate::flux::{ById, ClusterId, View, on_all_cores};
use crate::repo::RepoPath;
use applied::Applied;
use builds::Builds;
use changed::{Built, Difference, Scope};
use makers::Makers;

/// Checks a tree. Findings with an opt-out are left out; opt-outs that skip nothing are findings.
pub fn examine(view: &View) -> Vec<Finding> {
    let view = view.whole();
    let found = everything(&view);
    in_order(skips::apply(&view, found))
}

/// What is wrong in a tree and was not in another one of which it is made: errors and warnings. What rules say of
/// branches that clusters follow is not asked here, because gates ask it of each step.
pub fn added(before: &View, after: &View) -> Vec<Finding> {
    let files = changed::files(before, after);
    if files.is_empty() {
        return Vec::new();
    }
    let rules = match changed::are_of_releases(before, after, &files) {
        true => that_may_add(before, after, &files),
        false => that_may_add(&before.with_all_files(), &after.with_all_files(), &files),
    };
    if rules.is_empty() {
        return Vec::new();
    }
    let (before, after) = (before.whole(), after.whole());
    let found = serious(&after, found_by(&rules, &after));
    if found.is_empty() {
        return found;
    }
    in_order(changed::new(serious(&before, found_by(&rules, &before)), found))
}

/// The rules that find something new where two trees differ, or may. Where that cannot be seen from a part of them, all
/// may.
fn that_may_add(before: &View, after: &View, files: &BTreeSet<RepoPath>) -> Vec<Rule> {
    let builds = [Builds::of(before), Builds::of(after)];
    let [before, after] = [(before, &builds[0]), (after, &builds[1])].map(|(view, builds)| Built { view, builds });
    let Some(difference) = Difference::of(before, after, files) else { return [&RULES[..], &OF_CLUSTERS].concat() };
    let of_clusters: &[Rule] = if difference.matters_to_clusters(before, after) { &OF_CLUSTERS } else { &[] };
    let [before, after] = [before, after].map(|of| Tree::of(of.view, of.builds, Scope::Changed(&difference)));
    let adds = |rule: &Rule| {
        let found = serious(after.view, rule(&after));
        let adds = !found.is_empty() && !changed::new(serious(before.view, rule(&before)), found).is_empty();
        adds.then_some(*rule)
    };
    on_all_cores(&RULES, adds).into_iter().flatten().chain(of_clusters.iter().copied()).collect()
}

/// The errors and warnings that are not opted out, without those of branches.
fn serious(view: &View, found: Vec<Finding>) -> Vec<Finding> {
    let mut found = skips::without(view, found);
    found.retain(|finding| finding.severity != Severity::Note && !identities::OF_BRANCHES.contains(&finding.code));
    found
}

/// A tree, and what rules look at in it.
struct Tree<'v> {
    view: &'v View,
    scope: Scope<'v>,
    builds: &'v Builds,
    makers: Makers<'v>,
    applied: OnceLock<ById<ClusterId, Applied>>,
}

impl<'v> Tree<'v> {
    fn of(view: &'v View, builds: &'v Builds, scope: Scope<'v>) -> Tree<'v> {
        Tree { view, scope, builds, makers: Makers::of(view, builds), applied: OnceLock::new() }
    }

    fn applied(&self) -> &ById<ClusterId, Applied> {
        self.applied.get_or_init(|| Applied::of(self.view))
    }
}

/// The findings of one topic.
type Rule = fn(&Tree<'_>) -> Vec<Finding>;

/// The rules that can look at what differs. Those with the same code are one.
const RULES: [Rule; 16] = [
    |tree| kustomize::findings(tree.view, &tree.scope),
    |tree| manifests::findings(tree.view, tree.builds, &tree.scope),
    |tree| owners::findings(tree.view, tree.builds, &tree.scope),
    |tree| dependencies::findings(tree.view, tree.applied()),
    |tree| decryption::findings(tree.view, tree.builds, &tree.scope),
    |tree| health::findings(tree.view),
    |tree| alerts::findings(tree.view, tree.applied()),
    |tree| releases::findings(tree.view),
    |tree| charts::findings(tree.view, &tree.scope),
    |tree| homes::findings(tree.view),
    |tree| flux_instance::findings(tree.view),
    |tree| fields::findings(tree.view, &tree.scope),
    |tree| lists::findings(tree.view),
    |tree| claims::findings(tree.view, tree.builds, &tree.scope),
    |tree| identities::not_in_namespace(tree.view, &tree.makers, &tree.scope),
    |tree| {
        let mut found = variables::findings(tree.view, tree.builds, &tree.scope);
        found.extend(manifests_of_flux::findings(tree.view));
        found
    },
];

/// The rules that look for one object beside another, anywhere in a cluster: what one object is or says can matter to
/// any other.
const OF_CLUSTERS: [Rule; 6] = [
    |tree| app_template::findings(tree.view, &tree.makers),
    |tree| routes::findings(tree.view, &tree.makers),
    |tree| inputs::findings(tree.view, &tree.makers),
    |tree| selectors::findings(tree.view),
    |tree| tokens::findings(tree.view),
    |tree| dns_prefix::findings(tree.view),
];

/// The rules that find no errors and no warnings, or ask branches.
const OTHERS: [Rule; 4] = [
    |tree| dependencies::hidden_failures(tree.view),
    |tree| waits::findings(tree.view, tree.builds),
    |tree| identities::findings(tree.view, tree.builds),
    |tree| files::findings(tree.view),
];

/// The findings of all rules on all of a tree.
fn everything(view: &View) -> Vec<Finding> {
    found_by(&[&RULES[..], &OF_CLUSTERS, &OTHERS].concat(), view)
}

/// The findings of some rules on all of a tree.
fn found_by(rules: &[Rule], view: &View) -> Vec<Finding> {
    let builds = Builds::of(view);
    let tree = Tree::of(view, &builds, Scope::Everything);
    on_all_cores(rules, |rule| rule(&tree)).into_iter().flatten().collect()
}

fn in_order(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| (&a.path, a.line, a.code, &a.message).cmp(&(&b.path, b.line, b.code, &b.message)));
    found.dedup();
    found
}

/// Compares a tree with the one that a cluster applies: what of this tree the cluster cannot take.
/// Findings with an opt-out are left out.
pub fn compare(view: &View, followed: &View, cluster: &str) -> Vec<Finding> {
    let (view, followed) = (view.whole(), followed.whole());
    skips::without(&view, claim_changed::findings(&view, &followed, cluster))
}

/// A finding at a line of a file.
fn finding(severity: Severity, code: &'static Code, path: &RepoPath, line: usize, message: String) -> Finding {
    Finding { severity, code, path: Some(path.clone()), line: Some(line), message }
}

/// The first few names, and how many more there are.
fn listed(names: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let names: Vec<String> = names.into_iter().collect();
    match names.len() {
        more if more > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    }
}
