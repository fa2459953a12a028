//! The text of each unit, on the tree where it lands.

use super::codes::{CUT_WAITS, GATEWAY_NOT_KNOWN, LEFTOVER_WAITS};
use super::create::GATEWAY;
use super::cut::{route_beside, values_without, write_object, write_routes, write_values};
use super::find::Found;
use super::grant::GRANT;
use super::leftovers::{is_done, is_leftover};
use super::object::{Documents, Routable};
use super::placed::About;
use super::policy::POLICY;
use super::ports::Ports;
use super::release::{self, Candidate};
use super::schema::{comment, of_route};
use super::units::{CUT, DNS_SOURCE, ROUTE, SWAP, candidate_of, dns_of, object_of};
use crate::flux::{At, Value, View, rewrite_with};
use crate::plan::author::{After, Edits, Written, edited};
use crate::plan::codes::CHANGED_ON_THE_WAY;
use crate::plan::{Edited, Finding, Subject, Unit};
use crate::yaml::{New, Node};

/// What a unit changes on this tree.
pub(super) fn edit(found: &Found<'_>, unit: &Unit) -> Edited {
    let view = found.view;
    let is_there = view.releases().iter().any(|release| release.at.path == *unit.id.subject.path());
    if unit.id.step == DNS_SOURCE {
        return match dns_of(found, unit).map(|dns| (&dns.release.at, &dns.verdict)) {
            Some((at, Ok((before, after)))) => edited(write(view, at, before, after)),
            Some((_, Err(reason))) => Edited::Refused(reason.clone()),
            None => gone_or_done(unit, is_there),
        };
    }
    if unit.id.step == GATEWAY || unit.id.step == GRANT {
        return edited_file(found, unit);
    }
    if unit.id.step == POLICY {
        return match found.inclusions.iter().find(|inclusion| inclusion.id() == unit.id) {
            Some(inclusion) => edited(inclusion.written(view)),
            None => gone_or_done(unit, view.file(unit.id.subject.path()).is_some()),
        };
    }
    if is_leftover(unit) {
        return edit_leftover(found, unit);
    }
    let step = unit.id.step;
    // What a swap needs is on the branch of the cluster: its gate sees to that.
    let is_early = |needs_nothing: bool| !needs_nothing && step != SWAP;
    if !matches!(unit.id.subject, Subject::Release { .. }) {
        return match object_of(found, unit).map(|routable| (routable, &routable.verdict)) {
            Some((_, Ok(placed))) if is_early(placed.needs_nothing()) => {
                Edited::Refused(too_early(unit, &placed.about))
            }
            Some((routable, Ok(placed))) if step == CUT => edited(cut_object(found, routable, &placed.made)),
            Some((routable, Ok(placed))) if step == SWAP => edited(swapped(found, routable, &placed.made)),
            Some((routable, Ok(placed))) => edited(append(found, &routable.object.at, &placed.made.missing)),
            Some((_, Err(reasons))) => Edited::Refused(reasons[0].clone()),
            None => gone_or_done(unit, step != ROUTE),
        };
    }
    match candidate_of(found, unit).map(|candidate| (candidate, &candidate.verdict)) {
        Some((_, Ok(placed))) if is_early(placed.needs_nothing()) => Edited::Refused(too_early(unit, &placed.about)),
        Some((candidate, Ok(_))) if step == CUT && !candidate.has_routes() => {
            edited(Err(no_route(&candidate.release.at)))
        }
        Some((candidate, Ok(placed))) if step != ROUTE => edited(cut_values(view, candidate, &placed.made)),
        Some((candidate, Ok(placed))) => {
            edited(write(view, &candidate.release.at, &candidate.values, &placed.made.after))
        }
        Some((_, Err(reasons))) => Edited::Refused(reasons[0].clone()),
        None => gone_or_done(unit, is_there),
    }
}

/// Writes a Gateway or a grant.
fn edited_file(found: &Found<'_>, unit: &Unit) -> Edited {
    let created = found.clusters.iter().flat_map(|cluster| &cluster.created).find(|created| created.id == unit.id);
    let grant = found.grants.iter().find(|grant| grant.id == unit.id);
    let file = match (created.map(|created| &created.verdict), grant) {
        (Some(Ok(file)), _) => file,
        (Some(Err(reasons)), _) => return Edited::Refused(reasons[0].clone()),
        (None, Some(grant)) => &grant.file,
        (None, None) => return gone_or_done(unit, true),
    };
    edited(file.written(found.view))
}

/// Removes or renames what nothing needs any more.
fn edit_leftover(found: &Found<'_>, unit: &Unit) -> Edited {
    if let Some(leftover) = found.leftovers().iter().find(|leftover| leftover.is_meant_by(unit)) {
        return edited(leftover.written(found.view));
    }
    let path = unit.id.subject.path();
    if is_done(found.view, unit) {
        return Edited::Already;
    }
    let message = format!("{} is still in use in this tree", unit.id.subject);
    Edited::Refused(Finding::error(LEFTOVER_WAITS, message).at(path, None))
}

