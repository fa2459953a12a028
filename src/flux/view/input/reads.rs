//! Which files of the tree a build reads, found by reading what it is made of.
//!
//! Kustomize may read any file of the machine and any address (Flux builds without load
//! restrictions, and so must we). So what it gets is checked before: every path and every address
//! must be known, and lead to a file of the tree. What cannot be checked is not built.

use std::collections::BTreeSet;

use super::NotBuilt;
use super::fields::{BUILTIN, Fields, GENERATOR, KUSTOMIZATION, Names, PATCH, PLUGIN, REPLACEMENT};
use super::plain::{documents, line_of};
use crate::flux::files::kustomization_files_in;
use crate::flux::value::Value;
use crate::flux::view::View;
use crate::repo::{EntryKind, RepoPath};
use crate::yaml::{Node, Stream};

/// The files that a build reads; `dir` has the given kustomization. A file that is listed and
/// missing is no reason against it: then the build fails here as in the cluster.
///
/// # Errors
/// [`NotBuilt::Remote`] and [`NotBuilt::Unchecked`].
pub(super) fn reads(
    view: &View,
    dir: &RepoPath,
    file: &RepoPath,
    kustomization: &Value,
) -> Result<BTreeSet<RepoPath>, NotBuilt> {
    let mut found = Found { view, files: BTreeSet::new(), dirs: vec![], seen: BTreeSet::from([dir.clone()]) };
    let stream = view.file(file).and_then(|file| file.stream.as_deref());
    let root = stream.and_then(|stream| stream.documents().next());
    found.kustomization(&Place { file, dir, root }, kustomization)?;
    while let Some(dir) = found.dirs.pop() {
        found.directory(&dir)?;
    }
    Ok(found.files)
}

/// The kustomization file of a directory; `None` if it has none.
///
/// # Errors
/// [`NotBuilt::Unchecked`] if it has several, or a link.
pub(super) fn kustomization_file(view: &View, dir: &RepoPath) -> Result<Option<RepoPath>, NotBuilt> {
    let mut present = kustomization_files_in(dir).filter(|file| view.tree().entry(file).is_some());
    let (file, other) = (present.next(), present.next());
    let unchecked = |path: RepoPath, why| Err(NotBuilt::Unchecked { path, line: 1, why });
    match (file, other) {
        (Some(_), Some(other)) => unchecked(other, "is one of several kustomization files in its directory".to_owned()),
        (Some(file), None) if matches!(view.tree().entry(&file), Some(EntryKind::Link { .. })) => {
            unchecked(file, "is a symbolic link".to_owned())
        }
        (file, _) => Ok(file),
    }
}

/// The content of a kustomization file.
///
/// # Errors
/// [`NotBuilt::Unchecked`] if not every reader sees the same in it.
pub(super) fn content(view: &View, file: &RepoPath) -> Result<Value, NotBuilt> {
    let unchecked = |why: &str| NotBuilt::Unchecked { path: file.clone(), line: 1, why: why.to_owned() };
    let stream = view.file(file).and_then(|file| file.stream.as_deref());
    let stream = stream.ok_or_else(|| unchecked("cannot be read as YAML"))?;
    let mut all = documents(stream).map_err(unchecked)?;
    match (all.pop(), all.pop()) {
        (Some((_, value)), None) => Ok(value),
        // Kustomize refuses an empty file.
        (None, _) => Ok(Value::Null),
        _ => Err(unchecked("is not one YAML document")),
    }
}

/// Where a value stands.
struct Place<'p> {
    file: &'p RepoPath,
    /// The directory to which its paths are relative.
    dir: &'p RepoPath,
    /// Its text, if it has one.
    root: Option<Node<'p>>,
}

impl Place<'_> {
    fn line(&self, text: &str) -> usize {
        self.root.map_or(1, |root| line_of(root, text))
    }

    fn unchecked(&self, text: &str, why: impl Into<String>) -> NotBuilt {
        NotBuilt::Unchecked { path: self.file.clone(), line: self.line(text), why: why.into() }
    }

    fn remote(&self, field: &str, text: &str) -> NotBuilt {
        // Elsewhere it may be a value in the wrong place, and values are not shown.
        let is_shown = matches!(field, "resources" | "bases" | "components");
        let text_shown = if is_shown { without_user(text) } else { format!("a file under {field}") };
        NotBuilt::Remote { path: self.file.clone(), line: self.line(text), text: text_shown }
    }
}

/// What is found on the way.
struct Found<'v> {
    view: &'v View,
    files: BTreeSet<RepoPath>,
    /// Directories that are still to be read.
    dirs: Vec<RepoPath>,
    seen: BTreeSet<RepoPath>,
}

