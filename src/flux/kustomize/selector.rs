//! Which objects the `target` of a patch selects.

use regex::Regex;

use crate::flux::files::Pairs;
use crate::flux::value::Value;

/// What a target is compared with: an object at the moment when the patch is applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'o> {
    /// `apiVersion`.
    pub api_version: &'o str,
    /// `kind`.
    pub kind: &'o str,
    /// Its names: the one in its file and the present one.
    pub names: [&'o str; 2],
    /// Its namespaces, likewise.
    pub namespaces: [Option<&'o str>; 2],
    /// Its labels.
    pub labels: &'o Pairs,
    /// Its annotations.
    pub annotations: &'o Pairs,
}

/// The `target` of a patch. Group, version, kind, name and namespace are regular expressions
/// anchored at both ends; the selectors are those of Kubernetes
/// (`docs/flux-and-kustomize.md#targets`).
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Requirements,
    annotations: Requirements,
}

impl Target {
    /// Reads a `target`.
    pub(super) fn read(value: &Value) -> Target {
        let text = |key: &str| value.text_at(&[key]).unwrap_or_default();
        let pattern = |key: &str| Pattern::read(text(key));
        Target {
            group: pattern("group"),
            version: pattern("version"),
            kind: pattern("kind"),
            name: pattern("name"),
            namespace: pattern("namespace"),
            labels: Requirements::read(text("labelSelector")),
            annotations: Requirements::read(text("annotationSelector")),
        }
    }

    /// Whether it selects an object. A pattern or selector that cannot be parsed selects
    /// everything; Kustomize would fail.
    pub(super) fn selects(&self, object: &Subject<'_>) -> bool {
        let (group, version) = object.api_version.split_once('/').unwrap_or(("", object.api_version));
        let in_namespace = |namespace: Option<&str>| self.namespace.matches(namespace.unwrap_or("default"));
        self.group.matches(group)
            && self.version.matches(version)
            && self.kind.matches(object.kind)
            && object.names.iter().any(|name| self.name.matches(name))
            && object.namespaces.iter().any(|namespace| in_namespace(*namespace))
            && self.labels.hold(object.labels)
            && self.annotations.hold(object.annotations)
    }

    /// Whether it may select an object of a kind and name, whatever else that has.
    pub(super) fn may_select(&self, kind: &str, name: &str) -> bool {
        self.kind.matches(kind) && self.name.matches(name)
    }

    /// Whether it is for objects of one of two API versions alone.
    pub(super) fn tells_apart(&self, version: &str, other: &str) -> bool {
        self.version.matches(version) != self.version.matches(other)
    }

    /// The version that it states, if no other one matches.
    pub(super) fn version(&self) -> Option<&str> {
        match &self.version {
            Pattern::Plain(text) if !text.contains('.') => Some(text),
            _ => None,
        }
    }

    /// Whether its label selector has a label of this name.
    pub(super) fn asks_for_label(&self, key: &str) -> bool {
        self.labels.0.iter().any(|requirement| requirement.key == key)
    }

    /// A label without which it selects objects, and with which it does not.
    pub(super) fn let_out_by(&self) -> Option<(String, String)> {
        let labels = self.labels.0.iter().filter(|requirement| requirement.not);
        let value = |requirement: &Requirement| match &requirement.values {
            Some(values) => values.first().cloned(),
            None => Some("true".to_owned()),
        };
        labels.filter_map(|requirement| Some((requirement.key.clone(), value(requirement)?))).next()
    }

    /// Whether it has a selector of labels or annotations.
    pub(super) fn selects_by_labels(&self) -> bool {
        !self.labels.0.is_empty() || !self.annotations.0.is_empty()
    }

    /// Whether it is for objects of this kind of Flux.
    pub(super) fn names_flux_kind(&self, kind: &str) -> bool {
        let group = if kind == "HelmRelease" { "helm.toolkit.fluxcd.io" } else { "kustomize.toolkit.fluxcd.io" };
        self.kind.is_given() && self.kind.matches(kind) && self.group.matches(group) && !self.kind.matches("Pod")
    }
}

/// A regular expression that must match a whole text; an empty one matches everything.
#[derive(Clone, Debug, Default)]
enum Pattern {
    #[default]
    Any,
    /// A text in which only dots are special, each for one character. Most patterns are such texts,
    /// and compiling them costs more than all comparisons.
    Plain(String),
    Regex(Regex),
}

