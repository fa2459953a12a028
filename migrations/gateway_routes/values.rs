//! Values of app-template: what is read from entries, and where routes are put.

use super::charts::is_off;
use super::judge::CLASS;
use crate::flux::Value;
use crate::yaml::{Kind, Node};

/// An entry of values that makes an Ingress, and where its route stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// How it is shown, and known by.
    pub(super) name: String,
    ingress: Vec<String>,
    route: Vec<String>,
}

impl Entry {
    pub(super) fn new(name: String, ingress: &[&str], route: &[&str]) -> Entry {
        let owned = |path: &[&str]| path.iter().map(|key| (*key).to_owned()).collect();
        Entry { name, ingress: owned(ingress), route: owned(route) }
    }

    /// An entry of `ingress` of app-template.
    pub(super) fn of_app_template(key: &str) -> Entry {
        Entry::new(key.to_owned(), &[INGRESS, key], &["route", key])
    }

    /// Where the Ingress stands.
    pub(super) fn ingress(&self) -> Vec<&str> {
        self.ingress.iter().map(String::as_str).collect()
    }

    /// Where the route stands.
    pub(super) fn route(&self) -> Vec<&str> {
        self.route.iter().map(String::as_str).collect()
    }
}

/// The key of Ingresses in the values of app-template.
pub(super) const INGRESS: &str = "ingress";

/// The annotations and labels of a route, as the file states them.
pub(super) fn fields(kept: Vec<(String, String, Value)>, written: &Value) -> Vec<(String, Value)> {
    let kept: Vec<_> = kept
        .into_iter()
        .map(|(key, to, value)| (to, written.at(&["annotations", &key]).cloned().unwrap_or(value)))
        .collect();
    let labels = written.get("labels").cloned().filter(|labels| !labels.entries().is_empty());
    let annotations = (!kept.is_empty()).then(|| ("annotations".to_owned(), Value::Mapping(kept)));
    annotations.into_iter().chain(labels.map(|labels| ("labels".to_owned(), labels))).collect()
}

/// The paths of an entry, each with its type.
pub(super) fn paths(ingress: &Value) -> Vec<(String, String)> {
    let items = |value: &Value, key: &str| value.get(key).map(Value::items).unwrap_or_default().to_vec();
    let paths = items(ingress, "hosts").into_iter().flat_map(|host| items(&host, "paths"));
    let text = |path: &Value, key: &str, default: &str| path.text_at(&[key]).unwrap_or(default).to_owned();
    paths.map(|path| (text(&path, "path", "/"), text(&path, "pathType", "Prefix"))).collect()
}

/// Puts filters into the rules of a route.
pub(super) fn add_filters(route: &mut Value, filters: &[Value]) {
    let Some(Value::Sequence(rules)) = route.get_mut("rules").filter(|_| !filters.is_empty()) else { return };
    for rule in rules {
        let Value::Mapping(entries) = rule else { continue };
        let place = entries.iter().position(|(key, _)| key == "backendRefs").unwrap_or(entries.len());
        entries.insert(place, ("filters".to_owned(), Value::Sequence(filters.to_vec())));
    }
}

/// Values with these routes, directly behind `ingress`.
pub(super) fn with_routes(stated: &Value, routes: Value) -> Value {
    let mut after = stated.clone();
    if routes.entries().is_empty() {
        return after;
    }
    if after.get("route").is_some() {
        after.set("route", routes);
        return after;
    }
    let Value::Mapping(entries) = &mut after else { return after };
    let place = entries.iter().position(|(key, _)| key == INGRESS).map_or(entries.len(), |place| place + 1);
    entries.insert(place, ("route".to_owned(), routes));
    after
}

/// Whether a node has merge keys in it, or aliases of collections.
pub(super) fn has_merges(node: Node<'_>) -> bool {
    node.own_entry("<<").is_some()
        || node.children().into_iter().any(|(_, child)| {
            child.is_alias() && child.kind() != Kind::Scalar || !child.is_alias() && has_merges(child)
        })
}

