//! Which sources, stores and Gateways can move: each by itself, then all of them at once.

use std::collections::BTreeSet;

use super::gateways;
use super::kinds::controller_of;
use super::mentioned::mentioned;
use super::moved::{Moved, Objects, is_made_by_instance, is_same, refused};
use super::trial::differing;
use super::uses::{Use, may_be_patched};
use crate::flux::{ClusterId, Reach, Value, View, kinds_by_key};
use crate::migrations::flux_move::codes;
use crate::migrations::flux_move::find::Found;
use crate::migrations::flux_move::target::missing;
use crate::migrations::flux_move::world::World;
use crate::plan::{Code, Finding};

/// Judges all of them.
pub(super) fn judge<'v>(found: &Found<'v>, objects: &mut Objects<'v>) {
    let all: Vec<_> = objects.all.iter().map(|one| alone(found, objects, one)).collect();
    for (one, findings) in objects.all.iter_mut().zip(all) {
        one.findings = findings;
    }
    mentioned(found.view, objects);
    for (number, reason) in differing(found, objects) {
        objects.all[number].findings.push(reason);
    }
    for one in &mut objects.all {
        let finding = kept(found.view, one);
        one.last.extend(finding);
    }
}

/// What can be said of one by itself.
fn alone(found: &Found<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Finding> {
    let view = found.view;
    let mut findings = Vec::new();
    let mut say = |severity: fn(&'static Code, String) -> Finding, code: &'static Code, message: String| {
        findings.push(one.finding(view, severity(code, message)));
    };
    if let Some((code, message)) = identity(view, one) {
        say(Finding::error, code, message);
    }
    if is_made_by_instance(view, one.kind, &one.from) {
        let message =
            format!("a FluxInstance makes {} {}, and cannot call it otherwise", one.kind.name, one.old_name());
        say(Finding::error, codes::NOT_MOVABLE, message);
    }
    if let Some(other) = taken(view, objects, one) {
        say(Finding::error, codes::TARGET_TAKEN, other);
    }
    if !one.kind.is_source() && view.may_patch(one.kind.name, &one.from.1) {
        let message = format!("a patch may change {} {}", one.kind.name, one.old_name());
        say(Finding::error, codes::NOT_MODELLED, message);
    }
    for (_, reach) in reaches(one) {
        let object = one.first.and_then(|(at, _)| view.effective(at, reach));
        if object.is_some_and(|object| object.at(&["spec", "suspend"]).is_some_and(Value::is_true)) {
            let message =
                format!("{} {} is suspended: a second one would never be ready", one.kind.name, one.old_name());
            say(Finding::error, codes::SUSPENDED, message);
        }
    }
    if one.kind.is_namespaced && one.from.0 != one.to.0 {
        findings.extend(in_namespace(found, objects, one));
    }
    findings.extend(pushed(view, objects, one));
    if one.kind.is_gateway() {
        findings.extend(gateways::alone(found, objects, one));
    }
    // A field without a namespace means a store beside it.
    let may_name = |user: &&Use<'_>| {
        let is_near = user.named.has_namespace || user.reach.namespace.as_deref() == Some(&one.from.0);
        user.named.kind == one.kind && (is_near || !one.kind.is_namespaced)
    };
    let is_here = |user: &&Use<'_>| one.clusters.contains(&user.reach.cluster);
    let patched = |user: &&Use<'_>| may_be_patched(view, user);
    for user in objects.uses.iter().filter(may_name).filter(is_here).filter(patched) {
        let message = format!("a patch may change which {} {} names", one.kind.name, user.shown());
        findings.push(refused(view, user, Finding::error(codes::NOT_MODELLED, message)));
    }
    if let Err(reason) = objects.puts(view, one, &one.users) {
        findings.push(reason);
    }
    findings.dedup();
    findings
}

fn reaches<'m, 'v>(one: &'m Moved<'v>) -> impl Iterator<Item = (ClusterId, &'v Reach)> + use<'m, 'v> {
    one.first.into_iter().flat_map(|(_, reaches)| reaches).map(|reach| (reach.cluster, reach))
}

/// Why its file does not say what it is called.
fn identity(view: &View, one: &Moved<'_>) -> Option<(&'static Code, String)> {
    let (at, reaches) = one.first?;
    if !reaches.iter().all(|reach| one.kind.name_of(reach) == one.from) {
        return Some((
            codes::NOT_MODELLED,
            format!("{} {} is applied under several names", one.kind.name, one.old_name()),
        ));
    }
    let stated = |key: &str| view.node(at).and_then(|root| root.text_at(&["metadata", key])).unwrap_or_default();
    let (name, namespace) = (stated("name"), stated("namespace"));
    if [name, namespace].iter().any(|text| text.contains("${")) {
        return Some((codes::BY_VARIABLE, format!("the name of {} {} has a variable", one.kind.name, one.old_name())));
    }
    if name != one.from.1 {
        return Some((codes::NOT_MODELLED, format!("its file states {name}, and its name is made on the way")));
    }
    let moves = one.kind.is_namespaced && one.from.0 != one.to.0;
    (moves && namespace != one.from.0)
        .then(|| (codes::SET_ABOVE, format!("its file states another namespace than {}", one.from.0)))
}

/// What has the new name already, or is to get it, too.
fn taken(view: &View, objects: &Objects<'_>, one: &Moved<'_>) -> Option<String> {
    let (first, _) = one.first?;
    let has_new_name = |reach: &Reach| {
        one.kind.is(reach) && one.kind.name_of(reach) == one.to && one.clusters.contains(&reach.cluster)
    };
    let name = one.kind.name;
    for (at, reach) in view.graph().each_reach().filter(|(_, reach)| has_new_name(reach)) {
        let of_cluster = reaches(one).find(|(cluster, _)| *cluster == reach.cluster);
        let is_second =
            Some(at) == one.second && of_cluster.is_some_and(|(_, is)| is_same(view, (first, is), (at, reach)));
        if !is_second {
            return Some(format!("{name} {} is there already, in {}, and is not the same", one.new_name(), at.path));
        }
    }
    // One that only some of the clusters have is none.
    if let Some(second) = one.second
        && !one.clusters.is_subset(&view.graph().reaches(second).iter().map(|reach| reach.cluster).collect())
    {
        return Some(format!("{name} {} is not applied by all that apply {}", one.new_name(), one.old_name()));
    }
    let mut others = objects.all.iter().filter(|other| other.kind == one.kind && other.from != one.from);
    let other = others.find(|other| other.to == one.to && !other.clusters.is_disjoint(&one.clusters))?;
    Some(format!("{name} {} becomes {}, too", other.old_name(), one.new_name()))
}

/// What there is to say about the new namespace.
fn in_namespace(found: &Found<'_>, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Finding> {
    let (view, world, to) = (found.view, found.world(), &one.to.0);
    let mut findings = Vec::new();
    for (cluster, reach) in reaches(one) {
        findings.extend(namespace(world, reach, to));
        let object = one.first.and_then(|(at, _)| view.effective(at, reach));
        let object = object.filter(|_| !one.kind.is_gateway());
        let needed = object.map(|object| needed(&object)).unwrap_or_default();
        for (kind, name) in needed.iter().filter(|(kind, name)| !world.has_any(cluster, kind, to, name)) {
            let message = format!("{} {} needs {kind} {name}, which {to} does not have", one.kind.name, one.old_name());
            findings.push(Finding::error(codes::NEEDS_SECRET, message));
        }
        findings.extend(out_of_sight(view, one, cluster));
    }
    for user in objects.users_in(one, None) {
        let cluster = &view.graph().clusters[user.reach.cluster];
        let refuses = controller_of(user.reach).filter(|name| cluster.refuses_cross_namespace_refs(name));
        if let Some(controller) = refuses.filter(|_| user.reach.namespace.as_deref() != Some(to)) {
            let message = format!("{controller} takes nothing of another namespace for {}", user.shown());
            findings.push(Finding::error(codes::CROSS_NAMESPACE, message));
        }
    }
    findings.into_iter().map(|finding| one.finding(view, finding)).collect()
}

/// Whether the cluster has the new namespace in time for what a Flux Kustomization applies.
fn namespace(world: &World<'_>, reach: &Reach, to: &str) -> Option<Finding> {
    let makers = world.makers_of(reach.cluster, to);
    if World::is_always_there(to) || makers.contains(&reach.kustomization) {
        return None;
    }
    Some(match makers.first() {
        Some(maker) => {
            let maker = world.view.graph().kustomizations[*maker].full_name();
            let message = format!("{maker} makes Namespace {to}, and what applies {} does not", reach.name);
            Finding::warning(codes::MADE_ELSEWHERE, message)
        }
        None if world.is_made_by_release(reach.cluster, to) => {
            Finding::error(codes::MADE_INSIDE, format!("only a HelmRelease makes Namespace {to}"))
        }
        None => Finding::error(codes::TARGET_MISSING, missing(world, reach.cluster, to)),
    })
}

/// The Secrets, ConfigMaps and ServiceAccounts that an object names in its own namespace.
fn needed(object: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Value> = object.get("spec").into_iter().collect();
    while let Some(value) = open.pop() {
        for (key, below) in value.entries() {
            let name = below.text().or_else(|| below.text_at(&["name"]));
            let is_own = below.text_at(&["namespace"]).is_none();
            let kinds = kinds_by_key(key).filter(|_| is_own).unwrap_or_default();
            let known = kinds.iter().copied().filter(|kind| ["Secret", "ConfigMap", "ServiceAccount"].contains(kind));
            found.extend(known.filter_map(|kind| Some((kind, name?.to_owned()))));
            open.push(below);
        }
        open.extend(value.items());
    }
    found
}

/// An Alert or a Receiver that watches all of the kind where it is, and nothing where it goes.
fn out_of_sight(view: &View, one: &Moved<'_>, cluster: ClusterId) -> Option<Finding> {
    let of_cluster = view.graph().each_reach().filter(|(_, reach)| reach.cluster == cluster);
    let mut blind = of_cluster.filter_map(|(at, reach)| {
        let entries = view.watched(at, reach)?;
        let sees = |namespace: &str| {
            entries
                .iter()
                .any(|entry| entry.kind == one.kind.name && entry.namespace == namespace && entry.is_for_all())
        };
        (sees(&one.from.0) && !sees(&one.to.0)).then_some(reach)
    });
    let watcher = blind.next()?;
    let message =
        format!("{} watches every {} of {}, and none of {}", watcher.shown(), one.kind.name, one.from.0, one.to.0);
    Some(Finding::warning(codes::ALERT_LOSES_SIGHT, message))
}

/// What PushSecrets would do: a store that is not listed any more loses what was pushed to it, and one that
/// is selected by labels is there twice. ClusterExternalSecrets name a SecretStore in namespaces that are not
/// known here.
fn pushed(view: &View, objects: &Objects<'_>, one: &Moved<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for user in objects.users_in(one, None) {
        if deletes(view, user) {
            let message = format!("{} deletes what it has pushed to {}", user.shown(), one.old_name());
            findings.push(refused(view, user, Finding::error(codes::PUSH_DELETES, message)));
        }
    }
    if !one.kind.is_store() {
        return findings;
    }
    let anywhere = |user: &&Use<'_>| {
        let is_it = user.named.kind == one.kind && user.named.name == one.from.1 && one.kind.is_namespaced;
        is_it && user.reach.kind.starts_with("Cluster") && one.clusters.contains(&user.reach.cluster)
    };
    for user in objects.uses.iter().filter(anywhere) {
        let message = format!("{} names {} in namespaces that are not known here", user.shown(), one.from.1);
        findings.push(refused(view, user, Finding::error(codes::NOT_MODELLED, message)));
    }
    for (at, reach) in view.graph().each_reach().filter(|(_, reach)| one.clusters.contains(&reach.cluster)) {
        let spec: &[&str] = match reach.kind.as_str() {
            "PushSecret" => &["spec", "secretStoreRefs"],
            "ClusterPushSecret" => &["spec", "pushSecretSpec", "secretStoreRefs"],
            _ => continue,
        };
        let object = view.effective(at, reach);
        let refs = object.as_ref().and_then(|object| object.at(spec)).map_or(&[][..], Value::items);
        let selects = |item: &Value| {
            let is_kind = item.text_at(&["kind"]).unwrap_or("SecretStore") == one.kind.name;
            is_kind && item.get("labelSelector").is_some_and(|selector| may_select(view, one, selector))
        };
        if refs.iter().any(selects) {
            let message = format!("{} {} selects stores by labels", reach.kind, reach.name);
            findings.push(one.finding(view, Finding::error(codes::NOT_MODELLED, message)));
        }
    }
    findings
}

