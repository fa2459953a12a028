//! Tokens of accounts that are bound to roles: pods of app-template 5.x get them only where the values
//! say so.

use std::collections::BTreeSet;

use super::codes::TOKEN;
use super::finding;
use super::installed;
use crate::charts::app_template::Deployed;
use crate::finding::{Finding, Severity};
use crate::flux::{ClusterId, Value, View};

/// Cluster, namespace and name of an account.
type Account = (ClusterId, String, String);

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let bound = bound(view);
    let mut found = Vec::new();
    for release in installed::releases(view) {
        let Some(deployed) = Deployed::installed(view, &release.installed) else { continue };
        let is_remote = release.is_remote(view);
        for pod in deployed.tokenless() {
            let account = (release.reach.cluster, release.installed.namespace.clone(), pod.account.clone());
            let is_bound = pod.is_bound || !is_remote && bound.contains(&account);
            if !is_bound && (is_remote || !pod.is_stated) {
                continue;
            }
            // An account that nothing here binds may be bound elsewhere, or have another use.
            let (severity, how) = match is_bound {
                true => (Severity::Warning, "is bound"),
                false => (Severity::Note, "is stated, and bound to nothing here"),
            };
            let line = release.line_of(view, &["controllers", pod.controller.as_str()]);
            let message = format!(
                "{}, controllers.{}: its account {} {how}, and from 5.0.0 its token is not mounted",
                release.reach.name, pod.controller, pod.account
            );
            found.push(finding(severity, TOKEN, &release.at.path, line, message));
        }
    }
    found
}

/// The accounts that bindings of the clusters name.
fn bound(view: &View) -> BTreeSet<Account> {
    let mut found = BTreeSet::new();
    for (at, reaches) in view.graph().reached() {
        let of_kind = |kind: &str| matches!(kind, "RoleBinding" | "ClusterRoleBinding");
        for reach in reaches.iter().filter(|reach| of_kind(&reach.kind)) {
            let Some(binding) = view.effective(at, reach) else { continue };
            for subject in binding.get("subjects").map(Value::items).unwrap_or_default() {
                let text = |key: &str| subject.text_at(&[key]).map(str::to_owned);
                let namespace = text("namespace").or_else(|| reach.namespace.map(String::from));
                if let (Some("ServiceAccount"), Some(name), Some(namespace)) =
                    (text("kind").as_deref(), text("name"), namespace)
                {
                    found.insert((reach.cluster, namespace, name));
                }
            }
        }
    }
    found
}
