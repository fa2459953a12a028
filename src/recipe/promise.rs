//! What a stage promises about the objects that clusters get.

use super::path::Path;
use super::select::{GroupKind, Select};

/// What may be different in builds, beside what the steps name.
#[derive(Clone, Debug, Default)]
pub enum Promise {
    /// They differ at the paths that the steps name, in the objects that are selected.
    #[default]
    Steps,
    /// They do not differ.
    Nothing,
    /// They differ at these places, and objects come and go.
    Differs(Differs),
}

/// Where builds may differ.
#[derive(Clone, Debug, Default)]
pub struct Differs {
    /// Where objects may differ; `None` if the paths of the steps say so.
    pub at: Option<Vec<At>>,
    /// Which objects may be missing.
    pub gone: Option<Select>,
    /// Which objects may be new.
    pub new: Option<Select>,
}

/// Where objects may differ.
#[derive(Clone, Debug)]
pub struct At {
    /// Of which kind, and name; of what is selected, if there is none.
    pub object: Option<(GroupKind, Option<super::pattern::Patterns>)>,
    /// At which paths.
    pub paths: Vec<Path>,
}
