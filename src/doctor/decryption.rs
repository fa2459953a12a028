//! `spec.decryption` of Flux Kustomizations, and what they build that SOPS has encrypted.
//!
//! Without it kustomize-controller refuses an encrypted Secret, and applies any other object as it is.
//! With it the key must be there, even if nothing is encrypted (kustomize-controller, `decryptor.go`).

use std::collections::BTreeMap;

use super::codes::{DECRYPTION_MISSING, DECRYPTION_NEEDLESS};
use super::dependencies::place;
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{Barred, FluxKustomization, KustomizationId, Object, View, is_disabled};
use crate::repo::RepoPath;

const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";

/// What SOPS writes into files that are not YAML: dotenv, INI and JSON.
const MARKS: [&str; 3] = ["sops_mac=", "[sops]", "\"sops\":"];

pub(super) fn findings(view: &View) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    // Those that a parent gives it to, by the parent.
    let mut given: BTreeMap<KustomizationId, Vec<&FluxKustomization>> = BTreeMap::new();
    for kustomization in &graph.kustomizations {
        // What is not in this tree may be encrypted.
        let Ok(input) = view.input(kustomization) else { continue };
        let at = &kustomization.at;
        let decrypts = kustomization.object.at(&["spec", "decryption"]).is_some();
        match (decrypts, input.reads.iter().find(|path| is_encrypted(view, path)), kustomization.parent) {
            (false, Some(path), _) => {
                let message = format!(
                    "{} builds {path}, which SOPS has encrypted, and has no spec.decryption",
                    kustomization.full_name()
                );
                found.push(finding(Severity::Error, DECRYPTION_MISSING, &at.path, line(view, at), message));
            }
            (true, None, Some(parent)) if !states_it(view, kustomization) => {
                given.entry(parent).or_default().push(kustomization);
            }
            (true, None, _) => {
                let message = format!("{} builds nothing that SOPS has encrypted", kustomization.full_name());
                let line = place(view, at, &["spec", "decryption"]);
                found.push(finding(Severity::Note, DECRYPTION_NEEDLESS, &at.path, line, message));
            }
            (true, Some(_), _) | (false, None, _) => {}
        }
    }
    found.extend(given.into_iter().map(|(parent, children)| {
        let (parent, number) = (&graph.kustomizations[parent], children.len());
        let names = listed(children.iter().map(|kustomization| kustomization.name.clone()));
        let message = format!(
            "{} gives spec.decryption to {number} that {} nothing SOPS has encrypted: {names}",
            parent.full_name(),
            if number == 1 { "builds" } else { "build" },
        );
        let line = place(view, &parent.at, &["spec", "patches"]);
        finding(Severity::Note, DECRYPTION_NEEDLESS, &parent.at.path, line, message)
    }));
    found
}

/// Whether its own text has the field.
fn states_it(view: &View, kustomization: &FluxKustomization) -> bool {
    view.node(&kustomization.at).is_some_and(|root| root.at(&["spec", "decryption"]).is_some())
}

/// Whether Flux would have to decrypt a file.
fn is_encrypted(view: &View, path: &RepoPath) -> bool {
    let stays = |object: &Object| is_disabled(DECRYPT, [&object.labels, &object.annotations]);
    match view.file(path) {
        Some(file) if file.barred == Some(Barred::Encrypted) => {
            !file.objects.iter().flat_map(Object::expanded).all(stays) || file.objects.is_empty()
        }
        Some(file) if file.stream.is_some() => false,
        _ => {
            let file = view.tree().read(path).ok().flatten();
            file.is_some_and(|file| MARKS.iter().any(|mark| String::from_utf8_lossy(&file.bytes).contains(mark)))
        }
    }
}
