//! How far each cluster is: what installs Flux, and what of the operator is there.

use super::adopt::Start;
use super::distribution::CONTROLLERS;
use super::install::{Install, Old, of_artifact, over_manifests};
use super::settings::FluxOperatorSettings;
use super::versions::Version;
use super::{NAMESPACE, codes, gotk};
use crate::flux::{At, ClusterId, Reach, Value, View};
use crate::migrations::sources::codes::FLUX_UNKNOWN;
use crate::plan::Finding;

/// Everything that this migration knows about a view.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    pub(super) settings: FluxOperatorSettings,
    pub(super) clusters: Vec<Standing<'v>>,
}

/// How far a cluster is.
pub(super) struct Standing<'v> {
    pub(super) cluster: ClusterId,
    /// What installs Flux today, if it is none of what follows.
    pub(super) install: Option<Install<'v>>,
    /// Flux Operator, where a release of its chart is applied.
    pub(super) operator: Option<Operator>,
    /// The FluxInstance.
    pub(super) instance: Option<Instance>,
    /// What Flux starts with, if the FluxInstance is to make it and files state it still.
    pub(super) start: Option<Start>,
    /// Why nothing can be done, with the HelmRelease or FluxInstance that is in the way.
    pub(super) in_the_way: Option<(At, Finding)>,
}

/// A release of the chart of Flux Operator.
pub(super) struct Operator {
    /// Its version, if it is exact.
    version: Option<Version>,
    is_running: bool,
}

/// A FluxInstance, as a cluster applies it.
pub(super) struct Instance {
    pub(super) at: At,
    name: String,
    namespace: String,
    pub(super) version: Option<Version>,
    /// Its controllers; those that the operator takes where it states none.
    pub(super) components: Vec<String>,
    /// `spec.sync`.
    pub(super) sync: Option<Value>,
    /// `spec.kustomize.patches`.
    pub(super) patches: Vec<Value>,
    /// Why its values are not all in its document, if they are those of a chart.
    pub(super) elsewhere: Option<&'static str>,
    is_running: bool,
}

impl<'v> Found<'v> {
    /// Reads a view with all of its objects.
    pub(super) fn in_view(view: &'v View, settings: &FluxOperatorSettings) -> Found<'v> {
        let clusters = view.graph().clusters.ids();
        let clusters = clusters.map(|cluster| Standing::of(view, cluster, settings)).collect();
        Found { view, settings: settings.clone(), clusters }
    }

    /// How far a cluster of this name is.
    pub(super) fn cluster(&self, name: &str) -> Option<&Standing<'v>> {
        let name_of = |standing: &Standing<'_>| &self.view.graph().clusters[standing.cluster].name;
        self.clusters.iter().find(|standing| name_of(standing) == name)
    }
}

impl<'v> Standing<'v> {
    fn of(view: &'v View, cluster: ClusterId, settings: &FluxOperatorSettings) -> Standing<'v> {
        let mut standing =
            Standing { cluster, install: None, operator: None, instance: None, start: None, in_the_way: None };
        let here = view.graph().each_reach();
        for (at, reach) in here.filter(|(_, reach)| reach.cluster == cluster && is_local(view, reach)) {
            match reach.kind.as_str() {
                "FluxInstance" => {
                    standing.instance = standing.instance.take().or_else(|| Instance::of(view, at, reach))
                }
                "HelmRelease" => standing.take_release(view, at, reach),
                _ => {}
            }
        }
        if let Some(instance) = standing.instance.as_ref() {
            standing.in_the_way = instance.refused(view, standing.in_the_way.take());
        }
        let mut installs: Vec<Install<'v>> = over_manifests(view, cluster)
            .into_iter()
            .map(|(_, flux, source)| of_artifact(view, (flux, source), settings))
            .collect();
        installs.extend(gotk::installs(view, cluster, settings));
        let several = installs.len() > 1;
        standing.install = installs.into_iter().next();
        if let Some(install) = standing.install.as_mut().filter(|_| several) {
            let message =
                format!("{} installs Flux in several ways: which version runs is not known", install.cluster_name);
            install.problems.push(Finding::error(FLUX_UNKNOWN, message).at(install.old.place().0, None));
        }
        if let Some(instance) = standing.instance.as_ref().filter(|_| settings.adopts) {
            standing.start = Start::of(view, cluster, instance);
            let version = instance.version;
            standing.start.iter_mut().for_each(|start| start.check_version(view, version));
        }
        standing
    }

    fn take_release(&mut self, view: &View, at: &At, reach: &Reach) {
        let Some(release) = view.installed(at, reach) else { return };
        match view.chart_name(&release) {
            Some("flux-operator") => {
                let version = release.chart.as_ref().and_then(|chart| Version::exact(chart.version.as_deref()?));
                self.operator = Some(Operator { version, is_running: is_running(view, &release.object, reach) });
            }
            Some("flux-instance") => self.instance = Instance::of_chart(view, at, reach, &release.object),
            Some("flux2") => {
                let version = release.chart.as_ref().and_then(|chart| chart.version.as_deref()).unwrap_or("?");
                let message = format!(
                    "release {} installs Flux with the chart flux2 {version}: its removal uninstalls Flux",
                    reach.name
                );
                let line = view.object(at).map(|object| object.line);
                self.in_the_way = Some((at.clone(), Finding::error(codes::BY_HELM, message).at(&at.path, line)));
            }
            _ => {}
        }
    }

    /// Whether the old installation deletes nothing when it is removed; `true` where there is none any more.
    pub(super) fn is_guarded(&self) -> bool {
        match self.install.as_ref().map(|install| &install.old) {
            None => true,
            Some(Old::Oci { flux, .. }) => flux.keeps_on_deletion(),
            Some(Old::Gotk { guarded, .. }) => *guarded,
        }
    }

    /// Whether what Flux starts with deletes nothing when it is removed; `true` where it is in no file any more.
    pub(super) fn is_start_guarded(&self) -> bool {
        self.start.as_ref().is_none_or(|start| start.root.keeps_on_deletion())
    }

    /// Whether the FluxInstance makes what Flux starts with.
    pub(super) fn has_sync(&self) -> bool {
        let instance = self.instance.as_ref().filter(|instance| instance.is_running && self.in_the_way.is_none());
        instance.is_some_and(|instance| match &self.start {
            Some(start) => start.is_synced(instance),
            None => instance.sync.is_some(),
        })
    }

    /// Whether an operator is there that has a version of Flux.
    pub(super) fn has_operator(&self, flux: Option<Version>) -> bool {
        let needed = flux.and_then(Version::operator_having);
        let operator = self.operator.as_ref().filter(|operator| operator.is_running);
        operator.is_some_and(|operator| needed.is_none_or(|needed| operator.version.is_some_and(|is| is >= needed)))
    }

    /// Whether the FluxInstance is there, for this Flux or a later one.
    pub(super) fn has_instance(&self, flux: Option<Version>) -> bool {
        let instance = self.instance.as_ref().filter(|instance| instance.is_running && self.in_the_way.is_none());
        instance.is_some_and(|instance| flux.is_none_or(|flux| instance.version.is_some_and(|is| is >= flux)))
    }
}

impl Instance {
    fn of(view: &View, at: &At, reach: &Reach) -> Option<Instance> {
        let object = view.effective(at, reach)?;
        let namespace = reach.namespace.unwrap_or_default();
        let is_disabled = object.text_at(&["metadata", "annotations", DISABLED]) == Some("disabled");
        let is_running = is_running(view, &object, reach) && !is_disabled;
        Some(Instance::read(at, (&reach.name, namespace.into()), object.get("spec")?, is_running))
    }

