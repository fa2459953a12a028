//! Follows the Flux Kustomizations of one cluster, from its entry point down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Graph;
use crate::flux::cluster::artifacts::Artifacts;
use crate::flux::cluster::by_id::{ClusterId, KustomizationId};
use crate::flux::cluster::entry_point::{EntryPoint, Root, branch_of};
use crate::flux::cluster::external_artifacts::ExternalArtifacts;
use crate::flux::cluster::flux_kustomization::{Data, FluxKustomization};
use crate::flux::cluster::reach::Reach;
use crate::flux::cluster::repositories::Repositories;
use crate::flux::files::{At, Name, Object, SourceRef};
use crate::flux::kustomize::{Artifact, Builders, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::repo::RepoPath;
use crate::yaml::Node;

/// What is looked up in a tree by name, for all clusters.
pub(super) struct ByName<'v> {
    config_sources: ConfigSources<'v>,
    repositories: &'v Repositories,
    artifacts: ExternalArtifacts,
}

impl<'v> ByName<'v> {
    pub(super) fn of(parsed: &ParsedTree<'v>, repositories: &'v Repositories) -> ByName<'v> {
        let (config_sources, artifacts) = (ConfigSources::of(parsed), ExternalArtifacts::of(parsed));
        ByName { config_sources, repositories, artifacts }
    }
}

/// A ConfigMap or Secret that `substituteFrom` names: the other cluster where it is, if any, kind,
/// namespace, name.
type ConfigSource = (Option<String>, Name, Name, Name);

/// Where a Flux Kustomization is, and what it is called.
type Asked = (Option<String>, String, String);

/// The ConfigMaps and Secrets of a tree, by kind and name, for all clusters.
struct ConfigSources<'v>(BTreeMap<(&'v str, &'v str), Vec<&'v Object>>);

impl<'v> ConfigSources<'v> {
    fn of(parsed: &ParsedTree<'v>) -> ConfigSources<'v> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for object in parsed.objects().filter(|object| matches!(object.kind.as_str(), "ConfigMap" | "Secret")) {
            found.entry((object.kind.as_str(), object.name.as_str())).or_default().push(object);
        }
        ConfigSources(found)
    }
}

/// How often a cluster is walked at most because a ConfigMap with variables was found too late.
const ROUNDS: usize = 4;

pub(super) struct Walk<'g, 'v, 'b> {
    graph: &'g mut Graph,
    parsed: &'b ParsedTree<'v>,
    builders: &'b mut Builders<'v>,
    by_name: &'b ByName<'v>,
    cluster: ClusterId,
    /// The root of the artifact.
    top: &'b RepoPath,
    artifacts: Artifacts<'b>,
    seen: BTreeSet<Asked>,
    /// What the cluster applies.
    reaches: BTreeMap<At, Vec<Reach>>,
    /// Where the ConfigMaps and Secrets are that the cluster applies, by their effective names.
    applied: BTreeMap<ConfigSource, At>,
    /// What `substituteFrom` asks for, with the data if it is known.
    sources: BTreeMap<ConfigSource, Option<Data>>,
}

