//! The steps around the merge of each stage, with real names; README.md has the same without.

use super::find::{Found, Standing};
use super::install::{Install, Old};
use super::place::listing;
use super::settings::Stated;
use super::starts::{SYNC, SYNC_GUARD, SYNC_OUT, start_subject};
use super::units::{ALERT, GUARD, INSTANCE_STEP, OPERATOR_STEP, Stages, stages_of};
use super::write::{INSTANCE, Writer, chart};
use super::{NAMESPACE, adopt};
use crate::plan::Batch;
use crate::plan::runbook::{Runbook, Step, command, get_not_ready, reconcile};
use crate::text::shell;

/// A CRD of Flux that shows who owns it.
const CRD: &str = "kustomizations.kustomize.toolkit.fluxcd.io";

pub(super) fn runbook(found: &Found<'_>, batch: &Batch<'_>) -> Runbook {
    let of_start = batch.units.first().filter(|unit| matches!(unit.id.step, SYNC_GUARD | SYNC | SYNC_OUT));
    if let Some(unit) = of_start {
        let is_it = |standing: &&Standing<'_>| start_subject(standing).as_ref() == Some(&unit.id.subject);
        let start = found.clusters.iter().find(is_it).and_then(|standing| standing.start.as_ref());
        return match start {
            Some(start) => adopt::runbook(found.view, batch, start, unit.id.step),
            None => Runbook::reconcile_only(found.view, batch, "What Flux starts with is made by the operator."),
        };
    }
    let first = batch.units.first().and_then(|unit| Some((unit.id.step, stages_of(found, unit)?)));
    let Some((step, stages)) = first else {
        let what = "Alerts see the FluxInstance, too.";
        return Runbook::reconcile_only(found.view, batch, what);
    };
    let around = Around { found, batch, stages };
    match step {
        GUARD => around.guard(),
        OPERATOR_STEP => around.operator(),
        INSTANCE_STEP => around.instance(),
        ALERT => Runbook::reconcile_only(found.view, batch, "Alerts see the FluxInstance, too."),
        _ => around.removal(),
    }
}

/// A command line that has more than words, such as a redirection.
fn line(text: String) -> Vec<String> {
    vec![text]
}

/// A step whose commands are lines for a shell.
fn lines(what: &str, commands: Vec<Vec<String>>) -> Step {
    Step { what: what.to_owned(), commands: commands.into_iter().flatten().collect() }
}

struct Around<'f, 'v, 'b> {
    found: &'f Found<'v>,
    batch: &'b Batch<'b>,
    stages: Stages<'f, 'v>,
}

