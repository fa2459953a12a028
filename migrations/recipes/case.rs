//! Tests of a recipe: the files before, and what they become. Everything is in memory; gates are
//! open unless a case says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::{Gates, Origin, RecipeMigration};
use crate::config::{ConfigError, INVALID_VALUE, Keys, Mistake, Settings, WRONG_TYPE};
use crate::flux::{FluxVersion, Followed, FollowedBranch, Following, Position, States, Value, View};
use crate::plan::{LandError, Migration, Severity, Unit, land, plan};
use crate::recipe::language::{Known, read};
use crate::repo::{Memory, RepoPath};
use crate::text::hunks;
use crate::yaml::{self, Edit, Fate, Kind, New, Node, Stream};

/// A case of a recipe.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    stage: Option<String>,
    with: Vec<(String, Value)>,
    before: BTreeMap<String, String>,
    /// The files that are others afterwards; `None` if it says nothing about them.
    after: Option<BTreeMap<String, String>>,
    refused: BTreeSet<String>,
    closed: bool,
    /// The Flux of clusters, as their branches would state it.
    flux: BTreeMap<String, FluxVersion>,
}

/// What came of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseResult {
    /// What is not as it should be, each in a few lines; none if it passes.
    pub wrong: Vec<String>,
    /// The files that the recipe changed, as they are then.
    pub changed: BTreeMap<String, String>,
}

/// Reads the cases of a recipe.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong in the file.
pub fn cases(file: &str, text: &str) -> Result<Vec<Case>, ConfigError> {
    let failed = |mistakes: Vec<Mistake>| ConfigError { file: file.to_owned(), text: text.into(), mistakes };
    let stream = Stream::sound(text).map_err(|error| failed(vec![error.into()]))?;
    let Some(root) = stream.documents().next().filter(|root| root.kind() == Kind::Sequence) else {
        let help = "write `- {name: ..., before: {PATH: TEXT}, after: {PATH: TEXT}}`".to_owned();
        let message = "the file is no list of cases".to_owned();
        return Err(failed(vec![Mistake { code: WRONG_TYPE, message, help, range: 0..0 }]));
    };
    let mut mistakes = Vec::new();
    let cases: Vec<Option<Case>> =
        root.items().map(|item| Keys::of(item, "a case", &mut mistakes, |keys| case(keys, item))).collect();
    if mistakes.is_empty() { Ok(cases.into_iter().flatten().collect()) } else { Err(failed(mistakes)) }
}

fn case<'s>(keys: &mut Keys<'_, 's>, node: Node<'s>) -> Option<Case> {
    let name = keys.text("name").map(|(name, _)| name.to_owned());
    if name.is_none() && !keys.has("name") {
        keys.missing("name", "a release is changed");
    }
    let with = keys.value("with").and_then(Value::of).map(|with| with.entries().to_vec()).unwrap_or_default();
    let stage = keys.text("stage").map(|(stage, _)| stage.to_owned());
    let before = keys.value("before").map(|node| files(keys, node));
    if before.is_none() && !keys.has("before") {
        keys.missing("before", "{apps/plex.yaml: \"...\"}");
    }
    let after = keys.value("after").map(|node| match node.text() {
        Some("same") => BTreeMap::new(),
        Some(other) => {
            let help = "write `same`, or the files that change";
            keys.mistake(INVALID_VALUE, node, format!("`after` cannot be `{other}`"), help);
            BTreeMap::new()
        }
        None => files(keys, node),
    });
    let refused: BTreeSet<String> =
        keys.texts("refused").into_iter().flatten().map(|(code, _)| code.to_owned()).collect();
    if after.is_none() && refused.is_empty() && !keys.has("after") && !keys.has("refused") {
        let help = "add `after`, `after: same` or `refused: [CODE]`; `--update` writes `after`";
        keys.mistake(INVALID_VALUE, node, "the case expects nothing".to_owned(), help);
    }
    let flux = keys.value("flux").map(|node| keys.nested(node, "`flux`", versions));
    let closed = keys.one_of("gates", &[("open", false), ("closed", true)]);
    Some(Case { name: name?, stage, with, before: before?, after, refused, closed, flux: flux.unwrap_or_default() })
}

fn versions(keys: &mut Keys<'_, '_>) -> BTreeMap<String, FluxVersion> {
    let mut versions = BTreeMap::new();
    for (cluster, _, node) in keys.all() {
        match node.text().and_then(FluxVersion::parse) {
            Some(version) => {
                versions.insert(cluster.to_owned(), version);
            }
            None => {
                let message = format!("`{}` is no version of Flux", node.text().unwrap_or_default());
                keys.mistake(INVALID_VALUE, node, message, "write it as `2.6.4`");
            }
        }
    }
    versions
}

fn files<'s>(keys: &mut Keys<'_, 's>, node: Node<'s>) -> BTreeMap<String, String> {
    keys.nested(node, "files", |keys| {
        let all = keys.all().into_iter();
        all.map(|(path, _, text)| (path.to_owned(), text.text().unwrap_or_default().to_owned())).collect()
    })
}

