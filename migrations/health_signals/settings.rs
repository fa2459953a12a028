//! The section `health-signals` of the configuration.

use crate::config::{Described, Keys, Section};

/// What you can configure: the section `health-signals` of the configuration. Without the section nothing
/// is in scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthSignalsSettings {
    /// Whether the section is there.
    pub is_stated: bool,
    /// `alerts`: whether Alerts get the entries that they lack.
    pub alerts: Alerts,
    /// `checks`: what those get that others depend on.
    pub checks: Checks,
    /// `wait`: what becomes of those that wait for nobody.
    pub wait: Waits,
}

/// Whether Alerts get entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alerts {
    /// `add`: those that they lack.
    #[default]
    Add,
    /// `keep`: none.
    Keep,
}

/// What a Flux Kustomization gets that others depend on and that checks nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// `health-checks`: its releases in `healthChecks`; `wait: true` if it has none.
    #[default]
    Releases,
    /// `wait`: `wait: true`.
    Wait,
    /// `keep`: nothing.
    Keep,
}

/// What becomes of a Flux Kustomization that waits although nothing depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Waits {
    /// `graph`: it waits no longer.
    #[default]
    Graph,
    /// `keep`: it stays as it is.
    Keep,
}

impl Section for HealthSignalsSettings {
    const KEY: &'static str = "health-signals";

    fn read(keys: &mut Keys<'_, '_>) -> HealthSignalsSettings {
        HealthSignalsSettings {
            is_stated: true,
            alerts: keys
                .about("Whether Alerts get entries for namespaces that none watches.")
                .one_of("alerts", &[("add", Alerts::Add), ("keep", Alerts::Keep)]),
            checks: keys.about("What a Flux Kustomization gets that others depend on and that checks nothing.").one_of(
                "checks",
                &[("health-checks", Checks::Releases), ("wait", Checks::Wait), ("keep", Checks::Keep)],
            ),
            wait: keys
                .about("What becomes of a Flux Kustomization that waits although nothing depends on it.")
                .one_of("wait", &[("graph", Waits::Graph), ("keep", Waits::Keep)]),
        }
    }

    fn described(&self) -> Vec<Described> {
        Vec::new()
    }
}
