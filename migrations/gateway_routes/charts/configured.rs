//! `charts` of the configuration: charts beside those of the table, and charts that are left alone.

use crate::charts::version::numbers;
use crate::config::{INVALID_VALUE, Keys};
use crate::yaml::Node;

/// What a chart makes routes of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartLine {
    /// Its values have both an Ingress and a route.
    Route {
        /// `ingress`: where the Ingress is, such as `server.ingress`.
        ingress: String,
        /// `key`: where the route is, such as `server.route.main`.
        key: String,
        /// `from-version`: the first version that makes routes.
        since: [u64; 3],
    },
    /// `skip`: it is left alone, for a reason.
    Skip(String),
}

/// Reads what a chart makes routes of.
pub(in super::super) fn chart_line(keys: &mut Keys<'_, '_>, at: Node<'_>) -> Option<ChartLine> {
    let ingress = keys.about("Where its Ingress is in the values; `ingress`, if this is not there.").text("ingress");
    let key = keys.about("Where its route is in the values, such as `route.main`.").text("key");
    let since = keys.about("The first version that makes routes.").text("from-version");
    let skip = keys.about("Why it is left alone.").text("skip");
    if let Some((why, node)) = skip {
        if ingress.or(key).or(since).is_some() {
            let help = "write `skip` alone, or where its Ingress and its route are";
            keys.mistake(INVALID_VALUE, node, "`skip` is not alone".to_owned(), help);
            return None;
        }
        return Some(ChartLine::Skip(why.to_owned()));
    }
    let (Some((key, key_at)), Some((version, version_at))) = (key, since) else {
        if !keys.has("key") || !keys.has("from-version") {
            let help = "write `{key: route.main, from-version: 8.0.0}`, or `{skip: WHY}`";
            keys.mistake(INVALID_VALUE, at, "what the chart makes routes of is not there".to_owned(), help);
        }
        return None;
    };
    let (ingress, ingress_at) = ingress.unwrap_or(("ingress", at));
    for (path, at) in [(key, key_at), (ingress, ingress_at)] {
        if path.split('.').any(str::is_empty) {
            let help = "write the keys that lead there, such as `server.route.main`";
            keys.mistake(INVALID_VALUE, at, format!("`{path}` is no place in values"), help);
            return None;
        }
    }
    let Some(since) = numbers(version) else {
        let help = "write an exact version, such as `8.0.0`";
        keys.mistake(INVALID_VALUE, version_at, format!("`{version}` is no exact version"), help);
        return None;
    };
    Some(ChartLine::Route { ingress: ingress.to_owned(), key: key.to_owned(), since })
}

#[cfg(test)]
mod tests {
    use super::super::super::GatewayRoutes;
    use super::super::super::fixtures::{GATEWAY, traefik};
    use crate::plan::author::testing::Planned;

    #[test]
    fn a_chart_that_is_left_alone_says_why() {
        let release =
            traefik("board", "{ingress: {enabled: true, hosts: [board.example.org]}}").replace("traefik", "grafana");
        let before = format!(
            "//- apps/kustomization.yaml\nresources: [./board.yaml, ./gateway.yaml]\n//- apps/gateway.yaml\n{GATEWAY}\
             //- apps/board.yaml\n{release}"
        );
        let planned = Planned::of(&GatewayRoutes, "gateway-routes: {charts: {grafana: {skip: by hand}}}\n", &before);
        let said: Vec<_> =
            planned.plan.units.iter().flat_map(|unit| &unit.findings).map(|it| it.message.as_str()).collect();
        assert_eq!(said, ["board stays as it is: `charts` leaves grafana alone (by hand)"]);
    }
}