/// Whether two values are the same but for texts with variables.
pub(super) fn is_same_but_variables(stated: &Value, arriving: &Value) -> bool {
    match (stated, arriving) {
        (Value::Scalar { text, .. }, _) if text.contains('$') => {
            !matches!(arriving, Value::Mapping(_) | Value::Sequence(_))
        }
        (Value::Sequence(items), Value::Sequence(others)) => {
            items.len() == others.len()
                && items.iter().zip(others).all(|(item, other)| is_same_but_variables(item, other))
        }
        (Value::Mapping(entries), Value::Mapping(others)) => {
            entries.len() == others.len()
                && entries.iter().zip(others).all(|((key, value), (other, theirs))| {
                    (key == other || key.contains('$')) && is_same_but_variables(value, theirs)
                })
        }
        _ => stated == arriving,
    }
}

/// The keys of the entries of `ingress` that are not disabled.
pub(super) fn entries(values: &Value) -> Vec<&str> {
    let all = values.get(INGRESS).map(Value::entries).unwrap_or_default().iter();
    all.filter(|(_, entry)| matches!(entry, Value::Mapping(_)) && !is_off(entry.get("enabled")))
        .map(|(key, _)| key.as_str())
        .collect()
}

/// Whether values switch an Ingress on, somewhere near their top.
pub(super) fn makes_ingress(values: Option<&Value>) -> bool {
    values.is_some_and(|values| !ingresses(values).is_empty())
}

/// The Ingresses that values switch on, somewhere near their top.
pub(super) fn ingresses(values: &Value) -> Vec<&Value> {
    fn is_on(block: &Value) -> bool {
        match block.get("enabled") {
            Some(enabled) => enabled.is_true(),
            None => block.has_key("host") || block.has_key("ingressClassName"),
        }
    }
    fn within<'v>(value: &'v Value, depth: usize, found: &mut Vec<&'v Value>) {
        for (key, value) in value.entries() {
            if key == INGRESS && is_on(value) {
                found.push(value);
            } else if key == INGRESS {
                found.extend(value.entries().iter().map(|(_, part)| part).filter(|part| is_on(part)));
            }
            if depth > 0 {
                within(value, depth - 1, found);
            }
        }
        if depth > 0 {
            value.items().iter().for_each(|item| within(item, depth - 1, found));
        }
    }
    let mut found = Vec::new();
    within(values, 3, &mut found);
    found
}

/// The class of an entry of `ingress`.
pub(super) fn entry_class<'v>(values: &'v Value, entry: &str) -> Option<&'v str> {
    values
        .text_at(&["ingress", entry, "className"])
        .or_else(|| values.text_at(&["ingress", entry, "annotations", CLASS]))
}

/// Whether values of any chart have an Ingress that is not disabled.
pub(super) fn has_ingress(values: &Value) -> bool {
    !values.get(INGRESS).is_some_and(|block| is_off(block.get("enabled")))
        && (!entries(values).is_empty() || makes_ingress(Some(values)))
}

/// Puts a rule before those of a route.
pub(super) fn put_first(route: &mut Value, first: &Value) {
    if let Some(Value::Sequence(rules)) = route.get_mut("rules") {
        rules.insert(0, first.clone());
    }
}

/// Whether a route begins with a rule, if there is one, and all others have these filters, if there are any.
pub(super) fn has_filters(route: &Value, filters: &[Value], first: Option<&Value>) -> bool {
    let mut rules = route.get("rules").map(Value::items).unwrap_or_default();
    if let Some(first) = first {
        match rules.split_first() {
            Some((own, others)) if own.same_as(first) => rules = others,
            _ => return false,
        }
    }
    let of_rule = |rule: &Value| rule.get("filters").map(Value::items).unwrap_or_default().to_vec();
    let wanted = Value::Sequence(filters.to_vec());
    filters.is_empty() || !rules.is_empty() && rules.iter().all(|rule| Value::Sequence(of_rule(rule)).same_as(&wanted))
}
