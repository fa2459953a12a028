//! What is written into patches: YAML in a literal text, a document of a file, or a node of an object.
//! All that changes in one text is one edit.

use std::collections::BTreeMap;

use super::documents::Made;
use super::effects::another_identity;
use super::work::Work;
use super::write;
use crate::flux::{Value, rewrite};
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::recipe::codes::{KEY_IN_JSON_PATCH, NESTED_TEXT, OTHER_SHAPE};
use crate::recipe::operation::{lowered, states};
use crate::recipe::select::{Document, Entry};
use crate::recipe::stage::Outcome;
use crate::recipe::verb::Refused;
use crate::repo::RepoPath;
use crate::yaml::{Edit, Error, Node, Stream};

/// Whether a patch can become another one.
///
/// # Errors
/// If it would be for another object, or would set what it deletes.
pub(super) fn is_possible(document: &Document<'_>, from: &Value, to: &Value) -> Result<(), Refused> {
    if document.root.text().is_some() && !document.root.is_literal() {
        return Err(Refused::new(
            NESTED_TEXT,
            "a patch can be changed where it is a literal text (`patch: |`) or a file",
        ));
    }
    if document.patch.is_some_and(|entry| entry.operation().is_some()) {
        return Ok(());
    }
    let directive = || (from.get("$patch") != to.get("$patch")).then_some("$patch");
    if let Some(field) = another_identity(from, to).or_else(directive) {
        return Err(Refused::new(OTHER_SHAPE, format!("with another {field} it would be a patch of something else")));
    }
    match from.differences(to).into_iter().find(|difference| difference.before.as_deref() == Some("null")) {
        Some(difference) if difference.after.is_some() => {
            Err(Refused::new(OTHER_SHAPE, format!("{} is deleted by a patch, and would be set", difference.field)))
        }
        _ => Ok(()),
    }
}

/// A patch with what becomes of it.
type Part<'m, 'v> = (Entry<'v>, &'m Value, &'m Outcome);

/// Writes what changes in patches.
///
/// # Errors
/// What a step refused, or the YAML editor does.
pub(super) fn write<'v>(work: &Work<'v>, made: &[Made<'v>], edits: &mut Edits<'v>) -> Result<(), Finding> {
    let mut roots: BTreeMap<(&'v RepoPath, usize), (Node<'v>, Vec<Part<'_, 'v>>)> = BTreeMap::new();
    for one in made {
        let Some(entry) = one.document.patch else { continue };
        let (path, root) = (one.document.path, one.document.root);
        match &one.outcome {
            Err(refused) => return Err(Finding::error(refused.code, refused.message.clone()).at(path, root.line())),
            Ok(outcome) => {
                let at = roots.entry((path, root.range().start)).or_insert_with(|| (root, Vec::new()));
                at.1.push((entry, &one.from, outcome));
            }
        }
    }
    let because = work.migration.recipe.summary.as_str();
    for ((path, _), (root, parts)) in roots {
        let of_document = |number: usize| -> Vec<Part<'_, 'v>> {
            parts.iter().filter(|(entry, ..)| entry.document() == Some(number)).copied().collect()
        };
        if let Some(emptied) = emptied(root, &parts) {
            return Err(Finding::error(KEY_IN_JSON_PATCH, emptied).at(path, root.line()));
        }
        edits.file(path, |edit| {
            if root.text().is_none() {
                let stream = work.view.file(path).and_then(|file| file.stream.as_deref());
                return write_parts(edit, root, stream, &parts, because);
            }
            edit.nested(root, |inner, stream| {
                *inner = Edit::of(stream).moving_anchors().in_order();
                for (number, root) in stream.documents().enumerate() {
                    write_parts(inner, root, Some(stream), &of_document(number), because)?;
                }
                Ok(())
            })
        })?;
    }
    Ok(())
}

/// Writes a strategic merge patch, or the operations of a JSON patch.
fn write_parts<'s>(
    edit: &mut Edit<'s>,
    root: Node<'s>,
    stream: Option<&'s Stream>,
    parts: &[Part<'_, '_>],
    because: &str,
) -> Result<(), Error> {
    if let [(entry, from, outcome)] = parts
        && entry.operation().is_none()
    {
        return write::write(edit, root, stream, (from, outcome), because);
    }
    let Some(from) = Value::of(root) else { return Ok(()) };
    rewrite(edit, root, &from, &operations(&from, parts), because)
}

/// The operations of a JSON patch, with what becomes of some of them.
fn operations(from: &Value, parts: &[Part<'_, '_>]) -> Value {
    let one = |(number, operation): (usize, &Value)| {
        let mut parts = parts.iter().filter(|_| states(operation));
        let part = parts.find(|(entry, ..)| entry.operation() == Some(number));
        part.map_or_else(|| vec![operation.clone()], |(_, _, outcome)| lowered(operation, &outcome.value))
    };
    Value::Sequence(from.items().iter().enumerate().flat_map(one).collect())
}

/// Why a JSON patch cannot lose its operations, if it would lose all: Kustomize takes none without.
fn emptied(root: Node<'_>, parts: &[Part<'_, '_>]) -> Option<String> {
    let (entry, ..) = parts.iter().find(|(entry, ..)| entry.operation().is_some())?;
    let whole = entry.whole(root)?;
    operations(&whole, parts).items().is_empty().then(|| "a JSON patch would have no operation left".to_owned())
}
