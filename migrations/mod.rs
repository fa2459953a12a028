//! The registry of migrations, in the order of the roadmap.
//!
//! Each is a folder of its own with its runbook, its rules and its reason codes. Adding one: a folder, a line here, a golden case.

pub mod app_template_v4;
pub mod chart_ref;
pub mod components;
pub mod remediation_defaults;
pub(crate) mod sources;

use crate::plan::Migration;

/// All migrations, in phase order.
pub fn all() -> [&'static dyn Migration; 4] {
    [
        &components::Components,
        &chart_ref::ChartRef,
        &app_template_v4::AppTemplateV4,
        &remediation_defaults::RemediationDefaults,
    ]
}
