//! All that moves, tried at once: everything that names a source, a store or a Gateway names the same then, under the
//! new names, and nothing but second objects has come.

use std::collections::{BTreeMap, BTreeSet};

use super::dns::arguments;
use super::edit;
use super::moved::{Moved, Objects};
use super::policies::Policies;
use super::uses::{Use, uses};
use crate::flux::{ClusterId, Reach, View};
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::find::Found;
use crate::plan::author::Edits;
use crate::plan::{Code, Finding};

/// Cluster, kind, namespace and name, with the number of those.
type Applied = BTreeMap<(ClusterId, String, String, String), usize>;

/// What differs by more than names, each by the number of what is to blame.
pub(super) fn differing(found: &Found<'_>, objects: &Objects<'_>) -> Vec<(usize, Finding)> {
    let able: Vec<usize> = (0..objects.all.len()).filter(|number| objects.all[*number].is_able()).collect();
    let Err(reason) = tried(found.view, objects, &able) else { return Vec::new() };
    let of_each = able.iter().filter_map(|number| Some((*number, tried(found.view, objects, &[*number]).err()?)));
    let blamed: Vec<_> = of_each.collect();
    // A difference that nobody is to blame for keeps everything where it is.
    if blamed.is_empty() { able.into_iter().map(|number| (number, reason.clone())).collect() } else { blamed }
}

fn tried(view: &View, objects: &Objects<'_>, numbers: &[usize]) -> Result<(), Finding> {
    let all: Vec<&Moved<'_>> = numbers.iter().map(|number| &objects.all[*number]).collect();
    let Some(first) = all.first() else { return Ok(()) };
    let refuse = |code: &'static Code, what: String| Err(first.finding(view, Finding::error(code, what)));
    let mut edits = Edits::of(view);
    for one in &all {
        edit::second(&mut edits, view, one)?;
        edit::name_second(&mut edits, &objects.puts(view, one, &one.users)?)?;
        edit::cover(&mut edits, objects, one)?;
        edit::follow_dns(&mut edits, objects, one)?;
    }
    let (changes, _) = edits.finish()?;
    let after = match view.with(&changes) {
        Ok(after) => after.whole(),
        Err(error) => return refuse(codes::GRAPH_DIFFERS, error.to_string()),
    };
    let mut expected = applied(view);
    for one in &all {
        let Some((_, reaches)) = one.first.filter(|_| one.second.is_none()) else { continue };
        for reach in reaches {
            *expected.entry(renamed(reach, one)).or_default() += 1;
        }
    }
    let now = applied(&after);
    let missing = |one: &&&Moved<'_>| {
        let reaches = one.first.into_iter().flat_map(|(_, reaches)| reaches);
        reaches.map(|reach| renamed(reach, one)).any(|key| !now.contains_key(&key))
    };
    if let Some(one) = all.iter().find(missing) {
        let message = format!("{} {} would arrive under another name", one.kind.name, one.new_name());
        return Err(one.finding(view, Finding::error(codes::SET_ABOVE, message)));
    }
    if expected != now {
        return refuse(codes::GRAPH_DIFFERS, "something else would be applied than now".to_owned());
    }
    let seconds: BTreeSet<_> = all.iter().map(|one| (one.kind.name, &one.to)).collect();
    let is_of_second = |user: &Use<'_>| {
        let name = (user.reach.namespace.unwrap_or_default().to_string(), user.reach.name.to_string());
        seconds.iter().any(|(kind, to)| *kind == user.reach.kind && **to == name)
    };
    let target = |user: &Use<'_>, is_before: bool| {
        let mut target = user.target();
        let is_it = |one: &&&Moved<'_>| {
            let is_of_cluster = one.clusters.contains(&user.reach.cluster);
            is_before && user.named.kind == one.kind && target == one.from && is_of_cluster
        };
        if let Some(one) = all.iter().find(is_it) {
            target = one.to.clone();
        }
        let way = format!("{:?}", user.named.way);
        (user.reach.cluster, user.shown(), way, user.named.kind.name, target)
    };
    let others = |all: &[Use<'_>], is_before: bool| {
        let mut targets: Vec<_> =
            all.iter().filter(|user| !is_of_second(user)).map(|user| target(user, is_before)).collect();
        targets.sort();
        targets
    };
    if others(&objects.uses, true) != others(&uses(&after), false) {
        return refuse(codes::GRAPH_DIFFERS, "something would name another object".to_owned());
    }
    if all.iter().any(|one| one.kind.is_gateway()) {
        return gateways(&after, &all);
    }
    Ok(())
}

/// Policies are for the second Gateways, and external-dns does not read the routes of the first ones.
fn gateways(after: &View, all: &[&Moved<'_>]) -> Result<(), Finding> {
    let objects = Objects { policies: Policies::of(after), arguments: arguments(after), ..Objects::default() };
    for one in all.iter().filter(|one| one.kind.is_gateway()) {
        let one = Moved::named(one.kind, one.from.clone(), one.to.clone(), one.clusters.clone());
        let what = match (objects.lacking(&one).next(), objects.followed(&one).next()) {
            (Some(target), _) => target.reach.shown(),
            (None, Some(arguments)) => arguments.reach.shown(),
            (None, None) => continue,
        };
        let message = format!("{what} would not be about {}", one.new_name());
        return Err(Finding::error(codes::GRAPH_DIFFERS, message));
    }
    Ok(())
}

fn renamed(reach: &Reach, one: &Moved<'_>) -> (ClusterId, String, String, String) {
    let (namespace, name) = one.to.clone();
    let namespace = if one.kind.is_namespaced { namespace } else { reach.namespace.unwrap_or_default().to_string() };
    (reach.cluster, one.kind.name.to_owned(), namespace, name)
}

fn applied(view: &View) -> Applied {
    let mut applied = Applied::new();
    for (_, reach) in view.graph().each_reach() {
        let namespace = reach.namespace.unwrap_or_default().to_string();
        let key = (reach.cluster, reach.kind.to_string(), namespace, reach.name.to_string());
        *applied.entry(key).or_default() += 1;
    }
    applied
}
