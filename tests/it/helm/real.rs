//! The releases of app-template in real repositories.

use std::path::Path;
use std::sync::Arc;

use flux_codemod::charts::app_template::is_installed;
use flux_codemod::flux::{Value, View};
use flux_codemod::repo::{Folder, Tree};

/// A release: as its first cluster has it; one that none reaches, as its file says.
pub(super) struct Release {
    /// Where it is.
    pub at: String,
    pub version: String,
    pub name: String,
    pub namespace: String,
    pub values: Value,
}

/// The releases of app-template in a tree whose version is stated.
pub(super) fn releases(dir: &Path) -> Vec<Release> {
    let view = View::of(Tree::of(Arc::new(Folder::plain(dir).unwrap()))).unwrap();
    let mut found = Vec::new();
    for release in view.releases() {
        let Some(node) = view.node(&release.at) else { continue };
        let of_cluster = view.graph().reaches(&release.at).iter().find_map(|reach| view.installed(&release.at, reach));
        let (version, name, namespace, object) = match of_cluster {
            Some(installed) => {
                let is_it = is_installed(&view, &installed) == Some(true);
                let version = installed.chart.filter(|_| is_it).and_then(|chart| chart.version);
                (version, installed.release, installed.namespace, installed.object)
            }
            None => {
                let chart = node.at(&["spec", "chart", "spec"]);
                let chart = chart.filter(|chart| chart.text_at(&["chart"]) == Some("app-template"));
                let version = chart.and_then(|chart| chart.text_at(&["version"])).map(str::to_owned);
                let name = node.text_at(&["metadata", "name"]).unwrap_or_default().to_owned();
                (version, name, "ns".to_owned(), Arc::new(Value::of(node).unwrap()))
            }
        };
        let Some(version) = version else { continue };
        let values = object.at(&["spec", "values"]).cloned().unwrap_or(Value::Null);
        found.push(Release { at: release.at.to_string(), version, name, namespace, values });
    }
    found
}
