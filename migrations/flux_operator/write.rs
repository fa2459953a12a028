//! The files of Flux Operator and of the FluxInstance, in the style of the tree.

use super::install::Install;
use super::place::Listing;
use super::style::Style;
use super::versions::Version;
use crate::flux::View;
use crate::migrations::sources::place::{Place, api_version};
use crate::migrations::sources::write::{beginning, list, lists_bare_names, write as write_source};
use crate::migrations::sources::{SourceKey, Spec, Version as Tag};
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::repo::{Change, Mode, RepoPath};
use crate::yaml::New;

/// The chart of Flux Operator.
const CHART: &str = "oci://ghcr.io/controlplaneio-fluxcd/charts/flux-operator";
pub(super) const OPERATOR: &str = "flux-operator";
pub(super) const INSTANCE: &str = "flux-instance";
/// Where no object of the tree shows an interval.
const INTERVAL: &str = "1h";
/// How long the operator may take to have all controllers run.
const TIMEOUT: &str = "10m";

/// The paths of an app: its Flux Kustomization, and the files that it applies.
pub(super) struct Files {
    pub(super) flux: RepoPath,
    pub(super) kustomization: RepoPath,
    pub(super) others: Vec<RepoPath>,
}

impl Files {
    /// All of them, and the file that lists the first.
    pub(super) fn all(&self, listing: &Listing) -> Vec<RepoPath> {
        let own = [&self.flux, &self.kustomization, &listing.file];
        own.into_iter().chain(&self.others).cloned().collect()
    }
}

/// What is written for a cluster.
pub(super) struct Writer<'v, 'i> {
    view: &'v View,
    install: &'i Install<'v>,
    listing: &'i Listing,
    style: Style<'v>,
}

impl<'v, 'i> Writer<'v, 'i> {
    pub(super) fn of(view: &'v View, install: &'i Install<'v>, listing: &'i Listing) -> Writer<'v, 'i> {
        Writer { view, install, listing, style: Style::of(view, install.cluster) }
    }

    fn files(&self, app: &str, others: &[String]) -> Files {
        let join = |dir: &RepoPath, name: &str| dir.join(name).expect("a file name is valid in a path");
        let dir = join(&self.listing.dir(), app);
        let folder = join(&dir, &self.style.folder());
        Files {
            flux: join(&dir, &self.style.kustomization_file()),
            kustomization: join(&folder, "kustomization.yaml"),
            others: others.iter().map(|name| join(&folder, name)).collect(),
        }
    }

    /// The files of Flux Operator: the HelmRelease, then its source.
    pub(super) fn operator_files(&self) -> Files {
        let release = self.style.file_name("HelmRelease", "helmrelease.yaml");
        let source = self.style.file_name("OCIRepository", "ocirepository.yaml");
        let source = if source == release { "ocirepository.yaml".to_owned() } else { source };
        self.files(OPERATOR, &[release, source])
    }

    /// The files of the FluxInstance.
    pub(super) fn instance_files(&self) -> Files {
        self.files(INSTANCE, &["fluxinstance.yaml".to_owned()])
    }

    /// Writes Flux Operator in a version.
    ///
    /// # Errors
    /// If the version of the API of its source is not known, or the list cannot be edited.
    pub(super) fn operator(&self, edits: &mut Edits<'v>, version: Version) -> Result<(), Finding> {
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
        let interval = self.interval("HelmRelease");
        let reference = New::mapping([("kind", New::string("OCIRepository")), ("name", New::string(OPERATOR))]);
        let object = self.object(
            ("helm.toolkit.fluxcd.io/v2", "HelmRelease", OPERATOR),
            New::mapping([("interval", New::string(interval)), ("chartRef", reference)]),
        );
        self.create(edits, release, "helm.toolkit.fluxcd.io", "HelmRelease", &object);
        let clusters = [self.install.cluster_name.clone()].into();
        let place = Place {
            name: OPERATOR.to_owned(),
            namespace: Some(self.install.namespace.clone()),
            file: source.clone(),
            beside: self.listing.file.clone(),
            listed_in: Default::default(),
            api_version: api_version(self.view, &clusters)?,
        };
        let key =
            SourceKey { chart: OPERATOR.to_owned(), url: CHART.to_owned(), version: Tag::Tag(version.to_string()) };
        let spec = Spec { key, interval: self.interval("OCIRepository"), carried: Vec::new(), comments: Vec::new() };
        write_source(edits, self.view, &spec, &place)?;
        self.list(edits, &files)
    }

