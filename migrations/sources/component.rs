//! A Component that carries a source, for one object in each namespace that includes it.

use std::collections::BTreeSet;

use super::existing::fits;
use super::place::Place;
use super::spec::{SourceKey, Spec};
use super::write::{beginning, lists_bare_names, write};
use crate::flux::{Kustomization, OciRepository, View};
use crate::plan::Finding;
use crate::plan::author::{Edits, most_frequent};
use crate::repo::{Change, Mode, RepoPath};
use crate::yaml::New;

/// The name of the file with the source in a new Component.
pub(crate) const FILE: &str = "ocirepository.yaml";

/// An existing Component with a source that fits, and with nothing that gives it a namespace: its
/// directory, and the name of the source. The preferred one, or else the first by path.
pub(crate) fn carrying(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    preferred: Option<&RepoPath>,
) -> Option<(RepoPath, String)> {
    let fitting = |component: &Kustomization| {
        let source = sources_in(view, component).into_iter().find(|source| fits(view, source, key, carried))?;
        let stated = view.object(&source.at).is_some_and(|object| object.namespace.is_some());
        (!stated && component.namespace.is_none()).then(|| (component.dir(), source.name.clone()))
    };
    let components = view.kustomizations().filter(|kustomization| kustomization.component);
    let found: Vec<_> = components.filter_map(fitting).collect();
    found.iter().find(|(dir, _)| Some(dir) == preferred).or_else(|| found.first()).cloned()
}

/// The directory with the most Components that carry sources. Those whose place is `configured` show
/// nothing: whether they are there already must not matter.
pub(crate) fn home_of_siblings(view: &View, configured: &[&RepoPath]) -> Option<RepoPath> {
    let is_at = |dir: &RepoPath, place: &&RepoPath| format!("{dir}-").starts_with(&format!("{place}-"));
    let is_own = |kustomization: &Kustomization| !configured.iter().any(|place| is_at(&kustomization.dir(), place));
    let components = view.kustomizations().filter(|kustomization| kustomization.component && is_own(kustomization));
    let carrying = components.filter(|component| !sources_in(view, component).is_empty());
    most_frequent(carrying.filter_map(|component| component.dir().parent()))
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
/// If the text of the source cannot be made.
pub(crate) fn write_component<'v>(
    edits: &mut Edits<'v>,
    view: &'v View,
    spec: &Spec,
    place: &Place,
) -> Result<(), Finding> {
    write(edits, view, spec, place)?;
    let (mut text, ending) = beginning(view, &place.beside);
    let item = if lists_bare_names(view, &place.file.dir()) { FILE.to_owned() } else { format!("./{FILE}") };
    let component = New::mapping([
        ("apiVersion", New::string("kustomize.config.k8s.io/v1alpha1")),
        ("kind", New::string("Component")),
        ("resources", New::Sequence(vec![New::string(item)])),
    ]);
    text.push_str(&component.document(&[], ending));
    edits.set(kustomization_of(place), Change::Create { text, mode: Mode::File });
    Ok(())
}

fn kustomization_of(place: &Place) -> RepoPath {
    place.file.dir().join("kustomization.yaml").expect("a file name is valid in a path")
}
