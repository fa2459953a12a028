//! Who names a source: releases as their clusters see them, and whatever else in the repository
//! states its kind and name. What is uncertain counts as naming it; what is built and cannot be
//! read is listed ([`SourceNames::unread`]).

use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;

use crate::flux::cluster::{ClusterId, Reach};
use crate::flux::files::{At, Barred, FileView, Name};
use crate::flux::kustomize::{Kustomization, Listed, Unmodelled};
use crate::flux::view::{Release, View};
use crate::repo::RepoPath;
use crate::yaml::{Kind, Node};

/// All that names sources of one kind in a view.
pub struct SourceNames<'v> {
    view: &'v View,
    kind: &'static str,
    mentions: Vec<Mention>,
    texts: Vec<(RepoPath, String)>,
    releases: Vec<Uses<'v>>,
    unread: Vec<Unread>,
}

/// Something that may name any source, because it is not known what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The file with it, or that lists it; `None` if its name is no path.
    pub path: Option<RepoPath>,
    /// The line that lists it, from 1.
    pub line: Option<usize>,
    /// What it is, to be followed by a verb: `https://example.org/x.yaml, which is not in this
    /// repository,`.
    pub what: String,
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

/// Fields of a kustomization that add objects which are in no file.
const ADDING: [&str; 3] = ["generators", "helmCharts", "helmChartInflationGenerator"];

impl<'v> SourceNames<'v> {
    /// Reads all that states this kind: mappings with `kind` and `name`, patch files, block scalars
    /// with YAML in them, templates, and files that cannot be read.
    pub fn of(view: &'v View, kind: &'static str) -> SourceNames<'v> {
        let (mentions, texts, unread) = (Vec::new(), Vec::new(), Vec::new());
        let mut names = SourceNames { view, kind, mentions, texts, releases: releases(view, kind), unread };
        let patches: BTreeSet<RepoPath> = view.kustomizations().flat_map(Kustomization::input_paths).collect();
        // What releases say about their source is read as it arrives in the cluster.
        let read: BTreeSet<(&RepoPath, usize)> =
            view.releases().iter().filter_map(|release| place_of_reference(view, release)).collect();
        let mut seen = BTreeSet::new();
        let not_too_large = |(_, file): &(&RepoPath, &FileView)| file.barred != Some(Barred::TooLarge);
        for (path, file) in view.files_with(kind).filter(not_too_large) {
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
        // Kustomize takes any file for YAML that a kustomization lists.
        let linked = view.links().iter().filter_map(|link| view.tree().follow(link));
        let listed = view.kustomizations().flat_map(|file| listed_in(view, file)).chain(linked);
        // Most of them are YAML, and known by now.
        let listed: BTreeSet<RepoPath> = listed.filter(|path| view.path(path).is_none()).collect();
        for (path, _) in view.tree().entries() {
            let is_listed = listed.contains(&path);
            if (is_listed || TEMPLATES.iter().any(|end| path.name().ends_with(end))) && !seen.contains(&path) {
                names.text_of(&path);
            }
        }
        names.find_unread(&listed);
        names
    }

    /// What is built, or may be, and cannot be read.
    fn find_unread(&mut self, listed: &BTreeSet<RepoPath>) {
        let view = self.view;
        let adds_objects = |what: &&Unmodelled| {
            ADDING.contains(&what.what.as_str()) || Listed { text: Name::of(&what.what), line: what.line }.is_remote()
        };
        let elsewhere = view.graph().unmodelled.iter().filter(adds_objects).map(|unmodelled| Unread {
            path: Some(unmodelled.path.clone()),
            line: Some(unmodelled.line),
            what: if ADDING.contains(&&*unmodelled.what) {
                format!("what `{}` in {} make", unmodelled.what, unmodelled.path)
            } else {
                format!("{}, which is not in this repository,", unmodelled.what)
            },
        });
        let names = view.tree().left_out().iter().map(|left_out| Unread {
            path: None,
            line: None,
            what: format!("the file {}, which has an unusable name,", left_out.name),
        });
        let file = |path: &RepoPath| view.tree().read(path);
        let is_text =
            |path: &RepoPath| file(path).is_ok_and(|file| file.is_none_or(|file| file.bytes.text().is_some()));
        let is_binary = |path: &RepoPath| file(path).is_ok_and(|file| file.is_some_and(|file| file.bytes.contains(&0)));
        let of_yaml = view
            .files()
            .filter(|(path, file)| file.barred == Some(Barred::NotUtf8) || file.broken.is_some() && is_binary(path));
        let of_yaml = of_yaml.map(|(path, _)| path);
        let others = listed.iter().filter(|path| !is_text(path));
        let unread = |path: &RepoPath, why: &str| Unread {
            path: Some(path.clone()),
            line: None,
            what: format!("{path}, which {why},"),
        };
        let no_text = of_yaml.chain(others).map(|path| unread(path, "is not text"));
        let too_large = view.files().filter(|(_, file)| file.barred == Some(Barred::TooLarge));
        let too_large = too_large.map(|(path, _)| unread(path, "is too large to read"));
        let absent = view.tree().not_checked_out().iter().filter(|path| path.is_yaml());
        let absent = absent.map(|path| unread(path, "git tracks and did not check out"));
        let all: Vec<Unread> = elsewhere.chain(names).chain(no_text).chain(too_large).chain(absent).collect();
        self.unread.splice(..0, all);
    }

    /// What is built and cannot be read: it may name any source.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
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

    /// A ResourceSet of flux-operator, whose inputs decide which source is named.
    fn filled_by_inputs(&mut self, path: &RepoPath, line: usize) {
        let what = format!("what a ResourceSet in {path} makes of its inputs");
        self.unread.push(Unread { path: Some(path.clone()), line: Some(line), what });
    }

