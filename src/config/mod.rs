//! The configuration, `.flux-codemod.yaml`, typed.
//!
//! The file is optional, and so is every key: clusters and sources are found in the repository, and
//! the rest has defaults. It is read from the tree that is planned, so that a commit is planned
//! with its own configuration; `--config` reads a file on disk.
//!
//! This module knows no migration. A migration that has settings implements [`Section`] beside its
//! code, names the type in `Migration::section` and asks [`Settings`] for it. The sections of all
//! migrations are read, whichever of them are planned, so that an unknown key is a mistake and not
//! a setting of another migration. All mistakes of a file are reported together, each with
//! file, line and column ([`ConfigError`]).

mod batches;
mod clusters;
mod doctor;
mod error;
mod exclude;
mod globs;
mod keys;
mod nested;
mod promotion;
mod schema;
mod schemas;
mod section;
mod template;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use batches::BatchSettings;
pub use clusters::ClusterSettings;
pub use doctor::DoctorSettings;
pub use error::{ConfigError, Mistake};
pub use exclude::Exclude;
pub use keys::{DUPLICATE, EMPTY_VALUE, INVALID_VALUE, Keys, PATH_OF_GIT, UNKNOWN_KEY, WRONG_TYPE};
pub use promotion::PromotionSettings;
pub use schema::schema;
pub use schemas::SchemaFiles;
pub use section::{Described, Section, SectionType};
pub use template::{FoundCluster, template};

use crate::text::nearest;
use crate::yaml::{Error, Problem, Stream};

/// The name of the configuration file, at the root of the repository.
pub const FILE: &str = ".flux-codemod.yaml";

/// Reason code of a cluster that is not found in the repository.
pub const UNKNOWN_CLUSTER: &str = "config-unknown-cluster";

/// The settings of a run. The default is an empty configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The clusters, in the order of promotion. Clusters that are only found in the repository come
    /// after them.
    pub clusters: Vec<ClusterSettings>,
    /// What is out of scope; `None` if the file does not say, and names of directories decide.
    pub exclude: Option<Exclude>,
    /// Where CRDs and JSON Schemas are, beside the CRDs that are found.
    pub schemas: Vec<SchemaFiles>,
    /// How units are grouped into batches.
    pub batches: BatchSettings,
    /// When the next cluster gets a change.
    pub promotion: PromotionSettings,
    /// What `doctor` leaves alone.
    pub doctor: DoctorSettings,
    sections: BTreeMap<&'static str, Arc<dyn Any + Send + Sync>>,
    file: String,
    text: Arc<str>,
}

impl Settings {
    /// Reads a configuration file. `file` is its name in messages; `sections` are the types of all
    /// migrations, planned or not.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong in it.
    pub fn read(file: &str, text: &str, sections: &[SectionType]) -> Result<Settings, ConfigError> {
        let text: Arc<str> = text.into();
        let failed = |mut mistakes: Vec<Mistake>| {
            mistakes.sort_by_key(|mistake| mistake.range.start);
            ConfigError { file: file.to_owned(), text: text.clone(), mistakes }
        };
        let stream = match Stream::sound(text.clone()) {
            // A key that is twice is reported below, with all other mistakes.
            Err(Error { problem: Problem::DuplicateKey(_), .. }) => Stream::parse(text.clone()),
            read => read,
        };
        let stream = stream.map_err(|error| failed(vec![error.into()]))?;
        let mut settings = Settings { file: file.to_owned(), text: text.clone(), ..Settings::default() };
        let mut documents = stream.documents();
        let Some(root) = documents.next() else { return Ok(settings) };
        let mut mistakes = Vec::new();
        Keys::of(root, "the configuration", &mut mistakes, |keys| {
            settings.read_all(keys, sections);
            if let Some(second) = documents.next() {
                let help = "keep one document".to_owned();
                keys.mistake(WRONG_TYPE, second, "the file has more than one document".to_owned(), help);
            }
        });
        if mistakes.is_empty() { Ok(settings) } else { Err(failed(mistakes)) }
    }

    fn read_all(&mut self, keys: &mut Keys<'_, '_>, sections: &[SectionType]) {
        self.clusters = clusters::read(keys);
        self.exclude = exclude::read(keys);
        self.schemas = schemas::read(keys);
        let described = || BatchSettings::default().described();
        keys.about("How units are grouped into batches; `flux-codemod branch` makes a branch of each.");
        self.batches = keys.section("batches", &[], described, BatchSettings::read).unwrap_or_default();
        let described = || PromotionSettings::default().described();
        keys.about("When the next cluster gets a change: when the one before it has it, and after this time.");
        self.promotion = keys.section("promotion", &[], described, PromotionSettings::read).unwrap_or_default();
        let described = || DoctorSettings::default().described();
        keys.about("What `doctor` leaves alone.");
        self.doctor = keys.section("doctor", &[], described, DoctorSettings::read).unwrap_or_default();
        for SectionType { key, aliases, about, read, default } in sections {
            keys.about(&about());
            self.sections.extend(keys.section(key, aliases, default, read).map(|section| (*key, section)));
        }
    }

    /// The section of a migration, or its default if the file has none.
    pub fn section<S: Section>(&self) -> S {
        self.sections.get(S::KEY).and_then(|section| section.downcast_ref()).cloned().unwrap_or_default()
    }

    /// An error about this configuration, with mistakes that were found later.
    pub fn error(&self, mistakes: Vec<Mistake>) -> ConfigError {
        ConfigError { file: self.file.clone(), text: self.text.clone(), mistakes }
    }

    /// The file that the settings were read from, as it is named in messages; empty for the
    /// defaults.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Compares the clusters with `found`, those of the tree, which include those of the file that
    /// have a path.
    ///
    /// # Errors
    /// [`ConfigError`] for a cluster without path that is not found, and for one whose path makes a
    /// second cluster of one that is found elsewhere.
    pub fn check_clusters(&self, found: &[FoundCluster]) -> Result<(), ConfigError> {
        let is_in_file = |cluster: &FoundCluster| self.clusters.iter().any(|named| named.name == cluster.name);
        let mistakes = self.clusters.iter().filter_map(|cluster| {
            let (range, message, help) = match &cluster.path {
                None if found.iter().any(|other| other.name == cluster.name) => return None,
                None => {
                    let unnamed = found.iter().filter(|other| !is_in_file(other));
                    let hint = match nearest(&cluster.name, unnamed.map(|other| (&*other.name, other))) {
                        Some(near) => format!("did you mean `{}`? Otherwise add the `path`", near.name),
                        None => "add the `path`".to_owned(),
                    };
                    let message = format!("no cluster `{}` is found in the repository", cluster.name);
                    (&cluster.name_at, message, format!("{hint} that Flux starts from"))
                }
                Some(_) => {
                    found.iter().find(|other| other.only_given && other.name == cluster.name)?;
                    let other = found.iter().find(|other| other.by_path == cluster.name && !is_in_file(other))?;
                    let message = format!("the cluster `{}` is found at {}", cluster.name, other.path);
                    (&cluster.path_at, message, "remove `path`, or give this cluster another name".to_owned())
                }
            };
            Some(Mistake { code: UNKNOWN_CLUSTER, message, help, range: range.clone() })
        });
        let mistakes: Vec<Mistake> = mistakes.collect();
        if mistakes.is_empty() {
            return Ok(());
        }
        Err(self.error(mistakes))
    }
}
