//! What clusters get differently when one tree takes the place of another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::View;
use crate::flux::cluster::Reach;
use crate::flux::files::At;
use crate::flux::value::{FieldDifference, Value};

/// An object that arrives differently in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The cluster.
    pub cluster: String,
    /// The object: `HelmRelease media/plex`.
    pub object: String,
    /// What is different.
    pub change: Changed,
}

/// What is different about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is applied, and was not before.
    New,
    /// It is not applied any more.
    Gone,
    /// These fields differ.
    Fields(Vec<FieldDifference>),
}

/// Group, kind, namespace and name; a new version is the same object.
type Identity = (String, String, String, String);

impl View {
    /// What some clusters get differently from another tree: new objects, objects that are gone,
    /// and the fields of Flux objects as they arrive, patched and with variables filled in. Of
    /// other objects only files that were parsed are known, and no fields.
    pub fn arrives_differently(&self, after: &View, clusters: &BTreeSet<String>) -> Vec<Arrival> {
        let mut found = Vec::new();
        for cluster in clusters {
            let (old, new) = (self.arriving_in(cluster), after.arriving_in(cluster));
            let all: BTreeSet<&Identity> = old.keys().chain(new.keys()).collect();
            for identity in all {
                let change = match (old.get(identity), new.get(identity)) {
                    (None, _) => Changed::New,
                    (_, None) => Changed::Gone,
                    (Some(old), Some(new)) => {
                        let (Some(old), Some(new)) = (value(self, old), value(after, new)) else { continue };
                        if Arc::ptr_eq(&old, &new) || old == new {
                            continue;
                        }
                        Changed::Fields(old.differences(&new))
                    }
                };
                let (_, kind, namespace, name) = identity;
                let name = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
                found.push(Arrival { cluster: cluster.clone(), object: format!("{kind} {name}"), change });
            }
        }
        found
    }

    fn arriving_in(&self, cluster: &str) -> BTreeMap<Identity, (&At, &Reach)> {
        let graph = self.graph();
        let reached = graph.each_reach();
        let here = reached.filter(|(_, reach)| graph.clusters[reach.cluster].name == cluster);
        here.map(|(at, reach)| {
            let namespace = reach.namespace.unwrap_or_default().to_string();
            ((group(reach).to_owned(), reach.kind.to_string(), namespace, reach.name.to_string()), (at, reach))
        })
        .collect()
    }
}

fn group(reach: &Reach) -> &str {
    reach.api_version.split_once('/').map_or("", |(group, _)| group)
}

/// A Flux object as it arrives: of other kinds the patches on their way are not known.
fn value(view: &View, (at, reach): &(&At, &Reach)) -> Option<Arc<Value>> {
    if !group(reach).ends_with(".toolkit.fluxcd.io") {
        return None;
    }
    view.effective(at, reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::tests::view;

    const FLUX: (&str, &str) = (
        "flux/apps.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec: {interval: 1h, path: ./apps, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}\n",
    );
    const SYNC: (&str, &str) = (
        "flux/sync.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {interval: 1h, url: https://example.org/home.git, ref: {branch: main}}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {interval: 1h, path: ./flux, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}\n",
    );

    fn release(name: &str, interval: &str) -> &'static str {
        let text = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: media}}\nspec: {{interval: {interval}, chartRef: {{kind: OCIRepository, name: x}}}}\n"
        );
        text.leak()
    }

    #[test]
    fn fields_new_and_gone_objects_are_named() {
        let tree = |files: &[(&str, &'static str)]| view(&[&[FLUX, SYNC], files].concat());
        let before = tree(&[("apps/a.yaml", release("a", "1h")), ("apps/b.yaml", release("b", "1h"))]);
        let after = tree(&[("apps/a.yaml", release("a", "2h")), ("apps/c.yaml", release("c", "1h"))]);
        let cluster = before.graph().clusters.iter().next().unwrap().name.clone();
        let found = before.arrives_differently(&after, &BTreeSet::from([cluster.clone()]));
        let shown: Vec<String> =
            found.iter().map(|arrival| format!("{}: {:?}", arrival.object, arrival.change)).collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[0].starts_with("HelmRelease media/a: Fields") && shown[0].contains("spec.interval"), "{shown:?}");
        assert_eq!(shown[1], "HelmRelease media/b: Gone");
        assert_eq!(shown[2], "HelmRelease media/c: New");
        assert!(before.arrives_differently(&before, &BTreeSet::from([cluster])).is_empty());
    }
}