    fn walk(&mut self, path: &RepoPath, root: Node<'_>, read: &BTreeSet<(&RepoPath, usize)>) {
        // Aliases are not followed: what they point to is visited where it stands.
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            if node.style().is_none() {
                let text = node.text().filter(|text| text.contains('\n') && has_word(text, self.kind));
                if text.is_some_and(is_filled_by_inputs) {
                    self.filled_by_inputs(path, node.line());
                }
                self.texts.extend(text.map(|text| (path.clone(), text.to_owned())));
                continue;
            }
            let is_read = read.contains(&(path, node.range().start));
            let of_kind = node.kind() == Kind::Mapping && !is_read && node.text_at(&["kind"]) == Some(self.kind);
            match node.text_at(&["name"]).filter(|_| of_kind) {
                Some(name) if is_filled_by_inputs(name) => self.filled_by_inputs(path, node.line()),
                Some(name) => self.mention(path, node.line(), name),
                None => {}
            }
            waiting.extend(node.children().into_iter().map(|(_, child)| child));
        }
    }

    /// Who names the source at a place, under any of the names under which clusters apply it.
    pub fn of_source(&self, at: &At) -> Vec<Namer> {
        let reaches = self.view.graph().reaches(at);
        let place =
            |reach: &Reach| (reach.cluster, reach.namespace.unwrap_or_default().to_string(), reach.name.to_string());
        let places: BTreeSet<_> = reaches.iter().map(place).collect();
        let stated = self.view.object(at).map(|object| object.name.to_string());
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

/// The files that a kustomization lists under `resources`, with links followed.
fn listed_in(view: &View, kustomization: &Kustomization) -> Vec<RepoPath> {
    let local = kustomization.resources.iter().filter(|entry| !entry.is_remote());
    local.filter_map(|entry| view.resolve(kustomization, &entry.text)).collect()
}

/// What the releases of a view name.
fn releases<'v>(view: &'v View, kind: &str) -> Vec<Uses<'v>> {
    let uses = |release: &'v Release| {
        let reaches = view.graph().reaches(&release.at);
        let stated = release.chart.source().map(|(stated, _)| stated);
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
    let (_, path) = release.chart.source()?;
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
    // To build a pattern takes long, and most names are none.
    let is_pattern = written.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let pattern = || Regex::new(&format!("^(?:{written})$"));
    is_pattern && !matches!(written, "*" | ".*") && pattern().is_ok_and(|pattern| pattern.is_match(name))
}

/// Whether a text holds a name that is not part of a longer one.
pub fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| is_word(text, start..start + word.len()))
}

/// Whether a name in a text is not part of a longer one.
pub fn is_word(text: &str, name: Range<usize>) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let before = text[..name.start].chars().next_back();
    let mut after = text[name.end..].chars();
    // A full stop at the end of a sentence is not part of the name.
    let ends = match after.next() {
        Some('.') => !after.next().is_some_and(is_part),
        next => !next.is_some_and(is_part),
    };
    ends && !before.is_some_and(is_part)
}

/// Whether a text is a template of a ResourceSet (flux-operator): its delimiters are `<<` and `>>`.
fn is_filled_by_inputs(text: &str) -> bool {
    text.contains("<<") && text.contains(">>") && text.contains("inputs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Memory;

    #[test]
    fn what_may_mean_a_name_does() {
        for written in ["bjw-s", "${REPO}", "bjw-${X}", "${X}-s", "bjw.*", "bjw-s|other", "b${X}${Y}s"] {
            assert!(may_be(written, "bjw-s"), "{written}");
        }
        for written in ["bjw-s-labs", "bjw", "*", ".*", "", "x${X}", "${X}y"] {
            assert!(!may_be(written, "bjw-s"), "{written}");
        }
    }

    const FLUX: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: https://example.org/repo}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {path: ./k, sourceRef: {kind: GitRepository, name: flux-system}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: repo, namespace: flux-system}
spec: {url: https://example.org/charts}
";

    /// Who names the HelmRepository, and what may, with these resources and this file beside them.
    fn found(resources: &str, file: (&str, &str)) -> (usize, Vec<String>) {
        let list = format!("kind: Kustomization\nresources: [flux.yaml, {resources}]\n");
        let files = [("k/kustomization.yaml", &*list), ("k/flux.yaml", FLUX), file];
        let view = View::of(Memory::tree(files)).unwrap();
        let names = SourceNames::of(&view, "HelmRepository");
        let source = &view.helm_repositories()[0].at;
        let unread = names.unread().iter().map(|unread| unread.what.clone());
        (names.of_source(source).len(), unread.collect())
    }

    #[test]
    fn what_is_not_yaml_by_name_is_read_where_it_is_listed() {
        let json = r#"{"spec": {"chart": {"spec": {"sourceRef": {"kind": "HelmRepository", "name": "repo"}}}}}"#;
        for name in ["x.json", "x.YAML", "x"] {
            let path = format!("k/{name}");
            assert_eq!(found(name, (&path, json)), (1, Vec::new()), "{name}");
            assert_eq!(found("", (&path, json)), (0, Vec::new()), "{name} is not listed");
        }
    }

    #[test]
    fn what_is_built_and_not_known_may_name_any_source() {
        let (named, unread) = found("https://example.org/x.yaml", ("a", ""));
        assert_eq!(
            (named, unread),
            (0, vec!["https://example.org/x.yaml, which is not in this repository,".to_owned()])
        );
        assert_eq!(found("", ("k/x.yaml", "\0GITCRYPT\0")).1, ["k/x.yaml, which is not text,"]);
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
