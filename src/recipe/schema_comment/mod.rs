//! Comments that tell editors which schema a document has: `# yaml-language-server: $schema=URL`.
//! [`changes`] says what to write in a file, [`write()`] writes it. Data never changes.

mod header;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod want;

pub use header::{Header, Unread, header};
pub use settings::{Modes, Settings};
use shape::Shape;
pub use shape::with_version;
pub use want::Want;

use crate::flux::Value;
use crate::yaml::{Comment, Edit, Error, Node, Stream};

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Its API group; empty for the core of Kubernetes.
    pub group: String,
    /// Its kind, as it is written.
    pub kind: String,
    /// Its version.
    pub version: String,
}

impl Identity {
    /// What a document of a file is; `None` for one that is no object, is a List, or whose kind is
    /// open. A `kustomization.yaml` without apiVersion and kind is one.
    pub fn of(root: Node<'_>, file_name: &str) -> Option<Identity> {
        const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let text = |key: &str| root.get(key).and_then(Node::text);
        let (api_version, kind) = match (text("apiVersion"), text("kind")) {
            (None, None) if KUSTOMIZATIONS.contains(&file_name) && root.entries().next().is_some() => {
                ("kustomize.config.k8s.io/v1beta1", "Kustomization")
            }
            (api_version, kind) => (api_version?, kind?),
        };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        let is_open = !is_name(group) || !is_name(version) || !is_name(kind) || version.is_empty() || kind.is_empty();
        let is_list = kind.ends_with("List") && root.get("items").is_some();
        if is_open || is_list {
            return None;
        }
        Some(Identity { group: group.to_owned(), kind: kind.to_owned(), version: version.to_owned() })
    }
}

/// A comment to write in the header of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'s> {
    /// The document, by its index in the stream.
    pub document: usize,
    /// The comment that it takes the place of.
    pub instead_of: InsteadOf<'s>,
    /// The URL to write.
    pub url: String,
    /// Whether somebody has seen that there is a schema.
    pub is_seen: bool,
}

/// What a comment takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsteadOf<'s> {
    /// The one that editors read.
    Read(&'s Comment),
    /// One in the header that they do not read.
    Unreadable(&'s Comment),
    /// One elsewhere, where they do not look for it.
    Misplaced(&'s Comment),
    /// None.
    Nothing,
}

/// What to write in a file. `is_known` says of a URL whether the schema is known to be there beside
/// those that this program knows.
pub fn changes<'s>(
    stream: &'s Stream,
    file_name: &str,
    settings: &Settings,
    is_known: &dyn Fn(&str) -> bool,
) -> Vec<Change<'s>> {
    let documents = 0..stream.documents().len();
    documents.filter_map(|document| change(stream, document, file_name, settings, is_known)).collect()
}

/// What to write in the header of one document.
pub fn change<'s>(
    stream: &'s Stream,
    document: usize,
    file_name: &str,
    settings: &Settings,
    is_known: &dyn Fn(&str) -> bool,
) -> Option<Change<'s>> {
    let identity = Identity::of(stream.document(document)?, file_name)?;
    let header = header(stream, document);
    let present = header.url.as_deref().or(header.unread.map(|unread| unread.url));
    let instead_of = match (header.read, header.unread) {
        (Some(read), _) => InsteadOf::Read(read),
        (None, Some(_)) if !settings.modes.broken => return None,
        (None, Some(Unread { comment, is_in_header: true, .. })) => InsteadOf::Unreadable(comment),
        (None, Some(Unread { comment, .. })) => InsteadOf::Misplaced(comment),
        (None, None) => InsteadOf::Nothing,
    };
    let (url, is_seen) = match (settings.want(&identity, present), present) {
        (Want::Url { url, is_seen }, _) => (url, is_seen),
        // What no editor reads is written as it is, where editors read it.
        (Want::Stays, Some(url)) if !matches!(instead_of, InsteadOf::Read(_)) => (url.to_owned(), true),
        (Want::Stays, _) => return None,
    };
    let is_seen = is_seen || is_known(&url);
    Some(Change { document, instead_of, url, is_seen })
}

/// Writes a comment into the header of its document.
///
/// # Errors
/// If the header has no place for it.
pub fn write<'s>(edit: &mut Edit<'s>, stream: &'s Stream, change: &Change<'s>) -> Result<(), Error> {
    let text = format!("yaml-language-server: $schema={}", change.url);
    let Some(root) = stream.document(change.document) else { return Ok(()) };
    match change.instead_of {
        InsteadOf::Read(comment) => match header::url_in(stream, comment) {
            Some(range) => edit.replace_in_comment(comment, range, &change.url),
            None => Ok(()),
        },
        InsteadOf::Unreadable(comment) => {
            let after_sign = comment.range.start + 1..comment.range.end;
            edit.replace_in_comment(comment, after_sign, &format!(" {text}"))
        }
        InsteadOf::Misplaced(comment) => {
            edit.take_out_comment(comment)?;
            edit.add_header_comment(root, &text)
        }
        InsteadOf::Nothing => edit.add_header_comment(root, &text),
    }
}

/// Has the schema comment of a document name another version of its object, if it names the present
/// one.
///
/// # Errors
/// If the edit changes the comment otherwise.
pub fn follow<'s>(
    edit: &mut Edit<'s>,
    stream: &'s Stream,
    root: Node<'s>,
    file_name: &str,
    version: &str,
) -> Result<(), Error> {
    let Some(document) = stream.documents().position(|other| other.range() == root.range()) else { return Ok(()) };
    let header = header(stream, document);
    let (Some(comment), Some(url), Some(identity)) = (header.read, header.url, Identity::of(root, file_name)) else {
        return Ok(());
    };
    match (with_version(&url, &identity, version), header::url_in(stream, comment)) {
        (Some(new), Some(range)) => edit.replace_in_comment(comment, range, &new),
        _ => Ok(()),
    }
}

/// The schema of an object where the publisher of this one has it, if that is one of schemas of custom resources.
pub fn at_publisher(url: &str, of: &Identity) -> Option<String> {
    Shape::of(url).filter(|shape| matches!(shape, Shape::Crd { .. }))?.with(of)
}

/// The kind and group of a text such as `Kustomization.kustomize.config.k8s.io`; `core` is the core.
fn kind_and_group(text: &str) -> (&str, &str) {
    let (kind, group) = text.split_once('.').unwrap_or((text, ""));
    (kind, if group == "core" { "" } else { group })
}

/// A text of a value, for settings.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.items().iter().filter_map(Value::text)
}