impl Around<'_, '_, '_> {
    fn install(&self) -> &Install<'_> {
        self.stages.install
    }

    fn healthy(&self) -> Vec<Step> {
        let version = self.install().version.map(|version| format!(" {version}")).unwrap_or_default();
        vec![
            Step::new("Flux is as it should be.", vec![command(["flux", "check"])]),
            Step::new("Nothing is failing: these print no object.", get_not_ready("all")),
            Step::new(
                format!("The controllers are those of Flux{version}. No other migration is in flight."),
                vec![command(["flux", "version"])],
            ),
        ]
    }

    fn reconcile(&self) -> Step {
        reconcile(self.found.view, self.batch)
    }

    /// Shows whether the guard is live.
    fn guard_is_live(&self) -> Step {
        match &self.install().old {
            Old::Oci { flux, .. } => {
                let output = "jsonpath={.spec.prune} {.spec.deletionPolicy}";
                let get = ["kubectl", "--namespace", &flux.namespace, "get", "kustomization", &flux.name];
                let expected = match self.install().version.is_some_and(|version| version.is_at_least(5)) {
                    true => "The guard is live: this prints `false Orphan`.",
                    false => "The guard is live: this prints `false`.",
                };
                Step::new(expected, vec![command(get.into_iter().chain(["--output", output]))])
            }
            Old::Gotk { .. } => {
                let output = r"jsonpath={.metadata.annotations.kustomize\.toolkit\.fluxcd\.io/prune}";
                let get = ["kubectl", "get", "crd", CRD, "--output", output];
                Step::new("The guard is live: this prints `disabled`.", vec![command(get)])
            }
        }
    }

    /// Shows whether the operator has taken over.
    fn instance_is_live(&self) -> Vec<Step> {
        let wait = ["wait", "fluxinstance/flux", "--for=condition=Ready", "--timeout=10m"];
        let wait = ["kubectl", "--namespace", NAMESPACE].into_iter().chain(wait);
        let output = r#"jsonpath={.metadata.annotations}{"\n"}{.metadata.labels}"#;
        let owner = ["kubectl", "get", "crd", CRD, "--output", output];
        let what = "The operator owns what is installed: this shows the annotations `ssa: Ignore` and `prune: \
                    Disabled`, and no label kustomize.toolkit.fluxcd.io/name.";
        vec![Step::new("The instance is Ready.", vec![command(wait)]), Step::new(what, vec![command(owner)])]
    }

    fn guard(&self) -> Runbook {
        let (after, back) = (vec![self.reconcile(), self.guard_is_live()], "Revert the merge.");
        Runbook {
            what: "What installs Flux today deletes nothing when it is removed. One field changes, or \
                   annotations; nothing restarts."
                .to_owned(),
            before: self.healthy(),
            after,
            back: vec![Step::new(back, Vec::new())],
        }
    }

    fn operator(&self) -> Runbook {
        let rollout = ["rollout", "status", "deployment/flux-operator"];
        let rollout = command(["kubectl", "--namespace", NAMESPACE].into_iter().chain(rollout));
        let crd = command(["kubectl", "get", "crd", "fluxinstances.fluxcd.controlplane.io"]);
        Runbook {
            what: "Flux Operator comes beside the controllers. Without a FluxInstance it does nothing.".to_owned(),
            before: self.healthy(),
            after: vec![
                self.reconcile(),
                Step::new("The operator runs.", vec![rollout]),
                Step::new("The cluster knows FluxInstances.", vec![crd]),
            ],
            back: vec![Step::new(
                "Revert the merge. Its CRDs stay (`helm.sh/resource-policy: keep`); they hold nothing yet.",
                Vec::new(),
            )],
        }
    }

    fn instance(&self) -> Runbook {
        let mut commands = self.render_today();
        let can_compare = !commands.is_empty();
        commands.extend(self.render_instance());
        if can_compare {
            commands.push(line("flux-codemod plan flux-operator --renders old.yaml,new.yaml".to_owned()));
        }
        let diff =
            command(["kubectl", "diff", "--server-side", "--field-manager=flux-operator", "--filename", "new.yaml"]);
        commands.push(line(diff.join(" ")));
        let mut before = self.healthy();
        before.push(self.guard_is_live());
        before.push(lines(
            "On the branch of this batch: what the operator will apply. It differs in the label managed-by, in the \
             annotations `ssa` and `prune`, in labels of pod templates (instance and version go) with safe-to-evict \
             added, in kinds of the operator in the enums of the CRDs of Alerts and Receivers, in a rule of the \
             ClusterRole crd-controller-flux-system, in digests of images, and in owner labels. In nothing else.",
            commands,
        ));
        let mut after = vec![self.reconcile()];
        after.extend(self.instance_is_live());
        after.push(Step::new("Nothing is failing, again.", get_not_ready("all")));
        Runbook {
            what:
                "The FluxInstance takes over the controllers and CRDs that run, under the same names. Each controller \
                   restarts once."
                    .to_owned(),
            before,
            after,
            back: self.way_back(),
        }
    }

    /// Renders what is installed today into `old.yaml`, where an artifact has it.
    fn render_today(&self) -> Vec<Vec<String>> {
        let (Old::Oci { flux, .. }, Some(version)) = (&self.install().old, self.install().version) else {
            return Vec::new();
        };
        let (name, namespace, file) = (shell(&flux.name), shell(&flux.namespace), shell(flux.at.path.as_str()));
        vec![
            line(format!("flux pull artifact oci://ghcr.io/fluxcd/flux-manifests:v{version} --output old")),
            line(format!(
                "flux build kustomization {name} --namespace {namespace} --path old --kustomization-file {file} \
                 --dry-run > old.yaml"
            )),
        ]
    }

    /// Renders what the FluxInstance comes to into `new.yaml`.
    fn render_instance(&self) -> Vec<Vec<String>> {
        let (install, settings) = (self.install(), &self.found.settings);
        let place = listing(self.found.view, install.cluster, &install.namespace, settings).ok();
        let files = place.map(|place| Writer::of(self.found.view, install, &place, settings).instance_files().others);
        let file = files.and_then(|files| files.into_iter().next());
        let file = file.map(|file| shell(file.as_str())).unwrap_or_default();
        let build = |file: &str| line(format!("flux-operator build instance --filename {file} > new.yaml"));
        match settings.instance {
            Stated::Manifest => vec![build(&file)],
            Stated::Chart => vec![
                line(format!("yq .spec.values {file} > values.yaml")),
                line(format!(
                    "helm template {INSTANCE} {} --version {} --namespace {NAMESPACE} --values values.yaml > instance.yaml",
                    chart(INSTANCE),
                    settings.operator
                )),
                build("instance.yaml"),
            ],
        }
    }

    /// Takes the release off, where a chart makes the FluxInstance.
    fn release_out(&self) -> Option<Step> {
        let delete = ["delete", "helmrelease,ocirepository", INSTANCE];
        let what = "Delete the release, which stays, too. Helm keeps the FluxInstance: it has `helm.sh/resource-policy: \
                    keep`.";
        let step = || Step::new(what, vec![command(["kubectl", "--namespace", NAMESPACE].into_iter().chain(delete))]);
        (self.found.settings.instance == Stated::Chart).then(step)
    }

    fn way_back(&self) -> Vec<Step> {
        let delete = ["flux-operator", "delete", "instance", "flux", "--namespace", NAMESPACE, "--with-suspend"];
        let marks = ["kustomize.toolkit.fluxcd.io/ssa-", "kustomize.toolkit.fluxcd.io/prune-"];
        let select = ["--selector", "app.kubernetes.io/managed-by=flux-operator"];
        let all = ["kubectl", "annotate", "crd,clusterrole,clusterrolebinding,namespace"];
        let own = ["kubectl", "--namespace", NAMESPACE, "annotate", "deployment,service,serviceaccount,resourcequota"];
        let unmark = |words: &[&str]| command(words.iter().copied().chain(select).chain(marks));
        let first = vec![Step::new(
            "If it is not Ready (BuildFailed), Flux runs as before: correct the patches. To go back, revert the merge. \
                 The instance stays: nothing prunes it. Never delete it unsuspended: controllers and CRDs would go.",
            Vec::new(),
        )];
        let then = [
            Step::new("Then delete the instance, suspended.", vec![command(delete)]),
            Step::new(
                "Take the marks of the operator off, so that Flux applies its own objects again.",
                vec![unmark(&all), unmark(&own)],
            ),
            Step::new("Have the old installation apply everything again.", vec![self.reconcile_old()]),
        ];
        first.into_iter().chain(self.release_out()).chain(then).collect()
    }

    fn reconcile_old(&self) -> Vec<String> {
        let flux = match &self.install().old {
            Old::Oci { flux, .. } => (flux.namespace.clone(), flux.name.clone()),
            Old::Gotk { flux, .. } => flux.clone(),
        };
        command(["flux", "reconcile", "kustomization", &flux.1, "--namespace", &flux.0])
    }

    fn removal(&self) -> Runbook {
        let mut before = vec![self.guard_is_live()];
        before.extend(self.instance_is_live());
        before.push(Step::new(
            "Every line above must match. With the guard alone Flux would go on without an owner; with neither, \
             controllers and CRDs go, every object of Flux with them, and nothing is left to apply a revert: that is the \
             point of no return.",
            Vec::new(),
        ));
        let left = ["kubectl", "--namespace", NAMESPACE, "get", "kustomization,ocirepository"];
        let crd = ["kubectl", "get", "crd", CRD];
        let mut after = vec![self.reconcile()];
        let mut gone = Vec::new();
        if let Old::Oci { flux, source } = &self.install().old {
            let source = self.found.view.object(source).map(|object| object.name).unwrap_or_default();
            gone.push(Step::new(format!("{} and {source} are gone.", flux.name), vec![command(left)]));
        }
        after.extend(gone);
        after.push(Step::new("The CRDs are there.", vec![command(crd)]));
        after.push(Step::new("Nothing is failing, again.", get_not_ready("all")));
        Runbook {
            what: "What installed Flux is removed. The operator owns all that it had, so only its own objects go."
                .to_owned(),
            before,
            after,
            back: vec![Step::new("Revert the merge. Then go back from the instance, as its runbook says.", Vec::new())],
        }
    }
}
