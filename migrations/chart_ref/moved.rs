//! A release as it is when it has moved.

use super::strategy::Home;
use super::values::Conversion;
use super::want::Want;
use crate::flux::{Release, View};
use crate::plan::author::refused_edit;
use crate::plan::Finding;
use crate::yaml::{Edit, Fate, New};

/// `chart` becomes `chartRef`, in its place, and the values follow where the version changes. Anchors of the block that are used elsewhere move
/// to where they are used. Not proven yet.
///
/// # Errors
/// Where the YAML does not allow it, such as a block that comes from an alias, or the values cannot be converted.
pub(super) fn moved<'v>(
    view: &'v View,
    release: &Release,
    want: &Want,
    conversion: Option<&Conversion<'v>>,
    name: &str,
    namespace: Option<&str>,
) -> Result<Edit<'v>, Finding> {
    let at = &release.at;
    let stream = view.file(&at.path).and_then(|file| file.stream.as_deref()).expect("a release of the view was read");
    let spec = view.node(at).and_then(|root| root.get("spec")).expect("a release of the view has a spec");
    let reference = [("kind", Some("OCIRepository")), ("name", Some(name)), ("namespace", namespace)];
    let reference = reference.into_iter().filter_map(|(key, value)| Some((key, New::string(value?))));
    let is_new = want.home == Home::App;
    let mut edit = Edit::of(stream).moving_anchors().in_order();
    edit.replace_entry(spec, "chart", "chartRef", &New::mapping(reference), |comment| fate(comment, is_new))
        .map_err(|error| refused_edit(&at.path, &error))?;
    if let Some(conversion) = conversion {
        conversion.write(view, at, &mut edit)?;
    }
    Ok(edit)
}

/// Whether a comment is for Renovate.
pub(super) fn is_of_renovate(comment: &str) -> bool {
    comment.trim_start_matches('#').trim_start().starts_with("renovate:")
}

/// What becomes of a comment inside `spec.chart`. `beside` says that a source of its own is written for the release.
fn fate(comment: &str, beside: bool) -> Fate {
    const FIELDS: [&str; 9] =
        ["chart", "version", "sourceRef", "interval", "reconcileStrategy", "kind", "name", "namespace", "verify"];
    let text = comment.trim_start_matches('#').trim_start();
    let field = text.split_once(':').is_some_and(|(key, _)| FIELDS.contains(&key));
    if is_of_renovate(comment) {
        let why = if beside {
            "it stands above the tag of the new source"
        } else {
            "it is about the version, which the source states now"
        };
        Fate::Dropped(why.to_owned())
    } else if field {
        Fate::Dropped("it comments out a field of spec.chart".to_owned())
    } else {
        Fate::Moved
    }
}
