//! Sources of external-dns that read nothing any more.

use super::super::codes;
use super::super::dns::{READ_TODAY, ROUTES, sources};
use super::super::edit::write;
use super::super::find::Found;
use super::super::units::id_of;
use super::left::Left;
use super::{Leftover, SOURCES_OUT, What};
use crate::flux::{At, Release, Value, View};
use crate::plan::Finding;
use crate::plan::author::Written;
use crate::repo::RepoPath;

/// The values of a release of external-dns, before and after.
pub(super) struct Out<'v> {
    release: &'v Release,
    before: Value,
    after: Value,
}

/// The releases that read routes, and besides what is not there any more.
pub(super) fn out<'v>(found: &Found<'v>, left: &Left<'_>) -> Vec<Leftover<'v>> {
    let releases = found.view.releases().iter();
    releases.filter_map(|release| of_release(found, left, release)).collect()
}

fn of_release<'v>(found: &Found<'v>, left: &Left<'_>, release: &'v Release) -> Option<Leftover<'v>> {
    let (view, at) = (found.view, &release.at);
    let mut installed = view.graph().reaches(at).iter().filter_map(|reach| view.installed(at, reach));
    let installed = installed.find(|installed| view.chart_name(installed) == Some("external-dns"))?;
    let before = view.node(at).and_then(|root| root.at(&["spec", "values"])).and_then(Value::of)?;
    let stated = sources(&before);
    // What a patch changes, or an argument adds, is for a person.
    let arrives = installed.object.at(&["spec", "values"]).is_some_and(|values| sources(values) == stated);
    if !arrives || before.get("sources").is_none() || !stated.iter().any(|source| source == ROUTES) {
        return None;
    }
    let is_over = |source: &&String| READ_TODAY.contains(&source.as_str()) && !left.is_read(source, at);
    let gone: Vec<&str> = stated.iter().filter(is_over).map(String::as_str).collect();
    let kept = stated.iter().filter(|source| !gone.contains(&source.as_str()));
    if gone.is_empty() {
        return None;
    }
    let mut after = before.clone();
    after.set("sources", Value::Sequence(kept.map(|source| Value::string(source)).collect()));
    let title = format!("external-dns no longer reads {}", gone.join(" and "));
    let message = format!(
        "a chart or an operator may make {} in the running cluster, whose record would be deleted",
        gone.join(" and ")
    );
    let finding = Finding::warning(codes::SOURCE_UNSEEN, message).at(&at.path, release.line);
    Some(Leftover {
        id: id_of(view, SOURCES_OUT, release),
        title,
        touches: vec![at.path.clone()],
        findings: vec![finding],
        what: What::Sources(Out { release, before, after }),
    })
}

/// Whether no release of a file reads what is not there any more.
pub(super) fn is_done(view: &View, path: &RepoPath) -> bool {
    let releases = view.releases().iter().filter(|release| release.at.path == *path);
    let values = releases.filter_map(|release| view.node(&release.at)?.at(&["spec", "values"]).and_then(Value::of));
    values.into_iter().all(|values| !sources(&values).iter().any(|source| READ_TODAY.contains(&source.as_str())))
}

impl Out<'_> {
    pub(super) fn written(&self, view: &View) -> Result<Written, Finding> {
        let at: &At = &self.release.at;
        write(view, at, &self.before, &self.after)
    }
}