    fn of_chart(view: &View, at: &At, reach: &Reach, release: &Value) -> Option<Instance> {
        let namespace = reach.namespace.unwrap_or_default();
        let values = release.at(&["spec", "values"])?;
        // The chart calls it `flux`, whatever the release is called.
        let name = values.text_at(&["fullnameOverride"]).unwrap_or("flux");
        let instance =
            Instance::read(at, (name, namespace.into()), values.get("instance")?, is_running(view, release, reach));
        let elsewhere = release.at(&["spec", "valuesFrom"]).map(|_| "it has values of its chart from elsewhere, too");
        Some(Instance { elsewhere, ..instance })
    }

    fn read(at: &At, (name, namespace): (&str, String), spec: &Value, is_running: bool) -> Instance {
        let version = spec.text_at(&["distribution", "version"]).and_then(Version::exact);
        let stated = spec.get("components").map(Value::items).unwrap_or_default();
        let mut components: Vec<String> = stated.iter().filter_map(|item| item.text().map(str::to_owned)).collect();
        if components.is_empty() {
            components = CONTROLLERS[..4].iter().map(|name| (*name).to_owned()).collect();
        }
        Instance {
            at: at.clone(),
            name: name.to_owned(),
            namespace,
            version,
            components,
            sync: spec.get("sync").cloned(),
            patches: spec.at(&["kustomize", "patches"]).map(Value::items).unwrap_or_default().to_vec(),
            elsewhere: None,
            is_running,
        }
    }

    /// Why it is none that the operator takes.
    fn refused(&self, view: &View, other: Option<(At, Finding)>) -> Option<(At, Finding)> {
        if other.is_some() || self.name == "flux" && self.namespace == NAMESPACE {
            return other;
        }
        let (namespace, name) = (&self.namespace, &self.name);
        let message = format!("FluxInstance {namespace}/{name} is not called {NAMESPACE}/flux");
        let line = view.object(&self.at).map(|object| object.line);
        Some((self.at.clone(), Finding::error(codes::NOT_FLUX, message).at(&self.at.path, line)))
    }
}

/// The annotation with which the operator leaves an instance alone.
const DISABLED: &str = "fluxcd.controlplane.io/reconcile";

/// Whether an object is applied to the cluster itself, and not from there to another one.
pub(super) fn is_local(view: &View, reach: &Reach) -> bool {
    view.graph().kustomizations[reach.kustomization].remote_cluster().is_none()
}

/// Whether neither an object nor the Flux Kustomization that applies it is suspended.
fn is_running(view: &View, object: &Value, reach: &Reach) -> bool {
    let is_suspended = |object: &Value| object.at(&["spec", "suspend"]).is_some_and(Value::is_true);
    !is_suspended(object) && !is_suspended(&view.graph().kustomizations[reach.kustomization].object)
}