/// What a path leads to.
enum Target {
    File(RepoPath),
    Directory(RepoPath),
    Missing,
}

impl Found<'_> {
    fn directory(&mut self, dir: &RepoPath) -> Result<(), NotBuilt> {
        let Some(file) = kustomization_file(self.view, dir)? else { return Ok(()) };
        let value = content(self.view, &file)?;
        self.files.insert(file.clone());
        let stream = self.view.file(&file).and_then(|file| file.stream.as_deref());
        let root = stream.and_then(|stream| stream.documents().next());
        self.kustomization(&Place { file: &file, dir, root }, &value)
    }

    fn kustomization(&mut self, place: &Place<'_>, value: &Value) -> Result<(), NotBuilt> {
        self.mapping(place, value, KUSTOMIZATION)
    }

    /// Reads a mapping of which all fields must be known.
    fn mapping(&mut self, place: &Place<'_>, value: &Value, fields: &Fields) -> Result<(), NotBuilt> {
        if !matches!(value, Value::Mapping(_) | Value::Null) {
            return Err(place.unchecked("", "has a text or a list where fields are expected"));
        }
        for (field, value) in value.entries() {
            let Some((known, names)) = fields.iter().find(|(name, _)| name == field) else {
                return Err(place.unchecked("", "has a field that flux-codemod does not know, or that runs a program"));
            };
            if *value != Value::Null {
                self.field(place, known, *names, value)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, place: &Place<'_>, field: &str, names: Names, value: &Value) -> Result<(), NotBuilt> {
        match names {
            Names::Nothing => Ok(()),
            Names::File => self.file(place, field, text_of(place, field, value)?),
            Names::Schema => match value.entries() {
                [] => Ok(()),
                [(key, path)] if key == "path" => self.file(place, field, text_of(place, field, path)?),
                _ => Err(place.unchecked("", format!("has a field that is not known under {field}"))),
            },
            _ => {
                let Value::Sequence(items) = value else {
                    return Err(place.unchecked("", format!("has no list under {field}")));
                };
                items.iter().try_for_each(|item| self.item(place, field, names, item))
            }
        }
    }

    /// Reads an item of a list.
    fn item(&mut self, place: &Place<'_>, field: &str, names: Names, item: &Value) -> Result<(), NotBuilt> {
        match names {
            Names::Generators => return self.mapping(place, item, GENERATOR),
            Names::Replacements => return self.mapping(place, item, REPLACEMENT),
            Names::Patches if item.text().is_none() => return self.mapping(place, item, PATCH),
            _ => {}
        }
        let text = text_of(place, field, item)?;
        match names {
            Names::Resources => match self.target(place, field, text, true)? {
                Target::File(path) => drop(self.files.insert(path)),
                Target::Directory(dir) => self.visit(dir),
                Target::Missing => {}
            },
            Names::Directories => match self.target(place, field, text, true)? {
                Target::File(_) if may_be_address(text) => return Err(place.remote(field, text)),
                Target::File(path) => drop(self.files.insert(path)),
                Target::Directory(dir) => self.visit(dir),
                Target::Missing => {}
            },
            // More than one `=` is an error of Kustomize.
            Names::KeyedFiles => return self.file(place, field, text.split_once('=').map_or(text, |(_, path)| path)),
            // Patches as text are those of Kustomize 1.
            Names::FilesOrTexts | Names::Patches if is_inline(text) => self.nowhere(place, field, text)?,
            Names::Plugins => return self.plugin(place, field, text),
            _ => return self.file(place, field, text),
        }
        Ok(())
    }

    fn visit(&mut self, dir: RepoPath) {
        if self.seen.insert(dir.clone()) {
            self.dirs.push(dir);
        }
    }

    fn file(&mut self, place: &Place<'_>, field: &str, text: &str) -> Result<(), NotBuilt> {
        if let Target::File(path) = self.target(place, field, text, false)? {
            self.files.insert(path);
        }
        Ok(())
    }

    /// What a path leads to, which may be an address if it is not that of a file.
    fn target(&self, place: &Place<'_>, field: &str, text: &str, may_be_remote: bool) -> Result<Target, NotBuilt> {
        let tree = self.view.tree();
        let outside = || place.remote(field, text);
        if has_scheme(text) || text.contains('\\') {
            return Err(outside());
        }
        // Kustomize takes `..` off the text, and the kernel follows the links in what is left.
        let path = place.dir.join(text).and_then(|path| tree.follow(&path)).ok_or_else(outside)?;
        match tree.entry(&path) {
            Some(EntryKind::File { .. }) => Ok(Target::File(path)),
            _ if may_be_remote && may_be_address(text) => Err(outside()),
            _ if tree.holds(&path) => Ok(Target::Directory(path)),
            _ => Ok(Target::Missing),
        }
    }

    /// Checks that a text which is an object leads nowhere: Kustomize may take it for a path first.
    fn nowhere(&self, place: &Place<'_>, field: &str, text: &str) -> Result<(), NotBuilt> {
        if is_address(text) || self.leads_somewhere(place.dir, text) {
            return Err(place.unchecked(text, format!("has a text under {field} that may be a path")));
        }
        Ok(())
    }

    fn leads_somewhere(&self, dir: &RepoPath, text: &str) -> bool {
        let mut parts: Vec<&str> = dir.as_str().split('/').filter(|part| !part.is_empty()).collect();
        for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
            match part {
                ".." if parts.pop().is_none() => return true,
                ".." => {}
                part => parts.push(part),
            }
        }
        // No name in a tree has control characters. Where they are left, there is no such file.
        let Ok(path) = RepoPath::new(&parts.join("/")) else { return text.starts_with('/') };
        self.view.tree().follow(&path).is_none_or(|path| self.view.tree().holds(&path))
    }

    /// Reads the configuration of a plugin: as text, or in a file.
    fn plugin(&mut self, place: &Place<'_>, field: &str, text: &str) -> Result<(), NotBuilt> {
        let inline = Stream::parse(text).map_err(|_| place.unchecked(text, unreadable(field)))?;
        if inline.documents().any(|root| !root.entries().collect::<Vec<_>>().is_empty()) {
            self.nowhere(place, field, text)?;
            return self.configurations(place, field, text, &inline);
        }
        match self.target(place, field, text, true)? {
            Target::Missing => Ok(()),
            // What is built in there is a configuration, and patches may change it.
            Target::Directory(_) => Err(place.unchecked(text, format!("lists a directory under {field}"))),
            Target::File(path) => {
                let file = self.view.tree().read(&path).ok().flatten();
                let content = file.as_ref().and_then(|file| file.bytes.text());
                let stream = content.and_then(|content| Stream::parse(content).ok());
                let stream = stream.ok_or_else(|| place.unchecked(text, unreadable(field)))?;
                // Its paths are relative to the kustomization that lists it.
                let at = Place { file: &path, dir: place.dir, root: stream.documents().next() };
                self.configurations(&at, field, "", &stream)?;
                self.files.insert(path);
                Ok(())
            }
        }
    }

    fn configurations(&mut self, place: &Place<'_>, field: &str, text: &str, all: &Stream) -> Result<(), NotBuilt> {
        let documents = documents(all).map_err(|why| place.unchecked(text, format!("{why} under {field}")))?;
        for (_, value) in &documents {
            let is_builtin = value.text_at(&["apiVersion"]) == Some("builtin");
            let kind = value.text_at(&["kind"]).filter(|kind| is_builtin && BUILTIN.contains(kind));
            let annotations = value.at(&["metadata", "annotations"]).map_or(&[][..], Value::entries);
            let is_function = annotations.iter().any(|(key, _)| key.contains("kubernetes.io/"));
            if kind.is_none() || is_function {
                return Err(
                    place.unchecked(text, format!("has a plugin under {field} that flux-codemod does not know"))
                );
            }
            self.mapping(place, value, PLUGIN)?;
        }
        Ok(())
    }
}

