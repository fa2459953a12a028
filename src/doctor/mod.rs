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

use crate::finding::{Code, Finding, Severity};
use crate::flux::View;
use crate::repo::RepoPath;
use applied::Applied;
use builds::Builds;
use changed::Scope;
use makers::Makers;

/// Checks a tree. Findings with an opt-out are left out; opt-outs that skip nothing are findings.
pub fn examine(view: &View) -> Vec<Finding> {
    let view = view.whole();
    let found = rules(&view, &Scope::Everything);
    in_order(skips::apply(&view, found))
}

/// What is wrong in a tree and was not in another one of which it is made: errors and warnings. Rules look at
/// what differs and at what that reaches. What they say of branches that clusters follow is not
/// asked here, because gates ask it of each step.
pub fn added(before: &View, after: &View) -> Vec<Finding> {
    let files = changed::files(before, after);
    if files.is_empty() {
        return Vec::new();
    }
    let (before, after) = (before.whole(), after.whole());
    let scope = changed::scope(&before, &after, &files);
    let serious = |view: &View| {
        let mut found = skips::without(view, rules(view, &scope));
        found.retain(|finding| finding.severity != Severity::Note && !OF_BRANCHES.contains(&finding.code));
        found
    };
    let found = serious(&after);
    if found.is_empty() {
        return found;
    }
    in_order(changed::new(serious(&before), found))
}

/// The findings of all rules.
fn rules(view: &View, scope: &Scope) -> Vec<Finding> {
    let builds = Builds::of(view);
    let makers = Makers::of(view, &builds);
    let applied = Applied::of(view);
    let mut found = kustomize::findings(view);
    found.extend(manifests::findings(view, &builds));
    found.extend(owners::findings(view, &builds));
    found.extend(dependencies::findings(view, &applied));
    found.extend(decryption::findings(view, scope));
    found.extend(health::findings(view));
    found.extend(alerts::findings(view, &applied));
    found.extend(releases::findings(view));
    found.extend(charts::findings(view));
    found.extend(homes::findings(view));
    found.extend(flux_instance::findings(view));
    found.extend(waits::findings(view, &builds));
    found.extend(fields::findings(view, scope));
    found.extend(lists::findings(view));
    found.extend(claims::findings(view, &builds));
    found.extend(identities::findings(view, &builds, &makers));
    found.extend(variables::findings(view, &builds, scope));
    found.extend(manifests_of_flux::findings(view));
    found.extend(files::findings(view));
    if scope.has_arrivals() {
        // Each of these looks for one object beside another, anywhere in the cluster.
        found.extend(app_template::findings(view, &makers));
        found.extend(routes::findings(view, &makers));
        found.extend(inputs::findings(view, &makers));
        found.extend(selectors::findings(view));
        found.extend(tokens::findings(view));
        found.extend(dns_prefix::findings(view));
    }
    found
}

fn in_order(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| (&a.path, a.line, a.code, &a.message).cmp(&(&b.path, b.line, b.code, &b.message)));
    found.dedup();
    found
}

/// The rules that compare a tree with the branch that a cluster follows.
const OF_BRANCHES: [&Code; 2] = [codes::IDENTITY_CHANGED, codes::GUARD_LEFT];

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
