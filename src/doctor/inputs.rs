//! Secrets and ConfigMaps that pods of app-template need: something makes them.

use std::collections::BTreeMap;

use super::codes::POD_INPUT_MISSING;
use super::finding;
use super::installed;
use super::makers::{Absent, Asked, Makers};
use crate::charts::app_template::Deployed;
use crate::finding::{Finding, Severity};
use crate::flux::{At, ClusterId, View};

/// What Kubernetes itself puts into every namespace.
const OF_KUBERNETES: [&str; 2] = ["kube-root-ca.crt", "openshift-service-ca.crt"];

/// Something that pods need, where they need it.
struct Needed {
    at: At,
    line: usize,
    release: String,
    cluster: ClusterId,
    kind: String,
    namespace: String,
    name: String,
}

pub(super) fn findings(view: &View, makers: &Makers<'_>) -> Vec<Finding> {
    // Those that nothing in the clusters makes.
    let absent: Vec<(Needed, Absent)> = needed(view)
        .into_iter()
        .filter_map(|needed| {
            let absent = makers.find(&needed.asked())?;
            Some((needed, absent))
        })
        .collect();
    let named = makers
        .named_elsewhere(&absent.iter().map(|(needed, absent)| (needed.name.as_str(), absent)).collect::<Vec<_>>());
    let missing = absent.iter().zip(named).filter(|(_, is_named)| !is_named);
    missing.map(|((needed, absent), _)| needed.report(absent)).collect()
}

/// What pods need, once for each release and name.
fn needed(view: &View) -> Vec<Needed> {
    let mut found = BTreeMap::new();
    for release in installed::releases(view).filter(|release| !release.is_remote(view)) {
        let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
        for input in deployed.pod_inputs().into_iter().filter(|input| !OF_KUBERNETES.contains(&&*input.name)) {
            let needed = Needed {
                at: release.at.clone(),
                line: release.line_of(view, &input.at),
                release: release.reach.name.into(),
                cluster: release.reach.cluster,
                kind: input.kind,
                namespace: release.installed.namespace.clone(),
                name: input.name,
            };
            let key =
                (needed.at.clone(), needed.cluster, needed.kind.clone(), needed.namespace.clone(), needed.name.clone());
            found.entry(key).or_insert(needed);
        }
    }
    found.into_values().collect()
}

impl Needed {
    fn asked(&self) -> Asked<'_> {
        Asked { cluster: self.cluster, group: "", kind: &self.kind, namespace: &self.namespace, name: &self.name }
    }

    fn report(&self, absent: &Absent) -> Finding {
        let Needed { release, kind, namespace, name, .. } = self;
        let instead = absent.instead();
        let message = format!(
            "pods of {release} need {kind} {namespace}/{name}, which nothing in this repository makes{instead}"
        );
        finding(Severity::Warning, POD_INPUT_MISSING, &self.at.path, self.line, message)
    }
}
