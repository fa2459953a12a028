//! `remove`: takes entries and items out, and parents that are empty then.
//!
//! With `if: default` only what Flux does anyway: a closed table says what that is
//! ([`states_the_default`]).

use super::{Refused, Seen, prune, removes_parents, take_out};
use crate::flux::Value;
use crate::recipe::codes::NO_DEFAULT;
use crate::recipe::fields::defaults::states_the_default;
use crate::recipe::model::Guards;
use crate::recipe::path::Path;
use crate::recipe::place::Place;
use crate::recipe::select::Document;

pub(super) fn act(
    value: &mut Value,
    document: Option<&Document<'_>>,
    path: &Path,
    with_parents: Option<bool>,
    if_default: bool,
    guards: &Guards,
) -> Result<Seen, Refused> {
    let hits = path.hits(value)?;
    // Absent is done; that it was not misspelt only a parent shows.
    let parent =
        !hits.is_empty() || path.deepest(value)?.iter().any(|(place, keys)| keys.len() <= 1 || !place.0.is_empty());
    let seen = Seen { state: !hits.is_empty(), parent, after: false };
    // From the last on, so that the indexes of the others stay the same.
    for place in hits.into_iter().rev() {
        if !place.of(value).is_some_and(|there| guards.hold(there))
            || if_default && !is_default(value, document, &place)?
        {
            continue;
        }
        take_out(value, &place);
        if let Some((parent, _)) = place.split().filter(|_| with_parents.unwrap_or_else(|| removes_parents(&place))) {
            prune(value, parent);
        }
    }
    Ok(seen)
}

/// Whether Flux does what a place states where it is absent, in the text of an object and as it
/// arrives on each cluster: there, a patch may set what the field takes its value from.
fn is_default(object: &Value, document: Option<&Document<'_>>, place: &Place) -> Result<bool, Refused> {
    let Some(keys) = place.keys() else { return Err(not_known(place)) };
    let states = |object: &Value| states_the_default(object, &keys).ok_or_else(|| not_known(place));
    if !states(object)? {
        return Ok(false);
    }
    for (document, reach) in document.iter().flat_map(|document| document.reaches().map(move |reach| (document, reach)))
    {
        let Some(arrived) = document.arrived(reach) else { return Err(not_known(place)) };
        if !states(&arrived)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn not_known(place: &Place) -> Refused {
    Refused::new(NO_DEFAULT, format!("what Flux does without `{place}` is not known"))
}
