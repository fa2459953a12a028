//! Where other files name objects, and select by labels: what a changed name or label would break.
//!
//! Every scalar of every YAML file is visited (`place`), also YAML inside a text, such as patches
//! and values in a ConfigMap, and asked whether it names an object or selects by a label: by key,
//! as Kubernetes, Flux and the usual operators have them (`keys`), by `kind` and `name` beside each
//! other, and in texts by DNS name (`words`). Variables are filled in as each cluster has them
//! (`context`), because templates say `sourcePVC: ${APP}`.
//!
//! A reference without namespace means the namespace in which its file arrives; in the values of a
//! HelmRelease, that of the release. What is unknown counts: rather a mention too many. All names
//! are searched for together, and a file that has none of them in its bytes, no variable and no
//! template is not visited. The rules: `docs/app-template.md#references`.
//!
//! What Alerts and Receivers watch is read as it arrives (`watched`).
//!
//! What is absent on purpose: names that a chart or program makes up by itself, comments, and
//! labels under the names that metrics give them.

mod context;
mod keys;
mod place;
#[cfg(test)]
mod selector_tests;
mod selectors;
mod sources;
#[cfg(test)]
mod tests;
mod watched;
mod words;

pub use keys::of_key as kinds_by_key;
pub use selectors::SelectorUse;
pub use sources::{Namer, SourceNames, Unread, has_word, is_word};
pub use watched::{Watched, watching_field};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use aho_corasick::AhoCorasick;

use self::context::{Context, Contexts};
use self::place::Place;
use crate::flux::files::At;
use crate::flux::view::View;
use crate::repo::RepoPath;

/// An object by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its kind.
    pub kind: String,
    /// Its namespace; `None` if it has none or it is unknown: then a reference from any namespace
    /// may mean it.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// A place that names an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The file, and the object in it with the name of the other.
    pub at: At,
    /// The line, from 1.
    pub line: usize,
    /// The keys to the text, and the text that means the object: `spec.sourcePVC: plex`. The first
    /// one if there are several on a line.
    pub what: String,
}

impl View {
    /// Where objects are named in the repository, by file and line. `wanted` has the objects, and
    /// for each the places that do not count: its own, and that of the release that creates it.
    ///
    /// This reads every YAML file ([`View::whole`]), and the other files that kustomizations read:
    /// call it once, with all names.
    pub fn mentions(&self, wanted: &BTreeMap<Named, BTreeSet<At>>) -> BTreeMap<Named, Vec<Mention>> {
        if wanted.is_empty() {
            return BTreeMap::new();
        }
        let view = self.whole();
        let contexts = Contexts::of(&view);
        let wanted = Wanted::of(wanted);
        let mut found = Found { at: At::document(&RepoPath::root(), 0), by_name: BTreeMap::new() };
        contexts.each_document(&|text| wanted.may_be_in(text), &mut |at, root, contexts| {
            found.at = at.clone();
            Place::walk(root, &|text| wanted.may_be_in(text), &mut |place| {
                contexts.iter().for_each(|context| wanted.at_place(place, context, &mut found));
            });
        });
        for (path, text) in contexts.other_texts().iter().filter(|(_, text)| wanted.may_be_in(text)) {
            found.at = At::document(path, 0);
            for context in contexts.of_file(path) {
                for (index, line) in text.lines().enumerate() {
                    let text = context.text(line);
                    wanted.in_text(&text, context.namespace(), &found.at.clone(), &mut |named, range| {
                        found.add(named, index + 1, text[range].to_owned());
                    });
                }
            }
        }
        let listed = |lines: Lines| lines.into_iter().map(|((at, line), what)| Mention { at, line, what }).collect();
        found.by_name.into_iter().map(|(named, lines)| (named, listed(lines))).collect()
    }
}

/// The first mention on each line. An alias comes after what it repeats.
type Lines = BTreeMap<(At, usize), String>;

/// The mentions found so far.
struct Found {
    /// The document that is visited.
    at: At,
    by_name: BTreeMap<Named, Lines>,
}

