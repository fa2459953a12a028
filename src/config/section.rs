use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::Keys;
use crate::yaml::New;

/// The settings of a migration: the section of the file under the migration's id. The type is
/// defined by the migration, which asks for it with
/// [`Settings::section`](super::Settings::section), so that nothing else needs to know it.
pub trait Section: Any + Clone + Debug + Default + Send + Sync {
    /// Its key in the file: the id of the migration.
    const KEY: &'static str;

    /// What it is about, for editors.
    fn about() -> String {
        format!("The migration {0}, see `flux-codemod explain {0}`.", Self::KEY)
    }

    /// Reads its keys. A missing key has its default.
    fn read(keys: &mut Keys<'_, '_>) -> Self;

    /// Its keys with their values, as `init` writes them.
    fn described(&self) -> Vec<Described>;
}

/// A key as `init` writes it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The key.
    pub key: &'static str,
    /// What it sets, in a sentence or two.
    pub about: &'static str,
    /// Its value.
    pub value: New,
}

/// A type of section, for reading a file without knowing the migrations.
#[derive(Clone, Copy, Debug)]
pub struct SectionType {
    pub(super) key: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) about: fn() -> String,
    pub(super) read: fn(&mut Keys<'_, '_>) -> Arc<dyn Any + Send + Sync>,
    pub(super) default: fn() -> Vec<Described>,
}

impl SectionType {
    /// The type of section that `S` is.
    pub fn of<S: Section>() -> SectionType {
        let read = |keys: &mut Keys<'_, '_>| -> Arc<dyn Any + Send + Sync> { Arc::new(S::read(keys)) };
        SectionType { key: S::KEY, aliases: &[], about: S::about, read, default: || S::default().described() }
    }

    /// The same, also under the keys that the section had before.
    pub fn also_called(self, aliases: &'static [&'static str]) -> SectionType {
        SectionType { aliases, ..self }
    }
}
