//! Names, each kept once: the objects, builds and kustomizations of a tree share a few of them.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What an object is called (its `apiVersion`, kind, name, namespace), a part of a label, an entry of a kustomization.
/// It lives as long as the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(&'static String);

impl Name {
    /// The name with this text.
    pub fn of(text: &str) -> Name {
        static ALL: LazyLock<Mutex<HashMap<&'static str, Name>>> = LazyLock::new(Mutex::default);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(text) {
            return *known;
        }
        let name = Name(Box::leak(Box::new(text.to_owned())));
        all.insert(name.as_str(), name);
        name
    }

    /// Its text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Default for Name {
    /// The empty name.
    fn default() -> Name {
        Name::of("")
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0.clone()
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other
    }
}

impl PartialEq<String> for Name {
    fn eq(&self, other: &String) -> bool {
        self.0 == other
    }
}

impl PartialEq<Name> for &str {
    fn eq(&self, other: &Name) -> bool {
        *self == other.0
    }
}

impl PartialEq<Name> for String {
    fn eq(&self, other: &Name) -> bool {
        self == other.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}
