//! Lines of the configuration that `init` proposes: which Gateway may take the place of which ingress class.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{InCluster, InFiles};
use super::settings::GatewayRoutesSettings;
use crate::flux::View;
use crate::gateway::Gateway;
use crate::yaml::New;

const ABOUT: &str = "\
Ingress classes of this repository that hosts have, and a Gateway that may take the place
of each: the one that its hosts with routes have, or one with a similar name. Check them.
";

/// The lines; empty where no class has a Gateway that is like it.
pub(super) fn proposal(view: &View) -> String {
    let view = view.whole();
    let settings = GatewayRoutesSettings::default();
    let files = InFiles::of(&view, &settings);
    let mut clusters: BTreeMap<[String; 2], BTreeSet<String>> = BTreeMap::new();
    for id in view.graph().clusters.ids() {
        let cluster = InCluster::of(&view, id, &settings, &files);
        for class in cluster.hosts.classes() {
            let agreed = cluster.hosts.agreed(class).map(|((namespace, name), _)| format!("{namespace}/{name}"));
            let gateway = agreed.or_else(|| similar(class, &cluster.gateways));
            let names = gateway.map(|gateway| [class.to_owned(), gateway]);
            if let Some(names) = names {
                clusters.entry(names).or_default().insert(cluster.name.clone());
            }
        }
    }
    let gateways_of = |class: &str| clusters.keys().filter(|[other, _]| other == class).count();
    let lines = clusters.iter().flat_map(|([class, gateway], clusters)| {
        // Where clusters do not agree, each has its line.
        let of = if gateways_of(class) > 1 { clusters.iter().map(Some).collect() } else { vec![None] };
        of.into_iter().map(move |cluster| {
            let stated =
                [("class", class), ("gateway", gateway)].into_iter().chain(cluster.map(|name| ("cluster", name)));
            New::mapping(stated.filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, New::string(text))))
        })
    });
    let lines: Vec<New> = lines.collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("{ABOUT}{}", New::mapping([("gateways", New::Sequence(lines))]).document(&[], "\n"))
}

/// The only Gateway that has the most words of the name of a class.
fn similar(class: &str, gateways: &[Gateway]) -> Option<String> {
    let words = |name: &str| name.split('-').map(str::to_owned).collect::<BTreeSet<_>>();
    let shared = |gateway: &Gateway| words(class).intersection(&words(&gateway.name)).count();
    let most = gateways.iter().map(shared).max().filter(|most| *most > 0)?;
    let mut best = gateways.iter().filter(|gateway| shared(gateway) == most);
    let one = best.next().filter(|_| best.next().is_none())?;
    Some(format!("{}/{}", one.namespace, one.name))
}

#[cfg(test)]
mod tests {
    use super::super::GatewayRoutes;
    use super::super::fixtures::{GATEWAY, INGRESS, ROUTE};
    use super::proposal;
    use crate::plan::author::testing::Planned;

    #[test]
    fn routes_and_names_propose_gateways() {
        let external = GATEWAY.replace("internal", "external");
        let of_class = |class: &str| INGRESS.replace("inside", class).replace("site", class).replace("www", class);
        let sites =
            [INGRESS.to_owned(), ROUTE.to_owned(), of_class("traefik-external"), of_class("nginx")].join("---\n");
        let fixture = format!(
            "//- apps/network.yaml\n{GATEWAY}---\n{external}//- apps/sites.yaml\n{sites}//- apps/kustomization.yaml\n\
             resources: [network.yaml, sites.yaml]\n"
        );
        let planned = Planned::of(&GatewayRoutes, "", &fixture);
        assert!(proposal(&planned.view).ends_with(
            "gateways:\n  - class: inside\n    gateway: network/internal\n  - class: traefik-external\n    \
             gateway: network/external\n"
        ));
    }
}
