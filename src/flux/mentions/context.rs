//! What the texts of a file mean where a cluster applies it: namespace, variables, and the release
//! that values are for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::place::Place;
use crate::flux::cluster::KustomizationId;
use crate::flux::files::{At, Barred, FileView, Object, is_kustomization_file};
use crate::flux::kustomize::Kustomization;
use crate::flux::value::Variables;
use crate::flux::view::View;
use crate::repo::RepoPath;
use crate::yaml::Node;

/// One way in which a document arrives in a cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Context<'v> {
    /// The namespace; `None` if it is unknown or there is none.
    namespace: Option<String>,
    variables: Option<&'v Variables>,
    /// The name and namespace of the Helm release that its values are for.
    release: Option<(String, String)>,
}

impl Context<'_> {
    /// A text with the variables of Flux filled in, and in values also name and namespace of the
    /// release.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        static RELEASE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\{\{-?\s*\$?\.Release\.(Name|Namespace)\s*-?\}\}").expect("it is a pattern"));
        let mut text = Cow::Borrowed(text);
        if let Some(variables) = self.variables.filter(|_| text.contains("${")) {
            text = Cow::Owned(variables.substitute(&text));
        }
        if let Some((name, namespace)) = self.release.as_ref().filter(|_| text.contains("{{")) {
            let value = |found: &Captures<'_>| if &found[1] == "Name" { name.clone() } else { namespace.clone() };
            text = Cow::Owned(RELEASE.replace_all(&text, value).into_owned());
        }
        text
    }

    /// The namespace in which the document arrives.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !namespace.contains("${"))
    }

    /// The namespace that a reference without one means at a place: in values and post-renderers,
    /// that of the release. `None` if it is unknown, as in patches of a Flux Kustomization, whose
    /// objects may be in any namespace.
    pub(super) fn namespace_at(&self, place: &Place<'_>) -> Option<&str> {
        let is_below = |keys: &[&[&str]]| keys.iter().any(|keys| place.is_below(keys));
        match &self.release {
            Some((_, namespace)) if is_below(&[&["spec", "values"], &["spec", "postRenderers"]]) => {
                Some(namespace.as_str()).filter(|text| !text.contains("${"))
            }
            None if is_below(&[&["spec", "patches"]]) => None,
            _ => self.namespace(),
        }
    }
}

/// The Flux Kustomization by which, and the namespace in which something arrives.
type Arrival<'v> = (KustomizationId, Option<&'v str>);

/// Finds the contexts of files in one view. What is looked up often is indexed once.
pub(super) struct Contexts<'v> {
    view: &'v View,
    /// How the objects arrive that came through a kustomization file.
    through: BTreeMap<&'v RepoPath, BTreeSet<Arrival<'v>>>,
    /// How the objects arrive that a Flux Kustomization applies.
    applied: BTreeMap<KustomizationId, BTreeSet<Arrival<'v>>>,
    /// The kustomization files that read a file which is not a resource, or use a Component.
    readers: BTreeMap<RepoPath, Vec<&'v Kustomization>>,
}

