//! A YAML file as it was read, and whether it may be changed.

use std::fmt;
use std::sync::Arc;

use super::memo::Memo;
use super::object::{At, Object};
use super::skip::Skip;
use crate::repo::RepoPath;
use crate::text::ContentId;
use crate::yaml::{Error, Kind, Node, Stream, Style};

/// A YAML file as it was read.
#[derive(Clone, Debug)]
pub struct FileView {
    /// Its nodes; `None` if the file could not be parsed.
    pub stream: Option<Arc<Stream>>,
    /// The Kubernetes objects in it.
    pub objects: Vec<Object>,
    /// Why it must not be changed, if so.
    pub barred: Option<Barred>,
    /// Why it could not be parsed, if so.
    pub broken: Option<Broken>,
    /// The opt-outs in it, by line.
    pub skips: Vec<Skip>,
    /// What is worked out of it.
    pub(in crate::flux) memo: Memo,
}

/// Why a file is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barred {
    /// Encrypted by SOPS: any edit breaks its checksum.
    Encrypted,
    /// A template: what it contains is only known after another program has run.
    Template,
    /// It is not UTF-8.
    NotUtf8,
    /// A symbolic link.
    Link,
    /// It has a `filter=` attribute: what git stores is not what is in the work tree.
    Filtered,
    /// A path that is not in the tree because a `.gitignore` names it.
    Ignored,
}

impl fmt::Display for Barred {
    /// The word for it: `encrypted`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Barred::Encrypted => "encrypted-file",
            Barred::Template => "template-file",
            Barred::NotUtf8 => "not-utf8",
            Barred::Link => "symlink",
            Barred::Filtered => "filtered-file",
            Barred::Ignored => "ignored-file",
        })
    }
}

/// Why a file is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The message of the parser.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
}

impl FileView {
    /// The object at a place in it.
    pub fn object(&self, at: &At) -> Option<&Object> {
        let of_document = self.objects.binary_search_by_key(&at.document, |object| object.at.document);
        let document = &self.objects[of_document.ok()?];
        let Some(item) = at.item else { return Some(document) };
        let of_item = document.items.binary_search_by_key(&Some(item), |object| object.at.item);
        of_item.ok().map(|index| &document.items[index])
    }

    /// The id of its content; `None` if the file could not be parsed.
    pub fn content(&self) -> Option<ContentId> {
        self.stream.as_ref().map(|stream| stream.content())
    }

    /// Reads the bytes of a YAML file.
    pub(super) fn read(path: &RepoPath, bytes: &[u8], filtered: bool) -> FileView {
        let nothing = FileView {
            stream: None,
            objects: Vec::new(),
            barred: None,
            broken: None,
            skips: Vec::new(),
            memo: Memo::default(),
        };
        let Ok(text) = str::from_utf8(bytes) else { return FileView { barred: Some(Barred::NotUtf8), ..nothing } };
        if path.as_str().ends_with(".j2") {
            return FileView { barred: Some(Barred::Template), ..nothing };
        }
        match Stream::sound(text) {
            Ok(stream) => {
                let barred = if stream.documents().any(is_encrypted) {
                    Some(Barred::Encrypted)
                } else if stream.documents().any(|root| has_flow_mapping_as_key(root, 0)) {
                    Some(Barred::Template)
                } else {
                    filtered.then_some(Barred::Filtered)
                };
                let (objects, skips) = (Object::find(path, &stream), Skip::find(&stream));
                FileView { stream: Some(Arc::new(stream)), objects, barred, skips, ..nothing }
            }
            Err(_) if ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) => {
                FileView { barred: Some(Barred::Template), ..nothing }
            }
            Err(Error { problem, at, .. }) => {
                FileView { broken: Some(Broken { message: problem.to_string(), line: at.line }), ..nothing }
            }
        }
    }

    /// The same content at another path; `None` if the path decides how it is read.
    pub(super) fn moved_to(&self, path: &RepoPath) -> Option<FileView> {
        let stream = self.stream.as_ref().filter(|_| !path.as_str().ends_with(".j2"))?;
        let barred = self.barred.filter(|barred| *barred != Barred::Filtered);
        Some(FileView { objects: Object::find(path, stream), barred, memo: Memo::default(), ..self.clone() })
    }
}

/// SOPS adds a key `sops` with a checksum at the top of every document that it encrypts.
fn is_encrypted(root: Node<'_>) -> bool {
    root.own_entry("sops")
        .is_some_and(|(_, sops)| sops.own_entry("mac").is_some() || sops.own_entry("lastmodified").is_some())
}

/// `{{ x }}` without quotes reads as a flow mapping whose key is a flow mapping, which nobody
/// writes on purpose.
fn has_flow_mapping_as_key(node: Node<'_>, depth: usize) -> bool {
    // Aliases are not followed: their targets are visited where they are defined.
    if node.style().is_none() || depth > 200 {
        return false;
    }
    node.entries().any(|(key, value)| {
        let is_template = key.style() == Some(Style::Flow) && key.kind() == Kind::Mapping;
        is_template || has_flow_mapping_as_key(value, depth + 1)
    }) || node.items().any(|item| has_flow_mapping_as_key(item, depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn barred(name: &str, text: &str) -> Option<Barred> {
        FileView::read(&RepoPath::new(name).unwrap(), text.as_bytes(), false).barred
    }

    #[test]
    fn what_is_never_changed() {
        assert_eq!(barred("a.yaml", "a: 1\nsops:\n  mac: ENC[x]\n"), Some(Barred::Encrypted));
        assert_eq!(barred("a.yaml", "a:\n  sops: 1\n"), None);
        assert_eq!(barred("a.yaml.j2", "a: 1\n"), Some(Barred::Template));
        assert_eq!(barred("a.yaml", "a: {{ b }}\n"), Some(Barred::Template));
        assert_eq!(barred("a.yaml", "{% if a %}\na: 1\n{% endif %}\n"), Some(Barred::Template));
        assert_eq!(barred("a.yaml", "a: \"{{ .Release.Name }}\"\n"), None, "ordinary inside scalars");
        assert_eq!(barred("a.yaml", "a: [{b: 1}]\n"), None);
        let latin = FileView::read(&RepoPath::new("a.yaml").unwrap(), b"a: \xe4\n", false);
        assert_eq!(latin.barred, Some(Barred::NotUtf8));
        let broken = FileView::read(&RepoPath::new("a.yaml").unwrap(), b"a: [\n", false);
        assert!(broken.broken.is_some() && broken.barred.is_none());
    }
}
