//! What there is to do in a view.

use super::alerts::{Unheard, Watch, missing, watches};
use super::checks::{Change, changes};
use super::settings::{Alerts, HealthSignalsSettings};
use crate::flux::View;

/// Everything that this migration knows about a view.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    /// The Alerts that get entries.
    pub(super) watches: Vec<Watch<'v>>,
    /// What no Alert watches, and none can.
    pub(super) unheard: Vec<Unheard>,
    /// The Flux Kustomizations that get a check, or wait no longer.
    pub(super) changes: Vec<Change<'v>>,
}

impl<'v> Found<'v> {
    /// Reads a view with all of its objects.
    pub(super) fn in_view(view: &'v View, settings: &HealthSignalsSettings) -> Found<'v> {
        let (watches, unheard) = match settings.alerts {
            Alerts::Add => watches(view, &missing(view)),
            // Nothing is added, but what stops waiting needs to know what no Alert watches.
            Alerts::Keep => (Vec::new(), missing(view).into_iter().map(Unheard::kept).collect()),
        };
        Found { view, watches, unheard, changes: changes(view, settings) }
    }
}