impl<'v> Contexts<'v> {
    /// Indexes a view.
    pub(super) fn of(view: &'v View) -> Contexts<'v> {
        let mut all = Contexts { view, through: BTreeMap::new(), applied: BTreeMap::new(), readers: BTreeMap::new() };
        for reach in view.graph().reached().flat_map(|(_, reaches)| reaches) {
            let arrival = (reach.kustomization, reach.namespace.as_deref());
            for file in &reach.through {
                all.through.entry(file).or_default().insert(arrival);
            }
            all.applied.entry(reach.kustomization).or_default().insert(arrival);
        }
        for kustomization in view.kustomizations() {
            let read =
                kustomization.inputs.iter().chain(&kustomization.configurations).chain(&kustomization.components);
            for path in read.filter_map(|entry| view.resolve(kustomization, &entry.text)) {
                all.readers.entry(path).or_default().push(kustomization);
            }
        }
        all
    }

    /// The texts that are not YAML: templates, files that could not be parsed, and other files that
    /// kustomizations read; not those that are too large to read.
    pub(super) fn other_texts(&self) -> Vec<(RepoPath, String)> {
        let is_other = |file: &FileView| file.stream.is_none() && file.barred != Some(Barred::TooLarge);
        let unread = self.view.files().filter(|(_, file)| is_other(file)).map(|(path, _)| path);
        let others = self.readers.keys().filter(|path| self.view.path(path).is_none());
        let paths: BTreeSet<&RepoPath> = unread.chain(others).collect();
        let text = |path: &RepoPath| {
            let file = self.view.tree().read(path).ok()??;
            Some((path.clone(), file.bytes.text()?.to_owned()))
        };
        paths.into_iter().filter_map(text).collect()
    }

    /// The contexts of an object; if no cluster applies it, those of its file, with the namespace
    /// that it states.
    pub(super) fn of_object(&self, object: &Object) -> Vec<Context<'v>> {
        let reaches = self.view.graph().reaches(&object.at);
        if reaches.is_empty() {
            let stated = |context: Context<'v>| Context {
                namespace: object.namespace.map(String::from).or(context.namespace.clone()),
                ..context
            };
            return self.of_file(&object.at.path).into_iter().map(stated).collect();
        }
        let context = |reach| {
            let installed = self.view.installed(&object.at, reach);
            Context {
                namespace: reach.namespace.map(String::from),
                variables: Some(&self.view.graph().kustomizations[reach.kustomization].variables),
                release: installed.map(|installed| (installed.release, installed.namespace)),
            }
        };
        reaches.iter().map(context).collect()
    }

    /// The contexts of a file that is not an object: those of what comes through it, or through the
    /// files that read it. If there are none, one empty context.
    pub(super) fn of_file(&self, path: &RepoPath) -> Vec<Context<'v>> {
        let mut arrivals = BTreeSet::new();
        self.collect(path, &mut BTreeSet::new(), &mut arrivals);
        let context = |(kustomization, namespace): Arrival<'_>| Context {
            namespace: namespace.map(str::to_owned),
            variables: Some(&self.view.graph().kustomizations[kustomization].variables),
            release: None,
        };
        let found: Vec<_> = arrivals.into_iter().map(context).collect();
        if found.is_empty() { vec![Context::default()] } else { found }
    }

    fn collect(&self, path: &RepoPath, seen: &mut BTreeSet<RepoPath>, found: &mut BTreeSet<Arrival<'v>>) {
        if !seen.insert(path.clone()) {
            return;
        }
        found.extend(self.through.get(path).into_iter().flatten());
        let dir = path.dir();
        let is_kustomization = is_kustomization_file(path);
        // A Component changes all objects of its parent.
        let read_as = if is_kustomization { [Some(path), Some(&dir)] } else { [Some(path), None] };
        for reader in read_as.into_iter().flatten().filter_map(|read| self.readers.get(read)).flatten() {
            self.collect(&reader.path, seen, found);
        }
        for (id, applied) in self.view.graph().kustomizations.entries() {
            if is_kustomization && applied.components.contains(&dir) {
                found.extend(self.applied.get(&id).into_iter().flatten());
            }
        }
    }

    /// Visits the documents of YAML files with their contexts: each object, also those in Lists,
    /// and documents that are not objects. Only files whose text `is_of_interest`.
    pub(super) fn each_document(
        &self,
        is_of_interest: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(&At, Node<'_>, &[Context<'v>]),
    ) {
        for (path, file) in self.view.files() {
            let Some(stream) = file.stream.as_ref().filter(|stream| is_of_interest(stream.text())) else { continue };
            for (index, root) in stream.documents().enumerate() {
                let at = At::document(path, index);
                match file.object(&at) {
                    Some(list) if !list.items.is_empty() => {
                        for item in &list.items {
                            let Some(node) = self.view.node(&item.at) else { continue };
                            visit(&item.at, node, &self.of_object(item));
                        }
                    }
                    Some(object) => visit(&at, root, &self.of_object(object)),
                    None => visit(&at, root, &self.of_file(path)),
                }
            }
        }
    }
}
