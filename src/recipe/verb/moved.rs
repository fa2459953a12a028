//! `move`: an entry, to another place of its document.

use super::{Order, Refused, Seen, prune, put, removes_parents, take_out};
use crate::flux::Value;
use crate::recipe::codes;
use crate::recipe::model::Guards;
use crate::recipe::path::Path;
use crate::recipe::place::Part;

pub(super) fn act(value: &mut Value, from: &Path, to: &Path, order: &Order, guards: &Guards) -> Result<Seen, Refused> {
    let hits = from.hits(value)?;
    let after = hits.is_empty() && !to.hits(value)?.is_empty();
    let seen = Seen { after, ..Seen::state(!hits.is_empty() || after) };
    let [place] = hits.as_slice() else {
        if hits.is_empty() {
            return Ok(seen);
        }
        return Err(Refused::new(codes::OTHER_SHAPE, format!("`{}` is there {} times", from.text(), hits.len())));
    };
    let Some(there) = place.of(value).filter(|there| guards.hold(there)).cloned() else { return Ok(seen) };
    if let Some(other) = to.values(value)?.first() {
        if !other.same_as(&there) {
            let message = format!("`{}` and `{}` are both there, with different values", from.text(), to.text());
            return Err(Refused::new(codes::BOTH_THERE, message));
        }
        take_out(value, place);
    } else {
        let targets = to.deepest(value)?;
        let [(target, keys)] = targets.as_slice() else {
            return Err(Refused::new(codes::OTHER_SHAPE, format!("`{}` is no single place", to.text())));
        };
        if target.is_in(place) {
            return Err(Refused::new(codes::OTHER_SHAPE, format!("`{}` is inside of what is moved", to.text())));
        }
        let parent = place.split().map(|(parent, _)| parent);
        match (parent.as_ref() == Some(target), keys.as_slice(), place.0.last(), *order == Order::Last) {
            // In one mapping it is a new name: the entry stays in its place.
            (true, [key], Some(Part::Key(old)), true) => {
                let mapping = target.of_mut(value).expect("it was found");
                mapping.rename(old, key);
            }
            _ => {
                let (last, missing) = keys.split_last().expect("something is missing at the target");
                let inner = missing.iter().skip(1).chain([last].into_iter().filter(|_| !missing.is_empty())).rev();
                let whole = inner.fold(there, |value, key| Value::Mapping(vec![(key.clone(), value)]));
                let into = target.of_mut(value).expect("it was found");
                put(into, missing.first().unwrap_or(last), whole, order)?;
                // The new entry may have moved the old one: not its place, which has no index here.
                take_out(value, place);
            }
        }
    }
    if let Some((parent, _)) = place.split().filter(|_| removes_parents(place)) {
        prune(value, parent);
    }
    Ok(seen)
}
