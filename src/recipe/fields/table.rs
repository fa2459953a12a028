//! The tables of fields as they are shipped, read once: `flux.txt` says what their lines mean.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::field::{Content, Field, ITEM};

const TABLES: [&str; 2] = [include_str!("flux.txt"), include_str!("other.txt")];

/// All kinds that are shipped.
pub(super) static KINDS: LazyLock<BTreeMap<String, Kind>> = LazyLock::new(|| {
    let mut kinds = BTreeMap::new();
    for table in TABLES {
        read(table, &mut kinds);
    }
    kinds
});

/// A kind, with its versions; of those that are shipped, from the oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) group: String,
    /// As its source writes it: file names of schemas have it in lower case.
    pub(super) name: String,
    pub(super) versions: Vec<Version>,
}

/// A version of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) name: String,
    /// The first minor of Flux 2 that serves it, and the last, if that is known already; `None` for
    /// kinds of others.
    pub(super) served: Option<(u32, Option<u32>)>,
    /// The object itself, without apiVersion, kind, metadata and status.
    pub(super) root: Field,
}

/// By what a kind is found. No group has two that differ in case alone.
pub(super) fn key(group: &str, kind: &str) -> String {
    format!("{}.{group}", kind.to_ascii_lowercase())
}

impl Kind {
    /// Whether Flux serves it.
    pub(super) fn is_of_flux(&self) -> bool {
        self.versions.iter().any(|version| version.served.is_some())
    }

    /// A version.
    pub(super) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }
}

fn read(table: &str, kinds: &mut BTreeMap<String, Kind>) {
    let mut last = None;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => {
                let (name, versions) = line.split_once(' ').expect("a kind has versions");
                let (name, group) = name.split_once('.').expect("a kind has a group");
                let versions = versions.split(' ').map(Version::read).collect();
                let kind = Kind { group: group.to_owned(), name: name.to_owned(), versions };
                last = Some(kinds.entry(key(group, name)).or_insert(kind));
            }
            Some(line) => last.as_mut().expect("a kind is named first").add(line),
        }
    }
}

impl Version {
    fn read(text: &str) -> Version {
        let (name, served) = text.split_once(':').map_or((text, None), |(name, served)| (name, Some(served)));
        let minor = |text: &str| text.parse().ok();
        let served = served.and_then(|served| served.split_once('-'));
        let served = served.map(|(first, last)| (minor(first).expect("a minor of Flux"), minor(last)));
        // Without a specification there is nothing to do.
        let mut root = Field::default();
        root.fields_mut().insert("spec".to_owned(), Field { is_required: true, ..Field::default() });
        Version { name: name.to_owned(), served, root }
    }
}

impl Kind {
    /// Adds the fields of a mapping. Parents come before what is in them, because lines are sorted.
    fn add(&mut self, line: &str) {
        let (path, fields) = line.split_once(": ").expect("a mapping has fields");
        for version in &mut self.versions {
            let Some(parent) = path.split('.').try_fold(&mut version.root, into) else { continue };
            for field in fields.split(' ') {
                let (name, only) = field.split_once('@').map_or((field, None), |(name, only)| (name, Some(only)));
                if only.is_some_and(|only| !only.split(',').any(|name| name == version.name)) {
                    continue;
                }
                let (name, is_required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
                parent.fields_mut().insert(name.to_owned(), Field { is_required, ..Field::default() });
            }
        }
    }
}

/// Into a field, or with `name[*]` into the items of one.
fn into<'f>(parent: &'f mut Field, step: &str) -> Option<&'f mut Field> {
    let Some(name) = step.strip_suffix(ITEM) else { return parent.get_mut(step) };
    let list = parent.get_mut(name)?;
    if !matches!(list.content, Content::Items(_)) {
        list.content = Content::Items(Box::default());
    }
    if let Content::Items(item) = &mut list.content { Some(item) } else { None }
}
