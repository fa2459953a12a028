//! Guards: what keeps the objects of a Flux Kustomization while the object itself is deleted and made
//! anew.

use super::META;
use super::settings::GuardBy;
use crate::flux::{Cluster, FluxKustomization, Guard, Value};
use crate::yaml::{Edit, Emptied, Error, Fate, New, Node, Place, Stream, reads_as_string};

/// What a mark says where there was no field.
const ABSENT: &str = "absent";

/// Why a guard goes.
const BECAUSE: &str = "the move is live, and the guard has done its work";

/// From this Flux 2 on there is `deletionPolicy`.
pub(super) const ORPHAN_SINCE: u32 = 5;

/// Whether the guard in some clusters is `deletionPolicy: Orphan`. Ordinary pruning goes on with it; where
/// Flux may not know it, pruning is switched off.
pub(super) fn is_orphan<'c>(by: GuardBy, clusters: impl IntoIterator<Item = &'c Cluster>) -> bool {
    let knows = |cluster: &Cluster| cluster.flux.is_some_and(|flux| flux.is_at_least(ORPHAN_SINCE));
    match by {
        GuardBy::Auto => clusters.into_iter().all(knows),
        GuardBy::Orphan => true,
        GuardBy::NoPrune => false,
    }
}

/// Whether nothing of what a Flux Kustomization applies is deleted with it. A Flux that does not know
/// `deletionPolicy` drops the field, and deletes: there only `prune` and `suspend` count.
pub(super) fn keeps(one: &FluxKustomization, knows_policies: bool) -> bool {
    let mut without = one.clone();
    if !knows_policies && without.object.text_at(&["spec", "deletionPolicy"]) == Some("Orphan") {
        without.object.remove_at(&["spec", "deletionPolicy"]);
    }
    without.keeps_on_deletion()
}

/// Why a Flux Kustomization cannot have a guard of this kind, if so.
pub(super) fn obstacle(object: &Value, orphan: bool) -> Option<String> {
    let is_harmless = |policy: &&str| ["MirrorPrune", "Orphan"].contains(policy);
    let policy = object.text_at(&["spec", "deletionPolicy"]).filter(|policy| !orphan && !is_harmless(policy))?;
    Some(format!("its deletionPolicy is {policy}, which `prune: false` does not change"))
}

/// The marks of this migration in an object.
pub(super) fn marks<'s>(stream: &'s Stream, root: Node<'s>) -> Vec<Guard<'s>> {
    Guard::all_of(stream, root).into_iter().filter(|guard| META.is_called(guard.by)).collect()
}

/// Writes the guard of an object, and the mark above it.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn guard<'v>(edit: &mut Edit<'v>, root: Node<'v>, orphan: bool) -> Result<(), Error> {
    let Some(spec) = root.get("spec") else { return Ok(()) };
    let word = |field: &str| spec.own_entry(field).and_then(|(_, value)| value.text()).unwrap_or(ABSENT);
    let (field, new) =
        if orphan { ("deletionPolicy", New::string("Orphan")) } else { ("prune", New::Plain("false".into())) };
    if let Some((_, value)) = spec.own_entry(field) {
        edit.add_comment_above(value, &Guard::mark(META.id, field, word(field)))?;
        return edit.set(value, &new, |_| Fate::Moved);
    }
    let place = if spec.own_entry("prune").is_some() { Place::After("prune") } else { Place::Last };
    edit.insert_commented_entry(spec, place, &[&Guard::mark(META.id, "prune", word("prune"))], field, &new)
}

/// Removes what carries a mark, and restores how it was.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn unguard<'v>(edit: &mut Edit<'v>, stream: &'v Stream, root: Node<'v>) -> Result<(), Error> {
    let Some(spec) = root.get("spec") else { return Ok(()) };
    for Guard { comment, field, was, on, .. } in marks(stream, root) {
        let Some((_, value)) = spec.own_entry(on) else { continue };
        let is_guard = matches!((on, value.text()), ("deletionPolicy", Some("Orphan")) | ("prune", Some("false")));
        if is_guard && (field != on || was == ABSENT) {
            edit.remove_entry(spec, on, Emptied::NoEntry, |_| Fate::Dropped(BECAUSE.to_owned()))?;
            continue;
        }
        edit.remove_comment(comment, BECAUSE)?;
        // Somebody has changed it since: only the mark goes.
        if is_guard {
            let was = if reads_as_string(was) { New::string(was) } else { New::Plain(was.to_owned()) };
            edit.set(value, &was, |_| Fate::Moved)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edit: impl for<'s> Fn(&mut Edit<'s>, &'s Stream) -> Result<(), Error>) -> String {
        let stream = Stream::parse(text).unwrap();
        let mut edits = Edit::of(&stream).in_order().moving_anchors();
        match edit(&mut edits, &stream).and_then(|()| edits.finish()) {
            Ok(edited) => edited.splices.apply(text).unwrap(),
            Err(error) => format!("error {}", error.problem.code()),
        }
    }

    fn guarded(text: &str, orphan: bool) -> String {
        edited(text, |edit, stream| guard(edit, stream.document(0).unwrap(), orphan))
    }

    #[test]
    fn a_guard_leaves_as_it_came() {
        let all = [
            (
                "spec:\n  prune: true # all\n  # the source\n  sourceRef: x\n",
                "spec:\n  prune: true # all\n  # flux-codemod: guard[flux-move] was prune true\n  deletionPolicy: Orphan\n  # the source\n  sourceRef: x\n",
            ),
            (
                "spec:\n    wait: true\n    prune: true\n",
                "spec:\n    wait: true\n    prune: true\n    # flux-codemod: guard[flux-move] was prune true\n    deletionPolicy: Orphan\n",
            ),
            (
                "spec:\n  deletionPolicy: Delete # now\n  prune: true\n",
                "spec:\n  # flux-codemod: guard[flux-move] was deletionPolicy Delete\n  deletionPolicy: Orphan # now\n  prune: true\n",
            ),
            (
                "spec:\n  wait: true\n",
                "spec:\n  wait: true\n  # flux-codemod: guard[flux-move] was prune absent\n  deletionPolicy: Orphan\n",
            ),
        ];
        for (text, expected) in all {
            let with = guarded(text, true);
            assert_eq!(with, expected);
            assert_eq!(edited(&with, |edit, stream| unguard(edit, stream, stream.document(0).unwrap())), text);
        }
        let text = "spec:\n  # why\n  prune: true # all\n  path: x\n";
        let with = guarded(text, false);
        let mark = "  # flux-codemod: guard[flux-move] was prune true\n";
        assert_eq!(with, format!("spec:\n  # why\n{mark}  prune: false # all\n  path: x\n"));
        assert_eq!(edited(&with, |edit, stream| unguard(edit, stream, stream.document(0).unwrap())), text);
        assert!(guarded("spec: {prune: true}\n", true).starts_with("error"), "a mark needs a line");
    }

    #[test]
    fn what_was_changed_since_stays() {
        let text =
            "spec:\n  prune: true\n  # flux-codemod: guard[flux-move] was prune true\n  deletionPolicy: Delete\n";
        let after = edited(text, |edit, stream| unguard(edit, stream, stream.document(0).unwrap()));
        assert_eq!(after, "spec:\n  prune: true\n  deletionPolicy: Delete\n");
        let other = text.replace("flux-move", "other").replace("Delete", "Orphan");
        assert_eq!(edited(&other, |edit, stream| unguard(edit, stream, stream.document(0).unwrap())), other);
    }
}
