//! What a stage does to variables without a value: what became nothing on a cluster stays text.

use super::documents::Made;
use super::work::Work;
use crate::flux::{Reach, Value, excludes_substitution};
use crate::plan::Finding;
use crate::recipe::codes::VARIABLE_STAYS;
use crate::recipe::select::Unresolved;
use crate::recipe::stage;

/// The variables of a document that stay text once its stage has landed, where they became nothing.
fn staying(made: &Made<'_>) -> Option<Unresolved> {
    let after = &made.outcome.as_ref().ok()?.value;
    if excludes_substitution(&made.from) == excludes_substitution(after) && escapes(&made.from) == escapes(after) {
        return None;
    }
    Unresolved::of(&made.document).ok().filter(|found| !found.emptied_on.is_empty())
}

/// How many variables are escaped in a value.
fn escapes(value: &Value) -> usize {
    // Most texts have none, which is seen sooner.
    let here = |text: &str| if text.contains('$') { text.matches("$${").count() } else { 0 };
    match value {
        Value::Null => 0,
        Value::Scalar { text, .. } => here(text),
        Value::Sequence(items) => items.iter().map(escapes).sum(),
        Value::Mapping(entries) => entries.iter().map(|(key, value)| here(key) + escapes(value)).sum(),
    }
}

/// Why it should be looked at first that variables stay text.
pub(super) fn review(made: &Made<'_>) -> Option<Finding> {
    let found = staying(made)?;
    let names = found.names.iter().map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(", ");
    let clusters = found.emptied_on.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("on {clusters}, {names} becomes nothing today, and stays text then");
    Some(Finding::warning(VARIABLE_STAYS, message).at(made.document.path, made.document.root.line()))
}

/// An object as Flux applies it before and after the stage, where variables without a value become
/// nothing today and stay text then.
pub(super) fn applied(work: &Work<'_>, made: &Made<'_>, reach: &Reach) -> Option<(Value, Value)> {
    let graph = work.view.graph();
    staying(made).filter(|found| found.emptied_on.contains(&graph.clusters[reach.cluster].name))?;
    let built = work.view.built_text(made.document.root, reach).filter(|_| made.document.generator.is_none())?;
    let after = stage::run(work.stage, &made.document, &built).ok()?.value;
    let variables = &graph.kustomizations[reach.kustomization].variables;
    let filled = |mut value: Value| {
        if variables.any && !excludes_substitution(&value) {
            value.map_text(&|text| variables.applied(text));
        }
        value
    };
    Some((filled(built), filled(after)))
}
