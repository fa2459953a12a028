//! What a Flux Kustomization is changed before it moves, so that it needs nothing that its new namespace
//! does not have.

use super::needs::Needs;
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node, Place};

/// Why something goes.
const BECAUSE: &str = "nothing that is built needs it, and the new namespace does not have it";

/// Writes what is needed.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write<'v>(edit: &mut Edit<'v>, root: Node<'v>, needs: &Needs) -> Result<(), Error> {
    for (key, value) in &needs.labels {
        let path = [("metadata", Place::Last), ("labels", Place::Last), (key, Place::Last)];
        edit.upsert(root, &path, &New::string(value))?;
    }
    let Some(spec) = root.get("spec") else { return Ok(()) };
    decryption(edit, spec, needs)?;
    let Some(post_build) = spec.get("postBuild") else {
        let substitute = inlined(needs).map(|new| New::mapping([("substitute", new)]));
        return substitute.map_or(Ok(()), |new| edit.insert_entry(spec, Place::Last, "postBuild", &new));
    };
    let goes_whole = drop_sources(edit, post_build, needs)?;
    match (inlined(needs), post_build.get("substitute")) {
        // What is inlined takes the place of what it comes from.
        (Some(new), None) if goes_whole => {
            return edit.replace_entry(post_build, "substituteFrom", "substitute", &new, dropped);
        }
        (Some(new), None) => edit.insert_entry(post_build, Place::First, "substitute", &new)?,
        (_, Some(own)) => {
            let mut entries = needs.inlined.iter();
            entries.try_for_each(|(key, value)| edit.insert_entry(own, Place::Last, key, &New::string(value)))?;
        }
        (None, None) => {}
    }
    match goes_whole {
        true => edit.remove_entry(post_build, "substituteFrom", Emptied::NoEntry, dropped),
        false => Ok(()),
    }
}

/// The variables that it gets, as a mapping.
fn inlined(needs: &Needs) -> Option<New> {
    let entries = needs.inlined.iter().map(|(key, value)| (key.clone(), New::string(value)));
    (!needs.inlined.is_empty()).then(|| New::mapping(entries))
}

fn decryption<'v>(edit: &mut Edit<'v>, spec: Node<'v>, needs: &Needs) -> Result<(), Error> {
    match spec.own_entry("decryption") {
        Some(_) if needs.drops_decryption => edit.remove_entry(spec, "decryption", Emptied::NoEntry, dropped),
        Some((_, own)) if needs.uses_global_key && own.own_entry("secretRef").is_some() => {
            edit.remove_entry(own, "secretRef", Emptied::NoEntry, dropped)
        }
        None if needs.uses_global_key => {
            let new = New::mapping([("provider", New::string("sops"))]);
            edit.insert_entry(spec, Place::Last, "decryption", &new)
        }
        _ => Ok(()),
    }
}

/// Removes the sources that go. True if that is all of them: the list itself is not removed here.
fn drop_sources<'v>(edit: &mut Edit<'v>, post_build: Node<'v>, needs: &Needs) -> Result<bool, Error> {
    let Some((_, list)) = post_build.own_entry("substituteFrom") else { return Ok(false) };
    let goes = |item: &Node<'_>| {
        let (kind, name) = (item.text_at(&["kind"]), item.text_at(&["name"]));
        needs.drops_sources.iter().any(|(of, called)| Some(&**of) == kind && Some(&**called) == name)
    };
    let going: Vec<usize> = list.items().enumerate().filter(|(_, item)| goes(item)).map(|(number, _)| number).collect();
    if going.len() == list.items().count() {
        return Ok(!going.is_empty());
    }
    going.into_iter().try_for_each(|number| edit.remove_item(list, number, Emptied::Brackets, dropped))?;
    Ok(false)
}

fn dropped(_: &str) -> Fate {
    Fate::Dropped(BECAUSE.to_owned())
}
