//! Selectors of pods of the release by a label that none of them has
//! (`docs/app-template.md#selectors`).

use super::{Flaw, Matter, flaw};
use crate::charts::app_template::items::enabled;
use crate::charts::app_template::{COMPONENT, CONTROLLER, Deployed, Section};
use crate::flux::Value;

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Sections that select pods.
const SECTIONS: [&str; 4] = ["controllers", "defaultPodOptions", "networkpolicies", "service"];

/// Keys whose mapping selects something other than pods.
const OTHERS: [&str; 2] = ["namespaceSelector", "nodeSelector"];

/// A label, and the values of which a pod must have one.
type Asked<'v> = (&'v str, Vec<&'v str>);

pub(super) fn flaws(release: &Deployed<'_>) -> Vec<Flaw> {
    if release.is_changed_later {
        return Vec::new();
    }
    let mut found = Vec::new();
    for section in SECTIONS {
        let Some(value) = release.chart.values.get(section) else { continue };
        walk(value, &mut vec![section.to_owned()], &mut |selector, path| {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            if release.is_on(&keys) {
                found.extend(no_pods(release, selector, &keys).map(|matter| flaw(&keys, matter)));
            }
        });
    }
    found
}

/// Visits the mappings that select: with `matchLabels` or `matchExpressions`, and
/// `extraSelectorLabels` of a Service.
fn walk(value: &Value, path: &mut Vec<String>, visit: &mut dyn FnMut(&Value, &[String])) {
    let selects = value.get("matchLabels").is_some() || value.get("matchExpressions").is_some();
    if selects || path.last().is_some_and(|key| key == "extraSelectorLabels") {
        visit(value, path);
    }
    let mut below = |key: String, value: &Value| {
        path.push(key);
        walk(value, path, visit);
        path.pop();
    };
    match value {
        // Pods that are told by their namespace may be anybody's.
        Value::Mapping(entries) if value.get("namespaceSelector").is_none() => {
            let entries = entries.iter().filter(|(key, _)| !OTHERS.contains(&key.as_str()));
            entries.for_each(|(key, value)| below(key.clone(), value));
        }
        Value::Sequence(items) => items.iter().enumerate().for_each(|(n, item)| below(n.to_string(), item)),
        _ => {}
    }
}

fn no_pods(release: &Deployed<'_>, selector: &Value, keys: &[&str]) -> Option<Matter> {
    let is_of_service = keys.last() == Some(&"extraSelectorLabels");
    let asked = if is_of_service { labels(selector) } else { asked(selector) };
    let chart = &release.chart;
    let is = |label: &str, ours: Option<&str>| {
        let asked = asked.iter().find(|(asked, _)| *asked == label);
        asked.map(|(_, values)| match values.as_slice() {
            [one] => ours.is_some() && chart.rendered(one).ok().as_deref() == ours,
            _ => false,
        })
    };
    // Constraints of a pod are about its own kind.
    let is_own = is_of_service || keys.contains(&"topologySpreadConstraints");
    let name = chart.name().ok();
    match [is(INSTANCE, Some(chart.release)), is(NAME, name.as_deref())] {
        [Some(false), _] | [_, Some(false)] => return None,
        [None, None] if !is_own => return None,
        _ => {}
    }
    let controllers = enabled(chart.section(Section::Controllers));
    let may_be = |value: &&str| {
        let value = chart.rendered(value).ok();
        let is_it = |key: &str| key.contains("${") || value.as_deref().is_none_or(|value| value == key);
        controllers.iter().any(|controller| is_it(controller.identifier))
    };
    let find = |(label, values): &Asked<'_>| {
        let is_nobodys = match *label {
            COMPONENT => !sets_label(chart.values, COMPONENT),
            CONTROLLER => !sets_label(chart.values, CONTROLLER) && !values.is_empty() && !values.iter().any(may_be),
            _ => false,
        };
        let values = values.iter().map(|&value| value.to_owned()).collect();
        is_nobodys.then(|| Matter::NoPods { label: (*label).to_owned(), values })
    };
    asked.iter().find_map(find)
}

fn asked(selector: &Value) -> Vec<Asked<'_>> {
    let mut asked = selector.get("matchLabels").map(labels).unwrap_or_default();
    for expression in selector.get("matchExpressions").map(Value::items).unwrap_or_default() {
        let (Some(label), Some(operator)) = (expression.text_at(&["key"]), expression.text_at(&["operator"])) else {
            continue;
        };
        let values = expression.get("values").map(Value::items).unwrap_or_default().iter();
        match operator {
            "In" => asked.push((label, values.filter_map(Value::text).collect())),
            "Exists" => asked.push((label, Vec::new())),
            _ => {}
        }
    }
    asked
}

fn labels(mapping: &Value) -> Vec<Asked<'_>> {
    mapping.entries().iter().map(|(label, value)| (label.as_str(), value.text().into_iter().collect())).collect()
}

/// Whether some `labels` of the values set a label.
pub(in crate::charts::app_template) fn sets_label(value: &Value, label: &str) -> bool {
    match value {
        Value::Mapping(entries) => entries.iter().any(|(key, value)| {
            key == "labels" && (value.get(label).is_some() || !matches!(value, Value::Mapping(_)))
                || sets_label(value, label)
        }),
        Value::Sequence(items) => items.iter().any(|item| sets_label(item, label)),
        _ => false,
    }
}
