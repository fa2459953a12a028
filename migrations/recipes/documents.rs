//! The documents that a stage is about, with what it makes of each.

use std::collections::{BTreeMap, BTreeSet};

use super::funnel::Funnel;
use super::{RecipeMigration, file_of, patches};
use crate::flux::{Value, View, is_kustomization_file, on_all_cores};
use crate::plan::author::subject;
use crate::plan::{Finding, Subject};
use crate::recipe::select::{Answer, Document, Files, Select, Selector, Where, is_only_patch, restated};
use crate::recipe::stage::{Outcome, refusal, run};
use crate::recipe::verb::{Refused, Seen, ToNewest, Verb, layout_stays};
use crate::recipe::{Recipe, Stage};
use crate::repo::RepoPath;

/// Where the program keeps what is its own: nothing there is looked at.
pub(super) const OWN: &str = ".flux-codemod";

/// What every file has that states patches: the end of the names of their lists.
const PATCHES: &str = "patches";

/// A document with what a stage makes of it.
pub(super) struct Made<'v> {
    pub(super) document: Document<'v>,
    pub(super) from: Value,
    pub(super) outcome: Result<Outcome, Refused>,
}

impl Made<'_> {
    /// Whether there is something to do, or something in the way.
    pub(super) fn is_open(&self) -> bool {
        self.outcome.as_ref().map_or(true, |outcome| {
            let notes = &outcome.notes;
            !outcome.changed_by.is_empty() || !notes.comments.is_empty() || !notes.headers.is_empty()
        })
    }
}

/// The documents with something to do, by what their units are about.
pub(super) type Open<'v> = BTreeMap<Subject, Vec<Made<'v>>>;

/// What a stage finds in a tree.
#[derive(Default)]
pub(super) struct Found<'v> {
    /// The documents with something to do, by what their units are about.
    pub(super) open: Open<'v>,
    /// How many documents there are that may be meant, and how many are left by each condition.
    pub(super) funnel: Funnel,
    /// What each step has seen in all of them.
    pub(super) seen: Vec<Seen>,
    /// Documents of which it is not known whether they are meant, with the reason.
    pub(super) not_known: BTreeSet<(String, String)>,
    /// What is to be said of documents, whether they change or not.
    pub(super) remarks: Vec<Finding>,
}

impl<'v> Found<'v> {
    /// What a stage finds.
    pub(super) fn of(migration: &RecipeMigration, view: &'v View, stage: &Stage) -> Found<'v> {
        let extent = Extent::of(migration, stage);
        let mut found = Found { seen: vec![Seen::default(); stage.steps.len()], ..Found::default() };
        let looked_at = on_all_cores(&extent.documents(view), |document| Looked::at(*document, &extent, stage));
        for looked in looked_at.into_iter().flatten() {
            found.take(looked, extent.recipe, stage);
        }
        found
    }

    fn take(&mut self, looked: Looked<'v>, recipe: &Recipe, stage: &Stage) {
        let Looked { document, from, answer, outcome } = looked;
        self.funnel.count(&answer);
        if let Answer::NotKnown(why) = &answer {
            self.not_known.insert((place_of(&document), why.clone()));
        }
        let Some(outcome) = outcome else { return };
        if outcome.is_err() {
            // What is in the way of a step is what it is about.
            self.seen.iter_mut().for_each(|seen| seen.state = true);
        }
        if let Ok(outcome) = &outcome {
            for (all, seen) in self.seen.iter_mut().zip(&outcome.seen) {
                let Some(seen) = seen else { continue };
                *all = all.or(*seen);
            }
            let remarks = outcome.notes.remarks.iter();
            self.remarks.extend(
                remarks.map(|(code, message)| {
                    Finding::note(code, message.clone()).at(document.path, document.root.line())
                }),
            );
            self.not_known.extend(outcome.not_known.iter().map(|why| (place_of(&document), why.clone())));
        }
        let made = Made { document, from, outcome };
        if made.is_open() {
            self.open.entry(subject_of(recipe, stage, &made.document)).or_default().push(made);
        }
    }
}

/// A document of a kind that a stage asks for.
struct Looked<'v> {
    document: Document<'v>,
    from: Value,
    /// Whether it is selected.
    answer: Answer,
    /// What the stage makes of it, if it is.
    outcome: Option<Result<Outcome, Refused>>,
}

