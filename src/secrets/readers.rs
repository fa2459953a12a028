//! What reads an encrypted file, and what names the objects that clusters get of it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::shown;
use crate::flux::{At, ClusterId, FluxKustomization, KustomizationId, Object, Reach, SourceRef, Value, View};
use crate::repo::{EntryKind, RepoPath};

/// What reads an encrypted file, or what is made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Reader {
    /// The cluster; absent for what no cluster applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What it does with it.
    pub how: How,
    /// What it is: `Kustomization flux-system/plex`, or a path.
    pub by: String,
}

/// What a reader does with a file, or with the object in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A Flux Kustomization applies the object in it.
    Applies,
    /// A generator of what a Flux Kustomization builds reads it.
    Generates,
    /// It is a patch in what a Flux Kustomization builds.
    Patches,
    /// A Flux Kustomization takes variables from the object, and may use one of them.
    Substitutes,
    /// The same, and what it builds uses none.
    SubstitutesNone,
    /// A Flux Kustomization decrypts with the key in it.
    Decrypts,
    /// Another object of the cluster names the object.
    Names,
    /// A kustomization that no cluster builds lists it.
    Lists,
    /// A file that no cluster applies names it.
    Mentions,
}

impl fmt::Display for How {
    /// The words before what reads it: `applied by`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Applies => "applied by",
            How::Generates => "read by a generator in",
            How::Patches => "a patch in",
            How::Substitutes => "variables of",
            How::SubstitutesNone => "variables, none of them used, of",
            How::Decrypts => "key of",
            How::Names => "named by",
            How::Lists => "listed by",
            How::Mentions => "mentioned by",
        })
    }
}

/// An object that a cluster gets of an encrypted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) cluster: ClusterId,
    /// The Flux Kustomization that applies it.
    pub(super) by: KustomizationId,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) is_generated: bool,
    /// The keys of its data, if it is an object of the file.
    keys: BTreeSet<String>,
}

impl Product {
    /// `Secret media/plex`.
    pub(super) fn shown(&self) -> String {
        shown(&self.kind, Some(&self.namespace), &self.name)
    }
}

/// A reader, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) reader: Reader,
    /// The cluster, with the Flux Kustomization that cannot work without the object; `None` for what no
    /// cluster applies.
    pub(super) place: Option<(ClusterId, KustomizationId)>,
    /// Whether it is the source of its cluster, or the FluxInstance.
    pub(super) is_of_flux: bool,
    /// Whether it fails without the object, although it uses nothing of it.
    pub(super) is_required: bool,
}

/// A tree with what is looked up in it.
pub(super) struct Tree<'v> {
    pub(super) view: &'v View,
    /// The variables that each Flux Kustomization uses; `None` if not all that it builds is here.
    variables: BTreeMap<KustomizationId, Option<BTreeSet<String>>>,
    /// The texts of all files in which somebody may mention another file, read when they are first asked for.
    texts: OnceCell<Vec<(RepoPath, String)>>,
}

