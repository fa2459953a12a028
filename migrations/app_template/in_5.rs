//! What becomes of a release in 5.x: what is stated, what is left to its defaults, what is open.

use std::sync::Arc;

use super::codes;
use super::conversion::{NO_VALUES, installed};
use crate::charts::app_template::{Around, Chart, Conversion, Keeping, Leaves, Lost, Version};
use crate::flux::{At, Reach, Value, View};
use crate::plan::{Code, Severity};

/// What keeps a release in 5.x as 4.x has it: its values, or those of 3.x when they are converted.
pub(super) fn keeping_in_5(
    chart: &Chart<'_>,
    conversion: Option<&Conversion>,
    to: Version,
    around: Option<&dyn Around>,
) -> Keeping {
    let keeping = |chart: &Chart<'_>| around.map_or_else(|| chart.keeping_in_5(), |around| chart.adopting_5(around));
    match conversion.map(|conversion| conversion.applied(chart.values)) {
        Some(values) => keeping(&Chart { version: to, values: &values, ..*chart }),
        None => keeping(chart),
    }
}

/// Something to report about what keeps a release in 5.x.
pub(super) struct In5<'k> {
    pub(super) at: &'k [String],
    pub(super) severity: Severity,
    pub(super) code: &'static Code,
    pub(super) message: String,
}

/// What there is to report.
pub(super) fn in_5(keeping: &Keeping) -> impl Iterator<Item = In5<'_>> {
    let kept = keeping.kept.iter().map(|kept| {
        let because = kept.because.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
        let message = format!("pinned by rule, not rendered: {}{because}", kept.what);
        In5 { at: &kept.at, severity: Severity::Note, code: codes::PINNED, message }
    });
    let open = keeping.open.iter().map(|open| {
        let (severity, code) = match open.why {
            Lost::Label(_) | Lost::Template => (Severity::Warning, codes::CHANGES_IN_5),
            _ => (Severity::Error, codes::UNKNOWN_IN_5),
        };
        In5 { at: &open.at, severity, code, message: open.why.to_string() }
    });
    let left = keeping.left.iter().map(|left| {
        let (severity, code) = match left.what {
            Leaves::OtherJob { .. } => (Severity::Warning, codes::JOB_CHANGES),
            _ => (Severity::Note, codes::ADOPTED),
        };
        In5 { at: &left.at, severity, code, message: format!("left to 5.x: {}", left.what) }
    });
    open.chain(kept).chain(left)
}

/// The accounts that a release uses wherever it is installed, by namespace, and those that it would
/// have by default in 4.x and 5.x.
pub(super) fn accounts_of(view: &View, at: &At, version: Version) -> Vec<(String, String)> {
    let of = |(release, namespace, object, _): (String, String, Arc<Value>, Option<&Reach>)| {
        let values = object.at(&["spec", "values"]).unwrap_or(&NO_VALUES);
        let stated = Chart { version, release: &release, namespace: &namespace, values }.stated();
        let chart = Chart { version, release: &release, namespace: &namespace, values: &stated };
        let used = chart.pod_accounts().into_iter().map(|pod| pod.name);
        let made = chart.accounts().into_iter().flat_map(|account| [Ok(account.identifier), account.name]);
        let names = used.chain(made).chain([chart.fullname(), Ok("default".to_owned())]);
        names.flatten().map(|name| (namespace.clone(), name)).collect::<Vec<_>>()
    };
    installed(view, at).into_iter().flat_map(of).collect()
}
