//! `add`: a new entry. Nothing where the key is there already, whatever its value.

use super::{Commenting, Notes, Order, Refused, Seen, put};
use crate::flux::Value;
use crate::recipe::path::Path;
use crate::recipe::place::Place;

pub(super) fn act(
    value: &mut Value,
    path: &Path,
    new: &Value,
    creates_parents: bool,
    order: &Order,
    comment: &Commenting,
    notes: &mut Notes,
) -> Result<Seen, Refused> {
    let deepest = path.deepest(value)?;
    let hits = path.hits(value)?;
    let is_same = |place: &Place| place.of(value).is_some_and(|there| there.same_as(new));
    let mut seen = Seen { after: hits.iter().any(is_same), ..Seen::state(!hits.is_empty()) };
    for (place, keys) in deepest {
        let Some((key, missing)) = keys.split_last() else { continue };
        if !missing.is_empty() && !creates_parents {
            continue;
        }
        seen = seen.or(Seen::state(true));
        let Some(parent) = place.of_mut(value) else { continue };
        if missing.is_empty() && parent.get(key).is_some() {
            continue;
        }
        // From the inside out: only the outermost has neighbours.
        let inner = missing.iter().skip(1).chain(keys.last().filter(|_| !missing.is_empty())).rev();
        let whole = inner.fold(new.clone(), |value, key| Value::Mapping(vec![(key.clone(), value)]));
        put(parent, missing.first().unwrap_or(key), whole, order)?;
        if *comment != Commenting::Stays {
            let place = keys.iter().fold(place, |place: Place, key| place.key(key));
            notes.comments.push((place, comment.clone()));
        }
    }
    Ok(seen)
}