fn unreadable(field: &str) -> String {
    format!("has something under {field} that is not YAML")
}

fn text_of<'t>(place: &Place<'_>, field: &str, value: &'t Value) -> Result<&'t str, NotBuilt> {
    value.text().ok_or_else(|| place.unchecked("", format!("has something under {field} that is not a text")))
}

/// Whether a text is an object rather than a path.
fn is_inline(text: &str) -> bool {
    text.contains('\n') || text.trim_start().starts_with(['{', '['])
}

/// Whether a text with an object may be read from an address.
fn is_address(text: &str) -> bool {
    let start = text.trim_start().to_ascii_lowercase();
    start.starts_with("http:") || start.starts_with("https:")
}

/// Whether a text begins as an address does: `https://`, but `http:` alone, too.
fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part)
}

/// Whether Kustomize may take an entry that is not a file in the tree for an address: with a
/// scheme, a user or a query, or beginning with a host name.
fn may_be_address(text: &str) -> bool {
    let host = text.split_once('/').map_or("", |(first, _)| first);
    text.contains([':', '@', '?']) || host.trim_matches('.').contains('.')
}

/// An address without the user and password in it.
fn without_user(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    match host.rsplit_once('@') {
        Some((_, host)) if !scheme.is_empty() => format!("{scheme}://{host}/{path}"),
        _ => text.to_owned(),
    }
}
