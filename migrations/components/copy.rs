//! Components made of templates: the files, and the kustomization file as that of a Component.

use super::codes;
use super::files::{files_in, read, relocated};
use super::pair::{Counterpart, VERSION};
use crate::flux::{Kustomization, View};
use crate::plan::Finding;
use crate::plan::author::{Written, refused_edit};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{Edit, Error, New, Node, Place};

/// Copies a template, as a Component.
pub(super) fn copy(view: &View, counterpart: &Counterpart, template: &RepoPath) -> Result<Written, Finding> {
    let kustomization = view.kustomization(template).expect("a template that is copied has a kustomization");
    let mut changes = Changes::new();
    for path in files_in(view, template) {
        let refuse = |message: String| Finding::error(codes::NOT_COPIED, message).at(&path, None);
        let file = read(view, &path).map_err(refuse)?;
        let text = if path == kustomization.path {
            as_component(view, kustomization)?
        } else {
            str::from_utf8(&file.bytes).map_err(|error| refuse(error.to_string()))?.to_owned()
        };
        changes.set(relocated(&path, template, &counterpart.dir), Change::Create { text, mode: file.mode });
    }
    Ok((changes, Vec::new()))
}

/// The text of a kustomization file, as that of a Component.
fn as_component(view: &View, kustomization: &Kustomization) -> Result<String, Finding> {
    let path = &kustomization.path;
    let stream = view.file(path).and_then(|file| file.stream.as_ref()).expect("a kustomization of the view was read");
    let root = stream.documents().next().expect("it states something");
    let mut edit = Edit::of(stream).in_order();
    let edited = become_component(&mut edit, root).and_then(|()| edit.finish());
    let splices = edited.map_err(|error| refused_edit(path, &error))?.splices;
    Ok(stream.apply(&splices).expect("an edit is bound to its text"))
}

/// Has a kustomization file state that it is a Component.
pub(super) fn become_component<'s>(edit: &mut Edit<'s>, root: Node<'s>) -> Result<(), Error> {
    for (key, value) in [("apiVersion", VERSION), ("kind", "Component")] {
        match root.own_entry(key) {
            Some((_, node)) => edit.set_scalar(node, value)?,
            None => edit.insert_entry(root, Place::First, key, &New::string(value))?,
        }
    }
    Ok(())
}
