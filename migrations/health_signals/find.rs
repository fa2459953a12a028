//! What there is to do in a view.

use super::alerts::{Missing, Unheard, Watch, missing, watches};
use super::checks::{Change, changes};
use super::settings::{Alerts, HealthSignalsSettings};
use crate::flux::View;

/// Everything that this migration knows about a view.
pub(super) struct Found<'v> {
    pub(super) view: &'v View,
    /// The Alerts that get entries.
    pub(super) watches: Vec<Watch<'v>>,
    /// What no Alert can be told to watch.
    pub(super) unheard: Vec<Unheard>,
    /// All that no Alert watches once these have their entries.
    pub(super) silent: Vec<Missing>,
    /// The Flux Kustomizations that get a check, or wait no longer.
    pub(super) changes: Vec<Change<'v>>,
}

impl<'v> Found<'v> {
    /// Reads a view with all of its objects.
    pub(super) fn in_view(view: &'v View, settings: &HealthSignalsSettings) -> Found<'v> {
        let missing = missing(view);
        let (watches, unheard) = match settings.alerts {
            Alerts::Add => watches(view, &missing),
            Alerts::Keep => (Vec::new(), Vec::new()),
        };
        let is_heard = |one: &Missing| watches.iter().any(|watch| watch.heard.contains(one));
        let silent = missing.into_iter().filter(|one| !is_heard(one)).collect();
        Found { view, watches, unheard, silent, changes: changes(view, settings) }
    }
}