/// Runs a case of a recipe. `file` and `text` are those of the recipe.
///
/// # Errors
/// [`ConfigError`] if the recipe cannot be read with the parameters of the case; [`LandError`] as an
/// own message.
pub fn run(file: &str, text: &str, case: &Case) -> Result<CaseResult, ConfigError> {
    let recipe = read(file, text, &Known { with: &case.with, ..Known::NOTHING })?;
    let mut result = CaseResult::default();
    let has_stage = |stage: &String| recipe.stage(stage).is_some();
    if let Some(stage) = case.stage.as_ref().filter(|stage| !has_stage(stage)) {
        result.wrong.push(format!("the recipe has no stage `{stage}`"));
        return Ok(result);
    }
    let gates = if case.closed { Gates::default() } else { Gates::open() };
    let migration =
        RecipeMigration::new(recipe, Origin::Given(file.to_owned()), None, BTreeSet::new()).with_gates(gates);
    match tried(&migration, case) {
        Ok((codes, changed, again)) => {
            result.compare(case, &codes, again);
            result.wrong.extend(case.after.iter().flat_map(|after| differing(&case.before, after, &changed)));
            result.changed = changed;
        }
        Err(error) => result.wrong.push(error),
    }
    Ok(result)
}

/// The text of a file of cases, with what recipes made in the cases that say what is after; `None`
/// if nothing changes.
///
/// # Errors
/// If the layout of the file does not allow it.
pub fn updated(text: &str, results: &[CaseResult]) -> Result<Option<String>, yaml::Error> {
    let stream = Stream::parse(text)?;
    let mut edit = Edit::of(&stream);
    let items: Vec<Node<'_>> = stream.documents().next().into_iter().flat_map(Node::items).collect();
    for (item, result) in items.into_iter().zip(results).filter(|(_, result)| !result.wrong.is_empty()) {
        let Some(after) = item.get("after") else { continue };
        let files = result.changed.iter().map(|(path, text)| (path.clone(), New::Text(text.clone())));
        let new = if result.changed.is_empty() { New::string("same") } else { New::mapping(files) };
        edit.set(after, &new, |_| Fate::Dropped("it is written again".to_owned()))?;
    }
    if edit.is_empty() {
        return Ok(None);
    }
    Ok(edit.finish()?.splices.apply(text).ok())
}

/// The codes of what is refused, the files that change, and what a second run would change.
type Tried = (BTreeSet<String>, BTreeMap<String, String>, Vec<String>);

fn tried(migration: &dyn Migration, case: &Case) -> Result<Tried, String> {
    let shown = |error: LandError| error.to_string();
    let tree = Memory::tree(case.before.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let view = case.following(View::of(tree).map_err(|error| error.to_string())?)?;
    let settings = Settings::default();
    let is_meant = |unit: &&Unit| case.stage.as_deref().is_none_or(|stage| unit.id.step == stage);
    let planned = plan(&view, &[migration], &settings, None).map_err(shown)?;
    let findings = planned.units.iter().filter(is_meant).flat_map(|unit| &unit.findings).chain(&planned.findings);
    let held = planned.units.iter().filter(is_meant).flat_map(|unit| &unit.held);
    let errors = findings.filter(|finding| finding.severity == Severity::Error).chain(held);
    let codes = errors.map(|finding| finding.code.id.to_owned()).collect();
    let units: Vec<&Unit> = planned.units.iter().filter(is_meant).filter(|unit| unit.is_able()).collect();
    let landed = land(&view, &units, &[migration], &settings).map_err(shown)?;
    let mut changed = BTreeMap::new();
    for (path, text) in &case.before {
        let read = RepoPath::new(path).ok().and_then(|path| landed.view.tree().read(&path).ok().flatten());
        let now = read.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
        if now != *text {
            changed.insert(path.clone(), now);
        }
    }
    let again = plan(&landed.view, &[migration], &settings, None).map_err(shown)?;
    let again = again.units.iter().filter(is_meant).filter(|unit| unit.is_able()).map(|unit| unit.id.to_string());
    Ok((codes, changed, again.collect()))
}

impl Case {
    /// A tree with clusters that run the Flux of the case.
    fn following(&self, view: View) -> Result<View, String> {
        let names: Vec<String> = view.graph().clusters.iter().map(|cluster| cluster.name.clone()).collect();
        if let Some(unknown) = self.flux.keys().find(|name| !names.contains(name)) {
            return Err(format!("`flux` names {unknown}, and the clusters of `before` are {}", names.join(", ")));
        }
        let branch = |(name, flux): (&String, &FluxVersion)| {
            let states =
                States::Own { flux: Some(*flux), controller_flags: Vec::new(), kustomizations: BTreeMap::new() };
            let position = Position::AtHead;
            let branch = FollowedBranch { reference: name.clone(), is_remote: false, position, states };
            (name.clone(), Followed::Here(branch))
        };
        let clusters = self.flux.iter().map(branch).collect();
        Ok(view.following(Following { clusters, ..Following::default() }))
    }
}

impl CaseResult {
    fn compare(&mut self, case: &Case, codes: &BTreeSet<String>, again: Vec<String>) {
        let list = |codes: &BTreeSet<String>| codes.iter().cloned().collect::<Vec<_>>().join(", ");
        if case.refused != *codes {
            let expected = if case.refused.is_empty() { "nothing".to_owned() } else { list(&case.refused) };
            let found = if codes.is_empty() { "nothing".to_owned() } else { list(codes) };
            self.wrong.push(format!("refused is {found}, and {expected} is expected"));
        }
        if !again.is_empty() {
            self.wrong.push(format!("a second run would change something: {}", again.join(", ")));
        }
    }
}

/// The files that are not as they are expected, as diffs.
fn differing(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    changed: &BTreeMap<String, String>,
) -> Vec<String> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut wrong = Vec::new();
    for path in paths {
        let old = before.get(path).cloned().unwrap_or_default();
        let expected = after.get(path).unwrap_or(&old);
        let found = changed.get(path).unwrap_or(&old);
        if expected != found {
            let diff: String = hunks(expected, found, 2).iter().map(ToString::to_string).collect();
            wrong.push(format!("{path} is not as expected:\n--- expected\n+++ found\n{diff}"));
        }
    }
    wrong
}