/// What a route needs is not in this tree yet.
fn too_early(unit: &Unit, about: &About) -> Finding {
    let needed: Vec<String> = about.needs.iter().map(|id| id.subject.to_string()).collect();
    let message = format!("{} is not in this tree yet", needed.join(", "));
    Finding::error(GATEWAY_NOT_KNOWN, message).at(unit.id.subject.path(), None)
}

/// A route is not there, so its Ingress stays.
fn no_route(at: &At) -> Finding {
    Finding::error(CUT_WAITS, "its route is not in this tree yet").at(&at.path, None)
}

/// Removes the Ingresses of a release.
fn cut_values(view: &View, candidate: &Candidate<'_>, made: &release::Written) -> Result<Written, Finding> {
    let (at, before) = (&candidate.release.at, &candidate.values);
    let after = values_without(candidate, made)?;
    let stream = view.file(&at.path).and_then(|file| file.stream.as_ref());
    let mut edits = Edits::of(view);
    edits.object(at, |edit, root| match (root.at(&["spec", "values"]), stream) {
        (Some(values), Some(stream)) => write_values(edit, (stream, root, values), (before, &after)),
        _ => Ok(()),
    })?;
    edits.finish_if(|edited| arrives(view, at, (before, &after), edited))
}

/// Writes routes in place of the object that they stand for.
fn swapped(found: &Found<'_>, routable: &Routable<'_>, made: &Documents) -> Result<Written, Finding> {
    let (view, at) = (found.view, &routable.object.at);
    let schema = of_route(found, at);
    let Some(stream) = view.file(&at.path).and_then(|file| file.stream.as_deref()) else { return Err(no_route(at)) };
    let mut edits = Edits::of(view);
    edits.object(at, |edit, root| {
        write_routes(edit, (root, stream, at.document), &made.missing, (&made.moved, schema.as_deref()))
    })?;
    edits.finish()
}

/// Writes the route of an object in its place.
fn cut_object(found: &Found<'_>, routable: &Routable<'_>, made: &Documents) -> Result<Written, Finding> {
    let (view, at) = (found.view, &routable.object.at);
    let route = route_beside(view, routable).filter(|_| routable.has_routes());
    let stream = view.file(&at.path).and_then(|file| file.stream.as_ref());
    let (Some(route), Some(stream)) = (route, stream) else { return Err(no_route(at)) };
    let mut edits = Edits::of(view);
    let schema = of_route(found, at);
    edits.object(at, |edit, root| {
        write_object(edit, (root, at.document), (stream, route.at.document), (&made.moved, schema.as_deref()))
    })?;
    edits.finish()
}

fn gone_or_done(unit: &Unit, is_there: bool) -> Edited {
    if is_there {
        return Edited::Already;
    }
    Edited::gone(unit)
}

/// Adds routes behind the document of the object that they stand for.
fn append(found: &Found<'_>, at: &At, routes: &[Value]) -> Result<Written, Finding> {
    let comment = of_route(found, at).as_deref().map(comment);
    let comments: Vec<&str> = comment.as_deref().into_iter().collect();
    let mut edits = Edits::of(found.view);
    edits.object(at, |edit, root| {
        routes.iter().try_for_each(|route| edit.insert_document(root, &comments, &New::from(route)))
    })?;
    edits.finish()
}

/// Changes the values of a release, and sees that they arrive in every cluster as they are meant.
pub(super) fn write(view: &View, at: &At, before: &Value, after: &Value) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    edits.object(at, |edit, root| match root.at(&["spec", "values"]) {
        Some(values) => {
            let ports = Ports::of(root, values);
            let spelling = |_: Node<'_>, _: &str, value: &Value| ports.spelled(value);
            rewrite_with(edit, values, (before, after), &spelling, "it is about an Ingress")
        }
        None => Ok(()),
    })?;
    edits.finish_if(|edited| arrives(view, at, (before, after), edited))
}

/// Sees that what a cluster gets differs from what it got as the text does.
fn arrives(view: &View, at: &At, (before, after): (&Value, &Value), edited: &After<'_>) -> Result<(), Finding> {
    let object = edited.object(at);
    for reach in view.graph().reaches(at) {
        let variables = &view.graph().kustomizations[reach.kustomization].variables;
        let now = object.as_ref().and_then(|(stream, at)| view.effective_text(at.node(stream)?, reach));
        let was = view.effective(at, reach);
        let (Some(now), Some(was)) = (now, was) else { continue };
        let mut meant = was.at(&["spec", "values"]).cloned().unwrap_or(Value::Null);
        for (key, value) in after.entries().iter().filter(|(key, value)| before.get(key) != Some(value)) {
            let mut value = value.clone();
            value.map_text(&|text| variables.substitute(text));
            meant.set(key, value);
        }
        for (key, _) in before.entries().iter().filter(|(key, _)| after.get(key).is_none()) {
            meant.remove(key);
        }
        if !now.at(&["spec", "values"]).is_some_and(|values| values.same_as(&meant)) {
            let cluster = &view.graph().clusters[reach.cluster].name;
            let message = format!("the values of {} would not arrive in {cluster} as they are meant", reach.name);
            return Err(Finding::error(CHANGED_ON_THE_WAY, message).at(&at.path, None));
        }
    }
    Ok(())
}
