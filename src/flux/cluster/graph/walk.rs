//! The walk through one cluster, from its entry point down.

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::flux::cluster::entry_point::EntryPoint;
use crate::flux::cluster::flux_kustomization::{Data, FluxKustomization};
use crate::flux::cluster::reach::Reach;
use crate::flux::files::{At, Object};
use crate::flux::kustomize::{Builder, ParsedTree, Rendered};
use crate::flux::value::{Value, Variables};
use crate::yaml::Node;

/// A ConfigMap or Secret: kind, namespace, name.
type Source = (String, String, String);

/// The ConfigMaps and Secrets of a tree, by kind and name: each cluster looks for its own among them.
pub(super) struct Lying<'v>(BTreeMap<(&'v str, &'v str), Vec<&'v Object>>);

impl<'v> Lying<'v> {
    pub(super) fn around(parsed: &ParsedTree<'v>) -> Lying<'v> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for object in parsed.objects().filter(|object| matches!(object.kind.as_str(), "ConfigMap" | "Secret")) {
            found.entry((object.kind.as_str(), object.name.as_str())).or_default().push(object);
        }
        Lying(found)
    }
}

/// How often a cluster is walked again because a ConfigMap was found that changes names.
const ROUNDS: usize = 4;

pub(super) struct Walk<'g, 'v, 'b> {
    graph: &'g mut Graph,
    parsed: &'b ParsedTree<'v>,
    builder: &'b mut Builder<'v>,
    lying: &'b Lying<'v>,
    cluster: usize,
    seen: BTreeSet<(String, String)>,
    /// What this cluster applies.
    reaches: BTreeMap<At, Vec<Reach>>,
    /// Where each ConfigMap and Secret stands that this cluster applies, as it is called there.
    applied: BTreeMap<Source, At>,
    /// What `substituteFrom` asks for, and what is known of it.
    sources: BTreeMap<Source, Option<Data>>,
}

