//! Which files Flux has to decrypt.

use super::View;
use crate::flux::cluster::is_disabled;
use crate::flux::files::{Barred, Object};
use crate::repo::RepoPath;

const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";

/// What SOPS writes into files that are not YAML: dotenv, INI and JSON.
const MARKS: [&str; 3] = ["sops_mac=", "[sops]", "\"sops\":"];

impl View {
    /// Whether Flux has to decrypt a file that a build reads: SOPS has encrypted it, and not all in it is
    /// annotated `decrypt: disabled` (kustomize-controller, `decryptor.go`).
    pub fn must_decrypt(&self, path: &RepoPath) -> bool {
        let stays = |object: &Object| is_disabled(DECRYPT, [&object.labels, &object.annotations]);
        match self.file(path) {
            Some(file) if file.barred == Some(Barred::Encrypted) => {
                !file.objects.iter().flat_map(Object::expanded).all(stays) || file.objects.is_empty()
            }
            Some(file) if file.stream.is_some() => false,
            _ => {
                let file = self.tree().read(path).ok().flatten();
                file.is_some_and(|file| MARKS.iter().any(|mark| String::from_utf8_lossy(&file.bytes).contains(mark)))
            }
        }
    }
}
