//! Which files SOPS has encrypted, and which of them Flux has to decrypt.

use super::View;
use crate::flux::cluster::is_disabled;
use crate::flux::files::{Barred, Object};
use crate::repo::{EntryKind, RepoPath};

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

    /// The files that SOPS has encrypted, by path, whatever their format is. Unlike
    /// [`View::must_decrypt`], only what is certain.
    pub fn encrypted_files(&self) -> Vec<RepoPath> {
        let files = self.tree().entries().filter(|(_, kind)| matches!(kind, EntryKind::File { .. }));
        files.map(|(path, _)| path).filter(|path| self.is_encrypted(path)).collect()
    }

    fn is_encrypted(&self, path: &RepoPath) -> bool {
        match self.file(path) {
            Some(file) if file.barred == Some(Barred::Encrypted) => true,
            Some(file) if file.stream.is_some() => false,
            // Documentation shows such files, and is none.
            _ if path.as_str().ends_with(".md") => false,
            _ => {
                let file = self.tree().read(path).ok().flatten();
                file.is_some_and(|file| std::str::from_utf8(&file.bytes).is_ok_and(is_encrypted))
            }
        }
    }
}

/// Whether a text has the checksum of SOPS where its format has it: dotenv, INI, JSON (also for binary
/// files), or YAML in a template.
fn is_encrypted(text: &str) -> bool {
    let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
    has_line("sops_mac=ENC[")
        || has_line("[sops]") && text.contains("ENC[")
        || text.trim_start().starts_with('{') && text.contains("\"sops\":") && text.contains("\"ENC[")
        || has_line("sops:") && text.lines().any(|line| line.trim_start().starts_with("mac: ENC["))
}

#[cfg(test)]
mod tests {
    use crate::flux::tests::view;

    #[test]
    fn formats_of_sops() {
        let files = [
            ("a.yaml", "kind: Secret\nsops: {mac: 'ENC[x]', version: 3.9.0}\n"),
            ("b.env", "TOKEN=ENC[x]\nsops_mac=ENC[y]\n"),
            ("c.ini", "[a]\nkey = ENC[x]\n[sops]\nmac = ENC[y]\n"),
            ("d.json", "{\"data\": \"ENC[x]\", \"sops\": {\"mac\": \"ENC[y]\"}}"),
            ("e.yaml.j2", "host: {{ name }}\nsops:\n    mac: ENC[x]\n"),
            ("README.md", "sops:\n    mac: ENC[x]\n"),
            (".sops.yaml", "creation_rules: [{encrypted_regex: '^(data|stringData)$'}]\n"),
            ("plain.yaml", "sops: no\n"),
            ("plain.json", "{\"sops\": \"a program\"}"),
            ("run.sh", "sops --decrypt a.yaml\n"),
        ];
        let found: Vec<String> =
            view(&files).whole().encrypted_files().iter().map(|path| path.as_str().to_owned()).collect();
        assert_eq!(found, ["a.yaml", "b.env", "c.ini", "d.json", "e.yaml.j2"]);
    }
}
