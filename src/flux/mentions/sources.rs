//! Who names a source: releases as their clusters see them, and whatever else in the repository
//! states its kind and name. What is uncertain counts as naming it.

use std::collections::BTreeSet;

use regex::Regex;

use crate::flux::cluster::{ClusterId, Reach};
use crate::flux::files::{At, Barred};
use crate::flux::view::{Chart, Release, View};
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node};

/// All that names sources of one kind in a view.
pub struct SourceNames<'v> {
    view: &'v View,
    kind: &'static str,
    mentions: Vec<Mention>,
    texts: Vec<(RepoPath, String)>,
    releases: Vec<Uses<'v>>,
}

/// Who names a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namer {
    /// A HelmRelease, by `sourceRef` or `chartRef`.
    Release(At),
    /// Something else, at a line of a file.
    Other(RepoPath, usize),
}

/// Kind and name somewhere in a YAML file.
struct Mention {
    path: RepoPath,
    line: usize,
    name: String,
}

/// The sources that a release names: in a cluster, with its namespace; if no cluster applies it, by
/// name alone.
struct Uses<'v> {
    release: &'v Release,
    applied: BTreeSet<(ClusterId, String, String)>,
    stated: Option<&'v str>,
}

/// Endings of files that are not YAML by name and may be rendered to YAML.
const TEMPLATES: [&str; 6] = [".j2", ".jinja", ".jinja2", ".tmpl", ".gotmpl", ".tpl"];

impl<'v> SourceNames<'v> {
    /// Reads all that states this kind: mappings with `kind` and `name`, patch files, block scalars
    /// with YAML in them, templates, and files that cannot be read.
    pub fn of(view: &'v View, kind: &'static str) -> SourceNames<'v> {
        let mut names =
            SourceNames { view, kind, mentions: Vec::new(), texts: Vec::new(), releases: releases(view, kind) };
        let inputs =
            view.kustomizations().flat_map(|file| file.inputs.iter().filter_map(|entry| file.dir().join(&entry.text)));
        let patches: BTreeSet<RepoPath> = inputs.collect();
        // What releases say about their source is read as it arrives in the cluster.
        let read: BTreeSet<(&RepoPath, usize)> =
            view.releases().iter().filter_map(|release| place_of_reference(view, release)).collect();
        let mut seen = BTreeSet::new();
        for (path, file) in view.files_with(kind) {
            seen.insert(path);
            let Some(stream) = file.stream.as_ref().filter(|_| file.barred != Some(Barred::Template)) else {
                names.text_of(path);
                continue;
            };
            for root in stream.documents() {
                if patches.contains(path) && root.text_at(&["kind"]) == Some(kind) {
                    names.mention(path, root.line(), root.text_at(&["metadata", "name"]).unwrap_or_default());
                }
                names.walk(path, root, &read);
            }
        }
        for (path, _) in view.tree().entries() {
            if TEMPLATES.iter().any(|end| path.name().ends_with(end)) && !seen.contains(&path) {
                names.text_of(&path);
            }
        }
        names
    }

    fn mention(&mut self, path: &RepoPath, line: usize, name: &str) {
        self.mentions.push(Mention { path: path.clone(), line, name: name.to_owned() });
    }

    /// A file that is not read as YAML: its text, if it states the kind.
    fn text_of(&mut self, path: &RepoPath) {
        let Ok(Some(file)) = self.view.tree().read(path) else { return };
        let text = String::from_utf8_lossy(&file.bytes);
        if has_word(&text, self.kind) {
            self.texts.push((path.clone(), text.into_owned()));
        }
    }

    fn walk(&mut self, path: &RepoPath, root: Node<'_>, read: &BTreeSet<(&RepoPath, usize)>) {
        // Aliases are not followed: what they point to is visited where it stands.
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            if node.style().is_none() {
                let text = node.text().filter(|text| text.contains('\n') && has_word(text, self.kind));
                self.texts.extend(text.map(|text| (path.clone(), text.to_owned())));
                continue;
            }
            let is_read = read.contains(&(path, node.range().start));
            let of_kind = node.kind() == Kind::Mapping && !is_read && node.text_at(&["kind"]) == Some(self.kind);
            if let Some(name) = node.text_at(&["name"]).filter(|_| of_kind) {
                self.mention(path, node.line(), name);
            }
            waiting.extend(node.children().into_iter().map(|(_, child)| child));
        }
    }

    /// Who names the source at a place, under any of the names under which clusters apply it.
    pub fn of_source(&self, at: &At) -> Vec<Namer> {
        let reaches = self.view.graph().reaches(at);
        let place = |reach: &Reach| (reach.cluster, reach.namespace.clone().unwrap_or_default(), reach.name.clone());
        let places: BTreeSet<_> = reaches.iter().map(place).collect();
        let stated = self.view.object(at).map(|object| object.name.clone());
        let names: BTreeSet<String> = places.iter().map(|(_, _, name)| name.clone()).chain(stated).collect();
        let by_name = |stated: &str| names.iter().any(|name| may_be(stated, name));
        // A variable that is not known here may be anything.
        let same = |stated: &str, name: &str| stated == name || stated.contains("${") && may_be(stated, name);
        let is_place = |(cluster, namespace, name): &(ClusterId, String, String)| {
            let mut places = places.iter();
            places.any(|place| *cluster == place.0 && same(namespace, &place.1) && same(name, &place.2))
        };
        let names_it = |uses: &&Uses<'_>| uses.applied.iter().any(is_place) || uses.stated.is_some_and(by_name);
        let releases = self.releases.iter().filter(names_it).map(|uses| Namer::Release(uses.release.at.clone()));
        let mentions = self.mentions.iter().filter(|mention| by_name(&mention.name));
        let mentions = mentions.map(|mention| Namer::Other(mention.path.clone(), mention.line));
        let texts = self.texts.iter().filter(|(_, text)| names.iter().any(|name| has_word(text, name)));
        releases.chain(mentions).chain(texts.map(|(path, _)| Namer::Other(path.clone(), 1))).collect()
    }
}

