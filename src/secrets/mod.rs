//! The files that SOPS has encrypted: what is in each, what reads it, and what could become of it.
//!
//! The question is which of them can become ExternalSecrets of a store that the repository has, and
//! which must stay because that store, or Flux, waits for them. No value is read: names and references
//! alone.

mod fate;
mod readers;
mod stores;
#[cfg(test)]
mod tests;

pub use fate::Fate;
pub use readers::{How, Reader};
pub use stores::Store;

use self::readers::{Product, Tree};
use crate::flux::{Object, View};
use crate::repo::RepoPath;

/// What there is of secrets in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The stores from which ExternalSecrets can be made, by cluster.
    pub stores: Vec<Store>,
    /// The encrypted files, by path.
    pub files: Vec<EncryptedFile>,
}

/// A file that SOPS has encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedFile {
    /// Where it is.
    pub path: RepoPath,
    /// The objects in it, as they arrive or else as they are stated: `Secret media/plex`. None if it
    /// holds something else.
    pub holds: Vec<String>,
    /// What reads it, or what is made of it.
    pub readers: Vec<Reader>,
    /// What could become of it.
    pub fate: Fate,
}

/// The inventory of a tree.
pub fn inventory(view: &View) -> Inventory {
    let view = view.whole();
    let stores = stores::stores(&view);
    let tree = Tree::of(&view);
    let file = |path: RepoPath| {
        let products = tree.products(&path);
        let stated: Vec<&Object> =
            view.file(&path).map_or(&[][..], |file| &file.objects).iter().flat_map(Object::expanded).collect();
        let mut holds: Vec<String> = products.iter().map(Product::shown).collect();
        if holds.is_empty() {
            let of_kubernetes = stated.iter().filter(|object| !object.is_nameless());
            holds.extend(of_kubernetes.map(|object| shown(&object.kind, object.namespace.as_deref(), &object.name)));
        }
        holds.sort();
        holds.dedup();
        let uses = tree.uses(&path, &products);
        let fate = fate::fate(&tree, &stores, &products, &uses, !holds.is_empty());
        let mut readers: Vec<Reader> = uses.into_iter().map(|one| one.reader).collect();
        readers.sort();
        readers.dedup();
        EncryptedFile { path, holds, readers, fate }
    };
    let files = view.encrypted_files().into_iter().map(file).collect();
    Inventory { stores: stores.into_iter().map(|(store, _)| store).collect(), files }
}

/// `Secret media/plex`.
fn shown(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) if !namespace.is_empty() => format!("{kind} {namespace}/{name}"),
        _ => format!("{kind} {name}"),
    }
}
