//! The text of a release that has moved.

use std::cell::RefCell;

use super::home::Home;
use super::want::Want;
use crate::flux::Release;
use crate::migrations::app_template::edit::convert;
use crate::plan::Finding;
use crate::plan::author::Edits;
use crate::yaml::{Fate, New};

/// Puts `chartRef` in the place of `chart`, and converts the values if the version needs it.
/// Anchors of the block that are used elsewhere move to where they are used. Gives the comments for
/// Renovate that are removed with the block.
///
/// # Errors
/// If the YAML does not allow it, such as a block that comes from an alias.
pub(super) fn write_reference<'v>(
    edits: &mut Edits<'v>,
    release: &Release,
    want: &Want<'v>,
    name: &str,
    namespace: Option<&str>,
) -> Result<Vec<String>, Finding> {
    let reference = [("kind", Some("OCIRepository")), ("name", Some(name)), ("namespace", namespace)];
    let reference = New::mapping(reference.into_iter().filter_map(|(key, value)| Some((key, New::string(value?)))));
    let for_renovate = RefCell::new(Vec::new());
    edits.object(&release.at, |edit, root| {
        let spec = root.get("spec").expect("a release of the view has a spec");
        let fate = |comment: &str| {
            if is_for_renovate(comment) {
                for_renovate.borrow_mut().push(comment.to_owned());
            }
            fate(comment, want.home == Home::PerApp)
        };
        edit.replace_entry(spec, "chart", "chartRef", &reference, fate)?;
        match &want.conversion {
            Some(conversion) => convert(edit, &conversion.converted, &conversion.target),
            None => Ok(()),
        }
    })?;
    Ok(for_renovate.into_inner())
}

fn is_for_renovate(comment: &str) -> bool {
    comment.trim_start_matches('#').trim_start().starts_with("renovate:")
}

/// What becomes of a comment inside `spec.chart`; `has_source`: a source is written beside it.
fn fate(comment: &str, has_source: bool) -> Fate {
    const FIELDS: [&str; 9] =
        ["chart", "version", "sourceRef", "interval", "reconcileStrategy", "kind", "name", "namespace", "verify"];
    let text = comment.trim_start_matches('#').trim_start();
    if is_for_renovate(comment) && has_source {
        Fate::Dropped("it is above the tag of the new source".to_owned())
    } else if is_for_renovate(comment) {
        Fate::Dropped("it is about the version, which the source states now".to_owned())
    } else if text.split_once(':').is_some_and(|(key, _)| FIELDS.contains(&key)) {
        Fate::Dropped("it comments out a field of spec.chart".to_owned())
    } else {
        Fate::Moved
    }
}
