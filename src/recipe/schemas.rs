//! The CRDs and JSON Schemas that the configuration names (`schemas`): files of the tree, read as all
//! others are, and never through a link.

use super::fields::Tables;
use crate::config::{INVALID_VALUE, Mistake, SchemaFiles};
use crate::flux::Value;
use crate::repo::{EntryKind, RepoPath, Tree, TreeError};
use crate::yaml::{Node, Stream};

/// Reason code of schemas that are too large.
pub const TOO_LARGE: &str = "config-schema-too-large";

/// How large a file may be: the CRDs of the largest operators have some 5 MB.
const FILE: u64 = 8 << 20;
/// How large all of them may be: they are read in every run.
const ALL: u64 = 32 << 20;

/// Reads the schemas of a tree.
///
/// # Errors
/// If a file cannot be read. What is wrong in files is added to the mistakes, at the entry that names
/// them.
pub fn read(tree: &Tree, entries: &[SchemaFiles], mistakes: &mut Vec<Mistake>) -> Result<Tables, TreeError> {
    let mut tables = Tables::default();
    let mut all = 0;
    let paths: Vec<(RepoPath, EntryKind)> = if entries.is_empty() { Vec::new() } else { tree.entries().collect() };
    for entry in entries {
        let named = paths.iter().filter(|(path, _)| entry.names(path));
        let files: Vec<&RepoPath> = named
            .filter(|(_, kind)| matches!(kind, EntryKind::File { filtered: false, .. }))
            .map(|(path, _)| path)
            .collect();
        if files.is_empty() {
            let help = "write a glob from the root: `*` stops at `/`, `**` does not; links are not followed";
            mistakes.push(entry.mistake(INVALID_VALUE, format!("`{}` names no file", entry.text()), help));
        }
        for path in files {
            let length = tree.length(path)?.unwrap_or_default();
            all += length;
            if length > FILE || all > ALL {
                let (what, most) = if length > FILE { (path.as_str(), FILE) } else { (entry.text(), ALL) };
                let message = format!("`{what}` is larger than {} MiB", most >> 20);
                mistakes.push(entry.mistake(
                    TOO_LARGE,
                    message,
                    "name only the schemas of the kinds that recipes change",
                ));
                return Ok(tables);
            }
            let text = tree.read(path)?.and_then(|file| String::from_utf8(file.bytes.to_vec()).ok());
            if let Some(mistake) = added(&mut tables, path, text.as_deref(), entry) {
                mistakes.push(mistake);
            }
        }
    }
    Ok(tables)
}

/// Adds what a file states. Says what is wrong if that is nothing.
fn added(tables: &mut Tables, path: &RepoPath, text: Option<&str>, entry: &SchemaFiles) -> Option<Mistake> {
    let (message, help) = match text.map(Stream::sound) {
        None => (format!("{path} is not UTF-8"), "convert it"),
        Some(Err(error)) => (format!("{path} cannot be read: {error}"), "correct the file, or leave it out"),
        Some(Ok(stream)) => {
            let objects = stream.documents().flat_map(|root| match root.text_at(&["kind"]) {
                Some("List") => root.get("items").into_iter().flat_map(Node::items).collect(),
                _ => vec![root],
            });
            let found = objects.filter_map(Value::of).filter(|value| tables.add(value, path.as_str())).count();
            if found > 0 {
                return None;
            }
            let help = "leave it out; a JSON Schema says its kind in `x-kubernetes-group-version-kind`, or is \
                        called GROUP/KIND_VERSION.json";
            (format!("{path} is neither a CRD nor the JSON Schema of a kind"), help)
        }
    };
    Some(entry.mistake(INVALID_VALUE, message, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::repo::Memory;

    const CRD: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.org}\n\
        spec:\n  group: example.org\n  names: {kind: Widget, plural: widgets}\n  versions:\n  - name: v1\n    schema:\n      \
        openAPIV3Schema: {properties: {spec: {required: [size], properties: {size: {type: integer}}}}}\n";
    const SCHEMA: &str = r#"{"type": "object", "properties": {"spec": {"properties": {"size": {"type": "integer"}}}}}"#;

    fn mistakes(files: &[(&str, &str)], globs: &str) -> Vec<String> {
        let settings = Settings::read("f", &format!("schemas: {globs}\n"), &[]).unwrap();
        let mut mistakes = Vec::new();
        read(&Memory::tree(files.iter().copied()), &settings.schemas, &mut mistakes).unwrap();
        let error = settings.error(mistakes);
        let shown = error.mistakes.iter().map(|mistake| format!("{} {}", mistake.range.start, mistake.message));
        shown.collect()
    }

    #[test]
    fn what_is_no_schema_is_a_mistake_at_its_entry() {
        let files = [("s/crds.yaml", CRD), ("s/example.org/widget_v1.json", SCHEMA), ("values.yaml", "a: 1\n")];
        assert_eq!(mistakes(&files, "['s/**']"), [""; 0]);
        assert_eq!(mistakes(&files, "[s/*.yaml, none/*]"), ["20 `none/*` names no file"]);
        let message = "10 values.yaml is neither a CRD nor the JSON Schema of a kind";
        assert_eq!(mistakes(&files, "[values.yaml]"), [message]);
        let unnamed = [("schema.json", SCHEMA)];
        assert_eq!(mistakes(&unnamed, "['*.json']").len(), 1, "nobody says of which kind it is");
        assert!(mistakes(&[("a.yaml", "a: [\n")], "['*.yaml']")[0].starts_with("10 a.yaml cannot be read: "));
    }

    #[test]
    fn schemas_are_bounded() {
        let large = format!("{CRD}# {}\n", "x".repeat(FILE as usize));
        assert_eq!(mistakes(&[("a.yaml", &large)], "['*.yaml']"), ["10 `a.yaml` is larger than 8 MiB"]);
        let half = format!("{CRD}# {}\n", "x".repeat(FILE as usize / 2));
        let names: Vec<String> = (0..8).map(|number| format!("{number}.yaml")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), half.as_str())).collect();
        assert_eq!(mistakes(&many, "['*.yaml']"), ["10 `*.yaml` is larger than 32 MiB"]);
    }
}
