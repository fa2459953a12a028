//! Where selectors select by a label.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::context::{Context, Contexts};
use super::place::Place;
use crate::flux::files::At;
use crate::flux::view::View;
use crate::yaml::Node;

/// A selector with a label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelectorUse {
    /// The file, and the object in it with the selector.
    pub at: At,
    /// The line, from 1.
    pub line: usize,
    /// The keys to the place.
    pub what: String,
    /// The values that it selects; none if any will do, if it excludes values, or if a template or
    /// variable leaves them unknown.
    pub values: BTreeSet<String>,
    /// The other labels of the same selector, each with the one value that it must have.
    pub labels: BTreeMap<String, String>,
    /// The namespace in which it selects; `None` if it selects in all, or if it is unknown.
    pub namespace: Option<String>,
}

impl View {
    /// Where selectors select by a label, by file and line; once for each namespace of a selector.
    /// Places that set the label are not included.
    ///
    /// A selector is what is under `matchLabels`, `matchExpressions`, `matchLabelKeys`, or a key
    /// that ends with `selector`, and a text such as `key=value,other in (a, b)` in any place. This
    /// reads every YAML file ([`View::whole`]), and the other files that kustomizations read.
    pub fn selectors_on(&self, key: &str) -> Vec<SelectorUse> {
        let view = self.whole();
        let contexts = Contexts::of(&view);
        let escaped = key.replace('/', "~1");
        let may_be_in = |text: &str| text.contains(key) || text.contains(&escaped) || text.contains('\\');
        let mut found = BTreeSet::new();
        contexts.each_document(&may_be_in, &mut |at, root, contexts| {
            Place::walk(root, &may_be_in, &mut |place| {
                for context in contexts {
                    for asked in asked_at(place, key, context) {
                        found.extend(asked.in_context(place, root, context, at));
                    }
                }
            });
        });
        for (path, text) in contexts.other_texts().iter().filter(|(_, text)| may_be_in(text)) {
            for context in contexts.of_file(path) {
                for (index, line) in text.lines().enumerate() {
                    for asked in in_text(&context.text(line), key) {
                        let (values, labels) = asked.texts(&context);
                        let namespace = context.namespace().map(str::to_owned);
                        let (at, what) = (At::document(path, 0), line.trim().to_owned());
                        found.insert(SelectorUse { at, line: index + 1, what, values, labels, namespace });
                    }
                }
            }
        }
        // An alias selects the same as what it repeats, which has the same line.
        let mut found: Vec<SelectorUse> = found.into_iter().collect();
        found.dedup_by(|later, first| SelectorUse { what: first.what.clone(), ..later.clone() } == *first);
        found
    }
}

/// What a selector selects, before variables and templates are filled in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    line: usize,
    values: Vec<String>,
    labels: Vec<(String, String)>,
}

impl Asked {
    /// The values and labels that are known in a context.
    fn texts(&self, context: &Context<'_>) -> (BTreeSet<String>, BTreeMap<String, String>) {
        let known = |text: &String| {
            let text = context.text(text).into_owned();
            (!text.contains("${") && !text.contains("{{")).then_some(text)
        };
        let values: Option<BTreeSet<String>> = self.values.iter().map(known).collect();
        let labels = self.labels.iter().filter_map(|(key, value)| Some((key.clone(), known(value)?)));
        (values.unwrap_or_default(), labels.collect())
    }

    fn in_context(&self, place: &Place<'_>, root: Node<'_>, context: &Context<'_>, at: &At) -> Vec<SelectorUse> {
        let (values, labels) = self.texts(context);
        let use_in = |namespace: Option<String>| SelectorUse {
            at: at.clone(),
            line: self.line,
            what: place.path(),
            values: values.clone(),
            labels: labels.clone(),
            namespace,
        };
        namespaces(place, root, context, &labels).into_iter().map(use_in).collect()
    }
}

/// What a scalar, or the selector that it belongs to, requires of a label.
fn asked_at(place: &Place<'_>, key: &str, context: &Context<'_>) -> Vec<Asked> {
    let (Some(text), Some(place_key)) = (place.node.text(), place.key()) else { return Vec::new() };
    let line = place.line();
    let mapping = place.mapping();
    // These select namespaces and nodes.
    let is_other = |place: Place<'_>| matches!(place.key(), Some("namespaceSelector" | "nodeSelector"));
    if place.up().any(is_other) {
        return Vec::new();
    }
    let above = mapping.and_then(|mapping| mapping.key()).unwrap_or_default();
    if bare(place_key) == key && place.is_value() && is_selector(above) {
        let labels = mapping.map(|mapping| labels_of(mapping.node, key)).unwrap_or_default();
        return vec![Asked { line, values: vec![text.to_owned()], labels }];
    }
    let beside = || {
        let selector = mapping.and_then(|mapping| mapping.mapping());
        selector.and_then(|selector| selector.node.get("matchLabels")).map(|labels| labels_of(labels, key))
    };
    if place_key == "key" && bare(text) == key && (above == "matchExpressions" || is_requirement(mapping)) {
        let requirement = mapping.map(|mapping| mapping.node);
        let is_in = requirement.and_then(|node| node.text_at(&["operator"])) == Some("In");
        let values = requirement.filter(|_| is_in).and_then(|node| node.get("values"));
        let values = values.into_iter().flat_map(Node::items).filter_map(Node::text).map(str::to_owned);
        return vec![Asked { line, values: values.collect(), labels: beside().unwrap_or_default() }];
    }
    if matches!(place_key, "matchLabelKeys" | "mismatchLabelKeys") && text == key {
        let labels = mapping.and_then(|mapping| mapping.node.at(&["labelSelector", "matchLabels"]));
        let labels = labels.map(|labels| labels_of(labels, key)).unwrap_or_default();
        return vec![Asked { line, values: Vec::new(), labels }];
    }
    let (text, mut asked) = (context.text(text), Vec::new());
    for (offset, line) in lines(&text) {
        asked.extend(in_text(line, key).into_iter().map(|one| Asked { line: place.line_at(&text, offset), ..one }));
    }
    asked
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

/// The key of a label without the source that Cilium may put before it.
fn bare(key: &str) -> &str {
    key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key)
}

