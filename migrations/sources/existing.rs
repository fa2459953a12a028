//! Whether a source is in a tree, or in a trial of what the tree would be.

use std::collections::{BTreeMap, BTreeSet};

use super::codes;
use super::name::may_be_new;
use super::place::Place;
use super::spec::{SourceKey, Spec, Version, copy};
use super::write::{write, written};
use crate::flux::{At, Chart, ClusterId, KustomizationId, Name, OciRepository, Reach, Release, View};
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::yaml::New;

/// The OCIRepositories of a view, by where a chartRef finds them: cluster, namespace, name. Those on
/// remote clusters (`spec.kubeConfig`) are not among them.
pub(crate) struct Sources<'v>(BTreeMap<(ClusterId, String, String), Vec<Applied<'v>>>);

/// An OCIRepository that a cluster applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applied<'v> {
    /// The source.
    pub(crate) source: &'v OciRepository,
    /// The Flux Kustomization that applies it.
    pub(crate) kustomization: KustomizationId,
}

impl<'v> Sources<'v> {
    /// Indexes a view.
    pub(crate) fn of(view: &'v View) -> Sources<'v> {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for source in view.oci_repositories() {
            for reach in view.graph().reaches(&source.at).iter().filter(|reach| !is_remote(view, reach)) {
                let place = (reach.cluster, reach.namespace.unwrap_or_default().to_string(), reach.name.to_string());
                all.entry(place).or_default().push(Applied { source, kustomization: reach.kustomization });
            }
        }
        Sources(all)
    }

    /// The sources of this name; several if several Flux Kustomizations apply it.
    pub(crate) fn named(&self, cluster: ClusterId, namespace: &str, name: &str) -> &[Applied<'v>] {
        self.0.get(&(cluster, namespace.to_owned(), name.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What the chartRef of a release names where a cluster applies it.
    pub(crate) fn named_by(&self, view: &View, release: &Release, reach: &Reach) -> &[Applied<'v>] {
        let is_here = matches!(release.chart, Chart::Ref(_)) && !is_remote(view, reach);
        match view.source_of(release, reach).filter(|_| is_here) {
            Some(named) => self.named(reach.cluster, named.namespace.as_deref().unwrap_or_default(), &named.name),
            None => &[],
        }
    }

    /// The OCIRepository that the chartRef of a release names where a cluster applies it.
    pub(crate) fn of_release(&self, view: &View, release: &Release, reach: &Reach) -> Option<&'v OciRepository> {
        self.named_by(view, release, reach).first().map(|applied| applied.source)
    }
}

/// Whether an object is applied to another cluster than the one that applies it (`spec.kubeConfig`):
/// there it finds other sources.
fn is_remote(view: &View, reach: &Reach) -> bool {
    view.graph().kustomizations[reach.kustomization].remote_cluster().is_some()
}

/// An OCIRepository that each of these clusters has in the namespace, with this URL and version,
/// and with the credentials and checks that the releases have now. Its effective name; of several,
/// the first that this program would not give, so that a new one for others changes nothing.
pub(crate) fn existing(
    view: &View,
    key: &SourceKey,
    carried: &[(String, New)],
    clusters: &BTreeSet<String>,
    namespace: &str,
) -> Option<String> {
    let mut served: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in view.oci_repositories().iter().filter(|source| fits(view, source, key, carried)) {
        let is_here = |reach: &&Reach| reach.namespace.as_deref() == Some(namespace) && !is_remote(view, reach);
        for reach in view.graph().reaches(&source.at).iter().filter(is_here) {
            let cluster = view.graph().clusters[reach.cluster].name.clone();
            served.entry(&reach.name).or_default().insert(cluster);
        }
    }
    let all = served.into_iter().filter(|(_, served)| clusters.is_subset(served)).map(|(name, _)| name);
    all.min_by_key(|name| (may_be_new(key, name), *name)).map(str::to_owned)
}

/// Whether an OCIRepository is what a chartRef needs, wherever it is: URL, version, the layer of
/// the chart, neither pinned nor suspended, and everything that is to be carried. A check that
/// releases have must not get lost; one that only the source has is no loss.
pub(crate) fn fits(view: &View, source: &OciRepository, key: &SourceKey, carried: &[(String, New)]) -> bool {
    let version = match &key.version {
        Version::Tag(tag) => source.tag.as_ref() == Some(tag) && source.semver.is_none(),
        Version::Range(range) => source.semver.as_ref() == Some(range),
    };
    let spec = view.node(&source.at).and_then(|root| root.get("spec"));
    let carries = |(field, value): &(String, New)| {
        field == "timeout" || spec.and_then(|spec| spec.get(field)).is_some_and(|stated| copy(stated) == *value)
    };
    source.url == key.url
        && version
        && !source.pinned
        && source.copies_chart
        && !source.suspended
        && carried.iter().all(carries)
}

/// Checks that each of some clusters has a source in the namespace once it is written. Gives the
/// name that it has there. `together` is a view in which many are written: one for each is slow.
///
/// # Errors
/// A finding at its file if a cluster does not have it.
pub(crate) fn proven(
    view: &View,
    spec: &Spec,
    place: &Place,
    clusters: &BTreeSet<String>,
    namespace: &str,
    together: Option<&View>,
) -> Result<String, Finding> {
    let find = |trial: &View| existing(trial, &spec.key, &spec.carried, clusters, namespace);
    if let Some(name) = together.and_then(find) {
        return Ok(name);
    }
    find(&trial(view, spec, place)?).ok_or_else(|| {
        let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
        let clusters = if clusters.is_empty() { "no cluster".to_owned() } else { clusters.join(" and ") };
        let file = &place.file;
        let message = format!("a source written to {file} would not arrive in the namespace {namespace} on {clusters}");
        Finding::error(codes::OTHER_NAMESPACE, message).at(file, None)
    })
}

/// Writes a source on trial and checks that it arrives wherever another one is: in the same
/// clusters, Flux Kustomizations and namespaces, once in each. Gives the name that it has there.
/// `together` is as for [`proven`].
///
/// # Errors
/// A finding at its file if it does not, or if it has several names.
pub(crate) fn proven_beside(
    view: &View,
    spec: &Spec,
    place: &Place,
    other: &At,
    together: Option<&View>,
) -> Result<String, Finding> {
    let slots = |view: &View, at: &At| -> Vec<(ClusterId, KustomizationId, Option<Name>)> {
        let reaches = view.graph().reaches(at).iter();
        let mut slots: Vec<_> = reaches.map(|reach| (reach.cluster, reach.kustomization, reach.namespace)).collect();
        slots.sort();
        slots
    };
    let new = At::document(&place.file, 0);
    let find = |trial: &View| {
        let names: BTreeSet<&str> = trial.graph().reaches(&new).iter().map(|reach| &*reach.name).collect();
        let fits = trial.oci_repository(&new).is_some_and(|source| fits(trial, source, &spec.key, &spec.carried));
        let is_there = fits && names.len() == 1 && slots(view, other) == slots(trial, &new);
        names.first().filter(|_| is_there).map(|name| (*name).to_owned())
    };
    if let Some(name) = together.and_then(find) {
        return Ok(name);
    }
    find(&trial(view, spec, place)?).ok_or_else(|| {
        let message = format!("a source written to {} would not arrive wherever {other} is", place.file);
        Finding::error(codes::NO_PLACE, message).at(&place.file, None)
    })
}

/// The view in which several sources are written, one to each file; `None` if they cannot be.
pub(crate) fn trial_of_all<'s>(view: &View, all: impl IntoIterator<Item = (&'s Spec, &'s Place)>) -> Option<View> {
    let mut edits = Edits::of(view);
    let mut files = BTreeSet::new();
    for (spec, place) in all.into_iter().filter(|(_, place)| files.insert(&place.file)) {
        write(&mut edits, view, spec, place).ok()?;
    }
    view.with(&edits.finish().ok()?.0).ok()
}

/// The view in which a source is written.
fn trial(view: &View, spec: &Spec, place: &Place) -> Result<View, Finding> {
    let (changes, _) = written(view, spec, place)?;
    view.with(&changes).map_err(|error| Finding::error(codes::NAME_TAKEN, error.to_string()).at(&place.file, None))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::place::beside;
    use super::super::spec::Version;
    use super::*;
    use crate::repo::{Folder, Tree};

    fn view(case: &str) -> View {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(case).join("before");
        View::of(Tree::of(Arc::new(Folder::plain(&dir).unwrap()))).unwrap()
    }

    fn spec(url: &str, tag: &str) -> Spec {
        let chart = url.rsplit('/').next().unwrap().to_owned();
        let key = SourceKey { chart, url: url.to_owned(), version: Version::Tag(tag.to_owned()) };
        Spec { key, interval: "15m".to_owned(), carried: Vec::new(), comments: Vec::new() }
    }

    /// `docs/hazards.md#s2`, `docs/hazards.md#s5`: a second source is listed and named where the
    /// first is, on every cluster and in every namespace, or not at all.
    #[test]
    fn a_second_source_comes_to_be_wherever_the_first_is() {
        for case in ["home-ops", "chart-ref-per-app", "chart-ref-reuse", "chart-ref-strategy-namespace"] {
            let view = view(case);
            let mut seen = 0;
            for source in view.oci_repositories() {
                let spec = spec(&source.url, "99.0.0");
                match beside(&view, &source.at, &spec.key) {
                    Ok(place) => {
                        let name = proven_beside(&view, &spec, &place, &source.at, None).unwrap();
                        assert!(name.contains("-99-0-0"), "{case}: {name}");
                        assert_eq!(place.file.dir(), source.at.path.dir());
                        seen += 1;
                    }
                    Err(reason) => {
                        assert_eq!(reason.code, codes::NO_PLACE, "{case}: {}", reason.message);
                        assert!(view.graph().reaches(&source.at).is_empty(), "{case}: {}", reason.message);
                    }
                }
            }
            assert!(seen > 0, "{case}");
        }
    }
}
