//! The app-template chart of bjw-s: what its values of 3.x say. Source: the chart's templates, as the specification `app-template-v4.md` states them.

mod hooks;
mod workloads;

pub use hooks::{Hook, hooks};
pub use workloads::{Controller, WorkloadKind, controllers};
