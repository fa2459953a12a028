//! The label by which pods of a controller are selected: `app.kubernetes.io/component` in 3.x, but
//! another one in 3.0.0; `app.kubernetes.io/controller` in 4.x.

use crate::charts::app_template::items::enabled;
use crate::charts::app_template::{Chart, Section, Version};
use crate::flux::Value;

/// The label that 2.x and 3.x give to the pods of a controller, with its identifier, but for 3.0.0.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// The one that 4.x gives them instead.
pub const CONTROLLER: &str = "app.kubernetes.io/controller";

impl Version {
    /// The label that this version gives to the pods of a controller, with its identifier.
    pub fn controller_label(self) -> &'static str {
        match self {
            Version::V3(_) if self == Version::v3(0, 0) => "common.bjw-s.dev/controller",
            Version::V2 | Version::V3(_) => COMPONENT,
            Version::V4_0 | Version::V4_1 => CONTROLLER,
        }
    }
}

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Mappings of labels that select: always, and where they hold labels themselves.
const SELECTORS: [&str; 6] =
    ["matchLabels", "extraSelectorLabels", "selector", "podSelector", "endpointSelector", "labelSelector"];

/// What tells which pods a selector means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    /// That of 3.x.
    label: &'static str,
    controllers: Vec<String>,
    release: String,
    /// `app.kubernetes.io/name` of all that the chart makes.
    name: Option<String>,
    namespace: String,
}

/// Whose pods a selector means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    /// Those of another release, or unknown.
    Others,
}

impl Labels {
    pub(super) fn of(chart: &Chart<'_>) -> Labels {
        let controllers = enabled(chart.section(Section::Controllers));
        Labels {
            label: chart.version.controller_label(),
            controllers: controllers.iter().map(|controller| controller.identifier.to_owned()).collect(),
            release: chart.release.to_owned(),
            name: chart.name().ok(),
            namespace: chart.namespace.to_owned(),
        }
    }

    /// Selectors of pods of this release select by the label of 4.x.
    pub(super) fn rename(&self, values: &mut Value) {
        self.each_selector(values, &mut Vec::new(), &mut |selector, key, _| {
            if self.whose(selector, key) == Whose::Ours {
                self.rename_in(selector, key);
            }
        });
    }

    /// The selectors by the label of 3.x that mean no pods of this release, or nobody knows whose;
    /// also in text.
    pub(super) fn of_others(&self, values: &Value) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.each_selector(&mut values.clone(), &mut Vec::new(), &mut |selector, key, path| {
            if self.whose(selector, key) == Whose::Others {
                found.push(path.to_vec());
            }
        });
        self.in_text(values, &mut Vec::new(), &mut found);
        found
    }

    /// Visits each mapping with labels, or with `matchExpressions`, that asks for the label of 3.x:
    /// the mapping, the key that says so.
    fn each_selector(
        &self,
        value: &mut Value,
        path: &mut Vec<String>,
        visit: &mut dyn FnMut(&mut Value, &'static str, &[String]),
    ) {
        if self.asks_by_expression(value) {
            visit(value, "matchExpressions", path);
        }
        if self.asks_by_label(value.get("matchLabels")) {
            visit(value, "matchLabels", path);
        }
        match value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    path.push(key.clone());
                    if key != "matchLabels" && SELECTORS.contains(&key.as_str()) && self.asks_by_label(Some(value)) {
                        visit(value, "", path);
                    }
                    self.each_selector(value, path, visit);
                    path.pop();
                }
            }
            Value::Sequence(items) => {
                for (n, item) in items.iter_mut().enumerate() {
                    path.push(n.to_string());
                    self.each_selector(item, path, visit);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn whose(&self, selector: &Value, key: &str) -> Whose {
        let labels = if key.is_empty() { Some(selector) } else { selector.get("matchLabels") };
        let mut asked: Vec<(&str, Vec<&str>)> = labels
            .map(Value::entries)
            .unwrap_or_default()
            .iter()
            .map(|(label, value)| (label.as_str(), value.text().into_iter().collect()))
            .collect();
        for expression in selector.get("matchExpressions").map(Value::items).unwrap_or_default() {
            let (Some(label), Some("In")) = (expression.text_at(&["key"]), expression.text_at(&["operator"])) else {
                continue;
            };
            let values = expression.get("values").map(Value::items).unwrap_or_default();
            asked.push((label, values.iter().filter_map(Value::text).collect()));
        }
        let is = |label: &str, ours: Option<&str>| {
            let asked = asked.iter().find(|(asked, _)| *asked == label);
            asked.map(|(_, values)| match values.as_slice() {
                [one] => ours.is_some() && self.rendered(one).as_deref() == ours,
                _ => false,
            })
        };
        let named = [is(INSTANCE, Some(&self.release)), is(NAME, self.name.as_deref())];
        let components = asked.iter().find(|(asked, _)| *asked == self.label).map(|(_, values)| values);
        let ours = |value: &&str| self.rendered(value).is_some_and(|value| self.controllers.contains(&value));
        match named {
            [Some(false), _] | [_, Some(false)] => Whose::Others,
            [Some(true), _] | [_, Some(true)] => Whose::Ours,
            [None, None] if components.is_some_and(|values| !values.is_empty() && values.iter().all(ours)) => {
                Whose::Ours
            }
            [None, None] => Whose::Others,
        }
    }

    fn rendered(&self, text: &str) -> Option<String> {
        let version = Version::V3_7_3;
        Chart { version, release: &self.release, namespace: &self.namespace, values: &Value::Null }.rendered(text).ok()
    }

    fn asks_by_label(&self, labels: Option<&Value>) -> bool {
        labels.is_some_and(|labels| labels.get(self.label).is_some())
    }

    fn asks_by_expression(&self, selector: &Value) -> bool {
        let expressions = selector.get("matchExpressions").map(Value::items).unwrap_or_default();
        expressions.iter().any(|expression| expression.text_at(&["key"]) == Some(self.label))
    }

    fn rename_in(&self, selector: &mut Value, key: &str) {
        let labels = match key {
            "" => Some(selector),
            "matchExpressions" => {
                let Some(Value::Sequence(expressions)) = selector.get_mut("matchExpressions") else { return };
                let asking =
                    expressions.iter_mut().filter(|expression| expression.text_at(&["key"]) == Some(self.label));
                return asking.for_each(|expression| expression.set("key", Value::string(CONTROLLER)));
            }
            key => selector.get_mut(key),
        };
        let Some(Value::Mapping(labels)) = labels else { return };
        labels
            .iter_mut()
            .filter(|(label, _)| label == self.label)
            .for_each(|(label, _)| *label = CONTROLLER.to_owned());
    }

    /// Texts that speak of the label: selectors in arguments and the like.
    fn in_text(&self, value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        match value {
            Value::Scalar { text, .. } => {
                let is_key_of_expression = path.last().is_some_and(|key| key == "key");
                if text.contains(self.label) && !is_key_of_expression {
                    found.push(path.clone());
                }
            }
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    path.push(key.clone());
                    self.in_text(value, path, found);
                    path.pop();
                }
            }
            Value::Sequence(items) => {
                for (n, item) in items.iter().enumerate() {
                    path.push(n.to_string());
                    self.in_text(item, path, found);
                    path.pop();
                }
            }
            Value::Null => {}
        }
    }
}