impl Found {
    fn add(&mut self, named: &Named, line: usize, what: String) {
        self.by_name.entry(named.clone()).or_default().entry((self.at.clone(), line)).or_insert(what);
    }
}

/// The objects to search for, by name.
struct Wanted<'w> {
    by_name: HashMap<&'w str, Vec<(&'w Named, &'w BTreeSet<At>)>>,
    /// The names, in the order of the patterns of the finder.
    names: Vec<&'w str>,
    finder: AhoCorasick,
}

impl<'w> Wanted<'w> {
    fn of(wanted: &'w BTreeMap<Named, BTreeSet<At>>) -> Wanted<'w> {
        let mut by_name: HashMap<&str, Vec<_>> = HashMap::new();
        for (named, left_out) in wanted.iter().filter(|(named, _)| !named.name.is_empty()) {
            by_name.entry(&named.name).or_default().push((named, left_out));
        }
        let mut names: Vec<&str> = by_name.keys().copied().collect();
        names.sort_unstable();
        Wanted { finder: AhoCorasick::new(&names).expect("names are few and short"), by_name, names }
    }

    /// Whether a name may be in a text, as it is or once variables, templates and escapes are
    /// replaced.
    fn may_be_in(&self, text: &str) -> bool {
        ["${", "{{", "\\"].iter().any(|mark| text.contains(mark)) || self.finder.is_match(text)
    }

    /// The objects of a name that a document may mention.
    fn named(&self, name: &str, at: &At) -> impl Iterator<Item = &'w Named> + use<'_, 'w> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice).iter();
        let at = at.clone();
        all.filter(move |(_, left_out)| !left_out.contains(&at)).map(|(named, _)| *named)
    }

    /// Adds what one scalar mentions.
    fn at_place(&self, place: &Place<'_>, context: &Context<'_>, found: &mut Found) {
        let Some(text) = place.node.text().map(|text| context.text(text)) else { return };
        let namespace = context.namespace_at(place);
        let at = found.at.clone();
        // Some annotations list several names.
        for name in text.split(',').map(str::trim).filter(|name| self.by_name.contains_key(name)) {
            let Some(reference) = keys::reference(place) else { continue };
            let stated = reference.namespace.map(|namespace| context.text(namespace));
            for named in self.named(name, &at).filter(|named| reference.kinds.contains(&&*named.kind)) {
                if named.may_be_in(stated.as_deref().or(namespace)) {
                    found.add(named, place.line(), format!("{}: {}", place.path(), text.trim()));
                }
            }
        }
        if place.key().is_some_and(keys::is_host) {
            let is_meant = |named: &&Named| named.kind == "Service" && named.may_be_in(namespace);
            for named in self.named(text.trim(), &at).filter(is_meant) {
                found.add(named, place.line(), format!("{}: {}", place.path(), text.trim()));
            }
        }
        self.in_text(&text, namespace, &at, &mut |named, range| {
            let line = place.line_at(&text, range.start);
            found.add(named, line, format!("{}: {}", place.path(), &text[range]));
        });
    }

    /// The Services and accounts that a text names, which arrives in a namespace.
    fn in_text(&self, text: &str, namespace: Option<&str>, at: &At, found: &mut dyn FnMut(&Named, Range<usize>)) {
        for hit in self.finder.find_overlapping_iter(text) {
            for named in self.named(self.names[hit.pattern().as_usize()], at) {
                match named.kind.as_str() {
                    "Service" => {
                        let host = words::service(text, hit.range());
                        let host = host.filter(|host| named.may_be_in(host.namespace.or(namespace)));
                        host.into_iter().for_each(|host| found(named, host.range));
                    }
                    "ServiceAccount" => {
                        let of_account = words::account(text, hit.range());
                        if of_account.is_some_and(|namespace| named.may_be_in(Some(namespace))) {
                            found(named, hit.range());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Named {
    /// Whether this may be in the namespace of a reference; an unknown one may.
    fn may_be_in(&self, namespace: Option<&str>) -> bool {
        match (&self.namespace, namespace) {
            (Some(namespace), Some(meant)) => namespace == meant || meant.contains("${") || meant.contains("{{"),
            _ => true,
        }
    }
}
