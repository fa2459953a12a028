//! How a source is removed when nothing names it any more (`docs/hazards.md#s6`).

use std::collections::BTreeSet;

use super::codes;
use super::place::at_object;
use crate::flux::{At, Namer, SourceNames, View};
use crate::plan::author::{Edits, Written, edited, never_changed, other_names};
use crate::plan::runbook::{Runbook, Step, command, command_about, get, reconcile};
use crate::plan::{Batch, Edited, Finding, Unit};
use crate::repo::RepoPath;

/// A source that can be removed once some releases have moved.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// Where it stands: a file that holds nothing else.
    pub(crate) at: At,
    /// Its kind.
    pub(crate) kind: &'static str,
    /// Its effective namespace, in the first of its clusters.
    pub(crate) namespace: String,
    /// Its effective name.
    pub(crate) name: String,
    /// The other names that it has, `namespace/name`.
    pub(crate) also: BTreeSet<String>,
    /// The kustomizations that list it.
    pub(crate) listed_in: BTreeSet<RepoPath>,
    /// The releases that still name it.
    pub(crate) named_by: Vec<At>,
    /// Why you should look at it first, and what stays.
    pub(crate) review: Vec<Finding>,
    /// Whether all Flux Kustomizations that apply it delete what is no longer there.
    pub(crate) is_pruned: bool,
}

/// What can be removed, and what stays although nothing names it.
#[derive(Default)]
pub(crate) struct Removals {
    pub(crate) all: Vec<Removal>,
    pub(crate) findings: Vec<Finding>,
}

impl Removal {
    /// All files that it may touch.
    pub(crate) fn touches(&self) -> BTreeSet<RepoPath> {
        self.listed_in.iter().chain([&self.at.path]).cloned().collect()
    }
}

/// The removal of a source if nothing names it but releases that will move, as `moves` says. `None`
/// if something else does, or if no cluster applies it.
///
/// # Errors
/// A finding if nothing names it and it cannot be removed even so.
pub(crate) fn removal(
    names: &SourceNames<'_>,
    view: &View,
    kind: &'static str,
    at: &At,
    moves: &dyn Fn(&At) -> bool,
) -> Result<Option<Removal>, Finding> {
    let mut named_by = Vec::new();
    for namer in names.of_source(at) {
        match namer {
            Namer::Release(release) if moves(&release) => named_by.push(release),
            Namer::Release(_) | Namer::Other(..) => return Ok(None),
        }
    }
    let reaches = view.graph().reaches(at);
    let (Some(first), Some(object)) = (reaches.first(), view.object(at)) else { return Ok(None) };
    let when = if named_by.is_empty() { "" } else { " once releases have moved" };
    let stays = |finding: Finding| {
        let message = format!("nothing names {kind} {}{when}, but {}", object.name, finding.message);
        Err(at_object(view, at, Finding { message, ..finding }))
    };
    let listed_in = view.listed_in(&at.path);
    if let Some(reason) = never_changed(view, [&at.path]) {
        return stays(reason);
    }
    let stream = view.file(&at.path).and_then(|file| file.stream.as_ref());
    if stream.map_or(0, |stream| stream.documents().len()) != 1 || at.item.is_some() {
        return stays(Finding::note(codes::STAYS, "its file holds other documents"));
    }
    if let Some(reason) = never_changed(view, &listed_in) {
        return stays(reason);
    }
    let is_pruned = reaches.iter().all(|reach| view.graph().kustomizations[reach.kustomization].prune);
    let kept = (!is_pruned).then(|| {
        let message =
            format!("the Kustomization that applies it does not prune: {kind} {} stays on the cluster", first.name);
        at_object(view, at, Finding::note(codes::NOT_PRUNED, message))
    });
    let review = on_other_branches(view, at).into_iter().chain(unread(names, view, at)).chain(kept);
    let removal = Removal {
        at: at.clone(),
        kind,
        namespace: first.namespace.unwrap_or_default().into(),
        name: first.name.into(),
        also: other_names(view, at),
        listed_in,
        named_by,
        review: review.collect(),
        is_pruned,
    };
    Ok(Some(removal))
}

impl Removals {
    /// Proves all of them: those that something else depends on stay, with a finding.
    pub(crate) fn proven(mut self, view: &View) -> Removals {
        let all: Vec<&Removal> = self.all.iter().collect();
        if proven(view, &all).is_ok() {
            return self;
        }
        for removal in std::mem::take(&mut self.all) {
            match proven(view, &[&removal]) {
                Ok(()) => self.all.push(removal),
                Err(finding) => self.findings.push(finding),
            }
        }
        self
    }
}

/// The clusters that apply it and follow a branch other than the checked-out one.
fn on_other_branches(view: &View, at: &At) -> Vec<Finding> {
    let Some(following) = view.followed() else { return Vec::new() };
    let applying = view.graph().clusters_of(at);
    let clusters = view.graph().clusters.iter().filter(|cluster| applying.contains(&cluster.name));
    let elsewhere = clusters.filter_map(|cluster| Some((&cluster.name, following.elsewhere(cluster)?)));
    let finding = |(cluster, branch)| {
        let message = format!("cluster {cluster} follows branch {branch}, where releases may still name it");
        at_object(view, at, Finding::warning(codes::OTHER_BRANCH, message))
    };
    elsewhere.map(finding).collect()
}

