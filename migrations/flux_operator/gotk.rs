//! An installation by `gotk-components.yaml`, which `flux bootstrap` writes and the root applies.
//!
//! Its kustomization holds what Flux starts with, too (`gotk-sync.yaml`): that stays, and so do
//! patches for it. What must not be deleted gets an annotation by a patch. It has no kind in its target,
//! so that it is for every object of Flux, and it leaves the templates of pods alone.

use super::codes;
use super::distribution::identities;
use super::edit::{dropped, remove_file};
use super::install::{Install, Old, version_of};
use super::patches::{Carried, Today};
use super::settings::FluxOperatorSettings;
use super::versions::Version;
use super::{NAMESPACE, find};
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, Written};
use crate::repo::RepoPath;
use crate::yaml::{Emptied, New, Node, Place};

const HEADER: &str = "# Flux Version:";
/// Where the images of the distribution are that the FluxInstance names.
const IMAGES: &str = "ghcr.io/fluxcd/";
const PART_OF: &str = "app.kubernetes.io/part-of";
const MARK: &str = "flux-codemod: guard[flux-operator] until the old installation is gone";

/// Fields of the kustomization that change nothing, or that are read here.
const KNOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "resources", "patches"];

/// The guard, as an entry of `patches`.
fn guard() -> Value {
    let patch = "apiVersion: v1\nkind: not-used\nmetadata:\n  name: not-used\n  annotations:\n    \
                 kustomize.toolkit.fluxcd.io/prune: disabled\n";
    let target = Value::mapping([("labelSelector", Value::string("app.kubernetes.io/part-of=flux"))]);
    Value::mapping([("patch", Value::string(patch)), ("target", target)])
}

/// The installations of a cluster: one for each file.
pub(super) fn installs<'v>(view: &'v View, cluster: ClusterId, settings: &FluxOperatorSettings) -> Vec<Install<'v>> {
    let mut found: Vec<Install<'v>> = Vec::new();
    for (at, reaches) in view.graph().reached() {
        let here = reaches.iter().filter(|reach| reach.cluster == cluster && reach.kind == "Deployment");
        let Some(reach) = here.into_iter().find(|reach| find::is_local(view, reach)) else { continue };
        let is_known = |install: &Install<'_>| matches!(&install.old, Old::Gotk { file, .. } if *file == at.path);
        if found.iter().any(is_known) || !is_of_flux(view, at) {
            continue;
        }
        found.push(of_file(view, &at.path, reach, settings));
    }
    found
}

fn is_of_flux(view: &View, at: &At) -> bool {
    let has_label = view.object(at).is_some_and(|object| object.labels.get(PART_OF).is_some_and(|of| of == "flux"));
    has_label && header(view, &at.path).is_some()
}

/// What the head of the file says of its version.
fn header<'v>(view: &'v View, file: &RepoPath) -> Option<&'v str> {
    let stream = view.file(file)?.stream.as_deref()?;
    stream.text().lines().take(10).find_map(|line| line.strip_prefix(HEADER)).map(str::trim)
}

fn of_file<'v>(view: &'v View, file: &RepoPath, reach: &Reach, settings: &FluxOperatorSettings) -> Install<'v> {
    let cluster = &view.graph().clusters[reach.cluster];
    let kustomization = reach.through.last().cloned().unwrap_or_else(|| file.clone());
    let root = view.node(&At::document(&kustomization, 0));
    let list = root.and_then(|root| root.get("patches"));
    let guarded = list.into_iter().flat_map(Node::items).any(|item| Value::of(item) == Some(guard()));
    let flux = &view.graph().kustomizations[reach.kustomization];
    let flux = (flux.namespace.clone(), flux.name.clone());
    let stated = header(view, file).and_then(Version::exact);
    let mut install = Install {
        cluster: reach.cluster,
        cluster_name: cluster.name.clone(),
        namespace: NAMESPACE.to_owned(),
        old: Old::Gotk { file: file.clone(), kustomization: kustomization.clone(), flux, guarded },
        version: version_of(view, reach.cluster, stated),
        components: Vec::new(),
        orphaned: Vec::new(),
        carried: Carried::default(),
        common_metadata: None,
        problems: problems(view, file, &kustomization, reach, root),
        listed: Vec::new(),
    };
    let objects = view.file(file).map(|file| &file.objects[..]).unwrap_or_default();
    let deployments = objects.iter().filter(|object| object.kind == "Deployment");
    let today: Vec<String> = deployments.map(|object| object.name.into()).collect();
    install.choose_components(today.clone(), settings);
    let stream = view.file(&kustomization).and_then(|file| file.stream.as_deref());
    if let (Some(version), Some(stream)) = (install.version, stream) {
        let all = identities(version, &today, NAMESPACE);
        let today = Today {
            path: &kustomization,
            stream,
            list,
            namespace: NAMESPACE,
            version,
            identities: &all,
            among_others: true,
            guard: Some(guard()),
        };
        install.take_patches(today.carried());
        // `flux bootstrap --network-policy=false` leaves them out.
        install.carried.network_policy &= objects.iter().any(|object| object.kind == "NetworkPolicy");
    }
    install.check_version(settings);
    install
}

