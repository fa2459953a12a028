//! Components made of templates: the files, and the kustomization file as that of a Component.

use super::codes;
use super::files::read;
use super::made;
use super::pair::{Counterpart, VERSION};
use crate::flux::{Kustomization, Listed, View};
use crate::plan::Finding;
use crate::plan::author::{Written, refused_edit};
use crate::repo::{Change, Changes, Mode, RepoPath};
use crate::yaml::{Edit, Error, New, Node, Place};

/// Copies a template, as a Component.
pub(super) fn copy(view: &View, counterpart: &Counterpart, template: &RepoPath) -> Result<Written, Finding> {
    let kustomization = view.kustomization(template);
    let mut changes = Changes::new();
    for (path, to) in made::copied(view, template, &counterpart.dir) {
        let refuse = |message: String| Finding::error(codes::NOT_COPIED, message).at(&path, None);
        let file = read(view, &path).map_err(refuse)?;
        let text = match kustomization.filter(|there| there.path == path) {
            Some(there) => as_component(view, there)?,
            None => str::from_utf8(&file.bytes).map_err(|error| refuse(error.to_string()))?.to_owned(),
        };
        if made::is_file(view, template) {
            let text = around(view, template, &text);
            let path = made::kustomization(view, template, &counterpart.dir);
            changes.set(path, Change::Create { text, mode: Mode::File });
        }
        changes.set(to, Change::Create { text, mode: file.mode });
    }
    Ok((changes, Vec::new()))
}

/// The text of a Component around a single file, in the style of the file and its kustomization.
fn around(view: &View, file: &RepoPath, text: &str) -> String {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let start = if text.starts_with("---") { format!("---{ending}") } else { String::new() };
    let is_bare = |entry: &Listed| entry.text == file.name();
    let lists_bare_names = view.kustomization(&file.dir()).is_some_and(|there| there.resources.iter().any(is_bare));
    let item = if lists_bare_names { file.name().to_owned() } else { format!("./{}", file.name()) };
    let component = New::mapping([
        ("apiVersion", New::string(VERSION)),
        ("kind", New::string("Component")),
        ("resources", New::Sequence(vec![New::string(item)])),
    ]);
    start + &component.document(&[], ending)
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
