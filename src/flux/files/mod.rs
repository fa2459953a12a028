//! The YAML files of a tree and what is in them, as it is written: objects, sources, opt-outs.
//!
//! No patch is applied here, and no variable is filled in. [`Scan`] decides which files are parsed.

mod cores;
mod file;
mod guard;
mod memo;
mod name;
mod names;
mod object;
mod pairs;
mod scan;
mod shown;
mod skip;
mod source;
mod version;
mod versions;
mod workload;

pub use cores::on_all_cores;
pub use file::{Barred, Broken, FileView};
pub use guard::Guard;
pub use name::Name;
pub use names::is_kustomization_file;
pub(super) use names::kustomization_files_in;
pub(super) use object::keeps_its_name;
pub use object::{At, Object, group_of};
pub use pairs::Pairs;
pub(super) use scan::Scan;
pub use skip::{Covered, Skip};
pub use source::{CHART_LAYER, HelmRepository, OciRepository, SourceRef};
pub use version::FluxVersion;
pub use workload::WorkloadKind;
