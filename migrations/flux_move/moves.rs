//! Reading the entries of `moves`, and names of objects.

use super::objects;
use super::settings::{KUSTOMIZATION, Move, Name};
use crate::config::{INVALID_VALUE, Keys};
use crate::yaml::Node;

/// The most that the value of a label may have.
const LABEL: usize = 63;

/// An entry of `moves`.
pub(super) fn one_move(keys: &mut Keys<'_, '_>) -> Option<Move> {
    let kind = keys
        .about("The kind: Kustomization, if absent; or that of a source, a store of External Secrets, or a Gateway.")
        .text("kind")
        .map(|(text, _)| text.to_owned());
    let from = keys.about("Where it is, as namespace/name; a ClusterSecretStore by its name alone.").text("from");
    let to = keys.about("Its new namespace and name.").text("to");
    for (key, example) in [("from", "flux-system/plex"), ("to", "media/plex")] {
        if !keys.has(key) {
            keys.missing(key, example);
        }
    }
    let (from, to) = (from?, to?);
    let kind = kind.unwrap_or_else(|| KUSTOMIZATION.to_owned());
    let new = to.1;
    let read = |keys: &mut Keys<'_, '_>, (text, node): (&str, _)| match objects::kind(&kind) {
        Some(kind) if !kind.is_namespaced => name_alone(keys, text, node),
        _ => name(keys, text, node),
    };
    let (from, to) = (read(keys, from), read(keys, to));
    // Flux labels all that a Kustomization applies with its name, and a label has no more.
    if kind == KUSTOMIZATION && to.as_ref().is_some_and(|(_, name)| name.len() > LABEL) {
        let help = "write a shorter name";
        keys.mistake(INVALID_VALUE, new, format!("the name is longer than {LABEL} characters"), help);
    }
    Some(Move { kind, from: from?, to: to? })
}

/// Namespace and name of an object.
pub(super) fn name(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> Option<Name> {
    let parts = text.split_once('/').filter(|(namespace, name)| is_name(namespace) && is_name(name));
    if parts.is_none() {
        let help = "write namespace and name, such as `media/plex`";
        keys.mistake(INVALID_VALUE, node, format!("`{text}` does not name a Flux object"), help);
    }
    parts.map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
}

/// The name of an object that is in no namespace.
fn name_alone(keys: &mut Keys<'_, '_>, text: &str, node: Node<'_>) -> Option<Name> {
    if !is_name(text) {
        let help = "write its name alone, such as `secrets`: it is in no namespace";
        keys.mistake(INVALID_VALUE, node, format!("`{text}` does not name an object"), help);
        return None;
    }
    Some((String::new(), text.to_owned()))
}

/// A name as Kubernetes has it (RFC 1123).
fn is_name(name: &str) -> bool {
    let is_inner = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-' || sign == '.';
    !name.is_empty() && name.len() <= 253 && name.chars().all(is_inner) && !name.starts_with('-')
}