impl<'v> Tree<'v> {
    pub(super) fn of(view: &'v View) -> Tree<'v> {
        let takes = view.graph().kustomizations.entries().filter(|(_, one)| !one.substitute_from.is_empty());
        let variables = takes.map(|(id, one)| (id, variables_in(view, one))).collect();
        Tree { view, variables, texts: OnceCell::new() }
    }

    fn named(&self, cluster: ClusterId) -> Option<String> {
        Some(self.view.graph().clusters[cluster].name.clone())
    }

    /// The objects that clusters get of a file.
    pub(super) fn products(&self, path: &RepoPath) -> Vec<Product> {
        let objects = self.view.file(path).map_or(&[][..], |file| &file.objects).iter().flat_map(Object::expanded);
        let graph = self.view.graph();
        let applied = objects.flat_map(|object| {
            let keys = self.keys(&object.at);
            graph.reaches(&object.at).iter().map(move |reach| product(reach, false, keys.clone()))
        });
        let made = self.view.kustomizations().filter(|file| self.reads(file, path)).flat_map(|file| {
            let reaches = graph.reaches(&At::document(&file.path, 0)).iter();
            // Which of several generators in a file reads it is not known here: all of them may.
            let is_made = |reach: &&Reach| matches!(reach.kind.as_str(), "Secret" | "ConfigMap");
            reaches.filter(is_made).map(|reach| product(reach, true, BTreeSet::new()))
        });
        applied.chain(made).collect()
    }

    /// The names of the data of an object. Its values stay unread.
    fn keys(&self, at: &At) -> BTreeSet<String> {
        let root = self.view.node(at);
        let data = ["data", "stringData"].into_iter().filter_map(|field| root?.get(field));
        data.flat_map(|data| data.entries()).filter_map(|(key, _)| Some(key.text()?.to_owned())).collect()
    }

    /// Whether a kustomization reads a file for a generator or a patch.
    fn reads(&self, file: &crate::flux::Kustomization, path: &RepoPath) -> bool {
        file.inputs.iter().any(|entry| self.view.resolve(file, &entry.text).as_ref() == Some(path))
    }

    /// What reads a file, and what names the objects of it.
    pub(super) fn uses(&self, path: &RepoPath, products: &[Product]) -> Vec<Use> {
        let graph = self.view.graph();
        let mut uses: Vec<Use> = products
            .iter()
            .map(|product| {
                let how = if product.is_generated { How::Generates } else { How::Applies };
                self.by_kustomization(how, product.by)
            })
            .collect();
        for file in self.view.kustomizations().filter(|file| self.reads(file, path)) {
            if products.iter().any(|product| product.is_generated) {
                continue;
            }
            let builds =
                graph.reached().flat_map(|(_, reaches)| reaches).filter(|reach| reach.through.contains(&file.path));
            let ids: BTreeSet<KustomizationId> = builds.map(|reach| reach.kustomization).collect();
            uses.extend(ids.into_iter().map(|id| self.by_kustomization(How::Patches, id)));
        }
        products.iter().for_each(|product| uses.extend(self.naming(product)));
        if uses.is_empty() {
            uses = self.outside(path);
        }
        uses
    }

    fn by_kustomization(&self, how: How, id: KustomizationId) -> Use {
        let one = &self.view.graph().kustomizations[id];
        let by = format!("Kustomization {}", one.full_name());
        let reader = Reader { cluster: self.named(one.cluster), how, by };
        Use { reader, place: Some((one.cluster, id)), is_of_flux: false, is_required: false }
    }

    /// What names an object: Flux Kustomizations in the same namespace, and all objects that have its name
    /// as a text, and its namespace if they are in another one.
    fn naming(&self, product: &Product) -> Vec<Use> {
        let graph = self.view.graph();
        let mut uses = Vec::new();
        for (id, one) in graph.kustomizations.entries() {
            if one.cluster != product.cluster || one.namespace != product.namespace {
                continue;
            }
            let is_it = |kind: &str, name: &str| kind == product.kind && name == product.name;
            if let Some(from) = one.substitute_from.iter().find(|from| is_it(&from.kind, &from.name)) {
                let how = if self.may_use(id, product) { How::Substitutes } else { How::SubstitutesNone };
                uses.push(Use { is_required: !from.optional, ..self.by_kustomization(how, id) });
            }
            let key = one.object.text_at(&["spec", "decryption", "secretRef", "name"]);
            if key.is_some_and(|key| is_it("Secret", key)) {
                uses.push(self.by_kustomization(How::Decrypts, id));
            }
        }
        let here = graph.each_reach();
        for (at, reach) in here.filter(|(_, reach)| reach.cluster == product.cluster) {
            let is_itself = reach.kind == product.kind && reach.name == product.name;
            let is_flux = reach.kind == "Kustomization";
            if is_itself || is_flux || !self.may_have(at, &product.name) {
                continue;
            }
            let Some(object) = self.view.effective(at, reach) else { continue };
            let mut texts = Vec::new();
            object.texts(&mut texts);
            let has = |text: &str| texts.contains(&text);
            let namespace = reach.namespace.as_deref().unwrap_or_default();
            if has(&product.name) && (namespace == product.namespace || has(&product.namespace)) {
                // Kustomize gives a namespace to kinds that have none, if it does not know them.
                let of_kind = reach.namespace.as_deref().filter(|_| !reach.kind.starts_with("Cluster"));
                let by = shown(&reach.kind, of_kind, &reach.name);
                let reader = Reader { cluster: self.named(reach.cluster), how: How::Names, by };
                let is_of_flux = self.is_of_flux(reach);
                let place = Some((reach.cluster, reach.kustomization));
                uses.push(Use { reader, place, is_of_flux, is_required: false });
            }
        }
        uses
    }

    /// Whether a Flux Kustomization uses a variable that an object gives it, or may.
    fn may_use(&self, id: KustomizationId, product: &Product) -> bool {
        let used = self.variables.get(&id).and_then(Option::as_ref);
        product.is_generated || used.is_none_or(|used| !used.is_disjoint(&product.keys))
    }

    /// Whether the file of an object may have a name in it, with variables filled in.
    fn may_have(&self, at: &At, name: &str) -> bool {
        let stream = self.view.file(&at.path).and_then(|file| file.stream.as_deref());
        stream.is_some_and(|stream| stream.text().contains(name) || stream.text().contains("${"))
    }

    fn is_of_flux(&self, reach: &Reach) -> bool {
        let SourceRef { kind, name, .. } = &self.view.graph().clusters[reach.cluster].source;
        reach.kind == "FluxInstance" || reach.kind == *kind && reach.name == *name
    }

    /// What reads a file that no cluster applies.
    fn outside(&self, path: &RepoPath) -> Vec<Use> {
        let outside = |how, by: &RepoPath| Use {
            reader: Reader { cluster: None, how, by: by.as_str().to_owned() },
            place: None,
            is_of_flux: false,
            is_required: false,
        };
        let lists = |file: &&crate::flux::Kustomization| {
            // A Component that nothing includes builds nothing.
            let mut entries = file.resources.iter().chain(&file.inputs);
            !file.component && entries.any(|entry| self.view.resolve(file, &entry.text).as_ref() == Some(path))
        };
        let listed = self.view.kustomizations().filter(lists).map(|file| outside(How::Lists, &file.path));
        let is_only_one = self.files().filter(|other| other.name() == path.name()).count() == 1;
        let parent = path.parent().unwrap_or_default();
        let tail = format!("{}/{}", parent.name(), path.name());
        let mentions = |(other, text): &&(RepoPath, String)| {
            other != path && (text.contains(&tail) || is_only_one && text.contains(path.name()))
        };
        let texts = self.texts.get_or_init(|| self.texts());
        listed.chain(texts.iter().filter(mentions).map(|(other, _)| outside(How::Mentions, other))).collect()
    }

    fn files(&self) -> impl Iterator<Item = RepoPath> {
        let entries = self.view.tree().entries();
        entries.filter(|(_, kind)| matches!(kind, EntryKind::File { .. })).map(|(path, _)| path)
    }

    /// The texts of all files but kustomizations, of which it is known what they list, and the rules of SOPS
    /// itself, which name what it encrypts.
    fn texts(&self) -> Vec<(RepoPath, String)> {
        let kustomizations: BTreeSet<&RepoPath> = self.view.kustomizations().map(|file| &file.path).collect();
        let files = self.files().filter(|path| path.name() != ".sops.yaml" && !kustomizations.contains(path));
        let text = |path: RepoPath| {
            let file = self.view.tree().read(&path).ok().flatten()?;
            let text = std::str::from_utf8(&file.bytes).ok()?.to_owned();
            Some((path, text))
        };
        files.filter_map(text).collect()
    }
}

fn product(reach: &Reach, is_generated: bool, keys: BTreeSet<String>) -> Product {
    Product {
        cluster: reach.cluster,
        by: reach.kustomization,
        kind: reach.kind.into(),
        namespace: reach.namespace.unwrap_or_default().to_string(),
        name: reach.name.into(),
        is_generated,
        keys,
    }
}

/// The variables in what a Flux Kustomization builds; `None` if not all of that is in the tree.
fn variables_in(view: &View, one: &FluxKustomization) -> Option<BTreeSet<String>> {
    let input = view.input(one).ok()?;
    let mut found = BTreeSet::new();
    for path in &input.reads {
        let file = view.tree().read(path).ok().flatten()?;
        let text = String::from_utf8_lossy(&file.bytes);
        let names = text.split("${").skip(1).map(|rest| {
            let end = rest.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        found.extend(names);
    }
    // Its own patches are built, too.
    let mut texts = Vec::new();
    one.object.at(&["spec", "patches"]).unwrap_or(&Value::Null).texts(&mut texts);
    if texts.iter().any(|text| text.contains("${")) {
        return None;
    }
    Some(found)
}
