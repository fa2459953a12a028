//! What generators of Kustomize make, as documents: the object has labels and annotations, which stand
//! in `options` of the generator; and the files of YAML that generators read, as data of the object.

use std::collections::BTreeMap;

use super::Document;
use crate::flux::{At, Generator, Reach, Value, View, is_kustomization_file};
use crate::recipe::codes;
use crate::recipe::verb::Refused;
use crate::repo::RepoPath;
use crate::yaml::Kind;

/// The fields of an object that its generator can state.
const STATED: [&str; 2] = ["labels", "annotations"];

impl<'v> Document<'v> {
    /// What the generators of a kustomization file make. Those that add to the object of another
    /// generator make nothing of their own.
    pub fn generated(view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let kustomization = view.kustomization(&path.dir()).filter(|_| is_kustomization_file(path));
        let Some(kustomization) = kustomization.filter(|kustomization| kustomization.path == *path) else {
            return Vec::new();
        };
        let Some(root) = view.node(&At::document(path, 0)) else { return Vec::new() };
        let node = |generator: &Generator| {
            let key = if generator.kind == "Secret" { "secretGenerator" } else { "configMapGenerator" };
            root.get(key)?.items().find(|item| item.line() == generator.line)
        };
        let making = kustomization.generators.iter().filter(|generator| generator.makes_new());
        let documents = making.filter_map(|generator| {
            let root = node(generator)?;
            Some(Document { generator: Some(&**generator), ..Document::at_node(view, path, root) })
        });
        documents.collect()
    }

    /// The documents of a file that a generator reads.
    pub fn data(view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let Some(stream) = view.file(path).and_then(|file| file.stream.as_deref()) else { return Vec::new() };
        let all = stream.documents().map(|root| Document { is_data: true, ..Document::at_node(view, path, root) });
        let all: Vec<Document<'v>> = all.filter(|document| document.root.kind() != Kind::Scalar).collect();
        match all.first() {
            Some(first) if !first.makers().is_empty() => all,
            _ => Vec::new(),
        }
    }

    /// The generators that read its file, each with the kustomization file that has it.
    pub(super) fn makers(&self) -> Vec<(&'v RepoPath, &'v Generator)> {
        let mut found = Vec::new();
        for kustomization in self.view.readers(self.path) {
            let dir = kustomization.dir();
            let reads =
                |generator: &Generator| generator.inputs().any(|input| dir.join(input).as_ref() == Some(self.path));
            let all = kustomization.generators.iter().filter(|generator| reads(generator));
            found.extend(all.map(|generator| (&kustomization.path, &**generator)));
        }
        found
    }

    /// Where clusters apply what is made of its file.
    pub(super) fn reaches_of_makers(&self) -> Vec<&'v Reach> {
        if !self.is_data {
            return Vec::new();
        }
        let graph = self.view.graph();
        let of = |(path, generator): (&'v RepoPath, &'v Generator)| {
            let reaches = graph.reaches(&At::document(path, 0)).iter();
            let is_it =
                move |reach: &&Reach| reach.kind == generator.kind && reach.name == self.name_of_made(generator, reach);
            reaches.filter(is_it).collect::<Vec<_>>()
        };
        self.makers().into_iter().flat_map(of).collect()
    }

    /// The object that a generator makes, without its data.
    pub(super) fn made(generator: &Generator) -> Value {
        let mut object = Value::Null;
        object.set("apiVersion", Value::string("v1"));
        object.set("kind", Value::string(generator.kind));
        object.set_at(&["metadata", "name"], Value::string(&generator.name));
        if let Some(namespace) = &generator.namespace {
            object.set_at(&["metadata", "namespace"], Value::string(namespace));
        }
        for (field, pairs) in STATED.into_iter().zip([&generator.labels, &generator.annotations]) {
            for (key, text) in pairs {
                object.set_at(&["metadata", field, key], Value::string(text));
            }
        }
        object
    }
}

/// A generator, as it is to be stated for the object to be another one.
///
/// # Errors
/// If something else than labels and annotations changes, or one that all generators of the file
/// have in common.
pub fn restated(item: &Value, from: &Value, to: &Value) -> Result<Value, Refused> {
    let refused =
        |what: String| Refused::new(codes::OTHER_SHAPE, format!("{what} of what a generator makes cannot change"));
    let pairs = |object: &Value, field: &str| -> BTreeMap<String, Value> {
        object.at(&["metadata", field]).map_or(&[][..], Value::entries).iter().cloned().collect()
    };
    let bare = |object: &Value| {
        let mut bare = object.clone();
        for field in STATED {
            bare.remove_at(&["metadata", field]);
        }
        bare
    };
    if let Some(other) = bare(from).differences(&bare(to)).first() {
        return Err(refused(other.field.clone()));
    }
    let mut stated = item.clone();
    for field in STATED {
        let (old, new) = (pairs(from, field), pairs(to, field));
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            if stated.at(&["options", field, key]).is_none() {
                return Err(refused(format!("metadata.{field}.{key}, which generatorOptions has,")));
            }
            stated.remove_at(&["options", field, key]);
        }
        for (key, value) in new.into_iter().filter(|(key, value)| old.get(key) != Some(value)) {
            stated.set_at(&["options", field, &key], value);
        }
    }
    Ok(stated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Stream;

    fn value(text: &str) -> Value {
        Value::of(Stream::parse(text).unwrap().documents().next().unwrap()).unwrap()
    }

    /// A generator with an annotation of its own, where all of the file have another.
    fn restated_as(metadata: &str) -> Result<String, String> {
        let item = value("{name: a, files: [x], options: {annotations: {own: '1'}}}");
        let from = value("{kind: ConfigMap, metadata: {name: a, annotations: {shared: s, own: '1'}}}");
        let to = value(&format!("{{kind: ConfigMap, metadata: {metadata}}}"));
        restated(&item, &from, &to).map(|item| item.to_flow()).map_err(|refused| refused.message)
    }

    #[test]
    fn a_generator_states_labels_and_annotations() {
        let start = r#"{"name": "a", "files": ["x"]"#;
        for (metadata, options) in [
            ("{name: a, annotations: {shared: s, own: '2'}}", r#", "options": {"annotations": {"own": "2"}}}"#),
            ("{name: a, annotations: {shared: s}}", "}"),
            (
                "{name: a, labels: {l: m}, annotations: {shared: s, own: '1'}}",
                r#", "options": {"annotations": {"own": "1"}, "labels": {"l": "m"}}}"#,
            ),
        ] {
            assert_eq!(restated_as(metadata), Ok(format!("{start}{options}")));
        }
        for (metadata, part) in [
            ("{name: b, annotations: {shared: s, own: '1'}}", "metadata.name"),
            ("{name: a, annotations: {own: '1'}}", "metadata.annotations.shared, which generatorOptions has,"),
        ] {
            assert!(restated_as(metadata).unwrap_err().starts_with(part), "{metadata}");
        }
    }
}