/// What cannot be read may name any source.
fn unread(names: &SourceNames<'_>, view: &View, at: &At) -> Option<Finding> {
    let (first, more) = names.unread().split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" (and {} more like it)", more.len()) };
    let finding = Finding::warning(codes::UNREAD, format!("{} may name it{more}", first.what));
    Some(match &first.path {
        Some(path) => finding.at(path, first.line),
        None => at_object(view, at, finding),
    })
}

/// Removes some together on trial and checks that everything else is still applied as before.
fn proven(view: &View, removals: &[&Removal]) -> Result<(), Finding> {
    let Some(first) = removals.first() else { return Ok(()) };
    let (changes, _) = write_removals(view, removals)?;
    let refuse = |message: String| Finding::error(codes::STAYS, message).at(&first.at.path, None);
    let trial = view.with(&changes).map_err(|error| refuse(error.to_string()))?;
    let removed: BTreeSet<&At> = removals.iter().map(|removal| &removal.at).collect();
    let same = |at: &At, reaches: usize| removed.contains(at) || trial.graph().reaches(at).len() == reaches;
    match view.graph().reached().find(|(at, reaches)| !same(at, reaches.len())) {
        Some((at, _)) => Err(refuse(format!("without it, {at} would not be applied as it is now"))),
        None => Ok(()),
    }
}

/// Deletes the files of some and removes them from all lists, with the fates of the comments there.
///
/// # Errors
/// A finding if a list cannot be edited.
fn write_removals(view: &View, removals: &[&Removal]) -> Result<Written, Finding> {
    let mut edits = Edits::of(view);
    for Removal { at, listed_in, .. } in removals {
        edits.delete(&at.path, "its file is removed")?;
        listed_in.iter().try_for_each(|list| edits.unlist(list, &at.path, "it is about what is removed"))?;
    }
    edits.finish()
}

/// What the unit of a removal changes on a tree; `removal` is what is found of it there.
pub(crate) fn edit_removal(view: &View, unit: &Unit, removal: Option<&Removal>) -> Edited {
    let (path, subject) = (unit.id.subject.path(), &unit.id.subject);
    if view.tree().entry(path).is_none() {
        return Edited::Already;
    }
    let message = match removal.map(|removal| (removal, removal.named_by.first())) {
        Some((removal, None)) => return edited(write_removals(view, &[removal])),
        Some((_, Some(release))) => format!("the release in {release} still names {subject}"),
        None => format!("something in the repository names {subject}"),
    };
    Edited::Refused(Finding::error(codes::NAMED, message).at(path, None))
}

/// What the steps around removals say about the sources.
pub(crate) struct Words {
    /// What the units do.
    pub(crate) what: &'static str,
    /// What to check before, with the commands of [`users`].
    pub(crate) before: &'static str,
    /// How to get back.
    pub(crate) back: &'static str,
}

/// The command that prints the objects of a kind that name a source.
pub(crate) fn users(kind: &str, at: &str, name: &str) -> Vec<String> {
    let print = r#"{.metadata.namespace}/{.metadata.name}{"\n"}"#;
    let query = format!(r#"jsonpath={{range .items[?(@.spec.{at}.name=="{name}")]}}{print}{{end}}"#);
    command(["kubectl", "get", kind, "--all-namespaces", "--output", &query])
}

/// The steps around the removal of sources, all of one kind.
pub(crate) fn runbook(
    view: &View,
    batch: &Batch<'_>,
    removed: &[&Removal],
    words: &Words,
    users: Vec<Vec<String>>,
) -> Runbook {
    let kind = removed.first().map_or_else(String::new, |removal| removal.kind.to_lowercase());
    let plural = kind.strip_suffix('y').map_or_else(|| format!("{kind}s"), |stem| format!("{stem}ies"));
    let mut after = vec![reconcile(view, batch)];
    let kept = removed.iter().filter(|removal| !removal.is_pruned);
    let delete = |removal: &&Removal| {
        command_about(&["kubectl", "--namespace", &removal.namespace, "delete", &kind], &[&removal.name], &[])
    };
    let kept: Vec<_> = kept.map(delete).collect();
    if !kept.is_empty() {
        let what = "A Kustomization without `prune: true` leaves these on the cluster. Delete them by hand.";
        after.push(Step::new(what, kept));
    }
    let names = removed.iter().map(|removal| (&*removal.namespace, &*removal.name));
    after.push(Step::new("They are deleted: these commands print that they are not found.", get(&plural, names)));
    Runbook {
        what: words.what.to_owned(),
        before: vec![Step::new(words.before, users)],
        after,
        back: vec![Step::new(words.back, Vec::new())],
    }
}
