//! A stage at work on one document.

use super::codes;
use super::model::{Stage, Step};
use super::select::{Answer, Document, Where};
use super::verb::{Notes, Refused, Seen};
use crate::flux::Value;

/// What a stage makes of a document.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its new value.
    pub value: Value,
    /// What is to be done beside that.
    pub notes: Notes,
    /// The steps that changed it, by their number.
    pub changed_by: Vec<usize>,
    /// What each step saw; `None` of a step that does not select the document.
    pub seen: Vec<Option<Seen>>,
    /// Why steps do not know whether they select it.
    pub not_known: Vec<String>,
}

/// Has a stage act on a document that recipe and stage select.
///
/// # Errors
/// Why it cannot; also if it would change its own result once more.
pub fn run(stage: &Stage, document: &Document<'_>, value: &Value) -> Result<Outcome, Refused> {
    let outcome = once(&stage.steps, document, value)?;
    if outcome.changed_by.is_empty() {
        return Ok(outcome);
    }
    let again = once(&stage.steps, document, &outcome.value)?;
    match outcome.value.differences(&again.value).into_iter().next() {
        None => Ok(outcome),
        Some(difference) => {
            let shown = |value: Option<String>| value.unwrap_or_else(|| "absent".to_owned());
            let (first, second) = (shown(difference.before), shown(difference.after));
            let message = format!("{} becomes {first}, and {second} in the next run", difference.field);
            Err(Refused::new(codes::NOT_IDEMPOTENT, message))
        }
    }
}

fn once(steps: &[Step], document: &Document<'_>, value: &Value) -> Result<Outcome, Refused> {
    let mut outcome = Outcome {
        value: value.clone(),
        notes: Notes::default(),
        changed_by: Vec::new(),
        seen: Vec::new(),
        not_known: Vec::new(),
    };
    for (number, step) in steps.iter().enumerate() {
        let place = document.place();
        // Whoever does not ask for patches means objects.
        let is_meant = place == Where::Objects || step.places.contains(&place);
        let answer = if is_meant { step.select.ask(document, &outcome.value) } else { Answer::No("in") };
        let seen = match answer {
            Answer::Yes => {
                let before = step.verb.changes_values().then(|| outcome.value.clone());
                let seen = step.verb.act_on(document, &mut outcome.value, &step.guards, &mut outcome.notes)?;
                outcome.not_known.append(&mut outcome.notes.not_known);
                if before.is_some_and(|before| outcome.value != before) {
                    outcome.changed_by.push(number);
                }
                Some(seen)
            }
            answer => {
                if let Some(refused) = refusal(&answer) {
                    return Err(refused);
                }
                if let Answer::NotKnown(why) = answer {
                    outcome.not_known.push(why);
                }
                None
            }
        };
        outcome.seen.push(seen);
    }
    Ok(outcome)
}

/// Why a document cannot be changed that is selected in part.
pub fn refusal(answer: &Answer) -> Option<Refused> {
    match answer {
        Answer::InPart(why) => Some(Refused::new(codes::SELECTED_IN_PART, why.clone())),
        Answer::Shared(others) => {
            Some(Refused::new(codes::SHARED_WITH_OTHER_CLUSTER, format!("it is also applied as {others}")))
        }
        Answer::Yes | Answer::No(_) | Answer::NotKnown(_) => None,
    }
}
