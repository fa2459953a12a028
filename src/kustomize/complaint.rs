//! What Kustomize complains about, by kind and place, and never in its own words: those quote what
//! stands in files, Secrets among them.

use std::path::Path;

use crate::repo::RepoPath;

/// Parts of messages, and what they mean. The first that is found counts, so inner errors stand
/// before what Kustomize wraps around them.
const KINDS: [(&[&str], &str); 14] = [
    (&["MalformedYAMLError", "yaml: ", "error converting YAML", "did not find expected"], "YAML that cannot be read"),
    (&["multiple kustomization files"], "several kustomization files in a directory"),
    (
        &["unable to find one of 'kustomization.yaml'", "no kustomization file"],
        "a directory without a kustomization file",
    ),
    (
        &["invalid Kustomization", "json: unknown field", "json: cannot unmarshal"],
        "a field that Kustomize does not accept",
    ),
    (&["cycle detected"], "kustomizations that list each other"),
    (&["already registered id", "ID conflict", "conflict for"], "two objects with the same name"),
    (&["eplacement", "fieldPath", "nothing selected by", "multiple matches for selector"], "a replacement that fails"),
    (
        &["KV pairs", "literal source", "env source", "file sources", "ConfigMapGenerator", "SecretGenerator"],
        "a generator that fails, or a file of it that is missing",
    ),
    (&["no matches for Id", "unique target for patch", "unable to find patch target"], "a patch without a target"),
    (
        &[
            "PatchTransformer",
            "SM or JSON patch",
            "JSON patch",
            "json patch",
            "Json6902",
            "PatchStrategicMerge",
            "operation",
            "testing value",
        ],
        "a patch that cannot be applied",
    ),
    (
        &["no such file or directory", "evalsymlink failure", "not a directory", "doesn't exist", "is a directory"],
        "a file or directory that is missing",
    ),
    (
        &[
            "missing metadata",
            "missing Resource metadata",
            "Object 'Kind' is missing",
            "missing kind",
            "missing apiVersion",
        ],
        "an object without kind or name",
    ),
    (&["trouble configuring builtin"], "a generator or transformer that is not valid"),
    (&["accumulating"], "something that it cannot build"),
];

/// What Kustomize complains about. `place` is the directory of the tree on this machine; `lines`
/// gives the number of lines of a file of the tree.
pub(super) fn complaint(said: &str, place: &Path, lines: &dyn Fn(&RepoPath) -> Option<usize>) -> String {
    let is_kind = |(parts, _): &&(&[&str], &str)| parts.iter().any(|part| said.contains(part));
    let kind =
        KINDS.iter().find(is_kind).map_or("something of a kind that flux-codemod does not know", |(_, kind)| kind);
    let Some((file, length)) = last_file(said, place, lines) else {
        return format!("Kustomize complains about {kind}");
    };
    match line(said).filter(|line| (1..=length).contains(line)) {
        Some(line) => format!("Kustomize complains about {kind} at {file}:{line}"),
        None => format!("Kustomize complains about {kind} in {file}"),
    }
}

/// The last file of the tree that a message names, which is the innermost, with its lines.
fn last_file(said: &str, place: &Path, lines: &dyn Fn(&RepoPath) -> Option<usize>) -> Option<(RepoPath, usize)> {
    let here = format!("{}/", place.display());
    let is_border = |c: char| c.is_whitespace() || "'\"`,;()[]{}<>=".contains(c);
    let words = said.split(is_border).map(|word| word.trim_end_matches([':', '.']).trim_start_matches("./"));
    let paths = words.filter_map(|word| RepoPath::new(word.strip_prefix(&here).unwrap_or(word)).ok());
    paths.filter_map(|path| Some((lines(&path)?, path))).map(|(length, path)| (path, length)).last()
}

/// The number of a line in `yaml: line 3: ...`.
fn line(said: &str) -> Option<usize> {
    let (_, rest) = said.rsplit_once("yaml: line ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str) -> String {
        let lines = |path: &RepoPath| matches!(path.as_str(), "app/kustomization.yaml" | "app/a.yaml").then_some(9);
        complaint(said, Path::new("/tmp/x/tree"), &lines)
    }

    #[test]
    fn kind_and_place_are_said_and_no_word_of_a_file() {
        for (said, shown) in [
            (
                "Error: loading KV pairs: literal sources: [hunter2]: invalid literal source hunter2, expected key=value",
                "a generator that fails, or a file of it that is missing",
            ),
            (
                "Error: accumulating resources: accumulation err='accumulating resources from 'a.yaml': \
                 MalformedYAMLError: yaml: line 4: hunter2 in File: /tmp/x/tree/app/a.yaml': err",
                "YAML that cannot be read at app/a.yaml:4",
            ),
            (
                "Error: unable to find field \"data.k.z\" in replacement target: wrong node kind: node contents: hunter2",
                "a replacement that fails",
            ),
            (
                "error: trouble configuring builtin PatchTransformer with config: `\npatch: hunter2\n`: unable to parse SM or JSON patch from [hunter2]",
                "a patch that cannot be applied",
            ),
            (
                "Error: accumulating resources: accumulation err='evalsymlink failure on '/tmp/x/tree/app/hunter2' : lstat",
                "a file or directory that is missing",
            ),
            ("Error: invalid Kustomization: json: unknown field \"hunter2\"", "a field that Kustomize does not accept"),
            ("hunter2 /etc/hunter2 yaml; line 3", "something of a kind that flux-codemod does not know"),
            (
                "Error: hunter2 in app/kustomization.yaml",
                "something of a kind that flux-codemod does not know in app/kustomization.yaml",
            ),
            ("Error: yaml: line 12345: in app/a.yaml", "YAML that cannot be read in app/a.yaml"),
        ] {
            assert_eq!(of(said), format!("Kustomize complains about {shown}"), "{said}");
        }
    }
}
