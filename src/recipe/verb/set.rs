//! `set`: puts a value where one is. Nothing where the entry is absent, which is for `add`.

use super::{Commenting, Notes, Refused, Seen};
use crate::flux::Value;
use crate::recipe::model::Guards;
use crate::recipe::path::Path;

pub(super) fn act(
    value: &mut Value,
    path: &Path,
    to: &Value,
    comment: &Commenting,
    guards: &Guards,
    notes: &mut Notes,
) -> Result<Seen, Refused> {
    let hits = path.hits(value)?;
    let after = hits.iter().any(|place| place.of(value).is_some_and(|there| there.same_as(to)));
    let parent = !hits.is_empty() || !path.deepest(value)?.is_empty();
    let seen = Seen { state: !hits.is_empty(), parent, after };
    // Of hits in each other, the outer one is replaced as a whole.
    for place in hits {
        let Some(there) = place.of_mut(value) else { continue };
        if !guards.hold(there) || there.same_as(to) {
            continue;
        }
        *there = to.clone();
        if *comment != Commenting::Stays {
            notes.comments.push((place, comment.clone()));
        }
    }
    Ok(seen)
}
