//! Durations, which newer versions check by a pattern.

use crate::flux::Value;
use crate::recipe::fields::Fields;
use crate::recipe::fields::duration::{UNITS, is_duration_of};

/// The fields that take one.
const NAMES: [&str; 3] = ["interval", "retryInterval", "timeout"];

/// Sees that all durations of an object are what its new version takes. What has a variable in it
/// is not known.
pub(super) fn check(object: &Value, kind: &str, target: &Fields<'_>) -> Result<(), String> {
    let is_source = ["Bucket", "GitRepository", "HelmRepository", "OCIRepository"].contains(&kind);
    for field in target.scalars(object) {
        let name = field.path.rsplit('.').next().unwrap_or_default();
        if !NAMES.contains(&name) || field.text.contains("${") {
            continue;
        }
        // Sources take no hours there.
        let units = if is_source && name == "timeout" { &UNITS[..3] } else { &UNITS };
        if !is_duration_of(field.text, units) {
            return Err(format!("{target} does not take {} for {}", field.text, field.path));
        }
    }
    Ok(())
}
