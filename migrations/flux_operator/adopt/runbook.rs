//! The steps around the merge of each stage, with real names.

use super::super::NAMESPACE;
use super::super::starts::{SYNC, SYNC_GUARD};
use super::Start;
use crate::flux::View;
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step, command, command_about, get_not_ready, reconcile};

/// The steps of a stage.
pub(in super::super) fn runbook(view: &View, batch: &Batch<'_>, start: &Start, step: &str) -> Runbook {
    let around = Around { view, batch, start };
    match step {
        SYNC_GUARD => around.guard(),
        SYNC => around.sync(),
        _ => around.out(),
    }
}

struct Around<'s> {
    view: &'s View,
    batch: &'s Batch<'s>,
    start: &'s Start,
}

impl Around<'_> {
    fn name(&self) -> &str {
        &self.start.root.source.name
    }

    fn get(&self, kind: &str, name: &str, output: &str) -> Vec<String> {
        command_about(&["kubectl", "--namespace", NAMESPACE, "get", kind], &[name], &["--output", output])
    }

    fn nothing_fails(&self) -> Step {
        Step::new("Nothing is failing: these print no object.", get_not_ready("all"))
    }

    fn guard_is_live(&self) -> Step {
        let output = "jsonpath={.spec.prune} {.spec.deletionPolicy}";
        let what = "The guard is live: this prints `Orphan` at the end, or `false` for a root that prunes nothing.";
        Step::new(what, vec![self.get("kustomization", &self.start.root.name, output)])
    }

    fn sync_is_live(&self) -> Vec<Step> {
        let wait = ["wait", "fluxinstance/flux", "--for=condition=Ready", "--timeout=10m"];
        let wait = command(["kubectl", "--namespace", NAMESPACE].into_iter().chain(wait));
        let ready = command_about(&["flux", "get", "kustomization"], &[self.name()], &["--namespace", NAMESPACE]);
        let marks = self.get("gitrepository", self.name(), "jsonpath={.metadata.annotations}");
        let root = self.get("kustomization", self.name(), "jsonpath={.spec}");
        let url = self.view.graph().clusters[self.start.cluster].url.clone().unwrap_or_default();
        vec![
            Step::new("The instance is Ready.", vec![wait]),
            Step::new("The root that the operator makes is Ready, and has the fields of today.", vec![ready, root]),
            Step::new(
                format!(
                    "The operator owns the source of {url}: this shows the annotations `ssa: Ignore` and `prune: Disabled`."
                ),
                vec![marks],
            ),
        ]
    }

    fn guard(&self) -> Runbook {
        Runbook {
            what: "The root of today deletes nothing when it is removed. It prunes as before.".to_owned(),
            before: vec![self.nothing_fails()],
            after: vec![reconcile(self.view, self.batch), self.guard_is_live()],
            back: vec![Step::new("Revert the merge.", Vec::new())],
        }
    }

    fn sync(&self) -> Runbook {
        let mut after = vec![reconcile(self.view, self.batch)];
        after.extend(self.sync_is_live());
        after.push(self.nothing_fails());
        let file = self.start.root.at.path.as_str();
        let again =
            command_about(&["kubectl", "apply", "--server-side", "--force-conflicts"], &[], &["--filename", file]);
        let back = "Revert the merge. The operator then deletes the root that it made, which deletes nothing, and the \
                    source: apply that again by hand, or nothing is reconciled any more.";
        Runbook {
            what: "The operator makes what Flux starts with. Revisions are called `refs/heads/...` from then on, so \
                   everything is reconciled once."
                .to_owned(),
            before: vec![self.guard_is_live(), self.nothing_fails()],
            after,
            back: vec![Step::new(back, vec![again])],
        }
    }

    fn out(&self) -> Runbook {
        let mut before = vec![self.guard_is_live()];
        before.extend(self.sync_is_live());
        before.push(Step::new(
            "Every line above must match. Without the guard everything that the root applied is deleted; without the \
             marks the source is, and nothing is left that could apply a revert.",
            Vec::new(),
        ));
        let in_namespace = ["--namespace", NAMESPACE];
        let mut after = vec![Step::new(
            "Have the new root apply the merge.",
            vec![
                command_about(&["flux", "reconcile", "source", "git"], &[self.name()], &in_namespace),
                command_about(&["flux", "reconcile", "kustomization"], &[self.name()], &in_namespace),
            ],
        )];
        if !self.start.is_in_place() {
            let root = &self.start.root.name;
            let delete = command_about(&["kubectl", "--namespace", NAMESPACE, "delete", "kustomization"], &[root], &[]);
            let what = "The old root is gone: this says NotFound. If it is still there because it prunes nothing, delete \
                        it: it is guarded.";
            after.push(Step::new(what, vec![self.get("kustomization", root, "name"), delete]));
        }
        after.push(self.nothing_fails());
        Runbook {
            what: "The root of today and its source go out of the files: the operator has both.".to_owned(),
            before,
            after,
            back: vec![Step::new("Revert the merge: the old root comes beside the new one again.", Vec::new())],
        }
    }
}
