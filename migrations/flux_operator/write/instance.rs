//! What the FluxInstance says: as an object, or as values of the chart flux-instance.
//!
//! ```yaml
//! kind: FluxInstance                    kind: HelmRelease
//! metadata:                             spec:
//!   name: flux                            values:
//!   annotations:                            fullnameOverride: flux
//!     .../prune: disabled                   commonAnnotations:
//! spec:                                       helm.sh/resource-policy: keep
//!   distribution:                           instance:
//!     version: 2.7.5               or         distribution:
//!   kustomize:                                  version: 2.7.5
//!     patches: [...]                            artifact: oci://...:v0.58.1
//!                                             kustomize:
//!                                               patches: [...]
//! ```
//!
//! Patches come last in both, in the lines that they have today.
//!
//! The chart always writes `distribution.artifact`: by default a tag that moves, and nothing where it is empty,
//! which the API server refuses (controlplaneio-fluxcd/charts, `flux-instance/templates/instance.yaml`, issues 177
//! and 217). So it is the artifact of the operator's own version, with what is in its image.

use super::super::settings::Stated;
use super::super::versions::Version;
use super::{INSTANCE, OPERATOR, Writer};
use crate::migrations::sources::write::beginning;
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::repo::{Change, Mode};
use crate::yaml::New;

/// How long the operator may take to have all controllers run.
const TIMEOUT: &str = "10m";
/// Where Renovate finds versions of Flux.
const RENOVATE: &str = "# renovate: datasource=github-releases depName=controlplaneio-fluxcd/distribution";
/// The manifests that Flux Operator has in its image, by its versions.
const ARTIFACT: &str = "oci://ghcr.io/controlplaneio-fluxcd/flux-operator-manifests";
/// With this Flux deletes an object never.
const NEVER_PRUNED: (&str, &str, &str) = ("annotations", "kustomize.toolkit.fluxcd.io/prune", "disabled");
/// With this annotation Helm leaves an object where it is when its release is uninstalled.
pub(in super::super) const POLICY: &str = "helm.sh/resource-policy";

fn plain(text: &str) -> New {
    New::Plain(text.to_owned())
}

impl<'v> Writer<'v, '_> {
    /// Writes the FluxInstance.
    ///
    /// # Errors
    /// If the list cannot be edited, or the version of the API of its source is not known.
    pub(in super::super) fn instance(&self, edits: &mut Edits<'v>, version: Version) -> Result<(), Finding> {
        let files = self.instance_files();
        let mut fields = vec![
            ("dependsOn", New::Sequence(vec![New::mapping([("name", New::string(OPERATOR))])])),
            ("interval", New::string(self.interval("Kustomization"))),
            ("path", New::string(self.path(&files))),
            ("prune", plain("false")),
        ];
        fields.extend(version.is_at_least(5).then(|| ("deletionPolicy", New::string("Orphan"))));
        fields.push(("sourceRef", self.source_ref()));
        fields.push(self.check());
        fields.push(("timeout", New::string(TIMEOUT)));
        self.flux(edits, INSTANCE, &files, fields);
        self.kustomization(edits, &files);
        let text = self.instance_text(version);
        edits.set(files.others[0].clone(), Change::Create { text, mode: Mode::File });
        if let [_, source] = &files.others[..] {
            self.source(edits, INSTANCE, source, self.settings.operator)?;
        }
        self.list(edits, &files)
    }

    /// What has its Flux Kustomization wait for the instance. Of a release not every Helm waits for it.
    fn check(&self) -> (&'static str, New) {
        let check = |api_version: &str, kind: &str, name: &str| {
            let names = [("apiVersion", api_version), ("kind", kind), ("name", name)];
            let namespace = ("namespace", &*self.install.namespace);
            New::mapping(names.into_iter().chain([namespace]).map(|(key, text)| (key, New::string(text))))
        };
        let release = || check("helm.toolkit.fluxcd.io/v2", "HelmRelease", INSTANCE);
        let instance = || check("fluxcd.controlplane.io/v1", "FluxInstance", "flux");
        match self.settings.instance {
            Stated::Manifest => ("wait", plain("true")),
            Stated::Chart => ("healthChecks", New::Sequence(vec![release(), instance()])),
        }
    }

    /// The text of the file that states it.
    fn instance_text(&self, version: Version) -> String {
        let fields = New::mapping(self.instance_fields(version));
        match self.settings.instance {
            Stated::Manifest => {
                let names = ("fluxcd.controlplane.io/v1", "FluxInstance", "flux");
                let object = self.object(names, Some(NEVER_PRUNED), fields);
                self.with_patches(self.style.schema("fluxcd.controlplane.io", "FluxInstance"), &object, "  ")
            }
            Stated::Chart => {
                let values = New::mapping([
                    ("fullnameOverride", New::string("flux")),
                    ("commonAnnotations", New::mapping([(POLICY, New::string("keep"))])),
                    ("instance", fields),
                ]);
                // The helm-controller itself restarts before the instance is Ready, and a release that it waits for
                // would have failed.
                let goes_on = || New::mapping([("disableWait", plain("true"))]);
                let more = vec![("install", goes_on()), ("upgrade", goes_on()), ("values", values)];
                let object = self.release(INSTANCE, Some(NEVER_PRUNED), more);
                self.with_patches(self.style.schema("helm.toolkit.fluxcd.io", "HelmRelease"), &object, "      ")
            }
        }
    }

    /// Its `spec`, without patches.
    fn instance_fields(&self, version: Version) -> Vec<(&'static str, New)> {
        let install = self.install;
        let mut distribution =
            vec![("version", New::string(version.to_string())), ("registry", New::string("ghcr.io/fluxcd"))];
        if self.settings.instance == Stated::Chart {
            distribution.push(("artifact", New::string(format!("{ARTIFACT}:v{}", self.settings.operator))));
        }
        let cluster = New::mapping([
            ("type", New::string("kubernetes")),
            ("domain", New::string("cluster.local")),
            ("multitenant", plain("false")),
            ("networkPolicy", plain(if install.network_policy() { "true" } else { "false" })),
        ]);
        let mut fields = vec![
            ("distribution", New::mapping(distribution)),
            ("components", New::Sequence(install.components.iter().map(New::string).collect())),
            ("cluster", cluster),
        ];
        fields.extend(install.common_metadata.as_ref().map(|value| ("commonMetadata", New::from(value))));
        fields
    }

    /// An object that ends with the fields of the FluxInstance, which are this deep in it, and patches behind them.
    fn with_patches(&self, schema: Option<String>, object: &New, indent: &str) -> String {
        let (mut text, ending) = beginning(self.view, &self.listing.file);
        let comments: Vec<&str> = schema.iter().map(String::as_str).collect();
        let mut push = |indent: &str, line: &str| text.push_str(&format!("{indent}{line}{ending}"));
        for line in object.document(&comments, "\n").lines() {
            if line.starts_with(&format!("{indent}  version:")) {
                push(indent, &format!("  {RENOVATE}"));
            }
            push("", line);
        }
        let entries = self.install.entries();
        if !entries.is_empty() {
            push(indent, "kustomize:");
            push(indent, "  patches:");
        }
        let indent = format!("{indent}    ");
        entries.iter().flat_map(|entry| &entry.lines).for_each(|line| match line.is_empty() {
            true => push("", ""),
            false => push(&indent, line),
        });
        text
    }
}
