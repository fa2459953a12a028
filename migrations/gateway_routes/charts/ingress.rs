//! The Ingress of a chart: whether it is switched on, and for which hosts.

use super::super::codes;
use super::super::judge::{Remark, remark_of};
use super::{ChartRoute, Shape};
use crate::flux::Value;
use crate::gateway::host_of_route;

/// Whether something is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Switch {
    On,
    Off,
    /// A variable or a text decides.
    Unknown,
}

pub(super) fn switch(value: Option<&Value>, default: Switch) -> Switch {
    match value {
        None | Some(Value::Null) => default,
        Some(value) if value.is_true() => Switch::On,
        Some(Value::Scalar { text, string: false }) if text.eq_ignore_ascii_case("false") => Switch::Off,
        Some(_) => Switch::Unknown,
    }
}

impl ChartRoute {
    /// What follows `ingress` in a message.
    pub(in super::super) fn shown(&self) -> String {
        self.ingress.clone()
    }

    /// Where it stands in the values.
    pub(in super::super) fn at_ingress(&self) -> Vec<&str> {
        self.ingress.split('.').collect()
    }

    /// Where its route stands in the values.
    pub(in super::super) fn at_route(&self) -> Vec<&str> {
        self.route.split('.').collect()
    }

    /// Whether values switch its Ingress on.
    pub(in super::super) fn switch(&self, values: &Value) -> Switch {
        let path = self.at_ingress();
        let Some(block) = values.at(&path).filter(|block| matches!(block, Value::Mapping(_))) else {
            return Switch::Off;
        };
        // A part of the chart that is off has no Ingress.
        let above = (1..path.len()).filter_map(|length| values.at(&path[..length]));
        if above.into_iter().any(|part| switch(part.get("enabled"), Switch::On) == Switch::Off) {
            return Switch::Off;
        }
        match self.shape {
            Shape::Hosts => switch(block.get("enabled"), Switch::Off),
            Shape::Host if block.get("host").is_some() => Switch::On,
            Shape::Host => Switch::Off,
        }
    }

    /// The hosts of its Ingress, all of them at `/`.
    ///
    /// # Errors
    /// What a route of the chart cannot say, or is not read.
    pub(in super::super) fn hosts(&self, values: &Value) -> Result<Vec<String>, Remark> {
        const READ: [&str; 10] = [
            "enabled",
            "annotations",
            "className",
            "ingressClassName",
            "hosts",
            "host",
            "path",
            "paths",
            "pathType",
            "tls",
        ];
        let refused = |code, message: String| Err(Remark::error((code, message)));
        let block = values.at(&self.at_ingress()).unwrap_or(&Value::Null);
        let is_read = |key: &str| {
            READ.contains(&key) || key == "labels" && self.labels || key == "tlsSecret" && self.chart == "longhorn"
        };
        if let Some((key, _)) = block.entries().iter().find(|(key, _)| !is_read(key)) {
            return refused(codes::NOT_READ, format!("what `{key}` does is not known here"));
        }
        if self.shape == Shape::Host && !is_off(values.at(&["cephClusterSpec", "dashboard", "ssl"])) {
            let message = "the dashboard speaks TLS: cephClusterSpec.dashboard.ssl is not false";
            return refused(codes::BACKEND_TLS, message.to_owned());
        }
        let mut paths: Vec<&Value> = ["path", "paths"].iter().filter_map(|key| block.get(key)).collect();
        if paths.is_empty() && !self.prefix.is_empty() {
            paths.extend(values.at(self.prefix));
        }
        let mut kinds: Vec<&Value> = block.get("pathType").into_iter().collect();
        let mut hosts: Vec<&str> = Vec::new();
        let listed = block.get("hosts").map(Value::items).unwrap_or_default();
        for host in listed.iter().chain(block.get("host")) {
            if let Some(text) = host.text() {
                hosts.push(text);
                continue;
            }
            const OF_HOST: [&str; 5] = ["host", "name", "path", "paths", "pathType"];
            if let Some((key, _)) = host.entries().iter().find(|(key, _)| !OF_HOST.contains(&key.as_str())) {
                return refused(codes::NOT_READ, format!("what `{key}` of a host does is not known here"));
            }
            hosts.extend(["host", "name"].iter().find_map(|key| host.text_at(&[key])));
            paths.extend(["path", "paths"].iter().filter_map(|key| host.get(key)));
            kinds.extend(host.get("pathType"));
        }
        for path in paths
            .iter()
            .flat_map(|path| if path.items().is_empty() { std::slice::from_ref(*path) } else { path.items() })
        {
            let (text, kind) = match path {
                Value::Mapping(entries) if entries.iter().all(|(key, _)| key == "path" || key == "pathType") => {
                    (path.text_at(&["path"]), path.get("pathType"))
                }
                _ => (path.text(), None),
            };
            kinds.extend(kind);
            if text != Some("/") {
                let shown = text.unwrap_or("another shape than a text");
                return refused(codes::CHART_PATH, format!("a path is {shown}"));
            }
        }
        if let Some(kind) = kinds.iter().find(|kind| !matches!(kind.text(), Some("Prefix" | "ImplementationSpecific")))
        {
            let shown = kind.text().unwrap_or("not a text");
            return refused(codes::CHART_PATH, format!("its pathType is {shown}"));
        }
        if hosts.is_empty() {
            return refused(codes::NO_RULES, "it has no host".to_owned());
        }
        for host in &hosts {
            if host.contains("{{") {
                return refused(codes::NOT_READ, format!("the host {host} is a template"));
            }
            host_of_route(host).map_err(|refusal| remark_of(&refusal))?;
        }
        Ok(hosts.into_iter().map(str::to_owned).collect())
    }
}

