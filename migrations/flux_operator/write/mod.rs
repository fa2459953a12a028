//! The files of Flux Operator and of the FluxInstance, in the style of the tree.
//!
//! Both are an app of their own: a Flux Kustomization, and beside it the folder that it builds. `release`
//! has what comes of a chart, `instance` what the FluxInstance says.

mod instance;
mod release;
#[cfg(test)]
mod tests;

pub(super) use instance::POLICY;
pub(super) use release::chart;

use super::install::Install;
use super::place::Listing;
use super::settings::{FluxOperatorSettings, Stated};
use super::style::Style;
use crate::flux::View;
use crate::migrations::sources::write::{beginning, list, lists_bare_names};
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::repo::{Change, Mode, RepoPath};
use crate::yaml::New;

/// The chart of Flux Operator, and the name of its app.
pub(super) const OPERATOR: &str = "flux-operator";
/// The chart with the FluxInstance, and the name of its app.
pub(super) const INSTANCE: &str = "flux-instance";
/// Where no object of the tree shows an interval.
const INTERVAL: &str = "1h";

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
    settings: &'i FluxOperatorSettings,
    style: Style<'v>,
}

impl<'v, 'i> Writer<'v, 'i> {
    pub(super) fn of(
        view: &'v View,
        install: &'i Install<'v>,
        listing: &'i Listing,
        settings: &'i FluxOperatorSettings,
    ) -> Writer<'v, 'i> {
        Writer { view, install, listing, settings, style: Style::of(view, install.cluster) }
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
        self.files(OPERATOR, &self.release_files())
    }

    /// The files of the FluxInstance: the one that states it, then the source of its chart if it has one.
    pub(super) fn instance_files(&self) -> Files {
        match self.settings.instance {
            Stated::Manifest => self.files(INSTANCE, &["fluxinstance.yaml".to_owned()]),
            Stated::Chart => self.files(INSTANCE, &self.release_files()),
        }
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

    /// An object of the namespace of Flux, with labels or annotations.
    fn object(
        &self,
        (api_version, kind, name): (&str, &str, &str),
        marks: Option<(&'static str, &str, &str)>,
        spec: New,
    ) -> New {
        let mut metadata = vec![("name", New::string(name)), ("namespace", New::string(&self.install.namespace))];
        metadata.extend(marks.map(|(what, key, value)| (what, New::mapping([(key, New::string(value))]))));
        New::mapping([
            ("apiVersion", New::string(api_version)),
            ("kind", New::string(kind)),
            ("metadata", New::mapping(metadata)),
            ("spec", spec),
        ])
    }

    fn flux(&self, edits: &mut Edits<'v>, name: &str, files: &Files, fields: Vec<(&'static str, New)>) {
        let label = self.listing.label.as_ref().map(|(key, value)| ("labels", key.as_str(), value.as_str()));
        let fields = New::mapping(self.style.ordered(fields));
        let object = self.object(("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name), label, fields);
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
