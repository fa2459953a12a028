//! The steps around the merge of a batch, with real names; README.md has the same without.

use std::collections::BTreeSet;

use super::beside::{FIRST_OUT, SECOND, SWITCH};
use super::candidate::Candidate;
use super::find::Found;
use super::objects;
use super::repair::REPAIR;
use super::tidy::{PARENT, TIDY};
use super::units::{GUARD, MOVE, SCOPE, UNGUARD, subject};
use crate::flux::{FluxKustomization, Value};
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step, command_about, get, get_not_ready, get_with};

/// The annotation that keeps a claim, as a column.
const KEPT: &str =
    r"custom-columns=NAME:.metadata.name,PRUNE:.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune";

pub(super) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let is = |step: &str| batch.units.iter().any(|unit| unit.id.step == step);
    if let Some(runbook) = objects::runbook(found, batch) {
        return runbook;
    }
    if is(MOVE) {
        return of_moves(found, batch);
    }
    if is(FIRST_OUT) {
        let what = "The first objects go; the second ones apply the same. This step deletes: the first objects, which \
                    are guarded. With a guard that Flux has not applied it is the point of no return.";
        return Runbook { what: what.to_owned(), ..of_moves(found, batch) };
    }
    let what = if is(SECOND) {
        "Second objects beside the first: both apply the same for a while, and nothing is deleted. The first ones are \
         not to be suspended as long as something depends on them."
    } else if is(REPAIR) {
        "Files state the namespaces in which their Flux Kustomizations are; what depended on nothing depends on them."
    } else if is(PARENT) {
        "Kustomizations state the namespace of what they list. Nothing changes on the cluster."
    } else if is(TIDY) {
        "Patches that select nothing go. Nothing changes on the cluster but the Flux Kustomizations that have them."
    } else if is(SWITCH) {
        "What stays depends on the second objects from here on."
    } else if is(UNGUARD) {
        "The guards go: each Flux Kustomization deletes again what it applied when it is deleted itself."
    } else if is(GUARD) {
        "Guards before moves: what these Flux Kustomizations apply stays when they are deleted."
    } else if is(SCOPE) {
        "Flux Kustomizations get only what they use, so that their new namespace has all that they need. If \
         something is missing, it shows here, where a revert costs nothing."
    } else {
        return Runbook::reconcile_only(
            found.view,
            batch,
            "What comes before moves: entries of Alerts, and annotations that keep claims.",
        );
    };
    let mut runbook = Runbook::reconcile_only(found.view, batch, what);
    runbook.after.push(Step::new("Every Flux Kustomization is Ready: these print nothing.", not_ready()));
    if is(SECOND) {
        let seconds = Moves::of(found, batch);
        let get = |candidate: &Candidate, to: &str| {
            command_about(&["flux", "get", "kustomization"], &[&candidate.called], &["--namespace", to])
        };
        runbook.after.push(Step::new("The second ones are Ready, too.", seconds.each(get)));
    }
    if is(UNGUARD) {
        runbook.before.push(Step::new("Every Flux Kustomization of this batch is Ready.", kustomizations(batch)));
    }
    runbook
}

fn not_ready() -> Vec<Vec<String>> {
    get_not_ready("kustomizations")
}

/// `flux get` of all that a batch is about, where they are now.
fn kustomizations(batch: &Batch<'_>) -> Vec<Vec<String>> {
    let all = batch.units.iter().map(|unit| {
        let subject = &unit.id.subject;
        command_about(&["flux", "get", "kustomization"], &[subject.name()], &["--namespace", subject.namespace()])
    });
    all.collect()
}

/// The batch of moves to one namespace.
struct Moves<'f> {
    candidates: Vec<(&'f Candidate, &'f str)>,
    parents: BTreeSet<(&'f str, &'f str)>,
    claims: BTreeSet<(String, String)>,
    releases: BTreeSet<(String, String)>,
}

impl<'f> Moves<'f> {
    fn of(found: &'f Found<'_>, batch: &Batch<'_>) -> Moves<'f> {
        let is_of_batch = |candidate: &Candidate| batch.units.iter().any(|unit| unit.id.subject == subject(candidate));
        let candidates: Vec<_> = found.movers().filter(|(candidate, _)| is_of_batch(candidate)).collect();
        let all = || candidates.iter().flat_map(|(candidate, _)| &candidate.ids);
        let kustomizations = &found.view.graph().kustomizations;
        let parents = all().filter_map(|id| kustomizations[*id].parent).map(|parent| &kustomizations[parent]);
        let objects = |kind: &'static str| {
            let of_each =
                all().flat_map(|id| found.world().built_by(*id).iter().map(|object| (&kustomizations[*id], object)));
            let of_kind = of_each.filter(move |(_, object)| object.kind == kind);
            let named = |(one, object): (&FluxKustomization, &crate::flux::Rendered)| {
                let namespace = super::candidate::namespace(one, object).unwrap_or_default();
                (namespace, one.variables.substitute(&object.name))
            };
            of_kind.map(named).collect::<BTreeSet<_>>()
        };
        Moves {
            parents: parents.map(|parent| (&*parent.namespace, &*parent.name)).collect(),
            claims: objects("PersistentVolumeClaim"),
            releases: objects("HelmRelease"),
            candidates,
        }
    }

