//! Reads stages: their gates, promises and steps.

use super::reader::Reader;
use super::{NAME, STAGE, TOO_LARGE, TOO_WIDE, VALUE};
use crate::config::{INVALID_VALUE, Keys};
use crate::recipe::gate::Condition;
use crate::recipe::model::{Stage, Step};
use crate::recipe::promise::{At, Differs, Promise};
use crate::recipe::select::{Select, Where};
use crate::recipe::verb::Verb;
use crate::text::nearest;
use crate::yaml::{Kind, Node};

/// How many stages and steps a recipe may have.
const STAGES: usize = 20;
const STEPS: usize = 200;
/// The name of the only stage of a recipe without stages.
pub(super) const ONLY: &str = "apply";

impl Reader<'_> {
    /// The stages of a recipe, or its steps as the only one.
    pub(super) fn stages<'s>(
        self,
        keys: &mut Keys<'_, 's>,
        select: &Select,
        promise: Promise,
        together: bool,
    ) -> (Vec<Stage>, bool) {
        let (has_stages, has_steps) = (keys.has("stages"), keys.has("do"));
        if has_stages && has_steps {
            let node = keys.value("do").or_else(|| keys.value("stages"));
            let help = "move the steps into a stage";
            node.into_iter().for_each(|node| {
                keys.mistake(INVALID_VALUE, node, "a recipe has `do` or `stages`, not both".to_owned(), help);
            });
        }
        if !has_stages {
            if !has_steps {
                keys.missing("do", "[{remove: spec.upgrade.remediation.strategy}]");
            }
            let steps = self.steps(keys, select);
            let (name, select, gate) = (ONLY.to_owned(), Select::default(), Vec::new());
            return (vec![Stage { name, select, gate, steps, together, promise }], false);
        }
        let mut stages: Vec<Stage> = Vec::new();
        let nodes = keys.list("stages").unwrap_or_default();
        for node in &nodes {
            let earlier: Vec<String> = stages.iter().map(|stage| stage.name.clone()).collect();
            let stage = keys.nested(*node, "a stage", |keys| self.stage(keys, select, &promise, &earlier));
            stages.extend(stage.map(|stage| Stage { together: stage.together || together, ..stage }));
        }
        let steps: usize = stages.iter().map(|stage| stage.steps.len()).sum();
        if let Some(node) = nodes.first().filter(|_| stages.len() > STAGES || steps > STEPS) {
            let help = format!("a recipe has at most {STAGES} stages and {STEPS} steps");
            keys.mistake(TOO_LARGE, *node, "the recipe is too large".to_owned(), help);
        }
        (stages, true)
    }

    fn stage(
        self,
        keys: &mut Keys<'_, '_>,
        of_recipe: &Select,
        promise: &Promise,
        earlier: &[String],
    ) -> Option<Stage> {
        let name = keys.text("name");
        if name.is_none() && !keys.has("name") {
            keys.missing("name", "expand");
        }
        if let Some((text, node)) = name.filter(|(text, _)| !super::is_name(text)) {
            let help = "write lowercase letters, digits and `-`, such as `expand`";
            keys.mistake(NAME, node, format!("`{text}` is no name of a stage"), help);
        }
        if let Some((text, node)) = name.filter(|(text, _)| earlier.iter().any(|other| other == text)) {
            keys.mistake(STAGE, node, format!("there are two stages `{text}`"), "give one of them another name");
        }
        let select = self.select(keys, "select");
        let own = name.map(|(name, _)| name).unwrap_or_default();
        let gate = self.gate(keys, own, earlier);
        let both = Select([&of_recipe.0[..], &select.0[..]].concat());
        if !keys.has("do") {
            keys.missing("do", "[{remove: spec.upgrade.remediation.strategy}]");
        }
        let steps = self.steps(keys, &both);
        let promise = if keys.has("promise") { self.promise(keys) } else { promise.clone() };
        let together = keys.flag("together").unwrap_or(false);
        Some(Stage { name: name?.0.to_owned(), select, gate, steps, together, promise })
    }

    fn steps<'s>(self, keys: &mut Keys<'_, 's>, around: &Select) -> Vec<Step> {
        let nodes = keys.list("do").unwrap_or_default();
        let read = |node: Node<'s>| {
            keys.nested(node, "a step", |keys| {
                let mut step = self.step(keys, node)?;
                let beside = [Where::Generated, Where::Patches, Where::Json6902].into_iter();
                step.places = beside.filter(|place| around.looks_in(*place) || step.select.looks_in(*place)).collect();
                if let Verb::ApiVersion(to_newest) = &mut step.verb {
                    to_newest.in_patches = step.places.contains(&Where::Patches);
                }
                let is_for_patches = step.places.iter().any(|place| *place != Where::Generated);
                if is_for_patches && step.verb.is_everywhere() {
                    let message = format!("`{}` finds what it is about in patches, too", step.verb.word());
                    keys.mistake(VALUE, node, message, "leave out `in`, or `patches` and `json6902` in it");
                }
                let is_wide = |select: &Select| !select.is_narrow();
                if is_wide(around)
                    && is_wide(&step.select)
                    && step.verb.anywhere().is_none()
                    && !step.verb.is_by_itself()
                {
                    let help =
                        "say what it is about: a `kind`, `chart`, `runs` or `file` in `select`, or `at: anywhere`";
                    keys.mistake(TOO_WIDE, node, "the step would be about every document".to_owned(), help);
                }
                let (Verb::Set { path, to, .. } | Verb::Add { path, value: to, .. }) = &step.verb else {
                    return Some(step);
                };
                if !super::shape::is_possible(path.text().trim_start_matches("$."), to) {
                    let message = format!("`{}` cannot be {}", path.text(), to.shown());
                    keys.mistake(VALUE, node, message, "write a value of the type that the field has");
                }
                Some(step)
            })
        };
        nodes.into_iter().filter_map(read).collect()
    }

    fn gate(self, keys: &mut Keys<'_, '_>, stage: &str, earlier: &[String]) -> Vec<Condition> {
        let nodes = keys.list("gate").unwrap_or_default();
        let mut conditions: Vec<Condition> = Vec::new();
        for node in nodes {
            conditions
                .extend(keys.nested(node, "a condition of a gate", |keys| self.condition(keys, node, stage, earlier)));
        }
        // A stage always comes after the one before it.
        let has_landed = conditions.iter().any(|condition| matches!(condition, Condition::Landed(_)));
        if let Some(before) = earlier.last().filter(|_| !has_landed) {
            conditions.insert(0, Condition::Landed(before.clone()));
        }
        conditions
    }

    fn condition<'s>(
        self,
        keys: &mut Keys<'_, 's>,
        node: Node<'s>,
        stage: &str,
        earlier: &[String],
    ) -> Option<Condition> {
        const WORDS: [&str; 6] = ["landed", "every", "none", "flux", "earlier", "confirm"];
        let words: Vec<&str> = WORDS.into_iter().filter(|word| keys.has(word)).collect();
        match words.as_slice() {
            ["landed"] => {
                let (name, at) = self.text(keys, "landed")?;
                if earlier.contains(&name) {
                    return Some(Condition::Landed(name));
                }
                let help = match nearest(&name, earlier.iter().map(|other| (&**other, other))) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if earlier.is_empty() => "the first stage waits for none".to_owned(),
                    None => format!("earlier stages: {}", earlier.join(", ")),
                };
                let what = if name == stage {
                    "a stage cannot wait for itself".to_owned()
                } else {
                    format!("no earlier stage is called `{name}`")
                };
                keys.mistake(STAGE, at, what, help);
                None
            }
            ["every"] => {
                let select = self.select(keys, "every");
                let is = self.select(keys, "is");
                if !keys.has("is") {
                    keys.missing("is", "[{runs: {image: \"*/app\", version: \">=2.0.0\"}}]");
                }
                let open_if_none = keys.one_of("if-none", &[("unknown", false), ("open", true)]);
                Some(Condition::Every { select, is, open_if_none })
            }
            ["none"] => Some(Condition::None(self.select(keys, "none"))),
            ["flux"] => self.range(keys, "flux").map(Condition::Flux),
            ["earlier"] => {
                keys.one_of("earlier", &[("landed", ())]);
                Some(Condition::Earlier)
            }
            ["confirm"] => self.text(keys, "confirm").map(|(text, _)| Condition::Confirm(text)),
            _ => {
                let help = format!("write one of {}", WORDS.join(", "));
                keys.mistake(INVALID_VALUE, node, "a condition says one thing".to_owned(), help);
                keys.all();
                None
            }
        }
    }

    /// The promise of a recipe or a stage.
    pub(super) fn promise(self, keys: &mut Keys<'_, '_>) -> Promise {
        let Some(node) = keys.value("promise") else { return Promise::Steps };
        match node.text() {
            Some("nothing") => return Promise::Nothing,
            Some(other) => {
                let help = "write `nothing`, or `differs-only-at`, `gone` and `new`";
                keys.mistake(INVALID_VALUE, node, format!("`promise` cannot be `{other}`"), help);
                return Promise::Steps;
            }
            None => {}
        }
        keys.nested(node, "`promise`", |keys| {
            let some = |select: Select| Some(select).filter(|select| !select.is_all());
            let (gone, new) = (some(self.select(keys, "gone")), some(self.select(keys, "new")));
            let at = keys
                .list("differs-only-at")
                .map(|nodes| nodes.into_iter().filter_map(|node| self.differing(keys, node)).collect::<Vec<_>>());
            Promise::Differs(Differs { at, gone, new })
        })
    }

    fn differing<'s>(self, keys: &mut Keys<'_, 's>, node: Node<'s>) -> Option<At> {
        if node.kind() != Kind::Mapping {
            return Some(At { object: None, paths: vec![self.path_of(keys, node, "differs-only-at")?] });
        }
        keys.nested(node, "an object", |keys| {
            let kind = self.text(keys, "kind").and_then(|(text, node)| self.kind(keys, &text, node));
            if !keys.has("kind") {
                keys.missing("kind", "HelmRelease.helm.toolkit.fluxcd.io");
            }
            let name = self.patterns(keys, "name");
            let nodes = keys.list("at").unwrap_or_default();
            let paths = nodes.into_iter().filter_map(|node| self.path_of(keys, node, "at")).collect();
            Some(At { object: Some((kind?, name)), paths })
        })
    }
}
