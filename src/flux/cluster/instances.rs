//! FluxInstances as they arrive: as objects, or as the values of the `flux-instance` chart, patched,
//! substituted and merged from where the HelmRelease takes them.
//!
//! Which Flux Kustomization applies one is known only once the cluster is, which begins with it. So
//! entry points are first guessed from all that may apply it, and then read again as their cluster
//! has it ([`Instance::applied_by`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::by_id::ClusterId;
use super::effective::effective;
use super::entry_points::Candidates;
use super::flux_kustomization::{Data, FluxKustomization};
use crate::flux::files::{At, Object};
use crate::flux::kustomize::{Builder, Builders, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::RepoPath;
use crate::yaml::{Node, Stream};

/// A FluxInstance, as it arrives in a cluster.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instance {
    /// The document that states it.
    pub(super) at: At,
    /// Its namespace.
    pub(super) namespace: String,
    /// Its `spec`.
    pub(super) spec: Value,
}

/// Whether a document may state a FluxInstance: itself, as a HelmRelease of the `flux-instance`
/// chart, or as a file of values.
pub(super) fn may_be_instance(root: Node<'_>) -> bool {
    const CHART: &str = "flux-instance";
    let named = |path: &[&str]| root.text_at(path) == Some(CHART);
    match root.text_at(&["kind"]) {
        Some("FluxInstance") => true,
        Some("HelmRelease") => {
            root.at(&["spec", "values", "instance"]).is_some()
                || named(&["metadata", "name"])
                || named(&["spec", "chartRef", "name"])
                || named(&["spec", "chart", "spec", "chart"])
        }
        Some(_) => false,
        None => root.get("instance").is_some(),
    }
}

impl Instance {
    /// All FluxInstances of a tree, each as whatever may apply it makes it.
    pub(super) fn all(
        parsed: &ParsedTree<'_>,
        builders: &mut Builders<'_>,
        candidates: &Candidates<'_>,
    ) -> Vec<Instance> {
        let stating: Vec<_> = parsed.documents().filter(|(_, root)| may_be_instance(*root)).collect();
        if stating.is_empty() {
            return Vec::new();
        }
        let patches = parsed.patch_files();
        let mut found: Vec<Instance> = Vec::new();
        let mut files_read: BTreeSet<RepoPath> = BTreeSet::new();
        for (at, root) in stating.iter().filter(|(at, _)| !patches.contains(&at.path)) {
            if root.text_at(&["kind"]).is_none() {
                continue;
            }
            let mut arrived = Vec::new();
            let mut covered = BTreeSet::new();
            for (kustomization, built) in appliers(at, parsed, builders, candidates) {
                covered.extend(built.iter().flat_map(|rendered| rendered.through.iter().cloned()));
                arrived.extend(Instance::built(at, *root, &built, &kustomization.variables, parsed));
            }
            for top in listing(&at.path, parsed).into_iter().filter(|top| !covered.contains(top)) {
                let built = builders.of_all().directory(&top.dir());
                arrived.extend(Instance::built(at, *root, &built, &Variables::default(), parsed));
            }
            if arrived.is_empty() {
                let file = parsed.scan.files.get(&at.path).into_iter();
                let stated: Vec<Rendered> = file.flat_map(|file| crate::flux::kustomize::objects(file)).collect();
                arrived.extend(Instance::built(at, *root, &stated, &Variables::default(), parsed));
            }
            files_read.extend(arrived.iter().flat_map(|(_, files)| files.iter().cloned()));
            for (instance, _) in arrived {
                if !found.contains(&instance) {
                    found.push(instance);
                }
            }
        }
        // A file of values that a HelmRelease takes counts there.
        let files = stating.iter().filter(|(at, root)| {
            root.text_at(&["kind"]).is_none() && !patches.contains(&at.path) && !files_read.contains(&at.path)
        });
        let of_file = |(at, root): &(At, Node<'_>)| {
            let spec = Value::of(root.get("instance")?)?;
            Some(Instance { at: at.clone(), namespace: "flux-system".to_owned(), spec })
        };
        found.extend(files.filter_map(of_file));
        found
    }

    /// The same as its own cluster has it, if that applies it.
    pub(super) fn applied_by(
        &self,
        kustomization: &FluxKustomization,
        parsed: &ParsedTree<'_>,
        builders: &mut Builders<'_>,
    ) -> Option<Instance> {
        let builder = builders.of(&kustomization.artifact);
        let built = builder.with_overlay(kustomization.path.as_ref()?, kustomization.overlay());
        let built = Instance::built(&self.at, parsed.node(&self.at)?, &built, &kustomization.variables, parsed);
        built.map(|(instance, _)| instance)
    }

    /// That of a build, with the files that its values come from.
    fn built(
        at: &At,
        root: Node<'_>,
        built: &[Rendered],
        variables: &Variables,
        parsed: &ParsedTree<'_>,
    ) -> Option<(Instance, BTreeSet<RepoPath>)> {
        let rendered = built.iter().find(|rendered| rendered.at == *at)?;
        let name = variables.substitute(&rendered.name);
        let namespace = rendered.namespace.as_deref().map(|namespace| variables.substitute(namespace));
        let object = effective(root, &rendered.patches, Some((&name, namespace.as_deref())), variables)?;
        let namespace = object.text_at(&["spec", "targetNamespace"]).map(str::to_owned).or(namespace);
        let namespace = namespace.unwrap_or_else(|| "flux-system".to_owned());
        let mut files = BTreeSet::new();
        let spec = match rendered.kind.as_str() {
            "FluxInstance" => object.get("spec")?.clone(),
            _ => {
                let mut values = Value::Mapping(Vec::new());
                for from in object.at(&["spec", "valuesFrom"]).map_or(&[][..], Value::items) {
                    merge_from(from, &mut values, built, variables, parsed, &mut files);
                }
                values.merge(object.at(&["spec", "values"]).unwrap_or(&Value::Mapping(Vec::new())));
                values.get("instance")?.clone()
            }
        };
        Some((Instance { at: at.clone(), namespace, spec }, files))
    }
}