    /// Writes the FluxInstance.
    ///
    /// # Errors
    /// If the list cannot be edited, or the version of Flux is not known.
    pub(super) fn instance(&self, edits: &mut Edits<'v>, version: Version) -> Result<(), Finding> {
        let files = self.instance_files();
        let mut fields = vec![
            ("dependsOn", New::Sequence(vec![New::mapping([("name", New::string(OPERATOR))])])),
            ("interval", New::string(self.interval("Kustomization"))),
            ("path", New::string(self.path(&files))),
            ("prune", New::Plain("false".to_owned())),
            ("sourceRef", self.source_ref()),
            ("wait", New::Plain("true".to_owned())),
            ("timeout", New::string(TIMEOUT)),
        ];
        if version.is_at_least(5) {
            fields.insert(4, ("deletionPolicy", New::string("Orphan")));
        }
        self.flux(edits, INSTANCE, &files, fields);
        self.kustomization(edits, &files);
        let text = self.instance_text(version);
        edits.set(files.others[0].clone(), Change::Create { text, mode: Mode::File });
        self.list(edits, &files)
    }

    /// The text of the FluxInstance. Patches come last, in the lines that they have today.
    pub(super) fn instance_text(&self, version: Version) -> String {
        let (mut text, ending) = beginning(self.view, &self.listing.file);
        let install = self.install;
        let plain = |text: &str| New::Plain(text.to_owned());
        let strings = |all: &[String]| New::Sequence(all.iter().map(New::string).collect());
        let cluster = New::mapping([
            ("type", New::string("kubernetes")),
            ("domain", New::string("cluster.local")),
            ("multitenant", plain("false")),
            ("networkPolicy", plain(if install.network_policy() { "true" } else { "false" })),
        ]);
        let distribution = [("version", New::string(version.to_string())), ("registry", New::string("ghcr.io/fluxcd"))];
        let mut spec = vec![
            ("distribution", New::mapping(distribution)),
            ("components", strings(&install.components)),
            ("cluster", cluster),
        ];
        spec.extend(install.common_metadata.as_ref().map(|value| ("commonMetadata", New::from(value))));
        let guard = New::mapping([("kustomize.toolkit.fluxcd.io/prune", New::string("disabled"))]);
        let metadata = New::mapping([
            ("name", New::string("flux")),
            ("namespace", New::string(&install.namespace)),
            ("annotations", guard),
        ]);
        let object = New::mapping([
            ("apiVersion", New::string("fluxcd.controlplane.io/v1")),
            ("kind", New::string("FluxInstance")),
            ("metadata", metadata),
            ("spec", New::mapping(spec)),
        ]);
        let schema = self.style.schema("fluxcd.controlplane.io", "FluxInstance");
        let comments: Vec<&str> = schema.iter().map(String::as_str).collect();
        for line in object.document(&comments, "\n").lines() {
            if line.starts_with("    version:") {
                text.push_str(&format!("    {RENOVATE}{ending}"));
            }
            text.push_str(&format!("{line}{ending}"));
        }
        if !install.entries().is_empty() {
            text.push_str(&format!("  kustomize:{ending}    patches:{ending}"));
        }
        for line in install.entries().iter().flat_map(|entry| &entry.lines) {
            let indent = if line.is_empty() { "" } else { "      " };
            text.push_str(&format!("{indent}{line}{ending}"));
        }
        text
    }

    fn interval(&self, kind: &str) -> String {
        let of_release = || self.style.interval("HelmRelease");
        self.style.interval(kind).or_else(of_release).unwrap_or_else(|| INTERVAL.to_owned())
    }

