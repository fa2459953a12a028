//! Which files are parsed: at first only those whose bytes show that they can matter to Flux, the
//! others when they are asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use aho_corasick::AhoCorasick;
use memchr::{memchr, memmem::Finder};

use super::cores::on_all_cores;
use super::file::{Barred, FileView};
use super::names::is_kustomization_file;
use super::object::At;
use super::versions::Versions;
use crate::repo::{Bytes, EntryKind, RepoPath, Rules, Tree, TreeError};
use crate::text::ContentId;
use crate::yaml::Node;

/// The longest file that is read: the CRDs of the largest operators have some 5 MB.
const LONGEST: u64 = 16 << 20;

/// The YAML files of a tree.
#[derive(Clone, Default)]
pub(in crate::flux) struct Scan {
    /// Those that can matter to Flux, parsed.
    pub(in crate::flux) files: BTreeMap<RepoPath, Arc<FileView>>,
    /// The others, parsed when they are asked for.
    pub(super) unread: BTreeMap<RepoPath, Arc<Unread>>,
    /// The symbolic links.
    pub(in crate::flux) links: Vec<RepoPath>,
    /// The `.sourceignore` files, by path.
    pub(in crate::flux) source_ignores: BTreeSet<RepoPath>,
    /// Whether all files are parsed at first.
    whole: bool,
    versions: Arc<Versions>,
    /// The rules of archives, by their text: every tree of a run has the same ones.
    archive_rules: Arc<Mutex<HashMap<Arc<str>, Rules>>>,
}

/// A YAML file that cannot matter to Flux.
pub(super) struct Unread {
    path: RepoPath,
    bytes: Bytes,
    filtered: bool,
    read: OnceLock<Arc<FileView>>,
}

impl Unread {
    pub(super) fn read(&self) -> &Arc<FileView> {
        self.read.get_or_init(|| self.parse())
    }

    fn parse(&self) -> Arc<FileView> {
        Arc::new(FileView::read(&self.path, &self.bytes, self.filtered))
    }
}

impl Scan {
    /// Reads the YAML files of a tree, except those that are `known`.
    pub(in crate::flux) fn of(tree: &Tree, known: &Scan) -> Result<Scan, TreeError> {
        let mut scan = Scan::default();
        let mut new = Vec::new();
        for (path, kind) in tree.entries() {
            match kind {
                EntryKind::Link { .. } => scan.links.push(path),
                EntryKind::File { filtered, .. } if is_of_interest(&path) => {
                    if let Some(file) = known.files.get(&path) {
                        scan.files.insert(path, file.clone());
                    } else if let Some(file) = known.unread.get(&path) {
                        scan.unread.insert(path, file.clone());
                    } else {
                        new.push((path, filtered));
                    }
                }
                EntryKind::File { .. } if is_source_ignore(&path) => scan.source_ignores.extend([path]),
                EntryKind::File { .. } => {}
            }
        }
        (scan.whole, scan.versions) = (known.whole, known.versions.clone());
        scan.archive_rules = known.archive_rules.clone();
        scan.read(tree, &new)?;
        Ok(scan)
    }

