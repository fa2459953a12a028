//! The text of each unit, on the tree where it lands.

use std::collections::BTreeSet;

use super::moved::{Moved, Objects};
use super::policies;
use super::units::{SWITCH_ROOT, id_of, switches};
use crate::flux::View;
use crate::migrations::flux_move::beside::{FIRST_OUT, SECOND, SWITCH};
use crate::migrations::flux_move::codes::{MOVE_NOT_LIVE, STILL_NAMED};
use crate::migrations::flux_move::find::Found;
use crate::migrations::flux_move::references::{Put, Puts, Step};
use crate::migrations::flux_move::write::{mapping_at, write};
use crate::plan::author::{Edits, Written, edited};
use crate::plan::{Edited, Finding, Unit};
use crate::yaml::{Fate, New};

/// What a unit changes on this tree.
pub(in crate::migrations::flux_move) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    let objects = found.objects();
    let is_of_unit = |step| move |one: &&Moved<'_>| id_of(step, one).as_ref() == Some(&unit.id);
    match unit.id.step {
        SWITCH | SWITCH_ROOT => edited(switched(found, objects, unit)),
        SECOND => match objects.all.iter().find(is_of_unit(SECOND)) {
            Some(one) => edited(second_beside(found.view, objects, one)),
            None => Edited::gone(unit),
        },
        FIRST_OUT => match objects.all.iter().find(is_of_unit(FIRST_OUT)).filter(|one| one.first.is_some()) {
            Some(one) => edited(first_out(found.view, objects, one)),
            None => gone(found, unit),
        },
        _ => Edited::gone(unit),
    }
}

/// A first object that is not there any more has gone, if the second is in its file.
fn gone(found: &Found<'_>, unit: &Unit) -> Edited {
    let subject = &unit.id.subject;
    let is_second = found.view.graph().each_reach().any(|(at, reach)| {
        let namespace = reach.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let is_called = |prefix: &str| unit.also.contains(&format!("{prefix}{}", reach.name));
        at.path == *subject.path() && reach.kind == subject.kind() && (is_called(&namespace) || is_called(""))
    });
    if is_second { Edited::Already } else { Edited::gone(unit) }
}

fn second_beside(view: &View, objects: &Objects<'_>, one: &Moved<'_>) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    second(&mut edits, view, one)?;
    cover(&mut edits, objects, one)?;
    edits.finish()
}

/// Policies of the first Gateway are for the second one, too. Of several in one list the last comes first, so that places
/// stay.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn cover(edits: &mut Edits<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Result<(), Finding> {
    let lacking: BTreeSet<_> = objects.lacking(one).filter_map(|target| Some((target.at, target.number?))).collect();
    lacking
        .into_iter()
        .rev()
        .try_for_each(|(at, number)| edits.object(at, |edit, root| policies::add(edit, root, number, &one.to.1)))
}

/// The document once more behind itself, under the new name.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn second<'v>(edits: &mut Edits<'v>, view: &View, one: &Moved<'v>) -> Result<(), Finding> {
    let Some((at, _)) = one.first.filter(|_| one.second.is_none()) else { return Ok(()) };
    let stated = view.node(at).and_then(|root| root.text_at(&["metadata", "namespace"]));
    let moves = one.kind.is_namespaced && one.from.0 != one.to.0;
    let namespace = if moves { Some(&*one.to.0) } else { stated };
    let put = Put {
        path: vec![Step::Key("metadata")],
        within: None,
        namespace: namespace.map(str::to_owned),
        name: (one.from.1 != one.to.1).then(|| one.to.1.clone()),
    };
    edits.object(at, |edit, root| edit.repeat_document(root, |edit, root| write(edit, root, &[put])))
}

/// References to the second object.
///
/// # Errors
/// If a text does not allow it.
pub(super) fn name_second(edits: &mut Edits<'_>, puts: &Puts) -> Result<(), Finding> {
    puts.iter().try_for_each(|(at, puts)| edits.object(at, |edit, root| write(edit, root, puts)))
}

/// external-dns reads the routes of the second Gateway.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn follow_dns(edits: &mut Edits<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Result<(), Finding> {
    for arguments in objects.followed(one) {
        for (way, text) in arguments.texts(&one.to) {
            edits.object(arguments.at, |edit, root| match mapping_at(root, &way) {
                Some(value) if value.is_alias() => edit.set(value, &New::string(&text), |_| Fate::Moved),
                Some(value) => edit.set_scalar(value, &text),
                None => Ok(()),
            })?;
        }
    }
    Ok(())
}

/// What names the first names the second, if that is there.
fn switched(found: &Found<'_>, objects: &Objects<'_>, unit: &Unit) -> Result<Written, Finding> {
    let view = found.view;
    let mut all = Puts::new();
    let mut edits = Edits::of(view);
    for one in &objects.all {
        for switch in switches(found, objects, one).into_iter().filter(|switch| switch.id == unit.id) {
            if one.second.is_none() {
                let message = format!("{} {} is not there in this tree", one.kind.name, one.new_name());
                return Err(one.finding(view, Finding::error(MOVE_NOT_LIVE, message)));
            }
            if let Some(target) = objects.lacking(one).next() {
                let message = format!("{} does not name {} yet", target.reach.shown(), one.new_name());
                return Err(one.finding(view, Finding::error(MOVE_NOT_LIVE, message)));
            }
            for (at, puts) in objects.puts(view, one, &switch.users)? {
                all.entry(at).or_default().extend(puts);
            }
            follow_dns(&mut edits, objects, one)?;
        }
    }
    name_second(&mut edits, &all)?;
    edits.finish()
}

/// The first object goes once nothing names it.
fn first_out(view: &View, objects: &Objects<'_>, one: &Moved<'_>) -> Result<Written, Finding> {
    if one.second.is_none() {
        let message = format!("{} {} has no second object in this tree", one.kind.name, one.old_name());
        return Err(one.finding(view, Finding::error(MOVE_NOT_LIVE, message)));
    }
    if let Some(user) = objects.naming(one, None) {
        let message = format!("{user} names {} {}", one.kind.name, one.old_name());
        return Err(one.finding(view, Finding::error(STILL_NAMED, message)));
    }
    let mut edits = Edits::of(view);
    let because = format!("{} is named, too", one.new_name());
    let beside: BTreeSet<_> = objects.beside(one).filter_map(|target| Some((target.at, target.number?))).collect();
    for (at, number) in beside.into_iter().rev() {
        edits.object(at, |edit, root| policies::remove(edit, root, number, &because))?;
    }
    if let Some((at, _)) = one.first {
        let fate = |_: &str| Fate::Dropped(format!("{} has it, too", one.new_name()));
        edits.object(at, |edit, root| edit.remove_document(root, fate))?;
    }
    edits.finish()
}