/// Merges what an entry of `valuesFrom` holds into values, and notes the files that it comes from.
/// What is in no file is unknown, and adds nothing.
fn merge_from(
    from: &Value,
    values: &mut Value,
    built: &[Rendered],
    variables: &Variables,
    parsed: &ParsedTree<'_>,
    files: &mut BTreeSet<RepoPath>,
) {
    let Some(name) = from.text_at(&["name"]).filter(|_| from.text_at(&["kind"]) == Some("ConfigMap")) else { return };
    let key = from.text_at(&["valuesKey"]).unwrap_or("values.yaml");
    let here = built.iter().find(|rendered| rendered.kind == "ConfigMap" && rendered.is_called(name));
    let stated = |at: &At| parsed.node(at).and_then(|root| Some(root.at(&["data", key])?.text()?.to_owned()));
    let text = match here {
        Some(rendered) if rendered.is_generated() => {
            files.extend(rendered.generated_from());
            let mut rendered = rendered.clone();
            rendered.finish(parsed.tree);
            rendered.content.as_ref().and_then(|content| content.text(key).map(str::to_owned))
        }
        Some(rendered) => stated(&rendered.at),
        None => {
            let mut named = parsed.objects().filter(|object| object.kind == "ConfigMap" && object.name == name);
            named.next().filter(|_| named.next().is_none()).and_then(|object| stated(&object.at))
        }
    };
    let Some(text) = text.map(|text| variables.substitute(&text)) else { return };
    if let Some(path) = from.text_at(&["targetPath"]) {
        values.set_at(&path.split('.').collect::<Vec<_>>(), Value::string(&text));
    } else if let Ok(stream) = Stream::parse(text) {
        stream.documents().next().and_then(Value::of).iter().for_each(|more| values.merge(more));
    }
}

/// The Flux Kustomizations that files state and that build an object, each with its build.
fn appliers(
    at: &At,
    parsed: &ParsedTree<'_>,
    builders: &mut Builders<'_>,
    candidates: &Candidates<'_>,
) -> Vec<(FluxKustomization, Vec<Rendered>)> {
    let mut found = Vec::new();
    for candidate in candidates.values() {
        // Flux's own manifests and other artifacts are not in this tree.
        let may_be_here = candidate.source.kind == "GitRepository" || !candidate.path.as_str().is_empty();
        let applies = may_be_here && builders.of_all().flux_path(&candidate.path).iter().any(|one| one.at == *at);
        let Some(mut kustomization) = applies.then(|| read(candidate.object, parsed, builders.of_all())).flatten()
        else {
            continue;
        };
        kustomization.read_variables(&mut |kind, name| data(kind, name, parsed));
        let built = builders.of_all().with_overlay(&candidate.path, kustomization.overlay());
        found.push((kustomization, built));
    }
    found
}

/// A Flux Kustomization as the kustomization beside it makes it.
fn read(object: &Object, parsed: &ParsedTree<'_>, builder: &mut Builder<'_>) -> Option<FluxKustomization> {
    let beside = builder.directory(&object.at.path.dir());
    let rendered = beside.iter().find(|rendered| rendered.at == object.at);
    let root = parsed.node(&object.at)?;
    FluxKustomization::read(&object.at, root, rendered, &Variables::default(), ClusterId::NONE, None)
}

/// The data of the only ConfigMap of a name. Of a Secret, nothing is known.
fn data(kind: &str, name: &str, parsed: &ParsedTree<'_>) -> Option<Data> {
    let mut named = parsed.objects().filter(|object| object.kind == kind && object.name == name);
    let only = named.next().filter(|_| kind == "ConfigMap" && named.next().is_none())?;
    let data = parsed.node(&only.at)?.get("data").and_then(Value::of)?;
    let value = |value: &Value| value.text().filter(|text| !text.contains("${")).map(str::to_owned);
    Some(data.entries().iter().map(|(key, text)| (key.clone(), value(text))).collect())
}

/// The kustomization files that list a file, directly or through others, and that no other lists.
fn listing(file: &RepoPath, parsed: &ParsedTree<'_>) -> BTreeSet<RepoPath> {
    let mut listed: BTreeMap<RepoPath, Vec<&RepoPath>> = BTreeMap::new();
    for (dir, kustomization) in parsed.kustomizations {
        let entries = kustomization.resources.iter().chain(&kustomization.components);
        for path in entries.filter(|entry| !entry.is_remote()).filter_map(|entry| dir.join(&entry.text)) {
            listed.entry(path).or_default().push(dir);
        }
    }
    let (mut open, mut seen, mut tops) = (vec![file], BTreeSet::new(), BTreeSet::new());
    while let Some(path) = open.pop() {
        let above = listed.get(path).map_or(&[][..], Vec::as_slice);
        let kustomization: Option<&Arc<_>> = parsed.kustomizations.get(path);
        tops.extend(kustomization.filter(|_| above.is_empty()).map(|kustomization| kustomization.path.clone()));
        open.extend(above.iter().filter(|dir| seen.insert(**dir)));
    }
    tops
}
