//! A Component that carries a source, for one object in each namespace that includes it.

use std::collections::{BTreeMap, BTreeSet};

use super::find::fits;
use super::place::Place;
use super::write::{beginning, lists_bare_names, write};
use super::{SourceKey, Spec};
use crate::flux::{Kustomization, OciRepository, View};
use crate::repo::{Change, Changes, Mode, RepoPath};
use crate::yaml::{Error, New};

/// The name of the file with the source in a new Component.
pub(crate) const FILE: &str = "ocirepository.yaml";

/// An existing Component that carries a source which fits, and nothing that gives it a namespace: its directory, and the name of the source.
/// The preferred one, if it does; else the first by path.
pub(crate) fn carrying(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    preferred: Option<&RepoPath>,
) -> Option<(RepoPath, String)> {
    let one = |component: &Kustomization| {
        let source = sources_in(view, component).into_iter().find(|source| fits(view, source, key, carried))?;
        let stated = view.object(&source.at).is_some_and(|object| object.namespace.is_some());
        (!stated && component.namespace.is_none()).then(|| (component.dir(), source.name.clone()))
    };
    let components = view.kustomizations().filter(|own| own.component);
    let found: Vec<_> = components.filter_map(one).collect();
    found.iter().find(|(dir, _)| Some(dir) == preferred).or_else(|| found.first()).cloned()
}

/// The directory in which most Components that carry sources stand beside each other.
pub(crate) fn home_of_siblings(view: &View) -> Option<RepoPath> {
    let mut counts: BTreeMap<RepoPath, usize> = BTreeMap::new();
    let components = view.kustomizations().filter(|own| own.component && !sources_in(view, own).is_empty());
    for parent in components.filter_map(|own| own.dir().parent()) {
        *counts.entry(parent).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(dir, count)| (*count, std::cmp::Reverse(dir.clone()))).map(|(dir, _)| dir)
}

/// The OCIRepositories in files that a kustomization lists.
fn sources_in<'v>(view: &'v View, kustomization: &Kustomization) -> Vec<&'v OciRepository> {
    let listed: BTreeSet<RepoPath> =
        kustomization.resources.iter().filter_map(|entry| view.resolve(kustomization, &entry.text)).collect();
    view.oci_repositories().iter().filter(|source| listed.contains(&source.at.path)).collect()
}

/// All files of a new Component around a source at this place.
pub(crate) fn touches(place: &Place) -> BTreeSet<RepoPath> {
    BTreeSet::from([place.file.clone(), kustomization_of(place)])
}

/// Writes a source and the Component that carries it. Nothing includes it yet.
///
/// # Errors
/// Where the text of the source cannot be made.
pub(crate) fn write_component(view: &View, spec: &Spec, place: &Place) -> Result<Changes, Error> {
    let mut changes = write(view, spec, place)?;
    let (mut text, ending) = beginning(view, &place.beside);
    let dir = place.file.dir();
    let item = if lists_bare_names(view, &dir) { FILE.to_owned() } else { format!("./{FILE}") };
    let component = New::mapping([
        ("apiVersion", New::string("kustomize.config.k8s.io/v1alpha1")),
        ("kind", New::string("Component")),
        ("resources", New::Sequence(vec![New::string(item)])),
    ]);
    text.push_str(&component.document(&[], ending));
    changes.set(kustomization_of(place), Change::Create { text, mode: Mode::File });
    Ok(changes)
}

fn kustomization_of(place: &Place) -> RepoPath {
    place.file.dir().join("kustomization.yaml").expect("a name is one part of a path")
}
