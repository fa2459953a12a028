//! Charts other than app-template that make an Ingress, and a route, of their values: where these
//! stand, and what of an Ingress is read.
//!
//! From the templates of the charts, read on 2026-11-29 (`ingress.yaml` beside `route.yaml` or
//! `httproute.yaml`), and `gateway-routes.md`, section 1, for the versions. All of them find the
//! Service by themselves, so a route is written without rules, and only for the path `/`.

mod configured;
mod ingress;
mod route;

pub(super) use self::configured::{ChartLine, chart_line};
pub(super) use self::ingress::{Switch, is_off};

use super::settings::GatewayRoutesSettings;

/// Where a chart has an Ingress in its values, and the route that takes its place.
#[derive(Clone, Debug)]
pub(super) struct ChartRoute {
    pub(super) chart: String,
    /// Where the Ingress stands: `server.ingress`.
    ingress: String,
    /// Where the route stands: `server.route.main`.
    route: String,
    /// The first version that is known to make such a route.
    pub(super) since: [u64; 3],
    shape: Shape,
    /// Whether the chart fills in templates in annotations.
    filled: Filled,
    /// Whether labels of the Ingress have an equal.
    labels: bool,
    /// What the path is if the Ingress states none; `/` if this is not stated either.
    prefix: &'static [&'static str],
}

/// A line of the table: the same.
struct Line {
    chart: &'static str,
    ingress: &'static str,
    route: &'static str,
    since: [u64; 3],
    shape: Shape,
    filled: Filled,
    labels: bool,
    prefix: &'static [&'static str],
}

impl Line {
    fn read(&self) -> ChartRoute {
        let Line { chart, ingress, route, since, shape, filled, labels, prefix } = *self;
        let [chart, ingress, route] = [chart, ingress, route].map(str::to_owned);
        ChartRoute { chart, ingress, route, since, shape, filled, labels, prefix }
    }
}

/// How a chart states hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `enabled`, and `hosts` or `host`; of the route `enabled` and `hostnames`.
    Hosts,
    /// `host` with `name` and `path`, of both (rook-ceph-cluster).
    Host,
}

/// Where a chart fills in templates in annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filled {
    /// In those of both, or of neither.
    Alike,
    /// In those of the Ingress alone.
    OnIngress,
    /// In those of the route alone, or it was not seen.
    Otherwise,
}

const NONE: Line = Line {
    chart: "",
    ingress: "",
    route: "",
    since: [0, 0, 0],
    shape: Shape::Hosts,
    filled: Filled::Alike,
    labels: true,
    prefix: &[],
};

static ALL: [Line; 14] = [
    Line {
        prefix: &["alertmanager", "alertmanagerSpec", "routePrefix"],
        ..of_stack("alertmanager.ingress", "alertmanager.route.main")
    },
    Line {
        prefix: &["prometheus", "prometheusSpec", "routePrefix"],
        ..of_stack("prometheus.ingress", "prometheus.route.main")
    },
    of_stack("grafana.ingress", "grafana.route.main"),
    Line {
        chart: "grafana",
        ingress: "ingress",
        route: "route.main",
        since: [8, 10, 4],
        filled: Filled::OnIngress,
        ..NONE
    },
    Line {
        chart: "rook-ceph-cluster",
        ingress: "ingress.dashboard",
        route: "route.dashboard",
        since: [1, 17, 6],
        shape: Shape::Host,
        ..NONE
    },
    Line {
        chart: "victoria-logs-single",
        ingress: "server.ingress",
        route: "server.route",
        since: [0, 11, 16],
        filled: Filled::Otherwise,
        labels: false,
        ..NONE
    },
    of_victoria("vmsingle.ingress", "vmsingle.route", &["vmsingle", "spec", "extraArgs", "http.pathPrefix"]),
    of_victoria("vmagent.ingress", "vmagent.route", &["vmagent", "spec", "extraArgs", "http.pathPrefix"]),
    of_victoria("vmalert.ingress", "vmalert.route", &["vmalert", "spec", "extraArgs", "http.pathPrefix"]),
    of_victoria(
        "alertmanager.ingress",
        "alertmanager.route",
        &["alertmanager", "spec", "extraArgs", "http.pathPrefix"],
    ),
    Line { chart: "authentik", ingress: "server.ingress", route: "server.route.main", since: [2025, 8, 1], ..NONE },
    Line {
        chart: "netbox",
        ingress: "ingress",
        route: "httpRoute",
        since: [7, 3, 0],
        filled: Filled::Otherwise,
        labels: false,
        ..NONE
    },
    Line {
        chart: "flux-operator",
        ingress: "web.ingress",
        route: "web.httpRoute",
        since: [0, 38, 1],
        labels: false,
        ..NONE
    },
    Line { chart: "longhorn", ingress: "ingress", route: "httproute", since: [1, 11, 0], labels: false, ..NONE },
];

const fn of_stack(ingress: &'static str, route: &'static str) -> Line {
    let (chart, since, filled) = ("kube-prometheus-stack", [75, 6, 0], Filled::OnIngress);
    Line { chart, ingress, route, since, filled, ..NONE }
}

const fn of_victoria(ingress: &'static str, route: &'static str, prefix: &'static [&'static str]) -> Line {
    Line { chart: "victoria-metrics-k8s-stack", ingress, route, since: [0, 65, 0], prefix, ..NONE }
}

/// The Ingress of any chart, in values that have nothing else.
pub(super) fn any_ingress() -> ChartRoute {
    Line { ingress: "ingress", ..NONE }.read()
}

/// What a chart has: as it is configured, or else in the order of the table.
pub(super) fn routes_of(chart: &str, settings: &GatewayRoutesSettings) -> Vec<ChartRoute> {
    let Some(configured) = settings.charts.get(chart) else {
        return ALL.iter().filter(|line| line.chart == chart).map(Line::read).collect();
    };
    match configured {
        ChartLine::Skip(_) => Vec::new(),
        ChartLine::Route { ingress, key, since } => vec![ChartRoute {
            chart: chart.to_owned(),
            ingress: ingress.clone(),
            route: key.clone(),
            since: *since,
            // What its templates do was not seen.
            ..Line { filled: Filled::Otherwise, labels: false, ..NONE }.read()
        }],
    }
}