/// What the releases of a view name.
fn releases<'v>(view: &'v View, kind: &str) -> Vec<Uses<'v>> {
    let uses = |release: &'v Release| {
        let reaches = view.graph().reaches(&release.at);
        let stated = match &release.chart {
            Chart::Spec(spec) => Some(&spec.source_ref),
            Chart::Ref(reference) => Some(reference),
            Chart::Invalid => None,
        };
        let applied = reaches.iter().filter_map(|reach| {
            let named = view.source_of(release, reach).filter(|named| named.kind == kind)?;
            Some((reach.cluster, named.namespace.unwrap_or_default(), named.name))
        });
        let stated = stated.filter(|named| reaches.is_empty() && named.kind == kind).map(|named| named.name.as_str());
        Uses { release, applied: applied.collect(), stated }
    };
    view.releases().iter().map(uses).collect()
}

/// Where a release states its source: the file, and the byte where the mapping begins.
fn place_of_reference<'v>(view: &'v View, release: &'v Release) -> Option<(&'v RepoPath, usize)> {
    let path: &[&str] = match &release.chart {
        Chart::Spec(_) => &["spec", "chart", "spec", "sourceRef"],
        Chart::Ref(_) => &["spec", "chartRef"],
        Chart::Invalid => return None,
    };
    Some((&release.at.path, view.node(&release.at)?.at(path)?.range().start))
}

/// Whether what is written may mean a name: the name itself, a variable that may become it, or a
/// pattern of a patch that selects it and not just everything.
fn may_be(written: &str, name: &str) -> bool {
    if written == name {
        return true;
    }
    if let (Some(start), Some(end)) = (written.find("${"), written.rfind('}')) {
        return end > start && name.starts_with(&written[..start]) && name.ends_with(&written[end + 1..]);
    }
    let pattern = || Regex::new(&format!("^(?:{written})$"));
    !matches!(written, "*" | ".*" | "") && pattern().is_ok_and(|pattern| pattern.is_match(name))
}

/// Whether a text holds a name that is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.match_indices(word).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let mut after = text[start + word.len()..].chars();
        // A full stop at the end of a sentence is not part of the name.
        let ends = match after.next() {
            Some('.') => !after.next().is_some_and(is_part),
            next => !next.is_some_and(is_part),
        };
        ends && !before.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_mean_a_name_does() {
        for written in ["bjw-s", "${REPO}", "bjw-${X}", "${X}-s", "bjw.*", "bjw-s|other", "b${X}${Y}s"] {
            assert!(may_be(written, "bjw-s"), "{written}");
        }
        for written in ["bjw-s-labs", "bjw", "*", ".*", "", "x${X}", "${X}y"] {
            assert!(!may_be(written, "bjw-s"), "{written}");
        }
    }

    #[test]
    fn words_are_not_parts_of_others() {
        for text in ["name: bjw-s", "bjw-s", "(bjw-s)", "see bjw-s.", "oci://x/bjw-s/helm", "\"bjw-s\"\n"] {
            assert!(has_word(text, "bjw-s"), "{text}");
        }
        for text in ["bjw-s-labs", "my-bjw-s", "bjw-s.io", "bjw-sx", ""] {
            assert!(!has_word(text, "bjw-s"), "{text}");
        }
    }
}
