//! The registry of migrations, in the order of the roadmap.
//!
//! Each is a folder of its own with its runbook, its rules and its reason codes. Adding one: a
//! folder, a line here, a golden case. Recipes are migrations that are stated as data: those of a
//! repository and the built-in ones are in the registry of a run ([`recipes::Registry`]).

pub mod recipes;
pub(crate) mod sources;
pub(crate) mod watchers;

use crate::plan::Migration;

/// Declares the modules of migrations, and the registry of them all.
macro_rules! registry {
    ($($module:ident::$migration:ident,)*) => {
        $(pub mod $module;)*

        /// All migrations, in the order of the roadmap.
        pub fn all() -> &'static [&'static dyn Migration] {
            &[$(&$module::$migration),*]
        }
    };
}

registry! {
    components::Components,
    chart_ref::ChartRef,
    app_template::AppTemplate,
    remediation_defaults::RemediationDefaults,
    flux_operator::FluxOperator,
    gateway_routes::GatewayRoutes,
    flux_move::FluxMove,
    health_signals::HealthSignals,
}
