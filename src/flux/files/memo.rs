//! What others work out of a file again and again. It is kept as long as the file is, which all
//! views share that have the file.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

/// A place for one thing, whose type the files do not know.
#[derive(Default)]
pub(in crate::flux) struct Memo(OnceLock<Box<dyn Any + Send + Sync>>);

impl Memo {
    /// What is kept here; a new one at first.
    pub(in crate::flux) fn of<T: Any + Default + Send + Sync>(&self) -> &T {
        let kept = self.0.get_or_init(|| Box::new(T::default()));
        kept.downcast_ref().expect("all ask for the same type")
    }
}

impl Clone for Memo {
    /// An empty one: a copy of a file works out its own.
    fn clone(&self) -> Memo {
        Memo::default()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
