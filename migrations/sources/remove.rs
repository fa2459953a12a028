//! How a source goes when nothing names it any more (`docs/hazards.md#s6`).

use std::collections::BTreeSet;

use super::names::{Namer, Names};
use super::place::at_object;
use super::{codes, finding};
use crate::flux::{At, View};
use crate::plan::author::{Written, refused_edit};
use crate::plan::runbook::{Runbook, Step, command, get, reconcile};
use crate::plan::{Batch, Edited, Finding, Severity, Unit};
use crate::repo::{Change, Changes, RepoPath};
use crate::yaml::{CommentFate, Edit, Emptied, Fate};

/// A source that can go once some releases have moved.
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
    /// Why a person should look at it first.
    pub(crate) review: Vec<Finding>,
    /// Whether all Flux Kustomizations that apply it delete what is no longer there.
    pub(crate) is_pruned: bool,
}

impl Removal {
    /// All files that it may touch.
    pub(crate) fn touches(&self) -> BTreeSet<RepoPath> {
        self.listed_in.iter().chain([&self.at.path]).cloned().collect()
    }
}

/// The removal of a source, if nothing names it but releases that `moves` says will move. `None` where something else does, or no cluster
/// applies it.
///
/// # Errors
/// A finding, where nothing names it and it cannot be removed even so.
pub(crate) fn removal(
    names: &Names<'_>,
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
    let shown = format!("{kind} {}", object.name);
    let unnamed =
        if named_by.is_empty() { "is named by nothing" } else { "will be named by nothing once releases have moved" };
    if let Some(barred) = view.barred(&at.path) {
        return Err(at_object(
            view,
            at,
            crate::plan::codes::UNTOUCHABLE_FILE,
            format!("{shown} {unnamed}, and its file is never touched ({barred})"),
        ));
    }
    let documents =
        view.file(&at.path).and_then(|file| file.stream.as_ref()).map_or(0, |stream| stream.documents().len());
    if documents != 1 || at.item.is_some() {
        let message = format!("{shown} {unnamed}, and its file holds other documents");
        let stays = at_object(view, at, codes::STAYS, message);
        return Err(Finding { severity: Severity::Note, ..stays });
    }
    let listed_in: BTreeSet<RepoPath> = view.listed_by(&at.path).map(|own| own.path.clone()).collect();
    if let Some((path, barred)) = listed_in.iter().find_map(|path| Some((path, view.barred(path)?))) {
        let message = format!("{shown} {unnamed}, and {path}, which lists it, is never touched ({barred})");
        return Err(at_object(view, at, crate::plan::codes::UNTOUCHABLE_FILE, message));
    }
    let full = |namespace: Option<&str>, name: &str| format!("{}/{name}", namespace.unwrap_or_default());
    let also = reaches.iter().map(|reach| full(reach.namespace.as_deref(), &reach.name));
    let own = full(first.namespace.as_deref(), &first.name);
    let removal = Removal {
        at: at.clone(),
        kind,
        namespace: first.namespace.clone().unwrap_or_default(),
        name: first.name.clone(),
        also: also.filter(|other| *other != own).collect(),
        listed_in,
        named_by,
        review: elsewhere(view, at),
        is_pruned: reaches.iter().all(|reach| view.graph().kustomizations[reach.kustomization].prune),
    };
    proven(view, &removal)?;
    Ok(Some(removal))
}

/// The clusters that apply it and follow another branch than the one at hand, where it may still be named.
fn elsewhere(view: &View, at: &At) -> Vec<Finding> {
    let Some(following) = view.followed() else { return Vec::new() };
    let applying = view.graph().clusters_of(at);
    let mut found = Vec::new();
    for cluster in view.graph().clusters.iter().filter(|cluster| applying.contains(&cluster.name)) {
        if let Some(branch) = following.elsewhere(cluster) {
            let message = format!("cluster {} follows branch {branch}, where releases may still name it", cluster.name);
            let finding = at_object(view, at, codes::ELSEWHERE, message);
            found.push(Finding { severity: Severity::Warning, ..finding });
        }
    }
    found
}

/// Removes it on trial and looks whether all else is still applied as it was.
fn proven(view: &View, removal: &Removal) -> Result<(), Finding> {
    let (changes, _) = write_removal(view, removal)?;
    let refuse = |message: String| finding(Severity::Error, codes::STAYS, Some(removal.at.path.clone()), None, message);
    let trial = view.with(&changes).map_err(|error| refuse(error.to_string()))?;
    let same = |at: &At, reaches: usize| *at == removal.at || trial.graph().reaches(at).len() == reaches;
    match view.graph().reached().find(|(at, reaches)| !same(at, reaches.len())) {
        Some((at, _)) => Err(refuse(format!("without it, {at} would not be applied as it is now"))),
        None => Ok(()),
    }
}