impl<'g, 'v, 'b> Walk<'g, 'v, 'b> {
    /// Walks through a cluster, adds its Flux Kustomizations to the graph and returns what it
    /// applies.
    ///
    /// A ConfigMap of variables is usually applied before the Kustomizations that use it. If one is
    /// met only later, or is in the tree and not applied at all, the cluster is walked again.
    pub(super) fn through(
        graph: &'g mut Graph,
        cluster: ClusterId,
        entry: &'b EntryPoint,
        parsed: &'b ParsedTree<'v>,
        builders: &'b mut Builders<'v>,
        by_name: &'b ByName<'v>,
    ) -> BTreeMap<At, Vec<Reach>> {
        let first = graph.kustomizations.len();
        let mut walk = Walk {
            graph,
            parsed,
            builders,
            by_name,
            artifacts: Artifacts::of(parsed, by_name.repositories),
            top: &entry.top,
            cluster,
            seen: BTreeSet::new(),
            reaches: BTreeMap::new(),
            applied: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        walk.start(entry);
        for _ in 0..ROUNDS {
            if !walk.finds_sources() {
                break;
            }
            walk.forget(first);
            walk.start(entry);
        }
        walk.reaches
    }

    fn start(&mut self, entry: &EntryPoint) {
        let none = Variables::default();
        let root = match &entry.root {
            Root::Stated(at, rendered) => self
                .parsed
                .node(at)
                .and_then(|node| FluxKustomization::read(at, node, rendered.as_deref(), &none, self.cluster, None)),
            Root::Made(object, patches) => FluxKustomization::made(&entry.stated_at, object, patches, self.cluster),
            Root::Unknown => None,
        };
        let path = entry.path_in_artifact();
        let unknown = || FluxKustomization::unknown(&entry.stated_at, self.cluster, &path, &entry.source);
        let root = root.unwrap_or_else(unknown);
        self.follow(Some(root));
    }

    /// Looks for what `substituteFrom` asked for too early, in what the cluster applies and then in
    /// the whole tree, and says whether anything was found.
    fn finds_sources(&mut self) -> bool {
        let mut found_any = false;
        let asked: Vec<_> =
            self.sources.iter().filter(|(_, data)| data.is_none()).map(|(source, _)| source.clone()).collect();
        for source in asked {
            let found = self.applied.get(&source).cloned().or_else(|| self.unapplied(&source));
            let data = found.and_then(|at| self.parsed.node(&at)).map(data_of);
            found_any |= data.is_some();
            self.sources.insert(source, data);
        }
        found_any
    }

    /// A ConfigMap or Secret that no cluster applies (you applied it by hand), if there is only
    /// one.
    fn unapplied(&self, (_, kind, namespace, name): &ConfigSource) -> Option<At> {
        let objects = self.by_name.config_sources.0.get(&(kind.as_str(), name.as_str())).into_iter().flatten();
        let mut unapplied = objects.filter(|object| {
            object.namespace.as_ref().is_none_or(|stated| stated == namespace)
                && !self.graph.reaches.contains_key(&object.at)
                && !self.reaches.contains_key(&object.at)
        });
        let only = unapplied.next()?;
        unapplied.next().is_none().then(|| only.at.clone())
    }

    fn forget(&mut self, first: usize) {
        self.seen.clear();
        self.graph.kustomizations.truncate(first);
        self.reaches.clear();
        self.applied.clear();
    }

    /// Follows a Flux Kustomization, unless it was met before.
    fn follow(&mut self, kustomization: Option<FluxKustomization>) {
        let Some(mut kustomization) = kustomization else { return };
        let place = kustomization.lives_in.clone();
        if !self.seen.insert((place.clone(), kustomization.namespace.clone(), kustomization.name.clone())) {
            return;
        }
        let namespace = kustomization.namespace.clone();
        let Walk { sources, applied, parsed, .. } = self;
        kustomization.read_variables(&mut |kind, name| {
            let source = (place.clone(), Name::of(kind), Name::of(&namespace), Name::of(name));
            let met = applied.get(&source).and_then(|at| parsed.node(at));
            let known = sources.entry(source).or_default();
            if known.is_none() {
                *known = met.map(data_of);
            }
            known.clone()
        });
        let in_artifact = kustomization.path.take();
        let source = &kustomization.source;
        let path = match in_artifact {
            // That of an entry point is in this repository, whatever its source is called.
            path if kustomization.parent.is_none() || self.is_here(source) => path,
            Some(path) if source.kind == "ExternalArtifact" => {
                self.by_name.artifacts.path_of(source, &path, |source| self.is_here(source))
            }
            _ => None,
        };
        kustomization.artifact = self.artifact_of(&kustomization);
        let path = path.and_then(|path| self.top.join(path.as_str()));
        if let Some(path) = path.and_then(|path| self.origin(path, &kustomization)) {
            kustomization.move_to(path);
        }
        self.build(kustomization);
    }

    /// What of this repository the source of a Kustomization holds.
    fn artifact_of(&self, kustomization: &FluxKustomization) -> Arc<Artifact> {
        let source = &kustomization.source;
        let cluster = &self.graph.clusters[self.cluster];
        if kustomization.parent.is_none() || self.is_own(source) || source.kind == "ExternalArtifact" {
            return cluster.artifact.clone();
        }
        self.artifacts.of_source(source)
    }

    /// Where in this tree the files at a path of an artifact come from, if they are in it.
    fn origin(&self, path: RepoPath, kustomization: &FluxKustomization) -> Option<RepoPath> {
        let Some(include) = kustomization.artifact.included(&path) else { return Some(path) };
        let kind = "GitRepository".to_owned();
        let namespace = kustomization.source.namespace.clone();
        let included = SourceRef { kind, name: include.repository.clone(), namespace };
        let branch = self.artifacts.object(&included).and_then(|repository| branch_of(&repository));
        let is_same = self.is_here(&included) && branch == self.graph.clusters[self.cluster].branch;
        include.origin(&path).filter(|_| is_same)
    }

    /// Builds what a Kustomization applies, notes it, and follows the Kustomizations among it.
    fn build(&mut self, kustomization: FluxKustomization) {
        let path = kustomization.path.as_ref();
        let builder = self.builders.of(&kustomization.artifact);
        let objects = path.map(|path| builder.with_overlay(path, kustomization.overlay())).unwrap_or_default();
        let (variables, place) = (kustomization.variables.clone(), kustomization.remote_cluster());
        let id = self.graph.kustomizations.push(kustomization);
        for object in &objects {
            let reach = Reach {
                cluster: self.cluster,
                kustomization: id,
                api_version: object.api_version,
                kind: object.kind,
                namespace: object.namespace.map(|namespace| Name::of(&variables.substitute(&namespace))),
                name: Name::of(&variables.substitute(&object.name)),
                through: object.through.clone(),
                patches: object.patches.clone(),
            };
            self.note_source(&reach, object, place.as_ref());
            if place.is_none() {
                self.artifacts.note(&reach, object, &variables);
            }
            self.reaches.entry(object.at.clone()).or_default().push(reach);
        }
        let parsed = self.parsed;
        for object in objects.iter().filter(|object| object.kind == "Kustomization") {
            // One that reaches another cluster through itself would do so without end.
            if place.is_some() && self.is_below(id, &object.at) {
                continue;
            }
            let Some(file) = parsed.scan.files.get(&object.at.path) else { continue };
            if file.object(&object.at).is_some_and(Object::is_flux_kustomization) {
                let built = FluxKustomization::built(file, object, &variables, self.cluster, id);
                self.follow(built.map(|built| FluxKustomization { lives_in: place.clone(), ..built }));
            }
        }
    }

    /// Whether a Kustomization stands at a place, or is applied by one that does.
    fn is_below(&self, id: KustomizationId, at: &At) -> bool {
        let above = |id: &KustomizationId| self.graph.kustomizations[*id].parent;
        std::iter::successors(Some(id), above).any(|id| self.graph.kustomizations[id].at == *at)
    }

    /// Notes a ConfigMap or Secret of a file. Of several with the same name, the first by place
    /// counts.
    fn note_source(&mut self, reach: &Reach, object: &Rendered, place: Option<&String>) {
        let is_source = matches!(reach.kind.as_str(), "ConfigMap" | "Secret") && !object.is_generated();
        let Some(namespace) = reach.namespace.as_ref().filter(|_| is_source) else { return };
        let source = (place.cloned(), reach.kind, *namespace, reach.name);
        let at = self.applied.entry(source).or_insert_with(|| object.at.clone());
        if object.at < *at {
            *at = object.at.clone();
        }
    }

    /// Whether a source is this repository.
    fn is_here(&self, source: &SourceRef) -> bool {
        let cluster = &self.graph.clusters[self.cluster];
        let (url, branch) = (cluster.url.as_deref(), cluster.branch.as_deref());
        self.is_own(source) || self.by_name.repositories.is_at(source, url, branch)
    }

    /// Whether a source is that of the cluster itself.
    fn is_own(&self, source: &SourceRef) -> bool {
        let own = &self.graph.clusters[self.cluster].source;
        own.is_like(source) && (own.namespace.is_none() || own.namespace == source.namespace)
    }
}

/// The data of a ConfigMap or Secret. The values of a Secret are unknown, and so are values with
/// variables, which another program fills in.
fn data_of(root: Node<'_>) -> Data {
    let is_readable = root.text_at(&["kind"]) == Some("ConfigMap");
    let mappings = ["data", "stringData"].into_iter().filter_map(|key| Value::of(root.get(key)?));
    let entries = mappings.flat_map(|value| value.entries().to_vec());
    entries
        .map(|(key, value)| {
            let text = value.text().filter(|text| is_readable && !text.contains("${"));
            (key, text.map(str::to_owned))
        })
        .collect()
}
