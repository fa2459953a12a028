//! `configMapGenerator` and `secretGenerator`: what they make, and the hash in its name.
//!
//! Files are read only when somebody asks for the contents.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::flux::files::Pairs;
use crate::flux::value::Value;
use crate::repo::{RepoPath, Tree};
use crate::yaml::Node;

/// An entry of a generator list.
#[derive(Clone, Debug)]
pub struct Generator {
    /// `ConfigMap` or `Secret`.
    pub kind: &'static str,
    /// `name`.
    pub name: String,
    /// `namespace`.
    pub namespace: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// Whether it makes a new object, or adds to an existing one.
    pub behavior: Behavior,
    /// Whether the name gets the hash of the content as a suffix.
    pub hashed: bool,
    /// The labels of the object.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
    /// The type of a Secret.
    secret_type: String,
    files: Vec<(String, String)>,
    literals: Vec<(String, String)>,
    envs: Vec<String>,
}

/// `behavior` of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// A new object; the default.
    Create,
    /// Its data is merged into that of an existing object.
    Merge,
    /// Its data replaces that of an existing object.
    Replace,
}

/// The content of a generated object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::flux) struct Content {
    kind: &'static str,
    secret_type: String,
    data: BTreeMap<String, Vec<u8>>,
}

impl Generator {
    /// The generators of a kustomization file, in the order in which Kustomize runs them.
    pub(super) fn all_of(root: Node<'_>) -> Vec<Arc<Generator>> {
        let options = root.get("generatorOptions").and_then(Value::of).unwrap_or(Value::Null);
        [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")]
            .into_iter()
            .flat_map(|(key, kind)| {
                let items = root.get(key).into_iter().flat_map(Node::items);
                items.filter_map(move |item| Some((kind, item.line(), Value::of(item)?)))
            })
            .filter_map(|(kind, line, item)| Generator::read(kind, line, &item, &options).map(Arc::new))
            .collect()
    }

    fn read(kind: &'static str, line: usize, item: &Value, shared: &Value) -> Option<Generator> {
        let options = item.get("options").unwrap_or(&Value::Null);
        let texts = |key: &str| item.get(key).map_or(&[][..], Value::items).iter().filter_map(Value::text);
        // What `generatorOptions` switches off, no generator can switch on.
        let is_set = |key: &str| [options, shared].iter().any(|from| from.get(key).is_some_and(Value::is_true));
        let pairs = |key: &str| {
            let entries = [shared, options].into_iter().flat_map(|from| from.get(key).map_or(&[][..], Value::entries));
            entries.filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect()
        };
        let file = |text: &str| match text.split_once('=') {
            Some((key, path)) => (key.to_owned(), path.to_owned()),
            None => (text.rsplit('/').next().unwrap_or(text).to_owned(), text.to_owned()),
        };
        let literal = |text: &str| {
            let (key, value) = text.split_once('=')?;
            Some((key.to_owned(), unquoted(value).to_owned()))
        };
        Some(Generator {
            kind,
            name: item.text_at(&["name"])?.to_owned(),
            namespace: item.text_at(&["namespace"]).map(str::to_owned),
            line,
            behavior: match item.text_at(&["behavior"]) {
                Some("merge") => Behavior::Merge,
                Some("replace") => Behavior::Replace,
                _ => Behavior::Create,
            },
            hashed: !is_set("disableNameSuffixHash"),
            labels: pairs("labels"),
            annotations: pairs("annotations"),
            secret_type: item.text_at(&["type"]).unwrap_or("Opaque").to_owned(),
            files: texts("files").map(file).collect(),
            literals: texts("literals").filter_map(literal).collect(),
            envs: texts("envs").chain(item.text_at(&["env"])).map(str::to_owned).collect(),
        })
    }

    /// The files that it reads, relative to its kustomization.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, path)| path.as_str()).chain(self.envs.iter().map(String::as_str))
    }

    /// Whether it makes a new object, and does not add to an existing one.
    pub fn makes_new(&self) -> bool {
        self.behavior == Behavior::Create
    }

    /// The texts that it puts into a ConfigMap; `None` if one of its files cannot be read.
    pub fn texts(&self, dir: &RepoPath, tree: &Tree) -> Option<Vec<String>> {
        Some(self.content(dir, tree)?.texts().into_iter().map(str::to_owned).collect())
    }

    /// What it makes; `None` if one of its files cannot be read.
    fn content(&self, dir: &RepoPath, tree: &Tree) -> Option<Content> {
        let read = |path: &str| {
            let file = tree.read(&tree.follow(&dir.join(path)?)?).ok()??;
            Some(file.bytes)
        };
        let mut data = BTreeMap::new();
        for path in &self.envs {
            let bytes = read(path)?;
            data.extend(String::from_utf8_lossy(&bytes).lines().filter_map(variable));
        }
        for (key, value) in &self.literals {
            data.insert(key.clone(), value.clone().into_bytes());
        }
        for (key, path) in &self.files {
            data.insert(key.clone(), read(path)?.to_vec());
        }
        Some(Content { kind: self.kind, secret_type: self.secret_type.clone(), data })
    }
}

/// The generators of an object: one that creates it, and others that add to it, each with the
/// directory of its kustomization.
#[derive(Clone, Debug)]
pub(in crate::flux) struct Made(Vec<(RepoPath, Arc<Generator>)>);