impl<'v> Looked<'v> {
    fn at(document: Document<'v>, extent: &Extent<'_>, stage: &Stage) -> Option<Looked<'v>> {
        let (answer, from) = extent.ask(&document)?;
        let outcome = match &answer {
            Answer::Yes => Some(made(stage, &document, &from)),
            Answer::No(_) | Answer::NotKnown(_) => None,
            // It counts only if there would be something to do.
            Answer::InPart(_) | Answer::Shared(_) => {
                let has_something =
                    made(stage, &document, &from).map_or(true, |outcome| !outcome.changed_by.is_empty());
                refusal(&answer).filter(|_| has_something).map(Err)
            }
        };
        // Most are not selected, and their values would be kept for nothing.
        let from = if outcome.is_some() { from } else { Value::Null };
        Some(Looked { document, from, answer, outcome })
    }
}

/// What a stage makes of a document that it selects.
///
/// # Errors
/// Why it cannot be, or cannot be written.
pub(super) fn made(stage: &Stage, document: &Document<'_>, from: &Value) -> Result<Outcome, Refused> {
    let outcome = run(stage, document, from)?;
    if let Some(item) = document.generator.and_then(|_| Value::of(document.root)) {
        restated(&item, from, &outcome.value)?;
    }
    if document.patch.is_none() && document.generator.is_none() {
        layout_stays(document.root, (from, &outcome.value), &outcome.notes.kept)?;
    }
    if document.patch.is_some() && !outcome.changed_by.is_empty() {
        patches::is_possible(document, from, &outcome.value)?;
    }
    Ok(outcome)
}

/// The YAML files that generators read.
fn inputs(view: &View) -> impl Iterator<Item = &RepoPath> {
    view.kustomizations().flat_map(move |kustomization| {
        let dir = kustomization.dir();
        let inputs = kustomization.generators.iter().flat_map(|generator| generator.inputs());
        inputs.filter_map(move |input| view.path(&dir.join(input)?))
    })
}

fn place_of(document: &Document<'_>) -> String {
    format!("{}:{}", document.path, document.root.line())
}

/// What the unit of a document is about.
pub(super) fn subject_of(recipe: &Recipe, stage: &Stage, document: &Document<'_>) -> Subject {
    if stage.together {
        return Subject::Whole { recipe: file_of(&recipe.name) };
    }
    if let Some(subject) = of_version(stage, document) {
        return subject;
    }
    if let Some(entry) = document.patch {
        return match entry.owner() {
            Some(object) => subject(document.view, object),
            None if is_kustomization_file(document.path) => Subject::consumer(document.path),
            None => Subject::File { path: document.path.clone() },
        };
    }
    if let Some(generator) = document.generator {
        let namespace = generator.namespace.as_deref().unwrap_or_default();
        return Subject::object(generator.kind, namespace, &generator.name, document.path);
    }
    match document.object {
        Some(_) if is_kustomization_file(document.path) => Subject::consumer(document.path),
        Some(object) if !object.name.is_empty() => subject(document.view, object),
        _ => Subject::File { path: document.path.clone() },
    }
}

/// What the unit of a document is about where its API version changes and patches find it by that: the
/// file of the patches whose targets change with it, else the object that a patch names.
fn of_version(stage: &Stage, document: &Document<'_>) -> Option<Subject> {
    let newest = to_newest(stage)?;
    if document.patch.is_some_and(|entry| entry.is_target()) {
        return Some(Subject::File { path: document.path.clone() });
    }
    let named = document.patch.and_then(|_| document.named_objects().into_iter().next());
    if let Some(path) = newest.moves_with(named.as_ref().unwrap_or(document)) {
        return Some(Subject::File { path });
    }
    Some(subject(document.view, named?.object?))
}

/// Sees that what a unit changes is all that has to change together.
///
/// # Errors
/// What is missing.
pub(super) fn is_whole(stage: &Stage, made: &[Made<'_>]) -> Result<(), Refused> {
    let open: Vec<&Document<'_>> = made.iter().filter(|one| one.is_open()).map(|one| &one.document).collect();
    to_newest(stage).map_or(Ok(()), |newest| newest.is_whole(&open))
}

fn to_newest(stage: &Stage) -> Option<&ToNewest> {
    stage.steps.iter().find_map(|step| if let Verb::ApiVersion(newest) = &step.verb { Some(newest) } else { None })
}

/// Where a stage looks.
pub(super) struct Extent<'r> {
    recipe: &'r Recipe,
    selects: Vec<&'r Select>,
    steps: Vec<(Option<Vec<&'r str>>, Option<&'r str>)>,
    reaches_others: bool,
    reaches_generated: bool,
    reaches_patches: bool,
    reaches_targets: bool,
    of_settings: Select,
}

