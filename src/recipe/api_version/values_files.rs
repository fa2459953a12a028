//! `valuesFile`, which became the first of `valuesFiles`.

use super::convert::Conversion;
use crate::flux::Value;

/// What a chart is stated with: `spec.chart.spec` of a HelmRelease, `spec` of a HelmChart.
pub(super) fn merge(work: &mut Conversion<'_>) -> Result<(), String> {
    let place: &[&str] = match work.kind {
        "HelmRelease" => &["spec", "chart", "spec"],
        "HelmChart" => &["spec"],
        _ => return Ok(()),
    };
    let Some(chart) = work.value.at_mut(place) else { return Ok(()) };
    let first = match chart.get("valuesFile") {
        None => return Ok(()),
        Some(Value::Null) => None,
        Some(Value::Scalar { text, .. }) if text.is_empty() => None,
        Some(first @ Value::Scalar { .. }) => Some(first.clone()),
        Some(_) => return Err(format!("{}.valuesFile is no text", place.join("."))),
    };
    match (first, chart.get_mut("valuesFiles")) {
        (None, _) => drop(chart.remove("valuesFile")),
        (Some(first), None | Some(Value::Null)) => {
            chart.remove("valuesFiles");
            chart.rename("valuesFile", "valuesFiles");
            chart.set("valuesFiles", Value::Sequence(vec![first]));
        }
        (Some(first), Some(Value::Sequence(files))) => {
            files.insert(0, first);
            chart.remove("valuesFile");
        }
        (Some(_), Some(_)) => return Err(format!("{}.valuesFiles is no list", place.join("."))),
    }
    work.changes.push("valuesFile becomes the first of valuesFiles".to_owned());
    Ok(())
}
