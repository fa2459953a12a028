//! The tables of fields as they are shipped, read once: `flux.txt` says what their lines mean.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The field that stands for each item of a list.
pub(super) const ITEM: &str = "[*]";

const TABLES: [&str; 2] = [include_str!("flux.txt"), include_str!("other.txt")];

/// All kinds, by `Kind.group`.
pub(super) static KINDS: LazyLock<BTreeMap<&'static str, Kind>> = LazyLock::new(|| {
    let mut kinds = BTreeMap::new();
    for table in TABLES {
        read(table, &mut kinds);
    }
    kinds
});

/// A kind, with its versions from the oldest.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) versions: Vec<Version>,
}

/// A version of a kind.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) name: &'static str,
    /// The first minor of Flux 2 that serves it, and the last, if that is known already; `None` for
    /// kinds of others.
    pub(super) served: Option<(u32, Option<u32>)>,
    pub(super) spec: Field,
}

/// A field, and what is known of the fields in it.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) is_required: bool,
    /// Empty where the table does not say what is in it.
    pub(super) fields: BTreeMap<&'static str, Field>,
}

fn read(table: &'static str, kinds: &mut BTreeMap<&'static str, Kind>) {
    let mut last = None;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => {
                let (name, versions) = line.split_once(' ').expect("a kind has versions");
                let versions = versions.split(' ').map(Version::read).collect();
                last = Some(kinds.entry(name).or_insert(Kind { versions }));
            }
            Some(line) => last.as_mut().expect("a kind is named first").add(line),
        }
    }
}

impl Version {
    fn read(text: &'static str) -> Version {
        let (name, served) = text.split_once(':').map_or((text, None), |(name, served)| (name, Some(served)));
        let minor = |text: &str| text.parse().ok();
        let served = served.and_then(|served| served.split_once('-'));
        let served = served.map(|(first, last)| (minor(first).expect("a minor of Flux"), minor(last)));
        // Without a specification there is nothing to do.
        Version { name, served, spec: Field { is_required: true, ..Field::default() } }
    }
}

impl Kind {
    /// Adds the fields of a mapping. Parents come before what is in them, because lines are sorted.
    fn add(&mut self, line: &'static str) {
        let (path, fields) = line.split_once(": ").expect("a mapping has fields");
        let path: Vec<&str> = path.split('.').skip(1).flat_map(with_item).collect();
        for version in &mut self.versions {
            let mut parent = Some(&mut version.spec);
            for step in &path {
                parent = match (parent, *step) {
                    (Some(parent), ITEM) => Some(parent.fields.entry(ITEM).or_default()),
                    (Some(parent), step) => parent.fields.get_mut(step),
                    (None, _) => None,
                };
            }
            let Some(parent) = parent else { continue };
            for field in fields.split(' ') {
                let (name, only) = field.split_once('@').map_or((field, None), |(name, only)| (name, Some(only)));
                if only.is_some_and(|only| !only.split(',').any(|name| name == version.name)) {
                    continue;
                }
                let (name, is_required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
                parent.fields.insert(name, Field { is_required, ..Field::default() });
            }
        }
    }
}

/// `name[*]` as two steps.
fn with_item(step: &'static str) -> impl Iterator<Item = &'static str> {
    let name = step.strip_suffix(ITEM);
    [name.unwrap_or(step)].into_iter().chain(name.map(|_| ITEM))
}
