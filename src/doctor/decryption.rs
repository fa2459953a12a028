//! `spec.decryption` of Flux Kustomizations, and what they build that SOPS has encrypted.
//!
//! Without it kustomize-controller refuses an encrypted Secret, and applies any other object as it is.
//! With it the key must be there, even if nothing is encrypted (kustomize-controller, `decryptor.go`).

use std::collections::BTreeMap;

use super::builds::Builds;
use super::changed::Scope;
use super::codes::{DECRYPTION_MISSING, DECRYPTION_NEEDLESS};
use super::dependencies::place;
use super::owners::line;
use super::{finding, listed};
use crate::finding::{Finding, Severity};
use crate::flux::{FluxKustomization, KustomizationId, Rendered, View};

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let graph = view.graph();
    let mut found = Vec::new();
    // Those that a parent gives it to, by the parent.
    let mut given: BTreeMap<KustomizationId, Vec<&FluxKustomization>> = BTreeMap::new();
    for (id, kustomization) in graph.kustomizations.entries().filter(|(_, one)| scope.has(view, one)) {
        let at = &kustomization.at;
        let decrypts = kustomization.object.at(&["spec", "decryption"]).is_some();
        // That it is needless is a note.
        if scope.is_part() && (decrypts || !may_have_encrypted(view, builds.by(id))) {
            continue;
        }
        // What is not in this tree may be encrypted.
        let Ok(input) = view.input(kustomization) else { continue };
        match (decrypts, input.reads.iter().find(|path| view.must_decrypt(path)), kustomization.parent) {
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

/// Whether SOPS may have encrypted something that is built: an object, what a generator reads, or, without
/// objects, anything.
fn may_have_encrypted(view: &View, build: &[Rendered]) -> bool {
    build.is_empty()
        || build.iter().any(|object| object.generated_texts().is_some() || view.must_decrypt(&object.at.path))
}

/// Whether its own text has the field.
fn states_it(view: &View, kustomization: &FluxKustomization) -> bool {
    view.node(&kustomization.at).is_some_and(|root| root.at(&["spec", "decryption"]).is_some())
}