impl<'g, 'v, 'b> Walk<'g, 'v, 'b> {
    /// Walks through a cluster. Gives what it applies.
    ///
    /// A ConfigMap of variables is most often applied above those who ask for it, and so is met before them. Only where one is met later, or lies
    /// in the tree and is not applied at all, the cluster is walked again.
    pub(super) fn through(
        graph: &'g mut Graph,
        cluster: usize,
        entry: &EntryPoint,
        parsed: &'b ParsedTree<'v>,
        builder: &'b mut Builder<'v>,
        lying: &'b Lying<'v>,
    ) -> BTreeMap<At, Vec<Reach>> {
        let first = graph.kustomizations.len();
        let mut walk = Walk {
            graph,
            parsed,
            builder,
            lying,
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
        match entry.kustomization.as_ref().and_then(|at| Some((at, self.parsed.node(at)?))) {
            Some((at, node)) => self.kustomization(at, node, None, &Variables::default(), None),
            None => {
                let own =
                    FluxKustomization::made_by_operator(&entry.stated_at, self.cluster, &entry.path, &entry.source);
                self.build(own);
            }
        }
    }

    /// Looks up what `substituteFrom` asked for and was not met in time, among what the cluster applies, or else among all that the tree holds;
    /// whether anything is new.
    fn finds_sources(&mut self) -> bool {
        let mut new = false;
        let asked: Vec<_> =
            self.sources.iter().filter(|(_, data)| data.is_none()).map(|(source, _)| source.clone()).collect();
        for source in asked {
            let found = self.applied.get(&source).cloned().or_else(|| self.lying_around(&source));
            let data = found.and_then(|at| self.parsed.node(&at)).map(data_of);
            new |= data.is_some();
            self.sources.insert(source, data);
        }
        new
    }

    /// A source that is in the tree and nothing applies, such as one that a person applied by hand; only if there is no doubt.
    fn lying_around(&self, (kind, namespace, name): &Source) -> Option<At> {
        let lying = self.lying.0.get(&(kind.as_str(), name.as_str())).into_iter().flatten();
        let mut found = lying.filter(|object| {
            object.namespace.as_ref().is_none_or(|own| own == namespace)
                && !self.graph.reaches.contains_key(&object.at)
                && !self.reaches.contains_key(&object.at)
        });
        let only = found.next()?;
        found.next().is_none().then(|| only.at.clone())
    }

    fn forget(&mut self, first: usize) {
        self.seen.clear();
        self.graph.kustomizations.truncate(first);
        self.reaches.clear();
        self.applied.clear();
    }

    /// A Flux Kustomization, with what its parent's build made of it.
    fn kustomization(
        &mut self,
        at: &At,
        root: Node<'_>,
        rendered: Option<&Rendered>,
        variables: &Variables,
        parent: Option<usize>,
    ) {
        let Some(mut own) = FluxKustomization::read(at, root, rendered, variables, self.cluster, parent) else {
            return;
        };
        if !self.seen.insert((own.namespace.clone(), own.name.clone())) {
            return;
        }
        let namespace = own.namespace.clone();
        let Walk { sources, applied, parsed, .. } = self;
        own.read_variables(&mut |kind, name| {
            let source = (kind.to_owned(), namespace.clone(), name.to_owned());
            let met = applied.get(&source).and_then(|at| parsed.node(at));
            let known = sources.entry(source).or_default();
            if known.is_none() {
                *known = met.map(data_of);
            }
            known.clone()
        });
        if !self.is_from_here(&own) {
            own.path = None;
        }
        self.build(own);
    }

    /// Builds what a Kustomization applies, notes it, and goes on into the Kustomizations among it.
    fn build(&mut self, own: FluxKustomization) {
        let number = self.graph.kustomizations.len();
        let objects = own.path.as_ref().map(|path| self.builder.with_overlay(path, own.overlay())).unwrap_or_default();
        let variables = own.variables.clone();
        self.graph.kustomizations.push(own);
        for object in &objects {
            let reach = Reach {
                cluster: self.cluster,
                kustomization: number,
                api_version: object.api_version.clone(),
                kind: object.kind.clone(),
                namespace: object.namespace.as_deref().map(|namespace| variables.put_into(namespace)),
                name: variables.put_into(&object.name),
                through: object.through.clone(),
                patches: object.patches.clone(),
            };
            self.note_source(&reach, object);
            self.reaches.entry(object.at.clone()).or_default().push(reach);
        }
        let parsed = self.parsed;
        for object in objects.iter().filter(|object| object.kind == "Kustomization") {
            let is_flux = parsed.object(&object.at).is_some_and(Object::is_flux_kustomization);
            let Some(root) = parsed.node(&object.at).filter(|_| is_flux) else { continue };
            self.kustomization(&object.at, root, Some(object), &variables, Some(number));
        }
    }

    /// Notes a ConfigMap or Secret that stands in a file. Of several that are called the same, the first by place counts.
    fn note_source(&mut self, reach: &Reach, object: &Rendered) {
        let is_source = matches!(reach.kind.as_str(), "ConfigMap" | "Secret") && !object.is_generated();
        let Some(namespace) = reach.namespace.as_ref().filter(|_| is_source) else { return };
        let source = (reach.kind.clone(), namespace.clone(), reach.name.clone());
        let at = self.applied.entry(source).or_insert_with(|| object.at.clone());
        if object.at < *at {
            *at = object.at.clone();
        }
    }

    /// Whether a Kustomization builds from the repository at hand, and not from another source.
    fn is_from_here(&self, kustomization: &FluxKustomization) -> bool {
        let own = &self.graph.clusters[self.cluster].source;
        own.is_like(&kustomization.source)
            && own.namespace.as_deref().is_none_or(|own| kustomization.source.namespace.as_deref() == Some(own))
    }
}

/// What a ConfigMap or Secret holds. Of a Secret the keys count; so do values with variables in them, which somebody else puts in.
fn data_of(root: Node<'_>) -> Data {
    let is_open = root.text_at(&["kind"]) == Some("ConfigMap");
    let keys = ["data", "stringData"].into_iter().filter_map(|key| Value::of(root.get(key)?));
    let entries = keys.flat_map(|value| value.entries().to_vec());
    entries
        .map(|(key, value)| {
            let text = value.text().filter(|text| is_open && !text.contains("${"));
            (key, text.map(str::to_owned))
        })
        .collect()
}
