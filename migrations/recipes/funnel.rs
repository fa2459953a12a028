//! How many documents there are, and how many each condition leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::documents::{Extent, asked};
use crate::flux::{Value, View};
use crate::plan::{self, Count};
use crate::recipe::select::{Answer, Document, Instead, Select};
use crate::recipe::{Recipe, Stage};
use crate::text::nearest;

/// The conditions in the order in which they are asked.
const ORDER: [&str; 20] = [
    "param",
    "in",
    "kind",
    "file",
    "api-version",
    "reached",
    "renders",
    "variables",
    "where",
    "unless",
    "name",
    "namespace",
    "labels",
    "annotations",
    "cluster",
    "rendered-by",
    "flux",
    "chart",
    "runs",
    NOT_KNOWN,
];

/// What leaves out documents of which it is not known whether they are meant.
const NOT_KNOWN: &str = "what is known";

/// How many of what is there instead are named.
const SHOWN: usize = 3;

/// How many documents there are, and how many each condition leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Funnel {
    /// Those of a kind that is asked for; all, if none is.
    pub(super) all: usize,
    /// How many each condition left out.
    left_out: BTreeMap<&'static str, usize>,
}

impl Funnel {
    /// Counts a document.
    pub(super) fn count(&mut self, answer: &Answer) {
        self.all += 1;
        let condition = match answer {
            Answer::No(condition) => condition,
            Answer::NotKnown(_) => NOT_KNOWN,
            Answer::Yes | Answer::InPart(_) | Answer::Shared(_) => return,
        };
        *self.left_out.entry(condition).or_default() += 1;
    }

    /// How many are left by all conditions.
    pub(super) fn selected(&self) -> usize {
        self.all - self.left_out.values().sum::<usize>()
    }

    /// The numbers, from all of something on.
    fn counts(&self, of_what: &str) -> Vec<Count> {
        let mut counts = vec![Count { number: self.all, what: of_what.to_owned() }];
        let mut number = self.all;
        for condition in ORDER {
            if let Some(out) = self.left_out.get(condition) {
                number -= out;
                let what = if condition == NOT_KNOWN { format!("by {condition}") } else { format!("by `{condition}`") };
                counts.push(Count { number, what });
            }
        }
        counts
    }

    /// The numbers as a plan shows them.
    pub(super) fn shown(&self, recipe: &'static Recipe, stage: &'static Stage, to_change: usize) -> plan::Funnel {
        let mut counts = self.counts(&what(recipe, stage, self.all));
        counts.push(Count { number: to_change, what: "to change".to_owned() });
        plan::Funnel { stage: recipe.has_stages.then_some(&*stage.name), counts }
    }

    /// The numbers as a sentence about what is wrong shows them.
    pub(super) fn sentence(&self, recipe: &Recipe, stage: &Stage) -> String {
        plan::Funnel { stage: None, counts: self.counts(&what(recipe, stage, self.all)) }.to_string()
    }

    /// The condition that leaves nothing; `None` if something is left.
    fn emptied_by(&self) -> Option<&'static str> {
        if self.all == 0 {
            return Some("kind");
        }
        let last = ORDER.into_iter().rfind(|condition| self.left_out.contains_key(condition));
        last.filter(|_| self.selected() == 0)
    }
}

/// What is counted: the kind, if there is only one.
fn what(recipe: &Recipe, stage: &Stage, all: usize) -> String {
    let kinds = [&stage.select, &recipe.select].into_iter().find_map(Select::words);
    let kinds: BTreeSet<&str> = kinds.into_iter().flatten().collect();
    match kinds.into_iter().collect::<Vec<_>>()[..] {
        [one] if all == 1 => one.to_owned(),
        [one] => plural(one),
        _ if all == 1 => "document".to_owned(),
        _ => "documents".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    let is_vowel = |c: char| "aeiou".contains(c);
    match kind.strip_suffix('y').filter(|stem| !stem.ends_with(is_vowel)) {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with(['s', 'x']) => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

/// The condition of some selections that leaves nothing of what a stage looks at, with what is there
/// instead; `None` if something is left.
pub(super) fn nothing_left(extent: &Extent<'_>, selects: &[&Select], view: &View) -> Option<String> {
    let mut funnel = Funnel::default();
    let mut left_out = Vec::new();
    for (document, value) in looked_at(extent, view) {
        let answer = asked(selects, &document, &value);
        funnel.count(&answer);
        if let Answer::No(condition) = answer {
            left_out.push((condition, document, value));
        }
    }
    let condition = funnel.emptied_by()?;
    if funnel.all == 0 {
        let others = view.files().flat_map(|(path, _)| Document::objects(view, path));
        left_out.extend(others.filter_map(|document| Some((condition, document, document.value()?))));
    }
    let by_it = left_out.iter().filter(|(other, ..)| *other == condition);
    let instead = by_it.flat_map(|(_, document, value)| {
        let selectors = selects.iter().flat_map(|select| &select.0);
        selectors.flat_map(|one| one.instead(condition, document, value)).collect::<Vec<_>>()
    });
    let near = near(instead);
    Some(format!("`{condition}` leaves nothing{near}"))
}

/// What a stage looks at, before its own conditions.
pub(super) fn looked_at<'v>(extent: &Extent<'_>, view: &'v View) -> Vec<(Document<'v>, Value)> {
    let documents = extent.documents(view).into_iter();
    documents
        .filter(|document| extent.is_of_kind(document))
        .filter_map(|document| Some((document, document.value()?)))
        .collect()
}

/// What is most like what is wanted, as the end of a sentence; if nothing is and there is little, all.
pub(super) fn near(instead: impl IntoIterator<Item = Instead>) -> String {
    let mut by_wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Instead { wanted, found } in instead {
        by_wanted.entry(wanted).or_default().insert(found);
    }
    let meant = by_wanted.iter().find_map(|(wanted, found)| {
        nearest(wanted, found.iter().filter(|found| *found != wanted).map(|found| (found.as_str(), found)))
    });
    let all: BTreeSet<&String> = by_wanted.values().flatten().collect();
    match meant {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if all.is_empty() || all.len() > SHOWN => String::new(),
        None => format!("; there is {}", all.iter().map(|found| format!("`{found}`")).collect::<Vec<_>>().join(", ")),
    }
}
