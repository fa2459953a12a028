//! Text that an older 3.x takes as it is and 4.x renders (`docs/app-template.md#templates`).

use super::keys::{backends, labels};
use super::{Older, path};
use crate::charts::app_template::items::enabled;
use crate::charts::app_template::{Chart, Section, Version};
use crate::flux::Value;

use super::Matter;

pub(super) fn find(chart: &Chart<'_>, to: Version, older: &mut Older) {
    let becomes_one = |since: Version| chart.version < since && to >= since;
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    for (section, at, labels) in labels(chart) {
        let since = match section {
            Section::Roles | Section::Bindings => Version::V4_0,
            _ => Version::v3(2, 0),
        };
        if becomes_one(since) {
            texts(labels, &mut at.clone(), &mut found);
        }
    }
    for (option, since) in [("affinity", Version::v3(7, 0)), ("topologySpreadConstraints", Version::V4_1)] {
        if !becomes_one(since) {
            continue;
        }
        let default = chart.values.at(&["defaultPodOptions", option]);
        texts_at(default, path(&["defaultPodOptions", option]), &mut found);
        for (id, controller) in chart.section(Section::Controllers).map(Value::entries).unwrap_or_default() {
            texts_at(controller.at(&["pod", option]), path(&["controllers", id, "pod", option]), &mut found);
        }
    }
    if becomes_one(Version::v3(7, 0)) {
        for (id, monitor) in chart.section(Section::ServiceMonitor).map(Value::entries).unwrap_or_default() {
            texts_at(monitor.get("endpoints"), path(&["serviceMonitor", id, "endpoints"]), &mut found);
        }
    }
    if becomes_one(Version::V4_0) {
        let services = enabled(chart.section(Section::Service));
        for (route, n, m, backend) in backends(chart) {
            // What is a service's identifier becomes one, which is no template.
            let is_service = services.iter().any(|service| Some(service.identifier) == backend.text_at(&["name"]));
            if !is_service {
                let [n, m] = [n, m].map(|n| n.to_string());
                let at = path(&["route", route, "rules", &n, "backendRefs", &m, "name"]);
                texts_at(backend.get("name"), at, &mut found);
            }
        }
    }
    for (at, text) in found {
        older.say(at.clone(), Matter::Escaped { from: chart.version });
        older.escaped.push((at, escaped(&text)));
    }
}

fn texts_at(value: Option<&Value>, mut at: Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    if let Some(value) = value {
        texts(value, &mut at, found);
    }
}

/// All texts in a value with braces.
fn texts(value: &Value, at: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::Scalar { text, string: true } if text.contains("{{") => found.push((at.clone(), text.clone())),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                at.push(key.clone());
                texts(value, at, found);
                at.pop();
            }
        }
        Value::Sequence(items) => {
            for (n, item) in items.iter().enumerate() {
                at.push(n.to_string());
                texts(item, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

/// A template that renders a text.
pub(super) fn escaped(text: &str) -> String {
    if text.contains('`') { format!("{{{{ {} }}}}", quoted(text)) } else { format!("{{{{`{text}`}}}}") }
}

/// A text as a string of Go.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_as_a_whole() {
        for (text, want) in [
            ("{{HOMEPAGE_VAR_X}}", "{{`{{HOMEPAGE_VAR_X}}`}}"),
            ("a {{ x }} b", "{{`a {{ x }} b`}}"),
            ("`{{ \"x\" }}\\", r#"{{ "`{{ \"x\" }}\\" }}"#),
        ] {
            assert_eq!(escaped(text), want);
        }
    }
}
