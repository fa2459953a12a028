use super::{Chart, Version};
use crate::flux::{Installed, Value, View};

const NAME: &str = "app-template";

impl<'v> Chart<'v> {
    /// What a HelmRelease installs where a cluster applies it, if that is this chart at a version
    /// that is known: so named by the release, or by the address of its OCIRepository. `None` for
    /// other charts, versions whose naming is not specified, and releases of which a variable
    /// leaves the name open.
    pub fn installed(view: &View, release: &'v Installed) -> Option<Chart<'v>> {
        static NONE: Value = Value::Null;
        let version = Version::of(version_of(view, release)?)?;
        let values = release.object.at(&["spec", "values"]).unwrap_or(&NONE);
        Some(Chart { version, release: &release.release, namespace: &release.namespace, values })
    }
}

/// Whether a release installs this chart, at any version; `None` if that is not certain.
pub fn is_installed(view: &View, release: &Installed) -> Option<bool> {
    view.chart_name(release).map(|name| name == NAME)
}

/// The version of this chart that a release of a known name installs, as it is written.
pub(super) fn version_of<'r>(view: &View, release: &'r Installed) -> Option<&'r str> {
    let chart = release.chart.as_ref().filter(|_| release.is_known())?;
    chart.version.as_deref().filter(|_| is_installed(view, release) == Some(true))
}
