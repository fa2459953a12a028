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
        let chart = release.chart.as_ref().filter(|_| release.is_known())?;
        let of_source = || {
            let source = view.node(chart.at.as_ref()?)?;
            Some(source.text_at(&["spec", "url"])?.trim_end_matches('/').rsplit('/').next()? == NAME)
        };
        let is_it = match &chart.name {
            Some(name) => name == NAME,
            None => of_source()?,
        };
        let version = Version::of(chart.version.as_deref().filter(|_| is_it)?)?;
        let values = release.object.at(&["spec", "values"]).unwrap_or(&NONE);
        Some(Chart { version, release: &release.release, namespace: &release.namespace, values })
    }
}