/// Deletes its file and takes it off all lists, with what becomes of the comments there.
///
/// # Errors
/// A finding, where a list cannot be edited.
pub(crate) fn write_removal(view: &View, removal: &Removal) -> Result<Written, Finding> {
    const GOES: &str = "it is about what is removed";
    let path = &removal.at.path;
    let file = view.file(path).and_then(|file| file.stream.as_ref()).expect("a source of the view was read");
    let mut changes = Changes::new();
    changes.set(path.clone(), Change::Delete { of: file.content() });
    let fate = |comment: &crate::yaml::Comment| CommentFate {
        text: file.text()[comment.range.clone()].to_owned(),
        line: comment.line,
        range: comment.range.clone(),
        fate: Fate::Dropped("its file goes".to_owned()),
    };
    let mut comments: Vec<_> = file.comments().iter().map(|comment| (path.clone(), fate(comment))).collect();
    for kustomization in &removal.listed_in {
        let stream = view.file(kustomization).and_then(|file| file.stream.as_ref());
        let stream = stream.expect("a kustomization of the view was read");
        let root = stream.documents().next().expect("a kustomization of the view has a document");
        let dir = kustomization.dir();
        let is_it = |entry: &str| dir.join(entry).and_then(|own| view.tree().follow(&own)).as_ref() == Some(path);
        let mut edit = Edit::of(stream);
        edit.unlist(root, "resources", is_it, Emptied::Brackets, |_| Fate::Dropped(GOES.to_owned()))
            .map_err(|error| refused_edit(kustomization, &error))?;
        let edited = edit.finish().map_err(|error| refused_edit(kustomization, &error))?;
        changes.set(kustomization.clone(), Change::Edit(edited.splices));
        comments.extend(edited.comments.into_iter().map(|comment| (kustomization.clone(), comment)));
    }
    Ok((changes, comments))
}

/// What goes, and what there is to say of that which stays though nothing names it.
#[derive(Default)]
pub(crate) struct Removals {
    pub(crate) all: Vec<Removal>,
    pub(crate) findings: Vec<Finding>,
}

/// What the unit of a removal comes to on a tree; `removal` is what is found of it there.
pub(crate) fn edit_removal(view: &View, unit: &Unit, removal: Option<&Removal>) -> Edited {
    let path = unit.id.subject.path();
    if view.tree().entry(path).is_none() {
        return Edited::Already;
    }
    let refuse =
        |message: String| Edited::Refused(finding(Severity::Error, codes::NAMED, Some(path.clone()), None, message));
    match removal {
        None => refuse(format!("something in this tree names {}", unit.id.subject)),
        Some(removal) => match removal.named_by.first() {
            Some(release) => refuse(format!("the release in {release} still names {}", unit.id.subject)),
            None => match write_removal(view, removal) {
                Ok((changes, comments)) => Edited::Changes(changes, comments),
                Err(reason) => Edited::Refused(reason),
            },
        },
    }
}

/// What the steps around removals say of the sources that go.
pub(crate) struct Words {
    /// What the units do.
    pub(crate) what: &'static str,
    /// What is seen before, by the commands of [`users`].
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
    let kind = removed.first().map_or_else(String::new, |own| own.kind.to_lowercase());
    let plural = kind.strip_suffix('y').map_or_else(|| format!("{kind}s"), |stem| format!("{stem}ies"));
    let mut after = vec![reconcile(view, batch)];
    let kept = removed.iter().filter(|own| !own.is_pruned);
    let delete = |own: &&Removal| command(["kubectl", "--namespace", &own.namespace, "delete", &kind, &own.name]);
    let kept: Vec<_> = kept.map(delete).collect();
    if !kept.is_empty() {
        after.push(Step::new(
            "What a Kustomization without `prune: true` applied stays until it is deleted by hand.",
            kept,
        ));
    }
    let names = removed.iter().map(|own| (&*own.namespace, &*own.name));
    after.push(Step::new("They are gone: this says that they are not found.", get(&plural, names)));
    Runbook {
        what: words.what.to_owned(),
        before: vec![Step::new(words.before, users)],
        after,
        back: vec![Step::new(words.back, Vec::new())],
    }
}