/// Why nothing is written.
fn problems(
    view: &View,
    file: &RepoPath,
    kustomization: &RepoPath,
    reach: &Reach,
    root: Option<Node<'_>>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut refuse = |message: String| found.push(Finding::error(codes::FIELD, message).at(kustomization, None));
    let lists: Vec<_> = view.listed_by(file).collect();
    if lists.len() != 1 || lists[0].path != *kustomization || reach.through.is_empty() {
        refuse(format!("{file} is not listed by one kustomization alone"));
    }
    let entries = root.into_iter().flat_map(Node::entries).filter_map(|(key, _)| key.text());
    for key in entries.filter(|key| !KNOWN.contains(key)) {
        refuse(format!("`{key}` of {kustomization} has no place in a FluxInstance"));
    }
    for above in reach.through.iter().rev().skip(1).filter_map(|path| view.kustomization(&path.dir())) {
        if !above.patches.is_empty() || above.namespace.is_some() || above.stage.is_some() {
            refuse(format!("{} changes what is in {file}", above.path));
        }
    }
    let flux = &view.graph().kustomizations[reach.kustomization];
    if !flux.patches.is_empty() {
        refuse(format!("spec.patches of {} may change what is in {file}", flux.full_name()));
    }
    let objects = view.file(file).map(|file| &file.objects[..]).unwrap_or_default();
    if let Some(other) = objects.iter().find(|object| object.labels.get(PART_OF).is_none_or(|of| of != "flux")) {
        refuse(format!(
            "{} {} in {file} has no label {PART_OF}: flux, so a guard would not be for it",
            other.kind, other.name
        ));
    }
    if view.graph().clusters_of(&objects.first().map_or(At::document(file, 0), |object| object.at.clone())).len() > 1 {
        refuse("several clusters apply this file, and each of them has to go alone".to_owned());
    }
    for object in objects.iter().filter(|object| object.kind == "Deployment") {
        let containers = view.node(&object.at).and_then(|root| root.at(&["spec", "template", "spec", "containers"]));
        for container in containers.into_iter().flat_map(Node::items) {
            let image = container.text_at(&["image"]).unwrap_or_default();
            if !image.starts_with(IMAGES) {
                refuse(format!("{} runs {image}: a mirror needs a variant, which is not chosen here", object.name));
            }
            let arguments = container.get("args").into_iter().flat_map(Node::items).filter_map(Node::text);
            for argument in arguments.filter(|argument| !is_usual(argument)) {
                refuse(format!("{} has {argument}, which the operator does not set: state it in a patch", object.name));
            }
        }
    }
    found
}

/// Whether `flux bootstrap` writes an argument where nothing is asked for.
fn is_usual(argument: &str) -> bool {
    let (flag, value) = argument.split_once('=').unwrap_or((argument, ""));
    match flag {
        "--events-addr" | "--storage-adv-addr" => value.contains(".svc.cluster.local."),
        "--watch-all-namespaces" | "--enable-leader-election" => matches!(value, "" | "true"),
        "--log-level" => value == "info",
        "--log-encoding" => value == "json",
        "--storage-path" => value == "/data",
        _ => false,
    }
}

/// Puts the guard into the kustomization.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn write_guard(edits: &mut Edits<'_>, kustomization: &RepoPath) -> Result<(), Finding> {
    edits.object(&At::document(kustomization, 0), |edit, root| {
        let entry = New::from(&guard());
        match root.get("patches").filter(|list| list.items().next().is_some()) {
            Some(list) => edit.insert_commented_item(list, list.items().count(), &[MARK], &entry),
            None => edit.insert_commented_entry(root, Place::Last, &[MARK], "patches", &New::Sequence(vec![entry])),
        }
    })
}

/// Removes the file, the guard, and the patches that the FluxInstance has taken.
///
/// # Errors
/// If the text does not allow it.
pub(super) fn without(
    view: &View,
    file: &RepoPath,
    kustomization: &RepoPath,
    carried: &Carried,
) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    remove_file(&mut edits, view, file, &[file.clone()].into())?;
    edits.object(&At::document(kustomization, 0), |edit, root| {
        let Some(list) = root.get("patches") else { return Ok(()) };
        if list.items().count() == carried.of_flux.len() {
            return edit.remove_entry(root, "patches", Emptied::NoEntry, |_| dropped());
        }
        let mut places = carried.of_flux.iter();
        places.try_for_each(|place| edit.remove_item(list, *place, Emptied::NoEntry, |_| dropped()))
    })?;
    edits.finish()
}
