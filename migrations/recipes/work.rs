//! A stage at work on a tree: the drafts of its units.

use std::collections::BTreeSet;

use super::RecipeMigration;
use super::built::Built;
use super::documents::{Found, Made, is_whole, subject_of};
use super::effects;
use super::write::written;
use crate::flux::{View, on_all_cores};
use crate::plan::{Draft, Finding, OfRecipe, Subject, UnitId};
use crate::recipe::fields::Tables;
use crate::recipe::{Stage, codes};

/// How many reasons of one unit are listed.
const SHOWN: usize = 20;

/// A stage on a tree.
#[derive(Clone, Copy)]
pub(super) struct Work<'w> {
    pub(super) migration: &'w RecipeMigration,
    pub(super) view: &'w View,
    pub(super) stage: &'w Stage,
    /// The fields of the kinds that the recipe is about.
    pub(super) tables: &'w Tables,
}

impl Work<'_> {
    /// The name of a unit of a stage.
    pub(super) fn id(&self, stage: &str, subject: &Subject) -> UnitId {
        let stage = self.migration.recipe.stage(stage).expect("it is one of its stages");
        UnitId { migration: self.migration.meta.id, step: &stage.name, subject: subject.clone() }
    }

    /// The drafts of all that a stage finds to do.
    pub(super) fn drafts(&self, found: &Found<'_>) -> Vec<Draft> {
        let open: Vec<(&Subject, &Vec<Made<'_>>)> = found.open.iter().collect();
        let texts = || {
            let texts = on_all_cores(&open, |(_, made)| written(self, made).ok().map(|(changes, _)| changes));
            texts.into_iter().flatten().collect()
        };
        let built = Built::of(self, &found.open, texts);
        on_all_cores(&open, |(subject, made)| self.draft(subject, made, &built))
    }

    fn draft(&self, subject: &Subject, made: &[Made<'_>], built: &Built) -> Draft {
        let recipe = self.migration.recipe;
        let files = made.iter().map(|made| made.document.path.clone());
        let mut draft = Draft::new(self.id(&self.stage.name, subject), self.title(made), files);
        let stage: Option<&'static str> = recipe.has_stages.then_some(draft.id.step);
        draft.recipe = Some(OfRecipe { stage, digest: self.migration.digest, batching: recipe.batch });
        let earlier = recipe.stages.iter().take_while(|stage| stage.name != self.stage.name);
        let of_stage = |stage: &Stage| {
            made.iter().map(|made| self.id(&stage.name, &subject_of(recipe, stage, &made.document))).collect::<Vec<_>>()
        };
        draft.needs = earlier.flat_map(of_stage).collect();
        let place = |made: &Made<'_>, finding: Finding| finding.at(made.document.path, made.document.root.line());
        let refused = made.iter().filter_map(|made| Some((made, made.outcome.as_ref().err()?)));
        draft
            .findings
            .extend(refused.map(|(made, refused)| place(made, Finding::error(refused.code, refused.message.clone()))));
        if let (Err(refused), [first, ..]) = (is_whole(self.stage, made), made) {
            draft.findings.push(place(first, Finding::error(refused.code, refused.message)));
        }
        if !draft.findings.is_empty() {
            // One of several says enough, unless each has its own file.
            draft.findings.truncate(if self.stage.together { SHOWN } else { 1 });
            return draft;
        }
        effects::describe(self, made, &mut draft);
        for one in made {
            let reviews = one.outcome.iter().flat_map(|outcome| &outcome.notes.reviews);
            draft.findings.extend(reviews.map(|(code, why)| place(one, Finding::warning(code, why.clone()))));
        }
        built.describe(subject, made, &mut draft);
        if let Some(reason) = &recipe.review {
            let finding = Finding::warning(codes::RECIPE_REVIEW, reason.clone());
            draft.findings.extend(made.first().map(|made| place(made, finding)));
        }
        draft.closed_gates = self.migration.gates.of(self.stage, &clusters_of(made));
        draft
    }

    /// What becomes of the documents, in a few words.
    fn title(&self, made: &[Made<'_>]) -> String {
        const SHOWN: usize = 3;
        if self.stage.together && made.len() > 1 {
            return format!("{} documents: {}", made.len(), self.migration.recipe.summary);
        }
        let changes = made.iter().filter_map(|made| Some((made, made.outcome.as_ref().ok()?)));
        let all: Vec<String> = changes
            .flat_map(|(made, outcome)| {
                made.from.differences(&outcome.value).into_iter().map(|difference| match difference.after {
                    Some(after) => format!("{}: {}", difference.field, after.replace('\n', "\\n")),
                    None => format!("{} removed", difference.field),
                })
            })
            .collect();
        let more = if all.len() > SHOWN { format!(", and {} more", all.len() - SHOWN) } else { String::new() };
        let shown = all.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
        let comment = made.iter().filter_map(|made| made.outcome.as_ref().ok()?.notes.headers.first()).next();
        if let Some(header) = comment.filter(|_| shown.is_empty()) {
            return format!("schema comment: {}", header.url);
        }
        if shown.is_empty() { self.migration.recipe.summary.clone() } else { format!("{shown}{more}") }
    }
}

/// The clusters that apply some documents.
pub(super) fn clusters_of(made: &[Made<'_>]) -> BTreeSet<String> {
    let name = |made: &Made<'_>| {
        let graph = made.document.view.graph();
        made.document.reaches().map(|reach| graph.clusters[reach.cluster].name.clone()).collect::<Vec<_>>()
    };
    made.iter().flat_map(name).collect()
}
