//! Where app-template is published.

/// The chart.
pub(crate) const APP_TEMPLATE: &str = "app-template";
/// Where its 3.x was published. Nothing is added there any more.
pub(crate) const FROZEN: &str = "oci://ghcr.io/bjw-s/helm";
/// Where its 4.x is.
pub(crate) const LABS: &str = "oci://ghcr.io/bjw-s-labs/helm";