fn is_selector(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["selector", "matchlabels", "selectorlabels", "fromendpoints", "toendpoints"].iter().any(|end| key.ends_with(end))
}

fn is_requirement(mapping: Option<Place<'_>>) -> bool {
    mapping.is_some_and(|mapping| mapping.node.get("operator").is_some())
}

fn labels_of(mapping: Node<'_>, but: &str) -> Vec<(String, String)> {
    // An operation that patches one label states nothing of the others.
    if ["op", "path"].iter().all(|key| mapping.get(key).is_some()) {
        return Vec::new();
    }
    let labels = mapping.entries().filter_map(|(key, value)| Some((bare(key.text()?), value.text()?)));
    labels.filter(|(key, _)| *key != but).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The namespaces in which the selector at a place selects.
fn namespaces(
    place: &Place<'_>,
    root: Node<'_>,
    context: &Context<'_>,
    labels: &BTreeMap<String, String>,
) -> Vec<Option<String>> {
    if let Some(namespace) = labels.get("io.kubernetes.pod.namespace") {
        return vec![Some(namespace.clone())];
    }
    for place in place.up() {
        let listed = |list: Option<Node<'_>>| -> Vec<Option<String>> {
            let names = list.into_iter().flat_map(Node::items).filter_map(Node::text);
            names.map(|name| Some(context.text(name).into_owned())).collect()
        };
        if let Some(selector) = place.node.get("namespaceSelector") {
            let named = selector.at(&["matchLabels", "kubernetes.io/metadata.name"]).and_then(Node::text);
            let listed = listed(selector.get("matchNames"));
            return match named {
                Some(name) => vec![Some(context.text(name).into_owned())],
                None if !listed.is_empty() => listed,
                None => vec![None],
            };
        }
        let listed = listed(place.node.get("namespaces"));
        if !listed.is_empty() {
            return listed;
        }
    }
    let kind = root.text_at(&["kind"]).unwrap_or_default();
    if kind.contains("Cluster") {
        return vec![None];
    }
    vec![context.namespace_at(place).map(str::to_owned)]
}

/// What selectors in a line of text require of a label: `key=value`, `key in (a, b)`, `key notin
/// (a)`, `key!=value`, with others beside them, separated by commas.
fn in_text(line: &str, key: &str) -> Vec<Asked> {
    static REQUIREMENT: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"^(?:\s*(==?|!=)\s*([A-Za-z0-9._${}-]*)|\s+(in|notin)\s*\(([^)]*)\))";
        Regex::new(pattern).expect("it is a pattern")
    });
    static EQUALITY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"([A-Za-z0-9][A-Za-z0-9._/-]*)\s*==?\s*([A-Za-z0-9._-]+)\s*$").expect("it is a pattern")
    });
    let mut asked = Vec::new();
    for (start, _) in line.match_indices(key) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let (before, after) = (&line[..start], &line[start + key.len()..]);
        let Some(found) = REQUIREMENT.captures(after).filter(|_| !before.ends_with(is_part)) else { continue };
        let group = |index: usize| found.get(index).map(|part| part.as_str());
        let values: Vec<String> = match (group(1), group(2), group(3), group(4)) {
            (Some("=" | "=="), Some(value), ..) => vec![value.to_owned()],
            (.., Some("in"), Some(list)) => list.split(',').map(|value| value.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        let from = before.rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).map_or(0, |at| at + 1);
        let following = &after[found[0].len()..];
        let to =
            following.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).unwrap_or(following.len());
        let others = before[from..].split(',').chain(following[..to].split(','));
        let labels = others.filter_map(|one| EQUALITY.captures(one));
        let labels = labels.map(|one| (one[1].to_owned(), one[2].to_owned())).collect();
        asked.push(Asked { line: 0, values, labels });
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_in_texts() {
        let of = |text: &str| {
            let shown = in_text(text, "app/part").into_iter().map(|asked| {
                let labels: Vec<_> = asked.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("{} | {}", asked.values.join(" "), labels.join(" "))
            });
            shown.collect::<Vec<_>>()
        };
        assert_eq!(of("app/part=web"), ["web | "]);
        assert_eq!(of("kubectl get pod -l app/name=x,app/part==web,app/of=y -o name"), ["web | app/name=x app/of=y"]);
        assert_eq!(of("--selector=app/name=x,app/part in (a, b)"), ["a b | app/name=x"]);
        assert_eq!(of("app/part notin (a),app/name=x"), [" | app/name=x"]);
        assert_eq!(of("app/part!=a"), [" | "]);
        assert_eq!(of("my-app/part=a my.app/part=a app/part-2=a app/part: a app/part"), [""; 0]);
    }
}
