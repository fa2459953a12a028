//! The route of a chart: as it is written, and as it is there.

use super::super::codes;
use super::super::judge::Remark;
use super::ingress::{Switch, switch};
use super::{ChartRoute, Filled, Shape};
use crate::flux::Value;

impl ChartRoute {
    /// The text of an annotation on the route.
    ///
    /// # Errors
    /// If the chart fills it in on one of the two alone, and it is a template.
    pub(in super::super) fn annotation(&self, key: &str, text: &str) -> Result<String, Remark> {
        if !text.contains("{{") || self.filled == Filled::Alike {
            return Ok(text.to_owned());
        }
        let literal = literal_of(text).filter(|_| self.filled == Filled::OnIngress);
        let refusal = || {
            let message = format!("{key} is a template, which {} does not fill in alike on a route", self.chart);
            Remark::error((codes::ANNOTATION, message))
        };
        literal.ok_or_else(refusal)
    }

    /// The values of the route.
    pub(in super::super) fn route(
        &self,
        hosts: Vec<Value>,
        parents: Value,
        annotations: Vec<(String, Value)>,
        labels: Option<Value>,
    ) -> Value {
        let mut entries = Vec::new();
        let mut add = |key: &str, value: Value| entries.push((key.to_owned(), value));
        if self.shape == Shape::Hosts {
            add("enabled", Value::Scalar { text: "true".to_owned(), string: false });
        }
        if !annotations.is_empty() {
            add("annotations", Value::Mapping(annotations));
        }
        labels.into_iter().for_each(|labels| add("labels", labels));
        match self.shape {
            Shape::Hosts => add("hostnames", Value::Sequence(hosts)),
            // The chart writes `Prefix` by default, which the Gateway API does not take.
            Shape::Host => {
                let host = hosts.into_iter().next().unwrap_or(Value::Null);
                let (path, kind) = (Value::string("/"), Value::string("PathPrefix"));
                add("host", Value::mapping([("name", host), ("path", path), ("pathType", kind)]));
            }
        }
        add("parentRefs", parents);
        Value::Mapping(entries)
    }

    /// The hosts of the route that values have, if they switch one on that takes all requests of them.
    ///
    /// # Errors
    /// If there is a route, and what it takes or does is not known.
    pub(in super::super) fn hosts_of_route(&self, values: &Value) -> Result<Option<Vec<String>>, Remark> {
        let Some(route) = values.at(&self.at_route()).filter(|route| !route.entries().is_empty()) else {
            return Ok(None);
        };
        let refused = |code, what: &str| Err(Remark::error((code, format!("`{}` {what}", self.route))));
        const PLAIN: [&str; 6] = ["enabled", "annotations", "labels", "hostnames", "host", "parentRefs"];
        if let Some((key, _)) = route.entries().iter().find(|(key, _)| !PLAIN.contains(&key.as_str())) {
            return refused(codes::ROUTE_DIFFERS, &format!("is there, and has `{key}`"));
        }
        let texts = |values: &[Value]| values.iter().filter_map(Value::text).map(str::to_owned).collect::<Vec<_>>();
        match self.shape {
            Shape::Hosts if switch(route.get("enabled"), Switch::Off) != Switch::On => {
                refused(codes::KEY_TAKEN, "is there, and not switched on")
            }
            Shape::Hosts => Ok(Some(texts(route.get("hostnames").map(Value::items).unwrap_or_default()))),
            Shape::Host if route.text_at(&["host", "pathType"]) != Some("PathPrefix") => {
                refused(codes::ROUTE_DIFFERS, "is there, and its pathType is not PathPrefix")
            }
            Shape::Host if !matches!(route.text_at(&["host", "path"]), None | Some("/")) => {
                refused(codes::ROUTE_DIFFERS, "is there, and has another path")
            }
            Shape::Host => Ok(Some(route.text_at(&["host", "name"]).map(str::to_owned).into_iter().collect())),
        }
    }
}

/// The text that a template of one text in quotes is filled in with: `{{ "{{X}}" }}` is `{{X}}`.
fn literal_of(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let literal = match inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(literal) if !literal.contains(['"', '\\']) => literal,
        Some(_) => return None,
        None => inner.strip_prefix('`')?.strip_suffix('`').filter(|literal| !literal.contains('`'))?,
    };
    Some(literal.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::routes_of;

    #[test]
    fn templates_are_filled_in_where_the_chart_does() {
        let of = |chart: &str| routes_of(chart, &Default::default()).remove(0);
        let text = r#"{{ "{{HOMEPAGE_VAR_KEY}}" }}"#;
        assert_eq!(of("grafana").annotation("k", text).unwrap(), "{{HOMEPAGE_VAR_KEY}}");
        assert!(of("grafana").annotation("k", "{{ .Release.Name }}").is_err());
        assert!(of("victoria-logs-single").annotation("k", text).is_err());
        assert_eq!(of("authentik").annotation("k", text).unwrap(), text);
    }
}