    /// These files after changes of the tree at some paths; only those are read.
    pub(in crate::flux) fn after<'p>(
        &self,
        tree: &Tree,
        changed: impl IntoIterator<Item = &'p RepoPath>,
    ) -> Result<Scan, TreeError> {
        let mut scan = self.clone();
        let mut new = Vec::new();
        for path in changed {
            // What was there may come back.
            scan.files.remove(path).iter().for_each(|file| self.versions.keep(path, file));
            scan.unread.remove(path);
            scan.links.retain(|link| link != path);
            scan.source_ignores.remove(path);
            match tree.entry(path) {
                Some(EntryKind::File { filtered, .. }) if is_of_interest(path) => new.push((path.clone(), filtered)),
                Some(EntryKind::File { .. }) if is_source_ignore(path) => {
                    scan.source_ignores.extend([path.clone()]);
                }
                // Nothing here makes a link.
                _ => {}
            }
        }
        scan.read(tree, &new)?;
        for (path, _) in new {
            scan.files.get(&path).iter().for_each(|file| self.versions.keep(&path, file));
        }
        Ok(scan)
    }

    /// Adds files.
    fn read(&mut self, tree: &Tree, new: &[(RepoPath, bool)]) -> Result<(), TreeError> {
        let found = on_all_cores(new, |(path, filtered)| {
            if tree.length(path)?.is_some_and(|length| length > LONGEST) {
                let read = OnceLock::from(Arc::new(FileView::nothing(Some(Barred::TooLarge))));
                return Ok(Some(Unread { path: path.clone(), bytes: Bytes::from(""), filtered: *filtered, read }));
            }
            let Some(file) = tree.read(path)? else { return Ok(None) };
            let unread = Unread { path: path.clone(), bytes: file.bytes, filtered: *filtered, read: OnceLock::new() };
            if self.whole || *filtered || matters(path, &unread.bytes) {
                let known = self.versions.with_text(path, &unread.bytes).filter(|_| !filtered);
                unread.read.get_or_init(|| known.unwrap_or_else(|| unread.parse()));
            }
            Ok(Some(unread))
        });
        for unread in found.into_iter().filter_map(Result::transpose) {
            let unread = unread?;
            match unread.read.get() {
                Some(file) => drop(self.files.insert(unread.path.clone(), file.clone())),
                None => drop(self.unread.insert(unread.path.clone(), Arc::new(unread))),
            }
        }
        Ok(())
    }

    /// The files of another tree that are known here, because they have the same content. Needs a
    /// tree that knows the ids of its contents.
    pub(in crate::flux) fn known_of(&self, tree: &Tree) -> Scan {
        let by_content: HashMap<ContentId, &FileView> =
            self.files.values().filter_map(|file| Some((file.content()?, &**file))).collect();
        let (versions, archive_rules) = (self.versions.clone(), self.archive_rules.clone());
        let mut known = Scan { versions, archive_rules, ..Scan::default() };
        for (path, kind) in tree.entries() {
            let EntryKind::File { filtered: false, .. } = kind else { continue };
            let Some(content) = tree.content(&path).filter(|_| is_of_interest(&path)) else { continue };
            let same = self
                .files
                .get(&path)
                .filter(|file| file.content() == Some(content) && file.barred != Some(Barred::Filtered));
            let moved = || by_content.get(&content).and_then(|file| file.moved_to(&path)).map(Arc::new);
            let unread = self.unread.get(&path).filter(|unread| ContentId::of(&unread.bytes) == content);
            match (same.cloned().or_else(moved), unread) {
                (Some(file), _) => drop(known.files.insert(path, file)),
                (None, Some(unread)) => drop(known.unread.insert(path, unread.clone())),
                (None, None) => {}
            }
        }
        known
    }

    /// The same, with all files parsed.
    pub(in crate::flux) fn whole(&self) -> Scan {
        let unread: Vec<_> = self.unread.iter().collect();
        let mut files = self.files.clone();
        files.extend(on_all_cores(&unread, |(path, unread)| ((*path).clone(), unread.read().clone())));
        Scan { files, unread: BTreeMap::new(), whole: true, ..self.clone() }
    }

    /// A text of rules that leave files out of an archive, and the rules.
    pub(in crate::flux) fn archive_rules(&self, text: &str) -> (Arc<str>, Rules) {
        let mut known = self.archive_rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, rules)) = known.get_key_value(text) {
            return (text.clone(), rules.clone());
        }
        let (text, rules) = (Arc::from(text), Rules::of(text.as_bytes()));
        known.insert(Arc::clone(&text), rules.clone());
        (text, rules)
    }

    /// Whether all files are parsed, also those that are added later.
    pub(in crate::flux) fn is_whole(&self) -> bool {
        self.whole
    }

    /// A file, parsed.
    pub(in crate::flux) fn file(&self, path: &RepoPath) -> Option<&FileView> {
        let of_others = || self.unread.get(path).map(|unread| &**unread.read());
        self.files.get(path).map(|file| &**file).or_else(of_others)
    }

    /// The path of a file, if it is there.
    pub(in crate::flux) fn path(&self, path: &RepoPath) -> Option<&RepoPath> {
        let of_others = || Some(self.unread.get_key_value(path)?.0);
        self.files.get_key_value(path).map(|(path, _)| path).or_else(of_others)
    }

    /// The node of an object in one of the files that can matter.
    pub(in crate::flux) fn node(&self, at: &At) -> Option<Node<'_>> {
        at.node(self.files.get(&at.path)?.stream.as_ref()?)
    }

    /// The files directly in a directory, parsed.
    pub(in crate::flux) fn files_in(&self, dir: &RepoPath) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        let read = below(&self.files, dir).map(|(path, file)| (path, &**file));
        let unread = below(&self.unread, dir).filter(|(path, _)| path.dir() == *dir);
        read.filter(|(path, _)| path.dir() == *dir).chain(unread.map(|(path, unread)| (path, &**unread.read())))
    }

    /// The files whose bytes contain a word, and those that may: files that could not be parsed or
    /// that have escapes. Parsed, by path.
    pub(in crate::flux) fn files_with(&self, word: Vec<u8>) -> impl Iterator<Item = (&RepoPath, &FileView)> {
        let find = Finder::new(&word).into_owned();
        let may_contain = move |bytes: &[u8]| find.find(bytes).is_some() || memchr(b'\\', bytes).is_some();
        let may_be_in = may_contain.clone();
        let text_may =
            move |file: &FileView| file.stream.as_ref().is_none_or(|stream| may_be_in(stream.text().as_bytes()));
        let read = self.files.iter().filter(move |(_, file)| text_may(file)).map(|(path, file)| (path, &**file));
        let unread = self.unread.iter().filter(move |(_, unread)| may_contain(&unread.bytes));
        let found: BTreeMap<&RepoPath, &FileView> =
            read.chain(unread.map(|(path, unread)| (path, &**unread.read()))).collect();
        found.into_iter()
    }
}

