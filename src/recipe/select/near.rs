//! What a document has instead of what a condition asks for: names, labels, files, fields. Where a
//! condition leaves nothing, one of these is most likely what was meant.

use super::{Check, Document, Labels, Selector, Stated, Test};
use crate::flux::{Reach, Value, group_of};
use crate::recipe::path::Path;
use crate::recipe::pattern::{Pattern, Patterns};

/// What a condition asks for, and what a document has there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instead {
    /// The text that the condition has.
    pub wanted: String,
    /// The one that the document has.
    pub found: String,
}

impl Selector {
    /// What a document has instead of what a condition asks for. Nothing of conditions about versions
    /// and variables, which ask for no text.
    pub fn instead(&self, condition: &str, document: &Document<'_>, value: &Value) -> Vec<Instead> {
        let reaches: Vec<&Reach> = document.reaches().collect();
        let graph = document.view.graph();
        let named = |reach: Option<&Reach>| {
            let (name, namespace) = document.name(reach);
            (name.into_owned(), namespace.into_owned())
        };
        let names = || reaches.iter().map(|reach| named(Some(reach))).chain([named(None)]).collect::<Vec<_>>();
        match condition {
            "kind" => {
                let object = document.object.map(|object| (&object.kind, group_of(&object.api_version)));
                let own =
                    object.map(|(kind, group)| format!("{kind}.{}", if group.is_empty() { "core" } else { group }));
                pairs(self.kinds.iter().map(ToString::to_string), own)
            }
            "name" => pairs(texts(self.name.as_ref()), names().into_iter().map(|(name, _)| name)),
            "namespace" => pairs(texts(self.namespace.as_ref()), names().into_iter().map(|(_, namespace)| namespace)),
            "labels" => of_labels(self.labels.as_ref(), value.at(&["metadata", "labels"])),
            "annotations" => of_labels(self.annotations.as_ref(), value.at(&["metadata", "annotations"])),
            "file" => {
                let globs = self.files.iter().flat_map(|files| files.texts()).map(str::to_owned);
                pairs(globs, [document.path.to_string()])
            }
            "cluster" => {
                let clusters = reaches.iter().map(|reach| graph.clusters[reach.cluster].name.clone());
                pairs(self.clusters.iter().cloned(), clusters)
            }
            "rendered-by" => {
                let kustomizations = reaches.iter().map(|reach| &graph.kustomizations[reach.kustomization]);
                let names = kustomizations.flat_map(|one| [one.name.clone(), one.full_name()]);
                pairs(texts(self.rendered_by.as_ref()), names)
            }
            "chart" | "runs" => {
                let chart = self.chart.as_ref().map(|chart| &chart.name);
                let chart = chart.or_else(|| self.runs.as_ref().and_then(|runs| runs.chart.as_ref()));
                let stated = Stated::of(document, value, reaches.first().copied()).and_then(|stated| stated.name);
                pairs(chart.map(|chart| chart.text().to_owned()), stated)
            }
            "where" => self
                .all
                .iter()
                .filter(|test| !test.holds(value, Some(document)))
                .flat_map(|test| of_test(test, value))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// A key that a value has instead of one of a path that it has not: beside where it would be, as paths.
pub fn instead_of_path(path: &Path, value: &Value) -> Vec<Instead> {
    let deepest = path.deepest(value).unwrap_or_default();
    let beside = deepest.iter().filter_map(|(place, keys)| Some((place, keys.first()?)));
    let all = beside.flat_map(|(place, key)| {
        let there = place.of(value).map_or(&[][..], Value::entries);
        there
            .iter()
            .map(|(other, _)| Instead { wanted: place.key(key).to_string(), found: place.key(other).to_string() })
    });
    all.collect()
}

fn of_test(test: &Test, value: &Value) -> Vec<Instead> {
    let wanted: Vec<String> = match &test.check {
        Check::Equals(value) => vec![value.shown()],
        Check::In(all) => all.iter().map(Value::shown).collect(),
        Check::Matches(pattern) => vec![pattern.text().to_owned()],
        Check::Present => return instead_of_path(&test.path, value),
        Check::Absent | Check::Comment(_) => return Vec::new(),
    };
    let hits = test.path.all_values(value);
    if hits.is_empty() {
        return instead_of_path(&test.path, value);
    }
    pairs(wanted, hits.into_iter().filter(|hit| hit.text().is_some()).map(Value::shown))
}

fn of_labels(labels: Option<&Labels>, there: Option<&Value>) -> Vec<Instead> {
    let Some(labels) = labels else { return Vec::new() };
    let entries = there.map_or(&[][..], Value::entries);
    let found = |wanted: &str| {
        let with_value = wanted.contains('=');
        let one = |(key, value): &(String, Value)| match with_value {
            true => format!("{key}={}", value.text().unwrap_or_default()),
            false => key.clone(),
        };
        entries.iter().map(one).collect::<Vec<_>>()
    };
    labels
        .wanted()
        .into_iter()
        .flat_map(|wanted| {
            let found = found(&wanted);
            pairs([wanted], found)
        })
        .collect()
}

fn texts(patterns: Option<&Patterns>) -> impl Iterator<Item = String> {
    patterns.into_iter().flat_map(Patterns::wanted).map(Pattern::text).map(str::to_owned)
}

fn pairs(wanted: impl IntoIterator<Item = String>, found: impl IntoIterator<Item = String>) -> Vec<Instead> {
    let found: Vec<String> = found.into_iter().filter(|found| !found.is_empty()).collect();
    let of = |wanted: String| {
        found.iter().map(move |found| Instead { wanted: wanted.clone(), found: found.clone() }).collect::<Vec<_>>()
    };
    wanted.into_iter().flat_map(of).collect()
}
