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
    if needs.drops_decryption && spec.own_entry("decryption").is_some() {
        edit.remove_entry(spec, "decryption", Emptied::NoEntry, dropped)?;
    }
    let Some((post_build, list)) =
        spec.get("postBuild").and_then(|post_build| Some((post_build, post_build.own_entry("substituteFrom")?.1)))
    else {
        return Ok(());
    };
    let goes = |item: &Node<'_>| {
        let (kind, name) = (item.text_at(&["kind"]), item.text_at(&["name"]));
        needs.drops_sources.iter().any(|(of, called)| Some(&**of) == kind && Some(&**called) == name)
    };
    let going: Vec<usize> = list.items().enumerate().filter(|(_, item)| goes(item)).map(|(number, _)| number).collect();
    if going.is_empty() {
        return Ok(());
    }
    if going.len() == list.items().count() {
        return edit.remove_entry(post_build, "substituteFrom", Emptied::NoEntry, dropped);
    }
    going.into_iter().try_for_each(|number| edit.remove_item(list, number, Emptied::Brackets, dropped))
}

fn dropped(_: &str) -> Fate {
    Fate::Dropped(BECAUSE.to_owned())
}
