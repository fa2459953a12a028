//! The language: reads the file of a recipe. All mistakes are reported together, each with file,
//! line and column, the place marked, and what to do ([`ConfigError`]).

mod by_table;
mod fill;
mod params;
mod reader;
mod select;
mod settings;
mod shape;
mod stage;
mod step;
#[cfg(test)]
mod tests;

pub use settings::{RecipeSettings, RecipesSettings};

use std::sync::Arc;

use self::reader::Reader;
use super::model::{Batching, LeastImpact, Recipe};
use crate::config::{ConfigError, INVALID_VALUE, Keys, Mistake, WRONG_TYPE};
use crate::flux::Value;
use crate::yaml::Stream;

/// Reason code of a recipe in another version of the language.
pub const FORMAT: &str = "recipe-format";
/// Reason code of a name that a recipe or a stage cannot have.
pub const NAME: &str = "recipe-name";
/// Reason code of a kind without its group.
pub const KIND: &str = "recipe-kind";
/// Reason code of a path that cannot be read.
pub const PATH: &str = "recipe-path";
/// Reason code of a pattern or glob that cannot be read.
pub const PATTERN: &str = "recipe-pattern";
/// Reason code of a placeholder without a parameter.
pub const PLACEHOLDER: &str = "recipe-placeholder";
/// Reason code of a stage that is not there.
pub const STAGE: &str = "recipe-stage";
/// Reason code of a step without a verb, or with two.
pub const VERB: &str = "recipe-verb";
/// Reason code of a value that a field cannot have.
pub const VALUE: &str = "recipe-value";
/// Reason code of a step that is about everything.
pub const TOO_WIDE: &str = "recipe-too-wide";
/// Reason code of a recipe that is too large.
pub const TOO_LARGE: &str = "recipe-too-large";
/// Reason code of a step that would change its own result.
pub const NOT_IDEMPOTENT: &str = "recipe-not-idempotent";

/// The version of the language.
pub const LANGUAGE: usize = 1;
/// How large a file may be.
const FILE: usize = 64 * 1024;
/// How long a name may be, and a summary.
const NAME_LENGTH: usize = 40;
const SUMMARY_LENGTH: usize = 120;
/// How units can be divided among batches.
const BATCHINGS: [(&str, Batching); 3] =
    [("namespace", Batching::Namespace), ("cluster", Batching::Cluster), ("app", Batching::App)];
/// Where a recipe comes that does not say so.
const PHASE: u32 = 90;

/// What is known when a recipe is read.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The name that it must have: that of its file.
    pub stem: Option<&'k str>,
    /// The parameters that are given, by their names.
    pub with: &'k [(String, Value)],
    /// Names that are taken: migrations and commands.
    pub taken: &'k [&'k str],
    /// Which groups the tree has for a kind.
    pub groups: &'k dyn Fn(&str) -> Vec<String>,
}

impl Known<'_> {
    /// Nothing is.
    pub const NOTHING: Known<'static> = Known { stem: None, with: &[], taken: &[], groups: &|_| Vec::new() };
}

/// Whether a text can be the name of a recipe, a stage or a parameter: kebab case.
pub fn is_name(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= NAME_LENGTH && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(is_part)
}

/// Reads a recipe. `file` is its name in messages.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong in it.
pub fn read(file: &str, text: &str, known: &Known<'_>) -> Result<Recipe, ConfigError> {
    let text: Arc<str> = text.into();
    let failed = |mut mistakes: Vec<Mistake>| {
        mistakes.sort_by_key(|mistake| mistake.range.start);
        mistakes.dedup();
        ConfigError { file: file.to_owned(), text: text.clone(), mistakes }
    };
    if text.len() > FILE {
        let help = format!("a recipe has at most {} KiB", FILE / 1024);
        return Err(failed(vec![Mistake {
            code: TOO_LARGE,
            message: "the file is too large".to_owned(),
            help,
            range: 0..0,
        }]));
    }
    let stream = Stream::sound(text.clone()).map_err(|error| failed(vec![error.into()]))?;
    let mut documents = stream.documents();
    let Some(root) = documents.next() else {
        let help = format!("begin with `recipe: {LANGUAGE}`");
        return Err(failed(vec![Mistake { code: FORMAT, message: "the file is empty".to_owned(), help, range: 0..0 }]));
    };
    let mut mistakes = Vec::new();
    let recipe = Keys::of(root, "a recipe", &mut mistakes, |keys| {
        let recipe = recipe(keys, known, &text);
        if let Some(second) = documents.next() {
            let help = "put each recipe into a file of its own";
            keys.mistake(WRONG_TYPE, second, "the file has more than one document".to_owned(), help);
        }
        recipe
    });
    match recipe.filter(|_| mistakes.is_empty()) {
        Some(recipe) => Ok(recipe),
        None => Err(failed(mistakes)),
    }
}