    /// `spec.path`, as the root states its own.
    fn path(&self, files: &Files) -> String {
        let root = &self.view.graph().kustomizations[self.listing.root];
        let stated = root.object.text_at(&["spec", "path"]).unwrap_or("./");
        let own = root.path.clone().unwrap_or_default();
        let below = files.kustomization.dir();
        let below = below.as_str().strip_prefix(own.as_str()).unwrap_or(below.as_str());
        format!("{}/{}", stated.trim_end_matches('/'), below.trim_start_matches('/'))
    }

    fn source_ref(&self) -> New {
        let source = &self.view.graph().kustomizations[self.listing.root].source;
        let mut fields = vec![("kind", New::string(&source.kind)), ("name", New::string(&source.name))];
        let is_stated = self.style.usual(&["sourceRef", "namespace"]).is_some();
        let namespace = source.namespace.as_ref().filter(|other| is_stated || **other != self.install.namespace);
        fields.extend(namespace.map(|namespace| ("namespace", New::string(namespace))));
        New::mapping(fields)
    }

    fn object(&self, (api_version, kind, name): (&str, &str, &str), spec: New) -> New {
        let metadata = New::mapping([("name", New::string(name)), ("namespace", New::string(&self.install.namespace))]);
        New::mapping([
            ("apiVersion", New::string(api_version)),
            ("kind", New::string(kind)),
            ("metadata", metadata),
            ("spec", spec),
        ])
    }

    fn flux(&self, edits: &mut Edits<'v>, name: &str, files: &Files, fields: Vec<(&'static str, New)>) {
        let mut metadata = vec![("name", New::string(name)), ("namespace", New::string(&self.install.namespace))];
        if let Some((key, value)) = &self.listing.label {
            metadata.push(("labels", New::mapping([(key.as_str(), New::string(value))])));
        }
        let object = New::mapping([
            ("apiVersion", New::string("kustomize.toolkit.fluxcd.io/v1")),
            ("kind", New::string("Kustomization")),
            ("metadata", New::mapping(metadata)),
            ("spec", New::mapping(self.style.ordered(fields))),
        ]);
        self.create(edits, &files.flux, "kustomize.toolkit.fluxcd.io", "Kustomization", &object);
    }

    fn kustomization(&self, edits: &mut Edits<'v>, files: &Files) {
        let bare = lists_bare_names(self.view, &self.listing.dir());
        let entry = |path: &RepoPath| New::string(format!("{}{}", if bare { "" } else { "./" }, path.name()));
        let object = New::mapping([
            ("apiVersion", New::string("kustomize.config.k8s.io/v1beta1")),
            ("kind", New::string("Kustomization")),
            ("resources", New::Sequence(files.others.iter().map(entry).collect())),
        ]);
        self.create(edits, &files.kustomization, "kustomize.config.k8s.io", "Kustomization", &object);
    }

    fn create(&self, edits: &mut Edits<'v>, path: &RepoPath, group: &str, kind: &str, object: &New) {
        let (mut text, ending) = beginning(self.view, &self.listing.file);
        let schema = self.style.schema(group, kind);
        let comments: Vec<&str> = schema.iter().map(String::as_str).collect();
        text.push_str(&object.document(&comments, ending));
        edits.set(path.clone(), Change::Create { text, mode: Mode::File });
    }

    fn list(&self, edits: &mut Edits<'v>, files: &Files) -> Result<(), Finding> {
        let operator = self.operator_files().flux;
        let own = [&operator, &files.flux];
        let listing = self.view.kustomization(&self.listing.dir());
        let entries =
            listing.into_iter().flat_map(|listing| listing.resources.iter().map(move |entry| (listing, entry)));
        let listed: Vec<RepoPath> =
            entries.filter_map(|(listing, entry)| self.view.resolve(listing, &entry.text)).collect();
        let is_operator = |path: &&RepoPath| **path == operator && **path != files.flux;
        let last = || listed.iter().rfind(|path| !own.contains(path));
        let beside = listed.iter().find(is_operator).or_else(last);
        list(edits, self.view, &self.listing.file, "resources", &files.flux, beside)
    }
}

const RENOVATE: &str = "# renovate: datasource=github-releases depName=controlplaneio-fluxcd/distribution";