impl Made {
    /// An object that a generator creates.
    pub(super) fn by(dir: &RepoPath, generator: &Arc<Generator>) -> Made {
        Made(vec![(dir.clone(), generator.clone())])
    }

    /// Notes a generator that adds to it, with `behavior: merge` or `replace`.
    pub(super) fn also_by(&mut self, dir: &RepoPath, generator: &Arc<Generator>) {
        self.0.push((dir.clone(), generator.clone()));
    }

    /// The files that the generators read.
    pub(super) fn files(&self) -> Vec<RepoPath> {
        let all = self.0.iter().flat_map(|(dir, generator)| generator.inputs().filter_map(|input| dir.join(input)));
        all.collect()
    }

    /// Whether the name gets the hash of the content.
    pub(super) fn is_hashed(&self) -> bool {
        self.0.iter().any(|(_, generator)| generator.hashed)
    }

    /// What is in the object; `None` if a file cannot be read.
    pub(super) fn content(&self, tree: &Tree) -> Option<Content> {
        let mut contents =
            self.0.iter().filter_map(|(dir, generator)| Some((generator.behavior, generator.content(dir, tree)?)));
        let (_, mut made) = contents.next()?;
        contents.for_each(|(behavior, content)| made.add(content, behavior));
        Some(made)
    }
}

/// The variable that a line of an env file sets.
fn variable(line: &str) -> Option<(String, Vec<u8>)> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    Some((key.to_owned(), value.as_bytes().to_vec()))
}

/// The value of a literal, without quotes around it.
fn unquoted(value: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(value)
}

impl Content {
    /// Adds the data of a generator with `behavior: merge` or `replace`.
    fn add(&mut self, other: Content, behavior: Behavior) {
        if behavior == Behavior::Replace {
            self.data.clear();
        }
        self.data.extend(other.data);
    }

    /// The text of a key; none for a Secret, whose data is encoded.
    pub(in crate::flux) fn text(&self, key: &str) -> Option<&str> {
        let plain = self.data.get(key).filter(|_| self.kind != "Secret")?;
        str::from_utf8(plain).ok()
    }

    /// Its texts; none for a Secret, whose data is encoded.
    pub(in crate::flux) fn texts(&self) -> Vec<&str> {
        let plain = self.data.values().filter(|_| self.kind != "Secret");
        plain.filter_map(|bytes| str::from_utf8(bytes).ok()).collect()
    }

    /// The hash that Kustomize adds to the name: of kind, an empty name and the data as JSON,
    /// written in an alphabet without vowels and without characters that look alike.
    pub(super) fn hash(&self) -> String {
        let text = |bytes: &[u8]| str::from_utf8(bytes).ok().map(str::to_owned);
        let encoded = if self.kind == "Secret" {
            let data: BTreeMap<_, _> = self.data.iter().map(|(key, bytes)| (key, STANDARD.encode(bytes))).collect();
            json!({ "data": data, "kind": "Secret", "name": "", "type": self.secret_type })
        } else {
            let plain: BTreeMap<_, _> = self.data.iter().filter_map(|(key, bytes)| Some((key, text(bytes)?))).collect();
            let binary = self.data.iter().filter(|(_, bytes)| text(bytes).is_none());
            let binary: BTreeMap<_, _> = binary.map(|(key, bytes)| (key, STANDARD.encode(bytes))).collect();
            let plain = if plain.is_empty() { json!("") } else { json!(plain) };
            if binary.is_empty() {
                json!({ "data": plain, "kind": "ConfigMap", "name": "" })
            } else {
                json!({ "binaryData": binary, "data": plain, "kind": "ConfigMap", "name": "" })
            }
        };
        let digest = Sha256::digest(as_go_writes(&encoded.to_string()));
        let hex: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        let alphabet = |c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        };
        hex.chars().map(alphabet).collect()
    }
}

/// Go escapes in JSON what is special in HTML, and two line separators.
fn as_go_writes(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The suffixes that `kubectl kustomize` 5.5 gives to these.
    #[test]
    fn hashes_are_those_of_kustomize() {
        let content = |kind, data: &[(&str, &[u8])]| Content {
            kind,
            secret_type: "Opaque".to_owned(),
            data: data.iter().map(|(key, bytes)| ((*key).to_owned(), bytes.to_vec())).collect(),
        };
        assert_eq!(content("ConfigMap", &[("a", b"1")]).hash(), "h29d89cmmt");
        assert_eq!(content("Secret", &[("x", b"y")]).hash(), "t86b282gdf");
        let tls = Content { secret_type: "kubernetes.io/tls".into(), ..content("Secret", &[("tls.crt", b"y")]) };
        assert_eq!(tls.hash(), "67f795kmcb");
    }

    #[test]
    fn quotes_and_env_files() {
        assert_eq!((unquoted("\"x\""), unquoted("'x'"), unquoted("x\"")), ("x", "x", "x\""));
        assert_eq!(variable("A=\"x y\""), Some(("A".into(), b"\"x y\"".to_vec())));
        assert_eq!(variable("C= z "), Some(("C".into(), b" z ".to_vec())));
        assert_eq!((variable("# c"), variable("")), (None, None));
        assert_eq!(variable("HOME"), Some(("HOME".into(), Vec::new())));
    }
}