fn recipe(keys: &mut Keys<'_, '_>, known: &Known<'_>, text: &str) -> Option<Recipe> {
    if !keys.has("recipe") {
        keys.missing("recipe", "1");
    }
    if let Some(node) = keys.value("recipe").filter(|node| node.text() != Some("1")) {
        let message = format!("this is language {}", node.text().unwrap_or_default());
        keys.mistake(FORMAT, node, message, format!("this program reads `recipe: {LANGUAGE}`"));
    }
    let name = name(keys, known);
    let version = keys.number("version", 1).and_then(|version| u32::try_from(version).ok()).unwrap_or(1);
    let summary = summary(keys);
    let phase = match keys.number("phase", 0).map(u32::try_from) {
        Some(Ok(phase)) if phase < 100 => phase,
        Some(_) => {
            let node = keys.value("phase")?;
            keys.mistake(INVALID_VALUE, node, "`phase` is 0 to 99".to_owned(), "migrations have 2 to 5");
            PHASE
        }
        None => PHASE,
    };
    let batch = keys.has("batch").then(|| keys.one_of("batch", &BATCHINGS));
    let optional = keys.flag("optional").unwrap_or(false);
    let review = keys.text("review").map(|(text, _)| text.to_owned());
    let impact = keys.has("impact").then(|| {
        let words = [
            ("reconcile", LeastImpact::Reconcile),
            ("upgrade", LeastImpact::Upgrade),
            ("restart", LeastImpact::Restart),
            ("recreate", LeastImpact::Recreate),
            ("data", LeastImpact::Data),
        ];
        keys.one_of("impact", &words)
    });
    let params = params::read(keys, known.with);
    let reader = Reader { params: &params, groups: known.groups };
    let select = reader.select(keys, "select");
    let promise = reader.promise(keys);
    let together = keys.flag("together").unwrap_or(false);
    let (mut stages, has_stages) = reader.stages(keys, &select, promise, together);
    step::settle_comments(&mut stages.iter_mut().flat_map(|stage| &mut stage.steps).collect::<Vec<_>>());
    Some(Recipe {
        name: name?,
        version,
        summary: summary?,
        phase,
        batch,
        optional,
        review,
        impact,
        params,
        select,
        stages,
        has_stages,
        text: text.to_owned(),
    })
}

fn name(keys: &mut Keys<'_, '_>, known: &Known<'_>) -> Option<String> {
    let example = known.stem.unwrap_or("my-recipe");
    if !keys.has("name") {
        keys.missing("name", example);
    }
    let (name, node) = keys.text("name")?;
    let (message, help) = if !is_name(name) {
        let help = format!("write lowercase letters, digits and `-`, at most {NAME_LENGTH}, such as `{example}`");
        (format!("`{name}` is no name of a recipe"), help)
    } else if known.taken.contains(&name) {
        (
            format!("`{name}` is taken"),
            "choose another name; `flux-codemod explain` lists those that are taken".to_owned(),
        )
    } else if let Some(stem) = known.stem.filter(|stem| *stem != name) {
        (
            format!("the recipe is called `{name}`, and its file `{stem}.yaml`"),
            format!("write `name: {stem}`, or rename the file"),
        )
    } else {
        return Some(name.to_owned());
    };
    keys.mistake(NAME, node, message, help);
    None
}

fn summary(keys: &mut Keys<'_, '_>) -> Option<String> {
    if !keys.has("summary") {
        keys.missing("summary", "What it does, in a line");
    }
    let (summary, node) = keys.text("summary")?;
    if summary.chars().count() > SUMMARY_LENGTH || summary.chars().any(char::is_control) {
        let message = format!("`summary` has one line of at most {SUMMARY_LENGTH} characters");
        keys.mistake(INVALID_VALUE, node, message, "say it shorter");
    }
    Some(summary.to_owned())
}
