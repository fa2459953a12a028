//! `replacements`: fields that Kustomize fills from elsewhere. What it fills in is not worked out:
//! such a field is unknown.

use crate::flux::value::Value;
use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// What stands in a field that is unknown. Whoever reads an object takes it for something that is
/// only known on the cluster, as a variable without a value is; it is not the name of one.
const UNKNOWN: &str = "${ replaced by Kustomize }";

/// The fields that a target of `replacements` fills.
#[derive(Clone, Debug, Default)]
pub(super) struct Fill {
    /// The paths of the fields.
    paths: Vec<Vec<String>>,
    /// Whether fields that are not there are created.
    creates: bool,
}

/// A target of `replacements`.
pub(super) struct Filled {
    /// Its `select`.
    pub(super) select: Value,
    /// The line of its entry in the kustomization file.
    pub(super) line: usize,
    /// What it fills.
    pub(super) fill: Fill,
}

impl Fill {
    /// All targets of `replacements`, of which some may be in other files.
    pub(super) fn all_of(path: &RepoPath, root: Node<'_>, read: &dyn Fn(&RepoPath) -> Option<String>) -> Vec<Filled> {
        let dir = path.dir();
        let mut found = Vec::new();
        for entry in root.get("replacements").into_iter().flat_map(Node::items) {
            match entry.text_at(&["path"]) {
                None => found.extend(Value::of(entry).iter().flat_map(|value| targets(value, entry.line()))),
                Some(file) => {
                    let text = dir.join(file).and_then(|path| read(&path));
                    let Some(stream) = text.and_then(|text| Stream::parse(text).ok()) else { continue };
                    for document in stream.documents().filter_map(Value::of) {
                        let all = if document.items().is_empty() {
                            std::slice::from_ref(&document)
                        } else {
                            document.items()
                        };
                        found.extend(all.iter().flat_map(|value| targets(value, entry.line())));
                    }
                }
            }
        }
        found
    }

    /// Makes what it fills in an object unknown.
    pub(super) fn apply(&self, object: &mut Value) {
        for path in &self.paths {
            self.fill(object, path);
        }
    }

    fn fill(&self, value: &mut Value, path: &[String]) {
        let Some((first, rest)) = path.split_first() else {
            *value = Value::string(UNKNOWN);
            return;
        };
        match value {
            // Which items are meant, by index or by a field of theirs, is not worked out either.
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.fill(item, rest)),
            Value::Mapping(entries) if first == "*" => entries.iter_mut().for_each(|(_, value)| self.fill(value, rest)),
            Value::Mapping(entries) => match entries.iter_mut().find(|(key, _)| key == first) {
                Some((_, value)) => self.fill(value, rest),
                None if self.creates => value.set(first, Value::string(UNKNOWN)),
                None => {}
            },
            Value::Null if self.creates => *value = Value::string(UNKNOWN),
            Value::Null | Value::Scalar { .. } => {}
        }
    }

    /// Whether it fills something of the identity of an object.
    pub(super) fn changes_identity(&self) -> bool {
        self.paths.iter().any(|path| is_of_identity(path))
    }

    /// The part of it that fills the identity of an object.
    pub(super) fn of_identity(&self) -> Fill {
        Fill { paths: self.paths.iter().filter(|path| is_of_identity(path)).cloned().collect(), ..*self }
    }

    /// The paths that it fills.
    pub(super) fn paths(&self) -> &[Vec<String>] {
        &self.paths
    }
}

fn is_of_identity(path: &[String]) -> bool {
    path.first().is_some_and(|first| first == "metadata" || first == "kind" || first == "apiVersion")
}

/// The targets of one entry of `replacements`. One that names no field fills the name.
fn targets(entry: &Value, line: usize) -> Vec<Filled> {
    let target = |target: &Value| {
        let paths: Vec<_> =
            target.get("fieldPaths").map_or(&[][..], Value::items).iter().filter_map(Value::text).collect();
        let paths = if paths.is_empty() { vec!["metadata.name"] } else { paths };
        let creates = target.at(&["options", "create"]).is_some_and(Value::is_true);
        let fill = Fill { paths: paths.into_iter().map(parts).collect(), creates };
        Filled { select: target.get("select").cloned().unwrap_or(Value::Null), line, fill }
    };
    entry.get("targets").map_or(&[][..], Value::items).iter().map(target).collect()
}

/// The parts of a path: between dots, but not those that are escaped, quoted or within brackets.
fn parts(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut escaped, mut depth) = (false, 0);
    for c in path.chars() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '.' if !escaped && depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(c == '[') - i32::from(c == ']');
                parts.last_mut().expect("there is one").push(c);
            }
        }
        escaped = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_is_unknown() {
        let kustomization = "replacements:\n- sourceValue: x\n  targets:\n  - select: {kind: HelmRelease}\n    fieldPaths:\n    \
             - spec.values.hosts.[name=a].port\n    - spec.chart\n    - metadata.annotations.a\\.b/c\n";
        let stream = Stream::parse(kustomization).unwrap();
        let path = RepoPath::new("k/kustomization.yaml").unwrap();
        let all = Fill::all_of(&path, stream.documents().next().unwrap(), &|_| None);
        assert_eq!(all.len(), 1);
        assert!(all[0].fill.changes_identity());
        let read = |text: &str| Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap();
        let mut object = read(
            "{metadata: {name: n, annotations: {a.b/c: d}}, spec: {chart: {x: y}, values: {hosts: [{name: a, port: 1}]}}}",
        );
        all[0].fill.apply(&mut object);
        assert_eq!(object.text_at(&["metadata", "annotations", "a.b/c"]), Some(UNKNOWN));
        assert_eq!(object.text_at(&["metadata", "name"]), Some("n"));
        assert_eq!(object.text_at(&["spec", "chart"]), Some(UNKNOWN));
        let host = &object.at(&["spec", "values", "hosts"]).unwrap().items()[0];
        assert_eq!((host.text_at(&["name"]), host.text_at(&["port"])), (Some("a"), Some(UNKNOWN)));
    }
}