impl Pattern {
    fn read(text: &str) -> Pattern {
        if text.is_empty() {
            return Pattern::Any;
        }
        if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')) {
            return Pattern::Plain(text.to_owned());
        }
        // The syntax of Go is the same except for corners that no target uses.
        Regex::new(&format!("^(?:{text})$")).map_or(Pattern::Any, Pattern::Regex)
    }

    fn is_given(&self) -> bool {
        !matches!(self, Pattern::Any)
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Plain(pattern) => {
                let mut chars = text.chars();
                let stands_for = |c: char| chars.next().is_some_and(|next| c == next || c == '.' && next != '\n');
                pattern.chars().all(stands_for) && chars.next().is_none()
            }
            Pattern::Regex(pattern) => pattern.is_match(text),
        }
    }
}

/// A label selector: all requirements must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    /// The allowed values; `None` if any will do.
    values: Option<Vec<String>>,
    /// Whether the requirement is negated; then objects without the label match, too.
    not: bool,
}

impl Requirements {
    fn read(text: &str) -> Requirements {
        Requirements(requirements(text).filter_map(Requirement::read).collect())
    }

    fn hold(&self, labels: &Pairs) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

/// The requirements in a selector: what is between commas outside of parentheses.
fn requirements(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let is_end = move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(is_end).map(str::trim).filter(|part| !part.is_empty())
}

impl Requirement {
    fn read(text: &str) -> Option<Requirement> {
        let new = |key: &str, values: Option<Vec<String>>, not| Requirement { key: key.trim().to_owned(), values, not };
        if let Some(key) = text.strip_prefix('!') {
            return Some(new(key, None, true));
        }
        if let Some((key, value)) = text.split_once("!=") {
            return Some(new(key, Some(vec![value.trim().to_owned()]), true));
        }
        if let Some((key, value)) = text.split_once('=') {
            return Some(new(key, Some(vec![value.trim_start_matches('=').trim().to_owned()]), false));
        }
        let Some((head, list)) = text.split_once('(') else { return Some(new(text, None, false)) };
        let values = list.trim_end().trim_end_matches(')').split(',').map(|value| value.trim().to_owned()).collect();
        let (key, word) = head.trim_end().rsplit_once(char::is_whitespace)?;
        match word {
            "in" => Some(new(key, Some(values), false)),
            "notin" => Some(new(key, Some(values), true)),
            _ => None,
        }
    }

    fn holds(&self, labels: &Pairs) -> bool {
        let value = labels.get(&self.key);
        let holds = match &self.values {
            Some(values) => value.is_some_and(|value| values.iter().any(|one| one == value)),
            None => value.is_some(),
        };
        holds != self.not
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn selects(target: &str, labels: &[(&str, &str)]) -> bool {
        let stream = Stream::parse(target).unwrap();
        let target = Target::read(&Value::of(stream.documents().next().unwrap()).unwrap());
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        target.selects(&Subject {
            api_version: "helm.toolkit.fluxcd.io/v2",
            kind: "HelmRelease",
            names: ["plex", "my-plex"],
            namespaces: [None, Some("media")],
            labels: &labels,
            annotations: &Pairs::default(),
        })
    }

    #[test]
    fn patterns_are_anchored_at_both_ends() {
        assert!(selects("{kind: HelmRelease, group: helm.toolkit.fluxcd.io, version: v2}", &[]));
        assert!(!selects("{kind: Helm}", &[]) && selects("{kind: Helm.*}", &[]));
        assert!(selects("{name: plex}", &[]) && selects("{name: my-plex}", &[]) && !selects("{name: ple}", &[]));
        assert!(selects("{name: 'plex|emby'}", &[]), "alternatives are anchored, too");
        assert!(selects("{namespace: default}", &[]) && selects("{namespace: media}", &[]));
        assert!(selects("{name: p.e.}", &[]) && !selects("{name: p.x}", &[]) && !selects("{name: plex.}", &[]));
        assert!(!selects("{namespace: games}", &[]) && !selects("{group: ''  , kind: Pod}", &[]));
    }

    #[test]
    fn selectors_are_those_of_kubernetes() {
        let labelled = &[("tier", "a")];
        for (selector, without, with) in [
            ("tier=a", false, true),
            ("tier==a", false, true),
            ("tier!=a", true, false),
            ("tier", false, true),
            ("!tier", true, false),
            ("tier in (a, b)", false, true),
            ("tier notin (a,b)", true, false),
            ("tier notin (b), other!=x", true, true),
        ] {
            let target = format!("{{labelSelector: '{selector}'}}");
            assert_eq!((selects(&target, &[]), selects(&target, labelled)), (without, with), "{selector}");
        }
    }
}
