//! Files that a cluster builds: Kustomize can read them.

use std::collections::BTreeSet;

use super::builds::Builds;
use super::changed::Scope;
use super::codes::{NAMELESS, UNBUILDABLE_FILE};
use super::finding;
use crate::finding::{Finding, Severity};
use crate::flux::{Object, View};

pub(super) fn findings(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = unbuildable(view);
    found.extend(nameless(view, builds, scope));
    found
}

/// Files of builds with a key that is in one mapping twice. Of other broken files it is not certain
/// that Kustomize refuses them, too.
fn unbuildable(view: &View) -> Vec<Finding> {
    let twice =
        view.files().filter_map(|(path, file)| Some((path, file.broken.as_ref().filter(|broken| broken.is_certain)?)));
    let twice: Vec<_> = twice.collect();
    if twice.is_empty() {
        return Vec::new();
    }
    let built: BTreeSet<_> =
        view.graph().kustomizations.iter().filter_map(|flux| Some(view.input(flux).ok()?.reads)).flatten().collect();
    let of_builds = twice.into_iter().filter(|(path, _)| built.contains(*path));
    of_builds
        .map(|(path, broken)| finding(Severity::Error, UNBUILDABLE_FILE, path, broken.line, broken.message.clone()))
        .collect()
}

fn nameless(view: &View, builds: &Builds, scope: &Scope<'_>) -> Vec<Finding> {
    let kustomizations = view.graph().kustomizations.entries();
    let built = kustomizations.flat_map(|(id, one)| scope.objects(view, one, builds.by(id)));
    // What a generator makes has a name, and the place of the kustomization, which has none.
    let unnamed = built.filter(|object| object.name.is_empty());
    let nameless = unnamed.filter_map(|object| view.object(&object.at)).filter(|object| object.is_nameless());
    let report = |object: &Object| {
        let message = format!("this {} has no metadata.name", object.kind);
        finding(Severity::Error, NAMELESS, &object.at.path, object.line, message)
    };
    nameless.map(report).collect()
}
