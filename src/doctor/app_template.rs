//! Values of app-template, judged by its version (`docs/app-template.md#what-doctor-finds-in-values`).

use std::collections::{BTreeMap, BTreeSet};

use super::codes::{
    ACCOUNT_UNUSED, ROUTE_BACKEND_UNKNOWN, ROUTE_WITHOUT_BACKEND, SELECTS_NO_PODS, VALUES_NAME_NOTHING, VALUES_REJECTED,
};
use super::finding;
use super::installed::{self, Release};
use super::makers::{Asked, Makers};
use crate::charts::app_template::{Deployed, Flaw, FlawMatter};
use crate::finding::{Code, Finding, Severity};
use crate::flux::{At, Named, View};

/// An account that no pod of its release uses, the place of the release, and what is to be said.
type Unused = (Named, At, Finding);

pub(super) fn findings(view: &View, makers: &Makers<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut unused: Vec<Unused> = Vec::new();
    for release in installed::releases(view) {
        let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
        let is_remote = release.is_remote(view);
        for flaw in deployed.flaws() {
            let report = report(view, &release, &flaw);
            match &flaw.matter {
                // What else is on another cluster is not known.
                FlawMatter::Backend { .. } if is_remote => {}
                FlawMatter::Backend { service, .. } => {
                    let asked = Asked {
                        cluster: release.reach.cluster,
                        group: "",
                        kind: "Service",
                        namespace: &release.installed.namespace,
                        name: service,
                    };
                    found.extend(makers.find(&asked).map(|_| report));
                }
                FlawMatter::UnusedAccount { account, .. } => {
                    let named = Named {
                        kind: "ServiceAccount".to_owned(),
                        namespace: Some(release.installed.namespace.clone()),
                        name: account.clone(),
                    };
                    unused.push((named, release.at.clone(), report));
                }
                _ => found.push(report),
            }
        }
    }
    found.extend(used_by_nobody(view, unused));
    found
}

fn report(view: &View, release: &Release<'_>, flaw: &Flaw) -> Finding {
    let (severity, code): (_, &'static Code) = match &flaw.matter {
        FlawMatter::Rejected(_) | FlawMatter::SeveralAccounts => (Severity::Error, VALUES_REJECTED),
        FlawMatter::Ignored(_) => (Severity::Warning, VALUES_REJECTED),
        FlawMatter::NoBackend(_) => (Severity::Warning, ROUTE_WITHOUT_BACKEND),
        FlawMatter::DeadBackend(_) => (Severity::Warning, ROUTE_BACKEND_UNKNOWN),
        FlawMatter::NoEntry { .. } => (Severity::Error, VALUES_NAME_NOTHING),
        FlawMatter::Backend { .. } | FlawMatter::Unmonitored { .. } => (Severity::Warning, VALUES_NAME_NOTHING),
        FlawMatter::UnusedAccount { .. } => (Severity::Warning, ACCOUNT_UNUSED),
        FlawMatter::NoPods { .. } => (Severity::Warning, SELECTS_NO_PODS),
    };
    let message = format!("{}, {}: {}", release.reach.name, flaw.at.join("."), flaw.matter);
    finding(severity, code, &release.at.path, release.line_of(view, &flaw.at), message)
}

/// Those of the accounts that nothing else in the repository uses, either. To bind a role to one is
/// no use.
fn used_by_nobody(view: &View, unused: Vec<Unused>) -> Vec<Finding> {
    let mut wanted: BTreeMap<Named, BTreeSet<At>> = BTreeMap::new();
    for (named, at, _) in &unused {
        wanted.entry(named.clone()).or_default().insert(at.clone());
    }
    let mentions = view.mentions(&wanted);
    let is_used = |named: &Named| {
        let mut places = mentions.get(named).into_iter().flatten();
        places.any(|place| !place.what.contains("subjects"))
    };
    unused.into_iter().filter(|(named, ..)| !is_used(named)).map(|(.., finding)| finding).collect()
}
