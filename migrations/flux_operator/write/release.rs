//! What comes of a chart of Flux Operator: its OCIRepository, and the HelmRelease.

use super::super::versions::Version;
use super::{OPERATOR, Writer};
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::write as write_source;
use crate::migrations::sources::{SourceKey, Spec, Version as Tag};
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::repo::RepoPath;
use crate::yaml::New;

/// Where the charts are.
const CHARTS: &str = "oci://ghcr.io/controlplaneio-fluxcd/charts";

/// The address of a chart of Flux Operator.
pub(in super::super) fn chart(name: &str) -> String {
    format!("{CHARTS}/{name}")
}

impl<'v> Writer<'v, '_> {
    /// The names of the files of a chart: the HelmRelease, then its source.
    pub(super) fn release_files(&self) -> [String; 2] {
        let release = self.style.file_name("HelmRelease", "helmrelease.yaml");
        let source = self.style.file_name("OCIRepository", "ocirepository.yaml");
        let source = if source == release { "ocirepository.yaml".to_owned() } else { source };
        [release, source]
    }

    /// Writes Flux Operator in a version.
    ///
    /// # Errors
    /// If the version of the API of its source is not known, or the list cannot be edited.
    pub(in super::super) fn operator(&self, edits: &mut Edits<'v>, version: Version) -> Result<(), Finding> {
        let files = self.operator_files();
        let [release, source] = &files.others[..] else { unreachable!("there are two") };
        let fields = vec![
            ("interval", New::string(self.interval("Kustomization"))),
            ("path", New::string(self.path(&files))),
            ("prune", New::Plain("true".to_owned())),
            ("sourceRef", self.source_ref()),
            ("wait", New::Plain("true".to_owned())),
        ];
        self.flux(edits, OPERATOR, &files, fields);
        self.kustomization(edits, &files);
        let object = self.release(OPERATOR, None, Vec::new());
        self.create(edits, release, "helm.toolkit.fluxcd.io", "HelmRelease", &object);
        self.source(edits, OPERATOR, source, version)?;
        self.list(edits, &files)
    }

    /// The HelmRelease of a chart, with more fields behind it.
    pub(super) fn release(
        &self,
        name: &str,
        marks: Option<(&'static str, &str, &str)>,
        more: Vec<(&'static str, New)>,
    ) -> New {
        let reference = New::mapping([("kind", New::string("OCIRepository")), ("name", New::string(name))]);
        let fields = [("interval", New::string(self.interval("HelmRelease"))), ("chartRef", reference)];
        let spec = New::mapping(fields.into_iter().chain(more));
        self.object(("helm.toolkit.fluxcd.io/v2", "HelmRelease", name), marks, spec)
    }

    /// Writes the source of a chart.
    ///
    /// # Errors
    /// If the version of its API is not known.
    pub(super) fn source(
        &self,
        edits: &mut Edits<'v>,
        name: &str,
        file: &RepoPath,
        version: Version,
    ) -> Result<(), Finding> {
        let clusters = [self.install.cluster_name.clone()].into();
        let place = Place {
            name: name.to_owned(),
            namespace: Some(self.install.namespace.clone()),
            file: file.clone(),
            beside: self.listing.file.clone(),
            listed_in: Default::default(),
            api_version: api_version(self.view, &clusters)?,
        };
        let key = SourceKey { chart: name.to_owned(), url: chart(name), version: Tag::Tag(version.to_string()) };
        let spec = Spec { key, interval: self.interval("OCIRepository"), carried: Vec::new(), comments: Vec::new() };
        write_source(edits, self.view, &spec, &place)
    }
}