/// Whether something is certainly switched off.
pub(in super::super) fn is_off(value: Option<&Value>) -> bool {
    switch(value, Switch::On) == Switch::Off
}

#[cfg(test)]
mod tests {
    use super::super::routes_of;
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    fn hosts(chart: &str, values: &str) -> Result<Vec<String>, String> {
        let values = value(values);
        let known = routes_of(chart, &Default::default())
            .into_iter()
            .find(|known| known.switch(&values) == Switch::On)
            .expect("one is on");
        known.hosts(&values).map_err(|remark| remark.message)
    }

    #[test]
    fn hosts_are_read_as_each_chart_states_them() {
        for (chart, values) in [
            ("grafana", "ingress: {enabled: true, hosts: [a.org], path: /}"),
            ("kube-prometheus-stack", "alertmanager: {ingress: {enabled: true, hosts: [a.org], paths: [/]}}"),
            (
                "rook-ceph-cluster",
                "{cephClusterSpec: {dashboard: {ssl: false}}, ingress: {dashboard: {host: {name: a.org, path: /}}}}",
            ),
            ("victoria-logs-single", "server: {ingress: {enabled: true, hosts: [{name: a.org, path: [/]}]}}"),
            (
                "flux-operator",
                "web: {ingress: {enabled: true, hosts: [{host: a.org, paths: [{path: /, pathType: Prefix}]}]}}",
            ),
            ("longhorn", "ingress: {enabled: true, host: a.org, tls: true, tlsSecret: s}"),
        ] {
            assert_eq!(hosts(chart, values), Ok(vec!["a.org".to_owned()]), "{chart}");
        }
    }

    #[test]
    fn what_a_route_would_serve_in_another_way_is_refused() {
        for (chart, values, why) in [
            ("grafana", "ingress: {enabled: true, hosts: [a.org], path: /grafana}", "a path is /grafana"),
            ("grafana", "ingress: {enabled: true, hosts: [a.org], extraPaths: []}", "what `extraPaths` does"),
            ("grafana", "ingress: {enabled: true, hosts: [a.org], pathType: Exact}", "its pathType is Exact"),
            ("grafana", "ingress: {enabled: true, hosts: ['{{ .x }}']}", "is a template"),
            ("grafana", "ingress: {enabled: true}", "it has no host"),
            (
                "kube-prometheus-stack",
                "prometheus: {prometheusSpec: {routePrefix: /p}, ingress: {enabled: true, hosts: [a.org]}}",
                "a path is /p",
            ),
            ("rook-ceph-cluster", "ingress: {dashboard: {host: {name: a.org}}}", "the dashboard speaks TLS"),
            ("authentik", "server: {ingress: {enabled: true, hosts: [a.org], https: true}}", "what `https` does"),
        ] {
            let refused = hosts(chart, values).unwrap_err();
            assert!(refused.contains(why), "{chart}: {refused}");
        }
    }

    #[test]
    fn what_is_off_has_no_ingress() {
        let switches = |chart: &str, values: &str| {
            let values = value(values);
            routes_of(chart, &Default::default())
                .iter()
                .map(|known| known.switch(&values))
                .filter(|switch| *switch != Switch::Off)
                .collect::<Vec<_>>()
        };
        assert_eq!(switches("grafana", "ingress: {hosts: [a.org]}"), []);
        assert_eq!(switches("kube-prometheus-stack", "grafana: {enabled: false, ingress: {enabled: true}}"), []);
        assert_eq!(switches("grafana", "ingress: {enabled: '${ON}'}"), [Switch::Unknown]);
    }
}