/// Whether a selector of labels may select the first object. Only labels that are listed are compared.
fn may_select(view: &View, one: &Moved<'_>, selector: &Value) -> bool {
    let wanted = selector.get("matchLabels").map_or(&[][..], Value::entries);
    let has =
        |object: &Value| wanted.iter().all(|(key, value)| object.text_at(&["metadata", "labels", key]) == value.text());
    let mut objects = reaches(one).filter_map(|(_, reach)| view.effective(one.first?.0, reach));
    selector.get("matchExpressions").is_some() || objects.any(|object| has(&object))
}

/// Whether a PushSecret deletes what it has pushed to a store that it does not name any more. It does so by
/// name, whether or not the second store leads to the same place (external-secrets,
/// `pkg/controllers/pushsecret/pushsecret_controller.go`, `DeleteSecretFromProviders`; issue 5062 of that
/// repository has it happen).
fn deletes(view: &View, user: &Use<'_>) -> bool {
    let way: &[&str] = match user.reach.kind.as_str() {
        "PushSecret" => &["spec", "deletionPolicy"],
        "ClusterPushSecret" => &["spec", "pushSecretSpec", "deletionPolicy"],
        _ => return false,
    };
    view.effective(user.at, user.reach).is_some_and(|object| object.text_at(way) == Some("Delete"))
}

/// That the first object stays on the cluster once its document is gone.
fn kept(view: &View, one: &Moved<'_>) -> Option<Finding> {
    let applied_by = |reach: &Reach| &view.graph().kustomizations[reach.kustomization];
    let (_, reach) = reaches(one).find(|(_, reach)| !applied_by(reach).prune)?;
    let message = format!("{} does not prune: {} stays on the cluster", applied_by(reach).full_name(), one.old_name());
    Some(one.finding(view, Finding::warning(codes::PARENT_KEEPS, message)))
}
