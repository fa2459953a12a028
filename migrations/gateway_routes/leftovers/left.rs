//! What old proxies still serve, cluster by cluster.

use std::collections::BTreeSet;

use super::super::cluster::InCluster;
use super::super::elsewhere::makers;
use super::super::find::Found;
use super::super::values::has_ingress;
use crate::flux::{At, ClusterId, Value, View};

/// The clusters that still have Ingresses or IngressRoutes, or whose values may make some.
pub(super) struct Left<'v> {
    view: &'v View,
    ingresses: BTreeSet<ClusterId>,
    routes_of_traefik: BTreeSet<ClusterId>,
}

impl<'v> Left<'v> {
    pub(super) fn of(found: &Found<'v>) -> Left<'v> {
        let view = found.view;
        let mut left = Left { view, ingresses: BTreeSet::new(), routes_of_traefik: BTreeSet::new() };
        for (at, reach) in view.graph().each_reach() {
            let installed = (reach.kind == "HelmRelease").then(|| view.installed(at, reach)).flatten();
            let spec = installed.as_ref().and_then(|installed| installed.object.get("spec"));
            if reach.kind == "Ingress" || spec.is_some_and(may_make_ingresses) {
                left.ingresses.insert(reach.cluster);
            }
            if reach.kind.starts_with("IngressRoute") || spec.is_some_and(may_make_ingress_routes) {
                left.routes_of_traefik.insert(reach.cluster);
            }
        }
        let releases = found.candidates.iter().flat_map(|candidate| view.graph().reaches(&candidate.release.at));
        left.ingresses.extend(releases.map(|reach| reach.cluster));
        // Who has no Gateway has not begun.
        let without = found.clusters.iter().filter(|cluster| cluster.gateways.is_empty()).map(|cluster| cluster.id);
        left.ingresses.extend(without);
        let has_makers =
            |cluster: &&InCluster| cluster.classes.iter().any(|class| !makers(view, &class.name).is_empty());
        left.ingresses.extend(found.clusters.iter().filter(has_makers).map(|cluster| cluster.id));
        left
    }

    /// Whether no cluster is done with both.
    pub(super) fn is_everywhere(&self) -> bool {
        let mut clusters = self.view.graph().clusters.ids();
        clusters.all(|id| self.ingresses.contains(&id) && self.routes_of_traefik.contains(&id))
    }

    /// Whether a source of external-dns still reads something in the clusters that apply it.
    pub(super) fn is_read(&self, source: &str, at: &At) -> bool {
        let kinds = if source == "ingress" { &self.ingresses } else { &self.routes_of_traefik };
        self.view.graph().reaches(at).iter().any(|reach| kinds.contains(&reach.cluster))
    }

    /// Whether nothing of the old ways is left in the clusters that apply an object.
    pub(super) fn is_over(&self, at: &At) -> bool {
        !self.is_read("ingress", at) && !self.is_read("traefik-proxy", at)
    }
}

/// Whether a release may make Ingresses: by its values, or by values that are not seen.
fn may_make_ingresses(spec: &Value) -> bool {
    let by_values = |values: &Value| has_ingress(values) || has_kind(values, "Ingress");
    spec.get("valuesFrom").is_some() || spec.get("values").is_some_and(by_values)
}

/// Whether a release may make IngressRoutes: by the chart of Traefik, or by objects in its values.
fn may_make_ingress_routes(spec: &Value) -> bool {
    let Some(values) = spec.get("values") else { return false };
    let of_chart = values.get("ingressRoute").map(Value::entries).unwrap_or_default();
    of_chart.iter().any(|(_, route)| route.text_at(&["enabled"]) != Some("false")) || has_kind(values, "IngressRoute")
}

/// Whether a text of the values begins with a kind, or states it.
fn has_kind(values: &Value, kind: &str) -> bool {
    let mut texts = Vec::new();
    values.texts(&mut texts);
    texts.iter().any(|text| text.starts_with(kind) || text.contains(&format!("kind: {kind}")))
}
