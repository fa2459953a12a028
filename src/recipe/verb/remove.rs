//! `remove`: takes entries and items out, and parents that are empty then.

use super::{Refused, Seen, prune, removes_parents, take_out};
use crate::flux::Value;
use crate::recipe::model::Guards;
use crate::recipe::path::Path;

pub(super) fn act(
    value: &mut Value,
    path: &Path,
    with_parents: Option<bool>,
    guards: &Guards,
) -> Result<Seen, Refused> {
    let hits = path.hits(value)?;
    // Absent is done; that it was not misspelt only a parent shows.
    let parent =
        !hits.is_empty() || path.deepest(value)?.iter().any(|(place, keys)| keys.len() <= 1 || !place.0.is_empty());
    let seen = Seen { state: !hits.is_empty(), parent };
    // From the last on, so that the indexes of the others stay the same.
    for place in hits.into_iter().rev() {
        if !place.of(value).is_some_and(|there| guards.hold(there)) {
            continue;
        }
        take_out(value, &place);
        if let Some((parent, _)) = place.split().filter(|_| with_parents.unwrap_or_else(|| removes_parents(&place))) {
            prune(value, parent);
        }
    }
    Ok(seen)
}
