//! All annotations of an entry, each with its fate.

use std::collections::BTreeMap;

use super::{Change, Entry, Fate, Note, PathMatch, Refusal, RefusalKind, RouteRule, fate};
use crate::flux::Value;

/// All annotations of an entry, each with its one fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The key, the value and the fate of each, in their order.
    pub lines: Vec<(String, String, Fate)>,
}

/// What annotations change in the rules of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Hosts besides those of the entry.
    pub hosts: Vec<String>,
    /// Filters of all rules.
    pub filters: Vec<Value>,
    /// The paths, in the order of the entry, each with its filter; `None` if they stay.
    pub paths: Option<Vec<(PathMatch, Value)>>,
    /// A rule before the others.
    pub first: Option<RouteRule>,
    /// Whether a filter redirects: then rules have no backend.
    pub replaces_backend: bool,
}

impl Ledger {
    /// Gives each annotation its fate.
    pub fn of(entry: &Entry<'_>) -> Ledger {
        let line = |(key, value): &(String, String)| (key.clone(), value.clone(), fate(key, value, entry));
        Ledger { lines: entry.annotations.iter().map(line).collect() }
    }

    fn fates(&self) -> impl Iterator<Item = &Fate> {
        self.lines.iter().map(|(_, _, fate)| fate)
    }

    /// What has no equal.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.fates().filter_map(|fate| match fate {
            Fate::Refused(refusal) => Some(refusal),
            _ => None,
        })
    }

    /// What is different.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.fates().filter_map(|fate| match fate {
            Fate::Moved(note) | Fate::Gone(note) => note.as_ref(),
            Fate::Listed { note, .. } => Some(note),
            _ => None,
        })
    }

    /// Whether somebody must look. Middlewares say it themselves.
    pub fn wants_review(&self) -> bool {
        self.fates().any(|fate| match fate {
            Fate::Listed { review, .. } => *review,
            Fate::Gone(Some(note)) => note.kind.wants_review(),
            Fate::Becomes(_) | Fate::Authentication { .. } | Fate::Limit => true,
            _ => false,
        })
    }

    /// What a route has with the new object: the annotations that are kept, with their keys there.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|(key, value, fate)| match fate {
            Fate::Kept | Fate::OnGateway { stays: true } => Some((key.as_str(), value.as_str())),
            Fate::KeptAs(new) => Some((new.as_str(), value.as_str())),
            _ => None,
        })
    }

    /// The keys that move when the entry is cut.
    pub fn moved(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|(_, _, fate)| matches!(fate, Fate::Moved(_))).map(|(key, _, _)| key.as_str())
    }

    /// How many annotations have each fate.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        self.fates().for_each(|fate| *counts.entry(fate.name()).or_default() += 1);
        counts
    }

    /// What annotations change in the rules.
    ///
    /// # Errors
    /// If two of them need filters that one rule cannot have together.
    pub fn changes(&self) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        for fate in self.fates() {
            let Fate::Becomes(change) = fate else { continue };
            match change.clone() {
                Change::Filter(filter) => changes.filters.push(filter),
                Change::Paths(paths) => changes.paths = Some(paths),
                Change::Rule(rule) => changes.first = Some(rule),
                Change::Hosts(hosts) => changes.hosts.extend(hosts),
            }
        }
        if changes.filters.len() + usize::from(changes.paths.is_some()) > 1 {
            let message = "a rule has one redirection or one rewrite; annotations of nginx ask for several";
            return Err(Refusal::new(RefusalKind::AnnotationNotKnown, message));
        }
        let redirects = |filter: &Value| filter.text_at(&["type"]) == Some("RequestRedirect");
        changes.replaces_backend = changes.filters.iter().any(redirects);
        Ok(changes)
    }
}

impl Fate {
    /// The name of the fate, as counts have it.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::OnGateway { .. } => "on the Gateway",
            Fate::Kept | Fate::KeptAs(_) => "kept",
            Fate::Moved(_) => "moved",
            Fate::Gone(_) => "gone",
            Fate::Used | Fate::Priority(_) => "used",
            Fate::Listed { .. } => "listed",
            Fate::Middlewares(_) | Fate::Becomes(_) => "filters",
            Fate::Authentication { .. } => "authentication",
            Fate::Limit => "limits",
            Fate::Refused(_) => "refused",
        }
    }
}