/// The entries of a map by path that are in a directory or below it.
fn below<'m, T>(map: &'m BTreeMap<RepoPath, T>, dir: &RepoPath) -> impl Iterator<Item = (&'m RepoPath, &'m T)> {
    let (start, dir) = (dir.clone(), dir.clone());
    map.range(start..).take_while(move |(path, _)| path.as_str().starts_with(dir.as_str()))
}

/// The files in which source-controller looks for paths to leave out, in any directory.
fn is_source_ignore(path: &RepoPath) -> bool {
    path.name() == ".sourceignore"
}

/// YAML files, and templates of YAML files.
fn is_of_interest(path: &RepoPath) -> bool {
    let name = path.name();
    path.is_yaml() || name == "Kustomization" || name.ends_with(".yaml.j2") || name.ends_with(".yml.j2")
}

/// Whether a file can matter to who applies what, or must be reported as one that is never changed:
/// templates by name, SOPS, no text.
///
/// The words that make a Flux object, the values of a FluxInstance, the header of Flux's own
/// manifests, a ConfigMap for `substituteFrom` or an encrypted file are in the bytes as they are.
/// Only an escape could spell them differently, so a file with a backslash always matters.
/// Kustomization files are known by name.
fn matters(path: &RepoPath, bytes: &Bytes) -> bool {
    static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(Word::ALL).expect("the words are few"));
    if is_kustomization_file(path) || !path.is_yaml() || bytes.contains(&0) || bytes.text().is_none() {
        return true;
    }
    let mut seen = [false; Word::ALL.len()];
    WORDS.find_iter(bytes).any(|word| {
        seen[word.pattern().as_usize()] = true;
        Word::suffice(&seen)
    })
}

/// The words that [`matters`] looks for.
struct Word;

impl Word {
    const ALL: [&str; 12] = [
        "fluxcd",
        "HelmRelease",
        "FluxInstance",
        "ConfigMap",
        "# Flux Version:",
        "flux-codemod",
        "\\",
        "instance",
        "sync",
        "sops",
        "mac",
        "lastmodified",
    ];

    /// Any of the first seven; or `instance` and `sync`, with which the values of a FluxInstance
    /// say where Flux starts; or `sops` with its checksum.
    fn suffice(seen: &[bool; Word::ALL.len()]) -> bool {
        let [flux, release, instance, config, version, opt_out, escape, values, sync, sops, mac, modified] = *seen;
        flux || release
            || instance
            || config
            || version
            || opt_out
            || escape
            || values && sync
            || sops && (mac || modified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_can_matter_are_parsed() {
        let matters = |name: &str, bytes: &[u8]| matters(&RepoPath::new(name).unwrap(), &bytes.into());
        for (name, bytes) in [
            ("a.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2"),
            ("a.yaml", "kind: HelmRelease"),
            ("a.yaml", "kind: FluxInstance"),
            ("a.yaml", "instance:\n  sync: {path: x}\n"),
            ("a.yaml", "kind: ConfigMap"),
            ("gotk-components.yaml", "# Flux Version: v2.5.1\nkind: Namespace"),
            ("a.yaml", "apiVersion: helm.toolkit.flux\\x63d.io/v2"),
            ("a.yaml", "sops:\n  mac: x"),
            ("a.yaml", "fluxcd: ["),
            ("a.yaml", "# flux-codemod: skip[x] y"),
            ("kustomization.yml", "resources: []"),
            ("Kustomization", "resources: []"),
            ("a.yaml.j2", "x: 1"),
        ] {
            assert!(matters(name, bytes.as_bytes()), "{name}: {bytes}");
        }
        assert!(matters("a.yaml", b"\xff\xfe"));
        for text in ["kind: Secret", "app.kubernetes.io/instance: x", "sops: x", "kind: Kustomization", "a: ["] {
            assert!(!matters("a.yaml", text.as_bytes()), "{text}");
        }
    }
}