    /// Whether each is guarded, each with what its line has to say.
    fn guards(&self, found: &Found<'_>) -> Vec<Vec<String>> {
        let guard = |(candidate, _): &(&Candidate, &str)| {
            let orphan = |one: &FluxKustomization| one.object.text_at(&["spec", "deletionPolicy"]) == Some("Orphan");
            let suspended = |one: &FluxKustomization| one.object.at(&["spec", "suspend"]).is_some_and(Value::is_true);
            let all = |is: &dyn Fn(&FluxKustomization) -> bool| found.instances(candidate).all(is);
            let field = match (all(&orphan), all(&suspended)) {
                (true, _) => ".spec.deletionPolicy",
                (_, true) => ".spec.suspend",
                _ => ".spec.prune",
            };
            let output = format!("jsonpath={{{field}}}{{\"\\n\"}}");
            let words = ["kubectl", "--namespace", &candidate.from, "get", "kustomization"];
            command_about(&words, &[&candidate.name], &["--output", &output])
        };
        self.candidates.iter().map(guard).collect()
    }

    fn each(&self, words: impl Fn(&Candidate, &str) -> Vec<String>) -> Vec<Vec<String>> {
        self.candidates.iter().map(|(candidate, to)| words(candidate, to)).collect()
    }
}

fn named(all: &BTreeSet<(String, String)>) -> impl Iterator<Item = (&str, &str)> {
    all.iter().map(|(namespace, name)| (&**namespace, &**name))
}

fn of_moves(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let moves = Moves::of(found, batch);
    let parents = |words: &[&str], more: &[&str]| {
        let parent = |(namespace, name): &(&str, &str)| {
            command_about(words, &[name], &[&["--namespace", *namespace], more].concat())
        };
        moves.parents.iter().map(parent).collect::<Vec<_>>()
    };
    let reconciled = parents(&["flux", "reconcile", "kustomization"], &["--with-source"]);
    let mut before = vec![
        Step::new("Flux has applied what was merged last.", reconciled.clone()),
        Step::new(
            "Every line says Orphan, or false for one that does not prune, or true for a suspended one. If one does not, do not merge.",
            moves.guards(found),
        ),
    ];
    if !moves.claims.is_empty() {
        let claims = |options: &[&str]| get_with("persistentvolumeclaims", named(&moves.claims), options);
        before.push(Step::new("Every claim says disabled.", claims(&["--output", KEPT])));
    }
    before.push(Step::new("Every Flux Kustomization is Ready: these print nothing.", not_ready()));
    let releases: Vec<_> = get("helmreleases", named(&moves.releases));
    if !releases.is_empty() {
        before.push(Step::new("Note the ages and revisions of these.", releases.clone()));
    }
    let reconcile_new = |candidate: &Candidate, to: &str| {
        command_about(&["flux", "reconcile", "kustomization"], &[&candidate.called], &["--namespace", to])
    };
    let gone = |candidate: &Candidate, _: &str| {
        command_about(&["kubectl", "--namespace", &candidate.from, "get", "kustomization"], &[&candidate.name], &[])
    };
    let mut after = vec![
        Step::new("The parent creates the new objects and deletes the old ones.", reconciled),
        Step::new("The old objects are gone: NotFound.", moves.each(gone)),
        Step::new("The new ones are Ready.", moves.each(reconcile_new)),
    ];
    let same: Vec<_> = releases.into_iter().chain(get("persistentvolumeclaims", named(&moves.claims))).collect();
    if !same.is_empty() {
        after.push(Step::new("Ages and revisions are those from before.", same));
    }
    let delete = |candidate: &Candidate, _: &str| {
        command_about(&["kubectl", "--namespace", &candidate.from, "delete", "kustomization"], &[&candidate.name], &[])
    };
    let back = vec![
        Step::new(
            "Until the guards go: revert the merge, and reconcile. The guards hold in both directions.",
            Vec::new(),
        ),
        Step::new(
            "An old object is still there because its parent does not prune: once the new one is Ready, delete it. It is guarded.",
            moves.each(delete),
        ),
        Step::new(
            "Something is being deleted all the same: stop the parent, and leave the pods alone, because a claim ends only when nothing uses it.",
            parents(&["flux", "suspend", "kustomization"], &[]),
        ),
    ];
    Runbook {
        what: "Flux Kustomizations move. This is the only step that deletes: the old objects, which are guarded. With a guard that Flux has not applied it is the point of no return.".to_owned(),
        before,
        after,
        back,
    }
}
