//! The text of a Component that is made of a template.

use super::pair::{Counterpart, VERSION};
use super::switch::root_of;
use super::{codes, finding};
use crate::flux::{Kustomization, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::{Finding, Severity};
use crate::repo::{Change, Changes, EntryKind, RepoPath};
use crate::text::Splices;
use crate::yaml::{Edit, New, Place};

/// Makes a Component of a template: a copy of its files, with the kind and version of a Component.
pub(super) fn make(view: &View, counterpart: &Counterpart, from: &RepoPath) -> Result<Written, Finding> {
    let refuse = |path: &RepoPath, message: String| finding(Severity::Error, codes::NOT_COPIED, path, None, message);
    let mut changes = Changes::new();
    let own = view.kustomization(from).expect("a template that is made a Component has a kustomization");
    for path in files_of(view, from) {
        let read = view.tree().read(&path).map_err(|error| refuse(&path, error.to_string()))?;
        let file = read.ok_or_else(|| refuse(&path, "it is not there any more".to_owned()))?;
        let text = str::from_utf8(&file.bytes).map_err(|error| refuse(&path, error.to_string()))?;
        let text = if path == own.path { as_component(view, own)? } else { text.to_owned() };
        changes.set(moved(&path, from, &counterpart.dir), Change::Create { text, mode: file.mode });
    }
    Ok((changes, Vec::new()))
}

/// The text of a kustomization file, as that of a Component.
fn as_component(view: &View, own: &Kustomization) -> Result<String, Finding> {
    let text = view.file(&own.path).and_then(|file| file.stream.as_ref()).map_or("", |stream| stream.text());
    Ok(component_edit(view, own)?.apply(text).expect("splices fit the text that they were made for"))
}

/// What makes a kustomization file that of a Component.
pub(super) fn component_edit(view: &View, own: &Kustomization) -> Result<Splices, Finding> {
    let stream = view.file(&own.path).and_then(|file| file.stream.as_ref());
    let stream = stream.expect("a kustomization of the view was read");
    let written = || {
        let root = root_of(stream);
        let mut edit = Edit::of(stream);
        for (key, value) in [("apiVersion", VERSION), ("kind", "Component")] {
            match root.own_entry(key) {
                Some((_, node)) => edit.set_scalar(node, value)?,
                None => edit.insert_entry(root, Place::First, key, &New::string(value))?,
            }
        }
        edit.finish()
    };
    written().map(|edited| edited.splices).map_err(|error| refused_edit(&own.path, &error))
}

/// All files below a directory.
pub(super) fn files_of<'v>(view: &'v View, dir: &'v RepoPath) -> impl Iterator<Item = RepoPath> + 'v {
    let files = view.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
    files.map(|(path, _)| path).filter(|path| path.is_in(dir))
}

/// The path in another directory of a file below one.
pub(super) fn moved(path: &RepoPath, from: &RepoPath, to: &RepoPath) -> RepoPath {
    let rest = path.as_str()[from.as_str().len()..].trim_start_matches('/');
    to.join(rest).expect("a path in the repository")
}