impl<'r> Extent<'r> {
    pub(super) fn of(migration: &'r RecipeMigration, stage: &'r Stage) -> Extent<'r> {
        let recipe: &Recipe = migration.recipe;
        let steps = stage.steps.iter().map(|step| (step.select.words(), step.verb.anywhere()));
        let settings = migration.settings.as_ref();
        let files = settings.filter(|settings| !settings.files.is_empty());
        let files = files.and_then(|settings| Files::parse(settings.files.iter().map(String::as_str)).ok());
        let clusters = settings.map(|settings| settings.clusters.iter().cloned().collect()).unwrap_or_default();
        let looks_in =
            |places: &[Where]| stage.steps.iter().flat_map(|step| &step.places).any(|place| places.contains(place));
        Extent {
            recipe,
            selects: vec![&recipe.select, &stage.select],
            steps: steps.collect(),
            reaches_others: stage
                .steps
                .iter()
                .any(|step| step.verb.anywhere().is_some() || matches!(step.verb, Verb::SchemaComment(_))),
            reaches_generated: looks_in(&[Where::Generated]),
            reaches_patches: looks_in(&[Where::Patches, Where::Json6902]),
            reaches_targets: to_newest(stage).is_some_and(|newest| newest.in_patches),
            of_settings: Select(vec![Selector { files, clusters, ..Selector::default() }]),
        }
    }

    /// The documents of which it may be about some.
    pub(super) fn documents<'v>(&self, view: &'v View) -> Vec<Document<'v>> {
        self.files(view).into_iter().flat_map(|path| self.documents_of(view, path)).collect()
    }

    /// Those of a file.
    pub(super) fn documents_of<'v>(&self, view: &'v View, path: &'v RepoPath) -> Vec<Document<'v>> {
        let mut documents = Vec::new();
        if path.as_str().split('/').next() == Some(OWN) || view.barred(path).is_some() {
            return documents;
        }
        // A file that is a patch is an object for those alone that look everywhere.
        if self.reaches_others || !is_only_patch(view, path) {
            documents.extend(Document::objects(view, path));
        }
        if self.reaches_patches {
            documents.extend(Document::patches(view, path));
        }
        if self.reaches_targets {
            documents.extend(Document::targets(view, path));
        }
        if self.reaches_generated {
            documents.extend(Document::generated(view, path));
            documents.extend(Document::data(view, path).into_iter().filter(|_| !self.reaches_others));
        }
        if self.reaches_others {
            documents.extend(Document::others(view, path));
        }
        documents
    }

    /// The files that have a word which they must have.
    fn files<'v>(&self, view: &'v View) -> BTreeSet<&'v RepoPath> {
        let with = |words: BTreeSet<&str>| {
            let files = words.into_iter().flat_map(|word| view.files_with(word)).map(|(path, _)| path);
            let mut files: BTreeSet<&RepoPath> = files.collect();
            if self.reaches_patches {
                files.extend(view.files_with(PATCHES).map(|(path, _)| path));
                files.extend(view.patch_files().iter().filter(|path| view.path(path).is_some()));
            }
            if self.reaches_generated {
                files.extend(inputs(view));
            }
            files
        };
        if let Some(words) = self.selects.iter().find_map(|select| select.words()) {
            return with(words.into_iter().collect());
        }
        let words: Option<Vec<Vec<&str>>> = self
            .steps
            .iter()
            .map(|(kinds, anywhere)| {
                kinds.clone().or_else(|| anywhere.filter(|word| !word.is_empty()).map(|word| vec![word]))
            })
            .collect();
        match words {
            Some(words) => with(words.into_iter().flatten().collect()),
            None => view.files().map(|(path, _)| path).collect(),
        }
    }

    /// Whether a document is of a kind that is asked for.
    pub(super) fn is_of_kind(&self, document: &Document<'_>) -> bool {
        let is_of = |select: &&Select| select.kinds().is_none_or(|kinds| kinds.iter().any(|kind| document.is_of(kind)));
        self.selects.iter().all(is_of)
    }

    /// The conditions of settings, recipe and stage, which hold together.
    pub(super) fn conditions(&self) -> Vec<&Select> {
        [&self.of_settings].into_iter().chain(self.selects.iter().copied()).collect()
    }

    /// Whether recipe, stage and settings select a document, with its value. `None` if it is of
    /// another kind than is asked for, or too large to be meant.
    pub(super) fn ask(&self, document: &Document<'_>) -> Option<(Answer, Value)> {
        if !self.is_of_kind(document) {
            return None;
        }
        let value = document.value()?;
        Some((asked(&self.conditions(), document, &value), value))
    }
}

/// Whether conditions that hold together select a document.
pub(super) fn asked(selects: &[&Select], document: &Document<'_>, value: &Value) -> Answer {
    selects.iter().fold(Answer::Yes, |answer, select| answer.and(|| select.ask(document, value)))
}
